# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Looks at a host that is, or is to be, part of a cluster. It changes nothing, and reads no secrets."""

from __future__ import annotations

import json
import os
import re
import socket
import time
from collections.abc import Iterable, Mapping
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._core import os_release
from ansible_collections.ai_how.cloud.plugins.module_utils._core.command import RunCommand
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.model import parse_nodes

ARGUMENTS: Mapping[str, Any] = {
    "address": {"type": "str", "default": ""},
    "controller_time": {"type": "float", "required": True},
    "config_dir": {"type": "path", "default": "/etc/kubernetes"},
    "bin_dir": {"type": "path", "default": "/usr/local/bin"},
    "kubelet_dir": {"type": "path", "default": "/var/lib/kubelet"},
    "images_dir": {"type": "path", "default": "/var/lib/containerd"},
    "stamp": {"type": "path", "default": ""},
}
_PORTS = (2379, 2380, 6443, 10250, 10257, 10259)
_LISTENS = "0A"
# What reset leaves behind, as seen with Kubespray 2.31
_LEFT_FILES = ("{bin_dir}/etcdutl", "{kubelet_dir}", "/etc/cni/net.d", "/var/lib/cni", "/var/lib/etcd")
_LEFT_LINKS = ("cni0", "flannel.1", "vxlan.calico", "cilium_host", "kube-ipvs0", "nodelocaldns")


def look(params: Mapping[str, Any], _dry_run: bool, run_command: RunCommand) -> dict[str, Any]:
    """The result of the module kubespray_host_info."""
    config_dir, bin_dir = params["config_dir"], params["bin_dir"]
    return {
        "changed": False,
        "root": os.geteuid() == 0,
        "os": os_release.parsed(_read("/etc/os-release")).get("ID", ""),
        "init": _read("/proc/1/comm").strip(),
        "machine": os.uname().machine,
        "hostname": os.uname().nodename,
        "machine_id": _read("/etc/machine-id").strip(),
        "memory_mb": _memory(),
        "disks": {"kubelet": _disk(params["kubelet_dir"]), "images": _disk(params["images_dir"])},
        "ports": _listeners(_PORTS),
        "asked_at": params["controller_time"],
        "time": time.time(),
        "has_address": not params["address"] or _has(params["address"]),
        "traces": [path for path in (f"{config_dir}/admin.conf", f"{config_dir}/kubelet.env") if os.path.exists(path)],
        "leftovers": _left(params),
        "stamp": _json(params["stamp"]) if params["stamp"] else None,
        **_nodes(f"{config_dir}/admin.conf", f"{bin_dir}/kubectl", run_command),
    }


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _json(path: str) -> Optional[Any]:
    try:
        return json.loads(_read(path))
    except ValueError:
        return None


def _memory() -> int:
    found = re.search(r"^MemTotal:\s*(\d+) kB", _read("/proc/meminfo"), re.MULTILINE)
    return int(found.group(1)) // 1024 if found else 0


def _disk(folder: str) -> dict[str, Any]:
    """Of the file system that will hold the folder: sizes in bytes, as the kubelet counts them."""
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    counts = os.statvfs(folder)
    return {"path": folder, "size": counts.f_blocks * counts.f_frsize, "available": counts.f_bavail * counts.f_frsize}


def _has(address: str) -> bool:
    """Only an address of this host can be bound to."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        try:
            trial.bind((address, 0))
        except OSError:
            return False
    return True


def _listeners(ports: Iterable[int]) -> dict[str, str]:
    """Of the ports those that are listened on, with the program that does; empty where it is not to be known."""
    inodes = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in _read(table).splitlines()[1:]:
            fields = line.split()
            port = int(fields[1].rpartition(":")[2], 16)
            if fields[3] == _LISTENS and port in ports:
                inodes[fields[9]] = str(port)
    programs = _holders(inodes) if inodes else {}
    return {port: programs.get(inode, "") for inode, port in inodes.items()}


def _holders(inodes: Iterable[str]) -> dict[str, str]:
    wanted = {f"socket:[{inode}]": inode for inode in inodes}
    found = {}
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            for descriptor in os.listdir(f"/proc/{process}/fd"):
                inode = wanted.get(os.readlink(f"/proc/{process}/fd/{descriptor}"))
                if inode:
                    found[inode] = f"{_read(f'/proc/{process}/comm').strip()} (process {process})"
        except OSError:
            continue  # it has ended, or is not ours to look into
    return found


def _left(params: Mapping[str, Any]) -> dict[str, list[str]]:
    files = [each.format(**params) for each in _LEFT_FILES]
    return {
        "files": [path for path in files if os.path.exists(path)],
        "links": [link for link in _LEFT_LINKS if os.path.exists(f"/sys/class/net/{link}")],
    }


def _nodes(kubeconfig: str, kubectl: str, run_command: RunCommand) -> dict[str, Any]:
    if not os.path.exists(kubeconfig):
        return {"nodes": [], "api_problem": ""}
    if not os.access(kubectl, os.X_OK):
        return {"nodes": [], "api_problem": f"there is no {kubectl} to ask it with"}
    ask = [kubectl, "--kubeconfig", kubeconfig, "--request-timeout=10s", "get", "nodes", "--output", "json"]
    status, stdout, stderr = run_command(ask)
    if status:
        return {"nodes": [], "api_problem": " ".join(stderr.split()) or f"kubectl ended with status {status}"}
    nodes = parse_nodes(json.loads(stdout)["items"])
    return {"nodes": [vars(node) for node in nodes.values()], "api_problem": ""}
