# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A cluster as an inventory: hosts with variables, and groups. The names of variables stand here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.machine import given, vm
from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.model import (
    CONTROL_PLANE,
    WORKER,
    Cluster,
    Hypervisor,
    Node,
    odd_members,
)

_HERE = frozenset(("localhost", "127.0.0.1", "::1"))

Inventory = dict[str, Any]


def inventory(cluster: Cluster) -> Inventory:
    """``{"hosts": {name: variables}, "groups": {name: {"hosts": [], "children": [], "vars": {}}}}``."""
    nodes, etcd = cluster.nodes, odd_members(cluster.nodes)
    hosts = {node.name: _host(cluster, node, etcd) for node in nodes}
    hosts.update((each.name, _hypervisor(each)) for each in cluster.hypervisors)
    control_planes = [node.name for node in nodes if node.role == CONTROL_PLANE]
    workers = [node.name for node in nodes if node.role == WORKER]
    groups = {
        "kube_control_plane": _group(control_planes),
        "etcd": _group(etcd),
        "kube_node": _group(workers or control_planes),
        "k8s_cluster": _group(
            children=["kube_control_plane", "kube_node"],
            variables={"cluster_config": _summary(cluster), **kubespray(cluster)},
        ),
        "gpu_nodes": _group([node.name for node in nodes if node.gpus]),
        "shut_off": _group([node.name for node in nodes if not node.auto_start]),
        "hypervisors": _group([each.name for each in cluster.hypervisors]),
    }
    return {"hosts": hosts, "groups": groups}


def _group(
    hosts: Sequence[str] = (), children: Sequence[str] = (), variables: Optional[Mapping[str, Any]] = None
) -> Inventory:
    return {"hosts": list(hosts), "children": list(children), "vars": {**(variables or {})}}


def _summary(cluster: Cluster) -> Inventory:
    return {
        "name": cluster.name,
        "network": {
            "bridge": cluster.bridge,
            "subnet": str(cluster.subnet),
            "gateway": str(cluster.subnet.network_address + 1),
        },
        "kubernetes_config": {**cluster.kubernetes},
    }


def _hypervisor(hypervisor: Hypervisor) -> Inventory:
    if hypervisor.address in _HERE:
        return {"ansible_connection": "local"}
    return {"ansible_host": hypervisor.address} if hypervisor.address else {}


def _host(cluster: Cluster, node: Node, etcd: Sequence[str]) -> Inventory:
    address = str(node.address)
    return given(
        {
            "ansible_host": address,
            "ip": address,
            "cluster_node": {
                "role": node.role,
                "auto_start": node.auto_start,
                "hypervisor": node.hypervisor,
                "dhcp": node.dhcp,
                "gpus": [gpu.pci_address for gpu in node.gpus],
                **given({"hardware": node.hardware, "mounts": list(node.shares)}),
            },
            "cluster_vm": vm(cluster, node),
            "etcd_member_name": f"etcd{etcd.index(node.name) + 1}" if node.name in etcd else "",
            "node_labels": dict(node.labels),
            "node_taints": list(node.taints),
        }
    )


def kubespray(cluster: Cluster) -> Inventory:
    """kubernetes_config in the variables of Kubespray."""
    config = cluster.kubernetes
    variables: Inventory = {}
    if "version" in config:
        variables["kube_version"] = config["version"].lstrip("v")
    if "cni" in config:
        variables["kube_network_plugin"] = config["cni"]
    if "ingress" in config:
        variables["ingress_nginx_enabled"] = config["ingress"] == "nginx"
    if "storage_class" in config:
        variables["local_path_provisioner_enabled"] = config["storage_class"] == "local-path"
    if any(node.gpus for node in cluster.nodes):
        variables["enable_cdi"] = True  # how the GPU Operator hands devices to containers
    if "load_balancer" in config:
        variables.update(_load_balancer(config["load_balancer"]))
    return variables


def _load_balancer(balancer: Mapping[str, Any]) -> Inventory:
    address = balancer["address"]
    variables: Inventory = {
        "loadbalancer_apiserver": {"address": address, "port": balancer.get("port", 6443)},
        "loadbalancer_apiserver_localhost": False,
    }
    if balancer.get("provider", "kube-vip") == "kube-vip":
        variables.update(
            kube_vip_enabled=True,
            kube_vip_controlplane_enabled=True,
            kube_vip_arp_enabled=True,
            kube_vip_address=address,
            kube_proxy_strict_arp=True,  # kube-vip wants it where kube-proxy uses IPVS
        )
    return variables
