# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A node in the options of the module libvirt_gpu_vm; the one place that knows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.model import Cluster, Device, Node

Values = dict[str, Any]


def vm(cluster: Cluster, node: Node) -> Values:
    """One item of ``vms``. The network of libvirt has the name of the cluster; paths are as the file has them."""
    acceleration: Mapping[str, Any] = node.hardware.get("acceleration", {})
    performance: Mapping[str, Any] = acceleration.get("performance", {})
    return given(
        {
            "name": node.name,
            "type": {True: "kvm", False: "qemu"}.get(acceleration.get("enable_kvm", "")),
            "vcpus": node.cpu_cores,
            "cpu": given({"model": acceleration.get("cpu_model"), **acceleration.get("cpu_topology", {})}),
            "cpu_pinning": "dedicated" if performance.get("cpu_pinning") else "",
            "memory": f"{node.memory_gb}G",
            "hugepages": performance.get("hugepage_size", "2M") if performance.get("enable_hugepages") else "",
            "numa_node": "gpu" if node.gpus and acceleration.get("numa_topology") else "",
            "disks": [given({"base": node.base_image_path, "size": f"{node.disk_gb}G"})],
            "networks": [{"network": cluster.name, "address": str(node.address)}],
            "shares": [_share(share) for share in node.shares],
            "gpus": [_device(device) for device in node.devices],
            "autostart": node.auto_start,
        }
    )


def given(values: Mapping[str, Any]) -> Values:
    """Without what the file does not say: Ansible marks every single value with where it is from, which takes time."""
    return {name: value for name, value in values.items() if value or value is False}


def _share(share: Mapping[str, Any]) -> Values:
    return given({"source": share["host_path"], "tag": share["tag"], "read_only": share.get("readonly")})


def _device(device: Device) -> Values:
    found = f"{device.vendor_id}:{device.device_id}" if device.vendor_id and device.device_id else ""
    return given({"address": device.pci_address, "id": found})
