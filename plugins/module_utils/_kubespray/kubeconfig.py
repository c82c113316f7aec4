# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The kubeconfig of a cluster, for those who are not on its control plane."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Refused
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
    _refuse_namesakes(theirs, ours)
    result = {"apiVersion": "v1", "kind": "Config", **theirs}
    for key in _LISTS:
        entries = {each["name"]: each for each in (*(theirs.get(key) or ()), *ours[key])}
        result[key] = list(entries.values())
    if not theirs.get("current-context"):
        result["current-context"] = ours["current-context"]
    # A file that says the same stays as it is written
    return into if into and result == theirs else _dump(result)


def _refuse_namesakes(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> None:
    """Entries with names as kubeadm gives them may be of another cluster, to which they are the only way."""
    (cluster,), (context,), (user,) = (ours[key] for key in _LISTS)
    there = [each for each in theirs.get("clusters") or () if each["name"] == cluster["name"]]
    if cluster["cluster"]["server"] in [_part(each, "cluster").get("server") for each in there]:
        return
    for each in theirs.get("contexts") or ():
        uses = _part(each, "context")
        taken = uses.get("cluster") == cluster["name"] or uses.get("user") == user["name"]
        if taken and each["name"] != context["name"]:
            raise Refused(
                f"The kubeconfig to merge into has a cluster {cluster['name']} or a user {user['name']} already, which "
                f"its context {each['name']} uses; give this cluster another name in kubespray_name, or rename those."
            )


def _part(entry: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = entry.get(name)
    return found if isinstance(found, Mapping) else {}


def _load(text: str, what: str) -> Mapping[str, Any]:
    try:
        found = documents(text, what)
    except Invalid:
        found = []
    config = found[0] if len(found) == 1 else None
    if not isinstance(config, Mapping) or not all(_has_names(config.get(key)) for key in _LISTS):
        raise Invalid(f"{what} is no YAML with clusters, contexts and users; look at it, or move it away.")
    return config


def _has_names(entries: Any) -> bool:
    return entries is None or (
        isinstance(entries, list) and all(isinstance(each, Mapping) and "name" in each for each in entries)
    )


def _dump(config: Mapping[str, Any]) -> str:
    return str(yaml.safe_dump(config, sort_keys=False))
