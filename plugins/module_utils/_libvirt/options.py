# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The options of a virtual machine, one line each. What is not given is not ours, and stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._core.options import Opt, Options, argument_spec

_DISK: Options = {
    "target": Opt(),
    "size": Opt(),
    "base": Opt(),
    "copy": Opt("bool", default=False),
    "pool": Opt(default="default"),
    "volume": Opt(),
    "path": Opt("path"),
    "format": Opt(choices=("qcow2", "raw")),
}

_NETWORK: Options = {
    "network": Opt(),
    "bridge": Opt(),
    "mac": Opt(),
    "address": Opt(),
}

_GPU: Options = {
    "address": Opt(),
    "id": Opt(),
    "model": Opt(),
    "mdev": Opt(),
}

VM: Options = {
    "name": Opt(),
    "description": Opt(),
    "type": Opt(choices=("kvm", "qemu")),
    "machine": Opt(),
    "firmware": Opt(choices=("bios", "uefi")),
    "secure_boot": Opt("bool"),
    "vcpus": Opt("int"),
    "cpu": Opt(
        "dict",
        options={"model": Opt(), "sockets": Opt("int"), "cores": Opt("int"), "threads": Opt("int")},
    ),
    "cpu_pinning": Opt(),
    "memory": Opt(),
    "hugepages": Opt(),
    "numa_node": Opt(),
    "disks": Opt("list", elements="dict", options=_DISK),
    "networks": Opt("list", elements="dict", options=_NETWORK),
    "shares": Opt(
        "list",
        elements="dict",
        options={"source": Opt("path", required=True), "tag": Opt(required=True), "read_only": Opt("bool")},
    ),
    "cloud_init": Opt(
        "dict",
        options={
            "user_data": Opt(no_log=True),
            "network_config": Opt(),
            "ssh_keys": Opt("list", elements="str"),
            "pool": Opt(default="default"),
        },
    ),
    "gpus": Opt("list", elements="dict", options=_GPU),
    "group_siblings": Opt(choices=("functions", "all", "refuse")),
    "autostart": Opt("bool"),
}

_STATE: Mapping[str, Any] = {"type": "str", "choices": ["present", "running", "stopped", "restarted", "absent"]}
_TASK: Mapping[str, Any] = {
    "uri": {"type": "str", "default": "qemu:///system"},
    "state": {**_STATE, "default": "present"},
    "restart": {"type": "str", "choices": ["never", "if_required"], "default": "never"},
    "wait_for": {"type": "str", "choices": ["none", "ip", "ssh", "agent"], "default": "none"},
    "wait_timeout": {"type": "int", "default": 300},
    "shutdown_timeout": {"type": "int", "default": 120},
    "force_stop": {"type": "bool", "default": False},
    "delete_disks": {"type": "bool", "default": False},
}

_VM = argument_spec(VM)
ARGUMENTS: Mapping[str, Any] = {
    **_VM,
    **_TASK,
    "vms": {"type": "list", "elements": "dict", "options": {**_VM, "state": _STATE}},
}
CONSTRAINTS: Mapping[str, Any] = {
    "mutually_exclusive": [["vms", option] for option in VM],
    "required_one_of": [["name", "vms"]],
}
INFO_ARGUMENTS: Mapping[str, Any] = {
    "uri": _TASK["uri"],
    "all_devices": {"type": "bool", "default": False},
}
_PRESENT: Mapping[str, Any] = {"type": "str", "choices": ["present", "absent"], "default": "present"}
NETWORK_ARGUMENTS: Mapping[str, Any] = {
    "uri": _TASK["uri"],
    "name": {"type": "str", "required": True},
    "state": _PRESENT,
    "subnet": {"type": "str"},
    "bridge": {"type": "str"},
    "forward": {"type": "str", "choices": ["nat", "route", "none"], "default": "nat"},
}
POOL_ARGUMENTS: Mapping[str, Any] = {
    "uri": _TASK["uri"],
    "name": {"type": "str", "default": "default"},
    "state": _PRESENT,
    "path": {"type": "path"},
}
NETWORK_CONSTRAINTS: Mapping[str, Any] = {"required_if": [["state", "present", ["subnet", "bridge"]]]}
POOL_CONSTRAINTS: Mapping[str, Any] = {"required_if": [["state", "present", ["path"]]]}
