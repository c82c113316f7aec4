# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Waits until the workloads of an installation are rolled out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.health import CANNOT_START_GRACE
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.installation import LABEL
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.readiness import Unready, unready
from ansible_collections.ai_how.cloud.plugins.module_utils._core.command import RunCommand
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed, Problem, TimedOut, Unavailable
from ansible_collections.ai_how.cloud.plugins.module_utils._kube.client import Client, Kind
from ansible_collections.ai_how.cloud.plugins.module_utils._kube.connection import connect, connection_argument_spec

ARGUMENTS = {
    **connection_argument_spec(),
    "namespace": {"type": "str", "required": True},
    "name": {"type": "str", "default": ""},
    "wait_timeout": {"type": "int", "default": 300},
}

_POD = Kind("", "v1", "Pod", "pods")
_KINDS = (Kind("apps", "v1", "Deployment", "deployments"), Kind("apps", "v1", "StatefulSet", "statefulsets"))
_LOOK_AFTER = 1.0


def wait(params: Mapping[str, Any], dry_run: bool, _run_command: RunCommand) -> dict[str, Any]:
    """The result of the task. Raises Failed for what does not heal by itself, and TimedOut."""
    if not dry_run:
        until_ready(connect(params), params["namespace"], params["name"], params["wait_timeout"])
    return {"changed": False}


def until_ready(client: Client, namespace: str, name: str, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    stuck_since: Optional[float] = None
    while True:
        away: Optional[Problem] = None
        left: list[Unready] = []
        try:
            left = _look(client, namespace, name)
        except Unavailable as problem:
            away = problem
        if not left and not away:
            return
        now = time.monotonic()
        stuck = [one for one in left if one.lasting]
        if not stuck:
            stuck_since = None
        elif stuck_since is None:
            stuck_since = now
        elif now - stuck_since >= CANNOT_START_GRACE:
            raise Failed("; ".join(map(str, stuck)))
        if now >= deadline:
            raise TimedOut(f"after {timeout:g} s {away or '; '.join(map(str, left))}")
        time.sleep(_LOOK_AFTER)


def _look(client: Client, namespace: str, name: str) -> list[Unready]:
    """Of the workloads of this name; without one, of those that the role argocd has labelled."""
    workloads = []
    for kind in _KINDS:
        items, _version = client.list(kind, namespace)
        # What is in a list does not say its kind.
        metadata = [item["metadata"] for item in items]
        ours = [each["name"] == name if name else LABEL in each.get("labels", {}) for each in metadata]
        workloads += [{"kind": kind.kind, **item} for item, is_ours in zip(items, ours) if is_ours]
    left = unready(workloads, [])
    return unready(workloads, client.list(_POD, namespace)[0]) if left else left
