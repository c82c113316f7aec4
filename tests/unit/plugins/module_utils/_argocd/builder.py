# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Applications for the tests: the captured one of Argo CD 3.6, changed in what a test is about.

Commits are A, B, C; times are seconds after noon, so that a story reads ``at(5)``.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Key, Observed

A, B, C = "a" * 40, "b" * 40, "c" * 40
REPO = "https://git.example.org/gitops.git"
CAPTURED = yaml.safe_load((Path(__file__).parent / "captured.yml").read_text(encoding="utf-8"))
CAPTURED_PODS = yaml.safe_load((Path(__file__).parent / "captured_pods.yml").read_text(encoding="utf-8"))


def key(name: str = "web", namespace: str = "argocd") -> Key:
    return Key(namespace, name)


def at(second: int) -> str:
    return f"2026-11-23T12:{second // 60:02}:{second % 60:02}Z"


def source(path: str = "web", **fields: Any) -> dict[str, Any]:
    return {"repoURL": REPO, "targetRevision": "main", "path": path, **fields}


def operation(
    phase: str = "Succeeded",
    started: int = 1,
    finished: int | None = None,
    revision: str = A,
    message: str = "",
    token: str = "",
    resources: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """``status.operationState``; ended one second after its start, if it is over and nothing else is said."""
    state = copy.deepcopy(CAPTURED["web"]["status"]["operationState"])
    state.update(phase=phase, startedAt=at(started), message=message)
    del state["finishedAt"]
    if finished is not None or phase in ("Succeeded", "Failed", "Error"):
        state["finishedAt"] = at(started + 1 if finished is None else finished)
    state["operation"]["info"] = [{"name": "ai_how.cloud/token", "value": token}] if token else []
    state["syncResult"].update(revision=revision, resources=list(resources), source=source())
    return state


def history(*revisions: str) -> list:
    return [
        {"id": number, "revision": revision, "deployedAt": at(number), "source": source()}
        for number, revision in enumerate(revisions)
    ]


def child(name: str, status: str = "Synced", **fields: Any) -> dict[str, Any]:
    """An entry of ``status.resources`` (or of an operation's result) for an application."""
    return {
        "group": "argoproj.io",
        "version": "v1alpha1",
        "kind": "Application",
        "namespace": "argocd",
        "name": name,
        "status": status,
        **fields,
    }


def raw_app(
    name: str = "web",
    revision: str = A,
    sync: str = "Synced",
    health: str = "Healthy",
    reconciled: int | None = 10,
    operation: dict[str, Any] | None = None,
    pending: bool = False,
    deployed: Sequence[str] = (A,),
    conditions: dict[str, str] | None = None,
    resources: Sequence[dict[str, Any]] | None = None,
    automated: dict[str, Any] | bool | None = True,
    refreshing: bool = False,
    deleting: bool = False,
    health_message: str = "",
    namespace: str = "argocd",
    path: str = "web",
    **source_fields: Any,
) -> dict[str, Any]:
    """A settled application at commit A, unless told otherwise."""
    raw = copy.deepcopy(CAPTURED["web"])
    metadata, spec, status = raw["metadata"], raw["spec"], raw["status"]
    metadata.update(name=name, namespace=namespace, uid=f"uid-of-{name}")
    spec["source"] = source(path, **source_fields)
    if automated is None:
        del spec["syncPolicy"]["automated"]
    else:
        spec["syncPolicy"]["automated"] = {} if automated is True else automated
    if refreshing:
        metadata["annotations"]["argocd.argoproj.io/refresh"] = "normal"
    if deleting:
        metadata["deletionTimestamp"] = at(0)
    if pending:
        raw["operation"] = {"sync": {}}
    del status["operationState"]
    if operation is not None:
        status["operationState"] = operation
    status["sync"] = {
        "status": sync,
        "revision": revision,
        "comparedTo": {"source": dict(spec["source"]), "destination": dict(spec["destination"])},
    }
    status["health"] = {"status": health, "message": health_message}
    status["history"] = history(*deployed)
    status["conditions"] = [{"type": kind, "message": text} for kind, text in (conditions or {}).items()]
    if resources is not None:
        status["resources"] = list(resources)
    if reconciled is None:
        del status["reconciledAt"]
    else:
        status["reconciledAt"] = at(reconciled)
    return raw


def app(name: str = "web", **changes: Any) -> Observed:
    return Observed.parse(raw_app(name, **changes))


def new_app(name: str = "web", **changes: Any) -> Observed:
    """As it was just created: Argo CD has not written a status."""
    raw = raw_app(name, **changes)
    del raw["status"]
    return Observed.parse(raw)
