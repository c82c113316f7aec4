# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""``make test``: runs the tox environments and says at the end what ran, how long, and what did not and why."""

from __future__ import annotations

import configparser
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from apart import apart
from pythons import path_with_pyenv
from tasks import SYSTEM_PYTHON

ROOT = Path(__file__).resolve().parents[2]

TOOLS_OF_CONTAINERS = {
    "buildah": "buildah",
    "bwrap": "bubblewrap",
    "ip": "iproute2",
    "mmdebstrap": "mmdebstrap",
    "nsenter": "util-linux",
}
# Beside what the node itself needs: to make the images of the applications, and to look at their pages
TOOLS_OF_NODE = {
    "buildah": "buildah",
    "mmdebstrap": "mmdebstrap",
    "chromium": "chromium",
    "chromedriver": "chromium-driver",
}

TOOLS_OF_VM = {
    "dnsmasq": "dnsmasq-base",
    "ip": "iproute2",
    "isoinfo": "genisoimage",
    "libvirtd": "libvirt-daemon-system",
    "qemu-img": "qemu-utils",
    "qemu-system-x86_64": "qemu-system-x86",
    "virsh": "libvirt-clients",
    "virtlogd": "libvirt-daemon-system",
}

TOOLS_OF_DRIVERS = {"mmdebstrap": "mmdebstrap", "podman": "podman", "runc": "runc"}

NO_PYTHON = "no Python of the versions that it is for: {}"


def main() -> int:
    started = time.monotonic()
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "tox.ini")
    stages = sys.argv[1:] or config["tox"]["env_list"].replace(",", " ").split()
    unmet = {stage: reason for stage in stages if stage in NEEDS and (reason := NEEDS[stage]())}
    runnable = [stage for stage in stages if stage not in unmet]
    results = run_tox(runnable) if runnable else {}

    print(f"\n{'stage':<16}{'result':<10}{'seconds':>7}")
    outcomes = {"passed": 0, "failed": 0, "skipped": 0}
    for stage in stages:
        result = results.get(stage, {})
        if stage in unmet:
            outcome, note = "skipped", unmet[stage]
        elif result.get("skipped"):
            outcome, note = "skipped", NO_PYTHON.format(config[f"testenv:{stage}"]["base_python"])
        else:
            outcome, note = ("passed" if result.get("success") else "failed"), ""
        outcomes[outcome] += 1
        print(f"{stage:<16}{outcome:<10}{result.get('duration', 0):>7.0f}  {note}".rstrip())
    counts = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items() if count)
    print(f"\n==== stages: {counts} in {time.monotonic() - started:.2f}s ====", flush=True)
    return 1 if outcomes["failed"] else 0


def what_a_real_node_lacks() -> str:
    """In the words in which the role sandbox says it."""
    sys.path.insert(0, str(ROOT / ".collections"))
    from ansible_collections.ai_how.cloud.plugins.module_utils._sandbox.machine import look

    def run_command(argv: list[str], **options: object) -> tuple[int, str, str]:
        try:
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
        except OSError as error:
            return 127, "", str(error)
        return done.returncode, done.stdout, done.stderr

    with tempfile.TemporaryDirectory() as folder:
        found = look({"directory": folder, "network": "240.0.0.0/32", "link": ""}, False, run_command)
    lacking = found["lacking"]
    if not shutil.which("runc") and (
        not shutil.which("cc") or run_command(["pkg-config", "--exists", "libseccomp"])[0]
    ):
        lacking.append("runc, or what compiles it (Debian: gcc pkg-config libseccomp-dev)")
    for program, packages in TOOLS_OF_NODE.items():
        if not shutil.which(program):
            lacking.append(f"{program} (Debian: {packages})")
    return "; ".join(lacking)


def what_containers_lack() -> str:
    """Programs; and what stands in the way of namespaces, in the words of the program that cannot have them."""
    tools = TOOLS_OF_CONTAINERS if os.geteuid() == 0 else {**TOOLS_OF_CONTAINERS, "newuidmap": "uidmap"}
    if lacking := [f"{program} (Debian: {package})" for program, package in tools.items() if not shutil.which(program)]:
        return "; ".join(lacking)
    alone = "setpriv --reuid=999 --regid=999 --clear-groups bwrap --unshare-user --ro-bind / / --proc /proc --dev /dev"
    trial = f"ip link add node type bridge && ip link add pod type veth && {alone} true"
    done = subprocess.run(apart("sh", "-c", trial), capture_output=True, text=True, check=False)
    words = done.stderr.strip().splitlines() or [f"the trial ended with {done.returncode}"]
    return f"namespaces with users of their own (/etc/subuid): {words[-1]}" if done.returncode else ""


def what_hosts_lack() -> str:
    """Programs, and root, with which containers run systemd."""
    tools = TOOLS_OF_DRIVERS.items()
    lacking = [f"{program} (Debian: {package})" for program, package in tools if not shutil.which(program)]
    return "; ".join([*(["this user is not root"] if os.geteuid() != 0 else []), *lacking])


def what_a_hypervisor_lacks() -> str:
    """Programs, the Python binding of the system, and root with namespaces."""
    tools = TOOLS_OF_VM.items()
    lacking = [f"{program} (Debian: {package})" for program, package in tools if not shutil.which(program)]
    if not list(Path("/usr/share").glob("OVMF/OVMF_CODE*.secboot.fd")):
        lacking.append("UEFI with secure boot for virtual machines (Debian: ovmf)")
    python = [SYSTEM_PYTHON, "-c", "import libvirt"]
    if not shutil.which(SYSTEM_PYTHON) or subprocess.run(python, capture_output=True, check=False).returncode:
        lacking.append(f"libvirt of {SYSTEM_PYTHON} (Debian: python3-libvirt)")
    if os.geteuid() != 0:
        return "; ".join(["this user is not root", *lacking])
    if not lacking:
        trial = apart("mount", "-t", "sysfs", "sysfs", "/sys")
        done = subprocess.run(trial, capture_output=True, text=True, check=False)
        words = done.stderr.strip().splitlines() or [f"the trial ended with {done.returncode}"]
        lacking += [f"namespaces with a sysfs of their own: {words[-1]}"] if done.returncode else []
    return "; ".join(lacking)


def run_tox(stages: list[str]) -> dict[str, dict[str, object]]:
    """What tox says of each stage: ``{"success": bool, "skipped": bool, "duration": seconds}``."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "tox", "run", "-e", ",".join(stages), "--result-json", report]
        subprocess.run(command, cwd=ROOT, env={**os.environ, "PATH": path_with_pyenv()}, check=False)
        if not report.exists():
            return {}
        environments = json.loads(report.read_text())["testenvs"]
        return {stage: environments[stage]["result"] for stage in stages if "result" in environments.get(stage, {})}


# Stages that need more than a user account with Python: what is missing here, empty if nothing is.
NEEDS: dict[str, Callable[[], str]] = {
    "containers": what_containers_lack,
    "drivers": what_hosts_lack,
    "node": what_a_real_node_lacks,
    "vm": what_a_hypervisor_lacks,
}

if __name__ == "__main__":
    sys.exit(main())
