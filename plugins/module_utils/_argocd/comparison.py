# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Errors of the comparison of an application with its source: which are final, and which heal. No I/O."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Optional, Union

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import Compare, Memory, Settle, notice, refresh
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed
from ansible_collections.ai_how.cloud.plugins.module_utils._core.step import Done, Fail, Step, Watch, Write

# Seconds for which a part of Argo CD may be away, since it is restarted, and after which to ask it again meanwhile.
UNAVAILABLE_GRACE = 45.0
REFRESH_AGAIN = 3.0

AWAY = "a part of Argo CD is away"
_COMPARISON_ERRORS = ("InvalidSpecError", "ComparisonError", "UnknownError")
# A part of Argo CD or the API server is away, which heals; a repository that cannot be reached does not count.
_PART_AWAY = re.compile(
    r"code = (Unavailable|Canceled)|context deadline exceeded|error getting cached app|"
    r"dial tcp [^ ]+: connect: connection refused.*(redis|repo-server|apiserver)|failed to (sync|get) cluster"
)


def compared(goal: Compare, app: Observed, memory: Memory, now: float) -> tuple[Step, Memory]:
    """The goal Compare, once Argo CD has answered."""
    return comparison_error(goal, app, memory, now) or (Done(), memory)


def comparison_error(
    goal: Union[Settle, Compare], app: Observed, memory: Memory, now: float
) -> Optional[tuple[Step, Memory]]:
    """What follows from the errors of the comparison; None if there are none."""
    errors = "; ".join(f"{kind}: {app.conditions[kind]}" for kind in _COMPARISON_ERRORS if kind in app.conditions)
    if not errors:
        return None
    problem = Failed(f"{goal.key}, from {', '.join(map(str, app.sources))}: {errors}")
    return away(goal, errors, memory, now) or (Fail(problem), memory)


def away(goal: Union[Settle, Compare], errors: str, memory: Memory, now: float) -> Optional[tuple[Step, Memory]]:
    """Ask again until a part of Argo CD is back; None if it is none that is away, or for too long."""
    if not _PART_AWAY.search(errors):
        return None
    memory = notice(memory, AWAY, now)
    if now - memory.since >= UNAVAILABLE_GRACE:
        return None
    if now - (memory.refreshed_at or 0.0) >= REFRESH_AGAIN:
        return Write(refresh(goal)), replace(memory, refreshed_at=now)
    return Watch(errors, wake_after=REFRESH_AGAIN), memory


def superseded(goal: Settle, app: Observed) -> str:
    """The sentence for an application that is at another commit than the expected one."""
    have = ", ".join(app.pushed) or "no revision"
    return (
        f"{goal.key}: {', '.join(filter(None, goal.revisions))} is superseded by {have}, which is what "
        f"{app.followed[0]} is at now; expect that one, or push the other"
    )
