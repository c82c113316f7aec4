# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Reads a machine: sysfs, the package manager and the driver. Nothing is written."""

from __future__ import annotations

import glob
import os
import platform
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._core import os_release
from ansible_collections.ai_how.cloud.plugins.module_utils._core.command import RunCommand
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia import apt, smi
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.gpus import OPEN, PROPRIETARY, Device
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.model import (
    RUNFILE,
    Archive,
    Machine,
    Package,
    Request,
    described,
    parse_request,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.plan import make_plan, mig_commands
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.report import lines
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.sources import names

_SECURE_BOOT = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
_KEYS = ("/var/lib/shim-signed/mok/MOK.der", "/var/lib/dkms/mok.pub")
_MODULES = ("nvidia.ko*", "nvidia-current*.ko*", "nvidia-tesla*.ko*")
_PARTS = re.compile(r".*-(drm|uvm|modeset|peermem|fs)\.ko.*")
_DNF_REPOSITORY = "etc/yum.repos.d/nvidia-drivers.repo"
_UNINSTALLER = "usr/bin/nvidia-uninstall"
# Words of programs are read, so they must be English ones.
_ENVIRON = {"LC_ALL": "C", "LANGUAGE": "C"}


def tell(params: Mapping[str, Any], _dry_run: bool, run_command: RunCommand) -> Mapping[str, Any]:
    """The result of the module: the plan, what was seen, and what nvidia-smi says where a driver is loaded."""
    request = parse_request(params)
    machine = look(request, Path("/"), run_command)
    plan = make_plan(request, machine)
    verified = _verify(request, machine, run_command) if machine.loaded and not request.pci_ids else {}
    return {
        **asdict(plan),
        "gpus": [
            {
                "address": gpu.address,
                "id": f"{gpu.vendor}:{gpu.device}",
                "architecture": gpu.architecture.name,
                "driver": gpu.driver,
            }
            for gpu in machine.gpus
        ],
        "family": machine.family,
        "kernel": machine.kernel,
        "secure_boot": machine.secure_boot,
        "loaded": machine.loaded,
        "mig_commands": mig_commands(request.mig, machine.gpus) if machine.gpus else [],
        "unseen": [],
        "mig_differs": [],
        "smi": "",
        **verified,
        "report": lines(request, machine, plan),
    }


def look(request: Request, root: Path, run_command: RunCommand) -> Machine:
    """``root`` is / on a machine, and a tree of a test elsewhere."""
    release = os_release.parsed(_text(root / "etc/os-release"))
    kernel = request.kernel or platform.release()
    machine = Machine(
        distribution=release.get("ID", "").replace("rhel", "redhat"),
        release=release.get("VERSION_ID", ""),
        codename=release.get("VERSION_CODENAME", ""),
        architecture=platform.machine(),
        kernel=kernel,
        devices=described(request.pci_ids) or _devices(root),
        secure_boot=_secure_boot(root) if request.secure_boot is None else request.secure_boot,
        loaded="" if request.pci_ids else _text(root / "sys/module/nvidia/version"),
    )
    if not machine.gpus and request.state == "present":
        return machine
    machine = replace(
        machine,
        key_enrolled=machine.secure_boot and not request.pci_ids and _key_enrolled(run_command),
        installed=_installed(machine, run_command),
        built=_built(root, kernel, run_command),
        runfile=_of_runfile(root),
    )
    if request.source == RUNFILE or request.state == "absent":
        return machine
    if machine.family == "rhel":
        return replace(machine, archives=_of_dnf(root))
    if machine.family not in ("debian", "ubuntu"):
        return machine
    machine = replace(machine, archives=_archives(root, run_command))
    told = _output(run_command, "apt-cache", "policy", *names(request, machine))
    return replace(machine, offered=apt.offers(told))


def _devices(root: Path) -> tuple[Device, ...]:
    found = []
    for folder in sorted((root / "sys/bus/pci/devices").glob("*")):
        driver = folder / "driver"
        found.append(
            Device(
                address=folder.name,
                vendor=_text(folder / "vendor")[2:],
                device=_text(folder / "device")[2:],
                pci_class=int(_text(folder / "class") or "0", 16) >> 8,
                driver=os.readlink(driver).rsplit("/", 1)[-1] if driver.is_symlink() else "",
            )
        )
    return tuple(device for device in found if device.is_gpu or device.is_nvswitch)


def _secure_boot(root: Path) -> bool:
    try:
        return (root / _SECURE_BOOT).read_bytes()[-1:] == b"\x01"
    except OSError:  # no UEFI
        return False


def _key_enrolled(run_command: RunCommand) -> bool:
    keys = [key for key in _KEYS if os.path.exists(key)]
    return any("is already enrolled" in _output(run_command, "mokutil", "--test-key", key) for key in keys)


def _installed(machine: Machine, run_command: RunCommand) -> dict[str, Package]:
    if machine.family == "rhel":
        rows = _output(run_command, "rpm", "-qa", "--qf", "%{NAME} %{VERSION}\\n").split("\n")
        return {name: Package(version) for name, version in map(str.split, filter(None, rows))}
    wanted = ["*nvidia*", "libcuda*", "libnvcuvid1", "cuda-drivers*", "cuda-keyring", "nvlsm", "linux-image-*-hwe-*"]
    told = _output(run_command, "dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package} ${Version}\\n", *wanted)
    found = [line.split() for line in told.splitlines()]
    return {row[1]: Package(row[2], row[0].startswith("h")) for row in found if len(row) == 3 and row[0][1] == "i"}


def _archives(root: Path, run_command: RunCommand) -> tuple[Archive, ...]:
    files = [root / "etc/apt/sources.list", *sorted((root / "etc/apt/sources.list.d").glob("*"))]
    told = _output(run_command, "apt-get", "indextargets", "--format", apt.FORMAT, "Identifier: Packages")
    return apt.archives(told, map(_text, files))


def _of_dnf(root: Path) -> tuple[Archive, ...]:
    """The one that the role has written."""
    addresses = re.findall(r"^baseurl\s*=\s*(\S+)", _text(root / _DNF_REPOSITORY), re.MULTILINE)
    return tuple(Archive(address, "", "", "") for address in addresses)


def _built(root: Path, kernel: str, run_command: RunCommand) -> dict[str, str]:
    folder = root / "lib/modules" / kernel
    files = [file for pattern in _MODULES for file in glob.glob(f"{folder}/**/{pattern}", recursive=True)]
    found = {}
    for file in files:
        if not _PARTS.fullmatch(file):
            version = _output(run_command, "modinfo", "-F", "version", file).strip()
            license_ = _output(run_command, "modinfo", "-F", "license", file)
            found[OPEN if "GPL" in license_ else PROPRIETARY] = version
    return found


def _of_runfile(root: Path) -> str:
    """The version of a driver that a runfile has brought: only that has an uninstaller."""
    if not (root / _UNINSTALLER).exists():
        return ""
    libraries = glob.glob(f"{root}/usr/lib*/**/libnvidia-ml.so.*.*", recursive=True)
    return max((library.rpartition(".so.")[2] for library in libraries), default="unknown")


def _verify(request: Request, machine: Machine, run_command: RunCommand) -> dict[str, Any]:
    status, output, errors = _run(run_command, "nvidia-smi", *smi.QUERY)
    differs = smi.mig_differs(request.mig, _output(run_command, "nvidia-smi", *smi.LIST)) if request.mig else []
    told = "" if status == 0 else (errors or output).strip() or f"it ended with {status}"
    return {"unseen": smi.unseen(machine.gpus, output), "mig_differs": differs, "smi": told}


def _output(run_command: RunCommand, *argv: str) -> str:
    return _run(run_command, *argv)[1]


def _run(run_command: RunCommand, *argv: str) -> tuple[int, str, str]:
    """A program that is not there has nothing to say."""
    path: Optional[str] = next((found for found in _places(argv[0]) if os.access(found, os.X_OK)), None)
    if path is None:
        return 127, "", f"{argv[0]} is not installed"
    return run_command([path, *argv[1:]], environ_update=_ENVIRON)


def _places(program: str) -> list[str]:
    return [f"{folder}/{program}" for folder in ("/usr/bin", "/usr/sbin", "/bin", "/sbin")]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
