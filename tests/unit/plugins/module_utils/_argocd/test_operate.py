# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import (
    ConfirmDeletion,
    EndOperation,
    Idle,
    LookAtPods,
    Memory,
    Operate,
    Refresh,
    Settle,
    StartSync,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.health import LOOK_AT_PODS
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Deployment, Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.operate import (
    BLOCKED_GRACE,
    OUT_OF_SYNC_GRACE,
    SEEN_AFTER,
    find_deployment,
    foresee_operation,
    is_deployed,
    operation_patch,
    refusal,
    rollback_refusal,
    wanted_revisions,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.step import next_step
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.sync import Selected, Sync
from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import FIELD_MANAGER
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._core.step import Done, Fail, Watch, Write
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.builder import (
    CAPTURED,
    REPO,
    A,
    B,
    C,
    app,
    at,
    key,
    operation,
    raw_app,
    source,
)

SERVICE = {"version": "v1", "kind": "Service", "namespace": "default", "name": "web", "status": "OutOfSync"}
OTHER = {"version": "v1", "kind": "ConfigMap", "namespace": "default", "name": "other", "status": "OutOfSync"}
ONE = Sync(resources=(Selected("", "Service", "web"),))
MULTI = Observed.parse(CAPTURED["multi"])

REFRESHED = Memory(refreshed_at=100.0)
STARTED = replace(REFRESHED, operated=True)
OPERATED = replace(STARTED, compared_after=True)


def manual(**changes) -> Observed:
    """An application that is not synced automatically; two deployments, of commit A and then of B, where it is."""
    return app(**{"automated": None, "revision": B, "deployed": [A, B], **changes})


def operate(**changes) -> Operate:
    return Operate(**{"key": key(), "baseline": manual(), "token": "t", **changes})


def step(seen, memory=REFRESHED, now=100.0, **goal):
    return next_step(operate(**goal), seen, memory, now)[0]


def action(asked) -> StartSync:
    assert isinstance(asked, Write), asked
    assert isinstance(asked.action, StartSync), asked
    return asked.action


def problem(failed) -> str:
    assert isinstance(failed, Fail), failed
    return str(failed.problem)


def reason(watch) -> str:
    assert isinstance(watch, Watch), watch
    return watch.reason


def to(*revisions) -> Sync:
    return Sync(revisions=revisions)


def ours(phase="Succeeded", revision=A, started=20, **changes):
    return operation(phase, started, revision=revision, token="t", **changes)


# To another revision


def test_it_is_compared_before_anything_is_decided():
    assert next_step(operate(sync=to(A)), manual(), Memory(), 7.0) == (
        Write(Refresh(key())),
        Memory(refreshed_at=7.0),
    )


def test_a_manual_application_is_synced_to_another_commit():
    asked, memory = next_step(operate(sync=to(A)), manual(), REFRESHED, 100.0)
    assert (action(asked).revisions, action(asked).prune, memory.operated) == ((A,), False, True)


def test_an_error_of_the_comparison_with_the_target_is_none_of_another_commit():
    seen = manual(sync="Unknown", conditions={"ComparisonError": "no such path"})
    assert action(step(seen, sync=to(A))).revisions == (A,)


def test_an_operation_in_progress_is_waited_for_before_ours():
    seen = manual(pending=True, operation=operation("Running", 20, message="waiting for Job/x"))
    assert reason(step(seen, sync=to(A))) == "the operation in progress: waiting for Job/x"
    assert isinstance(step(seen, sync=to(A), wait=False), Watch)


def test_what_was_deployed_last_is_not_deployed_again():
    assert step(manual(deployed=[B, A], sync="OutOfSync"), sync=to(A)) == Done()
    assert step(manual(deployed=[B, A], sync="OutOfSync"), sync=to(A[:7])) == Done()


def test_the_target_itself_is_what_was_compared():
    assert wanted_revisions(to("main"), manual()) == (B,)
    assert wanted_revisions(to(""), manual()) == (B,)
    assert wanted_revisions(to("v1"), manual()) == ("v1",)
    assert wanted_revisions(Sync(), manual(revision="")) == ("",)
    assert wanted_revisions(to("v1"), manual(revision="")) == ("v1",)
    assert wanted_revisions(to("", A), MULTI) == (MULTI.revisions[0], A)


@pytest.mark.parametrize("name", ["v1", "dev"])
def test_only_argo_cd_knows_where_a_tag_or_branch_is(name):
    assert action(step(manual(), sync=to(name))).revisions == (name,)


def test_its_failure_is_told():
    seen = manual(operation=ours("Failed", message="quota exceeded"))
    assert problem(step(seen, STARTED, sync=to(A))) == 'application "web": sync Failed: quota exceeded'


def test_an_operation_whose_start_was_not_answered_is_ours_all_the_same():
    seen = manual(operation=ours(), reconciled=30)
    asked, memory = next_step(operate(sync=replace(to(A), always=True)), seen, REFRESHED, 100.0)
    assert asked == Watch("Argo CD to see what the operation changed", wake_after=SEEN_AFTER)
    assert memory.operated
    assert step(seen, sync=Sync(dry_run=True)) == Done()


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_an_operation_of_somebody_else_that_replaced_ours_fails_it(phase):
    seen = manual(operation=operation(phase, 20, revision=B, message="theirs"), reconciled=30)
    assert problem(step(seen, OPERATED, sync=to(C))) == (
        f'application "web": sync was replaced by another operation ({phase}: theirs) before its end was seen; run the '
        "task again when nobody else syncs it"
    )
    there = Sync(revisions=(C,), resources=ONE.resources)
    assert "was replaced" in problem(step(replace(seen, resources=(SERVICE,)), STARTED, sync=there))


@pytest.mark.parametrize(
    ("seen", "sync"),
    [
        (manual(deployed=[B, A], operation=operation(revision=A), reconciled=30), to(A)),
        (manual(operation=operation("Failed", revision=B), reconciled=30), to(B)),
        (manual(operation=operation(revision=B), reconciled=30, resources=[{**SERVICE, "status": "Synced"}]), ONE),
    ],
    ids=["the same", "its target is in sync", "the resource is in sync"],
)
def test_an_operation_of_somebody_else_after_ours_takes_nothing_away(seen, sync):
    assert step(seen, OPERATED, sync=sync) == Done()


def test_what_it_changed_is_compared_when_argo_cd_has_seen_it():
    seen = manual(operation=ours(), reconciled=30)
    asked, memory = next_step(operate(sync=to(A)), seen, STARTED, 100.0)
    assert asked == Watch("Argo CD to see what the operation changed", wake_after=SEEN_AFTER)
    asked, memory = next_step(operate(sync=to(A)), seen, memory, 100.0 + SEEN_AFTER)
    assert asked == Write(Refresh(key()))
    assert isinstance(next_step(operate(sync=to(A)), manual(refreshing=True), memory, 102.0)[0], Watch)
    assert next_step(operate(sync=to(A)), seen, memory, 103.0)[0] == Done()


@pytest.mark.parametrize("health", ["Healthy", "Missing"])
def test_out_of_sync_against_its_target_and_missing_what_only_that_has_is_good(health):
    seen = manual(operation=ours(), reconciled=30, sync="OutOfSync", health=health)
    assert step(seen, OPERATED, sync=to(A)) == Done()


def test_where_the_target_was_deployed_it_is_in_sync_with_it():
    seen = manual(resources=[SERVICE], operation=ours(revision=B), reconciled=30, sync="OutOfSync")
    assert "Service/web to be Synced" in reason(step(seen, OPERATED, sync=to(B)))
    assert step(manual(operation=ours(revision=B), reconciled=30), OPERATED, sync=to(B)) == Done()


def test_its_health_and_pods_are_waited_for():
    seen = manual(operation=ours(), reconciled=30, sync="OutOfSync", health="Progressing")
    asked, memory = next_step(operate(sync=to(A)), seen, OPERATED, 100.0)
    assert "its health (Progressing)" in reason(asked)
    assert next_step(operate(sync=to(A)), seen, memory, 100.0 + LOOK_AT_PODS)[0] == Write(LookAtPods(key()))


def test_a_bad_health_fails_it():
    seen = manual(operation=ours(), reconciled=30, sync="OutOfSync", health="Degraded")
    _asked, memory = next_step(operate(sync=to(A)), seen, OPERATED, 100.0)
    last = next_step(operate(sync=to(A)), seen, memory, 200.0)[0]
    assert problem(last) == 'application "web" is deployed, but its health is Degraded'


def test_without_wait_its_start_is_enough():
    assert isinstance(step(manual(), sync=to(A), wait=False), Write)
    assert step(manual(pending=True), STARTED, sync=to(A), wait=False) == Done()
    assert step(manual(health="Progressing"), sync=to(B), wait=False) == Done()


# What Argo CD refuses


def test_automatic_sync_refuses_another_revision():
    asked = step(app(), sync=to("v1"))
    assert isinstance(asked.problem, Refused)
    assert problem(asked) == (
        f'application "web" cannot be synced to v1, since it is synced automatically to web of {REPO} at main; '
        "change its target_revision, or turn automated sync off"
    )


@pytest.mark.parametrize(
    ("seen", "sync"),
    [
        (app(), to("main")),
        (app(), to("")),
        (app(automated={"enabled": False}), to("v1")),
        (app(), Sync(revisions=("v1",), dry_run=True)),
        (app(), ONE),
    ],
    ids=["its target", "nothing", "disabled", "a dry run", "resources"],
)
def test_what_automatic_sync_does_not_refuse(seen, sync):
    assert refusal(sync, seen) is None


def test_more_revisions_than_sources_are_refused():
    assert "2 revisions to sync to were given for 1 source(s)" in str(refusal(to(A, B), manual()))


@pytest.mark.parametrize("goal", [operate(sync=to(A)), Settle(key(), manual(), "t", may_sync=True)])
def test_a_closed_sync_window_is_told_instead_of_waited_out(goal):
    seen = manual(operation=ours("Running", message="Sync operation blocked by sync window"), pending=True)
    asked, memory = next_step(goal, seen, STARTED, 100.0)
    assert "blocked by sync window" in reason(asked)
    asked = next_step(goal, seen, memory, 100.0 + BLOCKED_GRACE)[0]
    assert isinstance(asked.problem, Refused)
    assert "until the window opens" in problem(asked)


# A dry run


@pytest.mark.parametrize("seen", [app(), app(sync="OutOfSync"), manual()])
def test_a_dry_run_is_always_tried(seen):
    assert action(step(seen, sync=Sync(dry_run=True))).sync.dry_run


def test_a_dry_run_is_over_with_its_operation():
    seen = app(operation=ours(), reconciled=1, sync="OutOfSync", health="Degraded")
    assert step(seen, STARTED, sync=Sync(dry_run=True)) == Done()
    failed = step(app(operation=ours("Failed", message="invalid")), STARTED, sync=Sync(dry_run=True))
    assert problem(failed) == 'application "web": dry run Failed: invalid'


# Some of the resources


def test_a_resource_that_is_out_of_sync_is_synced():
    assert action(step(manual(resources=[SERVICE, OTHER], sync="OutOfSync"), sync=ONE)).sync is ONE


def test_a_resource_that_is_in_sync_is_not_though_another_one_is_not():
    seen = manual(resources=[{**SERVICE, "status": "Synced"}, OTHER], sync="OutOfSync", health="Missing")
    assert step(seen, sync=ONE) == Done()
    assert isinstance(step(seen, sync=replace(ONE, always=True)), Write)


def test_a_hook_has_no_sync_status_and_is_not_out_of_sync():
    hook = {name: value for name, value in SERVICE.items() if name != "status"}
    assert step(manual(resources=[{**hook, "hook": True}]), sync=ONE) == Done()


def test_resources_at_another_revision_are_synced_unless_all_of_it_is_there():
    there = Sync(revisions=(A,), resources=ONE.resources)
    assert isinstance(step(manual(resources=[{**SERVICE, "status": "Synced"}]), sync=there), Write)
    seen = manual(resources=[SERVICE], operation=ours(), reconciled=30)
    assert step(seen, STARTED, sync=there) == Done()


def test_a_resource_that_the_application_does_not_have_is_refused():
    asked = step(manual(resources=[OTHER]), sync=ONE)
    assert isinstance(asked.problem, Invalid)
    assert "has no resource :Service:web (group:kind:name)" in problem(asked)


def test_an_application_of_which_everything_is_excluded_has_nothing_to_sync():
    nothing = Sync(resources=(Selected("*", "*", "*", exclude=True),))
    asked = step(manual(resources=[SERVICE, OTHER]), sync=nothing)
    assert isinstance(asked.problem, Invalid)
    assert "no resource but those that are excluded" in problem(asked)


def test_what_is_excluded_need_not_be_there():
    but_one = Sync(resources=(Selected("", "ConfigMap", "none", exclude=True),))
    assert operation_patch(action(step(manual(resources=[SERVICE]), sync=but_one)))["operation"]["sync"]["resources"]


def test_only_the_resources_that_were_asked_for_are_waited_for():
    seen = manual(resources=[SERVICE, OTHER], operation=ours(revision=B), reconciled=30, sync="OutOfSync")
    asked, memory = next_step(operate(sync=ONE), seen, STARTED, 100.0)
    assert asked == Watch("Service/web to be Synced", wake_after=OUT_OF_SYNC_GRACE)
    last = next_step(operate(sync=ONE), seen, memory, 100.0 + OUT_OF_SYNC_GRACE)[0]
    assert problem(last) == 'application "web": Service/web is still OutOfSync after it was synced'
    synced = manual(
        resources=[{**SERVICE, "status": "Synced"}, OTHER],
        operation=ours(revision=B),
        reconciled=30,
        sync="OutOfSync",
        health="Missing",
    )
    assert next_step(operate(sync=ONE), synced, memory, 101.0)[0] == Done()


# Rollback


FIRST = manual().deployments[0]


def test_a_rollback_deploys_an_entry_of_the_history():
    asked = action(step(manual(), deployment=FIRST))
    assert (asked.revisions, asked.deployment) == ((A,), FIRST)


def test_a_rollback_to_what_was_deployed_last_is_none():
    seen = manual(deployed=[A, B, A], sync="OutOfSync")
    assert step(seen, deployment=seen.deployments[0]) == Done()


def test_the_failure_of_a_rollback_is_told_as_one():
    seen = manual(operation=ours("Error", message="no such commit"))
    assert problem(step(seen, STARTED, deployment=FIRST)) == 'application "web": rollback Error: no such commit'


@pytest.mark.parametrize(
    ("history_id", "revisions", "found"),
    [(0, (), 0), (2, (), 2), (None, (A,), 2), (None, (B[:8],), 1)],
    ids=["the first", "the last", "the last at a commit", "an abbreviated commit"],
)
def test_an_entry_of_the_history_is_found_by_its_id_or_commit(history_id, revisions, found):
    assert find_deployment(manual(deployed=[A, B, A]), history_id, revisions).number == found


@pytest.mark.parametrize(
    ("seen", "history_id", "revisions", "told"),
    [
        (manual(), 7, (), f"to the id 7, which is not in its history (0: {A}; 1: {B})"),
        (manual(), None, (C,), f"to {C}, which is not in its history (0: {A}; 1: {B})"),
        (manual(deployed=[]), 0, (), "to the id 0, which is not in its history (it is empty)"),
    ],
)
def test_what_is_not_in_the_history_is_refused_with_what_is(seen, history_id, revisions, told):
    with pytest.raises(Invalid) as refused:
        find_deployment(seen, history_id, revisions)
    assert told in str(refused.value)
    assert "keeps the last 10 deployments, and none of dry runs" in str(refused.value)


def test_argo_cd_rolls_back_nothing_that_is_synced_automatically_or_being_deleted():
    assert "is synced automatically" in str(rollback_refusal(app()))
    assert "is being deleted" in str(rollback_refusal(manual(deleting=True)))
    assert rollback_refusal(manual()) is None


# What is deployed


ELSEWHERE = (source(path="elsewhere"),)


@pytest.mark.parametrize(
    ("seen", "deployed"),
    [
        (manual(deployed=[B, A]), True),
        (manual(deployed=[A, B]), False),
        (manual(deployed=[]), False),
        (manual(deployed=[B, A], operation=operation("Failed", revision=A)), False),
        (manual(deployed=[B, A], operation=operation(revision=B)), False),
        (manual(deployed=[B, A], operation=operation(revision=A)), True),
        (manual(deployed=[B, A], revision=A, sync="Synced"), True),
        (manual(deployed=[B, A], revision=A, sync="OutOfSync"), False),
    ],
    ids=[
        "last",
        "before the last",
        "nothing",
        "it failed since",
        "something else since",
        "at it since",
        "its target, unchanged",
        "its target, drifted",
    ],
)
def test_what_is_deployed_as_far_as_argo_cd_knows(seen, deployed):
    assert is_deployed(seen, (A,), seen.raw_sources) is deployed


def test_another_source_at_the_same_commit_is_not_deployed():
    assert not is_deployed(manual(), (B,), ELSEWHERE)


def test_a_dry_run_of_something_else_deployed_nothing():
    tried = operation(revision=B)
    tried["operation"]["sync"]["dryRun"] = True
    assert is_deployed(manual(deployed=[B, A], operation=tried), (A,), manual().raw_sources)


# In check mode


@pytest.mark.parametrize(
    ("goal", "seen", "foreseen"),
    [
        (operate(sync=to(A)), manual(), (True, f"would be synced to {A}")),
        (operate(sync=to(B)), manual(), (False, f"{B} is deployed already")),
        (operate(deployment=FIRST), manual(), (True, f"would be rolled back to {A}")),
        (operate(sync=Sync(dry_run=True)), manual(), (False, f"would be synced to {B}, as a dry run")),
        (operate(sync=ONE), manual(resources=[SERVICE]), (True, f"would be synced to {B}: Service/web")),
        (
            operate(sync=replace(ONE, always=True)),
            manual(resources=[{**SERVICE, "status": "Synced"}]),
            (True, f"would be synced to {B}: nothing that is out of sync"),
        ),
    ],
)
def test_what_is_foreseen(goal, seen, foreseen):
    assert foresee_operation(goal, seen) == foreseen


def test_a_resource_that_is_not_known_is_foreseen_to_fail():
    assert foresee_operation(operate(sync=ONE), manual(resources=[OTHER]))[1].startswith('application "web" has no')


# The end of an operation


RUNNING = app(pending=True, operation=operation("Running", 20, message="waiting for Job/x"))


def test_the_operation_in_progress_is_ended_and_its_end_waited_for():
    asked, memory = next_step(Idle(key()), RUNNING, Memory(), 0.0)
    assert asked == Write(EndOperation(key(), RUNNING))
    ending = app(pending=True, operation=operation("Terminating", 20, message="waiting for Job/x"))
    assert reason(next_step(Idle(key()), ending, memory, 1.0)[0]) == "the operation to end: waiting for Job/x"
    assert next_step(Idle(key(), wait=False), ending, memory, 1.0)[0] == Done()
    assert next_step(Idle(key()), app(operation=operation("Failed", 20)), memory, 2.0)[0] == Done()


def test_an_operation_that_holds_a_deletion_is_ended():
    seen = app(pending=True, deleting=True, operation=operation("Running", 20))
    assert next_step(Idle(key()), seen, Memory(), 0.0)[0] == Write(EndOperation(key(), seen))


def test_an_operation_that_begins_afterwards_is_not_ended():
    asked = next_step(Idle(key()), RUNNING, Memory(ended=at(5)), 0.0)[0]
    assert asked == Done()


def test_an_operation_that_somebody_else_ends_is_waited_for():
    ending = app(pending=True, operation=operation("Terminating", 20))
    assert isinstance(next_step(Idle(key()), ending, Memory(), 0.0)[0], Watch)


@pytest.mark.parametrize("seen", [app(), app(operation=operation())])
def test_without_an_operation_nothing_is_ended(seen):
    assert next_step(Idle(key()), seen, Memory(), 0.0) == (Done(), Memory())


def test_an_operation_that_has_not_begun_cannot_be_ended_yet():
    assert "to begin" in reason(next_step(Idle(key()), app(pending=True), Memory(), 0.0)[0])
    assert "to begin" in reason(next_step(Idle(key()), app(pending=True, operation=operation()), Memory(), 0.0)[0])


def test_what_a_sync_window_blocks_does_not_end_before_it_opens():
    blocked = app(pending=True, operation=operation("Terminating", 20, message="Sync operation blocked by sync window"))
    asked, memory = next_step(Idle(key()), blocked, Memory(ended=at(20)), 0.0)
    assert "blocked by sync window" in reason(asked)
    asked = next_step(Idle(key()), blocked, memory, BLOCKED_GRACE)[0]
    assert "does not end it before the window opens" in problem(asked)


# A confirmation to prune


def unconfirmed(approved=""):
    waiting = operation("Running", 20, message="waiting for pruning confirmation of /Job/x")
    raw = raw_app(pending=True, operation=waiting)
    if approved:
        raw["metadata"]["annotations"]["argocd.argoproj.io/deletion-approved"] = approved
    return Observed.parse(raw)


@pytest.mark.parametrize("make", [lambda **more: Settle(key(), manual(), "t", **more), operate])
def test_a_sync_that_waits_for_a_confirmation_to_prune_gets_it_or_says_so(make):
    step_, memory = next_step(make(confirm=True), unconfirmed(), STARTED, 100.0)
    assert step_ == Write(ConfirmDeletion(key(), at(20)))
    assert memory.confirmed
    asked = next_step(make(), unconfirmed(), STARTED, 100.0)[0]
    assert isinstance(asked.problem, Refused)
    assert "waits for a confirmation to prune /Job/x" in problem(asked)
    assert "confirm_deletion: true" in problem(asked)


@pytest.mark.parametrize("approved", [at(20), at(25), "2026-11-23T13:00:20+01:00"])
def test_a_confirmation_that_was_given_is_waited_for(approved):
    asked = next_step(operate(confirm=True), unconfirmed(approved), STARTED, 100.0)[0]
    assert isinstance(asked, Watch)


@pytest.mark.parametrize("approved", [at(19), "yesterday", "2030-01-01T00:00:00"])
def test_a_confirmation_of_before_does_not_count(approved):
    asked = next_step(operate(confirm=True), unconfirmed(approved), STARTED, 100.0)[0]
    assert asked == Write(ConfirmDeletion(key(), at(20)))


# The operation in the words of the API


def start(seen=None, revisions=(B,), sync=None, **changes) -> StartSync:
    return StartSync(key(), seen or manual(), revisions, prune=False, token="t", sync=sync or Sync(), **changes)


def test_the_operation_has_options_and_retry_of_the_spec():
    raw = raw_app(automated=None)
    raw["spec"]["syncPolicy"] = {"syncOptions": ["CreateNamespace=true"], "retry": {"limit": 2}}
    assert operation_patch(start(Observed.parse(raw), revisions=(A,))) == {
        "metadata": {"resourceVersion": raw["metadata"]["resourceVersion"]},
        "operation": {
            "sync": {
                "prune": False,
                "syncOptions": ["CreateNamespace=true"],
                "source": raw["spec"]["source"],
                "revision": A,
            },
            "initiatedBy": {"username": FIELD_MANAGER},
            "info": [{"name": "ai_how.cloud/token", "value": "t"}],
            "retry": {"limit": 2},
        },
        "status": {"operationState": None},
    }


def test_the_options_of_the_task_are_part_of_the_operation():
    how = Sync(
        resources=ONE.resources,
        dry_run=True,
        force=True,
        options={"Replace": True},
        retry={"limit": 1},
        strategy="apply",
        info=({"name": "ticket", "value": "OPS-1"},),
    )
    patch = operation_patch(start(manual(resources=[SERVICE, OTHER]), sync=how))
    sync = patch["operation"]["sync"]
    assert sync["resources"] == [{"kind": "Service", "name": "web", "namespace": "default"}]
    assert sync["dryRun"] is True
    assert sync["syncStrategy"] == {"apply": {"force": True}}
    assert "Replace=true" in sync["syncOptions"]
    assert patch["operation"]["retry"] == {"limit": 1}
    assert patch["operation"]["info"][1:] == [{"name": "ticket", "value": "OPS-1"}]


def test_several_sources_have_a_revision_each():
    sync = operation_patch(start(MULTI, revisions=("", B)))["operation"]["sync"]
    assert (sync["sources"], sync["revisions"]) == (MULTI.raw["spec"]["sources"], ["", B])
    assert "revision" not in sync


def test_with_a_source_hydrator_it_is_what_was_hydrated():
    raw = raw_app(automated=None)
    dry = raw["spec"].pop("source")
    raw["spec"]["sourceHydrator"] = {"drySource": dry, "syncSource": {"targetBranch": "env/dev", "path": "hydrated"}}
    sync = operation_patch(start(Observed.parse(raw)))["operation"]["sync"]
    assert sync["source"] == {"repoURL": REPO, "path": "hydrated", "targetRevision": "env/dev"}


def test_an_application_that_was_never_compared_is_synced_to_its_target():
    assert operation_patch(start(revisions=()))["operation"]["sync"]["revision"] == ""


def test_a_rollback_has_the_sources_of_then_and_runs_no_hooks():
    then = Deployment(0, (A,), ELSEWHERE, several=False)
    patch = operation_patch(start(revisions=(A,), deployment=then))["operation"]
    assert (patch["sync"]["source"], patch["sync"]["revision"]) == (ELSEWHERE[0], A)
    assert patch["sync"]["syncStrategy"] == {"apply": {}}
    assert "retry" not in patch
    several = Deployment(0, (A, B), (source(), source("other")), several=True)
    sync = operation_patch(start(revisions=(A, B), deployment=several))["operation"]["sync"]
    assert (sync["sources"], sync["revisions"]) == (list(several.sources), [A, B])
