# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The health of what was deployed, and the pods, which know why there is none. No I/O."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional, Union

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import (
    EndOperation,
    LookAtPods,
    Memory,
    Operate,
    Settle,
    with_grace,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Observed, Operation, at_revisions
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed
from ansible_collections.ai_how.cloud.plugins.module_utils._core.step import Done, Fail, Step, Watch, Write

# Seconds for which a bad health may show before it counts: rollouts are Degraded for a moment.
DEGRADED_GRACE = 10.0
# Pods: how soon to look at them, and how often; and how long one may say that it cannot start, since a Secret may come
# a moment later.
LOOK_AT_PODS = 2.0
CANNOT_START_GRACE = 10.0

_RESUME = (
    "what is suspended does not go on by itself, unless it is a Rollout that pauses for a while: resume it in Git, or "
    "with argocd app actions run {} resume --kind KIND"
)


def health(goal: Union[Settle, Operate], app: Observed, memory: Memory, now: float) -> tuple[Step, Memory]:
    """Wait until it is Healthy, and fail where it is not going to be.

    Argo CD calls missing what only its target has, which says nothing against another revision that was deployed.
    """
    if app.health == "Healthy" or (app.health == "Missing" and isinstance(goal, Operate)):
        return Done(), memory
    detail = f"{app.health or 'not known yet'}{': ' + app.health_message if app.health_message else ''}"
    if app.health == "Suspended":
        detail += f"; {_RESUME.format(app.key.name)}"
    if app.health not in ("Degraded", "Missing"):
        return Watch(f"its health ({detail})"), replace(memory, symptom="")
    problem = Failed(f"{goal.key} is {_state(app)}, but its health is {detail}{told(app)}")
    return with_grace(f"its health ({detail})", problem, memory, app.health, now, DEGRADED_GRACE)


def waits_for_pods(goal: Union[Settle, Operate], app: Observed) -> bool:
    """Whether pods can be the reason: an operation waits for them, too, before it goes on to its next wave or hook."""
    if app.operation and app.operation.running:
        return app.operation.phase == "Running"
    return (app.sync == "Synced" or isinstance(goal, Operate)) and app.health in ("Progressing", "Degraded")


def _overtaken(goal: Settle, app: Observed) -> Optional[Operation]:
    """The operation in progress, if it is of an older commit than what is to be synced: it is in the way of that."""
    operation = app.operation
    older = operation and operation.running and operation.revisions not in ((), app.revisions)
    due = app.sync == "OutOfSync" and app.compared and at_revisions(goal.revisions, app.pushed)
    return operation if older and due and (app.auto_sync or goal.may_sync) else None


def look_at_pods(
    goal: Union[Settle, Operate], app: Observed, watch: Watch, memory: Memory, now: float
) -> tuple[Step, Memory]:
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
        overtaken = _overtaken(goal, app) if isinstance(goal, Settle) else None
        if overtaken:
            memory = replace(memory, look_at=None, stuck={}, ended=overtaken.started_at)
            return Write(EndOperation(goal.key, app)), memory
        if trouble.lasting:
            return Fail(
                Failed(
                    f"{goal.key} is {_state(app)}, but its pod {trouble.pod} cannot start: {trouble.reason}; "
                    f"{trouble.advice}"
                )
            ), memory
    waits = (look_at - now, watch.wake_after)
    return Watch(watch.reason + told(app), min(wait for wait in waits if wait is not None)), memory


def told(app: Observed) -> str:
    """What the pods say, at the end of a sentence: the first of them stands for the others."""
    others = len(app.troubles) - 1
    return "".join(f"; {trouble}" for trouble in app.troubles[:1]) + (f"; and {others} more" if others > 0 else "")


def _state(app: Observed) -> str:
    if app.operation and app.operation.running:
        return "being synced"
    return "Synced" if app.sync == "Synced" else "deployed"
