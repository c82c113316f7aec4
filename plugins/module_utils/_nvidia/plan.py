# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a machine needs for its GPUs, or why it cannot have it; pure, over what is wanted and what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.gpus import (
    ONLY_OPEN_SINCE,
    OPEN,
    OPEN_FIRST,
    OPEN_SINCE,
    PROPRIETARY,
    Device,
    needs_fabric_manager,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.model import (
    AUTO,
    RUNFILE,
    Machine,
    Package,
    Request,
    upstream,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.sources import (
    DEFAULT_BRANCH,
    Packages,
    branches,
    is_driver,
    others,
    packages,
    prerequisites,
    repositories,
)

FAMILIES = ("debian", "ubuntu", "rhel")
_RUNFILES = "https://us.download.nvidia.com/tesla"
_KEYS = {
    "debian": "/var/lib/dkms/mok.pub",
    "rhel": "/var/lib/dkms/mok.pub",
    "ubuntu": "/var/lib/shim-signed/mok/MOK.der",
}


@dataclass(frozen=True)
class Plan:
    """What is to be done, each as the options of the module that does it. ``ready``: the packages can be had.

    ``install`` names what is missing or has another version, with its version where the package manager has that;
    ``reboot`` is the reason for one, or empty.
    """

    branch: int = 0
    version: str = ""
    kernel_modules: str = ""
    fabric_manager: bool = False
    ready: bool = True
    repositories: Sequence[Mapping[str, Any]] = ()
    stream: str = ""
    prerequisites: Sequence[str] = ()
    release: Sequence[str] = ()
    remove: Sequence[str] = ()
    first: Sequence[str] = ()
    install: Sequence[str] = ()
    hold: Sequence[str] = ()
    build: bool = False
    runfile: Mapping[str, Any] = field(default_factory=dict)
    services: Sequence[str] = ()
    reboot: str = ""


def make_plan(request: Request, machine: Machine) -> Plan:
    """Raises Invalid or Refused. Without a GPU, and none expected, it is empty."""
    if request.state == "absent":
        return _absence(machine)
    gpus = machine.gpus
    if len(gpus) < request.expected_gpus:
        raise Refused(
            f"{request.expected_gpus} GPUs of NVIDIA were expected in this machine, and "
            f"{', '.join(map(str, gpus)) or 'none'} can be seen; look at the passthrough of its virtual machine "
            "(ai_how.cloud.libvirt_gpu_info on the hypervisor tells it)"
        )
    if not gpus:
        return Plan()
    if machine.family not in FAMILIES:
        raise Refused(f"this machine has {machine.name}, and Debian, Ubuntu or one of Red Hat's family was expected")
    branch = _branch(request, machine)
    _serve_all(gpus, branch)
    modules = _modules(request, gpus, branch)
    fabric_manager = (
        needs_fabric_manager(machine.devices) if request.fabric_manager == AUTO else request.fabric_manager == "true"
    )
    if request.source == RUNFILE:
        return _by_runfile(request, machine, branch, modules, fabric_manager)
    return _by_packages(request, machine, branch, modules, fabric_manager)


def _branch(request: Request, machine: Machine) -> int:
    known = branches(request, machine)
    if not request.version:
        return _first_that_serves(known, machine.gpus) if known else DEFAULT_BRANCH
    branch = int(request.branch)
    if known and branch not in known:
        raise Refused(
            f"version is {request.version}, and {machine.name} has the branches {_listed(known)}: take one of these, "
            "or source nvidia"
        )
    return branch


def _first_that_serves(known: Sequence[int], gpus: Sequence[Device]) -> int:
    return next((branch for branch in known if all(_serves(gpu, branch) for gpu in gpus)), known[0])


def _serves(gpu: Device, branch: int) -> bool:
    architecture = gpu.architecture
    return architecture.first <= branch and (architecture.last is None or branch <= architecture.last)


def _serve_all(gpus: Sequence[Device], branch: int) -> None:
    for gpu in gpus:
        if not _serves(gpu, branch):
            first, last = gpu.architecture.first, gpu.architecture.last
            raise Refused(
                f"the GPU {gpu} is not supported by the branch {branch} of the driver, only by "
                + (f"{first} and newer" if last is None else f"branches up to {last}")
                + ": give a version of such a branch, and a source that has it (nvidia has all that are maintained)"
            )


def _modules(request: Request, gpus: Sequence[Device], branch: int) -> str:
    """Open or proprietary: what all GPUs and the branch allow, what is asked for, else what NVIDIA takes there."""
    possible = {OPEN: branch >= OPEN_SINCE, PROPRIETARY: branch < ONLY_OPEN_SINCE}
    allowed = [kind for kind in (OPEN, PROPRIETARY) if possible[kind] and all(_runs(gpu, kind) for gpu in gpus)]
    told = "; ".join(f"{gpu} takes {' or '.join(sorted(gpu.architecture.modules))}" for gpu in gpus)
    if not allowed:
        raise Refused(
            f"no kernel modules of the branch {branch} serve all GPUs of this machine ({told}): give another branch, "
            "or put the GPUs into different machines"
        )
    if request.kernel_modules != AUTO:
        if request.kernel_modules not in allowed:
            raise Refused(
                f"kernel_modules is {request.kernel_modules}, and in the branch {branch} this machine needs "
                f"{allowed[0]} ({told}): leave it at auto"
            )
        return request.kernel_modules
    return allowed[-1] if branch < OPEN_FIRST else allowed[0]


def _runs(gpu: Device, kind: str) -> bool:
    return kind in gpu.architecture.modules


def _by_packages(request: Request, machine: Machine, branch: int, modules: str, fabric_manager: bool) -> Plan:
    wanted = packages(request, machine, branch, modules, fabric_manager)
    if machine.runfile:
        raise Refused(
            f"a driver {machine.runfile} of a runfile is installed, and packages beside it would destroy it: remove it "
            "with source runfile and state absent"
        )
    missing = repositories(request, machine)
    installed = machine.installed
    plan: dict[str, Any] = {
        "branch": branch,
        "kernel_modules": modules,
        "fabric_manager": fabric_manager,
        "ready": not missing and (bool(machine.offered) or machine.family == "rhel"),
        "repositories": missing,
        "stream": wanted.stream,
        "first": [name for name in wanted.first if name not in installed],
        "prerequisites": prerequisites(request, machine) if wanted.compiled else (),
    }
    _check_secure_boot(machine, wanted.compiled, signed=machine.family == "ubuntu")
    if not plan["ready"]:
        return Plan(**plan)
    if machine.family == "rhel":
        _refuse_change_by_dnf(request, machine, wanted, branch)
    version = _version(request, machine, wanted, branch)
    remove = others(list(installed), wanted, modules)
    # What lies beside another branch's libraries goes with them, so it is named again where the branch is a new one
    install = [
        _named(machine, name, version)
        for name in (wanted.main, *wanted.together)
        if _differs(installed.get(name), _best(machine, name, version), version, request.upgrade)
    ] + [name for name in wanted.beside if name not in installed or wanted.main not in installed]
    there = version or _installed_version(machine, wanted)
    build = wanted.compiled and not install and not _is_built(machine, modules, there)
    if install or build:
        _check_offered(machine, [*plan["prerequisites"], *plan["first"], *wanted.beside])
    return Plan(
        **plan,
        version=there,
        remove=remove,
        install=install,
        release=[
            name for name in installed if installed[name].held and (name in remove or (install and is_driver(name)))
        ],
        hold=_unheld(request, machine) if not install and not remove else (),
        build=build,
        services=_services(request, fabric_manager),
        reboot=_reboot(machine, there) if not request.pci_ids else "",
    )


def _check_offered(machine: Machine, names: Sequence[str]) -> None:
    """A driver is not removed for one that cannot come. DNF is not asked."""
    lacking = [name for name in names if machine.offered and name not in machine.offered]
    if lacking:
        raise Refused(
            f"the driver needs {_listed(lacking)}, and the package lists of this machine do not have it: add a "
            f"repository that does, or boot another kernel than {machine.kernel} if it is its headers"
        )


def _refuse_change_by_dnf(request: Request, machine: Machine, wanted: Packages, branch: int) -> None:
    """DNF is not asked what it has; and another branch is another module stream, to which it changes only when told."""
    there = _installed_version(machine, wanted)
    if there and not _is_of(there, str(branch)):
        raise Refused(
            f"{wanted.main} {there} is installed, and the branch {branch} is wanted, to which DNF does not change by "
            "itself: remove the driver with state absent, run dnf module reset nvidia-driver where there are module "
            "streams, and then this again"
        )
    if there and request.upgrade and not request.exact:
        raise Refused(
            f"upgrade is set, and DNF is not asked what is newer than {wanted.main} {there}: give the newer version "
            f"of the branch {branch} as version"
        )


def _version(request: Request, machine: Machine, wanted: Packages, branch: int) -> str:
    """The version of the driver, without what a distribution adds; empty where the package manager is not asked."""
    if not machine.offered:
        return request.version if request.exact else ""
    offer = machine.offered.get(wanted.main)
    known = offer.versions if offer else ()
    possible = [
        version
        for version in known
        if _is_of(upstream(version), request.version if request.exact else str(branch))
        and all(_best(machine, name, upstream(version)) for name in wanted.together)
    ]
    if not possible:
        raise Refused(
            f"{wanted.main} {request.version or branch} is not in the package lists of this machine, which have "
            f"{_listed(known) or 'no version of it'}, and "
            f"{_listed(wanted.together) or 'nothing else'} must be there in the same version: give one that is, or "
            "another source"
        )
    current = machine.installed.get(wanted.main)
    if current and not request.upgrade and current.version in possible:
        return upstream(current.version)
    if offer and offer.candidate in possible:
        return upstream(offer.candidate)
    return upstream(max(possible, key=_order))


def _is_of(version: str, wanted: str) -> bool:
    return version == wanted or version.startswith(f"{wanted}.")


def _best(machine: Machine, name: str, version: str) -> str:
    """The full version of a package that belongs to that of the driver; empty if there is none."""
    offer = machine.offered.get(name)
    fitting = [full for full in offer.versions if upstream(full) == version] if offer else []
    if offer and offer.candidate in fitting:
        return offer.candidate
    return max(fitting, key=_order) if fitting else ""


def _order(version: str) -> tuple[list[int], str]:
    return [int(part) for part in upstream(version).split(".") if part.isdigit()], version


def _named(machine: Machine, name: str, version: str) -> str:
    full = _best(machine, name, version)
    if full:
        return f"{name}={full}"
    return f"{name}-{version}" if version and machine.family == "rhel" else name


def _differs(current: Any, best: str, version: str, upgrade: bool) -> bool:
    if current is None:
        return True
    if upgrade and best:
        return bool(current.version != best)
    return bool(version) and upstream(current.version) != version


def _installed_version(machine: Machine, wanted: Packages) -> str:
    current = machine.installed.get(wanted.main)
    return upstream(current.version) if current else ""


def _unheld(request: Request, machine: Machine) -> list[str]:
    """Of APT. For DNF versions are locked, by a file that is the same each time."""
    if machine.family == "rhel":
        return []
    drivers: Iterable[tuple[str, Package]] = machine.installed.items()
    return [name for name, package in drivers if request.hold and is_driver(name) and not package.held]


def _is_built(machine: Machine, modules: str, version: str) -> bool:
    return machine.built.get(modules, "") == version


def _services(request: Request, fabric_manager: bool) -> list[str]:
    wanted = (("nvidia-persistenced", request.persistence), ("nvidia-fabricmanager", fabric_manager))
    return [name for name, use in wanted if use]


def _reboot(machine: Machine, version: str) -> str:
    nouveau = [device for device in machine.gpus if device.driver == "nouveau"]
    if nouveau:
        return f"{nouveau[0]} is bound to nouveau"
    if machine.loaded and version and machine.loaded != version:
        return f"the module {machine.loaded} is loaded, and {version} is installed"
    return ""


def _check_secure_boot(machine: Machine, compiled: bool, signed: bool) -> None:
    if not machine.secure_boot or not compiled or machine.key_enrolled:
        return
    key = _KEYS[machine.family]
    way = "update-secureboot-policy --new-key" if machine.family == "ubuntu" else "dkms generate_mok"
    raise Refused(
        f"Secure Boot is on, and would refuse modules that are built on this machine, since its firmware does not know "
        f"the key {key}: make that key with {way} where it is missing, run mokutil --import {key}, reboot, and confirm "
        "it at the console with the password that mokutil asked for"
        + ("; or take a kernel for which Ubuntu has signed modules" if signed else "; or turn Secure Boot off")
    )


def _by_runfile(request: Request, machine: Machine, branch: int, modules: str, fabric_manager: bool) -> Plan:
    if fabric_manager:
        raise Refused("this machine has NVSwitches, and a runfile has no Fabric Manager for them: take source nvidia")
    drivers = [name for name in machine.installed if is_driver(name)]
    if drivers:
        raise Refused(
            f"drivers are installed as packages ({_listed(drivers)}), and a runfile would destroy them: remove them "
            "with state absent"
        )
    _check_secure_boot(machine, True, signed=False)
    name = f"NVIDIA-Linux-{machine.architecture}-{request.version}.run"
    done = machine.runfile == request.version and _is_built(machine, modules, request.version)
    options = ["--silent", "--dkms", "--no-x-check", f"--kernel-name={machine.kernel}"]
    kind = [f"--kernel-module-type={modules}"] if branch >= OPEN_FIRST else []
    older = ["--kernel-module-build-directory=kernel-open"] if modules == OPEN and not kind else []
    return Plan(
        branch=branch,
        version=request.version,
        kernel_modules=modules,
        prerequisites=[*prerequisites(request, machine), "gcc", "make"],
        runfile={}
        if done
        else {
            "url": request.runfile_url or f"{_RUNFILES}/{request.version}/{name}",
            "options": [*options, *kind, *older],
        },
        services=_services(request, False),
        reboot=_reboot(machine, request.version) if not request.pci_ids else "",
    )


def _absence(machine: Machine) -> Plan:
    drivers = [name for name in machine.installed if is_driver(name)]
    held = [name for name in drivers if machine.installed[name].held]
    reboot = f"the module {machine.loaded} is still loaded" if machine.loaded else ""
    runfile = {"uninstall": True} if machine.runfile else {}
    return Plan(remove=drivers, release=held, runfile=runfile, reboot=reboot)


def mig_commands(layout: Mapping[str, Sequence[str]], gpus: Sequence[Device]) -> list[str]:
    """Lines of a unit's ExecStart that divide the GPUs. Those with a leading - may fail: there was nothing to end."""
    lines = []
    for gpu, profiles in layout.items():
        chosen = gpus if gpu == "all" else [gpus[int(gpu)]] if int(gpu) < len(gpus) else []
        if not chosen:
            raise Invalid(f"mig names the GPU {gpu}, and this machine has {len(gpus)}, counted from 0")
        for device in chosen:
            if not device.architecture.mig:
                raise Refused(f"mig: the GPU {device} cannot be divided; leave it out")
        smi, which = "/usr/bin/nvidia-smi", "" if gpu == "all" else f" -i {gpu}"
        lines += [f"{smi}{which} -mig {1 if profiles else 0}", f"-{smi} mig{which} -dci", f"-{smi} mig{which} -dgi"]
        lines += [f"{smi} mig{which} -cgi {','.join(profiles)} -C"] if profiles else []
    return lines


def _listed(items: Iterable[Any]) -> str:
    return ", ".join(map(str, items))
