# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which of the two ways to Argo CD's applications the options of a task mean: the Kubernetes API, or Argo CD's own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd import driver
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.api import argocd_argument_spec, connect_api
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.api_driver import ApiDriver
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.applications import selected
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid

TRANSPORT_ARGUMENTS: Mapping[str, Any] = {**driver.CONNECTION_ARGUMENTS, **argocd_argument_spec()}


# Options that say nothing without a server.
_OF_ARGOCD = ("argocd_token", "argocd_username", "argocd_password", "argocd_ca_cert")


def connect(params: Mapping[str, Any]) -> driver.Driver:
    """The driver for the options of a task. Raises Invalid where they mean both ways, or neither as a whole."""
    kubernetes = [name for name in driver.CONNECTION_ARGUMENTS if params.get(name) is not None]
    argocd = [name for name in _OF_ARGOCD if params.get(name)]
    server = params.get("argocd_server")
    given = [name for name in kubernetes if not _of_environment(name, params[name])]
    if server and given:
        raise Invalid(
            f"argocd_server and {given[0]} were both given; give argocd_server for Argo CD's own API, or {given[0]} "
            "for the Kubernetes API"
        )
    if not server and not kubernetes and (argocd or os.environ.get("ARGOCD_AUTH_TOKEN")):
        server = os.environ.get("ARGOCD_SERVER")
    if server:
        api = connect_api({**params, "argocd_server": server})
        return ApiDriver(api, force_conflicts=bool(params.get("force_conflicts")))
    if argocd:
        raise Invalid(f"{argocd[0]} was given, and argocd_server was not; give the URL of Argo CD's API, too")
    return driver.connect(params)


def select(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """The options of a task, with the applications that its selector means if it has one."""
    if params["selector"] is None:
        return params
    return selected(params, connect(params).select(params["namespace"], params["selector"]))


def _of_environment(name: str, value: Any) -> bool:
    """Whether an option of the Kubernetes connection has its value from the environment, not from the task."""
    _fallback, variables = driver.CONNECTION_ARGUMENTS[name]["fallback"]
    return str(value).lower() in [os.environ[variable].lower() for variable in variables if variable in os.environ]
