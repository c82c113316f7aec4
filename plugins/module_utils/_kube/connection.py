# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""From connection options to a :class:`Client`, as users of kubernetes.core know them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Optional

from ansible.module_utils.basic import env_fallback
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._kube.client import Client

try:
    import kubernetes
    import yaml
    from kubernetes.config.config_exception import ConfigException

    IMPORT_ERROR = ""
except ImportError as error:
    IMPORT_ERROR = str(error)


def _option(*variables: str, **spec: Any) -> dict[str, Any]:
    return {"fallback": (env_fallback, list(variables)), **spec}


def connection_argument_spec() -> dict[str, Any]:
    """Documented in doc_fragments/kube_auth.py."""
    return {
        "kubeconfig": _option("K8S_AUTH_KUBECONFIG", type="raw", no_log=False),
        "context": _option("K8S_AUTH_CONTEXT", type="str"),
        "host": _option("K8S_AUTH_HOST", type="str"),
        "api_key": _option("K8S_AUTH_API_KEY", type="str", no_log=True),
        "client_cert": _option("K8S_AUTH_CERT_FILE", type="path", aliases=["cert_file"]),
        "client_key": _option("K8S_AUTH_KEY_FILE", type="path", aliases=["key_file"], no_log=False),
        "ca_cert": _option("K8S_AUTH_SSL_CA_CERT", type="path", aliases=["ssl_ca_cert"]),
        "validate_certs": _option("K8S_AUTH_VERIFY_SSL", type="bool", aliases=["verify_ssl"]),
        "proxy": _option("K8S_AUTH_PROXY", type="str"),
        "impersonate_user": _option("K8S_AUTH_IMPERSONATE_USER", type="str"),
    }


def connect(params: Mapping[str, Any]) -> Client:
    """The client for connection options; reads files, sends nothing yet.

    Raises Invalid for a kubeconfig that cannot be read, lacks the context, or names files that are not there.
    """
    if IMPORT_ERROR:
        raise Invalid(
            f"the Python library kubernetes is needed on the host that runs this module ({IMPORT_ERROR}): "
            "pip install kubernetes"
        )
    for name in ("ca_cert", "client_cert", "client_key"):
        if params.get(name) and not os.path.isfile(params[name]):
            raise Invalid(f"{name}: no such file: {params[name]}")
    configuration = _configuration(params)
    overrides = {
        "host": (params.get("host") or "").rstrip("/"),
        "ssl_ca_cert": params.get("ca_cert"),
        "cert_file": params.get("client_cert"),
        "key_file": params.get("client_key"),
        "verify_ssl": params.get("validate_certs"),
        "proxy": params.get("proxy"),
    }
    for name, value in overrides.items():
        if value not in (None, ""):
            setattr(configuration, name, value)
    if params.get("api_key"):
        configuration.api_key = {"authorization": f"Bearer {params['api_key']}"}
    return Client(configuration, impersonate_user=params.get("impersonate_user") or "")


def _configuration(params: Mapping[str, Any]) -> Any:
    configuration = kubernetes.client.Configuration()
    kubeconfig, context = params.get("kubeconfig"), params.get("context")
    if params.get("host") and not kubeconfig and not context:
        return configuration
    if not kubeconfig and not context and os.environ.get("KUBERNETES_SERVICE_HOST"):
        try:
            kubernetes.config.load_incluster_config(client_configuration=configuration)
            return configuration
        except ConfigException:
            pass
    paths = [] if isinstance(kubeconfig, Mapping) else _paths(kubeconfig)
    if paths and not any(os.path.exists(path) for path in paths):
        raise Invalid(
            f"kubeconfig: no such file: {os.pathsep.join(paths)}; name one that exists, or give host and api_key"
        )
    try:
        if isinstance(kubeconfig, Mapping):
            kubernetes.config.load_kube_config_from_dict(
                dict(kubeconfig), context=context, client_configuration=configuration, persist_config=False
            )
        else:
            kubernetes.config.load_kube_config(
                os.pathsep.join(paths), context=context, client_configuration=configuration, persist_config=False
            )
    except (ConfigException, yaml.YAMLError, OSError, ValueError, TypeError, AttributeError) as error:
        where = "given as a dictionary" if isinstance(kubeconfig, Mapping) else os.pathsep.join(paths)
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        if isinstance(error, (TypeError, AttributeError)):
            reason = "it is no kubeconfig (YAML with clusters, users and contexts)"
        elif context and f"name {context} " in reason:
            reason = f'it has no context "{context}" (it has: {", ".join(_contexts(kubeconfig, paths)) or "none"})'
        raise Invalid(
            f"kubeconfig ({where}) cannot be used: {reason}; name a readable one by kubeconfig or K8S_AUTH_KUBECONFIG, "
            "or give host and api_key"
        ) from error
    return configuration


def _paths(kubeconfig: Optional[str]) -> list[str]:
    """The files of a kubeconfig option, or those that kubectl would take."""
    given = kubeconfig or os.environ.get("KUBECONFIG") or os.path.join("~", ".kube", "config")
    return [os.path.expanduser(path) for path in given.split(os.pathsep) if path]


def _contexts(kubeconfig: Any, paths: list[str]) -> list[str]:
    configs = (
        [kubeconfig] if isinstance(kubeconfig, Mapping) else [_load(path) for path in paths if os.path.exists(path)]
    )
    return [context["name"] for config in configs for context in config.get("contexts") or []]


def _load(path: str) -> Any:
    with open(path, encoding="utf-8") as file:
        return yaml.safe_load(file)
