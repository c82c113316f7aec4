# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stage infra of ai_how.cloud.runtime on a real libvirt, with machines that have no system on their disks."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from gitops import Run, assert_done
from hypervisor import IMAGES, Libvirt, Stage

FILE = """
version: "1.0"
metadata: {{name: small, description: For a test}}
clusters:
  cloud:
    name: small
    {base}
    network: {{subnet: 10.77.0.0/24, bridge: virbr77}}
    hardware: {{acceleration: {{enable_kvm: false}}}}
    control_plane: {{cpu_cores: 1, memory_gb: 1, disk_gb: 2, ip: 10.77.0.10}}
    worker_nodes:
      - {{cpu_cores: 1, memory_gb: {memory}, disk_gb: 1}}
      - {{cpu_cores: 1, memory_gb: 1, disk_gb: 1, auto_start: false}}
"""
NODES = ["small-control-plane-1", "small-worker-1", "small-worker-2"]
BASE = IMAGES / "base.raw"
HALT = b"\xfa\xf4"  # a boot sector: cli, hlt. Without, the firmware would look for a system with all its might
BRING_BASE = '{{"cluster_vms_images": [{{"path": "{base}", "source": "{source}"}}]}}'

Infra = Callable[..., Run]


@pytest.fixture
def infra(stage: Stage, tmp_path: Path) -> Infra:
    """Runs the stage with the cluster file; ``memory`` of the first worker, in GiB."""
    source = tmp_path / "source.raw"
    source.write_bytes(HALT.ljust(510, b"\0") + b"\x55\xaa" + bytes(64 * 1024**2 - 512))

    def run(*options: str, memory: int = 1, bring_base: bool = True) -> Run:
        images = ["-e", BRING_BASE.format(base=BASE, source=source)] if bring_base else []
        text = FILE.format(memory=memory, base=f"base_image_path: {BASE}")
        return stage(text, "-e", "cluster_vms_wait_for=none", *images, *options)

    return run


def networks(libvirt: Libvirt) -> list[str]:
    return libvirt.virsh("net-list", "--all", "--name").split()


def machines(libvirt: Libvirt) -> dict[str, str]:
    names = libvirt.virsh("list", "--all", "--name").split()
    return {name: libvirt.virsh("domstate", name) for name in sorted(names)}


def assert_refused(run: Run, sentence: str) -> None:
    assert run.returncode != 0 and not run.changed_somewhere, run.output
    assert sentence in " ".join(run.output.split()), run.output


def test_the_machines_of_a_cluster_file(infra: Infra, libvirt: Libvirt) -> None:
    check = infra("--check")
    assert_done(check, changed=True)
    assert f"Would define {', '.join(NODES)}, and start {NODES[0]}, {NODES[1]}." in check.output
    assert machines(libvirt) == {} and networks(libvirt) == ["default"] and not BASE.exists()

    assert_done(infra(), changed=True)
    assert machines(libvirt) == dict(zip(NODES, ("running", "running", "shut off"), strict=True))
    network = ET.fromstring(libvirt.virsh("net-dumpxml", "small"))
    assert {host.get("ip") for host in network.iterfind("ip/dhcp/host")} == {"10.77.0.10", "10.77.0.253", "10.77.0.254"}
    assert network.find("ip/dhcp/range") is None
    assert_done(infra(), changed=False)

    assert_done(infra("--check", memory=2), changed=True)
    more = infra(memory=2)
    assert_done(more, changed=True)
    assert "small-worker-1: running, runs with something older than declared" in more.output
    assert_done(infra(memory=2), changed=False)

    assert_refused(infra("-e", "cluster_vms_state=absent"), "add -e cluster_vms_confirm=small.")
    absent = ("-e", "cluster_vms_state=absent", "-e", "cluster_vms_confirm=small")
    assert_done(infra("--check", *absent), changed=True)
    assert len(machines(libvirt)) == len(NODES)
    disk = IMAGES / "small-worker-1-vda.qcow2"
    inode = disk.stat().st_ino
    assert_done(infra(*absent), changed=True)
    assert machines(libvirt) == {} and networks(libvirt) == ["default"]
    assert_done(infra(), changed=True)
    assert disk.stat().st_ino == inode


def test_what_is_missing_is_told_before_anything_is_made(infra: Infra, libvirt: Libvirt, tmp_path: Path) -> None:
    assert_refused(infra(bring_base=False), f"The base image {BASE} is not on hypervisor.")
    wrong = BRING_BASE.format(base=BASE, source=tmp_path / "source.raw").replace("}]", ', "checksum": "sha256:0"}]')
    assert_refused(infra("-e", wrong), "and sha256:0 was expected.")
    assert_refused(infra("-e", "ansible_connection=ssh", "-e", "ansible_host=127.0.0.1"), "(127.0.0.1) is not reached:")
    assert_refused(infra("-e", "cluster_vms_uri=qemu+unix:///system?socket=/none"), "does not answer")
    assert machines(libvirt) == {} and networks(libvirt) == ["default"] and not BASE.exists()
