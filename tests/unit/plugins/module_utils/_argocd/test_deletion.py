# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.deletion import (
    CONFIRMATION_GRACE,
    DELETION_ERROR_GRACE,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import ConfirmDeletion, Gone, Memory
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.step import next_step
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._core.step import Done, Fail, Watch, Write
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.builder import (
    app,
    at,
    key,
    operation,
    raw_app,
)

GONE = Gone(key(), "uid-of-web")


def problem(step) -> str:
    assert isinstance(step, Fail), step
    return str(step.problem)


def reason(step) -> str:
    assert isinstance(step, Watch), step
    return step.reason


def test_gone_is_reached_when_there_is_none_or_another_one():
    assert next_step(Gone(key(), "uid-of-web"), None, Memory(), 0.0)[0] == Done()
    assert next_step(Gone(key(), "another"), app(), Memory(), 0.0)[0] == Done()


def test_gone_names_the_finalizers_that_are_waited_for():
    goal = GONE
    assert "resources-finalizer.argocd.argoproj.io" in reason(next_step(goal, app(deleting=True), Memory(), 0.0)[0])
    raw = raw_app(deleting=True)
    del raw["metadata"]["finalizers"]
    assert "finalizers left: none" in reason(next_step(goal, Observed.parse(raw), Memory(), 0.0)[0])


def test_gone_fails_when_argo_cd_cannot_delete_it_for_a_while():
    goal = GONE
    seen = app(deleting=True, conditions={"DeletionError": 'appproject "mlops" not found'})
    step, memory = next_step(goal, seen, Memory(), 100.0)
    assert step == Watch('appproject "mlops" not found', wake_after=DELETION_ERROR_GRACE)
    _step, healed = next_step(goal, app(deleting=True), memory, 109.0)
    assert isinstance(next_step(goal, seen, healed, 115.0)[0], Watch)
    step = next_step(goal, seen, memory, 100.0 + DELETION_ERROR_GRACE)[0]
    assert problem(step) == (
        'application "web" cannot be deleted: appproject "mlops" not found; declare the project again, or leave what '
        "was deployed and let the application go: cascade: orphan"
    )
    seen = app(deleting=True, conditions={"DeletionError": "PreDelete hook(s) failed: default/backup"})
    step = next_step(goal, seen, memory, 100.0 + DELETION_ERROR_GRACE)[0]
    assert problem(step) == 'application "web" cannot be deleted: PreDelete hook(s) failed: default/backup'


# What holds it


RESOURCES = "resources-finalizer.argocd.argoproj.io"
BEFORE, AFTER = "pre-delete-finalizer.argocd.argoproj.io", "post-delete-finalizer.argocd.argoproj.io"
FIRST = {"version": "v1", "kind": "ConfigMap", "name": "first", "status": "Synced"}
SECOND = {"version": "v1", "kind": "ConfigMap", "name": "second", "status": "Synced"}
CONFIRM = {**SECOND, "requiresDeletionConfirmation": True}


def deleting(*resources, finalizers=(RESOURCES,), approved="", **changes) -> Observed:
    raw = raw_app(deleting=True, resources=resources, **changes)
    raw["metadata"]["finalizers"] = list(finalizers)
    if approved:
        raw["metadata"]["annotations"]["argocd.argoproj.io/deletion-approved"] = approved
    return Observed.parse(raw)


def gone(resource):
    return {**resource, "status": "OutOfSync"}


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (app(), ""),
        (deleting(FIRST, pending=True), "; before it Argo CD waits for the operation in progress"),
        (
            deleting(FIRST, operation=operation("Running", message="waiting for Job/x")),
            "; before it Argo CD waits for the operation in progress: waiting for Job/x",
        ),
        (deleting(FIRST, finalizers=(BEFORE, RESOURCES)), "; its pre-delete hooks run"),
        (
            deleting(FIRST, SECOND),
            "; nothing that it deployed is gone yet (ConfigMap/first, ConfigMap/second): does the application "
            "controller run?",
        ),
        (
            deleting(gone(FIRST), SECOND, finalizers=(f"{RESOURCES}/background",)),
            "; not gone yet: ConfigMap/second, which finalizers of their own may hold",
        ),
        (
            deleting(FIRST, health="Progressing"),
            "; not gone yet: ConfigMap/first, which finalizers of their own may hold",
        ),
        (deleting(gone(FIRST)), ""),
        (deleting(FIRST, finalizers=(AFTER,)), "; its post-delete hooks run"),
        (deleting(FIRST, finalizers=("example.org/mine",)), ""),
    ],
    ids=[
        "not yet",
        "an operation that begins",
        "an operation",
        "hooks before",
        "nothing happens",
        "a resource",
        "all of them",
        "the last moment",
        "hooks afterwards",
        "somebody else",
    ],
)
def test_what_holds_a_deletion_is_told(seen, told):
    finalizers = ", ".join(seen.finalizers)
    assert reason(next_step(GONE, seen, Memory(), 0.0)[0]) == f"its deletion (finalizers left: {finalizers}){told}"


# Confirmation


def test_what_waits_for_a_confirmation_is_named_after_a_grace():
    step, memory = next_step(GONE, deleting(FIRST, CONFIRM), Memory(), 100.0)
    assert step == Watch("a confirmation to delete ConfigMap/second", wake_after=CONFIRMATION_GRACE)
    step = next_step(GONE, deleting(FIRST, CONFIRM), memory, 100.0 + CONFIRMATION_GRACE)[0]
    assert isinstance(step.problem, Refused)
    assert problem(step) == (
        'application "web" is being deleted, and waits for a confirmation to delete ConfigMap/second (Delete=confirm '
        "or Prune=confirm); give it with confirm_deletion: true, or argocd app confirm-deletion web"
    )


def test_a_deletion_that_goes_on_does_not_fail_for_want_of_a_confirmation():
    step, memory = next_step(GONE, deleting(FIRST, CONFIRM), Memory(), 100.0)
    seen = deleting(gone(FIRST), CONFIRM, health="Progressing")
    step, memory = next_step(GONE, seen, memory, 100.0 + CONFIRMATION_GRACE)
    assert step == Watch("what is being deleted, or a confirmation to delete ConfigMap/second")
    assert isinstance(next_step(GONE, deleting(CONFIRM), memory, 200.0)[0], Watch)


@pytest.mark.parametrize("health", ["Healthy", "Progressing"])
def test_it_is_confirmed_where_that_was_asked_for(health):
    seen = deleting(CONFIRM, health=health)
    step, memory = next_step(Gone(key(), "uid-of-web", confirm=True), seen, Memory(), 0.0)
    assert step == Write(ConfirmDeletion(key(), at(0)))
    assert memory.confirmed


@pytest.mark.parametrize(
    "seen",
    [
        deleting(CONFIRM, approved=at(0)),
        deleting(CONFIRM, finalizers=(BEFORE, RESOURCES)),
        deleting(CONFIRM, finalizers=(AFTER,)),
        deleting(CONFIRM, pending=True),
        deleting(FIRST),
        deleting({**CONFIRM, "kind": "CustomResourceDefinition"}),
        app(resources=[CONFIRM]),
    ],
    ids=["confirmed", "hooks first", "it stays", "an operation first", "no need", "kept", "not deleted"],
)
def test_nothing_is_confirmed_that_does_not_wait_for_it(seen):
    assert "its deletion" in reason(next_step(Gone(key(), "uid-of-web", confirm=True), seen, Memory(), 0.0)[0])
