# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a conversation is to reach, what it may write on the way, and what it remembers between two steps. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Optional, Union

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import (
    Deployment,
    Hydration,
    Key,
    Observed,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.sync import Sync
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Problem
from ansible_collections.ai_how.cloud.plugins.module_utils._core.step import Fail, Step, Watch


@dataclass(frozen=True)
class Refresh:
    """Ask Argo CD to compare now; ``hard`` makes the manifests anew, too."""

    key: Key
    kind: str = "normal"


@dataclass(frozen=True)
class StartSync:
    """Start an operation, if the application is still as ``observed`` (compare-and-swap).

    It is of the sources of the spec, or of ``deployment``, an entry of the history.
    """

    key: Key
    observed: Observed
    revisions: tuple[str, ...]
    prune: bool
    token: str
    sync: Sync = field(default_factory=Sync)
    deployment: Optional[Deployment] = None


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
class ConfirmDeletion:
    """Approve the deletion of resources that wait for it (Delete=confirm, Prune=confirm), for what began ``since``."""

    key: Key
    since: str


Action = Union[Refresh, StartSync, EndOperation, LookAtPods, ConfirmDeletion]


@dataclass(frozen=True)
class Settle:
    """The application shall be Synced and Healthy, at ``revisions`` where given.

    ``baseline`` is what was seen before anything was written, None for a new application. ``fresh`` asks for a
    comparison of now. ``may_sync`` allows an operation of our own, done as ``sync`` says. ``confirm`` approves the
    deletion of resources that wait for it. Without ``wait`` an operation in progress is enough.
    """

    key: Key
    baseline: Optional[Observed]
    token: str
    fresh: bool = True
    may_sync: bool = False
    prune: Optional[bool] = None
    revisions: tuple[str, ...] = ()
    wait: bool = True
    sync: Sync = field(default_factory=Sync)
    confirm: bool = False


@dataclass(frozen=True)
class Compare:
    """Argo CD shall compare the application with its source now, by a ``kind`` of refresh: normal or hard."""

    key: Key
    baseline: Observed
    kind: str = "normal"
    wait: bool = True


@dataclass(frozen=True)
class Operate:
    """An operation of our own shall have succeeded, unless what it would bring is there already.

    For all that does not end in Synced: a dry run, some of the resources, another revision than the spec's, or
    ``deployment``, the entry of the history to roll back to.
    """

    key: Key
    baseline: Optional[Observed]
    token: str
    sync: Sync = field(default_factory=Sync)
    prune: Optional[bool] = None
    deployment: Optional[Deployment] = None
    wait: bool = True
    confirm: bool = False


@dataclass(frozen=True)
class Idle:
    """No operation shall be in progress."""

    key: Key
    wait: bool = True


@dataclass(frozen=True)
class Gone:
    """The application with this uid shall be gone. ``confirm`` approves the deletion of what waits for that."""

    key: Key
    uid: str
    confirm: bool = False


Goal = Union[Settle, Compare, Operate, Idle, Gone]


@dataclass(frozen=True)
class Memory:
    """What the conversation remembers between two steps: what it wrote, and since when a symptom shows.

    ``stale``: the API server was away, and a comparison that Argo CD wanted to write meanwhile may be lost.
    ``look_at``: when to look at the pods, None while nothing waits for them. ``stuck``: since when which of them do not
    run, by uid and by whether that lasts. ``ended``: when the operation began that we ended.
    ``compared_after``: whether a comparison was asked for after our operation, or after the hydration.
    ``hydration``: where the source hydrator stood when a refresh was asked for last.
    ``confirmed``: whether a deletion was approved. ``listed``: whether the applications of a set were seen after it had
    generated them.
    """

    refreshed_at: Optional[float] = None
    operated: bool = False
    symptom: str = ""
    since: float = 0.0
    stale: bool = False
    look_at: Optional[float] = None
    stuck: Mapping[tuple[str, bool], float] = field(default_factory=dict)
    ended: str = ""
    compared_after: bool = False
    hydration: Optional[Hydration] = None
    confirmed: bool = False
    listed: bool = False


def refresh(goal: Goal) -> Refresh:
    """The refresh that the goal asks for."""
    return Refresh(goal.key, goal.kind if isinstance(goal, Compare) else "normal")


def notice(memory: Memory, symptom: str, now: float) -> Memory:
    """``memory`` with the symptom and since when it shows."""
    return memory if memory.symptom == symptom else replace(memory, symptom=symptom, since=now)


def with_grace(
    watch: str, problem: Problem, memory: Memory, symptom: str, now: float, grace: float
) -> tuple[Step, Memory]:
    """Watch what may pass by itself, and fail once it has shown for ``grace`` seconds."""
    memory = notice(memory, symptom, now)
    patience = grace - (now - memory.since)
    return (Watch(watch, wake_after=patience) if patience > 0 else Fail(problem)), memory
