# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A libvirt of its own, to be used within the namespaces of apart.py: ``with hypervisor(folder) as libvirt``.

Its sockets, state and configuration, its networks and /dev/kvm are mounts and links of these namespaces, so that
qemu:///system is this one, and nothing of the machine's own libvirt is seen or changed. Whatever happens, the kernel
ends it with them.
"""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apart import MARK
from gitops import Run

Play = Callable[..., list[dict[str, Any]]]
Stage = Callable[..., Run]

_STATE = ("/run", "/var/lib/libvirt", "/var/log/libvirt", "/var/cache/libvirt")
_KVM = Path("/dev/kvm")
IMAGES = Path("/var/lib/libvirt/images")


@dataclass
class Libvirt:
    folder: Path
    daemons: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """virtlogd or libvirtd; what they start yields to the machine's other work."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.daemons[name] = subprocess.Popen(["nice", "-n", "10", name], stdout=log, stderr=log)

    def kill(self, name: str) -> None:
        self.daemons[name].send_signal(signal.SIGKILL)
        self.daemons[name].wait()

    def wait(self) -> None:
        for _attempt in range(100):
            if subprocess.run(["virsh", "-q", "list"], capture_output=True, check=False).returncode == 0:
                return
            time.sleep(0.1)
        raise TimeoutError((self.folder / "libvirtd.log").read_text())

    def virsh(self, *arguments: str) -> str:
        done = subprocess.run(["virsh", "-q", *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def remove_machines(self) -> None:
        """With their disks, and all other images."""
        for name in self.virsh("list", "--all", "--name").split():
            if self.virsh("domstate", name) != "shut off":
                self.virsh("destroy", name)
            self.virsh("undefine", "--nvram", name)
        for image in IMAGES.iterdir():
            image.unlink()


@contextmanager
def hypervisor(folder: Path) -> Iterator[Libvirt]:
    """``folder`` takes logs. The network "default" and the pool "default" are there and active."""
    assert MARK in os.environ, "libvirt is started within apart.py only"
    _mount(folder)
    libvirt = Libvirt(folder)
    try:
        libvirt.start("virtlogd")
        libvirt.start("libvirtd")
        libvirt.wait()
        libvirt.virsh("net-start", "default")
        IMAGES.mkdir()
        libvirt.virsh("pool-define-as", "default", "dir", "--target", str(IMAGES))
        libvirt.virsh("pool-start", "default")
        yield libvirt
    finally:
        for daemon in libvirt.daemons.values():
            daemon.terminate()
            daemon.wait()


def _mount(folder: Path) -> None:
    cgroups = folder / "cgroups"
    cgroups.mkdir()
    _run("ip", "link", "set", "lo", "up")
    _run("mount", "--rbind", "/sys/fs/cgroup", str(cgroups))
    _run("mount", "-t", "sysfs", "sysfs", "/sys")  # with the links of this network namespace
    _run("mount", "--rbind", str(cgroups), "/sys/fs/cgroup")
    shutil.copytree("/etc/libvirt", folder / "etc")
    with (folder / "etc/qemu.conf").open("a") as settings:
        settings.write("cgroup_controllers = []\n")  # groups are the machine's, and would stay
    _run("mount", "--bind", str(folder / "etc"), "/etc/libvirt")
    for directory in _STATE:
        _run("mount", "-t", "tmpfs", "tmpfs", directory)
    if _KVM.exists():
        _allow_kvm(Path("/run/kvm"))  # a file system that may have devices


def _allow_kvm(node: Path) -> None:
    """With the mode that udev gives it: libvirt drops its cache at each look where the user of QEMU may not open it."""
    os.mknod(node, 0o660 | stat.S_IFCHR, _KVM.stat().st_rdev)
    node.chmod(0o660)
    shutil.chown(node, group="kvm")
    _run("mount", "--bind", str(node), str(_KVM))


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
