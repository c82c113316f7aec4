# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How each source calls a driver: its packages, branches and repositories; pure.

Debian and Ubuntu: their archives. NVIDIA: the Driver Installation Guide and the Fabric Manager guide. Only what a
machine without a screen needs is taken where a source divides it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.gpus import (
    OPEN,
    PROPRIETARY,
    needs_subnet_manager,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.model import (
    DISTRIBUTION,
    Machine,
    Request,
    upstream,
)

DEFAULT_BRANCH = 580  # supported for long, and the last one that serves everything from Maxwell to Blackwell
_UNVERSIONED = 590  # from here on NVIDIA's packages for APT carry no branch in their names

# Debian has one branch under the plain names, and older ones as "tesla". Before its lists are read it is known by this.
_DEBIAN = {"12": {535: "", 470: "tesla-470"}, "13": {550: "", 535: "tesla-535"}}

_COMPONENTS = ("contrib", "non-free", "non-free-firmware")
_CUDA = "https://developer.download.nvidia.com/compute/cuda/repos"
_KEYRING = "cuda-keyring_1.1-1_all.deb"

_DRIVER = re.compile(
    r"(lib)?nvidia-.*|libcuda1|libcudadebugger1|libnvcuvid1|cuda-drivers.*|firmware-nvidia-.*"
    r"|glx-alternative-nvidia|xserver-xorg-video-nvidia.*|linux-(modules|objects|signatures)-nvidia-.*|kmod-nvidia.*|dnf-plugin-nvidia|nvlsm"
)
_NO_DRIVER = re.compile(r"(lib)?nvidia-(container|cuda|docker|egl)-.*|libnvidia-container.*|libnvidia-egl-.*")
_KERNEL_PART = re.compile(
    r"nvidia-.*kernel.*-dkms|nvidia-dkms-.*|nvidia-headless-.*|linux-modules-nvidia-.*|kmod-nvidia-.*"
)


@dataclass(frozen=True)
class Packages:
    """``main`` has the version of the driver, ``together`` must have the same one, ``beside`` have their own.

    ``first`` come before all others. ``stream`` is a module stream of DNF. ``compiled``: the modules are built on the
    machine.
    """

    main: str
    together: tuple[str, ...]
    beside: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    stream: str = ""
    compiled: bool = True

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.first, self.main, *self.together, *self.beside)


def is_driver(package: str) -> bool:
    """Whether it is a part of a driver, and not of CUDA or of the container toolkit."""
    return bool(_DRIVER.fullmatch(package)) and not _NO_DRIVER.fullmatch(package)


def is_kernel_part(package: str) -> bool:
    return bool(_KERNEL_PART.fullmatch(package))


def branches(request: Request, machine: Machine) -> list[int]:
    """The branches that the source has, the one that it prefers first; empty for any."""
    return list(_debian(machine)) if _is_debian(request, machine) else []


def packages(request: Request, machine: Machine, branch: int, modules: str, fabric_manager: bool) -> Packages:
    """Raises Refused where the source does not have what is needed."""
    if request.source == DISTRIBUTION:
        if machine.family == "debian":
            return _of_debian(request, machine, branch, modules, fabric_manager)
        if machine.family == "ubuntu":
            return _of_ubuntu(machine, branch, modules, fabric_manager)
        raise Refused(
            f"source is distribution, and {machine.name} has no driver of NVIDIA in its own repositories: take "
            "source nvidia"
        )
    if machine.family == "rhel":
        return _of_nvidia_for_dnf(machine, branch, modules, fabric_manager)
    return _of_nvidia_for_apt(request, machine, branch, modules, fabric_manager)


def names(request: Request, machine: Machine) -> list[str]:
    """All packages that a plan may name, to ask the package manager about."""
    found = set(prerequisites(request, machine))
    for branch in branches(request, machine) or [int(request.branch or DEFAULT_BRANCH)]:
        for modules in (OPEN, PROPRIETARY):
            for fabric_manager in (False, True):
                try:
                    found.update(packages(request, machine, branch, modules, fabric_manager).all)
                except Refused:
                    continue
    return sorted(found)


def repositories(request: Request, machine: Machine) -> list[dict[str, Any]]:
    """What must be added: files for APT or DNF, each for one address; ``keyring`` is a package that does it."""
    if request.source != DISTRIBUTION:
        return _repositories_of_nvidia(request, machine)
    if machine.family != "debian":
        return []
    suites: dict[tuple[str, str], set[str]] = {}
    for archive in machine.archives:
        if archive.component == "main" and archive.suite.startswith(machine.codename):
            suites.setdefault((archive.uri, archive.signed_by), set()).add(archive.suite)
    have = {(archive.uri, archive.suite, archive.component) for archive in machine.archives}
    found: list[dict[str, Any]] = []
    for (uri, signed_by), named in suites.items():
        wanted = sorted(suite for suite in named if "backports" not in suite)
        lacking = [part for part in _COMPONENTS if any((uri, suite, part) not in have for suite in wanted)]
        if wanted and lacking:
            name = re.sub(r"[^a-z0-9.]+", "-", f"nvidia-drivers-{uri.rpartition('://')[2]}").rstrip("-")
            found.append({"name": name, "uris": [uri], "suites": wanted, "components": lacking, "signed_by": signed_by})
    return found


def prerequisites(request: Request, machine: Machine) -> list[str]:
    """What building modules for the kernel needs."""
    if machine.family == "rhel":
        return [f"kernel-devel-{machine.kernel}", f"kernel-headers-{machine.kernel}", "dkms"]
    return [f"linux-headers-{machine.kernel}", "dkms"]


def _is_debian(request: Request, machine: Machine) -> bool:
    return request.source == DISTRIBUTION and machine.family == "debian"


def _debian(machine: Machine) -> dict[int, str]:
    """Branches and how their packages are called."""
    found = {}
    for name, offer in machine.offered.items():
        match = re.fullmatch(r"nvidia-(tesla-\d+-)?smi", name)
        if match and offer.candidate:
            found[int(upstream(offer.candidate).split(".")[0])] = (match[1] or "").rstrip("-")
    ordered = dict(sorted(found.items(), key=lambda item: item[1] != ""))
    if ordered:
        return ordered
    if machine.release not in _DEBIAN:
        raise Refused(
            f"this machine has {machine.name}, and the branches of Debian {' and '.join(_DEBIAN)} are known: take "
            "source nvidia"
        )
    return _DEBIAN[machine.release]


def _of_debian(request: Request, machine: Machine, branch: int, modules: str, fabric_manager: bool) -> Packages:
    named = _debian(machine)[branch]
    infix = f"{named}-" if named else ""
    if fabric_manager:
        raise Refused("this machine has NVSwitches, and Debian has no Fabric Manager for them: take source nvidia")
    if modules == OPEN and named:
        raise Refused(
            f"Debian has no open modules of the branch {branch}: take kernel_modules proprietary, the branch "
            f"{next(iter(_debian(machine)))}, or source nvidia"
        )
    cuda = f"libnvidia-{infix}cuda1" if named else "libcuda1"
    return Packages(
        main=f"nvidia-{infix}smi",
        together=(
            "nvidia-open-kernel-dkms" if modules == OPEN else f"nvidia-{infix}kernel-dkms",
            cuda,
            f"libnvidia-{infix}cfg1",
            f"libnvidia-{infix}ml1",
        ),
        beside=("nvidia-persistenced",) if request.persistence else (),
    )


def _of_ubuntu(machine: Machine, branch: int, modules: str, fabric_manager: bool) -> Packages:
    """Modules that Canonical has built and signed, where there are some for the kernel; Secure Boot takes these."""
    if fabric_manager and needs_subnet_manager(machine.devices):
        raise Refused("the switches of this board need nvlsm, which Ubuntu does not have: take source nvidia")
    kind = f"{branch}-server-open" if modules == OPEN else f"{branch}-server"
    flavour = machine.kernel.rpartition("-")[2]
    newer = f"{flavour}-hwe-{machine.release}"
    flavour = newer if f"linux-image-{newer}" in machine.installed else flavour
    signed = f"linux-modules-nvidia-{kind}-{flavour}"
    known = machine.offered.get(signed)
    compiled = bool(machine.offered) and not (known and known.candidate)
    headless = f"nvidia-headless-{kind}" if compiled else f"nvidia-headless-no-dkms-{kind}"
    return Packages(
        main=f"nvidia-utils-{branch}-server",
        together=(headless, *((f"nvidia-fabricmanager-{branch}",) if fabric_manager else ())),
        beside=() if compiled else (signed,),
        compiled=compiled,
    )


def _of_nvidia_for_apt(request: Request, machine: Machine, branch: int, modules: str, fabric_manager: bool) -> Packages:
    suffix = "" if branch >= _UNVERSIONED else f"-{branch}"
    fabric = (f"nvidia-fabricmanager{suffix}",) if fabric_manager else ()
    return Packages(
        main=("nvidia-open" if modules == OPEN else "cuda-drivers") + suffix,
        together=fabric,
        beside=("nvlsm",) if fabric_manager and needs_subnet_manager(machine.devices) else (),
        first=(f"nvidia-driver-pinning-{request.version or branch}",),
    )


def _of_nvidia_for_dnf(machine: Machine, branch: int, modules: str, fabric_manager: bool) -> Packages:
    """Red Hat 8 and 9 have branches as module streams, 10 has no streams any more."""
    kind = "open" if modules == OPEN else "dkms"
    return Packages(
        main="nvidia-open" if modules == OPEN else "cuda-drivers",
        together=("nvidia-fabricmanager",) if fabric_manager else (),
        beside=("nvlsm",) if fabric_manager and needs_subnet_manager(machine.devices) else (),
        stream=f"nvidia-driver:{branch}-{kind}" if int(machine.release.split(".")[0]) < 10 else "",
    )


def _repositories_of_nvidia(request: Request, machine: Machine) -> list[dict[str, Any]]:
    folder = {"aarch64": "sbsa"}.get(machine.architecture, machine.architecture)
    release = machine.release.replace(".", "") if machine.family == "ubuntu" else machine.release.split(".")[0]
    url = request.repository_url or f"{_CUDA}/{machine.family}{release}/{folder}"
    if any(archive.uri.rstrip("/") == url for archive in machine.archives):
        return []
    if machine.family == "rhel":
        key = request.repository_key or f"{url}/D42D0685.pub"
        return [{"name": "nvidia-drivers", "baseurl": url, "gpgkey": key}]
    if request.repository_url:
        return [
            {
                "name": "nvidia-drivers",
                "uris": [url],
                "suites": ["./"],
                "components": [],
                "signed_by": request.repository_key,
            }
        ]
    return [] if "cuda-keyring" in machine.installed else [{"keyring": f"{url}/{_KEYRING}"}]


def others(installed: Sequence[str], wanted: Packages, modules: str) -> list[str]:
    """What of another driver, or of the other modules, stands in the way of the wanted one."""
    drivers = [name for name in installed if is_driver(name) and name not in wanted.all]
    if wanted.main in installed:
        return [name for name in drivers if is_kernel_part(name) and ("-open" in name) != (modules == OPEN)]
    return drivers if any(map(is_kernel_part, drivers)) else []
