# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Reads the devices of this machine from sysfs and /proc into a plain :class:`Host`; nothing is written.

``root`` is / on a hypervisor, and a tree of a test elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.host import VFIO, Bar, Device, Host, MdevType
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.model import parse_cpus

_IO, _MEMORY_64 = 0x100, 0x100000  # of the flags in "resource": IORESOURCE_IO, IORESOURCE_MEM_64
_BARS = 6  # lines of "resource" before the ROM and the windows of bridges
_NAMES = ("usr/share/misc/pci.ids", "usr/share/hwdata/pci.ids")


def read_host(root: Path) -> Host:
    """All PCI functions, mediated devices and NUMA nodes."""
    names = _names(root)
    folders = sorted((root / "sys/bus/pci/devices").glob("*"))
    handles = _handles(root, folders)
    # Linux 5.15 and later have the file exactly where there is a way to reset.
    tells_resets = any((folder / "reset_method").exists() for folder in folders)
    devices = [_device(folder, names, handles, tells_resets) for folder in folders]
    nodes = {
        int(folder.name[4:]): parse_cpus(_text(folder / "cpulist"))
        for folder in sorted((root / "sys/devices/system/node").glob("node[0-9]*"))
    }
    mdevs = {folder.name: folder.resolve().parent.name for folder in (root / "sys/bus/mdev/devices").glob("*")}
    return Host({device.address: device for device in devices}, mdevs, nodes)


def _device(
    folder: Path, names: Mapping[str, str], handles: Mapping[str, tuple[str, ...]], tells_resets: bool
) -> Device:
    ids = ":".join(_text(folder / part)[2:] for part in ("vendor", "device"))
    driver, group, parent = _link(folder / "driver"), _link(folder / "iommu_group"), _link(folder / "physfn")
    return Device(
        address=folder.name,
        pci_class=int(_text(folder / "class") or "0", 16),
        id=ids,
        driver=driver,
        group=int(group) if group else None,
        numa_node=int(_text(folder / "numa_node") or -1),
        resets=tuple(_text(folder / "reset_method").split()) if tells_resets else None,
        d3cold_allowed=_text(folder / "d3cold_allowed") == "1",
        bars=tuple(_bars(_text(folder / "resource"))),
        users=() if driver == VFIO else handles.get(folder.name, ()),
        mdev_types=tuple(_mdev_types(folder / "mdev_supported_types")),
        parent=parent,
        name=names.get(ids, ""),
    )


def _bars(resource: str) -> Iterator[Bar]:
    for line in resource.splitlines()[:_BARS]:
        start, end, flags = (int(number, 16) for number in line.split())
        if end > start and not flags & _IO:
            yield Bar(end - start + 1, bool(flags & _MEMORY_64))


def _mdev_types(folder: Path) -> Iterator[MdevType]:
    for kind in sorted(folder.glob("*")):
        yield MdevType(kind.name, _text(kind / "name"), int(_text(kind / "available_instances") or 0))


def _handles(root: Path, folders: list[Path]) -> dict[str, tuple[str, ...]]:
    """Processes by the PCI address of a device of which they have a node in /dev open."""
    nodes = {f"/dev/dri/{node.name}": folder.name for folder in folders for node in (folder / "drm").glob("[cr]*")}
    for information in (root / "proc/driver/nvidia/gpus").glob("*/information"):
        minor = [line.split()[-1] for line in _text(information).splitlines() if line.startswith("Device Minor")]
        nodes.update({f"/dev/nvidia{number}": information.parent.name for number in minor})
    found: dict[str, set[str]] = {}
    for process in (root / "proc").glob("[0-9]*") if nodes else ():
        for target in _open_files(process / "fd"):
            if target in nodes:
                found.setdefault(nodes[target], set()).add(f"{_text(process / 'comm')} (pid {process.name})")
    return {address: tuple(sorted(users)) for address, users in found.items()}


def _open_files(folder: Path) -> list[str]:
    """Empty for a process that has ended meanwhile, or is another user's."""
    try:
        return [os.readlink(entry.path) for entry in os.scandir(folder)]
    except OSError:
        return []


def _names(root: Path) -> dict[str, str]:
    """Names of devices by vendor:device, from the database that lspci uses, if it is there."""
    path = next((root / name for name in _NAMES if (root / name).exists()), None)
    names: dict[str, str] = {}
    vendor = ""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path else ():
        if line[:1] not in ("", "#", "\t", "C"):
            vendor = line[:4]
        elif line.startswith("C "):
            break
        elif line.startswith("\t") and line[1:2] != "\t":
            names[f"{vendor}:{line[1:5]}"] = line[5:].strip()
    return names


def _text(path: Path) -> str:
    """Empty where there is none: which files a device has differs with kernel and driver."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _link(path: Path) -> str:
    target = os.readlink(path) if path.is_symlink() else ""
    return target.rsplit("/", 1)[-1]
