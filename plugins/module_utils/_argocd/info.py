# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the module argocd_app_info tells: which applications, and what of each. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.diagnosis import problems
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Key, Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.pods import Trouble
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.report import family, state, summary

# The module's arguments beside those of the connection; documented in plugins/modules/argocd_app_info.py.
ARGUMENTS: Mapping[str, Any] = {
    "namespace": {"type": "str", "default": "argocd"},
    "names": {"type": "list", "elements": "str", "aliases": ["name"]},
    "recurse": {"type": "bool", "default": False},
    "pods": {"type": "bool", "default": False},
    "usage": {"type": "bool", "default": False},
    "logs": {"type": "bool", "default": False},
    "log_lines": {"type": "int", "default": 20},
    "tree": {"type": "bool", "default": False},
    "orphaned": {"type": "bool", "default": False},
    "manifests": {"type": "bool", "default": False},
    "differences": {"type": "bool", "default": False},
}

# Options for what is not in the Application; Argo CD's own API has it.
ONLY_ARGOCD_KNOWS = ("tree", "orphaned", "manifests", "differences")

# How many of a pod's events are told.
_EVENTS = 10


def choose(world: Mapping[Key, Observed], params: Mapping[str, Any]) -> Sequence[Observed]:
    """The applications that were asked for and exist, in the order of their names."""
    keys = [Key(params["namespace"], name) for name in params["names"] or []]
    if params["names"] is None:
        keys = list(world)
    if params["recurse"]:
        keys = [member.key for key in keys for member in family(key, world)]
    return [world[key] for key in sorted(set(keys)) if key in world]


def describe(app: Observed, troubles: Sequence[Trouble] = ()) -> dict[str, Any]:
    """All that is known of one application. ``troubles``: of its pods, if they were looked at."""
    spec, status = app.raw["spec"], app.raw.get("status", {})
    return {
        **summary(app),
        **state(app),
        "project": spec.get("project", ""),
        "labels": dict(app.raw["metadata"].get("labels", {})),
        "sources": [dict(source) for source in app.raw_sources],
        "destination": dict(spec.get("destination", {})),
        "automated": app.auto_sync,
        "images": list(status.get("summary", {}).get("images", [])),
        "children": [{"namespace": child.namespace, "name": child.name} for child in app.children],
        "problems": problems(app, troubles),
    }


def warnings_of(events: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The latest warnings among the events of one object, the newest last."""
    warnings = [event for event in events if event.get("type") != "Normal"]
    return [
        {"at": _time(event), "reason": event.get("reason", ""), "message": event.get("message", "")}
        for event in sorted(warnings, key=_time)[-_EVENTS:]
    ]


def _time(event: Mapping[str, Any]) -> str:
    series = event.get("series") or {}
    metadata = event["metadata"]
    return str(
        series.get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
        or metadata.get("creationTimestamp", "")
    )


def containers(pod: Mapping[str, Any]) -> list[str]:
    """The names of a pod's containers, those that start it first."""
    spec = pod["spec"]
    return [container["name"] for container in [*spec.get("initContainers", []), *spec.get("containers", [])]]


def logs_to_read(pod: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """Containers that ended badly, and whether the log is that of the run before the present one."""
    found = []
    status = pod.get("status", {})
    for container in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
        if container.get("state", {}).get("terminated", {}).get("exitCode"):
            found.append((container["name"], False))
        elif container.get("lastState", {}).get("terminated", {}).get("exitCode"):
            found.append((container["name"], True))
    return found
