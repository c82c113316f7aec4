# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is found on hosts before Kubespray runs."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.model import Inventory
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.preflight import KINDS, findings
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.release import Release

RELEASE = Release(
    "v2.31.0",
    ((2, 18), (2, 19)),
    {"amd64": ("1.35.4",), "arm64": ("1.35.4",)},
    ("Debian", "RedHat"),
    {"worker": 1024, "control plane": 1500},
)
INVENTORY = Inventory(("cp",), ("cp",), ("one", "two"))
GIB = 2**30
NOW = 1010.0


def look(host: str = "one", **changes: Any) -> dict[str, Any]:
    return {
        "root": True,
        "os": "debian",
        "init": "systemd",
        "machine": "x86_64",
        "hostname": host,
        "machine_id": f"id of {host}",
        "memory_mb": 4096,
        "disks": {
            "kubelet": {"path": "/var/lib/kubelet", "size": 100 * GIB, "available": 50 * GIB},
            "images": {"path": "/var/lib/containerd", "size": 100 * GIB, "available": 50 * GIB},
        },
        "ports": {},
        "asked_at": 1000.0,
        "time": 1001.0,
        "has_address": True,
        "traces": [],
        **changes,
    }


def disk(path: str, available: int, size: int = 100 * GIB) -> dict[str, Any]:
    return {"path": path, "size": size, "available": available}


def found(host: str, seen: dict[str, Any], **variables: Any) -> list[tuple[str, str]]:
    every = findings([host], {host: seen}, {host: variables}, INVENTORY, RELEASE, NOW)
    return [(each.kind, each.text) for each in every]


def test_nothing_is_found_on_a_good_host() -> None:
    assert found("cp", look("cp")) == []


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ({}, "one was not looked at; leave no host of the cluster out with --limit."),
        ({"unreachable": True, "msg": "Task failed: No route"}, "one is not reached (No route); see that it is up"),
        ({"unreachable": True}, "one is not reached (no reason given)"),
        ({"root": False}, "one is reached as a user who does not become root"),
        ({"msg": "Missing sudo password"}, "one does not let the user become root (Missing sudo password)"),
        ({"msg": "The module interpreter '/x' was not found."}, "one has no Python where Ansible looks for it"),
        (
            {"msg": "Boom.", "module_stderr": "Warning: Permanently added '1.2.3.4' to the list of known hosts. why"},
            "one could not be looked at (Boom. why)",
        ),
    ],
    ids=["not asked", "unreachable", "without a reason", "no root", "sudo", "python", "else"],
)
def test_hosts_that_do_not_answer(seen: dict[str, Any], said: str) -> None:
    ((kind, text),) = found("one", seen)
    assert kind == "reach"
    assert text.startswith(said)


@pytest.mark.parametrize(
    ("kind", "changes", "variables", "said"),
    [
        (
            "system",
            {"os": "slackware"},
            {},
            "one runs slackware, which Kubespray v2.31.0 does not know; take",
        ),
        ("system", {"os": "fedora"}, {}, "one runs Fedora,"),
        ("system", {"os": ""}, {}, "one runs an unknown system,"),
        ("system", {"init": "runit"}, {}, "one is run by runit, and Kubespray needs systemd."),
        ("system", {"machine": "riscv64"}, {}, "one has the architecture riscv64, for which"),
        ("memory", {"memory_mb": 512}, {}, "one has 512 MB of memory, and Kubespray wants 1024 MB for a node"),
        ("memory", {}, {"minimal_node_memory_mb": 8192}, "one has 4096 MB of memory, and Kubespray wants 8192 MB"),
        ("clock", {"time": 960.0}, {}, "The clock of one is 40 s behind this machine's"),
        ("clock", {"time": 1100.0}, {}, "The clock of one is 90 s ahead of this machine's"),
        (
            "address",
            {"has_address": False},
            {"ip": "10.0.0.9"},
            "one has no address 10.0.0.9, which the inventory says",
        ),
        ("machine_id", {"machine_id": ""}, {}, "one has no machine id in /etc/machine-id"),
        ("ports", {"ports": {"10250": "old (process 7)"}}, {}, "Port 10250 of one is taken by old (process 7)"),
        ("ports", {"ports": {"10250": ""}}, {}, "Port 10250 of one is taken by another program"),
        (
            "disk",
            {"disks": {"kubelet": disk("/var", 5 * GIB), "images": disk("/var", 5 * GIB)}},
            {},
            "/var of one has 5.0 GiB of 100.0 GiB left, and with less than 10.0 GiB the kubelet takes no pods (nodefs",
        ),
        (
            "disk",
            {"disks": {"kubelet": disk("/var", 12 * GIB), "images": disk("/images", 12 * GIB)}},
            {},
            "/images of one has 12.0 GiB of 100.0 GiB left, and with less than 15.0 GiB the kubelet takes no pods",
        ),
        (
            "disk",
            {"disks": {"kubelet": disk("/var", 50 * 2**20, 2**30), "images": disk("/var", 50 * 2**20, 2**30)}},
            {"eviction_hard": {"nodefs.available": "100Mi", "imagefs.available": "0%"}},
            "/var of one has 50 MiB of 1.0 GiB left, and with less than 100 MiB",
        ),
    ],
)
def test_what_is_wrong_with_a_host(kind: str, changes: dict[str, Any], variables: dict[str, Any], said: str) -> None:
    ((seen, text),) = found("one", look(**changes), **variables)
    assert seen == kind
    assert seen in KINDS
    assert text.startswith(said)


def test_what_is_allowed_is_not_found() -> None:
    assert found("one", look(os="slackware"), allow_unsupported_distribution_setup=True) == []
    small = {"kubelet": disk("/var", GIB), "images": disk("/var", GIB)}
    assert found("one", look(disks=small), eviction_hard={"nodefs.available": "1%", "imagefs.available": ""}) == []
    assert found("one", look(disks=small), eviction_hard={"nodefs.available": "9Xi", "imagefs.available": "1%"}) == []


def test_a_control_plane_needs_more_memory() -> None:
    ((kind, text),) = found("cp", look("cp", memory_mb=1200))
    assert (kind, text[:59]) == ("memory", "cp has 1200 MB of memory, and Kubespray wants 1500 MB for a")
    assert found("one", look(memory_mb=1200)) == []
    assert found("one", look(memory_mb=1), minimal_node_memory_mb="{{ later }}") == []


def test_ports_of_a_host_that_has_kubernetes_are_its_own() -> None:
    assert found("cp", look("cp", ports={"6443": "kube-apiserver"}, traces=["/etc/kubernetes/admin.conf"])) == []
    assert [kind for kind, _text in found("cp", look("cp", ports={"6443": "x", "2379": "y"}))] == ["ports", "ports"]
    assert found("one", look(ports={"6443": "another's API server"})) == []


def test_a_slow_host_has_no_wrong_clock() -> None:
    slow = look(time=1500.0)
    assert findings(["one"], {"one": slow}, {}, INVENTORY, RELEASE, 1510.0) == []


def test_a_name_that_no_node_can_have() -> None:
    ((kind, text),) = found("Node_1", look("Node_1"))
    assert kind == "name"
    assert text.startswith("Node_1 is no name that a node can have")


def test_clones_are_found() -> None:
    looks = {name: look("template", machine_id="same") for name in ("one", "two")}
    kept = {"one": {"override_system_hostname": False}, "two": {"override_system_hostname": False}}
    texts = [each.text for each in findings(["one", "two"], looks, kept, INVENTORY, RELEASE, NOW)]
    assert texts[0].startswith("one and two have the same machine id, as clones of one disk have")
    assert texts[1] == "one and two have the same hostname, template; give each a name of its own."
    # Kubespray gives them their names
    assert len(findings(["one", "two"], looks, {}, INVENTORY, RELEASE, NOW)) == 1
    assert len(findings(["one", "two"], looks, {"one": kept["one"]}, INVENTORY, RELEASE, NOW)) == 1


def test_hosts_that_have_nothing_to_do_with_it_are_not_judged() -> None:
    assert findings([], {"one": look(os="slackware")}, {}, INVENTORY, RELEASE, NOW) == []
