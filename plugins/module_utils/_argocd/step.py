# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The conversation with Argo CD until an application is where it should be, as pure functions of what was seen.

The order of the rules is the protocol: refresh, errors of the comparison, operation, revision, sync status, health
(controller/appcontroller.go of argo-cd 3.6); last the pods, which know why there is no health. Times are seconds of a
monotonic clock that the caller hands in.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Optional, Union

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.comparison import (
    AWAY,
    compared,
    comparison_error,
    superseded,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.deletion import until_gone
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import (
    Compare,
    Goal,
    Gone,
    Idle,
    Memory,
    Operate,
    Refresh,
    Settle,
    notice,
    refresh,
    with_grace,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.health import health, look_at_pods, waits_for_pods
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.hydration import TO_HYDRATE, hydrated
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Key, Observed, Operation, at_revisions
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.operate import (
    OUT_OF_SYNC_GRACE,
    idle,
    in_progress,
    operated,
    start,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed, Problem, Refused, Unavailable
from ansible_collections.ai_how.cloud.plugins.module_utils._core.step import Done, Fail, Step, Watch, Write

# Seconds for which a sync may fail for want of what another one brings.
RETRY_GRACE = 20.0

_CONTROLLER = " (does its application controller run?)"


def next_step(goal: Goal, app: Optional[Observed], memory: Memory, now: float) -> tuple[Step, Memory]:
    """The next step towards ``goal``, and the memory to hand in next time (after a Write: once it is done)."""
    step, memory = _next_step(goal, app, memory, now)
    if app and isinstance(step, Write) and isinstance(step.action, Refresh):
        memory = replace(memory, hydration=app.hydration)
    return step, memory


def _next_step(goal: Goal, app: Optional[Observed], memory: Memory, now: float) -> tuple[Step, Memory]:
    if isinstance(goal, Gone):
        return until_gone(goal, app, memory, now)
    if app is None:
        return Fail(Failed(f"{goal.key} was deleted by somebody else while it was waited for")), memory
    if isinstance(goal, Idle):
        return idle(goal, app, memory, now)
    if app.deleting:
        return Fail(Failed(f"{goal.key} is being deleted by somebody else; declare it again when it is gone")), memory
    if memory.stale:
        memory = replace(memory, stale=False)
        if not app.refreshing:
            return Write(refresh(goal)), replace(memory, refreshed_at=now)
    if memory.refreshed_at is None and goal.baseline is not None:
        if (
            isinstance(goal, Settle)
            and not goal.fresh
            and not app.hydrating
            and isinstance(_judge(goal, app, memory, now)[0], Done)
        ):
            return Done(), memory
        if app.refreshing:
            return Watch(f"Argo CD to finish an earlier refresh{_CONTROLLER}"), memory
        return Write(refresh(goal)), replace(memory, refreshed_at=now)
    if isinstance(goal, Compare) and not goal.wait:
        return Done(), memory
    if app.refreshing or not (app.reconciled_at or app.conditions):
        compare = f"Argo CD to compare it with its source{_CONTROLLER}"
        return Watch(TO_HYDRATE if app.hydration else compare), memory
    unhydrated = None if isinstance(goal, Operate) else hydrated(goal, app, memory, now)
    if unhydrated:
        return unhydrated
    if isinstance(goal, Compare):
        return compared(goal, app, memory, now)
    return _synced_or_operated(goal, app, memory, now)


def _synced_or_operated(goal: Union[Settle, Operate], app: Observed, memory: Memory, now: float) -> tuple[Step, Memory]:
    """The rules for an application that has just been compared, and the pods that it waits for."""
    if isinstance(goal, Settle):
        step, memory = _judge(goal, app, memory, now)
        begun = True
    else:
        step, memory = operated(goal, app, memory, now)
        begun = memory.operated
    if isinstance(step, Watch) and memory.symptom != AWAY:
        if begun and not goal.wait:
            return Done(), memory
        if app.workloads and waits_for_pods(goal, app):
            return look_at_pods(goal, app, step, memory, now)
    return step, replace(memory, look_at=None, stuck={})


def _judge(goal: Settle, app: Observed, memory: Memory, now: float) -> tuple[Step, Memory]:
    """The rules for an application that shall be Synced and Healthy."""
    error = comparison_error(goal, app, memory, now)
    if error:
        return error
    operation = app.operation
    waiting = in_progress(goal, app, memory, now)
    if waiting:
        if isinstance(waiting[0], Watch) and operation and _retries_in_vain(goal, operation, app):
            return _retrying(goal, operation, memory, now)
        return waiting
    if operation and is_recent(goal, app):
        ours = operation.token == goal.token or not memory.operated
        if operation.failed and ours and operation.started_at != memory.ended:
            return Fail(Failed(f"{goal.key}: sync {operation.phase}: {operation.told}")), memory
    if operation and operation.finished_at > app.reconciled_at:
        return Watch("Argo CD to compare it after the operation"), memory
    may_start = goal.may_sync and not memory.operated
    if "SyncError" in app.conditions and not may_start:
        return Fail(Failed(f"{goal.key}: SyncError: {app.conditions['SyncError']}")), memory
    if not app.compared:
        return Watch("Argo CD to compare the changed spec"), memory
    passed = entered_history(goal, app)
    if not at_revisions(goal.revisions, app.pushed) and not passed:
        return Fail(Failed(superseded(goal, app))), memory
    if may_start and goal.sync.always:
        return start(goal, app, app.revisions, memory)
    if app.sync == "OutOfSync" and not (passed and not at_revisions(goal.revisions, app.pushed)):
        return _out_of_sync(goal, app, memory, may_start, now)
    if app.sync not in ("Synced", "OutOfSync"):
        return Watch(f"its sync status ({app.sync or 'not known yet'})"), memory
    return health(goal, app, memory, now)


def _retries_in_vain(goal: Settle, operation: Operation, app: Observed) -> bool:
    """Whether what fails again and again is what is wanted now, unless this task asked for the retries."""
    asked = goal.sync.retry is not None and operation.token == goal.token
    current = operation.of_spec and operation.revisions == app.revisions
    return operation.running and operation.retries > 0 and current and not asked


def _retrying(goal: Settle, operation: Operation, memory: Memory, now: float) -> tuple[Step, Memory]:
    """Argo CD goes on for minutes with what failed at this very commit. An attempt has failed once it has ended."""
    memory = notice(memory, "retrying", now)
    patience = RETRY_GRACE - (now - memory.since)
    if patience > 0 or not operation.finished_at:
        wake_after = patience if patience > 0 else None
        return Watch(f"the operation in progress: {operation.message}", wake_after), memory
    return Fail(Failed(f"{goal.key}: sync fails again and again: {operation.told}")), memory


def _out_of_sync(goal: Settle, app: Observed, memory: Memory, may_start: bool, now: float) -> tuple[Step, Memory]:
    if may_start:
        return start(goal, app, app.revisions, memory)
    resources = ", ".join(app.out_of_sync) or "no resource is named"
    if not app.auto_sync and not memory.operated:
        return Fail(
            Refused(f"{goal.key} is OutOfSync ({resources}) and not synced automatically; use state: synced for it")
        ), memory
    if app.operation and app.operation.self_heals > 1:
        return Watch(f"{resources} to be healed by Argo CD, which waits longer each time"), memory
    problem = Failed(
        f"{goal.key} is still OutOfSync after its last operation "
        f"({app.operation.phase if app.operation else 'none'}): {resources}"
    )
    return with_grace(f"{resources} to be Synced", problem, memory, "OutOfSync", now, OUT_OF_SYNC_GRACE)


def is_recent(goal: Settle, app: Observed) -> bool:
    """Whether the last operation began after this run did."""
    before = goal.baseline.operation if goal.baseline else None
    return app.operation is not None and (before is None or app.operation.started_at != before.started_at)


def entered_history(goal: Settle, app: Observed) -> bool:
    """Whether the expected commit was deployed since the start, even if a newer one came after it."""
    known = {number for number, revisions in goal.baseline.history} if goal.baseline else set()
    return bool(goal.revisions) and any(
        number not in known and at_revisions(goal.revisions, revisions) for number, revisions in app.history
    )


def has_moved(baseline: Optional[Observed], app: Observed) -> bool:
    """Whether Argo CD deployed anything since ``baseline``."""
    if baseline is None or baseline.uid != app.uid:
        return True
    return app.history != baseline.history or (
        app.operation is not None
        and (baseline.operation is None or app.operation.started_at != baseline.operation.started_at)
    )


def acted(goal: Goal, memory: Memory) -> bool:
    """Whether something was written that changes more than the declaration: an operation but a dry run, its end, or an
    approval of deletions.
    """
    operated_on = isinstance(goal, (Settle, Operate)) and memory.operated and not goal.sync.dry_run
    return operated_on or bool(memory.ended) or memory.confirmed


def has_relapsed(goal: Goal, app: Optional[Observed]) -> bool:
    """Whether an application that reached its goal is not Synced and Healthy any more, with nothing newer in it.

    One that is compared with what was deployed last is OutOfSync for a moment when somebody else syncs it, too.
    """
    if not (isinstance(goal, Settle) and goal.wait and app) or app.operation_pending:
        return False
    if not at_revisions(goal.revisions, app.pushed):
        return False
    if app.sync == "OutOfSync":
        return bool(app.deployments) and app.deployments[-1].revisions == app.revisions
    return app.sync == "Synced" and app.health != "Healthy"


def children_to_follow(goal: Settle, app: Observed) -> tuple[Key, ...]:
    """The applications that this one deploys and that can be judged by now.

    While an operation runs these are the ones that it has already applied: the others are still as before.
    """
    if (
        app.refreshing
        or app.hydrating
        or not app.compared
        or not (at_revisions(goal.revisions, app.pushed) or entered_history(goal, app))
    ):
        return ()
    if app.operation_pending or (app.operation and app.operation.running):
        return app.operation.applied if app.operation and is_recent(goal, app) else ()
    return app.children if app.sync == "Synced" else ()


def expected_of_child(goal: Settle, parent: Observed, child: Observed) -> tuple[str, ...]:
    """The parent's expected commits, put to those sources of the child that have the same repository and ref."""
    if not at_revisions(goal.revisions, parent.pushed):
        return ()
    expected = {source.ref: revision for source, revision in zip(parent.followed, goal.revisions) if revision}
    wanted = tuple(expected.get(source.ref, "") for source in child.followed)
    return wanted if any(wanted) else ()


def foresee(goal: Settle, app: Observed) -> tuple[bool, str]:
    """For check mode: whether a run would deploy something, judged by what Argo CD knew last, and why."""
    if not at_revisions(goal.revisions, app.pushed):
        return True, f"would be brought from {', '.join(app.pushed) or 'nothing'} to {', '.join(goal.revisions)}"
    if app.sync == "OutOfSync":
        return True, f"would be synced: {', '.join(app.out_of_sync) or 'OutOfSync'}"
    if goal.sync.always:
        return True, "would be synced, though nothing is out of sync"
    return False, known(app)


def known(app: Observed) -> str:
    """What Argo CD knew last."""
    return f"{app.sync or 'sync status not known'}, {app.health or 'health not known'}"


def look_further(key: Key) -> str:
    """The commands that show more."""
    return f"kubectl describe applications.argoproj.io {key.name} -n {key.namespace}, or: argocd app get {key.name}"


def failed(key: Key, problem: Problem) -> str:
    """The sentence of a failure, ended by where to look, unless nobody can."""
    if isinstance(problem, Unavailable):
        return str(problem)
    return f"{problem}. Look further with: {look_further(key)}"
