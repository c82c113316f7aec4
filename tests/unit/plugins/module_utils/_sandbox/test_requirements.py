# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._sandbox.requirements import (
    CONTROLLERS,
    CONTROLLERS_1,
    PROGRAMS,
    Cgroups,
    Machine,
    lacking,
    mounted_controllers,
    networks,
)

FIRST = Cgroups(first=CONTROLLERS_1, second=frozenset(), unified=False)
SECOND = Cgroups(first=frozenset(), second=CONTROLLERS, unified=True)
ROUTES = networks([{"dst": "default", "dev": "eth0"}, {"dst": "10.82.8.0/26", "dev": "lab"}, {"dst": "192.0.2.0/24"}])
GOOD = Machine(root=True, programs=frozenset(PROGRAMS), cgroups=FIRST, routes=ROUTES, failed_trial="")


@pytest.mark.parametrize(
    ("machine", "reasons"),
    [
        (GOOD, []),
        (replace(GOOD, cgroups=SECOND), []),
        (replace(GOOD, root=False, programs=frozenset()), ["this user is not root"]),
        (replace(GOOD, programs=frozenset(PROGRAMS) - {"nft", "ip"}), ["programs that are not on PATH: ip, nft"]),
        (
            replace(GOOD, cgroups=replace(FIRST, first=CONTROLLERS_1 - {"cpuset"})),
            ["controllers that cgroups of version 1 lack here: cpuset"],
        ),
        (
            replace(GOOD, cgroups=replace(SECOND, second=CONTROLLERS - {"memory"})),
            ["controllers that cgroups of version 2 lack here: memory"],
        ),
        (
            replace(GOOD, routes=[("10.0.0.0/8", "vpn")]),
            [
                "its network 10.82.8.0/24, which follows from the port of the API server, is that of 10.0.0.0/8 behind"
                " vpn; another sandbox_api_port gives another one"
            ],
        ),
        (replace(GOOD, failed_trial="overlayfs (no)"), ["the kernel refuses overlayfs (no)"]),
    ],
)
def test_what_a_machine_lacks(machine: Machine, reasons: list[str]) -> None:
    assert lacking(machine, "10.82.8.0/24", "lab") == reasons


def test_mounted_controllers() -> None:
    mounts = (
        "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,cpu,cpuacct 0 0\n"
        "cgroup /sys/fs/cgroup/systemd cgroup rw,xattr,name=systemd 0 0\n"
        "cgroup2 /sys/fs/cgroup/unified cgroup2 rw,memory 0 0\n"
    )
    assert mounted_controllers(mounts) == {"cpu", "cpuacct"}
