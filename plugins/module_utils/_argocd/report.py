# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a result says of an application that was seen. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Key, Observed


def summary(app: Observed, failure: str = "") -> dict[str, Any]:
    """A row of a table. ``failure``: what a wait for it ended with."""
    return {
        "name": app.key.name,
        "namespace": app.key.namespace,
        "sync": app.sync or "Unknown",
        "health": app.health or "Unknown",
        "revision": ",".join(app.revisions),
        "message": failure or "; ".join(app.conditions.values()) or app.health_message,
    }


def state(app: Observed) -> dict[str, Any]:
    """What more there is to say of it."""
    return {
        "revisions": list(app.revisions),
        "reconciled_at": app.reconciled_at,
        "hydration": _hydration(app),
        "operation": _operation(app),
        "history": [_deployment(entry) for entry in app.raw.get("status", {}).get("history", [])],
        "resources": [dict(resource) for resource in app.resources],
        "conditions": dict(app.conditions),
    }


def family(key: Key, world: Mapping[Key, Observed]) -> Sequence[Observed]:
    """The application and everything below it, in the order of their names."""
    found: dict[Key, Observed] = {}
    todo = [key]
    while todo:
        member = todo.pop()
        app = world.get(member)
        if member not in found and app is not None:
            found[member] = app
            todo.extend(app.children)
    return [found[member] for member in sorted(found)]


def _hydration(app: Observed) -> Optional[dict[str, str]]:
    seen = app.hydration
    if seen is None:
        return None
    return {
        "phase": seen.phase,
        "message": seen.message,
        "finished_at": seen.finished_at,
        "dry_revision": seen.dry,
        "revision": seen.written,
    }


def _operation(app: Observed) -> Optional[dict[str, Any]]:
    operation = app.operation
    if operation is None:
        return None
    return {
        "phase": operation.phase,
        "message": operation.message,
        "started_at": operation.started_at,
        "finished_at": operation.finished_at,
        "revisions": list(operation.revisions),
        "resources": [dict(resource) for resource in operation.resources],
    }


def _deployment(entry: Mapping[str, Any]) -> dict[str, Any]:
    by = entry.get("initiatedBy", {})
    return {
        "id": entry["id"],
        "revisions": list(entry.get("revisions") or filter(None, [entry.get("revision")])),
        "deployed_at": entry.get("deployedAt", ""),
        "initiated_by": "automated sync" if by.get("automated") else by.get("username", ""),
    }
