# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What of a domain's XML is ours: one line for each property. Everything else in it stays as it is.

``patch`` writes a VM into the XML of its domain and says what that changed; so a VM is as wanted exactly if nothing
would change. Devices are known by what they are (the target of a disk, the MAC address of an interface, the source of
a host device). Those that we made carry an alias, ``ua-ai-``, so that one that is not wanted any more is removed.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.model import SEED_TARGET, Disk, Vm, parse_cpus
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.places import read, remove, write

_ALIAS = "ua-ai-"
# Each takes one device. About eight are taken at once; the others are for what is attached while the VM runs.
_PORTS = 16
_PAGE = "memoryBacking/hugepages/page"
_MMIO64 = "opt/ovmf/X-PciMmio64Mb"


class Impact(str, Enum):
    """What a change costs, the least first."""

    LIVE = "LIVE"
    POWER_CYCLE = "POWER_CYCLE"
    RECREATE = "RECREATE"
    DESTROYS_DATA = "DESTROYS_DATA"


@dataclass(frozen=True)
class Change:
    """One difference between what is there and what is wanted. An ``element`` is a device that is new or gone."""

    name: str
    before: Optional[str]
    after: Optional[str]
    impact: Impact
    element: Optional[ET.Element] = None


@dataclass(frozen=True)
class HostDevice:
    """A device of the hypervisor for the VM: a PCI address, or the UUID of a mediated device."""

    source: str

    @property
    def mdev(self) -> bool:
        return len(self.source) == 36


@dataclass(frozen=True)
class SeedDisk:
    """The seed of cloud-init as a disk. ``version`` counts how often it was written."""

    path: str
    version: int = 1


@dataclass(frozen=True)
class Spec:
    """A VM with what only the hypervisor can tell: paths of its disks, devices that were chosen, where its CPUs are.

    ``nodes``: NUMA nodes of its memory, empty for any. ``pins``: CPUs of each vCPU; None of each is "not ours".
    ``mmio64_mib``: the window that its devices need, 0 for what the firmware has.
    """

    vm: Vm
    disks: Optional[tuple[tuple[Disk, str], ...]] = None
    seed: Optional[SeedDisk] = None
    host_devices: Optional[tuple[HostDevice, ...]] = None
    nodes: Optional[str] = None
    pins: Optional[tuple[str, ...]] = None
    mmio64_mib: Optional[int] = None


ABSENT = "\0absent"  # as a value: it must not be there
Value = Optional[str]  # None: not ours


@dataclass(frozen=True)
class Prop:
    """One property: its name in diffs, its place, what it should be, and what a change of it costs."""

    name: str
    path: str
    value: Callable[[Any], Value]
    impact: Impact = Impact.POWER_CYCLE
    same: Callable[[Optional[str], str], bool] = lambda seen, wanted: seen == wanted
    unit: str = ""  # where its unit stands, of a size


def _text(value: Optional[object]) -> Value:
    return None if value is None else str(value)


def _or_absent(value: Optional[object]) -> Value:
    return None if value is None else str(value) if value else ABSENT


def _if_cpu(value: str) -> Callable[[Spec], Value]:
    def of(spec: Spec) -> Value:
        found = getattr(spec.vm.cpu, value)
        return str(found) if found else None

    return of


def _if_shares(value: str) -> Callable[[Spec], Value]:
    return lambda spec: value if spec.vm.shares else None


def _secure_boot(spec: Spec) -> Value:
    return None if spec.vm.secure_boot is None else "yes" if spec.vm.secure_boot else "no"


def _if_secure(value: str) -> Callable[[Spec], Value]:
    return lambda spec: value if spec.vm.secure_boot else None


def _cpu_model(spec: Spec) -> Value:
    return (spec.vm.cpu.model or ABSENT) if spec.vm.cpu.mode else None


def _firmware(spec: Spec) -> Value:
    return None if spec.vm.firmware is None else "efi" if spec.vm.firmware == "uefi" else ABSENT


def _same_machine(seen: Optional[str], wanted: str) -> bool:
    return seen == wanted or (seen or "").startswith(f"pc-{wanted}-")


def _same_cpus(seen: Optional[str], wanted: str) -> bool:
    return seen is not None and set(parse_cpus(seen)) == set(parse_cpus(wanted))


PROPERTIES = (
    Prop("type", "@type", lambda spec: _text(spec.vm.type)),
    Prop("description", "description", lambda spec: _or_absent(spec.vm.description), Impact.LIVE),
    Prop("machine", "os/type/@machine", lambda spec: _text(spec.vm.machine), Impact.RECREATE, _same_machine),
    Prop("firmware", "os/@firmware", _firmware, Impact.RECREATE),
    Prop("secure_boot", "os/firmware/feature[name=secure-boot]/@enabled", _secure_boot, Impact.RECREATE),
    Prop("secure_boot.keys", "os/firmware/feature[name=enrolled-keys]/@enabled", _secure_boot, Impact.RECREATE),
    Prop("secure_boot.loader", "os/loader/@secure", _if_secure("yes")),
    Prop("secure_boot.smm", "features/smm/@state", _if_secure("on")),
    Prop("vcpus", "vcpu", lambda spec: _text(spec.vm.vcpus)),
    Prop("cpu.mode", "cpu/@mode", _if_cpu("mode")),
    Prop("cpu.model", "cpu/model", _cpu_model),
    Prop("cpu.sockets", "cpu/topology/@sockets", _if_cpu("sockets")),
    Prop("cpu.cores", "cpu/topology/@cores", _if_cpu("cores")),
    Prop("cpu.threads", "cpu/topology/@threads", _if_cpu("threads")),
    Prop("memory", "memory", lambda spec: _text(spec.vm.memory), unit="memory/@unit"),
    Prop("memory.current", "currentMemory", lambda spec: _text(spec.vm.memory), unit="currentMemory/@unit"),
    Prop("hugepages", f"{_PAGE}/@size", lambda spec: _or_absent(spec.vm.hugepages), unit=f"{_PAGE}/@unit"),
    Prop("shared_memory.source", "memoryBacking/source/@type", _if_shares("memfd")),
    Prop("shared_memory.access", "memoryBacking/access/@mode", _if_shares("shared")),
    Prop("numa_node", "numatune/memory/@nodeset", lambda spec: _or_absent(spec.nodes), same=_same_cpus),
    Prop("numa_node.mode", "numatune/memory/@mode", lambda spec: _or_absent(spec.nodes and "strict")),
    Prop("mmio64_mib", f"sysinfo[type=fwcfg]/entry[name={_MMIO64}]", lambda spec: _or_absent(spec.mmio64_mib)),
)


def _alias(prefix: str, number: object) -> str:
    return f"{_ALIAS}{prefix}-{number}"


def _source_path(wanted: str) -> Callable[[tuple[Disk, str]], Value]:
    """The path where the disk is of this type."""
    return lambda disk: disk[1] if _disk_type(disk) == wanted else None


def _disk_type(disk: tuple[Disk, str]) -> str:
    return "block" if disk[1].startswith("/dev/") else "file"


def _address(part: int) -> Callable[[HostDevice], Value]:
    def of(device: HostDevice) -> Value:
        if device.mdev:
            return None
        domain, bus, rest = device.source.split(":")
        slot, function = rest.split(".")
        return str(int((domain, bus, slot, function)[part], 16))

    return of


def _if_pci(value: str, else_value: Value) -> Callable[[HostDevice], Value]:
    return lambda device: else_value if device.mdev else value


@dataclass(frozen=True)
class Devices:
    """A kind of device: the tag, how one is known, and its properties, the first of which make it what it is."""

    name: str
    tag: str
    items: Callable[[Spec], Optional[Sequence[Any]]]
    key: Callable[[Any], str]
    seen: Callable[[ET.Element], str]
    props: tuple[Prop, ...]
    impact: Impact = Impact.POWER_CYCLE  # of adding or removing one
    mark: Callable[[Any], str] = lambda item: ""  # goes before the key in its alias


def _host_source(element: ET.Element) -> str:
    uuid = read(element, "source/address/@uuid")
    parts = [read(element, f"source/address/@{part}") for part in ("domain", "bus", "slot", "function")]
    if uuid or None in parts:
        return uuid or ""
    domain, bus, slot, function = (int(part or 0) for part in parts)
    return f"{domain:04x}:{bus:02x}:{slot:02x}.{function:x}"


DEVICES = (
    Devices(
        "disks",
        "disk",
        lambda spec: spec.disks,
        lambda disk: str(disk[0].target),
        lambda element: read(element, "target/@dev") or "",
        (
            Prop("type", "@type", _disk_type, Impact.RECREATE),  # another disk in the place of this one
            Prop("device", "@device", lambda disk: "disk"),
            Prop("driver", "driver/@name", lambda disk: "qemu"),
            Prop("format", "driver/@type", lambda disk: str(disk[0].format), Impact.RECREATE),
            Prop("file", "source/@file", _source_path("file"), Impact.RECREATE),
            Prop("dev", "source/@dev", _source_path("block"), Impact.RECREATE),
            Prop("target", "target/@dev", lambda disk: str(disk[0].target)),
            Prop("bus", "target/@bus", lambda disk: "virtio"),
        ),
        Impact.LIVE,
        lambda disk: "path-" if disk[0].path else "",
    ),
    Devices(
        "seed",
        "disk",
        lambda spec: [spec.seed] if spec.seed else None,
        lambda seed: SEED_TARGET,
        lambda element: read(element, "target/@dev") or "",
        (
            Prop("type", "@type", lambda seed: "file"),
            Prop("device", "@device", lambda seed: "disk"),
            Prop("driver", "driver/@name", lambda seed: "qemu"),
            Prop("format", "driver/@type", lambda seed: "raw"),
            Prop("file", "source/@file", lambda seed: str(seed.path)),
            Prop("target", "target/@dev", lambda seed: SEED_TARGET),
            Prop("bus", "target/@bus", lambda seed: "virtio"),
            Prop("read_only", "readonly", lambda seed: ""),
            # In the alias it is in the live XML as well, so what a VM runs with is known to be an older one.
            Prop("version", "alias/@name", lambda seed: _alias("seed", seed.version)),
        ),
    ),
    Devices(
        "networks",
        "interface",
        lambda spec: spec.vm.networks,
        lambda nic: str(nic.mac),
        lambda element: (read(element, "mac/@address") or "").lower(),
        (
            Prop("type", "@type", lambda nic: "bridge" if nic.bridge else "network"),
            Prop("mac", "mac/@address", lambda nic: str(nic.mac), same=lambda seen, mac: (seen or "").lower() == mac),
            Prop("network", "source/@network", lambda nic: nic.network or None),
            Prop("bridge", "source/@bridge", lambda nic: nic.bridge or None),
            Prop("model", "model/@type", lambda nic: "virtio"),
        ),
        Impact.LIVE,
    ),
    Devices(
        "shares",
        "filesystem",
        lambda spec: spec.vm.shares,
        lambda share: str(share.tag),
        lambda element: read(element, "target/@dir") or "",
        (
            Prop("type", "@type", lambda share: "mount"),
            Prop("access", "@accessmode", lambda share: "passthrough"),
            Prop("driver", "driver/@type", lambda share: "virtiofs"),
            Prop("source", "source/@dir", lambda share: str(share.source)),
            Prop("tag", "target/@dir", lambda share: str(share.tag)),
            Prop("read_only", "readonly", lambda share: "" if share.read_only else ABSENT),
        ),
    ),
    Devices(
        "gpus",
        "hostdev",
        lambda spec: spec.host_devices,
        lambda device: str(device.source),
        _host_source,
        (
            Prop("mode", "@mode", lambda device: "subsystem"),
            Prop("type", "@type", _if_pci("pci", "mdev")),
            Prop("managed", "@managed", _if_pci("yes", None)),
            Prop("model", "@model", _if_pci(ABSENT, "vfio-pci")),
            Prop("uuid", "source/address/@uuid", lambda device: device.source if device.mdev else None),
            Prop("domain", "source/address/@domain", _address(0)),
            Prop("bus", "source/address/@bus", _address(1)),
            Prop("slot", "source/address/@slot", _address(2)),
            Prop("function", "source/address/@function", _address(3)),
        ),
    ),
)


def new_domain(name: str, cpu_mode: str = "host-passthrough") -> ET.Element:
    """What a VM has beside its properties: a serial console, a channel for the guest agent, entropy, spare ports."""
    ports = "<controller type='pci' model='pcie-root-port'/>" * _PORTS
    return ET.fromstring(
        f"<domain type='kvm'><name>{name}</name><vcpu>1</vcpu><memory unit='b'>1</memory><os>"
        "<type arch='x86_64' machine='q35'>hvm</type><boot dev='hd'/></os><features><acpi/><apic/></features>"
        f"<cpu mode='{cpu_mode}'/><clock offset='utc'/><on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot>"
        f"<on_crash>restart</on_crash><devices><controller type='pci' model='pcie-root'/>{ports}"
        "<serial type='pty'/><console type='pty'/>"
        "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
        "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng><memballoon model='virtio'/>"
        "</devices></domain>"
    )


def patch(root: ET.Element, spec: Spec) -> list[Change]:
    """Writes ``spec`` into the XML and tells what that changed."""
    changes = list(_patch_properties(root, PROPERTIES, spec, ""))
    changes += _patch_pins(root, spec.pins)
    devices = root.find("devices")
    if devices is None:
        devices = ET.SubElement(root, "devices")
    for kind in DEVICES:
        items = kind.items(spec)
        if items is not None:
            changes += _patch_devices(devices, kind, items)
    return changes


def describe(root: ET.Element) -> dict[str, str]:
    """All that could be ours, and is there: the value by the name of the property."""
    found = {prop.name: read(root, prop.path) for prop in PROPERTIES}
    for pin in root.findall("cputune/vcpupin"):
        found[f"cpu_pinning[{pin.get('vcpu')}]"] = pin.get("cpuset")
    for kind in DEVICES:
        for element in root.findall(f"devices/{kind.tag}"):
            if (kind.seen(element) == SEED_TARGET) == (kind.name == "seed"):
                for prop in kind.props:
                    found[f"{kind.name}[{kind.seen(element)}].{prop.name}"] = read(element, prop.path)
    return {name: value for name, value in found.items() if value is not None}


def host_devices(root: ET.Element) -> list[str]:
    """What of the hypervisor the domain has: PCI addresses, and UUIDs of mediated devices."""
    return [source for element in root.findall("devices/hostdev") if (source := _host_source(element))]


def own_volumes(root: ET.Element) -> list[str]:
    """Paths of the disks that were made for the VM: the seed, then the others. A disk given by its path is not."""
    paths = {
        read(element, "alias/@name"): read(element, "source/@file") or read(element, "source/@dev")
        for element in root.findall("devices/disk")
    }
    own = {alias: path for alias, path in paths.items() if alias and path}
    seed = [path for alias, path in own.items() if alias.startswith(_alias("seed", ""))]
    return seed + [path for alias, path in own.items() if re.fullmatch(_alias("disks", r"vd[a-y]"), alias)]


def seed_version(root: ET.Element) -> int:
    """How often the seed was written, 0 for never."""
    aliases = [read(element, "alias/@name") or "" for element in root.findall("devices/disk")]
    versions = [alias.rpartition("-")[2] for alias in aliases if alias.startswith(_alias("seed", ""))]
    return max((int(version) for version in versions if version.isdecimal()), default=0)


def removals(changes: Sequence[Change]) -> set[str]:
    """Names of devices that go."""
    return {change.name for change in changes if change.element is not None and not change.after}


def removed_macs(changes: Sequence[Change]) -> list[str]:
    """MAC addresses of network interfaces that go."""
    gone = [change.element for change in changes if change.element is not None and not change.after]
    return [(read(element, "mac/@address") or "").lower() for element in gone if element.tag == "interface"]


def plug(root: ET.Element, change: Change) -> None:
    """Has the XML of a VM that runs say what it does after one device was attached or detached."""
    devices = root.find("devices")
    if devices is None or change.element is None:
        return
    if change.after:
        devices.append(change.element)
    else:
        gone = ET.tostring(change.element)
        devices.remove(next(element for element in devices if ET.tostring(element) == gone))


def devices_of(root: ET.Element) -> list[str]:
    """The devices that can come and go while the VM runs: ``disks[vda]``."""
    kinds = [kind for kind in DEVICES if kind.impact == Impact.LIVE]
    return [f"{kind.name}[{kind.seen(element)}]" for kind in kinds for element in root.findall(f"devices/{kind.tag}")]


def _patch_properties(element: ET.Element, props: Sequence[Prop], item: Any, prefix: str) -> Iterator[Change]:
    for prop in props:
        wanted, seen = prop.value(item), read(element, prop.path)
        if wanted is None or (seen is None if wanted == ABSENT else prop.same(seen, wanted)):
            continue
        if wanted == ABSENT:
            remove(element, prop.path)
            yield Change(prefix + prop.name, seen, None, prop.impact)
        else:
            write(element, prop.path, wanted)
            if prop.unit:
                write(element, prop.unit, "b")
            yield Change(prefix + prop.name, seen, wanted, prop.impact)


def _patch_pins(root: ET.Element, pins: Optional[Sequence[str]]) -> Iterator[Change]:
    if pins is None:
        return
    for element in root.findall("cputune/vcpupin"):
        number = element.get("vcpu") or ""
        if int(number) >= len(pins):
            remove(root, f"cputune/vcpupin[vcpu={number}]")
            yield Change(f"cpu_pinning[{number}]", element.get("cpuset"), None, Impact.POWER_CYCLE)
    for vcpu, cpus in enumerate(pins):
        prop = Prop(f"cpu_pinning[{vcpu}]", f"cputune/vcpupin[vcpu={vcpu}]/@cpuset", str, same=_same_cpus)
        yield from _patch_properties(root, (prop,), cpus, "")


def _patch_devices(devices: ET.Element, kind: Devices, items: Sequence[Any]) -> Iterator[Change]:
    there = {kind.seen(element): element for element in devices.findall(kind.tag)}
    wanted = {kind.key(item): item for item in items}
    for key, element in there.items():
        if key not in wanted and _is_ours(element, kind.name):
            devices.remove(element)
            yield Change(f"{kind.name}[{key}]", "present", None, kind.impact, element)
    for key, item in wanted.items():
        name = f"{kind.name}[{key}]"
        if key in there:
            yield from _patch_properties(there[key], kind.props, item, f"{name}.")
            continue
        element = ET.SubElement(devices, kind.tag)
        ET.SubElement(element, "alias", {"name": _alias(kind.name, kind.mark(item) + re.sub(r"[^\w-]", "-", key))})
        list(_patch_properties(element, kind.props, item, ""))
        yield Change(name, None, "present", kind.impact, element)


def _is_ours(element: ET.Element, kind: str) -> bool:
    return (read(element, "alias/@name") or "").startswith(_alias(kind, ""))
