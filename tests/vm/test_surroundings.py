# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""libvirt_network and libvirt_pool on a real libvirt."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypervisor import Libvirt

Play = Callable[..., list[dict[str, Any]]]

LAB = {"name": "lab", "subnet": "10.78.0.0/24", "bridge": "virbr78"}
GONE = {"name": "lab", "state": "absent"}
NETWORK, POOL = "ai_how.cloud.libvirt_network", "ai_how.cloud.libvirt_pool"


def assert_each_once(play: Play, module: str, *declared: dict[str, Any]) -> None:
    """Check mode tells the same change as the run, and what was done is not done again."""
    tasks = [task for options in declared for task in ({**options, "check_mode": True}, options, options)]
    results = play(*tasks, module=module)
    assert [(result.get("msg"), result["changed"]) for result in results if result.get("failed")] == []
    assert [result["changed"] for result in results] == [True, True, False] * len(declared)
    for check, run in zip(results[::3], results[1::3], strict=True):
        assert check["diff"] == run["diff"]


def test_a_network(play: Play, libvirt: Libvirt) -> None:
    assert_each_once(play, NETWORK, LAB, {**LAB, "forward": "route", "subnet": "10.79.0.0/16"}, GONE)
    assert libvirt.virsh("net-list", "--all", "--name").split() == ["default"]


def test_a_pool(play: Play, libvirt: Libvirt, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "pool"
    assert_each_once(play, POOL, {"name": "more", "path": str(folder)}, {"name": "more", "state": "absent"})
    assert folder.is_dir()


def test_a_network_in_which_a_vm_runs(play: Play, libvirt: Libvirt) -> None:
    vm = {"name": "web", "type": "qemu", "vcpus": 1, "memory": "128M", "state": "running"}
    play(LAB, module=NETWORK)
    play({**vm, "networks": [{"network": "lab", "address": "10.78.0.9"}]})
    moved = {**LAB, "bridge": "virbr79"}
    changed, again, refused = play(moved, moved, GONE, module=NETWORK)
    assert [changed["changed"], again["changed"]] == [True, False]
    assert changed["restart_required"] and "since web runs in it" in again["warnings"][0]
    assert "cannot be removed while VMs are in it (web)" in refused["msg"]
    live = ET.fromstring(libvirt.virsh("net-dumpxml", "lab"))
    assert live.find("bridge").get("name") == "virbr78"  # type: ignore[union-attr]
    assert live.find("ip/dhcp/host").get("ip") == "10.78.0.9"  # type: ignore[union-attr]
    libvirt.virsh("destroy", "web")
    assert_each_once(play, NETWORK, moved)
    libvirt.virsh("undefine", "web")
    assert_each_once(play, NETWORK, GONE)
