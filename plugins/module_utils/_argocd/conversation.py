# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""All goals of a run at once, and the children that they bring: who is done, who waits, who failed. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Optional, TypeVar

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import Goal, Memory, Settle
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Key, Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.step import (
    acted,
    children_to_follow,
    expected_of_child,
    failed,
    has_moved,
    has_relapsed,
    next_step,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Problem, TimedOut
from ansible_collections.ai_how.cloud.plugins.module_utils._core.step import Done, Fail, Step, Watch, Write

G = TypeVar("G")


@dataclass
class Talk(Generic[G]):
    """Where one goal stands. The memory of a Write counts once it was done."""

    goal: G
    root: Any
    memory: Memory = field(default_factory=Memory)
    parent: Optional[Settle] = None  # until a child is seen
    pending: Optional[Memory] = None
    step: Optional[Step] = None
    waits_for: str = "an answer of the API server"

    @property
    def over(self) -> bool:
        return isinstance(self.step, (Done, Fail))

    def take(self, step: Step) -> None:
        self.step = step
        if isinstance(step, Watch):
            self.waits_for = step.reason

    def remember(self, memory: Memory) -> None:
        """What comes with the step that was taken last."""
        if isinstance(self.step, Write):
            self.pending = memory
        else:
            self.memory = memory

    def confirm(self) -> None:
        if self.pending is not None:
            self.memory, self.pending = self.pending, None

    def timed_out(self, key: Any, seconds: float, away: Optional[Problem]) -> TimedOut:
        last = f"; {away}" if away else ""
        return TimedOut(f"{key}: timed out after {seconds:g} s waiting for {self.waits_for}{last}")


class Conversation:
    """Holds where each goal stands. ``advance`` after everything seen, ``confirm`` after each Write that was done."""

    def __init__(self, goals: Sequence[Goal], before: Mapping[Key, Observed], recurse: bool = True) -> None:
        self._talks: dict[Key, Talk[Goal]] = {}
        self._before = before
        self._listed: set[str] = set()
        self._recurse = recurse
        self._failures: dict[Key, str] = {}
        self.follow(goals)

    def follow(self, goals: Sequence[Goal]) -> None:
        """Take on more goals, in namespaces that ``before`` knows."""
        for goal in goals:
            self._talks.setdefault(goal.key, Talk(goal, goal.key))
            self._listed.add(goal.key.namespace)

    def advance(self, world: Mapping[Key, Observed], now: float) -> Mapping[Key, Step]:
        """The next step of each application that is neither done nor failed; children join in as they appear.

        All of them shall be Synced and Healthy in the end: one that was done is waited for again if it relapses before
        the others are done.
        """
        steps: dict[Key, Step] = {}
        for key, talk in self._talks.items():
            if isinstance(talk.step, Done) and has_relapsed(talk.goal, world.get(key)):
                talk.step = None
        todo = [key for key, talk in self._talks.items() if not talk.over and not self.failure(talk.root)]
        while todo:
            key = todo.pop()
            talk = self._talks[key]
            if talk.parent:
                if key not in world or talk.parent.key not in world:
                    steps[key] = Watch("it to be seen")
                    self._take(talk, steps[key])
                    continue
                self._begin(talk, talk.parent, world)
            step, memory = next_step(talk.goal, world.get(key), talk.memory, now)
            self._take(talk, step)
            talk.remember(memory)
            if not talk.over:
                steps[key] = step
            todo.extend(self._follow_children(talk, world))
        return steps

    def confirm(self, key: Key) -> None:
        """The Write of ``key`` was done."""
        self._talks[key].confirm()

    def fail(self, key: Key, problem: Problem) -> None:
        """``key`` cannot go on."""
        self._take(self._talks[key], Fail(problem))

    def look_again(self) -> None:
        """The server was away: what Argo CD wanted to write meanwhile may be lost."""
        for talk in self._talks.values():
            talk.memory = replace(talk.memory, stale=True)

    def time_out(self, seconds: float, away: Optional[Problem] = None) -> None:
        """Everything that is not over by now has failed. ``away``: why the server cannot be reached, if so."""
        for key, talk in self._talks.items():
            if not talk.over:
                self.fail(key, talk.timed_out(key, seconds, away))

    def wake_after(self) -> Optional[float]:
        """Seconds after which to advance though nothing was seen."""
        waits = [
            talk.step.wake_after
            for talk in self._talks.values()
            if isinstance(talk.step, Watch) and not self.failure(talk.root)
        ]
        return min((wait for wait in waits if wait is not None), default=None)

    def followed(self) -> Sequence[Key]:
        """Everything that is followed."""
        return list(self._talks)

    def over(self) -> bool:
        """Whether every goal is reached or lost."""
        return all(talk.over or self.failure(talk.root) for talk in self._talks.values())

    def failure(self, root: Key) -> str:
        """Why ``root`` failed, as one sentence; empty if it did not."""
        return self._failures.get(root, "")

    def moved(self, root: Key, world: Mapping[Key, Observed]) -> bool:
        """Whether it was acted upon, or a sync was asked for and deployed anything, in it or below it."""
        talk = self._talks.get(root)
        if talk is None:
            return False
        below = [talk for talk in self._talks.values() if talk.root == root]
        return any(acted(talk.goal, talk.memory) for talk in below) or (
            isinstance(talk.goal, Settle)
            and talk.goal.may_sync
            and any(
                isinstance(talk.goal, Settle) and key in world and has_moved(talk.goal.baseline, world[key])
                for key, talk in self._talks.items()
                if talk.root == root and talk.parent is None
            )
        )

    def own_failure(self, key: Key) -> str:
        """Why ``key`` itself failed; empty if it did not."""
        talk = self._talks.get(key)
        return str(talk.step.problem) if talk and isinstance(talk.step, Fail) else ""

    def _take(self, talk: Talk[Goal], step: Step) -> None:
        """``step`` is where the talk stands now; the first failure is the one that is told of its root."""
        talk.take(step)
        if isinstance(step, Fail) and talk.root not in self._failures:
            state = "not ready" if isinstance(step.problem, TimedOut) else "failing"
            via = "" if talk.goal.key == talk.root else f"{talk.root} has a child that is {state}: "
            self._failures[talk.root] = via + failed(talk.goal.key, step.problem)

    def _follow_children(self, talk: Talk[Goal], world: Mapping[Key, Observed]) -> Sequence[Key]:
        goal, app = talk.goal, world.get(talk.goal.key)
        if not (self._recurse and isinstance(goal, Settle) and goal.wait and app) or isinstance(
            talk.step, (Write, Fail)
        ):
            return []
        if goal.baseline is not None and goal.fresh and talk.memory.refreshed_at is None:
            return []
        followed = []
        for key in children_to_follow(goal, app):
            if key not in self._talks:
                child = Settle(key, self._before.get(key), goal.token, fresh=goal.fresh, confirm=goal.confirm)
                self._talks[key] = Talk(child, talk.root, parent=goal)
                followed.append(key)
        return followed

    def _begin(self, talk: Talk[Goal], parent: Settle, world: Mapping[Key, Observed]) -> None:
        """A child is seen for the first time; it need not be new, if its namespace was not listed at the start."""
        child, deployer = world[talk.goal.key], world[parent.key]
        talk.goal = Settle(
            key=child.key,
            baseline=self._before.get(child.key) if child.key.namespace in self._listed else child,
            token=parent.token,
            fresh=parent.fresh,
            revisions=expected_of_child(parent, deployer, child),
            confirm=parent.confirm,
        )
        talk.parent = None
