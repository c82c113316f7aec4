# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The conversation with Argo CD until an application is where it should be, as pure functions of what was seen.

The order of the rules is the protocol: refresh, errors of the comparison, operation, revision, sync status, health
(controller/appcontroller.go of argo-cd 3.6); last the pods, which know why there is no health. Times are seconds of a
monotonic clock that the caller hands in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Optional, Union

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Key, Observed, Operation
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed, Problem, Refused, Unavailable
from ansible_collections.ai_how.cloud.plugins.module_utils._core.step import Done, Fail, Step, Watch, Write

# Seconds for which a state may show before it counts as final: rollouts are Degraded for a moment, Argo CD's own
# parts restart, self-heal takes a comparison to begin, a sync fails for want of what another one brings, and two
# deletions meet in the same resource.
DEGRADED_GRACE = 10.0
UNAVAILABLE_GRACE = 45.0
OUT_OF_SYNC_GRACE = 20.0
RETRY_GRACE = 20.0
DELETION_ERROR_GRACE = 10.0
REFRESH_AGAIN = 3.0
# Pods: how soon to look at them, and how often; and how long one may say that it cannot start, since a Secret may come
# a moment later.
LOOK_AT_PODS = 2.0
CANNOT_START_GRACE = 10.0

_AWAY = "a part of Argo CD is away"
_COMPARISON_ERRORS = ("InvalidSpecError", "ComparisonError", "UnknownError")
# A part of Argo CD or the API server is away, which heals; a repository that cannot be reached does not count.
_PART_AWAY = re.compile(
    r"code = (Unavailable|Canceled)|context deadline exceeded|error getting cached app|"
    r"dial tcp [^ ]+: connect: connection refused.*(redis|repo-server|apiserver)|failed to (sync|get) cluster"
)


@dataclass(frozen=True)
class Refresh:
    """Ask Argo CD to compare now."""

    key: Key


@dataclass(frozen=True)
class StartSync:
    """Start an operation, if the application is still as ``observed`` (compare-and-swap)."""

    key: Key
    observed: Observed
    revisions: tuple[str, ...]
    prune: bool
    token: str


@dataclass(frozen=True)
class EndOperation:
    """End the operation in progress, if the application is still as ``observed`` (compare-and-swap)."""

    key: Key
    observed: Observed


@dataclass(frozen=True)
class LookAtPods:
    """See what its pods say of themselves.

    Asked for again and again, rather than watched: what is judged is a pod together with what controls it, which would
    take a watch of each of their kinds, and most waits end without a single look.
    """

    key: Key


@dataclass(frozen=True)
class Settle:
    """The application shall be Synced and Healthy, at ``revisions`` where given.

    ``baseline`` is what was seen before anything was written, None for a new application. ``fresh`` asks for a
    comparison of now. ``may_sync`` allows an operation of our own. Without ``wait`` an operation in progress is enough.
    """

    key: Key
    baseline: Optional[Observed]
    token: str
    fresh: bool = True
    may_sync: bool = False
    prune: Optional[bool] = None
    revisions: tuple[str, ...] = ()
    wait: bool = True


@dataclass(frozen=True)
class Gone:
    """The application with this uid shall be gone."""

    key: Key
    uid: str


Goal = Union[Settle, Gone]


@dataclass(frozen=True)
class Memory:
    """What the conversation remembers between two steps: what it wrote, and since when a symptom shows.

    ``stale``: the API server was away, and a comparison that Argo CD wanted to write meanwhile may be lost.
    ``look_at``: when to look at the pods, None while nothing waits for them. ``stuck``: since when which of them do not
    run, by uid and by whether that lasts. ``ended``: when the operation began that we ended.
    """

    refreshed_at: Optional[float] = None
    operated: bool = False
    symptom: str = ""
    since: float = 0.0
    stale: bool = False
    look_at: Optional[float] = None
    stuck: Mapping[tuple[str, bool], float] = field(default_factory=dict)
    ended: str = ""


def next_step(goal: Goal, app: Optional[Observed], memory: Memory, now: float) -> tuple[Step, Memory]:
    """The next step towards ``goal``, and the memory to hand in next time (after a Write: once it is done)."""
    if isinstance(goal, Gone):
        return _until_gone(goal, app, memory, now)
    if app is None:
        return Fail(Failed(f"{goal.key} was deleted by somebody else while it was waited for")), memory
    if app.deleting:
        return Fail(Failed(f"{goal.key} is being deleted by somebody else; declare it again when it is gone")), memory
    if memory.stale:
        memory = replace(memory, stale=False)
        if not app.refreshing:
            return Write(Refresh(goal.key)), replace(memory, refreshed_at=now)
    if memory.refreshed_at is None and goal.baseline is not None:
        if not goal.fresh and isinstance(_judge(goal, app, memory, now)[0], Done):
            return Done(), memory
        if app.refreshing:
            return Watch("Argo CD to finish an earlier refresh"), memory
        return Write(Refresh(goal.key)), replace(memory, refreshed_at=now)
    if app.refreshing or not (app.reconciled_at or app.conditions):
        return Watch("Argo CD to compare it with its source"), memory
    step, memory = _judge(goal, app, memory, now)
    if isinstance(step, Watch) and memory.symptom != _AWAY:
        if not goal.wait:
            return Done(), memory
        if app.workloads and _waits_for_pods(app):
            return _pods(goal, app, step, memory, now)
    return step, replace(memory, look_at=None, stuck={})


def _waits_for_pods(app: Observed) -> bool:
    """Whether pods can be the reason: an operation waits for them, too, before it goes on to its next wave or hook."""
    if app.operation and app.operation.running:
        return app.operation.phase == "Running"
    return app.sync == "Synced" and app.health in ("Progressing", "Degraded")


def _overtaken(goal: Settle, app: Observed) -> Optional[Operation]:
    """The operation in progress, if it is of an older commit than what is to be synced: it is in the way of that."""
    operation = app.operation
    older = operation and operation.running and operation.revisions not in ((), app.revisions)
    due = app.sync == "OutOfSync" and app.compared and at_revisions(goal.revisions, app.revisions)
    return operation if older and due and (app.auto_sync or goal.may_sync) else None


def _pods(goal: Settle, app: Observed, watch: Watch, memory: Memory, now: float) -> tuple[Step, Memory]:
    """Look at the pods while something else is watched, and fail for one that cannot start.

    An operation that waits for pods of an older commit is ended, since Argo CD would begin no other for minutes.
    """
    look_at = memory.look_at if memory.look_at is not None else now + LOOK_AT_PODS
    if now >= look_at:
        return Write(LookAtPods(goal.key)), replace(memory, look_at=now + LOOK_AT_PODS)
    whose = [(trouble.uid, trouble.lasting) for trouble in app.troubles]
    memory = replace(memory, look_at=look_at, stuck={who: memory.stuck.get(who, now) for who in whose})
    for trouble, who in zip(app.troubles, whose):
        if now - memory.stuck[who] < CANNOT_START_GRACE:
            continue
        overtaken = _overtaken(goal, app)
        if overtaken:
            memory = replace(memory, look_at=None, stuck={}, ended=overtaken.started_at)
            return Write(EndOperation(goal.key, app)), memory
        if trouble.lasting:
            state = "being synced" if app.operation and app.operation.running else "Synced"
            return Fail(
                Failed(
                    f"{goal.key} is {state}, but its pod {trouble.pod} cannot start: {trouble.reason}; {trouble.advice}"
                )
            ), memory
    waits = (look_at - now, watch.wake_after)
    return Watch(watch.reason + _told(app), min(wait for wait in waits if wait is not None)), memory


def _told(app: Observed) -> str:
    """What the pods say, at the end of a sentence: the first of them stands for the others."""
    others = len(app.troubles) - 1
    return "".join(f"; {trouble}" for trouble in app.troubles[:1]) + (f"; and {others} more" if others > 0 else "")


def _until_gone(goal: Gone, app: Optional[Observed], memory: Memory, now: float) -> tuple[Step, Memory]:
    if app is None or app.uid != goal.uid:
        return Done(), memory
    error = app.conditions.get("DeletionError", "")
    if not error:
        finalizers = ", ".join(app.raw["metadata"].get("finalizers", [])) or "none"
        return Watch(f"its deletion (finalizers left: {finalizers})"), replace(memory, symptom="")
    memory = _notice(memory, "DeletionError", now)
    patience = DELETION_ERROR_GRACE - (now - memory.since)
    if patience > 0:
        return Watch(error, wake_after=patience), memory
    return Fail(Failed(f"{goal.key} cannot be deleted: {error}")), memory


def _judge(goal: Settle, app: Observed, memory: Memory, now: float) -> tuple[Step, Memory]:
    """The rules for an application that has just been compared."""
    errors = "; ".join(f"{kind}: {app.conditions[kind]}" for kind in _COMPARISON_ERRORS if kind in app.conditions)
    if errors:
        return _comparison_error(goal, app, errors, memory, now)
    operation = app.operation
    if app.operation_pending or (operation and operation.running):
        message = operation.message if operation and operation.running else ""
        if "blocked by sync window" in message:
            return Fail(Refused(f"{goal.key}: {message}; the operation stays queued until the window opens")), memory
        current = operation and operation.of_spec and operation.revisions == app.revisions
        if operation and operation.running and operation.retries and current:
            return _retrying(goal, operation, memory, now)
        return Watch(f"the operation in progress{': ' + message if message else ''}"), replace(memory, symptom="")
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
    if not at_revisions(goal.revisions, app.revisions) and not passed:
        return Fail(Failed(superseded(goal, app))), memory
    if app.sync == "OutOfSync" and not (passed and not at_revisions(goal.revisions, app.revisions)):
        return _out_of_sync(goal, app, memory, may_start, now)
    if app.sync not in ("Synced", "OutOfSync"):
        return Watch(f"its sync status ({app.sync or 'not known yet'})"), memory
    return _health(goal, app, memory, now)


def _comparison_error(goal: Settle, app: Observed, errors: str, memory: Memory, now: float) -> tuple[Step, Memory]:
    if _PART_AWAY.search(errors):
        memory = _notice(memory, _AWAY, now)
        if now - memory.since < UNAVAILABLE_GRACE:
            if now - (memory.refreshed_at or 0.0) >= REFRESH_AGAIN:
                return Write(Refresh(goal.key)), replace(memory, refreshed_at=now)
            return Watch(errors, wake_after=REFRESH_AGAIN), memory
    return Fail(Failed(f"{goal.key}, from {', '.join(map(str, app.sources))}: {errors}")), memory


def _retrying(goal: Settle, operation: Operation, memory: Memory, now: float) -> tuple[Step, Memory]:
    """Argo CD goes on for minutes with what failed at this very commit."""
    memory = _notice(memory, "retrying", now)
    patience = RETRY_GRACE - (now - memory.since)
    if patience > 0:
        return Watch(f"the operation in progress: {operation.message}", wake_after=patience), memory
    return Fail(Failed(f"{goal.key}: sync fails again and again: {operation.told}")), memory


def _out_of_sync(goal: Settle, app: Observed, memory: Memory, may_start: bool, now: float) -> tuple[Step, Memory]:
    if may_start:
        return _start(goal, app, memory)
    resources = ", ".join(app.out_of_sync) or "no resource is named"
    if not app.auto_sync and not memory.operated:
        return Fail(
            Refused(f"{goal.key} is OutOfSync ({resources}) and not synced automatically; use state: synced for it")
        ), memory
    if app.operation and app.operation.self_heals > 1:
        return Watch(f"{resources} to be healed by Argo CD, which waits longer each time"), memory
    memory = _notice(memory, "OutOfSync", now)
    patience = OUT_OF_SYNC_GRACE - (now - memory.since)
    if patience > 0:
        return Watch(f"{resources} to be Synced", wake_after=patience), memory
    return Fail(
        Failed(
            f"{goal.key} is still OutOfSync after its last operation "
            f"({app.operation.phase if app.operation else 'none'}): {resources}"
        )
    ), memory


def _health(goal: Settle, app: Observed, memory: Memory, now: float) -> tuple[Step, Memory]:
    if app.health == "Healthy":
        return Done(), memory
    detail = f"{app.health or 'not known yet'}{': ' + app.health_message if app.health_message else ''}"
    if app.health not in ("Degraded", "Missing"):
        return Watch(f"its health ({detail})"), replace(memory, symptom="")
    memory = _notice(memory, app.health, now)
    patience = DEGRADED_GRACE - (now - memory.since)
    if patience > 0:
        return Watch(f"its health ({detail})", wake_after=patience), memory
    return Fail(Failed(f"{goal.key} is Synced, but its health is {detail}{_told(app)}")), memory


def _start(goal: Settle, app: Observed, memory: Memory) -> tuple[Step, Memory]:
    """An operation of our own, at the commit that was just compared."""
    action = StartSync(
        key=goal.key,
        observed=app,
        revisions=app.revisions,
        prune=app.auto_prune if goal.prune is None else goal.prune,
        token=goal.token,
    )
    return Write(action), replace(memory, operated=True, symptom="")


def _notice(memory: Memory, symptom: str, now: float) -> Memory:
    return memory if memory.symptom == symptom else replace(memory, symptom=symptom, since=now)


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


def has_sickened(goal: Goal, app: Optional[Observed]) -> bool:
    """Whether an application that reached its goal is not Healthy any more, with nothing newer in it."""
    return (
        isinstance(goal, Settle)
        and goal.wait
        and app is not None
        and not app.operation_pending
        and app.sync == "Synced"
        and app.health != "Healthy"
        and at_revisions(goal.revisions, app.revisions)
    )


def at_revisions(expected: tuple[str, ...], seen: tuple[str, ...]) -> bool:
    """Whether each expected revision is the one seen in its place; "" expects nothing, 7 digits of a commit will do."""
    padded = seen + ("",) * (len(expected) - len(seen))
    return all(
        not want or want == have or (len(want) >= 7 and have.startswith(want)) for want, have in zip(expected, padded)
    )


def superseded(goal: Settle, app: Observed) -> str:
    """The sentence for an application that is at another commit than the expected one."""
    source = app.sources[0]
    have = ", ".join(app.revisions) or "no revision"
    return (
        f"{goal.key}: {', '.join(filter(None, goal.revisions))} is superseded by {have}, which is what "
        f"{source} is at now; expect that one, or push the other"
    )


def children_to_follow(goal: Settle, app: Observed) -> tuple[Key, ...]:
    """The applications that this one deploys and that can be judged by now.

    While an operation runs these are the ones that it has already applied: the others are still as before.
    """
    if (
        app.refreshing
        or not app.compared
        or not (at_revisions(goal.revisions, app.revisions) or entered_history(goal, app))
    ):
        return ()
    if app.operation_pending or (app.operation and app.operation.running):
        return app.operation.applied if app.operation and is_recent(goal, app) else ()
    return app.children if app.sync == "Synced" else ()


def expected_of_child(goal: Settle, parent: Observed, child: Observed) -> tuple[str, ...]:
    """The parent's expected commits, put to those sources of the child that have the same repository and ref."""
    if not at_revisions(goal.revisions, parent.revisions):
        return ()
    expected = {source.ref: revision for source, revision in zip(parent.sources, goal.revisions) if revision}
    wanted = tuple(expected.get(source.ref, "") for source in child.sources)
    return wanted if any(wanted) else ()


def foresee(goal: Settle, app: Observed) -> tuple[bool, str]:
    """For check mode: whether a run would deploy something, judged by what Argo CD knew last, and why."""
    if not at_revisions(goal.revisions, app.revisions):
        return True, f"would be brought from {', '.join(app.revisions) or 'nothing'} to {', '.join(goal.revisions)}"
    if app.sync == "OutOfSync":
        return True, f"would be synced: {', '.join(app.out_of_sync) or 'OutOfSync'}"
    return False, f"{app.sync or 'sync status not known'}, {app.health or 'health not known'}"


def look_further(key: Key) -> str:
    """The commands that show more."""
    return f"kubectl describe applications.argoproj.io {key.name} -n {key.namespace}, or: argocd app get {key.name}"


def failed(key: Key, problem: Problem) -> str:
    """The sentence of a failure, ended by where to look, unless nobody can."""
    if isinstance(problem, Unavailable):
        return str(problem)
    return f"{problem}. Look further with: {look_further(key)}"
