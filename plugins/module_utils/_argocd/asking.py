# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What Argo CD's own API is asked for, and what it answers, in the words of the rest of this domain. No I/O.

Its messages are those of server/application/application.proto of argo-cd.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import StartSync
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import RESOURCES_FINALIZER, TOKEN
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.operate import operation_patch
from ansible_collections.ai_how.cloud.plugins.module_utils._core.redact import Hidden, redact, redact_change


def sync_request(action: StartSync) -> dict[str, Any]:
    """The body of a sync: the operation that this collection would write, without what Argo CD puts into it itself.

    A revision is sent only if the task asked for one: Argo CD takes any as a wish for another than the target's.
    """
    operation = operation_patch(action)["operation"]
    sync = operation["sync"]
    asked = action.sync.revisions
    request: dict[str, Any] = {
        "prune": sync["prune"],
        "dryRun": sync.get("dryRun", False),
        "infos": operation["info"],
        "syncOptions": {"items": sync.get("syncOptions", [])},
        "strategy": sync.get("syncStrategy"),
        "resources": sync.get("resources"),
        "retryStrategy": operation.get("retry"),
    }
    if "sources" in sync:
        wanted = [(place, revision) for place, revision in enumerate(asked, start=1) if revision]
        request["sourcePositions"] = [place for place, _revision in wanted] or None
        request["revisions"] = [revision for _place, revision in wanted] or None
    else:
        request["revision"] = asked[0] if asked else None
    return {name: value for name, value in request.items() if value is not None}


def with_token(raw: Mapping[str, Any], operation: Mapping[str, Any], token: str) -> Mapping[str, Any]:
    """``raw`` with our token at its last operation, if that is ``operation``: a rollback can carry none."""
    state = raw.get("status", {}).get("operationState")
    if not state or state.get("operation") != operation:
        return raw
    told = {**state, "operation": {**operation, "info": [{"name": TOKEN, "value": token}]}}
    return {**raw, "status": {**raw["status"], "operationState": told}}


def cascade(finalizers: Sequence[str]) -> Mapping[str, str]:
    """The query of a deletion that keeps to the finalizers: without it Argo CD would add one that deletes resources."""
    for name in finalizers:
        finalizer, _slash, policy = name.partition("/")
        if finalizer == RESOURCES_FINALIZER:
            return {"cascade": "true", "propagationPolicy": policy}
    return {"cascade": "false"}


def tree(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every object of an application, those below the deployed ones with them, each with what it belongs to."""
    return [
        {
            **_name(node),
            "health": (node.get("health") or {}).get("status", ""),
            "message": (node.get("health") or {}).get("message", ""),
            "parents": [_name(parent) for parent in node.get("parentRefs") or []],
        }
        for node in answer.get("nodes") or []
    ]


def orphaned(answer: Mapping[str, Any]) -> list[dict[str, str]]:
    """What is in the namespace of an application and belongs to none; empty where its project does not monitor it."""
    return [_name(node) for node in answer.get("orphanedNodes") or []]


def pods_of(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The nodes of the tree that are pods."""
    return [node for node in answer.get("nodes") or [] if node.get("kind") == "Pod" and not node.get("group")]


def ailing_pods(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Those of them that are not known to be well."""
    return [
        node for node in pods_of(answer) if (node.get("health") or {}).get("status") not in ("Healthy", "Suspended")
    ]


def manifests(texts: Iterable[str]) -> list[Any]:
    """Rendered manifests, with secrets masked."""
    return [redact(_hidden(json.loads(text))) for text in texts]


def differences(items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What a sync would change, object by object; empty where it is not there before or afterwards."""
    found = []
    for item in items:
        live, target = _object(item.get("normalizedLiveState")), _object(item.get("targetState"))
        after = _object(item.get("predictedLiveState")) if live and target else target
        if live is not None and target is not None and not item.get("modified"):
            continue
        before, shown = redact_change(_hidden(live or {}), _hidden(after or {}))
        found.append({**_name(item), "before": before, "after": shown})
    return found


def _name(node: Mapping[str, Any]) -> dict[str, str]:
    return {part: node.get(part, "") for part in ("group", "kind", "namespace", "name")}


def _object(text: Optional[str]) -> Optional[dict[str, Any]]:
    """A state as Argo CD tells it, without who wrote which field."""
    state = json.loads(text) if text else None
    if not isinstance(state, dict):
        return None
    state.get("metadata", {}).pop("managedFields", None)
    return state


def _hidden(manifest: Any) -> Any:
    """A Secret with its values marked as secrets; Argo CD has masked them, too, differences by different lengths."""
    if not isinstance(manifest, Mapping) or manifest.get("kind") != "Secret":
        return manifest
    parts = {
        part: {name: Hidden(value) for name, value in manifest[part].items()}
        for part in ("data", "stringData")
        if isinstance(manifest.get(part), Mapping)
    }
    return {**manifest, **parts}
