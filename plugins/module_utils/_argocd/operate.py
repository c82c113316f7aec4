# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Operations of our own that do not end in Synced, the end of one that runs, and what Argo CD refuses. No I/O.

The rules are those of Sync, Rollback and TerminateOperation in server/application/application.go of argo-cd 3.6, which
its controller leaves to the API server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Optional, Union

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import (
    ConfirmDeletion,
    EndOperation,
    Idle,
    Memory,
    Operate,
    Refresh,
    Settle,
    StartSync,
    notice,
    with_grace,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.health import health
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import (
    TOKEN,
    Deployment,
    Observed,
    at_revisions,
    said,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.sync import Sync
from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import FIELD_MANAGER
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed, Invalid, Problem, Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._core.step import Done, Fail, Step, Watch, Write

# Seconds for which what was synced may show as OutOfSync: a comparison takes its time, and self-heal begins after one.
OUT_OF_SYNC_GRACE = 20.0
# Seconds for which a sync window may block: one that lets manual syncs pass does so, too, when the operation begins.
BLOCKED_GRACE = 5.0
# Seconds without news of an operation in progress after which to have the application compared.
RESUMED_AFTER = 15.0
# Seconds after which to compare what an operation changed: Argo CD sees it a moment later than the operation ends, and
# without a status that becomes Synced only the time tells that its health is of what was deployed.
SEEN_AFTER = 2.0

_Sources = Sequence[Mapping[str, Any]]

_BLOCKED = "blocked by sync window"
_UNCONFIRMED = "waiting for pruning confirmation of "


def operated(goal: Operate, app: Observed, memory: Memory, now: float) -> tuple[Step, Memory]:
    """The goal Operate: wait for what is in progress, start the operation if it is due, and see it succeed."""
    if app.operation and app.operation.token == goal.token:  # even if no answer said that it was started
        memory = replace(memory, operated=True)
    waiting = in_progress(goal, app, memory, now)
    if waiting:
        return waiting
    if not memory.operated:
        problem = refusal(goal.sync, app) or unknown_resources(goal.sync, app)
        if problem:
            return Fail(problem), memory
        if is_due(goal, app):
            return start(goal, app, wanted_revisions(goal.sync, app, goal.deployment), memory)
        return _outcome(goal, app, memory, now) if goal.wait else (Done(), memory)
    operation = app.operation
    if operation and operation.token == goal.token and operation.failed:
        return Fail(Failed(f"{goal.key}: {_name(goal)} {operation.phase}: {operation.told}")), memory
    if goal.sync.dry_run:
        return Done(), memory
    if not goal.sync.resources and not memory.compared_after:
        memory = notice(memory, "operated", now)
        patience = SEEN_AFTER - (now - memory.since)
        if patience > 0:
            return Watch("Argo CD to see what the operation changed", wake_after=patience), memory
        return Write(Refresh(goal.key)), replace(memory, compared_after=True)
    if operation and operation.token != goal.token and _is_missing(goal, app):
        problem = Failed(
            f"{goal.key}: {_name(goal)} was replaced by another operation ({operation.phase}: {operation.told}) before "
            "its end was seen; run the task again when nobody else syncs it"
        )
        return Fail(problem), memory
    return _outcome(goal, app, memory, now)


def _outcome(goal: Operate, app: Observed, memory: Memory, now: float) -> tuple[Step, Memory]:
    """Nothing more is to be operated: is what was operated as it should be?"""
    left = _left(goal, app)
    if not left:
        return (Done(), memory) if goal.sync.resources else health(goal, app, memory, now)
    problem = Failed(f"{goal.key}: {', '.join(left)} is still OutOfSync after it was synced")
    return with_grace(f"{', '.join(left)} to be Synced", problem, memory, "OutOfSync", now, OUT_OF_SYNC_GRACE)


def _left(goal: Operate, app: Observed) -> tuple[str, ...]:
    """What is not in sync though it should be by now; where Argo CD compares with something else it cannot tell."""
    if goal.sync.resources:
        return () if goal.sync.revisions else out_of_sync(goal.sync, app)
    return app.out_of_sync if _compares(app, *_wanted(goal, app)) else ()


def _is_missing(goal: Operate, app: Observed) -> bool:
    """Whether what was to be deployed was not, where the sync status does not tell."""
    if goal.sync.resources and not goal.sync.revisions:
        return False
    wanted = _wanted(goal, app)
    return not _compares(app, *wanted) and not is_deployed(app, *wanted)


def idle(goal: Idle, app: Observed, memory: Memory, now: float) -> tuple[Step, Memory]:
    """The goal Idle: end the operation in progress, and see it end."""
    operation = app.operation
    if not is_operating(app) or (memory.ended and operation and operation.started_at != memory.ended):
        return Done(), memory
    if operation is None or not operation.running:
        return Watch("the operation that was asked for to begin, before it can be ended"), memory
    if not memory.ended and operation.phase == "Running":
        return Write(EndOperation(goal.key, app)), replace(memory, ended=operation.started_at)
    if not goal.wait:
        return Done(), memory
    if _BLOCKED in operation.message:
        return _blocked(
            f"{goal.key}: {operation.message}, and Argo CD does not end it before the window opens", memory, now
        )
    return Watch(f"the operation to end: {operation.message}"), memory


def _blocked(sentence: str, memory: Memory, now: float) -> tuple[Step, Memory]:
    watch = f"the operation in progress, which is {_BLOCKED}"
    return with_grace(watch, Refused(sentence), memory, _BLOCKED, now, BLOCKED_GRACE)


def is_operating(app: Observed) -> bool:
    """Whether an operation runs or is about to."""
    return app.operation_pending or bool(app.operation and app.operation.running)


def in_progress(
    goal: Union[Settle, Operate], app: Observed, memory: Memory, now: float
) -> Optional[tuple[Step, Memory]]:
    """What follows from an operation in progress; None if there is none."""
    if not is_operating(app):
        return None
    operation = app.operation if app.operation and app.operation.running else None
    message = operation.message if operation else ""
    if _BLOCKED in message:
        return _blocked(f"{goal.key}: {message}; the operation stays queued until the window opens", memory, now)
    if operation and message.startswith(_UNCONFIRMED) and not app.is_confirmed(operation.started_at):
        if goal.confirm:
            return Write(ConfirmDeletion(goal.key, operation.started_at)), replace(memory, confirmed=True)
        return Fail(
            Refused(
                f"{goal.key}: its sync waits for a confirmation to prune {message[len(_UNCONFIRMED) :]} "
                f"(Prune=confirm); give it with confirm_deletion: true, or argocd app confirm-deletion {goal.key.name}"
            )
        ), memory
    watch = f"the operation in progress{': ' + message if message else ''}"
    if operation is None or operation.retries:
        return Watch(watch), replace(memory, symptom="")
    return _running(goal, watch, app, memory, now)


def _running(
    goal: Union[Settle, Operate], watch: str, app: Observed, memory: Memory, now: float
) -> tuple[Step, Memory]:
    """A controller that was restarted goes on with an operation only when the application is due for a comparison."""
    memory = notice(memory, f"nothing new since {app.resource_version}", now)
    patience = RESUMED_AFTER - (now - memory.since)
    if patience > 0:
        return Watch(watch, wake_after=patience), memory
    return Write(Refresh(goal.key)), replace(memory, symptom="")


def start(goal: Union[Settle, Operate], app: Observed, revisions: Sequence[str], memory: Memory) -> tuple[Step, Memory]:
    """An operation of our own."""
    action = StartSync(
        key=goal.key,
        observed=app,
        revisions=tuple(revisions),
        prune=app.auto_prune if goal.prune is None else goal.prune,
        token=goal.token,
        sync=goal.sync,
        deployment=goal.deployment if isinstance(goal, Operate) else None,
    )
    return Write(action), replace(memory, operated=True, symptom="")


def refusal(sync: Sync, app: Observed) -> Optional[Problem]:
    """Why Argo CD would not start such a sync."""
    if len(sync.revisions) > len(app.sources):
        return Invalid(
            f"{app.key}: {len(sync.revisions)} revisions to sync to were given for {len(app.sources)} source(s); give "
            "at most one for each"
        )
    for revision, source in zip(sync.revisions, app.sources):
        if revision not in ("", source.target_revision) and app.auto_sync and not sync.dry_run:
            return Refused(
                f"{app.key} cannot be synced to {revision}, since it is synced automatically to {source}; change its "
                "target_revision, or turn automated sync off"
            )
    return None


def rollback_refusal(app: Observed) -> Optional[Problem]:
    """Why Argo CD would not roll it back."""
    if app.deleting:
        return Refused(f"{app.key} is being deleted and cannot be rolled back")
    if app.auto_sync:
        return Refused(
            f"{app.key} is synced automatically, so that it cannot be rolled back; revert the commit in Git, or turn "
            "automated sync off (sync_policy without automated) first"
        )
    return None


def find_deployment(app: Observed, history_id: Optional[int], revisions: Sequence[str]) -> Deployment:
    """The entry of the history with this id, or else the last one at these revisions. Raises Invalid without one."""
    for deployment in reversed(app.deployments):
        if deployment.number == history_id or (
            history_id is None and at_revisions(tuple(revisions), deployment.revisions)
        ):
            return deployment
    wanted = f"the id {history_id}" if history_id is not None else ", ".join(filter(None, revisions))
    there = "; ".join(f"{deployment.number}: {', '.join(deployment.revisions)}" for deployment in app.deployments)
    raise Invalid(
        f"{app.key} cannot be rolled back to {wanted}, which is not in its history ({there or 'it is empty'}); "
        f"Argo CD keeps the last {app.history_limit} deployments, and none of dry runs and of single resources"
    )


def unknown_resources(sync: Sync, app: Observed) -> Optional[Problem]:
    """The sentence about resources to sync that the application does not have."""
    unknown = [one for one in sync.resources if not one.exclude and not any(map(one.matches, app.resources))]
    if not unknown:
        left = not sync.resources or _selected(sync, app)
        return None if left else Invalid(f"{app.key} has no resource but those that are excluded; exclude fewer")
    return Invalid(
        f"{app.key} has no resource {', '.join(map(str, unknown))} (group:kind:name); give resources as the result "
        "of this module lists them"
    )


def out_of_sync(sync: Sync, app: Observed) -> tuple[str, ...]:
    """``Kind/name`` of each resource to sync that is not as Git has it."""
    return tuple(
        f"{resource['kind']}/{resource['name']}"
        for resource in _selected(sync, app)
        if resource.get("status") not in ("Synced", None)
    )


def wanted_revisions(sync: Sync, app: Observed, deployment: Optional[Deployment] = None) -> tuple[str, ...]:
    """What to sync to, by source: the revision that was asked for, or else the one that was compared last."""
    if deployment:
        return deployment.revisions
    nothing = ("",) * len(app.sources)
    return tuple(
        have if want in ("", source.target_revision) else want
        for want, have, source in zip(sync.revisions + nothing, app.revisions + nothing, app.sources)
    )


def is_due(goal: Operate, app: Observed) -> bool:
    """Whether the operation would bring anything that is not there."""
    if goal.sync.dry_run or goal.sync.always:
        return True
    if goal.sync.resources and not goal.sync.revisions:
        return bool(out_of_sync(goal.sync, app))
    return not is_deployed(app, *_wanted(goal, app))


def foresee_operation(goal: Operate, app: Observed) -> tuple[bool, str]:
    """For check mode: whether a run would change anything, judged by what Argo CD knew last, and why."""
    problem = unknown_resources(goal.sync, app)
    if problem:
        return False, str(problem)
    revisions = ", ".join(wanted_revisions(goal.sync, app, goal.deployment)) or "nothing"
    if goal.sync.dry_run:
        return False, f"would be synced to {revisions}, as a dry run"
    if not is_due(goal, app):
        return False, f"{revisions} is deployed already"
    if goal.sync.resources:
        resources = ", ".join(out_of_sync(goal.sync, app)) or "nothing that is out of sync"
        return True, f"would be synced to {revisions}: {resources}"
    return True, f"would be {'rolled back' if goal.deployment else 'synced'} to {revisions}"


def is_deployed(app: Observed, revisions: tuple[str, ...], sources: _Sources) -> bool:
    """Whether it is what was deployed last, as far as Argo CD knows: it compares with the spec's target only."""
    last = app.deployments[-1] if app.deployments else None
    if not last or not at_revisions(revisions, last.revisions) or not _same(last.sources, sources):
        return False
    operation = app.operation
    if operation and not operation.dry_run and (operation.failed or operation.revisions != last.revisions):
        return False
    return app.sync == "Synced" or not _compares(app, last.revisions, sources)


def operation_patch(action: StartSync) -> dict[str, Any]:
    """The operation as Argo CD's API server writes it, with options and retry of the spec where the task has none."""
    how, policy = action.sync, action.observed.raw["spec"].get("syncPolicy", {})
    sources = action.deployment.sources if action.deployment else action.observed.raw_sources
    several = action.deployment.several if action.deployment else action.observed.has_several_sources
    sync: dict[str, Any] = {
        "prune": action.prune,
        "syncOptions": how.sync_options(policy.get("syncOptions", [])) or None,
        "syncStrategy": {"apply": {}} if action.deployment else how.strategy_in_api(),
        "dryRun": how.dry_run or None,
        "resources": [
            {name: resource[name] for name in ("group", "kind", "name", "namespace") if name in resource}
            for resource in _selected(how, action.observed)
        ]
        or None,
    }
    if several:
        sync.update(sources=list(sources), revisions=list(action.revisions))
    else:
        sync.update(source=sources[0], revision=action.revisions[0] if action.revisions else "")
    retry = None if action.deployment else policy.get("retry") if how.retry is None else how.retry
    operation = {
        "sync": {name: value for name, value in sync.items() if value is not None},
        "initiatedBy": {"username": FIELD_MANAGER},
        "info": [{"name": TOKEN, "value": action.token}, *how.info],
        **({"retry": retry} if retry is not None else {}),
    }
    return {
        "metadata": {"resourceVersion": action.observed.resource_version},
        "operation": operation,
        "status": {"operationState": None},
    }


def _wanted(goal: Operate, app: Observed) -> tuple[tuple[str, ...], _Sources]:
    """The revisions and sources that the goal is about."""
    sources = goal.deployment.sources if goal.deployment else app.raw_sources
    return wanted_revisions(goal.sync, app, goal.deployment), sources


def _compares(app: Observed, revisions: tuple[str, ...], sources: _Sources) -> bool:
    """Whether the sync status is against these."""
    return at_revisions(revisions, app.revisions) and _same(app.raw_sources, sources)


def _same(one: _Sources, other: _Sources) -> bool:
    return bool(said(list(one)) == said(list(other)))


def _selected(sync: Sync, app: Observed) -> Sequence[Mapping[str, Any]]:
    """Those to sync one by one; none where all of the application is meant."""
    return [resource for resource in app.resources if sync.resources and sync.selects(resource)]


def _name(goal: Operate) -> str:
    return "dry run" if goal.sync.dry_run else "rollback" if goal.deployment else "sync"
