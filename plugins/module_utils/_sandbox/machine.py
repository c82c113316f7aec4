# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Looks at what this machine offers to a real node."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._core.command import RunCommand
from ansible_collections.ai_how.cloud.plugins.module_utils._sandbox.requirements import (
    PROGRAMS,
    Cgroups,
    Machine,
    lacking,
    mounted_controllers,
    networks,
)

_TREE = "/sys/fs/cgroup"
# Each step is named before it is tried, in namespaces that end with it
_TRIAL = """
echo 'a process and mount namespace'; mount -t proc proc /proc
echo 'links of the type veth'; ip link add one type veth peer name other
echo "overlayfs on the file system of $1"
mkdir "$1/lower" "$1/upper" "$1/work" "$1/merged"
mount -t overlay -o "lowerdir=$1/lower,upperdir=$1/upper,workdir=$1/work" overlay "$1/merged"
umount "$1/merged"
echo 'nftables with address translation'
nft 'add table ip t; add chain ip t c { type nat hook prerouting priority -100; }; add rule ip t c fib daddr type local'
"""


def look(params: Mapping[str, Any], _dry_run: bool, run_command: RunCommand) -> dict[str, Any]:
    """The result of the module machine_info."""
    machine = _observe(params["directory"], run_command)
    return {"changed": False, "lacking": lacking(machine, params["network"], params["link"])}


def _observe(directory: str, run_command: RunCommand) -> Machine:
    root = os.geteuid() == 0
    programs = frozenset(program for program in PROGRAMS if shutil.which(program))
    complete = root and len(programs) == len(PROGRAMS)
    return Machine(
        root=root,
        programs=programs,
        cgroups=_cgroups(),
        routes=networks(json.loads(run_command(["ip", "-json", "-4", "route"])[1] or "[]")) if complete else [],
        failed_trial=_try(directory, run_command) if complete else "",
    )


def _cgroups() -> Cgroups:
    unified = os.path.exists(f"{_TREE}/cgroup.controllers")
    second = set(_read(f"{_TREE}/cgroup.subtree_control").split())
    if unified and not os.path.exists(f"{_TREE}/cgroup.type"):
        # Only the root of all groups has no type; there the node hands on what is not handed on yet
        second.update(_read(f"{_TREE}/cgroup.controllers").split())
    return Cgroups(mounted_controllers(_read("/proc/mounts")), frozenset(second), unified)


def _try(directory: str, run_command: RunCommand) -> str:
    while not os.path.isdir(directory):
        directory = os.path.dirname(directory)
    with tempfile.TemporaryDirectory(prefix=".trial-", dir=directory) as folder:
        namespaces = ["unshare", "--mount", "--net", "--pid", "--fork"]
        status, stdout, stderr = run_command([*namespaces, "sh", "-euc", _TRIAL, "sh", folder])
    if status == 0:
        return ""
    step = (stdout.splitlines() or ["namespaces of its own"])[-1].replace(folder, directory)
    return f"{step} ({' '.join(stderr.split())})"


def _read(path: str) -> str:
    with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="replace") as file:
        return file.read()
    return ""
