# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What comes before a comparison where a source hydrator makes the manifests: that it has made them. No I/O.

The hydrator answers a request by taking away the annotation, once it has pushed or found that there is nothing to do
(controller/hydrator/hydrator.go of argo-cd 3.6). It asks for a comparison a moment after that. Before 3.6 it answers as
soon as it has looked, before it begins, and a request that comes while it hydrates an older commit not at all.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Optional, Union

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.comparison import (
    AWAY,
    REFRESH_AGAIN,
    away,
    superseded,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import (
    Compare,
    Memory,
    Settle,
    refresh,
    with_grace,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Observed, at_revisions
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed
from ansible_collections.ai_how.cloud.plugins.module_utils._core.step import Fail, Step, Watch, Write

# Seconds for which it may not have seen the commit that is waited for: it was asked while it was busy with another.
UNSEEN_GRACE = 10.0

TO_HYDRATE = "Argo CD to hydrate it (is its source hydrator enabled, and does its commit server run?) and compare it"


def hydrated(goal: Union[Settle, Compare], app: Observed, memory: Memory, now: float) -> Optional[tuple[Step, Memory]]:
    """What is still to be done before what it compares is made of what was pushed; None if nothing is."""
    seen = app.hydration
    if seen is None or "InvalidSpecError" in app.conditions:
        return None
    if seen.phase in ("", "Hydrating") or not seen.of_spec:
        return Watch(TO_HYDRATE), memory
    before = memory.hydration
    if before and before.phase == "Hydrating" and before.started_at == seen.started_at:
        # It had begun before it was asked, so what was pushed since may be missing in it.
        return Write(refresh(goal)), replace(memory, refreshed_at=now)
    if seen.phase == "Failed":
        problem = Failed(f"{goal.key}, from {app.followed[0]}: {seen.message}")
        if isinstance(goal, Settle) and seen.made and not at_revisions(goal.revisions, (seen.made,)):
            # It has failed on an earlier commit, and has taken our request away with that one's
            return _again(goal, *with_grace(TO_HYDRATE, problem, memory, "not hydrated", now, UNSEEN_GRACE), now)
        if seen == before and memory.symptom != AWAY:
            return with_grace(TO_HYDRATE, problem, memory, "not hydrated", now, UNSEEN_GRACE)
        return away(goal, seen.message, memory, now) or (Fail(problem), memory)
    if isinstance(goal, Settle) and not at_revisions(goal.revisions, app.pushed):
        problem = Failed(superseded(goal, app))
        return _again(goal, *with_grace(TO_HYDRATE, problem, memory, "not hydrated", now, UNSEEN_GRACE), now)
    if (seen.written not in app.revisions or seen.dry != seen.made) and not memory.compared_after:
        # A comparison that ends after the push may have begun before it; others may have written since. And a commit
        # that was seen may be about to be hydrated, or changes nothing: the answer to an earlier request may have taken
        # ours away.
        step, memory = _again(goal, Watch("Argo CD to compare it with what it has hydrated"), memory, now)
        return step, replace(memory, compared_after=isinstance(step, Write))
    return None


def _again(goal: Union[Settle, Compare], step: Step, memory: Memory, now: float) -> tuple[Step, Memory]:
    """Wait as ``step`` does, and ask once more after a moment."""
    left = REFRESH_AGAIN - (now - (memory.refreshed_at or 0.0))
    if not isinstance(step, Watch):
        return step, memory
    if left <= 0:
        return Write(refresh(goal)), replace(memory, refreshed_at=now)
    return Watch(step.reason, left if step.wake_after is None else min(left, step.wake_after)), memory
