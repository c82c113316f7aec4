# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What Kubespray would find after minutes, found in what all hosts have said of themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.model import Inventory
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.release import Release

_CLOCK = 30  # seconds; etcd warns from one on, certificates of "now" are not valid yet on a host that is behind
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_NOISE = re.compile(r"^Task failed: |Warning: Permanently added .*? to the list of known hosts\. ?")
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "ppc64le": "ppc64le"}
# ID of os-release to Kubespray's name, which is Ansible's
_DISTRIBUTIONS = {
    "almalinux": "AlmaLinux",
    "amzn": "Amazon",
    "centos": "CentOS",
    "clear-linux-os": "ClearLinux",
    "debian": "Debian",
    "fedora": "Fedora",
    "flatcar": "Flatcar",
    "kylin": "Kylin Linux Advanced Server",
    "ol": "OracleLinux",
    "openEuler": "openEuler",
    "opensuse-leap": "openSUSE Leap",
    "opensuse-tumbleweed": "openSUSE Tumbleweed",
    "rhel": "RedHat",
    "rocky": "Rocky",
    "sles": "Suse",
    "ubuntu": "Ubuntu",
    "uos": "UnionTech",
}
_PORTS = {
    "kube_control_plane": (6443, 10250, 10257, 10259),
    "etcd": (2379, 2380),
    "kube_node": (10250,),
}
# Below that much of a file system the kubelet evicts pods, as it does by itself: its hard thresholds on Linux
_EVICTION = {"nodefs.available": "10%", "imagefs.available": "15%"}
_FOLDERS = {"nodefs.available": "kubelet", "imagefs.available": "images"}
_UNITS = {"": 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}

Look = Mapping[str, Any]  # of a host: the result of kubespray_host_info, or how that failed

KINDS = ("address", "clock", "disk", "hostname", "machine_id", "memory", "name", "ports", "reach", "system")


@dataclass(frozen=True)
class Finding:
    """``kind``: one of KINDS, by which it can be ignored."""

    kind: str
    text: str


def findings(
    hosts: Sequence[str],
    looks: Mapping[str, Look],
    variables: Mapping[str, Mapping[str, Any]],
    inventory: Inventory,
    release: Release,
    now: float,
) -> list[Finding]:
    """A sentence for everything that would make Kubespray fail on one of ``hosts``. ``now``: after the looks."""
    found = []
    seen: dict[str, Look] = {}
    for host in hosts:
        look = looks.get(host, {})
        problem = unanswered(host, look)
        if problem:
            found.append(Finding("reach", problem))
        else:
            seen[host] = look
            found += _of_one(host, look, variables.get(host, {}), inventory, release, now)
    return found + list(_of_all(seen, variables))


def unanswered(host: str, look: Look) -> str:
    """Why the host could not be looked at; empty if it could."""
    said = _NOISE.sub("", " ".join(f"{look.get('msg', '')} {look.get('module_stderr', '')}".split())).rstrip(". ")
    if look.get("unreachable"):
        return (
            f"{host} is not reached ({said or 'no reason given'}); see that it is up, and that ansible_host, "
            "ansible_user and the key for it are right."
        )
    if not look:
        return f"{host} was not looked at; leave no host of the cluster out with --limit."
    if "root" in look:
        return "" if look["root"] else f"{host} is reached as a user who does not become root; see ansible_become_user."
    if "sudo" in said or "become" in said or "password" in said.lower():
        return (
            f"{host} does not let the user become root ({said}); give the user sudo without a password, or the "
            "password in ansible_become_password."
        )
    if "not found" in said or "No such file" in said:
        return (
            f"{host} has no Python where Ansible looks for it ({said}); install python3, or name it in "
            "ansible_python_interpreter."
        )
    return f"{host} could not be looked at ({said}); correct that first."


def _of_one(
    host: str, look: Look, variables: Mapping[str, Any], inventory: Inventory, release: Release, now: float
) -> Iterator[Finding]:
    if not _NAME.fullmatch(host):
        yield Finding(
            "name", f"{host} is no name that a node can have; expected were small letters, digits, - and dots."
        )
    yield from _system(host, look, variables, release)
    yield from _memory(host, look, variables, inventory, release)
    yield from _disk(host, look, variables)
    yield from _ports(host, look, inventory)
    yield from _clock(host, look, now)
    if not look["has_address"]:
        yield Finding(
            "address",
            f"{host} has no address {variables.get('ip')}, which the inventory says in ip; correct it or leave it out.",
        )


def _clock(host: str, look: Look, now: float) -> Iterator[Finding]:
    """The host has read its clock between the question and ``now``, however slow it is; beyond both it is wrong."""
    ahead, behind = look["time"] - now, look["asked_at"] - look["time"]
    if max(ahead, behind) > _CLOCK:
        off = f"{ahead:.0f} s ahead of" if ahead > behind else f"{behind:.0f} s behind"
        yield Finding(
            "clock",
            f"The clock of {host} is {off} this machine's, and certificates bear {_CLOCK} s at most; let chrony or "
            "systemd-timesyncd set it.",
        )


def _system(host: str, look: Look, variables: Mapping[str, Any], release: Release) -> Iterator[Finding]:
    name = _DISTRIBUTIONS.get(look["os"], look["os"])
    if name not in release.distributions and not variables.get("allow_unsupported_distribution_setup"):
        yield Finding(
            "system",
            f"{host} runs {name or 'an unknown system'}, which Kubespray {release.version} does not know; take one of "
            f"{', '.join(release.distributions)}, or set allow_unsupported_distribution_setup.",
        )
    if look["init"] != "systemd":
        yield Finding("system", f"{host} is run by {look['init']}, and Kubespray needs systemd.")
    if _ARCHITECTURES.get(look["machine"], look["machine"]) not in release.kubernetes:
        text = (
            f"{host} has the architecture {look['machine']}, for which Kubespray {release.version} has no Kubernetes."
        )
        yield Finding("system", text)


def _memory(
    host: str, look: Look, variables: Mapping[str, Any], inventory: Inventory, release: Release
) -> Iterator[Finding]:
    ruler = host in inventory.control_planes
    least = release.memory.get("control plane" if ruler else "worker", 0)
    least = variables.get("minimal_master_memory_mb" if ruler else "minimal_node_memory_mb", least)
    if isinstance(least, int) and look["memory_mb"] < least:
        yield Finding(
            "memory",
            f"{host} has {look['memory_mb']} MB of memory, and Kubespray wants {least} MB for a "
            f"{'control plane' if ruler else 'node'}; give it more, or set "
            f"minimal_{'master' if ruler else 'node'}_memory_mb.",
        )


def _disk(host: str, look: Look, variables: Mapping[str, Any]) -> Iterator[Finding]:
    thresholds = variables.get("eviction_hard")
    given = {**_EVICTION, **thresholds} if isinstance(thresholds, Mapping) else _EVICTION
    told = set()
    for signal, folder in _FOLDERS.items():
        disk = look["disks"][folder]
        if disk["path"] in told:
            continue
        least = _bytes(str(given[signal]), disk["size"])
        if disk["available"] < least:
            told.add(disk["path"])
            yield Finding(
                "disk",
                f"{disk['path']} of {host} has {_gib(disk['available'])} of {_gib(disk['size'])} left, and with less "
                f"than {_gib(least)} the kubelet takes no pods ({signal} {given[signal]}); make room, or lower "
                "eviction_hard.",
            )


def _ports(host: str, look: Look, inventory: Inventory) -> Iterator[Finding]:
    """Of a host that has nothing of Kubernetes yet: on others they are taken by what is wanted there."""
    if look["traces"]:
        return
    groups = {
        "kube_control_plane": inventory.control_planes,
        "etcd": inventory.etcd or inventory.control_planes,
        "kube_node": inventory.workers,
    }
    needed = {port for group, names in groups.items() if host in names for port in _PORTS[group]}
    for port in sorted(needed & {int(each) for each in look["ports"]}):
        holder = look["ports"][str(port)] or "another program"
        yield Finding(
            "ports", f"Port {port} of {host} is taken by {holder}, and Kubernetes needs it; end what listens there."
        )


def _of_all(looks: Mapping[str, Look], variables: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    for machine, hosts in _same(looks, "machine_id").items():
        if not machine:
            yield Finding(
                "machine_id",
                f"{', '.join(hosts)} {'has' if len(hosts) == 1 else 'have'} no machine id in /etc/machine-id; "
                "systemd-machine-id-setup makes one.",
            )
        elif len(hosts) > 1:
            yield Finding(
                "machine_id",
                f"{' and '.join(hosts)} have the same machine id, as clones of one disk have; on all but one: remove "
                "/etc/machine-id and /var/lib/dbus/machine-id, systemd-machine-id-setup, reboot.",
            )
    # Kubespray gives hosts their names of the inventory, unless told not to
    kept = {
        host: look for host, look in looks.items() if variables.get(host, {}).get("override_system_hostname") is False
    }
    for name, hosts in _same(kept, "hostname").items():
        if len(hosts) > 1:
            text = f"{' and '.join(hosts)} have the same hostname, {name}; give each a name of its own."
            yield Finding("hostname", text)


def _same(looks: Mapping[str, Look], key: str) -> dict[str, list[str]]:
    hosts: dict[str, list[str]] = {}
    for host, look in looks.items():
        hosts.setdefault(look[key], []).append(host)
    return hosts


def _bytes(threshold: str, size: int) -> int:
    """``10%`` or ``1Gi`` as the kubelet reads it; 0 for what is none."""
    number, unit = re.fullmatch(r"([\d.]*)(.*)", threshold).groups()  # type: ignore[union-attr]
    if not number:
        return 0
    return int(float(number) * (size / 100 if unit == "%" else _UNITS.get(unit, 0)))


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size // 2**20} MiB"
