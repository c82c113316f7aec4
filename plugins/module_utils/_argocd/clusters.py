# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The domain of the module argocd_cluster: Secrets of clusters, as Argo CD writes them.

Sources: util/db/cluster.go (keys of the Secret), util/db/secrets.go (its name), ClusterConfig in
pkg/apis/application/v1alpha1/types.go of argo-cd 3.6; what goes together is checked as client-go does.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Optional
from urllib.parse import urlsplit

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.declarations import (
    SECRET_TYPE,
    SecretDeclarations,
    Wanted,
    arguments,
    constraints,
    decoded,
    encoded,
    fnv32a,
    hidden,
    secret,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import Observed, equal
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._core.options import Opt, Options, to_api
from ansible_collections.ai_how.cloud.plugins.module_utils._core.redact import Hidden

_CLUSTER = "cluster"
CLUSTER_SECRETS = f"{SECRET_TYPE}={_CLUSTER}"

CONFIG: Options = {
    "username": Opt(),
    "password": Opt(no_log=True),
    "bearer_token": Opt(no_log=True),
    "tls_client_config": Opt(
        "dict",
        options={
            "insecure": Opt("bool"),
            "server_name": Opt(),
            "ca_data": Opt(),
            "cert_data": Opt(),
            "key_data": Opt(no_log=True),
        },
    ),
    "aws_auth_config": Opt("dict", options={"cluster_name": Opt(), "role_arn": Opt(api="roleARN"), "profile": Opt()}),
    "exec_provider_config": Opt(
        "dict",
        options={
            "command": Opt(),
            "args": Opt("list", elements="str"),
            "env": Opt("dict"),
            "api_version": Opt(),
            "install_hint": Opt(),
            "provide_cluster_info": Opt("bool"),
        },
    ),
    "disable_compression": Opt("bool"),
    "proxy_url": Opt(),
}
CLUSTER: Options = {
    "server": Opt(),
    "name": Opt(),
    "config": Opt("dict", options=CONFIG),
    "namespaces": Opt("list", elements="str"),
    "cluster_resources": Opt("bool"),
    "shard": Opt("int"),
    "project": Opt(),
    "labels": Opt("dict"),
    "annotations": Opt("dict"),
}
ARGUMENTS: Mapping[str, Any] = arguments(CLUSTER, "clusters")
CONSTRAINTS: Mapping[str, Any] = constraints(CLUSTER, "clusters")

_OPTIONAL: Options = {name: CLUSTER[name] for name in ("namespaces", "cluster_resources", "project")}
_PLAIN = ("server", "name", "namespaces", "clusterResources", "shard", "project")


class ClusterKey(NamedTuple):
    """Names one cluster, as Argo CD finds it: by the URL of its API server."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"cluster {self.name}"


def cluster_key(raw: Mapping[str, Any]) -> ClusterKey:
    """Of a Secret with the label of a cluster."""
    return ClusterKey(raw["metadata"]["namespace"], decoded(raw).get("server", "").rstrip("/"))


class Clusters(SecretDeclarations):
    """The clusters of one task."""

    several = "clusters"
    plain = _PLAIN

    def wanted(self, params: Mapping[str, Any], namespace: str, where: str) -> Wanted:
        server = (params.get("server") or "").strip()
        if not server:
            raise Invalid(f"{where}a cluster: server is missing; give every cluster the URL of its API server")
        key = ClusterKey(namespace, server.rstrip("/"))
        if not _is_url(server):
            raise Invalid(f"{where}{key}: server is no URL; give one like https://host:6443")
        config = params.get("config") or {}
        problem = next(_problems(config), "")
        if problem:
            raise Invalid(f"{where}{key}: {problem}")
        data = {
            "server": key.name,
            "name": params.get("name") or server,
            "namespaces": ",".join(params.get("namespaces") or []),
            "clusterResources": "true" if params.get("cluster_resources") else "",
            "shard": "" if params.get("shard") is None else str(params["shard"]),
            "project": params.get("project") or "",
            "config": _config(config),
        }
        given = {name: value for name, value in data.items() if value}
        optional = to_api(_OPTIONAL, params, keep_empty=True)
        denied = {name: "false" if value is False else "" for name, value in optional.items() if not value}
        return Wanted(key, secret(namespace, secret_name(server), _CLUSTER, params, given, _PLAIN), denied)

    def manifest(self, item: Wanted, observed: Optional[Observed]) -> Mapping[str, Any]:
        """With the config in the letters that are there, where they say the same."""
        manifest = super().manifest(item, observed)
        there = decoded(observed.raw).get("config", "") if observed else ""
        if not equal(_parsed(there), _parsed(decoded(manifest)["config"])):
            return manifest
        return {**manifest, "data": {**manifest["data"], "config": Hidden(encoded(there))}}

    def warnings(self, item: Wanted, observed: Optional[Observed]) -> Sequence[str]:
        """Argo CD lets a cluster go that is deployed to, and cannot delete those applications afterwards."""
        if self._state == "present" or observed is None:
            return []
        name = decoded(observed.raw).get("name", item.key.name)
        users = sorted(
            app["metadata"]["name"]
            for app in observed.users
            for destination in [app["spec"].get("destination", {})]
            if destination.get("server", "").rstrip("/") == item.key.name or destination.get("name") == name
        )
        if not users:
            return []
        return [
            f"{item.key} is the destination of applications ({', '.join(users)}), which Argo CD can neither sync nor "
            "delete without it; declare it again, or give them another destination"
        ]

    def shown_data(self, data: Mapping[str, str]) -> Mapping[str, Any]:
        shown = super().shown_data(data)
        config = _parsed(data.get("config", ""))
        return {**shown, "config": hidden(CONFIG, config)} if isinstance(config, Mapping) else shown


def _is_url(server: str) -> bool:
    try:
        secret_name(server)
        url = urlsplit(server)
    except ValueError:
        return False
    return url.scheme in ("https", "http") and bool(url.netloc)


def secret_name(server: str) -> str:
    """The name that Argo CD gives to the Secret of a cluster (URIToSecretName)."""
    host = urlsplit(server).netloc.rpartition("@")[2].lower()
    if host.startswith("["):
        host = str(ipaddress.ip_address(host[1 : host.index("]")])).replace(":", "-")
    return f"{_CLUSTER}-{host.partition(':')[0]}-{fnv32a(server)}"


def _config(params: Mapping[str, Any]) -> str:
    """As Go writes it: bytes in base64, and what has no ``omitempty`` always there."""
    config = to_api(CONFIG, params)
    tls = config.pop("tlsClientConfig", {})
    for name in ("caData", "certData", "keyData"):
        if name in tls:
            tls[name] = _pem(tls[name])
    return json.dumps({**config, "tlsClientConfig": {"insecure": False, **tls}}, separators=(",", ":"))


def _pem(text: str) -> str:
    """PEM in base64, which may be given as either; empty if it is neither."""
    if "-----BEGIN " in text:
        return encoded(text)
    compact = "".join(text.split())
    try:
        return compact if b"-----BEGIN " in base64.b64decode(compact, validate=True) else ""
    except (binascii.Error, ValueError):
        return ""


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _problems(config: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each thing with which Argo CD could not connect."""
    tls = config.get("tls_client_config") or {}
    for option in ("ca_data", "cert_data", "key_data"):
        if tls.get(option) and not _pem(tls[option]):
            yield f"config.tls_client_config.{option} is neither PEM nor the base64 of it; give one of them"
    if tls.get("insecure") and tls.get("ca_data"):
        yield "config.tls_client_config has ca_data, and insecure, which does not look at it; leave one of them out"
    if bool(tls.get("cert_data")) != bool(tls.get("key_data")):
        yield "config.tls_client_config needs both cert_data and key_data, or none of them"
    if config.get("bearer_token") and (config.get("username") or config.get("password")):
        yield "config has bearer_token and username or password; give one of them"
    if bool(config.get("username")) != bool(config.get("password")):
        yield "config needs both username and password, or none of them"
    for option, needed in (("aws_auth_config", "cluster_name"), ("exec_provider_config", "command")):
        if config.get(option) and not config[option].get(needed):
            yield f"config.{option} has no {needed}; give it"
