# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The inventory that Kubespray gets: the hosts of the cluster alone, with the variables that are meant for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.model import Inventory

_GROUPS = ("kube_control_plane", "etcd", "kube_node", "calico_rr", "bastion", "k8s_cluster")
_OURS = frozenset(("cluster_config", "cluster_file", "cluster_node", "cluster_vm"))
# The roles of this collection: what begins with their names is for other stages, and may change without a run
ROLES = [
    "argocd",
    "cli",
    "cluster_vms",
    "gitops_apps",
    "gitops_init",
    "kubespray",
    "mlflow_check",
    "nvidia_drivers",
    "sandbox",
    "sealed_secrets",
]
_OUR_PREFIXES = tuple(f"{role}_" for role in ROLES)
# What Ansible itself adds to the variables of a host
_MAGIC = frozenset(
    "inventory_hostname inventory_hostname_short inventory_file inventory_dir group_names groups hostvars omit"
    " environment playbook_dir ansible_facts ansible_local ansible_version ansible_playbook_python"
    " ansible_config_file ansible_check_mode ansible_diff_mode ansible_forks ansible_inventory_sources ansible_limit"
    " ansible_run_tags ansible_skip_tags ansible_verbosity ansible_play_name ansible_play_hosts"
    " ansible_play_hosts_all ansible_play_batch ansible_role_names ansible_parent_role_names"
    " ansible_dependent_role_names ansible_collection_name ansible_role_name ansible_search_path"
    " ansible_play_role_names play_hosts role_name role_names role_path".split()
)


def members(groups: Mapping[str, Sequence[str]], left_out: Sequence[str]) -> dict[str, list[str]]:
    """Kubespray's groups without the hosts that are left out. Other inventories may have no k8s_cluster."""
    return {name: [host for host in groups.get(name, ()) if host not in left_out] for name in _GROUPS}


def for_kubespray(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Of the variables of a host those that are meant for Kubespray."""
    facts = variables.get("ansible_facts") or {}
    gathered = {name if name.startswith("ansible_") else f"ansible_{name}" for name in facts}
    return {
        name: value
        for name, value in variables.items()
        if name not in _MAGIC and name not in _OURS and name not in gathered and not name.startswith(_OUR_PREFIXES)
    }


def document(
    groups: Mapping[str, Sequence[str]], hosts: Mapping[str, Mapping[str, Any]], defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """An inventory as Ansible's plugin yaml reads it. ``groups``: all there are; ``hosts``: those of the cluster."""
    children: dict[str, Any] = {
        name: {"hosts": {host: {} for host in names if host in hosts}}
        for name, names in groups.items()
        if name not in ("all", "ungrouped") and any(host in hosts for host in names)
    }
    return {"all": {"hosts": dict(hosts), "vars": dict(defaults), "children": children}}


def summary(groups: Mapping[str, Sequence[str]], hosts: Mapping[str, Mapping[str, Any]]) -> Inventory:
    """Connections are no part of a digest: another key or password makes no other cluster."""
    rulers = json.dumps([groups["kube_control_plane"], groups["etcd"]])
    roles = {name: [host for host in names if host in hosts] for name, names in groups.items()}
    digests = {}
    for host, variables in hosts.items():
        own = {name: value for name, value in variables.items() if not name.startswith("ansible_")}
        mine = sorted(name for name, names in roles.items() if host in names)
        text = json.dumps([rulers, mine, own], sort_keys=True, default=str)
        digests[host] = hashlib.sha256(text.encode()).hexdigest()
    return Inventory(tuple(groups["kube_control_plane"]), tuple(groups["etcd"]), tuple(groups["kube_node"]), digests)


def plain(value: Any, is_template: Callable[[str], bool]) -> Any:
    """``value`` as JSON has it. Texts that look like templates and are none are marked, as Ansible's JSON does it."""
    if isinstance(value, Mapping):
        return {str(key): plain(item, is_template) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, is_template) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = value if isinstance(value, str) else str(value)  # which decrypts what is of Ansible Vault
    if any(mark in text for mark in ("{{", "{%", "{#")) and not is_template(text):
        return {"__ansible_unsafe": str(text)}
    return str(text)
