# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Turning VMs on and off and waiting for them: a conversation for the runner, pure.

A guest that boots may miss the power button, so it is pressed again; the plug is pulled only if the task allows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed, Problem, TimedOut
from ansible_collections.ai_how.cloud.plugins.module_utils._core.step import Done, Fail, Step, Watch, Write
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.actions import Action, PowerOff, Shutdown, Start
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.model import Key
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.seen import Seen
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.xml import Impact

_PRESS_AGAIN = 10.0  # seconds
_WORDS = {"ip": "it has no address", "ssh": "nothing answers at port 22", "agent": "its guest agent does not answer"}


@dataclass(frozen=True)
class Goal:
    """``state``: running, stopped, or empty for "as it is". ``cycles``: it must have been off on the way."""

    key: Key
    state: str
    cycles: bool = False
    wait_for: str = "none"
    shutdown_timeout: float = 120.0
    force_stop: bool = False


@dataclass
class Memory:
    """What was done for one goal, and when."""

    was_off: bool = False
    asked_at: Optional[float] = None
    pressed_at: Optional[float] = None
    started: bool = False
    moved: bool = False
    end: Optional[Step] = None


def next_step(goal: Goal, seen: Seen, memory: Memory, now: float) -> Step:
    """The rules, in the order of a VM's life."""
    if not goal.state:
        return Done()
    if seen.state == "absent":
        return Fail(Failed(f"{goal.key} was undefined by somebody else; run the task again"))
    if seen.is_on and (goal.state == "stopped" or (goal.cycles and not memory.was_off)):
        return _stop(goal, memory, now)
    if goal.state == "stopped":
        return Done()
    if seen.state != "running":
        if memory.started:
            return Fail(
                Failed(
                    f"{goal.key} ended right after its start, and is {seen.state}; see what it said in "
                    f"/var/log/libvirt/qemu/{goal.key.name}.log"
                )
            )
        return Write(Start(goal.key, "start", Impact.LIVE, {}))
    if goal.wait_for != "none" and goal.wait_for not in seen.ready:
        at = f" ({', '.join(seen.addresses)})" if seen.addresses else ""
        return Watch(f"{_WORDS[goal.wait_for]}{at}; look at it with: virsh console {goal.key.name}")
    return Done()


def _stop(goal: Goal, memory: Memory, now: float) -> Step:
    if memory.asked_at is not None and now - memory.asked_at >= goal.shutdown_timeout:
        if goal.force_stop:
            return Write(PowerOff(goal.key, "power off", Impact.POWER_CYCLE, {}))
        return Fail(
            TimedOut(
                f"{goal.key} did not shut down within {goal.shutdown_timeout:.0f} s; look at its console, or allow "
                "force_stop: true to pull its plug"
            )
        )
    if memory.pressed_at is None or now - memory.pressed_at >= _PRESS_AGAIN:
        return Write(Shutdown(goal.key, "shut down", Impact.POWER_CYCLE, {}))
    left = goal.shutdown_timeout - (0.0 if memory.asked_at is None else now - memory.asked_at)
    return Watch("it is shutting down", max(0.1, min(_PRESS_AGAIN, left)))


class PowerConversation:
    """All goals of a task; a conversation of the runner."""

    def __init__(self, goals: Sequence[Goal]) -> None:
        self._goals = {goal.key: goal for goal in goals}
        self._memories = {goal.key: Memory() for goal in goals}
        self._steps: dict[Key, Step] = {}
        self._now = 0.0

    def advance(self, world: Mapping[Key, Seen], now: float) -> Mapping[Key, Step]:
        self._now, self._steps = now, {}
        for key, goal in self._goals.items():
            memory = self._memories[key]
            if memory.end is None:
                memory.was_off = memory.was_off or not world[key].is_on
                step = next_step(goal, world[key], memory, now)
                memory.end = step if isinstance(step, (Done, Fail)) else None
                self._steps[key] = step
        return {key: step for key, step in self._steps.items() if not isinstance(step, (Done, Fail))}

    def confirm(self, key: Key) -> None:
        step, memory = self._steps[key], self._memories[key]
        action: Optional[Action] = step.action if isinstance(step, Write) else None
        memory.moved = True
        memory.started = isinstance(action, Start)
        if isinstance(action, Shutdown):
            memory.pressed_at = self._now
            memory.asked_at = self._now if memory.asked_at is None else memory.asked_at

    def fail(self, key: Key, problem: Problem) -> None:
        self._memories[key].end = Fail(problem)

    def look_again(self) -> None:
        """Nothing is concluded from what was not seen, so there is nothing to look at again."""

    def time_out(self, seconds: float, away: Optional[Problem]) -> None:
        for key, step in self._steps.items():
            if self._memories[key].end is None:
                reason = str(away) if away else step.reason if isinstance(step, Watch) else "it was being started"
                self.fail(key, TimedOut(f"{key} was waited for {seconds:.0f} s: {reason}"))

    def wake_after(self) -> Optional[float]:
        waits = [step.wake_after for step in self._steps.values() if isinstance(step, Watch)]
        return min((wait for wait in waits if wait is not None), default=None)

    def followed(self) -> Sequence[Key]:
        return list(self._goals)

    def failure(self, root: Key) -> str:
        end = self._memories[root].end if root in self._memories else None
        return str(end.problem) if isinstance(end, Fail) else ""

    def moved(self, root: Key, world: Mapping[Any, Any]) -> bool:
        return root in self._memories and self._memories[root].moved

    def over(self) -> bool:
        return all(memory.end is not None for memory in self._memories.values())
