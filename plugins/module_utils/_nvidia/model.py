# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is wanted of a machine and what was seen on it, parsed once; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.gpus import NVSWITCHES, Device

DISTRIBUTION, NVIDIA, RUNFILE = "distribution", "nvidia", "runfile"
AUTO = "auto"

_PROFILE = re.compile(r"\d+g\.\d+gb(\+\S+)?")  # of a MIG device


@dataclass(frozen=True)
class Request:
    """What is wanted. ``version`` is a branch (580), a version of the driver (580.95.05), or empty."""

    state: str = "present"
    source: str = DISTRIBUTION
    version: str = ""
    upgrade: bool = False
    kernel_modules: str = AUTO
    fabric_manager: str = AUTO
    persistence: bool = True
    hold: bool = True
    expected_gpus: int = 0
    pci_ids: tuple[str, ...] = ()
    kernel: str = ""
    secure_boot: Optional[bool] = None
    repository_url: str = ""
    repository_key: str = ""
    runfile_url: str = ""
    mig: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def branch(self) -> str:
        return self.version.partition(".")[0]

    @property
    def exact(self) -> bool:
        return "." in self.version


class Package(NamedTuple):
    """``version`` as the package manager has it; ``held`` against upgrades."""

    version: str
    held: bool = False


class Offer(NamedTuple):
    """What a package manager has of a package: what it would take, and all that it could."""

    candidate: str
    versions: tuple[str, ...]


class Archive(NamedTuple):
    """A part of a repository that is in use; those of DNF have an address only."""

    uri: str
    suite: str
    component: str
    signed_by: str


@dataclass(frozen=True)
class Machine:
    """What was seen. ``built``: versions of the module for ``kernel``, by their flavour (open, proprietary)."""

    distribution: str
    release: str
    codename: str
    architecture: str
    kernel: str
    devices: tuple[Device, ...] = ()
    secure_boot: bool = False
    key_enrolled: bool = False
    installed: Mapping[str, Package] = field(default_factory=dict)
    offered: Mapping[str, Offer] = field(default_factory=dict)
    archives: tuple[Archive, ...] = ()
    built: Mapping[str, str] = field(default_factory=dict)
    loaded: str = ""
    runfile: str = ""

    @property
    def name(self) -> str:
        return f"{self.distribution} {self.release}"

    @property
    def family(self) -> str:
        """debian, ubuntu or rhel."""
        return _FAMILIES.get(self.distribution, self.distribution)

    @property
    def gpus(self) -> tuple[Device, ...]:
        return tuple(device for device in self.devices if device.is_gpu)


_FAMILIES = dict.fromkeys(("almalinux", "centos", "ol", "redhat", "rocky"), "rhel")


def parse_request(params: Mapping[str, Any]) -> Request:
    """Raises Invalid."""
    version = params["version"] or ""
    if not re.fullmatch(r"(\d{3}(\.\d+){0,2})?", version):
        raise Invalid(
            f"version is {version}, and a branch like 580 or a version of the driver like 580.95.05 was expected"
        )
    if params["source"] == RUNFILE and params["state"] == "present" and "." not in version:
        raise Invalid(f"version is {version or 'not given'}, and a runfile has a whole one, like 580.95.05: give that")
    ids = tuple(_pci_id(text) for text in params["pci_ids"] or ())
    return Request(
        state=params["state"],
        source=params["source"],
        version=version,
        upgrade=params["upgrade"],
        kernel_modules=params["kernel_modules"],
        fabric_manager=params["fabric_manager"],
        persistence=params["persistence"],
        hold=params["hold"],
        expected_gpus=params["expected_gpus"],
        pci_ids=ids,
        kernel=params["kernel"] or "",
        secure_boot=params["secure_boot"],
        repository_url=(params["repository_url"] or "").rstrip("/"),
        repository_key=params["repository_key"] or "",
        runfile_url=params["runfile_url"] or "",
        mig=_mig(params["mig"] or {}),
    )


def described(ids: Sequence[str]) -> tuple[Device, ...]:
    """Devices that a machine will have, by their ids alone; their addresses are numbers in this order."""
    return tuple(
        Device(f"#{number}", vendor, device, 0x0680 if device in NVSWITCHES else 0x0302)
        for number, (vendor, device) in enumerate((text.split(":") for text in ids), 1)
    )


def upstream(version: str) -> str:
    """``580.95.05`` of ``3:580.95.05-1.el9`` and the like."""
    return re.split(r"[-+~]", version.rpartition(":")[2])[0]


def _pci_id(text: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{4}:[0-9a-fA-F]{4}", text):
        raise Invalid(f"pci_ids has {text}, and vendor:device like 10de:2330 was expected, as lspci -n shows it")
    return text.lower()


def _mig(layout: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    for gpu, profiles in layout.items():
        if not re.fullmatch(r"all|\d+", str(gpu)):
            raise Invalid(f"mig has the GPU {gpu}, and its number in nvidia-smi, or all, was expected")
        if not isinstance(profiles, list) or not all(_PROFILE.fullmatch(str(each)) for each in profiles):
            raise Invalid(
                f"mig[{gpu}] has {profiles}, and a list of profiles like 1g.10gb was expected; nvidia-smi mig -lgip "
                "shows those that a GPU has"
            )
    if "all" in layout and len(layout) > 1:
        raise Invalid("mig has the key all and single GPUs as well, and one or the other was expected")
    return {str(gpu): tuple(profiles) for gpu, profiles in layout.items()}
