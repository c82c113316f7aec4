# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""From a VM as it is wanted and as it was seen to actions; pure. Refused where that would cost data or a recreation.

Of what is there nothing is undone: the same UUID is defined again, disks only grow, and a VM that runs goes on with
what it has until somebody restarts it, or ``restart: if_required`` says so.
"""

from __future__ import annotations

import copy
import ipaddress
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt import actions as act
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt import seed, xml
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.model import Disk, Key, Nic, Seed, Vm, parse_cpus
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.passthrough import check_start, choose, mmio64_mib
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.places import parse, read
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.seen import Hypervisor, Other, Seen, Volume
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.xml import Impact

GIB = 1024**3
_SMALLEST = 1024**2  # bytes; any new volume has less than that at first


@dataclass(frozen=True)
class Policy:
    """What the task says of all its VMs."""

    state: str
    restart: str = "never"
    delete_disks: bool = False


@dataclass(frozen=True)
class Plan:
    """``cycles``: the VM is turned off and on. ``restart_required``: it will run with something older than declared."""

    actions: tuple[act.Action, ...]
    other: Optional[Other] = None
    cycles: bool = False
    restart_required: bool = False
    warnings: tuple[str, ...] = ()


class _Steps:
    """Actions, each with how the VM is after it."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.taken: list[act.Action] = []

    def add(self, kind: Any, what: str, impact: Impact, *fields: Any, **changes: Any) -> None:
        self.seen = replace(self.seen, **changes)
        self.taken.append(kind(self.seen.key, what, impact, self.seen.raw, *fields))

    def with_capacity(self, path: str, size: int) -> Mapping[str, int]:
        return {**self.seen.capacities, path: size}


def plan_absent(seen: Seen, policy: Policy) -> Plan:
    """Disks stay unless ``delete_disks``; the seed goes, since it is made of the options."""
    steps = _Steps(seen)
    if not seen.xml:
        return Plan(())
    if seen.is_on:
        steps.add(act.PowerOff, "power off", Impact.POWER_CYCLE, state="stopped", live_xml="")
    root, me = parse(seen.xml), Other.parse(seen.xml, False)
    _plan_releases(me.macs, steps)
    others = {path for name, other in seen.hypervisor.domains.items() if name != seen.key.name for path in other.disks}
    own = xml.own_volumes(root)
    for path in own if policy.delete_disks else [path for path in own if path.endswith("-seed.iso")]:
        if overlays := [overlay for overlay in seen.hypervisor.overlays.get(path, ()) if overlay not in own]:
            raise Refused(
                f"{seen.key}: {overlays[0]} is made on {path}, and would lose its data (DESTROYS_DATA); delete it "
                "first, or leave out delete_disks"
            )
        if path not in others:
            steps.add(act.DeleteVolume, f"delete {path}", Impact.DESTROYS_DATA, path)
    steps.add(act.Undefine, "undefine", Impact.RECREATE, xml="", state="absent")
    return Plan(tuple(steps.taken))


def plan_present(vm: Vm, seen: Seen, policy: Policy) -> Plan:
    """Everything that is declared; whether the VM runs is the business of the conversation, and only foreseen here."""
    steps = _Steps(seen)
    if not seen.xml:
        _check_new(vm)
        # Where libvirt chooses the firmware, it may prefer one that starts signed systems only.
        signed = bool(vm.secure_boot) if vm.firmware == "uefi" else None
        vm = replace(vm, type=vm.type or "kvm", networks=vm.networks or (), disks=vm.disks or (), secure_boot=signed)
    root = parse(seen.xml) if seen.xml else xml.new_domain(vm.key.name, _cpu_mode(vm))
    content = seed.image(vm.seed, vm.key.name) if vm.seed else b""
    rewritten = bool(content) and seed.digest(content) != seen.seed
    spec, warnings = _spec(vm, seen, root, rewritten)
    wanted = copy.deepcopy(root)
    changes = xml.patch(wanted, spec)
    if seen.xml:
        _refuse_recreation(vm, changes)
    live_changes = xml.patch(parse(seen.live_xml), spec) if seen.live_xml else []
    outdated = any(_outdates(change, vm) for change in live_changes)
    stuck = xml.removals(live_changes) - xml.removals(changes)  # an earlier run tried, and the guest kept them
    cycles = seen.is_on and _cycles(policy, outdated or bool(stuck))
    if not seen.xml:  # before its disks, so that nothing is made for what libvirt refuses
        _plan_definition("define", wanted, Impact.LIVE, steps)
    _plan_disks(spec, seen, steps)
    if seen.xml and changes:
        impact = Impact.POWER_CYCLE if seen.is_on and outdated else Impact.LIVE
        _plan_definition(_told(changes), wanted, impact, steps)
    if vm.seed and rewritten:  # after its version was told: cut off between them, it is written again
        _plan_seed(vm.seed, content, steps)
    if not cycles:
        _plan_hotplug(live_changes, steps)
    if vm.autostart not in (None, seen.autostart):
        what = f"turn autostart {'on' if vm.autostart else 'off'}"
        steps.add(act.SetAutostart, what, Impact.LIVE, vm.autostart, autostart=vm.autostart)
    _plan_addresses(vm, xml.removed_macs(changes), steps)
    turns_on = policy.state in ("running", "restarted") and (cycles or not seen.is_on)
    other = Other.parse(ET.tostring(wanted, encoding="unicode"), seen.is_on or turns_on)
    if turns_on:
        check_start(other.host_devices, seen.hypervisor.host, seen.hypervisor.claims(vm.key.name))
        _check_pins(vm, other, seen.hypervisor)
    stays = seen.is_on and not cycles and policy.state != "stopped"
    return Plan(tuple(steps.taken), other, cycles, outdated and stays, warnings)


def _cycles(policy: Policy, required: bool) -> bool:
    """Whether a VM that is on is turned off and on."""
    return policy.state == "restarted" or (policy.state == "running" and policy.restart == "if_required" and required)


def _check_new(vm: Vm) -> None:
    missing = [name for name, value in (("vcpus", vm.vcpus), ("memory", vm.memory)) if value is None]
    if missing:
        raise Invalid(f"{vm.key} does not exist; give {' and '.join(missing)} to have it made")


def _cpu_mode(vm: Vm) -> str:
    """What the host has, but without KVM there is no such thing."""
    return "maximum" if vm.type == "qemu" else "host-passthrough"


def _spec(vm: Vm, seen: Seen, root: ET.Element, rewritten: bool) -> tuple[xml.Spec, tuple[str, ...]]:
    hypervisor = seen.hypervisor
    warnings: tuple[str, ...] = ()
    sources: Optional[tuple[str, ...]] = None
    if vm.gpus is not None:
        choice = choose(
            vm.gpus, vm.group_siblings, hypervisor.host, hypervisor.claims(vm.key.name), xml.host_devices(root)
        )
        sources, warnings = choice.sources, choice.warnings
    uefi = (vm.firmware or ("uefi" if read(root, "os/@firmware") else "bios")) == "uefi"
    node = _node(vm, hypervisor, sources or xml.host_devices(root))
    spec = xml.Spec(
        vm=vm,
        disks=None if vm.disks is None else tuple((disk, _path(vm, disk, hypervisor)) for disk in vm.disks),
        seed=_seed_disk(vm, root, rewritten, hypervisor),
        host_devices=None if sources is None else tuple(xml.HostDevice(source) for source in sources),
        nodes=None if vm.numa_node is None else "" if vm.numa_node == "none" or node < 0 else str(node),
        pins=_pins(vm, root, node, hypervisor),
        mmio64_mib=mmio64_mib(sources, hypervisor.host) if sources is not None and uefi else None,
    )
    return spec, tuple(f"{vm.key}: {text}" for text in warnings)


def _seed_disk(vm: Vm, root: ET.Element, rewritten: bool, hypervisor: Hypervisor) -> Optional[xml.SeedDisk]:
    if vm.seed is None:
        return None
    version = xml.seed_version(root)
    path = _volume_path(vm, vm.seed.pool, vm.seed.volume, hypervisor)
    return xml.SeedDisk(path, version + 1 if rewritten or not version else version)


def _path(vm: Vm, disk: Disk, hypervisor: Hypervisor) -> str:
    return disk.path or _volume_path(vm, disk.pool, disk.volume, hypervisor)


def _volume_path(vm: Vm, pool: str, volume: str, hypervisor: Hypervisor) -> str:
    there = hypervisor.volumes.get((pool, volume))
    if there:
        return there.path
    if pool not in hypervisor.pools:
        known = ", ".join(sorted(hypervisor.pools)) or "none"
        raise Refused(f"{vm.key}: there is no storage pool {pool} (there are: {known}); define and start it first")
    if not hypervisor.pools[pool].active:
        raise Refused(f"{vm.key}: the storage pool {pool} is not active; start it with: virsh pool-start {pool}")
    return f"{hypervisor.pools[pool].path}/{volume}"


def _plan_definition(what: str, wanted: ET.Element, impact: Impact, steps: _Steps) -> None:
    text = ET.tostring(wanted, encoding="unicode")
    state = steps.seen.state if steps.seen.xml else "stopped"
    steps.add(act.Define, what, impact, text, xml=text, state=state)


def _plan_disks(spec: xml.Spec, seen: Seen, steps: _Steps) -> None:
    for disk, path in spec.disks or ():
        users = [
            name for name, other in seen.hypervisor.domains.items() if path in other.disks and name != seen.key.name
        ]
        if users:
            raise Refused(f'{seen.key}: {path} is a disk of VM "{users[0]}" already; give this VM another volume')
        if not disk.path:
            volume = seen.hypervisor.volumes.get((disk.pool, disk.volume))
            base = _base(disk, seen, must_exist=volume is None)
            if volume is None:
                _plan_volume(disk, path, base, steps)
            else:
                _plan_growth(disk, volume, base, steps)


def _base(disk: Disk, seen: Seen, must_exist: bool) -> Optional[Volume]:
    base = seen.hypervisor.images.get((disk.pool, disk.base))
    if disk.base and base is None and must_exist:
        raise Refused(
            f"{seen.key}: disk {disk.target} is to be made of {disk.base}, which is neither a volume of pool "
            f"{disk.pool} nor a file of this hypervisor; put it there first"
        )
    return base


def _plan_volume(disk: Disk, path: str, base: Optional[Volume], steps: _Steps) -> None:
    key = steps.seen.key
    size = disk.size or (base.capacity if base else 0)
    if not size:
        raise Invalid(f"{key}: disk {disk.target} does not exist; give its size, or a base to make it of")
    if base and disk.copy and not base.in_pool:
        raise Refused(
            f"{key}: disk {disk.target} is to be a copy of {base.path}, which is in no pool; put it into one, or leave "
            "out copy to have an overlay on it"
        )
    if base and size < base.capacity:
        raise Refused(
            f"{key}: disk {disk.target} of {_gib(size)} cannot hold {disk.base}, which has {_gib(base.capacity)}; give "
            "at least that size, or none"
        )
    _check_room(key, disk.pool, base.allocation if base and disk.copy else 0, steps.seen.hypervisor)
    origin = f", {'a copy of' if disk.copy else 'on'} {base.path}" if base else ""
    steps.add(
        act.CreateVolume,
        f"create {path} ({_gib(size)}{origin})",
        Impact.LIVE,
        disk.pool,
        _volume_xml(disk, size, base),
        base.path if base and disk.copy else "",
        capacities=steps.with_capacity(path, size),
    )


def _check_room(key: Key, pool: str, needed: int, hypervisor: Hypervisor) -> None:
    """Disks take their room as they are written, so only what is written now is looked at."""
    available, needed = hypervisor.pools[pool].available, max(needed, _SMALLEST)
    if available is not None and available < needed:
        raise Refused(
            f"{key}: the storage pool {pool} has {_gib(available)} left and {_gib(needed)} are needed; make room "
            "there, or give another pool"
        )


def _volume_xml(disk: Disk, size: int, base: Optional[Volume]) -> str:
    root = ET.Element("volume")
    ET.SubElement(root, "name").text = disk.volume
    ET.SubElement(root, "capacity", {"unit": "bytes"}).text = str(size)
    if disk.format == "raw":
        ET.SubElement(root, "allocation", {"unit": "bytes"}).text = "0"
    ET.SubElement(ET.SubElement(root, "target"), "format", {"type": disk.format})
    if base and not disk.copy:
        backing = ET.SubElement(root, "backingStore")
        ET.SubElement(backing, "path").text = base.path
        ET.SubElement(backing, "format", {"type": base.format})
    return ET.tostring(root, encoding="unicode")


def _plan_growth(disk: Disk, volume: Volume, base: Optional[Volume], steps: _Steps) -> None:
    key = steps.seen.key
    if base and not disk.copy and volume.backing != base.path:
        origin = f"made on {volume.backing}" if volume.backing else "no overlay"
        raise Refused(
            f"{key}: disk {disk.target} ({volume.path}) is {origin} and {base.path} is declared as its base, which "
            "would destroy its data (DESTROYS_DATA); give another volume, or delete this one"
        )
    if disk.size is None or disk.size == volume.capacity:
        return
    if disk.size < volume.capacity:
        raise Refused(
            f"{key}: disk {disk.target} has {_gib(volume.capacity)} and {_gib(disk.size)} is declared, and disks are "
            "never shrunk; declare at least what it has"
        )
    in_use = steps.seen.is_on and volume.path in Other.parse(steps.seen.live_xml, True).disks
    what = f"grow disk {disk.target} from {_gib(volume.capacity)} to {_gib(disk.size)}"
    target = disk.target if in_use else ""
    capacities = steps.with_capacity(volume.path, disk.size)
    steps.add(act.Resize, what, Impact.LIVE, volume.path, disk.size, target, capacities=capacities)


def _plan_seed(wanted: Seed, content: bytes, steps: _Steps) -> None:
    _check_room(steps.seen.key, wanted.pool, len(content), steps.seen.hypervisor)
    impact, digest = Impact.POWER_CYCLE if steps.seen.is_on else Impact.LIVE, seed.digest(content)
    steps.add(act.WriteSeed, "write the seed of cloud-init", impact, wanted.pool, wanted.volume, content, seed=digest)


def _plan_hotplug(live_changes: Sequence[xml.Change], steps: _Steps) -> None:
    for change in live_changes:
        if change.element is not None and change.impact == Impact.LIVE:
            kind, verb = (act.Attach, "attach") if change.after else (act.Detach, "detach")
            device = ET.tostring(change.element, encoding="unicode")
            live = parse(steps.seen.live_xml)
            xml.plug(live, change)
            text = ET.tostring(live, encoding="unicode")
            steps.add(kind, f"{verb} {change.name}", Impact.LIVE, device, live_xml=text)


def _plan_addresses(vm: Vm, removed_macs: Sequence[str], steps: _Steps) -> None:
    _check_macs(vm, steps.seen.hypervisor)
    _plan_releases(removed_macs, steps)
    for nic in vm.networks or ():
        _plan_reservation(vm, nic, steps)


def _check_macs(vm: Vm, hypervisor: Hypervisor) -> None:
    for name, domain in sorted(hypervisor.domains.items()):
        for nic in vm.networks or () if name != vm.key.name else ():
            if nic.mac in domain.macs:
                raise Refused(f'{vm.key}: the MAC address {nic.mac} is one of VM "{name}"; give another one')


def _plan_releases(macs: Sequence[str], steps: _Steps) -> None:
    for name, network in steps.seen.hypervisor.networks.items():
        for mac in macs:
            if mac in network.hosts:
                hosts = {other: address for other, address in network.hosts.items() if other != mac}
                hypervisor = steps.seen.hypervisor.with_hosts(name, hosts)
                what = f"release {network.hosts[mac]} in network {name}"
                steps.add(act.Reserve, what, Impact.LIVE, name, mac, "", network.hosts[mac], hypervisor=hypervisor)


def _plan_reservation(vm: Vm, nic: Nic, steps: _Steps) -> None:
    if nic.network and nic.network not in steps.seen.hypervisor.networks:
        known = ", ".join(sorted(steps.seen.hypervisor.networks)) or "none"
        raise Refused(f"{vm.key}: there is no network {nic.network} (there are: {known}); define and start it first")
    network = steps.seen.hypervisor.networks.get(nic.network)
    if network is None or not nic.address or network.hosts.get(nic.mac) == nic.address:
        return
    for mac, address in network.hosts.items():
        if address == nic.address:
            raise Refused(
                f"{vm.key}: {address} is reserved for {mac} in network {nic.network}; give another address, or remove "
                "that reservation"
            )
    wanted = ipaddress.ip_address(nic.address)
    subnets = [ipaddress.ip_interface(subnet) for subnet in network.subnets]
    if not any(wanted in subnet.network for subnet in subnets):
        known = ", ".join(str(subnet.network) for subnet in subnets) or "none"
        raise Refused(f"{vm.key}: {nic.address} is not in network {nic.network}, whose subnets are: {known}")
    if any(wanted in (subnet.ip, subnet.network[0], subnet.network[-1]) for subnet in subnets):
        raise Refused(
            f"{vm.key}: {nic.address} is the hypervisor's, or that of all, in network {nic.network}; give another one"
        )
    steps.add(
        act.Reserve,
        f"reserve {nic.address} for {nic.mac} in network {nic.network}",
        Impact.LIVE,
        nic.network,
        nic.mac,
        nic.address,
        network.hosts.get(nic.mac, ""),
        hypervisor=steps.seen.hypervisor.with_hosts(nic.network, {**network.hosts, nic.mac: nic.address}),
    )


def _refuse_recreation(vm: Vm, changes: Sequence[xml.Change]) -> None:
    for change in changes:
        if change.impact == Impact.RECREATE and change.before is not None:
            raise Refused(
                f"{vm.key}: {change.name} is {change.before} and {change.after or 'none'} is declared, for which "
                "another VM would have to be made (RECREATE); remove it with state: absent, which keeps its disks, and "
                "declare it again"
            )


def _outdates(change: xml.Change, vm: Vm) -> bool:
    """Whether it makes a VM older than declared that runs.

    Then libvirt tells the chosen firmware and CPU and no longer how they were to be chosen, and the balloon moves.
    """
    chosen = {"firmware", "secure_boot", "secure_boot.keys", "memory.current"}
    chosen |= {"cpu.mode", "cpu.model"} if vm.cpu.mode == "host-model" else set()
    return change.impact != Impact.LIVE and change.name not in chosen


def _node(vm: Vm, hypervisor: Hypervisor, sources: Sequence[str]) -> int:
    """The NUMA node of the VM: that which was given, or that of its first device; -1 for any."""
    if vm.numa_node is not None and vm.numa_node.isdecimal():
        if int(vm.numa_node) not in hypervisor.host.node_cpus:
            known = ", ".join(map(str, sorted(hypervisor.host.node_cpus))) or "none"
            raise Refused(f"{vm.key}: this hypervisor has no NUMA node {vm.numa_node}; its nodes are: {known}")
        return int(vm.numa_node)
    return next((node for source in sources if (node := hypervisor.host.node_of(source)) >= 0), -1)


def _pins(vm: Vm, root: ET.Element, node: int, hypervisor: Hypervisor) -> Optional[tuple[str, ...]]:
    if vm.cpu_pinning is None or vm.cpu_pinning == "none":
        return None if vm.cpu_pinning is None else ()
    count = vm.vcpus or int(read(root, "vcpu") or 1)
    all_cpus = [cpu for cpus in hypervisor.host.node_cpus.values() for cpu in cpus]
    local = hypervisor.host.node_cpus.get(node, tuple(sorted(all_cpus)))
    if vm.cpu_pinning == "node":
        return (",".join(map(str, local)),) * count
    if vm.cpu_pinning == "dedicated":
        return _dedicated(vm, root, count, local, hypervisor)
    cpus = parse_cpus(vm.cpu_pinning)
    if len(cpus) != count:
        raise Invalid(f"{vm.key}: cpu_pinning names {len(cpus)} CPUs for {count} vCPUs; give one for each")
    if unknown := [cpu for cpu in cpus if cpu not in all_cpus]:
        raise Refused(f"{vm.key}: cpu_pinning: this hypervisor has no CPU {unknown[0]}; its CPUs are {all_cpus}")
    return tuple(str(cpu) for cpu in cpus)


def _dedicated(vm: Vm, root: ET.Element, count: int, local: Sequence[int], hypervisor: Hypervisor) -> tuple[str, ...]:
    """One CPU for each vCPU that no other VM has pinned; those that it has already stay."""
    taken = {cpu for name, other in hypervisor.domains.items() if name != vm.key.name for cpu in other.pins}
    own = [parse_cpus(pin.get("cpuset") or "") for pin in root.iterfind("cputune/vcpupin")]
    kept = [cpus[0] for cpus in own if len(cpus) == 1 and cpus[0] in local and cpus[0] not in taken]
    free = [cpu for cpu in local if cpu not in taken and cpu not in kept]
    chosen = [*kept, *free][:count]
    if len(chosen) < count:
        raise Refused(
            f"{vm.key}: cpu_pinning: {count} CPUs are wanted and {len(chosen)} of {len(local)} are not pinned by other "
            "VMs; give fewer vcpus, or cpu_pinning: node"
        )
    return tuple(str(cpu) for cpu in chosen)


def _check_pins(vm: Vm, me: Other, hypervisor: Hypervisor) -> None:
    for name, other in sorted(hypervisor.domains.items()):
        if name != vm.key.name and other.running and (shared := sorted(me.pins & other.pins)):
            raise Refused(
                f'{vm.key}: CPU {shared[0]} is pinned by VM "{name}", too, which runs; stop it, or pin other CPUs'
            )


def _told(changes: Sequence[xml.Change]) -> str:
    """In one line."""
    return "change " + ", ".join(dict.fromkeys(change.name.partition(".")[0] for change in changes))


def _gib(size: int) -> str:
    return f"{size / GIB:.4g} GiB"
