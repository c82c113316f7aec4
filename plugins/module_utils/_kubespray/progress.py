# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What happens in a run of Kubespray, as lines for the one who waits, and as the reason of a failure.

The events come from the callback plugin kubespray_events, which runs in Kubespray's own Ansible. It tells what is
ignored and what is not; the text of the log does not: a good first run prints ``fatal: FAILED!`` a dozen times.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._core.redact import redact_text

Event = Mapping[str, Any]

_LONG = 300  # characters of a message
_SLOW = 10.0  # seconds after which a task is worth a line, and again
_PROBLEM = re.compile(r"^(?:\[?ERROR|\w+Error:|.*No such file or directory)", re.MULTILINE)


@dataclass(frozen=True)
class Failure:
    play: str
    task: str
    host: str
    message: str
    unreachable: bool = False


@dataclass
class Progress:
    """Takes the events of one run in their order; ``now`` is seconds since its start."""

    plays: int = 0
    play_number: int = 0
    play: str = ""
    task: str = ""
    task_began: float = 0.0
    told: float = 0.0
    hosts: int = 0
    done: int = 0  # hosts that have answered for this task
    tasks: int = 0
    failures: dict[str, Failure] = field(default_factory=dict)  # the last of each host
    recap: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def see(self, event: Event, now: float) -> list[str]:
        """Lines to show for the event."""
        kind = event.get("event")
        if kind == "start":
            self.plays = event["plays"]
        elif kind == "play":
            self.play, self.hosts, self.play_number = event["name"], event["hosts"], self.play_number + 1
            if self.hosts:
                return [self._line(now, f"play {self.play_number} of {self.plays}: {self.play} ({_hosts(self.hosts)})")]
        elif kind == "task":
            self.task, self.task_began, self.told, self.done = event["name"], now, now, 0
            self.tasks += 1
        elif kind == "retry":
            return [self._line(now, f"{event['host']} tries again ({event['left']} left): {self.task}")]
        elif kind == "failed":
            return self._failed(event, now)
        elif kind == "done":
            self.done += 1
        elif kind == "recap":
            self.recap = event["hosts"]
        return []

    def beat(self, now: float) -> list[str]:
        """Lines to show when time goes by: what takes long."""
        if not self.task or now - self.told < _SLOW:
            return []
        self.told = now
        waited = f"{now - self.task_began:.0f} s, {self.done} of {_hosts(self.hosts)}"
        return [self._line(now, f"... {self.task} ({waited})")]

    def counts(self) -> dict[str, int]:
        """Over all hosts."""
        names = ("ok", "changed", "failures", "unreachable", "ignored")
        return {name: sum(host.get(name, 0) for host in self.recap.values()) for name in names}

    def blamed(self) -> list[Failure]:
        """The failures that count: the last one of each host that the recap says has failed."""
        bad = {name for name, host in self.recap.items() if host.get("failures") or host.get("unreachable")}
        return [failure for name, failure in self.failures.items() if name in bad or not self.recap]

    def _failed(self, event: Event, now: float) -> list[str]:
        self.done += 1
        if event.get("ignored"):
            return []
        message = short(event["message"])
        host = event["host"]
        self.failures[host] = Failure(self.play, self.task, host, message, bool(event.get("unreachable")))
        what = "is not reached" if event.get("unreachable") else "failed"
        return [self._line(now, f"{host} {what}: {self.task}: {message}")]

    def _line(self, now: float, text: str) -> str:
        return f"{int(now) // 60:02d}:{int(now) % 60:02d}  {text}"


def short(message: str) -> str:
    """On one line, cut, and without credentials."""
    text = " ".join(redact_text(str(message)).split())
    return text if len(text) <= _LONG else f"{text[:_LONG]}..."


def failure(playbook: str, status: int, seconds: float, progress: Progress, log: str, tail: str) -> str:
    """One sentence on why a run failed and how it goes on. ``log``: its path; ``tail``: the end of it."""
    return f"Kubespray's {playbook} failed after {seconds:.0f} s {_why(status, progress, tail)}. The whole log is {log}"


def _why(status: int, progress: Progress, tail: str) -> str:
    blamed = progress.blamed()
    if blamed:
        first = blamed[0]
        others = f" (and on {', '.join(each.host for each in blamed[1:])})" if len(blamed) > 1 else ""
        doing = "where it is not reached" if first.unreachable else f"in the task {first.task!r}"
        return f"on {first.host}{others} {doing}, play {first.play!r}: {first.message.rstrip('.')}"
    if status < 0:
        return f"by signal {-status}, in the task {progress.task!r}"
    found = _PROBLEM.search(tail)
    said = short(tail[found.start() :] if found else tail[-_LONG:])
    return f"with status {status} before its first task: {said.rstrip('.') or 'nothing was said'}"


def summary(playbook: str, seconds: float, progress: Progress) -> str:
    """One line on a run that succeeded."""
    counts = progress.counts()
    return (
        f"{playbook}: {seconds:.0f} s, {progress.tasks} tasks on {_hosts(len(progress.recap))}, "
        f"{counts['changed']} changes, {counts['ignored']} ignored failures"
    )


def parse_event(line: str, load: Any) -> Optional[Event]:
    """None for a line that is no event, as one that was cut off by the end of the process."""
    try:
        event = load(line)
    except ValueError:
        return None
    return event if isinstance(event, Mapping) else None


def _hosts(count: int) -> str:
    return "1 host" if count == 1 else f"{count} hosts"
