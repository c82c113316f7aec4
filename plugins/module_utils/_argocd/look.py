# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Reads applications, and on request what belongs to them, for the module argocd_app_info."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.api_driver import ApiDriver
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.driver import Driver
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import LookAtPods
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.info import (
    ONLY_ARGOCD_KNOWS,
    choose,
    containers,
    describe,
    logs_to_read,
    warnings_of,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.pods import Trouble
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.transports import connect
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.usage import usage
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Problem
from ansible_collections.ai_how.cloud.plugins.module_utils._core.redact import redact

with contextlib.suppress(ImportError):  # connect() says so before anything here is used
    from kubernetes.utils import parse_quantity


def tell(params: Mapping[str, Any], _dry_run: bool = True, _run_command: object = None) -> dict[str, Any]:
    """The result of the module. Raises Problem where the applications cannot be listed."""
    driver = connect(params)
    asked = [name for name in ONLY_ARGOCD_KNOWS if params.get(name)]
    if asked and not isinstance(driver, ApiDriver):
        raise Invalid(
            f"{asked[0]}: the Kubernetes API does not tell this, only Argo CD's own; give argocd_server and "
            "argocd_token, or leave it out"
        )
    found = []
    for app in choose(driver.observe([params["namespace"]]), params):
        told = _with_pods(driver, app, params["log_lines"]) if params["pods"] else describe(app)
        if params["logs"] or params["usage"]:
            told.update(_of_all_pods(driver, app, params))
        if isinstance(driver, ApiDriver):
            told.update(_told_by_argocd(driver, app, asked))
        found.append(told)
    return {"changed": False, "applications": redact(found)}


def _told_by_argocd(driver: ApiDriver, app: Observed, asked: list[str]) -> dict[str, Any]:
    """What was asked for of one application; for what cannot be told now, why, and the others go on."""
    told: dict[str, Any] = {}
    read = {
        "tree": driver.tree,
        "orphaned": driver.orphaned,
        "manifests": driver.manifests,
        "differences": driver.differences,
    }
    for name in asked:
        try:
            told[name] = read[name](app)
        except Problem as problem:
            told[name] = None
            told.setdefault("untold", {})[name] = str(problem)
    return told


def _with_pods(driver: Driver, app: Observed, log_lines: int) -> dict[str, Any]:
    if app.health != "Healthy":
        driver.write(LookAtPods(app.key))
    seen = driver.world[app.key].troubles
    pods = [_pod(driver, app, trouble, log_lines) for trouble in seen]
    return {**describe(app, seen), "pods": pods, "hidden_namespaces": _hidden(driver, app)}


def _of_all_pods(driver: Driver, app: Observed, params: Mapping[str, Any]) -> dict[str, Any]:
    """The end of the log of each container, and what the pods use."""
    told: dict[str, Any] = {}
    pods = driver.pods(app)
    if params["logs"]:
        told["logs"] = [
            {
                "namespace": pod["metadata"]["namespace"],
                "pod": pod["metadata"]["name"],
                **_log(
                    driver, app, pod["metadata"]["namespace"], pod["metadata"]["name"], container, params["log_lines"]
                ),
            }
            for pod in pods
            for container in containers(pod)
        ]
    if params["usage"]:
        told["usage"] = usage(pods, driver.metrics(app), parse_quantity)
    return {**told, "hidden_namespaces": _hidden(driver, app)}


def _hidden(driver: Driver, app: Observed) -> list[str]:
    return sorted(driver.hidden & {resource.namespace for resource in app.workloads})


def _log(
    driver: Driver, app: Observed, namespace: str, pod: str, container: str, lines: int, previous: bool = False
) -> dict[str, str]:
    """The end of a log, or why it cannot be read."""
    try:
        text = driver.log(app, namespace, pod, container, lines, previous)
    except Problem as problem:
        text = str(problem)
    return {"container": container, "text": text}


def _pod(driver: Driver, app: Observed, trouble: Trouble, lines: int) -> dict[str, Any]:
    """What there is to say of a pod; without events or logs where this user may not read them."""
    told: dict[str, Any] = {
        "namespace": trouble.namespace,
        "name": trouble.name,
        "reason": trouble.reason,
        "advice": trouble.advice,
    }
    try:
        told["events"] = warnings_of(driver.events(app, trouble))
    except Problem as problem:
        told["events"] = [{"at": "", "reason": "Unknown", "message": str(problem)}]
    told["logs"] = [
        _log(driver, app, trouble.namespace, trouble.name, container, lines, previous)
        for container, previous in (logs_to_read(driver.pod(app, trouble)) if lines > 0 else [])
    ]
    return told
