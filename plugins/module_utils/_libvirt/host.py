# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The devices of a hypervisor as they were seen: what passthrough is planned with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional

_DISPLAY = 0x03
# Of the host, to ISA and to PCI. What says that it is another bridge, like an NVSwitch, is passed like any device.
_BRIDGES = (0x0600, 0x0601, 0x0604)
# Functions of a graphics card beside the display: audio, USB, and the serial bus of its USB-C port.
_COMPANIONS = (0x0403, 0x0C03, 0x0C80)
# PCI class 0x12: accelerators without a display, as some compute cards are.
_ACCELERATOR = 0x12
VFIO = "vfio-pci"


@dataclass(frozen=True)
class Bar:
    """A region of memory of a device. ``wide``: it may lie above 4 GiB."""

    size: int
    wide: bool


@dataclass(frozen=True)
class MdevType:
    """A kind of mediated device that a GPU can be shared as, and how many more of them it can give."""

    name: str
    label: str
    free: int


@dataclass(frozen=True)
class Device:
    """One PCI function.

    ``resets``: ways to reset it; None where the kernel does not tell. ``users``: processes that have it open.
    ``parent``: the physical function of a virtual one.
    """

    address: str
    pci_class: int
    id: str
    driver: str = ""
    group: Optional[int] = None
    numa_node: int = -1
    resets: Optional[tuple[str, ...]] = None
    d3cold_allowed: bool = False
    bars: tuple[Bar, ...] = ()
    users: tuple[str, ...] = ()
    mdev_types: tuple[MdevType, ...] = ()
    parent: str = ""
    name: str = ""

    @property
    def slot(self) -> str:
        return self.address.partition(".")[0]

    @property
    def is_gpu(self) -> bool:
        return self.pci_class >> 16 in (_DISPLAY, _ACCELERATOR)

    @property
    def is_companion(self) -> bool:
        return self.is_gpu or self.pci_class >> 8 in _COMPANIONS

    @property
    def is_bridge(self) -> bool:
        return self.pci_class >> 8 in _BRIDGES

    def __str__(self) -> str:
        return f"{self.address} ({self.name or self.id}, {f'driver {self.driver}' if self.driver else 'no driver'})"


@dataclass(frozen=True)
class Host:
    """``mdevs``: mediated devices, each with the address of its GPU. ``node_cpus``: CPUs by NUMA node."""

    devices: Mapping[str, Device] = field(default_factory=dict)
    mdevs: Mapping[str, str] = field(default_factory=dict)
    node_cpus: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    def group_of(self, device: Device) -> list[Device]:
        """All functions of its IOMMU group that a VM must have together; bridges stay with the host."""
        return [other for other in self.in_order() if other.group == device.group and not other.is_bridge]

    def in_order(self) -> list[Device]:
        """All devices by their addresses."""
        return [self.devices[address] for address in sorted(self.devices)]

    def parts_of(self, address: str) -> list[str]:
        """What a GPU is divided into: mediated devices and virtual functions."""
        virtual = [other.address for other in self.devices.values() if other.parent == address]
        return sorted([*virtual, *(uuid for uuid, parent in self.mdevs.items() if parent == address)])

    def node_of(self, source: str) -> int:
        """The NUMA node of a PCI or mediated device; -1 if the machine has none."""
        device = self.devices.get(self.mdevs.get(source, source))
        return device.numa_node if device else -1
