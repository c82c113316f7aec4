# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The deletion of an application, and why it does not come to an end. No I/O.

The order is that of finalizeApplicationDeletion in controller/appcontroller.go of argo-cd 3.6: an operation in
progress, hooks before, what was deployed (first what waits for a confirmation), hooks afterwards.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import (
    ConfirmDeletion,
    Gone,
    Memory,
    with_grace,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.operate import is_operating
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed, Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._core.step import Done, Step, Watch, Write

# Seconds for which Argo CD may say that it cannot delete: two deletions meet in the same resource.
DELETION_ERROR_GRACE = 10.0
# Seconds for which a resource may wait for a confirmation: somebody may be about to give it, and Argo CD to see it.
CONFIRMATION_GRACE = 10.0

_BEFORE = "pre-delete-finalizer.argocd.argoproj.io"
_AFTER = "post-delete-finalizer.argocd.argoproj.io"


def until_gone(goal: Gone, app: Optional[Observed], memory: Memory, now: float) -> tuple[Step, Memory]:
    """The goal Gone."""
    if app is None or app.uid != goal.uid:
        return Done(), memory
    error = app.conditions.get("DeletionError", "")
    if error:
        problem = Failed(f"{goal.key} cannot be deleted: {error}{_advice(error)}")
        return with_grace(error, problem, memory, "DeletionError", now, DELETION_ERROR_GRACE)
    if app.deleting and not is_operating(app) and waits_for_confirmation(app):
        return _unconfirmed(goal, app, memory, now)
    finalizers = ", ".join(app.finalizers) or "none"
    return Watch(f"its deletion (finalizers left: {finalizers}){what_holds(app)}"), replace(memory, symptom="")


def waits_for_confirmation(app: Observed) -> bool:
    """Whether it is due that resources are deleted, and some of them wait for an approval that is not given yet."""
    return (
        app.cascades
        and _BEFORE not in app.finalizers
        and bool(app.to_be_confirmed)
        and not app.is_confirmed(app.deleted_at)
    )


def _unconfirmed(goal: Gone, app: Observed, memory: Memory, now: float) -> tuple[Step, Memory]:
    if goal.confirm:
        return Write(ConfirmDeletion(goal.key, app.deleted_at)), replace(memory, confirmed=True)
    resources = ", ".join(app.to_be_confirmed)
    if app.health == "Progressing":  # which it is while something is being deleted
        return Watch(f"what is being deleted, or a confirmation to delete {resources}"), replace(memory, symptom="")
    problem = Refused(
        f"{goal.key} is being deleted, and waits for a confirmation to delete {resources} (Delete=confirm or "
        f"Prune=confirm); give it with confirm_deletion: true, or argocd app confirm-deletion {goal.key.name}"
    )
    watch = f"a confirmation to delete {resources}"
    return with_grace(watch, problem, memory, "unconfirmed", now, CONFIRMATION_GRACE)


def what_holds(app: Observed) -> str:
    """What its deletion waits for, at the end of a sentence; empty if that is not known."""
    if not app.deleting:
        return ""
    if is_operating(app):
        message = app.operation.message if app.operation and app.operation.running else ""
        return f"; before it Argo CD waits for the operation in progress{': ' + message if message else ''}"
    if _BEFORE in app.finalizers:
        return "; its pre-delete hooks run"
    if app.cascades:
        gone = [resource for resource in app.resources if resource.get("status") == "OutOfSync"]
        left = [f"{one['kind']}/{one['name']}" for one in app.resources if one not in gone]
        if not left:
            return ""
        if not gone and app.health != "Progressing":  # which it is while something is being deleted
            return f"; nothing that it deployed is gone yet ({', '.join(left)}): does the application controller run?"
        return f"; not gone yet: {', '.join(left)}, which finalizers of their own may hold"
    return "; its post-delete hooks run" if _AFTER in app.finalizers else ""


def _advice(error: str) -> str:
    if "project" in error and ("not found" in error or "does not exist" in error):
        return "; declare the project again, or leave what was deployed and let the application go: cascade: orphan"
    return ""
