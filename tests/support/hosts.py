# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Debian hosts with systemd, as containers of podman: ``hosts.py up NAME=SUITE...`` and ``hosts.py down NAME...``.

Their images are made of Debian's packages, since no registry may be reached, with a kernel and what compiles modules
for it. They are kept in the per-user cache, as are the packages that hosts download and what the compiler has made
(ccache), so that only the first run is slow.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "images"))
from build import CACHE, apt_proxies, debian_mirrors, locked

PACKAGES = (
    "systemd-sysv,dbus,python3,python3-apt,kmod,procps,ca-certificates,ccache,dkms,linux-image-cloud-amd64,"
    "linux-headers-cloud-amd64"
)
# The initramfs of a kernel that never boots is not worth its seconds
SETUP = r"""
echo update_initramfs=no > "$1/etc/initramfs-tools/update-initramfs.conf"
: > "$1/etc/machine-id"
rm -f "$1/var/lib/dbus/machine-id"
mkdir "$1/usr/local/lib/compilers"
echo 'DPkg::Path "/usr/local/lib/compilers:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";' \
  > "$1/etc/apt/apt.conf.d/compilers"
chroot "$1" systemctl mask getty@tty1.service console-getty.service systemd-udevd.service systemd-sysctl.service
"""
# runc, since crun of this age does not know hybrid cgroups; the limits, since a container may not have more of them.
RUN = (
    "run --detach --runtime runc --cgroupns private --network host --privileged --systemd false --env container=podman"
    " --tmpfs /run --tmpfs /run/lock --ulimit nofile=10000:10000 --ulimit nproc=5000:5000 --stop-timeout 2"
).split()
PATIENCE = 60


def podman(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["podman", *arguments], text=True, check=True, **options)  # type: ignore[call-overload, no-any-return]


def image(suite: str) -> str:
    """Its reference. It is made where it is missing."""
    key = hashlib.sha256(f"{suite} {PACKAGES} {SETUP}".encode()).hexdigest()[:16]
    reference = f"localhost/ai-how-host:{suite}-{key}"
    folder = CACHE / "images" / "hosts" / suite
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        if subprocess.run(["podman", "image", "exists", reference], check=False).returncode == 0:
            return reference
        archive, unfinished = folder / f"{key}.tar", folder / "unfinished.tar"
        if not archive.exists():
            print(f"making a host with {suite} (minutes, the first time)", file=sys.stderr, flush=True)
            hook = folder / "setup"
            hook.write_text(f"#!/bin/sh\nset -eu\n{SETUP}")
            hook.chmod(0o755)
            command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", *apt_proxies()]
            command += [f"--customize-hook={hook}", suite, str(unfinished), debian_mirrors()[0]]
            subprocess.run(command, check=True)
            unfinished.rename(archive)
        podman("import", "--quiet", "--change=STOPSIGNAL SIGRTMIN+3", archive, reference, stdout=subprocess.DEVNULL)
        return reference


def up(name: str, suite: str) -> None:
    shared = CACHE / "images" / "hosts"
    for folder in ("ccache/conftests", f"apt-{suite}/partial"):
        (shared / folder).mkdir(parents=True, exist_ok=True)
    mounts = [
        f"--volume={shared}/ccache:/var/cache/ccache",
        f"--volume={shared}/apt-{suite}:/var/cache/apt/archives",
        f"--volume={compilers(shared)}:/usr/local/lib/compilers:ro",
    ]
    reference = image(suite)
    podman(*RUN, "--name", name, "--hostname", name, *mounts, reference, "/sbin/init", stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE
    while not _is_up(name):
        if time.monotonic() > deadline:
            sys.exit(f"{name}: systemd is not up after {PATIENCE} s; look into it with podman logs {name}")
        time.sleep(0.2)


def compilers(shared: Path) -> Path:
    """A folder in which compiler.sh has the names of compilers: DKMS takes the one that the kernel is of."""
    script = Path(__file__).with_name("compiler.sh").read_bytes()
    folder = shared / f"compilers-{hashlib.sha256(script).hexdigest()[:16]}"
    folder.mkdir(exist_ok=True)
    for name in ("gcc", "gcc-12", "gcc-14", "x86_64-linux-gnu-gcc-12", "x86_64-linux-gnu-gcc-14"):
        new = folder / f".{name}.{os.getpid()}.{threading.get_ident()}"
        new.write_bytes(script)
        new.chmod(0o755)
        new.rename(folder / name)
    return folder


def _is_up(name: str) -> bool:
    command = ["podman", "exec", name, "systemctl", "is-system-running"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() in ("running", "degraded")


def down(name: str) -> None:
    podman("rm", "--force", "--ignore", "--time", "2", "--volumes", name, stdout=subprocess.DEVNULL)


def main() -> None:
    verb, *hosts = sys.argv[1:]
    os.umask(0o022)
    with ThreadPoolExecutor() as pool:
        if verb == "up":
            results = [pool.submit(up, *host.split("=")) for host in hosts]
        else:
            results = [pool.submit(down, host) for host in hosts]
        for result in results:
            result.result()


if __name__ == "__main__":
    main()
