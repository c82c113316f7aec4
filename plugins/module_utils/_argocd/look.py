# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Reads applications, and on request their pods with events and logs, for the module argocd_app_info."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.driver import POD, ApplicationDriver
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import LookAtPods
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.info import (
    choose,
    describe,
    logs_to_read,
    warnings_of,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.pods import Trouble
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Problem
from ansible_collections.ai_how.cloud.plugins.module_utils._core.redact import redact
from ansible_collections.ai_how.cloud.plugins.module_utils._kube.client import Client, Kind
from ansible_collections.ai_how.cloud.plugins.module_utils._kube.connection import connect

_EVENT = Kind("", "v1", "Event", "events")


def tell(params: Mapping[str, Any], _dry_run: bool = True, _run_command: object = None) -> dict[str, Any]:
    """The result of the module. Raises Problem where the applications cannot be listed."""
    client = connect(params)
    driver = ApplicationDriver(client)
    found = []
    for app in choose(driver.observe([params["namespace"]]), params):
        if not params["pods"]:
            found.append(describe(app))
            continue
        if app.health != "Healthy":
            driver.write(LookAtPods(app.key))
        troubles = driver.world[app.key].troubles
        pods = [_pod(client, trouble, params["log_lines"]) for trouble in troubles]
        hidden = sorted(driver.hidden & {resource.namespace for resource in app.workloads})
        found.append({**describe(app, troubles), "pods": pods, "hidden_namespaces": hidden})
    return {"changed": False, "applications": redact(found)}


def _pod(client: Client, trouble: Trouble, lines: int) -> dict[str, Any]:
    """What there is to say of a pod; without events or logs where this user may not read them."""
    namespace, _slash, name = trouble.pod.partition("/")
    told: dict[str, Any] = {"namespace": namespace, "name": name, "reason": trouble.reason, "advice": trouble.advice}
    try:
        about = {"field_selector": f"involvedObject.uid={trouble.uid}"}
        told["events"] = warnings_of(client.list(_EVENT, namespace, **about)[0])
    except Problem as problem:
        told["events"] = [{"at": "", "reason": "Unknown", "message": str(problem)}]
    told["logs"] = []
    pod = client.get(POD, namespace, name) or {}
    for container, previous in logs_to_read(pod) if lines > 0 else []:
        try:
            text = client.log(namespace, name, container, lines, previous)
        except Problem as problem:
            text = str(problem)
        told["logs"].append({"container": container, "text": text})
    return told
