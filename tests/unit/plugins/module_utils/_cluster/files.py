# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cluster files: the one that users have, one with every key, and short ones made in a test."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.load import load
from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.schema import FILE, Key, Keys
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid

# As users of the workflow have it.
USUAL = """\
version: "1.0"
metadata: {name: cloud, description: The cloud cluster}
global: {}
clusters:
  cloud:
    name: cloud-cluster
    base_image_path: path/to/base.qcow2
    network: {subnet: 192.168.200.0/24, bridge: virbr200}
    control_plane: {cpu_cores: 4, memory_gb: 8, disk_gb: 100, ip_address: 192.168.200.10}
    worker_nodes:
      - {cpu_cores: 4, memory_gb: 8, disk_gb: 100, ip: 192.168.200.11}
      - auto_start: false
        cpu_cores: 8
        memory_gb: 16
        disk_gb: 200
        ip: 192.168.200.12
        pcie_passthrough:
          enabled: true
          devices:
            - {pci_address: "0000:01:00.0", device_type: gpu, vendor_id: "10de", device_id: "2789"}
            - {pci_address: "0000:01:00.1", device_type: audio, vendor_id: "10de", device_id: "2299"}
    kubernetes_config: {cni: calico, ingress: nginx, storage_class: local-path}
    hardware:
      acceleration:
        enable_kvm: true
        enable_nested: false
        cpu_model: host-passthrough
        cpu_features: ["+avx2"]
        numa_topology: true
        cpu_topology: {sockets: 1, cores: 4, threads: 1}
        performance: {enable_hugepages: true, hugepage_size: 1G, cpu_pinning: true, memory_backing: {nodes: 1}}
    virtio_fs_mounts:
      - {tag: home, host_path: "${HOME}", mount_point: /mnt/home, owner: me, group: me, mode: "0755", options: rw}
"""

_HARDWARE = yaml.safe_load(USUAL)["clusters"]["cloud"]["hardware"]
_SHARES = [
    {
        "tag": "data",
        "host_path": "/srv",
        "mount_point": "/data",
        "owner": "me",
        "group": "me",
        "mode": "0755",
        "options": "rw",
        "readonly": True,
    }
]
_NODE = {
    "name": "one",
    "cpu_cores": 4,
    "memory_gb": 8,
    "disk_gb": 100,
    "ip": "10.0.0.5",
    "ip_address": "10.0.0.5",
    "auto_start": True,
    "hypervisor": "big",
    "base_image_path": "base.qcow2",
    "pcie_passthrough": {
        "enabled": True,
        "devices": [
            {
                "pci_address": "0000:01:00.0",
                "device_type": "gpu",
                "vendor_id": "10de",
                "device_id": "2789",
                "iommu_group": 12,
            }
        ],
    },
    "labels": {"zone": "a"},
    "taints": ["nvidia.com/gpu=present:NoSchedule"],
    "hardware": _HARDWARE,
    "virtio_fs_mounts": _SHARES,
}


def full(grouped: bool) -> dict[str, Any]:
    """A file with every key; its nodes are structures (``grouped``) or lists."""
    worker = {**_NODE, "name": "two", "ip": "10.0.0.6", "ip_address": "10.0.0.6", "auto_start": False}
    group = {**worker, "ip": "DHCP", "ip_address": "DHCP", "count": 2}
    content = {
        "version": "1.0",
        "metadata": {"name": "all", "description": "Every key"},
        "global": {"anything": 1},
        "clusters": {
            "cloud": {
                "name": "all",
                "base_image_path": "base.qcow2",
                "network": {"subnet": "10.0.0.0/24", "bridge": "virbr0"},
                "hypervisors": [
                    {
                        "name": "big",
                        "address": "big.example.org",
                        "cpu_cores": 64,
                        "memory_gb": 256,
                        "gpus": ["0000:01:00.0"],
                    }
                ],
                "control_plane": _NODE if grouped else [_NODE],
                "worker_nodes": group if grouped else [worker],
                "kubernetes_config": {
                    "version": "1.35.4",
                    "cni": "cilium",
                    "ingress": "none",
                    "storage_class": "none",
                    "load_balancer": {"address": "10.0.0.4", "port": 6443, "provider": "kube-vip"},
                },
                "hardware": _HARDWARE,
                "virtio_fs_mounts": _SHARES,
            }
        },
    }
    return json.loads(json.dumps(content))  # no structure twice


def keys(content: Any) -> Iterator[tuple[tuple[Any, ...], Key]]:
    """Place and key of everything that stands in a file."""
    yield from _keys(content, FILE, ())


def _keys(value: Any, table: Keys, place: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Key]]:
    for name, item in value.items():
        yield from _below(item, table[name], (*place, name))


def _below(value: Any, key: Key, place: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Key]]:
    yield place, key
    if isinstance(value, dict) and key.keys:
        yield from _keys(value, key.keys, place)
    elif isinstance(value, dict) and key.type == "map":
        for name, item in value.items():
            yield from _below(item, key.items, (*place, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _below(item, key.items, (*place, number))


def changed(content: dict[str, Any], place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The content with another value at a place."""
    found = content = copy.deepcopy(content)
    for step in place[:-1]:
        found = found[step]
    found[place[-1]] = value
    return content


def dumped(content: Any) -> str:
    """As YAML, with what is innermost in one line."""
    return yaml.dump(content, sort_keys=False, default_flow_style=None, width=1000, Dumper=_NoAliases)


class _NoAliases(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def short(**cluster: Any) -> str:
    """A file with a control plane, and what is given."""
    return dumped(
        {
            "clusters": {
                "cloud": {
                    "name": "c",
                    "network": {"subnet": "10.0.0.0/24", "bridge": "virbr0"},
                    "control_plane": node(ip="10.0.0.10"),
                    **cluster,
                }
            }
        }
    )


def node(*gpus: str, **more: Any) -> dict[str, Any]:
    devices = [{"pci_address": gpu, "device_type": "gpu"} for gpu in gpus]
    passthrough = {"pcie_passthrough": {"devices": devices}} if gpus else {}
    return {"cpu_cores": 4, "memory_gb": 8, "disk_gb": 100, **passthrough, **more}


def problems(text: str) -> list[str]:
    """What is said of a file that is wrong, a line each, without its name."""
    with pytest.raises(Invalid) as caught:
        load(text, "f.yaml")
    lines = str(caught.value).split("\n")
    assert [line for line in lines if not re.match(r"f\.yaml:\d+: .*\.$", line)] == []
    return [line.partition(":")[2] for line in lines]


def line_of(text: str, words: str) -> int:
    (line,) = (number for number, line in enumerate(text.splitlines(), 1) if words in line)
    return line
