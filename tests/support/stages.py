# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""``make test``: runs the tox environments and says at the end what ran, how long, and what did not and why."""

from __future__ import annotations

import configparser
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from apart import apart
from pythons import path_with_pyenv
from tasks import SYSTEM_PYTHON

ROOT = Path(__file__).resolve().parents[2]

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"  # users other than root often lack the latter

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
    "curl": "curl",
}

TOOLS_OF_VM = {
    "dnsmasq": "dnsmasq-base",
    "ip": "iproute2",
    "isoinfo": "genisoimage",
    "libvirtd": "libvirt-daemon-system",
    "mcopy": "mtools",
    "mmdebstrap": "mmdebstrap",
    "qemu-img": "qemu-utils",
    "qemu-system-x86_64": "qemu-system-x86",
    "sfdisk": "fdisk",
    "ssh-keyscan": "openssh-client",
    "syslinux": "syslinux syslinux-common",
    "virsh": "libvirt-clients",
    "virtlogd": "libvirt-daemon-system",
}

TOOLS_OF_KUBESPRAY = {"ip": "iproute2", "ssh": "openssh-client", "sshd": "openssh-server", "unshare": "util-linux"}

NO_PYTHON = "no Python of the versions that it is for: {}"

# How many at a time: each computes for about half of its time, on about one core.
LANES = 2

CONFIG = configparser.ConfigParser(interpolation=None)
CONFIG.read(ROOT / "tox.ini")


@dataclass(frozen=True)
class Result:
    outcome: str
    seconds: float
    note: str = ""


def main() -> int:
    started = time.monotonic()
    # Also where a shell has it ignored, as for what it runs in the background: stages are interrupted by it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    stages = sys.argv[1:] or CONFIG["tox"]["env_list"].replace(",", " ").split()
    unmet = {stage: reason for stage in stages if stage in NEEDS and (reason := NEEDS[stage]())}
    results = run_side_by_side([stage for stage in stages if stage not in unmet])
    results |= {stage: Result("skipped", 0, reason) for stage, reason in unmet.items()}

    print(f"\n{'stage':<16}{'result':<10}{'seconds':>7}")
    for stage in stages:
        print(line(stage, results[stage]))
    counts = Counter(result.outcome for result in results.values())
    summary = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    print(f"\n==== stages: {summary} in {time.monotonic() - started:.2f}s ====", flush=True)
    return 1 if counts["failed"] else 0


def missing(tools: Mapping[str, str]) -> list[str]:
    """Of programs, and the packages of Debian that have them."""
    return [
        f"{program} (Debian: {package})" for program, package in tools.items() if not shutil.which(program, path=PATH)
    ]


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
    return "; ".join([*lacking, *missing(TOOLS_OF_NODE)])


def what_containers_lack() -> str:
    """Programs; and what stands in the way of namespaces, in the words of the program that cannot have them."""
    tools = TOOLS_OF_CONTAINERS if os.geteuid() == 0 else {**TOOLS_OF_CONTAINERS, "newuidmap": "uidmap"}
    if lacking := missing(tools):
        return "; ".join(lacking)
    alone = "setpriv --reuid=999 --regid=999 --clear-groups bwrap --unshare-user --ro-bind / / --proc /proc --dev /dev"
    trial = f"ip link add node type bridge && ip link add pod type veth && {alone} true"
    done = subprocess.run(apart("sh", "-c", trial), capture_output=True, text=True, check=False)
    words = done.stderr.strip().splitlines() or [f"the trial ended with {done.returncode}"]
    return f"namespaces with users of their own (/etc/subuid): {words[-1]}" if done.returncode else ""


def what_hosts_over_ssh_lack() -> str:
    """Programs, and namespaces in which this user is root."""
    if lacking := missing(TOOLS_OF_KUBESPRAY):
        return "; ".join(lacking)
    trial = ["unshare", "--map-root-user", "--mount", "--net", "--uts", "true"]
    done = subprocess.run(trial, capture_output=True, text=True, check=False)
    return f"namespaces in which this user is root: {done.stderr.strip()}" if done.returncode else ""


def what_a_hypervisor_lacks() -> str:
    """Programs, the Python binding of the system, and root with namespaces."""
    lacking = missing(TOOLS_OF_VM)
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


def run_side_by_side(stages: list[str]) -> dict[str, Result]:
    """Run the stages in their order, ``LANES`` of them at a time. What failed says all that it printed, in the end."""
    results: dict[str, Result] = {}
    with tempfile.TemporaryDirectory() as folder:
        waiting, running = list(stages), dict[str, subprocess.Popen[bytes]]()
        try:
            while waiting or running:
                while waiting and len(running) < LANES:
                    stage = waiting.pop(0)
                    running[stage] = start_tox(stage, Path(folder))
                time.sleep(0.5)
                for stage in [stage for stage, process in running.items() if process.poll() is not None]:
                    del running[stage]
                    results[stage] = read_report(stage, Path(folder))
                    print(line(stage, results[stage]), flush=True)
        finally:
            for process in running.values():
                process.send_signal(signal.SIGINT)  # tox hands this on
            for process in running.values():
                process.wait()
        for stage, result in results.items():
            if result.outcome == "failed":
                print(f"\n==== {stage}\n{(Path(folder) / f'{stage}.log').read_text(errors='replace')}", flush=True)
    return results


def start_tox(stage: str, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tox", "run", "-e", stage, "--result-json", folder / f"{stage}.json"]
    with (folder / f"{stage}.log").open("wb") as log:
        environ = {**os.environ, "PATH": path_with_pyenv()}
        return subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=subprocess.STDOUT)


def read_report(stage: str, folder: Path) -> Result:
    try:
        environment = json.loads((folder / f"{stage}.json").read_text())["testenvs"][stage]["result"]
    except (OSError, KeyError, json.JSONDecodeError):
        return Result("failed", 0, "tox ended without a whole report")
    if environment["skipped"]:
        return Result("skipped", 0, NO_PYTHON.format(CONFIG[f"testenv:{stage}"]["base_python"]))
    return Result("passed" if environment["success"] else "failed", environment["duration"])


def line(stage: str, result: Result) -> str:
    return f"{stage:<16}{result.outcome:<10}{result.seconds:>7.0f}  {result.note}".rstrip()


# Stages that need more than a user account with Python: what is missing here, empty if nothing is.
NEEDS: dict[str, Callable[[], str]] = {
    "containers": what_containers_lack,
    "kubespray": what_hosts_over_ssh_lack,
    "node": what_a_real_node_lacks,
    "vm": what_a_hypervisor_lacks,
}

if __name__ == "__main__":
    sys.exit(main())
