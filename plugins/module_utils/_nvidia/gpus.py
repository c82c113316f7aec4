# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which architecture a device of NVIDIA is of, and which drivers and kernel modules exist for it; pure.

NVIDIA gives device ids out in blocks. The blocks are those of the database of PCI ids (pci-ids.ucw.cz, October 2026),
where each name begins with the chip. Branches are those of NVIDIA's lists of supported and of legacy GPUs, and of its
Driver Installation Guide.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Optional

VENDOR = "10de"

NVSWITCHES = frozenset(("1af1", "22a3"))  # of boards with A100 and H100; those of V100 are known by their class
_BRIDGE = 0x0680

OPEN, PROPRIETARY = "open", "proprietary"
OPEN_SINCE = 515  # the first branch with open modules
OPEN_FIRST = 560  # the first in which they are NVIDIA's choice for every GPU that they know
ONLY_OPEN_SINCE = 620

# HGX boards whose switches are no PCI devices of the machine: the fourth generation of NVSwitch
_SWITCHED_BOARDS = frozenset(("2901", "3182"))
_GRACE_HOPPER = frozenset(("2342", "2348"))


@dataclass(frozen=True)
class Architecture:
    """``first`` and ``last`` branch of the driver for it; without ``last``, the newest. ``modules`` that serve it.

    ``mig``: whether GPUs of it can be divided.
    """

    name: str
    first: int
    last: Optional[int]
    modules: frozenset[str]
    mig: bool = False


_BOTH = frozenset((OPEN, PROPRIETARY))
_OPEN, _PROPRIETARY = frozenset((OPEN,)), frozenset((PROPRIETARY,))

FERMI = Architecture("Fermi or older", 0, 390, _PROPRIETARY)
KEPLER = Architecture("Kepler", 304, 470, _PROPRIETARY)
MAXWELL = Architecture("Maxwell", 346, 580, _PROPRIETARY)
PASCAL = Architecture("Pascal", 367, 580, _PROPRIETARY)
VOLTA = Architecture("Volta", 384, 580, _PROPRIETARY)
TURING = Architecture("Turing", 418, None, _BOTH)
AMPERE = Architecture("Ampere", 450, None, _BOTH)
GA100 = Architecture("Ampere", 450, None, _BOTH, mig=True)
ADA = Architecture("Ada Lovelace", 525, None, _BOTH)
HOPPER = Architecture("Hopper", 525, None, _BOTH, mig=True)
GRACE_HOPPER = Architecture("Grace Hopper", 535, None, _OPEN, mig=True)
BLACKWELL = Architecture("Blackwell", 570, None, _OPEN, mig=True)
UNKNOWN = Architecture("unknown (newer than this collection)", 0, None, _OPEN, mig=True)

# Where the blocks begin; each ends where the next one begins
_BLOCKS = [
    (0x0000, FERMI),
    (0x0FC0, KEPLER),
    (0x1040, FERMI),
    (0x1180, KEPLER),
    (0x1200, FERMI),
    (0x1280, KEPLER),
    (0x1340, MAXWELL),
    (0x15C0, PASCAL),
    (0x1600, MAXWELL),
    (0x1700, PASCAL),
    (0x1740, MAXWELL),
    (0x1B00, PASCAL),
    (0x1D80, VOLTA),
    (0x1E00, TURING),
    (0x2080, GA100),
    (0x2180, TURING),
    (0x2200, AMPERE),
    (0x2300, HOPPER),
    (0x2400, AMPERE),
    (0x2680, ADA),
    (0x2900, BLACKWELL),
    (0x2F80, UNKNOWN),
    (0x3180, BLACKWELL),
    (0x3500, UNKNOWN),
]
_STARTS = [start for start, _architecture in _BLOCKS]


def architecture(device_id: str) -> Architecture:
    """``device_id`` is four hexadecimal digits."""
    if device_id in _GRACE_HOPPER:
        return GRACE_HOPPER
    return _BLOCKS[bisect_right(_STARTS, int(device_id, 16)) - 1][1]


@dataclass(frozen=True)
class Device:
    """A function on the PCI bus. ``driver`` is the one that it is bound to."""

    address: str
    vendor: str
    device: str
    pci_class: int  # base class and subclass, like 0x0302
    driver: str = ""

    @property
    def is_gpu(self) -> bool:
        return self.vendor == VENDOR and self.pci_class >> 8 == 0x03

    @property
    def is_nvswitch(self) -> bool:
        return self.vendor == VENDOR and (self.pci_class == _BRIDGE or self.device in NVSWITCHES)

    @property
    def architecture(self) -> Architecture:
        return architecture(self.device)

    def __str__(self) -> str:
        return f"{self.address} ({self.vendor}:{self.device}, {self.architecture.name})"


def needs_fabric_manager(devices: tuple[Device, ...]) -> bool:
    """Whether it has NVSwitches: as PCI devices, or as a whole board of eight of which they are a part."""
    boards = [device for device in devices if device.is_gpu and device.device in _SWITCHED_BOARDS]
    return any(device.is_nvswitch for device in devices) or len(boards) == 8


def needs_subnet_manager(devices: tuple[Device, ...]) -> bool:
    """Boards of the fourth generation of NVSwitch want NVLink's subnet manager beside Fabric Manager."""
    return any(device.is_gpu and device.device in _SWITCHED_BOARDS for device in devices)
