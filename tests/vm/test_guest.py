# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A machine of a cluster file from its first boot to its end, with a system that really runs in it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import guest
import pytest
from gitops import Run, assert_done
from hypervisor import IMAGES, Play, Stage

FILE = """
version: "1.0"
metadata: {{name: real, description: For a test}}
clusters:
  cloud:
    name: real
    base_image_path: /var/lib/libvirt/images/guest.qcow2
    network: {{subnet: 10.78.0.0/24, bridge: virbr78}}
    hardware: {{acceleration: {{enable_kvm: false}}}}
    control_plane: {{cpu_cores: 2, memory_gb: {memory}, disk_gb: {disk}, ip: 10.78.0.10}}
"""
NAME = "real-control-plane-1"
ADDRESS = "10.78.0.10"
GIB = 1024**3


class Guest:
    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage = stage
        self.key, self.known_hosts = folder / "id_ed25519", folder / "ssh" / "known_hosts"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key)], check=True)
        self.variables = {
            "cluster_vms_images": [{"path": str(IMAGES / "guest.qcow2"), "source": str(guest.image())}],
            "cluster_vms_cloud_init": {"ssh_keys": [self.key.with_suffix(".pub").read_text().strip()]},
            "cluster_vms_known_hosts": str(self.known_hosts),
        }

    def infra(self, *options: str, memory: int = 1, disk: int = 2) -> Run:
        return self.stage(FILE.format(memory=memory, disk=disk), "-e", json.dumps(self.variables), *options)

    def ssh(self, command: str) -> str:
        """What the guest answers, whose key must be known."""
        options = ["StrictHostKeyChecking=yes", f"UserKnownHostsFile={self.known_hosts}", "ConnectTimeout=30"]
        words = ["ssh", "-i", str(self.key), *(f"-o{option}" for option in options), f"debian@{ADDRESS}", command]
        done = subprocess.run(words, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def memory(self) -> int:
        """In GiB, as the guest sees it, rounded up."""
        return -(-int(self.ssh("awk '/MemTotal/ {print $2}' /proc/meminfo")) * 1024 // GIB)


@pytest.fixture
def machine(stage: Stage, tmp_path: Path) -> Guest:
    return Guest(stage, tmp_path)


def test_from_the_first_boot_to_the_end(machine: Guest, play: Play) -> None:
    assert_done(machine.infra("--check"), changed=True)
    assert_done(machine.infra(), changed=True)
    assert machine.ssh("hostname; nproc").split() == [NAME, "2"]
    assert machine.memory() == 1
    assert_done(machine.infra(), changed=False)

    assert_done(machine.infra("--check", memory=2, disk=3), changed=True)
    grown = machine.infra(memory=2, disk=3)
    assert_done(grown, changed=True)
    assert "runs with something older than declared" in grown.output
    assert int(machine.ssh("sudo blockdev --getsize64 /dev/vda")) == 3 * GIB, "online"
    assert machine.memory() == 1, "not before it is restarted"
    assert_done(machine.infra(memory=2, disk=3), changed=False)

    restarted = machine.infra("-e", "cluster_vms_restart=if_required", memory=2, disk=3)
    assert_done(restarted, changed=True)
    assert machine.memory() == 2
    assert int(machine.ssh("df --block-size=1 --output=size / | tail -1")) > 2 * GIB, "cloud-init grew what is on it"
    assert_done(machine.infra("-e", "cluster_vms_restart=if_required", memory=2, disk=3), changed=False)

    for state in ("stopped", "absent"):
        first, second = play({"name": NAME, "state": state}, {"name": NAME, "state": state})
        assert [first["changed"], second["changed"]] == [True, False], first
    assert (IMAGES / f"{NAME}-vda.qcow2").exists()
