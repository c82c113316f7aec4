# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which hypervisor each node is on, and which address it has where the file leaves that open.

Both are functions of the file alone. Nodes are taken in the order of the file, control planes first, and none looks at
those after it, so one that is added to the end of the workers moves nobody. auto_start has no part in it: a GPU that
is handed over moves no machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.document import Finding
from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.model import CONTROL_PLANE, Hypervisor, Node


class _Room:
    """What is on a hypervisor so far."""

    def __init__(self, hypervisor: Hypervisor) -> None:
        self.hypervisor = hypervisor
        self.nodes: list[Node] = []
        self.cpu_cores = self.memory_gb = self.control_planes = 0
        self.devices: dict[str, int] = {}

    def take(self, node: Node) -> Node:
        self.nodes.append(node)
        self.cpu_cores += node.cpu_cores
        self.memory_gb += node.memory_gb
        self.control_planes += node.role == CONTROL_PLANE
        for device in node.devices:
            self.devices[device.pci_address] = self.devices.get(device.pci_address, 0) + 1
        return replace(node, hypervisor=self.hypervisor.name)

    def refusal(self, node: Node) -> str:
        """Why the node cannot be here; empty if it can."""
        mine = self.hypervisor
        if node.wanted and node.wanted != mine.name:
            return "is not the one that it names"
        if mine.gpus is not None:
            for gpu in node.gpus:
                if gpu.pci_address not in mine.gpus:
                    return f"has no GPU {gpu.pci_address}"
        if mine.cpu_cores is not None and self.cpu_cores + node.cpu_cores > mine.cpu_cores:
            return f"has {mine.cpu_cores - self.cpu_cores} of {mine.cpu_cores} CPUs left"
        if mine.memory_gb is not None and self.memory_gb + node.memory_gb > mine.memory_gb:
            return f"has {mine.memory_gb - self.memory_gb} of {mine.memory_gb} GiB left"
        return ""

    def rank(self, node: Node) -> tuple[int, int, int, int]:
        """The lowest is taken: a GPU of its own, control planes apart, no GPU idle beside it, and few machines."""
        sharers = sum([self.devices.get(device.pci_address, 0) for device in node.devices])
        peers = self.control_planes if node.role == CONTROL_PLANE else 0
        idle = len(self.hypervisor.gpus or ()) - len(node.gpus)
        return sharers, peers, idle, len(self.nodes)


def place(nodes: Sequence[Node], hypervisors: Sequence[Hypervisor]) -> tuple[list[Node], list[Finding]]:
    """The nodes with their hypervisors, and one finding for each that has room nowhere."""
    rooms = [_Room(hypervisor) for hypervisor in hypervisors]
    placed, findings = [], []
    for node in nodes:
        refusals = [room.refusal(node) for room in rooms]
        free = [room for room, refusal in zip(rooms, refusals) if not refusal]
        if free:
            placed.append(min(free, key=lambda room: room.rank(node)).take(node))
        else:
            findings.append(Finding(node.line, _no_room(node, rooms, refusals)))
    return placed, findings


def _no_room(node: Node, rooms: Sequence[_Room], refusals: Sequence[str]) -> str:
    reasons = [
        f"{room.hypervisor.name} {refusal}"
        for room, refusal in zip(rooms, refusals)
        if not node.wanted or room.hypervisor.name == node.wanted
    ]
    return (
        f"{node.path} ({node.name}) needs {node.cpu_cores} CPUs, {node.memory_gb} GiB and {len(node.gpus)} GPUs, but"
        f" {', '.join(reasons)}: declare more, or name other hypervisors for the nodes before it."
    )


def give_addresses(nodes: Sequence[Node], subnet: IPv4Network, taken: set[IPv4Address]) -> list[Optional[Node]]:
    """The nodes with an address each; those without one get the last that are free, None where none is left.

    They count from the end of the subnet, where people do not: an address that is added to the file later rarely is
    one of them. ``taken``: addresses that no node has, but something else.
    """
    used = {node.address for node in nodes if node.address} | taken
    least = int(subnet.network_address) + 2  # the first one is the bridge's
    candidate = int(subnet.broadcast_address)
    given: list[Optional[Node]] = []
    for node in nodes:
        if node.address:
            given.append(node)
            continue
        candidate -= 1
        while IPv4Address(candidate) in used:
            candidate -= 1
        given.append(replace(node, address=IPv4Address(candidate)) if candidate >= least else None)
    return given
