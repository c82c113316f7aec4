# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a machine lacks for a real node beside the simulated ones. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

PROGRAMS = ("awk", "ip", "mount", "nft", "nsenter", "unshare")
CONTROLLERS = frozenset(["cpu", "cpuset", "memory", "pids"])
# Version 1 has some of them apart, and devices and the freezer as controllers
CONTROLLERS_1 = CONTROLLERS | frozenset(["blkio", "cpuacct", "devices", "freezer"])


@dataclass(frozen=True)
class Cgroups:
    """What is mounted: controllers of version 1, and in the one tree of version 2 those that groups below may use."""

    first: frozenset[str]
    second: frozenset[str]
    unified: bool


@dataclass(frozen=True)
class Machine:
    root: bool
    programs: frozenset[str]
    cgroups: Cgroups
    routes: Sequence[tuple[str, str]]
    """Networks and their links."""
    failed_trial: str
    """What the kernel refused; empty if it refused nothing."""


def mounted_controllers(mounts: str) -> frozenset[str]:
    """The controllers of version 1 in the text of ``/proc/mounts``."""
    found: set[str] = set()
    for line in mounts.splitlines():
        _device, _place, kind, options = line.split()[:4]
        if kind == "cgroup":
            found.update(options.split(","))
    return CONTROLLERS_1 & found


def networks(routes: Sequence[Mapping[str, str]]) -> list[tuple[str, str]]:
    """Network and link of each route that ``ip -json route`` names, but the default one."""
    return [(route["dst"], route.get("dev", "")) for route in routes if route["dst"] != "default"]


def lacking(machine: Machine, network: str, link: str) -> list[str]:
    """Why there can be no real node with the addresses ``network`` behind ``link``, in words; empty if there can."""
    if not machine.root:
        return ["this user is not root"]
    reasons = _named("programs that are not on PATH", frozenset(PROGRAMS) - machine.programs)
    reasons += _cgroups(machine.cgroups)
    taken = [
        f"{other} behind {device}" for other, device in machine.routes if device != link and _overlap(other, network)
    ]
    if taken:
        reasons.append(
            f"its network {network}, which follows from the port of the API server, is that of {taken[0]};"
            " another sandbox_api_port gives another one"
        )
    if not reasons and machine.failed_trial:
        reasons.append(f"the kernel refuses {machine.failed_trial}")
    return reasons


def _cgroups(cgroups: Cgroups) -> list[str]:
    wanted, there = (CONTROLLERS, cgroups.second) if cgroups.unified else (CONTROLLERS_1, cgroups.first)
    version = 2 if cgroups.unified else 1
    return _named(f"controllers that cgroups of version {version} lack here", wanted - there)


def _named(what: str, names: Collection[str]) -> list[str]:
    return [f"{what}: {', '.join(sorted(names))}"] if names else []


def _overlap(one: str, other: str) -> bool:
    return ipaddress.ip_network(one, strict=False).overlaps(ipaddress.ip_network(other))
