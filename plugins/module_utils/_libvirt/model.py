# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A virtual machine as it is wanted (:class:`Vm`), parsed once, here; Invalid for what cannot be right."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid

KIB = 1024
_UNITS = {"": 1, "B": 1, "K": 1, "M": 2, "G": 3, "T": 4}
_SIZE = re.compile(r"(\d+)\s*([KMGT])(?:iB|B)?", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,62}")
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_ADDRESS = re.compile(r"(?:([0-9a-f]{4}):)?([0-9a-f]{2}:[01][0-9a-f]\.[0-7])")
_ID = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LARGEST = 2**53  # bytes; libvirt counts further, and no machine has that much
_TARGET = re.compile(r"vd[a-y]")
_CPUS = re.compile(r"(\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*)?", re.ASCII)
_NODE = re.compile(r"gpu|none|\d{1,4}", re.ASCII)
_CONTROL = re.compile("[^\t\n -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CPU_MODES = ("host-passthrough", "host-model", "maximum")

# Where the seed of cloud-init is attached; as a virtio disk, since kernels made for clouds have no AHCI.
SEED_TARGET = "vdz"


class Key(NamedTuple):
    """Names one virtual machine; the namespace is the URI of its hypervisor."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f'VM "{self.name}"'


@dataclass(frozen=True)
class Disk:
    """``size`` in bytes; ``path`` is a file or device that is there already, else ``volume`` is in ``pool``."""

    target: str
    size: Optional[int] = None
    base: str = ""
    copy: bool = False
    pool: str = ""
    volume: str = ""
    path: str = ""
    format: str = ""


@dataclass(frozen=True)
class Nic:
    network: str
    bridge: str
    mac: str
    address: str = ""


@dataclass(frozen=True)
class Share:
    source: str
    tag: str
    read_only: bool = False


@dataclass(frozen=True)
class Seed:
    """What cloud-init reads at the first boot (NoCloud)."""

    user_data: str
    network_config: str
    ssh_keys: tuple[str, ...]
    pool: str
    volume: str


@dataclass(frozen=True)
class GpuRequest:
    """By PCI address, by vendor:device, by a part of its name, or a mediated device by its UUID."""

    address: str = ""
    id: str = ""
    model: str = ""
    mdev: str = ""

    def __str__(self) -> str:
        parts = (("at", self.address), ("with the id", self.id), ("of the model", self.model), ("mdev", self.mdev))
        return " ".join(f"{word} {value}" for word, value in parts if value)


@dataclass(frozen=True)
class Cpu:
    """``mode`` and ``model`` as libvirt has them; a topology of zeros is none."""

    mode: str = ""
    model: str = ""
    sockets: int = 0
    cores: int = 0
    threads: int = 0


@dataclass(frozen=True)
class Vm:
    """One VM of the task. None is "not given"; sizes are in bytes, as far as the name says nothing else."""

    key: Key
    state: Optional[str] = None
    description: Optional[str] = None
    type: Optional[str] = None
    machine: Optional[str] = None
    firmware: Optional[str] = None
    secure_boot: Optional[bool] = None
    vcpus: Optional[int] = None
    cpu: Cpu = Cpu()
    cpu_pinning: Optional[str] = None
    memory: Optional[int] = None
    hugepages: Optional[int] = None
    numa_node: Optional[str] = None
    disks: Optional[tuple[Disk, ...]] = None
    networks: Optional[tuple[Nic, ...]] = None
    shares: Optional[tuple[Share, ...]] = None
    seed: Optional[Seed] = None
    gpus: Optional[tuple[GpuRequest, ...]] = None
    group_siblings: str = "functions"
    autostart: Optional[bool] = None

    @classmethod
    def from_params(cls, params: Mapping[str, Any], uri: str, where: str = "") -> Vm:
        """From options as AnsibleModule gives them. ``where`` begins the messages, for items of a list."""
        name = params.get("name") or ""
        if not _NAME.fullmatch(name):
            raise Invalid(f'{where}"{name}" cannot name a VM; use letters, digits, _ . + and -, at most 63 of them')
        try:
            _refuse_control_characters(params)
            return cls(
                key=Key(uri, name),
                description=None if params.get("description") is None else params["description"].strip(),
                **{option: params.get(option) for option in ("state", "type", "machine", "firmware")},
                secure_boot=params.get("secure_boot"),
                vcpus=_positive(params, "vcpus"),
                cpu=_cpu(params.get("cpu") or {}, params.get("vcpus")),
                cpu_pinning=params.get("cpu_pinning"),
                memory=_size(params, "memory"),
                hugepages=_hugepages(params),
                numa_node=_numa_node(params),
                disks=_list(params, "disks", lambda index, disk: _disk(name, index, disk)),
                networks=_list(params, "networks", lambda index, nic: _nic(name, index, nic)),
                shares=_list(
                    params,
                    "shares",
                    lambda index, s: Share(
                        _absolute(s["source"], f"shares[{index}]"), s["tag"], bool(s.get("read_only"))
                    ),
                ),
                seed=_seed(name, params.get("cloud_init")),
                gpus=_list(params, "gpus", lambda _index, gpu: _gpu(gpu)),
                group_siblings=params.get("group_siblings") or "functions",
                autostart=params.get("autostart"),
            )._checked()
        except Invalid as problem:
            raise Invalid(f'{where}VM "{name}": {problem}') from None

    def _checked(self) -> Vm:
        for what, keys in (
            ("disks: the target", [disk.target for disk in self.disks or ()]),
            ("disks: the volume", [f"{disk.pool}/{disk.volume}" for disk in self.disks or () if disk.volume]),
            ("networks: the MAC address", [nic.mac for nic in self.networks or ()]),
            ("networks: the address", [nic.address for nic in self.networks or () if nic.address]),
            ("shares: the tag", [share.tag for share in self.shares or ()]),
            ("gpus: the address", [gpu.address for gpu in self.gpus or () if gpu.address]),
            ("gpus: the mdev", [gpu.mdev for gpu in self.gpus or () if gpu.mdev]),
        ):
            for key in keys:
                if keys.count(key) > 1:
                    raise Invalid(f"{what} {key} was given {keys.count(key)} times; give it once")
        if self.secure_boot and self.firmware != "uefi":
            raise Invalid("secure_boot needs the firmware uefi; give firmware: uefi with it")
        return self


def parse_size(text: str) -> int:
    """Bytes; units are binary, so ``20G``, ``20GB`` and ``20GiB`` are the same."""
    match = _SIZE.fullmatch(text.strip())
    if not match:
        raise Invalid(f'"{text}" is no size; write a number with its unit, like 512M or 20G')
    return int(match[1]) * int(KIB ** _UNITS[match[2].upper()])


def parse_cpus(text: str) -> tuple[int, ...]:
    """CPUs of a list as the kernel writes it, like ``0-3,8``."""
    if not _CPUS.fullmatch(text.strip()):
        raise Invalid(f'"{text}" is no list of CPUs; write it like 0-3,8')
    cpus: list[int] = []
    for part in filter(None, text.strip().split(",")):
        first, _dash, last = part.partition("-")
        cpus += range(int(first), int(last or first) + 1)
    return tuple(cpus)


def parse_address(text: str) -> str:
    """A PCI address in full: ``0000:01:00.0``."""
    match = _ADDRESS.fullmatch(text.lower())
    if not match:
        raise Invalid(f'gpus: "{text}" is no PCI address; write it as lspci -D does, like 0000:01:00.0')
    return f"{match[1] or '0000'}:{match[2]}"


def stable_mac(name: str, index: int) -> str:
    """The same for a VM of this name at each time and place; in the range of QEMU."""
    digest = hashlib.sha256(f"{name}/{index}".encode()).hexdigest()
    return f"52:54:00:{digest[:2]}:{digest[2:4]}:{digest[4:6]}"


def _refuse_control_characters(params: Mapping[str, Any]) -> None:
    """In what goes into XML, which cannot hold them; what cloud-init reads does not."""
    for option, value in params.items():
        if option != "cloud_init" and any(_CONTROL.search(text) for text in _texts(value)):
            raise Invalid(f"{option} has control characters; leave them out")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, Mapping)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


def _absolute(path: str, where: str) -> str:
    if not path.startswith("/"):
        raise Invalid(f'{where}: "{path}" is no absolute path; begin it with /')
    return path


def _positive(params: Mapping[str, Any], option: str) -> Optional[int]:
    value: Optional[int] = params.get(option)
    if value is not None and value < 1:
        raise Invalid(f"{option} is {value}; give at least 1")
    return value


def _size(params: Mapping[str, Any], option: str) -> Optional[int]:
    text = params.get(option)
    if text is None:
        return None
    try:
        size = parse_size(text)
    except Invalid as problem:
        raise Invalid(f"{option}: {problem}") from None
    if not 0 < size <= _LARGEST:
        raise Invalid(f"{option} is {text}; give more than 0 and less than 8192T")
    return size


def _hugepages(params: Mapping[str, Any]) -> Optional[int]:
    """Bytes of a page; 0 is none."""
    return 0 if params.get("hugepages") == "none" else _size(params, "hugepages")


def _numa_node(params: Mapping[str, Any]) -> Optional[str]:
    node: Optional[str] = params.get("numa_node")
    if node is not None and not _NODE.fullmatch(node):
        raise Invalid(f'numa_node: "{node}" is neither gpu, none nor the number of a node')
    return node


def _list(params: Mapping[str, Any], option: str, parse: Any) -> Any:
    items: Optional[Sequence[Mapping[str, Any]]] = params.get(option)
    return None if items is None else tuple(parse(index, item) for index, item in enumerate(items))


def _cpu(params: Mapping[str, Any], vcpus: Optional[int]) -> Cpu:
    model = params.get("model") or ""
    topology = [_positive(params, option) for option in ("sockets", "cores", "threads")]
    sockets, cores, threads = [value or 1 for value in topology] if any(topology) else (0, 0, 0)
    if sockets and vcpus != sockets * cores * threads:
        raise Invalid(
            f"cpu: {sockets} sockets of {cores} cores of {threads} threads are {sockets * cores * threads} CPUs, and "
            f"vcpus is {vcpus}; make them the same"
        )
    mode = model if model in _CPU_MODES else "custom" if model else ""
    return Cpu(mode, model if mode == "custom" else "", sockets, cores, threads)


def _disk(name: str, index: int, params: Mapping[str, Any]) -> Disk:
    target = params.get("target") or f"vd{chr(ord('a') + index)}"
    if not _TARGET.fullmatch(target):
        raise Invalid(f'disks[{index}]: "{target}" is no target; use vda to vdy')
    size, path, base, image = _size(params, "size"), params.get("path"), params.get("base"), params.get("format")
    if path and (size or base or params.get("volume")):
        raise Invalid(f"disks[{index}]: path is attached as it is; leave out size, base and volume, or the path")
    if path:
        _absolute(path, f"disks[{index}]")
        kind = image or ("raw" if path.startswith("/dev/") else "qcow2")
        return Disk(target, path=path, format=kind)
    image = image or "qcow2"
    if base and not params.get("copy") and image != "qcow2":
        raise Invalid(f"disks[{index}]: an overlay on {base} is qcow2; leave out format, or give copy: true")
    volume = params.get("volume") or f"{name}-{target}.{image}"
    if "/" in volume:
        raise Invalid(f'disks[{index}]: "{volume}" cannot name a volume; give a name without /, or its path in path')
    return Disk(target, size, base or "", bool(params.get("copy")), params.get("pool") or "default", volume, "", image)


def _nic(name: str, index: int, params: Mapping[str, Any]) -> Nic:
    network, bridge, address = params.get("network") or "", params.get("bridge") or "", params.get("address") or ""
    if network and bridge:
        raise Invalid(f"networks[{index}]: give network or bridge, not both")
    if address and bridge:
        raise Invalid(
            f"networks[{index}]: libvirt reserves addresses in its own networks only; give network, no bridge"
        )
    mac = (params.get("mac") or stable_mac(name, index)).lower()
    if not _MAC.fullmatch(mac):
        raise Invalid(f'networks[{index}]: "{mac}" is no MAC address; write it like 52:54:00:12:34:56')
    if int(mac[:2], 16) % 2 or mac == "00:00:00:00:00:00":
        raise Invalid(f"networks[{index}]: {mac} is no address of one machine; write it like 52:54:00:12:34:56")
    if address:
        try:
            address = str(ipaddress.IPv4Address(address))
        except ValueError:
            raise Invalid(
                f'networks[{index}]: "{address}" is no IPv4 address, and libvirt reserves no others for a MAC address'
            ) from None
    return Nic(network or ("" if bridge else "default"), bridge, mac, address)


def _seed(name: str, params: Optional[Mapping[str, Any]]) -> Optional[Seed]:
    if params is None:
        return None
    return Seed(
        params.get("user_data") or "",
        params.get("network_config") or "",
        tuple(params.get("ssh_keys") or ()),
        params.get("pool") or "default",
        f"{name}-seed.iso",
    )


def _gpu(params: Mapping[str, Any]) -> GpuRequest:
    address, model, mdev = params.get("address"), params.get("model") or "", (params.get("mdev") or "").lower()
    ids = (params.get("id") or "").lower()
    if not (address or ids or model or mdev) or (mdev and (address or ids or model)):
        raise Invalid("gpus: give an address, an id, a model (or several of these), or an mdev alone")
    if ids and not _ID.fullmatch(ids):
        raise Invalid(f'gpus: "{ids}" is no id; write vendor:device as lspci -n does, like 10de:2684')
    if mdev and not _UUID.fullmatch(mdev):
        raise Invalid(f'gpus: "{mdev}" is no UUID of a mediated device')
    return GpuRequest(parse_address(address) if address else "", ids, model, mdev)
