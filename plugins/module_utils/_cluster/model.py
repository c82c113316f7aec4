# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The cluster as frozen values, and what must hold between several keys of its file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.document import Finding, Items, Section, plain
from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.schema import DHCP

CONTROL_PLANE = "control-plane"
WORKER = "worker"
HERE = "hypervisor"  # the name of this machine where the file names no hypervisor
_NAMES_OF_OTHERS = frozenset(("all", "ungrouped", "localhost", "etcd", "hypervisors", HERE))


@dataclass(frozen=True)
class Device:
    pci_address: str
    device_type: str
    vendor_id: str = ""
    device_id: str = ""
    iommu_group: Optional[int] = None


@dataclass(frozen=True)
class Node:
    """One virtual machine. ``address`` None: one is chosen. ``path`` and ``line`` say where the file has it."""

    name: str
    role: str
    cpu_cores: int
    memory_gb: int
    disk_gb: int
    path: str
    line: int
    address: Optional[IPv4Address] = None
    dhcp: bool = False
    auto_start: bool = True
    wanted: str = ""  # the hypervisor that the file names
    hypervisor: str = ""  # the one that it is on
    base_image_path: str = ""
    devices: tuple[Device, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[str, ...] = ()
    hardware: Mapping[str, Any] = field(default_factory=dict)
    shares: tuple[Mapping[str, Any], ...] = ()

    @cached_property
    def gpus(self) -> tuple[Device, ...]:
        return tuple(device for device in self.devices if device.device_type == "gpu")


@dataclass(frozen=True)
class Hypervisor:
    """``cpu_cores`` and ``memory_gb`` None: no limit is declared. ``gpus`` None: what it has is not declared."""

    name: str
    address: str = ""
    cpu_cores: Optional[int] = None
    memory_gb: Optional[int] = None
    gpus: Optional[tuple[str, ...]] = None


@dataclass(frozen=True)
class Cluster:
    name: str
    subnet: IPv4Network
    bridge: str
    hypervisors: tuple[Hypervisor, ...]
    nodes: tuple[Node, ...]
    kubernetes: Mapping[str, Any]


def cluster_of(section: Section) -> Cluster:
    """The cluster of a section without findings; nodes have no chosen address and hypervisor yet."""
    network = section["network"]
    return Cluster(
        name=section["name"],
        subnet=IPv4Network(network["subnet"], strict=False),
        bridge=network["bridge"],
        hypervisors=tuple(map(_hypervisor, section.get("hypervisors", ()))) or (Hypervisor(HERE, "localhost"),),
        nodes=tuple(_nodes(section)),
        kubernetes=plain(section.get("kubernetes_config", {})),
    )


def _hypervisor(section: Section) -> Hypervisor:
    gpus = section.get("gpus")
    return Hypervisor(
        name=section["name"],
        address=section.get("address", ""),
        cpu_cores=section.get("cpu_cores"),
        memory_gb=section.get("memory_gb"),
        gpus=None if gpus is None else tuple(map(str.lower, gpus)),
    )


def _nodes(cluster: Section) -> Iterator[Node]:
    for role, number, section in _sections(cluster):
        count = section.get("count")
        if count is None:
            yield _node(cluster, section, role, number)
        else:
            group = _node(cluster, section, role, 0)
            base = section.get("name") or f"{cluster['name']}-{role}"
            yield from (replace(group, name=f"{base}-{each}") for each in range(1, count + 1))


def _sections(cluster: Section) -> Iterator[tuple[str, int, Section]]:
    for key, role in (("control_plane", CONTROL_PLANE), ("worker_nodes", WORKER)):
        found = cluster.get(key, ())
        for number, section in enumerate([found] if isinstance(found, Section) else found, 1):
            yield role, number, section


def _node(cluster: Section, section: Section, role: str, number: int) -> Node:
    passthrough = section.get("pcie_passthrough", {})
    devices = passthrough.get("devices", ()) if passthrough.get("enabled", True) else ()
    address = _written_address(section)
    fixed = address not in (None, DHCP)
    return Node(
        name=section.get("name") or f"{cluster['name']}-{role}-{number}",
        role=role,
        cpu_cores=section["cpu_cores"],
        memory_gb=section["memory_gb"],
        disk_gb=section["disk_gb"],
        path=section.path,
        line=section.line,
        address=IPv4Address(address) if fixed else None,
        dhcp=not fixed,
        auto_start=section.get("auto_start", True),
        wanted=section.get("hypervisor", ""),
        base_image_path=section.get("base_image_path") or cluster.get("base_image_path", ""),
        devices=tuple(map(_device, devices)),
        labels=dict(section.get("labels", {})),
        taints=tuple(section.get("taints", ())),
        hardware=plain(_merged(cluster.get("hardware", {}), section.get("hardware", {}))),
        shares=tuple(map(plain, section.get("virtio_fs_mounts", cluster.get("virtio_fs_mounts", ())))),
    )


def _device(section: Section) -> Device:
    return Device(
        pci_address=section["pci_address"].lower(),
        device_type=section["device_type"],
        vendor_id=_hex(section.get("vendor_id", "")),
        device_id=_hex(section.get("device_id", "")),
        iommu_group=section.get("iommu_group"),
    )


def _hex(text: str) -> str:
    return text.lower()[2:] if text.startswith("0x") else text.lower()


def _merged(general: Mapping[str, Any], special: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**general, **special}
    for name in general.keys() & special.keys():
        if isinstance(general[name], Mapping) and isinstance(special[name], Mapping):
            merged[name] = _merged(general[name], special[name])
    return merged


def _written_address(section: Mapping[str, Any]) -> Optional[str]:
    text: Optional[str] = section.get("ip", section.get("ip_address"))
    return DHCP if text in (DHCP, "dhcp") else text


def check(cluster: Section) -> Iterator[Finding]:
    """What is wrong between keys that are each right; it takes a section in which some are missing."""
    yield from _check_network(cluster)
    yield from _check_names(cluster)
    yield from _check_addresses(cluster)
    for _role, _number, section in _sections(cluster):
        yield from _check_node(cluster, section)


def _check_network(cluster: Section) -> Iterator[Finding]:
    network = cluster.get("network", {})
    subnet = network.get("subnet")
    if subnet and str(IPv4Network(subnet, strict=False)) != subnet:
        right = IPv4Network(subnet, strict=False)
        yield Finding(network.at("subnet"), f"{network.path}.subnet is {subnet}, expected the network itself: {right}.")


def _check_names(cluster: Section) -> Iterator[Finding]:
    taken: dict[str, tuple[str, int]] = {}
    for hypervisor in cluster.get("hypervisors", ()):
        yield from _take(taken, hypervisor.get("name"), f"{hypervisor.path}.name", hypervisor.at("name"))
    if "name" not in cluster:
        return
    for role, number, section in _sections(cluster):
        base = section.get("name") or f"{cluster['name']}-{role}"
        path, line = f"{section.path}.name", section.at("name")
        if "count" in section:
            names = [f"{base}-{each}" for each in range(1, section["count"] + 1)]
        else:
            names = [section.get("name") or f"{base}-{number}"]
        if len(names[-1]) > 63:
            yield Finding(line, f"{path} would be {names[-1]}, expected at most 63 characters: shorten the name.")
        for name in names:
            yield from _take(taken, name, path, line)


def _take(taken: dict[str, tuple[str, int]], name: Optional[str], path: str, line: int) -> Iterator[Finding]:
    if name is None:
        return
    if name in taken:
        yield Finding(line, f"{path} is {name}, which {taken[name][0]} in line {taken[name][1]} has, give it another.")
    elif name in _NAMES_OF_OTHERS:
        yield Finding(line, f"{path} is {name}, which has another meaning in the inventory, give it another.")
    else:
        taken[name] = (path, line)


def _check_addresses(cluster: Section) -> Iterator[Finding]:
    subnet = cluster.get("network", {}).get("subnet")
    taken: dict[str, tuple[str, int]] = {}
    for path, line, address in _addresses(cluster):
        yield from _take(taken, address, path, line)
        if subnet:
            yield from _check_in_subnet(IPv4Network(subnet, strict=False), path, line, IPv4Address(address))


def _check_in_subnet(subnet: IPv4Network, path: str, line: int, address: IPv4Address) -> Iterator[Finding]:
    if address not in subnet:
        yield Finding(line, f"{path} is {address}, expected an address of the cluster's subnet {subnet}.")
    elif address in (subnet.network_address, subnet.broadcast_address):
        yield Finding(
            line, f"{path} is {address}, expected an address of a machine in {subnet}, not its first or last."
        )
    elif address == subnet.network_address + 1:
        yield Finding(line, f"{path} is {address}, expected another one: this is the bridge's own.")


def _addresses(cluster: Section) -> Iterator[tuple[str, int, str]]:
    for _role, _number, section in _sections(cluster):
        address = _written_address(section)
        if address not in (None, DHCP) and "count" not in section:
            key = "ip" if "ip" in section else "ip_address"
            yield f"{section.path}.{key}", section.at(key), str(address)
    balancer = cluster.get("kubernetes_config", {}).get("load_balancer", {})
    if "address" in balancer and balancer.get("provider", "kube-vip") == "kube-vip":
        yield f"{balancer.path}.address", balancer.at("address"), balancer["address"]


def _check_node(cluster: Section, section: Section) -> Iterator[Finding]:
    if {"ip", "ip_address"} <= set(section) and section["ip"] != section["ip_address"]:
        text = f"{section.path}.ip_address is {section['ip_address']}, and ip is {section['ip']}, leave one out."
        yield Finding(section.at("ip_address"), text)
    if "count" in section and _written_address(section) not in (None, DHCP):
        key = "ip" if "ip" in section else "ip_address"
        text = f"{section.path}.{key} is {section[key]}, expected {DHCP} for a group with count."
        yield Finding(section.at(key), text)
    hypervisors = cluster.get("hypervisors", Items())
    names = [hypervisor.get("name") for hypervisor in hypervisors] or [HERE]
    known = hypervisors.whole and None not in names and "hypervisors" not in cluster.wrong
    if known and section.get("hypervisor", names[0]) not in names:
        text = f"{section.path}.hypervisor is {section['hypervisor']}, expected one of {', '.join(names)}."
        yield Finding(section.at("hypervisor"), text)
    yield from _check_devices(section)


def _check_devices(section: Section) -> Iterator[Finding]:
    taken: dict[str, tuple[str, int]] = {}
    for device in section.get("pcie_passthrough", {}).get("devices", ()):
        address = device.get("pci_address", "").lower() or None
        yield from _take(taken, address, f"{device.path}.pci_address", device.at("pci_address"))
        if "device_id" in device and "vendor_id" not in device and "vendor_id" not in device.wrong:
            yield Finding(device.at("device_id"), f"{device.path}.device_id stands without vendor_id, give both.")


def shared_gpus(nodes: Sequence[Node]) -> Iterator[Finding]:
    """Machines of one hypervisor that start by themselves and have the same device: only one of them can run."""
    holders: dict[tuple[str, str], Node] = {}
    for node in nodes:
        for device in node.devices if node.auto_start else ():
            holder = holders.setdefault((node.hypervisor, device.pci_address), node)
            if holder is not node:
                yield Finding(
                    node.line,
                    f"{node.path} ({node.name}) has the device {device.pci_address} of {node.hypervisor}, which"
                    f" {holder.name} in line {holder.line} has, and both start: set auto_start: false for one of them"
                    " or hypervisor for both.",
                )
                break


def odd_members(nodes: Sequence[Node]) -> list[str]:
    """The control planes that hold etcd: an odd number, the first ones."""
    names = [node.name for node in nodes if node.role == CONTROL_PLANE]
    return names if len(names) % 2 else names[:-1]
