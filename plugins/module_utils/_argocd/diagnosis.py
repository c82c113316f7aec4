# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is wrong with an application, why, and what to do. No I/O.

The words that are looked for are those of argo-cd 3.6 (controller, repo-server, gitops-engine) and of Kubernetes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.deletion import what_holds
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Observed, said
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.pods import Trouble

# What Argo CD says when it cannot make manifests of the source, and what helps.
_SOURCE: Mapping[str, str] = {
    r"app path does not exist": "push the folder, or correct the path of the source",
    r"(unable to resolve|couldn't find remote ref)": "push the branch or tag, or correct the source's target revision",
    r"(authentication required|authorization failed|repository not found|permission denied \(publickey\)"
    r"|could not read Username)": "give Argo CD credentials for the repository, or correct its URL",
    r"(no such host|connection refused|i/o timeout|dial tcp)": "make what it names reachable for Argo CD's repo-server",
    r"not permitted in project": "let the project permit it (sources, destinations, kinds), or use another project",
    r"(project .* does not exist|appproject.* not found)": "create the project, or name another one",
}
# What the API server says when it does not take a manifest, and what helps.
_SYNC: Mapping[str, str] = {
    r"Too long: (must have at most|may not be more than)": "add the sync option ServerSideApply=true",
    r"(field is immutable|updates to statefulset spec .* are forbidden)": (
        "delete the object and sync again, or give it the sync options Replace=true and Force=true"
    ),
    r'namespaces "[^"]*" not found': "add the sync option CreateNamespace=true, or create the namespace",
    r"(could not find the requested resource|for requested resource|no matches for kind|CRD is installed)": (
        "install the CRD first; if the same sync does, add SkipDryRunOnMissingResource=true"
    ),
    r"Apply failed with \d+ conflicts?": "leave the fields to the manager that it names, or add ServerSideApply=true",
    r"only dynamically provisioned pvc can be resized": "set allowVolumeExpansion: true in its class, if it can",
    r"violates PodSecurity": "give the pod the security context that it asks for, or relax the namespace's level",
    r"exceeded quota": "raise the namespace's ResourceQuota, or ask for less",
    r"(admission webhook .* denied|denied the request)": "correct in Git what the webhook names",
    r"is not permitted in project": "let the project permit the kind and the destination",
    r"is forbidden: User": "grant Argo CD's application controller the right that it names",
    r"blocked by sync window": "wait until the project's sync window opens, or change it",
}
_CORRECT = "correct the manifest in Git, or revert the commit"


@dataclass(frozen=True)
class Problem:
    """``kind``: the trouble in one word, like ``OutOfSync``. ``cause``: as Argo CD and Kubernetes have it."""

    kind: str
    cause: str
    fix: str


def problems(app: Observed, troubles: Sequence[Trouble] = ()) -> list[dict[str, str]]:
    """All that is wrong with an application, causes before what follows from them. ``troubles``: of its pods."""
    return [asdict(problem) for problem in _problems(app, troubles)]


def _problems(app: Observed, troubles: Sequence[Trouble]) -> Iterator[Problem]:
    if app.deleting:
        told = f"it is being deleted; finalizers that are left: {', '.join(app.finalizers) or 'none'}{what_holds(app)}"
        cause = app.conditions.get("DeletionError") or told
        yield Problem("Deleting", cause, "wait; if it stays so, ai_how.cloud.argocd_app with state: absent says more")
    for kind, message in app.conditions.items():
        if kind.endswith("Error") and kind not in ("SyncError", "DeletionError"):
            fix = _fix(_SOURCE, message) or _fix(_SYNC, message)
            yield Problem(kind, message, fix or "correct its source, destination or project")
    yield from _sync(app)
    if app.sync == "OutOfSync":
        yield Problem("OutOfSync", *_out_of_sync(app))
    if app.health not in ("Healthy", ""):
        yield from _health(app, troubles)


def _sync(app: Observed) -> Iterator[Problem]:
    operation = app.operation
    if operation and operation.dry_run:
        return
    if operation and operation.failed and operation.message == "Operation terminated":
        if app.sync != "Synced":
            yield Problem("SyncTerminated", "its last sync was ended before its end", _again(app))
    elif operation and ((operation.failed and app.sync != "Synced") or (operation.running and operation.retries)):
        for cause in operation.failures or (operation.message,):
            yield Problem("SyncFailed", cause, _fix(_SYNC, cause) or _CORRECT)
    elif operation and operation.running and "blocked by sync window" in operation.message:
        yield Problem("SyncBlocked", operation.message, _fix(_SYNC, operation.message))
    elif "SyncError" in app.conditions:
        cause = app.conditions["SyncError"]
        yield Problem("SyncFailed", cause, _fix(_SYNC, cause) or _CORRECT)


def _out_of_sync(app: Observed) -> tuple[str, str]:
    """Cause and fix."""
    differing = ", ".join(app.out_of_sync) or "no resource is named"
    pruned = any(resource.get("requiresPruning") for resource in app.resources)
    sync = _again(app)
    if app.auto_sync and pruned and not app.auto_prune:
        return f"gone from Git, and automated sync does not prune: {differing}", f"{sync}, prune: true; or prune in Git"
    if _is_as_deployed(app):
        cause = f"not as the commit has it that is deployed, so it was changed in the cluster: {differing}"
        return cause, f"put the change into Git, or {sync}" + ("" if app.auto_sync else "; self_heal does it by itself")
    if not app.auto_sync:
        return f"Git or its settings are newer, and it does not sync automatically: {differing}", sync
    return f"not synced yet: {differing}", "wait for the sync, or see why it fails"


def _is_as_deployed(app: Observed) -> bool:
    """Whether it was deployed last at this very commit, with the same settings."""
    last = app.deployments[-1] if app.deployments else None
    return (
        last is not None and last.revisions == app.revisions and said(list(last.sources)) == said(list(app.raw_sources))
    )


def _again(app: Observed) -> str:
    return f"sync it: ai_how.cloud.argocd_app with name: {app.key.name} and state: synced"


def _health(app: Observed, troubles: Sequence[Trouble]) -> Iterator[Problem]:
    for trouble in troubles:
        yield Problem(app.health, f"pod {trouble.pod}: {trouble.reason}", trouble.advice or "see its events and log")
    if troubles:
        return
    told = app.health_message or "Argo CD gives no reason"
    if app.health == "Suspended":
        yield Problem("Suspended", told, "resume what is paused: a CronJob, a rollout or a Deployment")
    elif app.health == "Missing":
        yield Problem("Missing", told, "sync it; what it deploys is not there")
    else:
        yield Problem(app.health, told, "wait, or look at what it deploys")


def _fix(known: Mapping[str, str], message: str) -> str:
    return next((fix for pattern, fix in known.items() if re.search(pattern, message, re.IGNORECASE)), "")
