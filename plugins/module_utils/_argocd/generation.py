# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The conversation about ApplicationSets: until Argo CD has generated the applications, and these are settled. No I/O.

The protocol is that of applicationset/controllers/applicationset_controller.go of argo-cd 3.6: the controller deletes
the refresh annotation once it has created, updated and deleted applications, and writes the conditions after that;
where it cannot generate them it writes the condition ErrorOccurred alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Optional, Union

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.conversation import Conversation, Talk
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import Gone, Memory, Settle, with_grace
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Key, Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._core import declared
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed, Problem
from ansible_collections.ai_how.cloud.plugins.module_utils._core.step import Done, Fail, Step, Watch, Write

SET_REFRESH_ANNOTATION = "argocd.argoproj.io/application-set-refresh"

# Seconds for which generating may fail: what the generators read may be about to come.
ERROR_GRACE = 10.0
# Seconds for an error that showed before, too: Argo CD does not write again what it has written, and it may take this
# long to fetch what the generators read.
OLD_ERROR_GRACE = 60.0


class SetKey(NamedTuple):
    """Names one ApplicationSet; the last field tells it from the key of an application."""

    namespace: str
    name: str
    kind: str = "ApplicationSet"

    def __str__(self) -> str:
        return f'application set "{self.name}"'


class ObservedSet(declared.Observed):
    """An ApplicationSet as the API server gave it."""

    @property
    def key(self) -> SetKey:
        return SetKey(self.raw["metadata"]["namespace"], self.name)

    @property
    def uid(self) -> str:
        return str(self.raw["metadata"].get("uid", ""))

    @property
    def resource_version(self) -> str:
        return str(self.raw["metadata"].get("resourceVersion", ""))

    @property
    def deleting(self) -> bool:
        return "deletionTimestamp" in self.raw["metadata"]

    @property
    def refreshing(self) -> bool:
        return SET_REFRESH_ANNOTATION in self.raw["metadata"].get("annotations", {})

    @property
    def up_to_date(self) -> bool:
        return bool(self._condition("ResourcesUpToDate"))

    @property
    def error(self) -> str:
        """Why Argo CD could not generate the applications last; empty if it could."""
        return str(self._condition("ErrorOccurred").get("message", ""))

    @property
    def error_since(self) -> str:
        """When that was written."""
        return str(self._condition("ErrorOccurred").get("lastTransitionTime", ""))

    def _condition(self, kind: str) -> Mapping[str, Any]:
        """The condition, if it is true."""
        conditions = self.raw.get("status", {}).get("conditions", [])
        return next((one for one in conditions if one["type"] == kind and one["status"] == "True"), {})

    @property
    def keeps_applications(self) -> bool:
        """Whether Argo CD keeps the applications when the set is deleted."""
        policy = self.raw["spec"].get("syncPolicy", {}).get("applicationsSync", "sync")
        return policy in ("create-only", "create-update")


def generated_by(seen: ObservedSet, world: Mapping[Any, Any]) -> Sequence[Observed]:
    """The applications that the set has, in the order of their names."""
    return [
        world[key]
        for key in sorted(key for key in world if isinstance(key, Key))
        if any(owner.get("uid") == seen.uid for owner in world[key].raw["metadata"].get("ownerReferences", []))
    ]


@dataclass(frozen=True)
class Regenerate:
    """Ask Argo CD to generate the applications of the set now."""

    key: SetKey


@dataclass(frozen=True)
class ListApplications:
    """See all applications of the set's namespace as they are now: a watch may lag behind that of the sets."""

    key: SetKey


@dataclass(frozen=True)
class Generate:
    """The applications shall be generated from the set as it is now, and Synced and Healthy.

    ``changed``: whether the set changed in this run, so that they are to be compared anew.
    """

    key: SetKey
    baseline: Optional[ObservedSet]
    token: str
    changed: bool = True
    confirm: bool = False


@dataclass(frozen=True)
class Ungenerate:
    """The set with this uid shall be gone, and the applications that it had, unless Argo CD keeps them."""

    key: SetKey
    uid: str
    applications: tuple[Observed, ...] = ()
    confirm: bool = False


SetGoal = Union[Generate, Ungenerate]


def next_step_of_set(goal: SetGoal, seen: Optional[ObservedSet], memory: Memory, now: float) -> tuple[Step, Memory]:
    """The next step towards ``goal``, and the memory to hand in next time (after a Write: once it is done)."""
    if isinstance(goal, Ungenerate):
        if seen is None or seen.uid != goal.uid:
            return Done(), memory
        finalizers = ", ".join(seen.raw["metadata"].get("finalizers", [])) or "none"
        return Watch(f"its deletion (finalizers left: {finalizers})"), memory
    if seen is None or seen.deleting:
        return Fail(Failed(f"{goal.key} was deleted by somebody else while it was waited for")), memory
    if memory.refreshed_at is None or (memory.stale and not seen.refreshing):
        return Write(Regenerate(goal.key)), replace(memory, refreshed_at=now, stale=False)
    if seen.error:
        old = goal.baseline is not None and seen.error_since == goal.baseline.error_since and seen.refreshing
        problem = Failed(f"{goal.key}: Argo CD cannot generate its applications: {seen.error}")
        return with_grace(seen.error, problem, memory, seen.error, now, OLD_ERROR_GRACE if old else ERROR_GRACE)
    memory = replace(memory, symptom="")
    if seen.refreshing or not seen.up_to_date:
        return Watch("Argo CD to generate its applications (does its ApplicationSet controller run?)"), memory
    if not memory.listed:
        return Write(ListApplications(goal.key)), replace(memory, listed=True)
    return Done(), memory


class SetConversation:
    """Where each set stands, and each application that it has."""

    def __init__(self, goals: Sequence[SetGoal], before: Mapping[Any, Any]) -> None:
        self._talks: dict[SetKey, Talk[SetGoal]] = {goal.key: Talk(goal, goal.key) for goal in goals}
        self._followed: dict[SetKey, tuple[Key, ...]] = dict.fromkeys(self._talks, ())
        self._before = before
        self._applications = Conversation([], before)
        for key, talk in self._talks.items():
            if isinstance(talk.goal, Ungenerate):
                self._follow(key, [Gone(app.key, app.uid, talk.goal.confirm) for app in talk.goal.applications])

    def advance(self, world: Mapping[Any, Any], now: float) -> Mapping[Any, Step]:
        """The next step of each set and application that is neither done nor failed."""
        steps: dict[Any, Step] = {}
        for key, talk in self._talks.items():
            if talk.over:
                continue
            step, memory = next_step_of_set(talk.goal, world.get(key), talk.memory, now)
            talk.take(step)
            talk.remember(memory)
            if isinstance(step, Done) and isinstance(talk.goal, Generate):
                self._follow(key, self._generated(talk.goal, world))
            elif not talk.over:
                steps[key] = step
        steps.update(self._applications.advance(world, now))
        for key, talk in self._talks.items():  # with the deletion order Reverse a set goes after its applications
            if key in steps and any(self._applications.failure(app) for app in self._followed[key]):
                talk.step = Done()
                del steps[key]
        return steps

    def confirm(self, key: Any) -> None:
        if key in self._talks:
            self._talks[key].confirm()
        else:
            self._applications.confirm(key)

    def fail(self, key: Any, problem: Problem) -> None:
        if key in self._talks:
            self._talks[key].step = Fail(problem)
        else:
            self._applications.fail(key, problem)

    def look_again(self) -> None:
        for talk in self._talks.values():
            talk.memory = replace(talk.memory, stale=True)
        self._applications.look_again()

    def time_out(self, seconds: float, away: Optional[Problem] = None) -> None:
        for key, talk in self._talks.items():
            if not talk.over:
                self.fail(key, talk.timed_out(key, seconds, away))
        self._applications.time_out(seconds, away)

    def wake_after(self) -> Optional[float]:
        waits = [talk.step.wake_after for talk in self._talks.values() if isinstance(talk.step, Watch)]
        return min((wait for wait in (*waits, self._applications.wake_after()) if wait is not None), default=None)

    def followed(self) -> Sequence[Any]:
        return [*self._talks, *self._applications.followed()]

    def over(self) -> bool:
        return all(talk.over for talk in self._talks.values()) and self._applications.over()

    def failure(self, root: SetKey) -> str:
        """Why the set or one of its applications failed, as one sentence; empty if none did."""
        talk = self._talks.get(root)
        if talk is None:
            return ""
        if isinstance(talk.step, Fail):
            look = f"kubectl describe applicationsets.argoproj.io {root.name} -n {root.namespace}"
            return f"{talk.step.problem}. Look further with: {look}"
        failures = [failure for key in self._followed[root] if (failure := self._applications.failure(key))]
        return f"{root} has an application that failed: {failures[0]}" if failures else ""

    def moved(self, root: SetKey, world: Mapping[Any, Any]) -> bool:
        """Only what a task declares changes here: what Argo CD generates and syncs is its own."""
        return False

    def own_failure(self, key: Key) -> str:
        return self._applications.own_failure(key)

    def _follow(self, key: SetKey, goals: Sequence[Union[Settle, Gone]]) -> None:
        self._followed[key] = tuple(goal.key for goal in goals)
        self._applications.follow(goals)

    def _generated(self, goal: Generate, world: Mapping[Any, Any]) -> Sequence[Union[Settle, Gone]]:
        return [
            Gone(app.key, app.uid, goal.confirm)
            if app.deleting
            else Settle(app.key, self._before.get(app.key), goal.token, fresh=goal.changed, confirm=goal.confirm)
            for app in generated_by(world[goal.key], world)
        ]
