# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The kubeconfig of a cluster, for those who are not on its control plane."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._core.yaml_text import documents

with suppress(ImportError):  # documents() says so
    import yaml

_LISTS = ("clusters", "contexts", "users")


def api_url(variables: Mapping[str, Any]) -> str:
    """Where the API server answers under a name that its certificate has. ``variables``: of the first control plane."""
    balancer = variables.get("loadbalancer_apiserver")
    if isinstance(balancer, Mapping) and balancer.get("address"):
        return _url(str(balancer["address"]), balancer.get("port", 6443))
    for name in ("access_ip", "ip", "ansible_host"):
        if variables.get(name):
            return _url(str(variables[name]), variables.get("kube_apiserver_port", 6443))
    return _url(str(variables["inventory_hostname"]), variables.get("kube_apiserver_port", 6443))


def _url(host: str, port: Any) -> str:
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def readdressed(text: str, name: str, server: str) -> str:
    """kubeadm's admin.conf with the cluster, context and user named after the cluster, and another server."""
    config = _load(text, "The kubeconfig of the control plane")
    try:
        cluster = {**config["clusters"][0]["cluster"], "server": server}
        user = config["users"][0]["user"]
    except (KeyError, IndexError, TypeError):
        raise Invalid("The kubeconfig of the control plane has no cluster or no user; look at it there.") from None
    context = {"cluster": name, "user": f"{name}-admin"}
    return _dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster}],
            "contexts": [{"name": name, "context": context}],
            "users": [{"name": f"{name}-admin", "user": user}],
            "current-context": name,
        }
    )


def merged(into: Optional[str], text: str) -> str:
    """The kubeconfig ``into`` with the entries of ``text``; what has other names stays, the current context too."""
    theirs = _load(into, "The kubeconfig to merge into") if into and into.strip() else {}
    ours = _load(text, "The kubeconfig")
    result = {"apiVersion": "v1", "kind": "Config", **theirs}
    for key in _LISTS:
        entries = {each["name"]: each for each in (*(theirs.get(key) or ()), *ours[key])}
        result[key] = list(entries.values())
    if not theirs.get("current-context"):
        result["current-context"] = ours["current-context"]
    # A file that says the same stays as it is written
    return into if into and result == theirs else _dump(result)


def _load(text: str, what: str) -> Mapping[str, Any]:
    try:
        found = documents(text, what)
    except Invalid:
        found = []
    if len(found) != 1 or not isinstance(found[0], Mapping):
        raise Invalid(f"{what} is no YAML with clusters, contexts and users; look at it, or move it away.")
    return found[0]


def _dump(config: Mapping[str, Any]) -> str:
    return str(yaml.safe_dump(config, sort_keys=False))
