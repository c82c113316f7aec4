# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd import step as rules
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.comparison import UNAVAILABLE_GRACE
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import (
    Compare,
    EndOperation,
    Gone,
    Idle,
    LookAtPods,
    Memory,
    Operate,
    Refresh,
    Settle,
    StartSync,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.health import CANNOT_START_GRACE, DEGRADED_GRACE
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.operate import RESUMED_AFTER
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.pods import Trouble
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.step import foresee, next_step
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.sync import Sync
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed, Refused, Unavailable
from ansible_collections.ai_how.cloud.plugins.module_utils._core.step import Done, Fail, Watch, Write
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.builder import (
    CAPTURED,
    A,
    B,
    C,
    app,
    at,
    child,
    key,
    new_app,
    operation,
    raw_app,
    source,
)

BEFORE = app()
# The state of mind after our refresh, at the time that the tests call 100.
REFRESHED = Memory(refreshed_at=100.0)
PART_AWAY = {"ComparisonError": "rpc error: code = Unavailable desc = connection error"}


def settle(**changes) -> Settle:
    return Settle(**{"key": key(), "baseline": BEFORE, "token": "t", **changes})


def after_refresh(seen, now=100.0, memory=REFRESHED, **goal):
    """The step that follows when Argo CD has compared the application anew."""
    return next_step(settle(**goal), seen, memory, now)[0]


def problem(step) -> str:
    assert isinstance(step, Fail), step
    return str(step.problem)


def reason(step) -> str:
    assert isinstance(step, Watch), step
    return step.reason


# Refresh


def test_an_application_that_was_there_is_refreshed_first():
    step, memory = next_step(settle(), app(), Memory(), 7.0)
    assert step == Write(Refresh(key()))
    assert memory.refreshed_at == 7.0


def test_a_refresh_of_somebody_else_is_waited_for_before_ours():
    step, memory = next_step(settle(), app(refreshing=True), Memory(), 7.0)
    assert "earlier refresh" in reason(step)
    assert memory.refreshed_at is None


def test_a_hard_refresh_is_asked_for_as_one():
    goal = Compare(key(), BEFORE, kind="hard")
    step, memory = next_step(goal, app(), Memory(), 7.0)
    assert step == Write(Refresh(key(), "hard"))
    assert "does its application controller run?" in reason(next_step(goal, app(refreshing=True), memory, 8.0)[0])
    assert next_step(goal, app(sync="OutOfSync", health="Degraded"), memory, 9.0)[0] == Done()


def test_what_cannot_be_compared_fails_the_refresh_unless_it_is_not_waited_for():
    seen = app(sync="Unknown", conditions={"ComparisonError": "no such path"})
    assert "no such path" in problem(next_step(Compare(key(), BEFORE), seen, REFRESHED, 100.0)[0])
    assert next_step(Compare(key(), BEFORE, wait=False), seen, REFRESHED, 100.0)[0] == Done()


def test_after_an_outage_of_the_server_it_is_refreshed_again():
    unseen = app(operation=operation(started=200, finished=201), reconciled=150)
    step, memory = next_step(settle(), unseen, replace(REFRESHED, stale=True), 300.0)
    assert step == Write(Refresh(key()))
    assert memory == Memory(refreshed_at=300.0)
    step, memory = next_step(settle(), app(refreshing=True), replace(REFRESHED, stale=True), 300.0)
    assert (type(step), memory) == (Watch, REFRESHED)


def test_our_refresh_is_waited_for():
    assert "compare it with its source" in reason(after_refresh(app(refreshing=True)))


def test_a_new_application_is_compared_without_being_asked():
    assert "compare it with its source" in reason(next_step(settle(baseline=None), new_app(), Memory(), 0.0)[0])
    assert next_step(settle(baseline=None), app(), Memory(), 0.0)[0] == Done()


def test_a_spec_error_shows_though_it_was_never_compared():
    seen = app(reconciled=None, conditions={"InvalidSpecError": "project mlops does not exist"})
    assert "project mlops does not exist" in problem(next_step(settle(baseline=None), seen, Memory(), 0.0)[0])


def test_without_need_for_a_fresh_comparison_a_settled_application_costs_no_write():
    assert next_step(settle(fresh=False), app(), Memory(), 0.0)[0] == Done()


@pytest.mark.parametrize("changes", [{"sync": "OutOfSync"}, {"health": "Degraded"}, {"pending": True}])
def test_what_is_not_settled_is_refreshed_even_without_need_for_a_fresh_comparison(changes):
    assert next_step(settle(fresh=False), app(**changes), Memory(), 0.0)[0] == Write(Refresh(key()))


# Errors of the comparison


@pytest.mark.parametrize("kind", ["InvalidSpecError", "ComparisonError", "UnknownError"])
def test_an_error_of_the_comparison_is_final_at_once(kind):
    step = after_refresh(app(sync="Unknown", conditions={kind: "rpc error: code = Unknown desc = no such path"}))
    assert isinstance(step.problem, Failed)
    assert problem(step) == (
        'application "web", from web of https://git.example.org/gitops.git at main: '
        f"{kind}: rpc error: code = Unknown desc = no such path"
    )


@pytest.mark.parametrize(
    "message",
    [
        "rpc error: code = Unavailable desc = connection error",
        "rpc error: code = Canceled desc = context canceled",
        "context deadline exceeded",
        "error getting cached app managed resources",
        "dial tcp 127.0.0.1:8081: connect: connection refused to repo-server",
        "failed to sync cluster https://kubernetes.default.svc",
    ],
)
def test_a_part_of_argo_cd_that_is_away_gets_time_to_come_back(message):
    assert message in reason(after_refresh(app(conditions={"ComparisonError": message})))


@pytest.mark.parametrize("message", ["dial tcp 10.0.0.1:443: connect: connection refused", "repository not found"])
def test_a_repository_that_is_away_gets_no_time(message):
    assert message in problem(after_refresh(app(conditions={"ComparisonError": message})))


def test_while_a_part_is_away_it_is_refreshed_every_three_seconds_up_to_the_grace():
    memory, now, refreshes = REFRESHED, 100.0, []
    while now < 200.0:
        step, memory = next_step(settle(), app(conditions=PART_AWAY), memory, now)
        if isinstance(step, Fail):
            break
        refreshes += [now] if step == Write(Refresh(key())) else []
        now += 1.0
    assert refreshes == [103.0 + 3 * count for count in range(14)]
    assert now == 100.0 + UNAVAILABLE_GRACE
    assert "code = Unavailable" in problem(step)


@pytest.mark.parametrize("seen", [app(conditions=PART_AWAY), app()], ids=["a part was away", "the server was away"])
def test_a_hard_refresh_is_asked_for_again_as_one(seen):
    memory = replace(REFRESHED, refreshed_at=0.0, stale=not seen.conditions)
    assert next_step(Compare(key(), BEFORE, "hard"), seen, memory, 100.0)[0] == Write(Refresh(key(), "hard"))


def test_when_the_part_is_back_it_goes_on():
    away, memory = next_step(settle(), app(conditions=PART_AWAY), REFRESHED, 101.0)
    assert isinstance(away, Watch)
    assert next_step(settle(), app(), memory, 104.0)[0] == Done()


def test_the_grace_begins_with_the_first_error_also_for_a_new_application():
    step, memory = next_step(settle(baseline=None), app(conditions=PART_AWAY), Memory(), 500.0)
    assert step == Write(Refresh(key()))
    assert (memory.since, memory.refreshed_at) == (500.0, 500.0)


# Operations


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (app(pending=True), "the operation in progress"),
        (app(pending=True, operation=operation(message="successfully synced")), "the operation in progress"),
        (app(operation=operation("Running", 20, message="waiting for wave 2")), "progress: waiting for wave 2"),
        (app(operation=operation("Terminating", 20)), "the operation in progress"),
        (app(operation=operation("Running", 20, finished=21, message="retrying")), "progress: retrying"),
    ],
)
def test_an_operation_in_progress_is_waited_for(seen, told):
    assert told in reason(after_refresh(seen))
    assert "successfully" not in reason(after_refresh(seen))


def retried(times=1, revision=A, message="one or more objects failed to apply. Retrying attempt #1"):
    refused = {"kind": "Foo", "name": "foo", "status": "SyncFailed", "message": "no matches for kind"}
    seen = operation("Running", 20, finished=21, revision=revision, message=message, resources=[refused])
    return app(operation={**seen, "retryCount": times}, resources=[])


def test_a_sync_that_fails_again_and_again_at_the_commit_gets_a_grace():
    step, memory = next_step(settle(), retried(), REFRESHED, 100.0)
    assert (reason(step), step.wake_after) == (
        f"the operation in progress: {retried().operation.message}",
        rules.RETRY_GRACE,
    )
    step, memory = next_step(settle(), retried(2), memory, 115.0)
    assert step.wake_after == 5.0
    told = problem(next_step(settle(), retried(3), memory, 120.0)[0])
    assert "fails again and again" in told and told.endswith("[Foo/foo: no matches for kind]")


def test_an_attempt_in_progress_has_not_failed_yet():
    """On a slow machine it may take longer than the grace and still succeed."""
    raw = retried().raw
    del raw["status"]["operationState"]["finishedAt"]
    _step, memory = next_step(settle(), retried(), REFRESHED, 100.0)
    step, memory = next_step(settle(), Observed.parse(raw), memory, 200.0)
    assert isinstance(step, Watch)
    assert "fails again and again" in problem(next_step(settle(), retried(2), memory, 201.0)[0])


@pytest.mark.parametrize("goal", [settle(), Operate(key(), BEFORE, "t")])
def test_a_controller_that_was_restarted_goes_on_with_an_operation_once_it_is_asked_to_compare(goal):
    running = app(operation=operation("Running", 5, message="waiting for completion of hook batch/Job/never"))
    waits, memory = next_step(goal, running, REFRESHED, 100.0)
    assert reason(waits) == "the operation in progress: waiting for completion of hook batch/Job/never"
    asks, later = next_step(goal, running, memory, 100.0 + RESUMED_AFTER)
    assert asks == Write(Refresh(key()))
    assert isinstance(next_step(goal, running, later, 101.0 + RESUMED_AFTER)[0], Watch)
    newer = replace(running, resource_version="newer")
    assert next_step(goal, newer, memory, 100.0 + RESUMED_AFTER)[0] != Write(Refresh(key()))


def hydrated(raw):
    spec, state = raw["spec"], raw["status"]["operationState"]
    dry = spec.pop("source")
    spec["sourceHydrator"] = {"drySource": dry, "syncSource": {"targetBranch": "env/dev", "path": "hydrated"}}
    state["syncResult"]["source"] = {"repoURL": dry["repoURL"], "path": "hydrated", "targetRevision": "env/dev"}


def with_empty_fields(raw):
    raw["spec"]["source"]["directory"] = {"recurse": False}


@pytest.mark.parametrize("change", [hydrated, with_empty_fields])
def test_a_sync_that_fails_again_and_again_is_known_by_what_its_source_says(change):
    raw = retried(3).raw
    change(raw)
    assert Observed.parse(raw).operation.of_spec


def test_retries_that_the_task_asked_for_are_waited_for():
    seen = retried(3).raw
    seen["status"]["operationState"]["operation"]["info"] = [{"name": "ai_how.cloud/token", "value": "t"}]
    goal = settle(sync=Sync(retry={"limit": 5}))
    _step, memory = next_step(goal, Observed.parse(seen), REFRESHED, 100.0)
    assert isinstance(next_step(goal, Observed.parse(seen), memory, 500.0)[0], Watch)
    _step, memory = next_step(goal, retried(3), REFRESHED, 100.0)
    assert isinstance(next_step(goal, retried(3), memory, 500.0)[0], Fail)


def test_a_sync_that_failed_at_an_older_commit_is_waited_for():
    _step, memory = next_step(settle(), retried(revision=B), REFRESHED, 100.0)
    assert isinstance(next_step(settle(), retried(revision=B), memory, 200.0)[0], Watch)
    assert isinstance(next_step(settle(), retried(0), memory, 200.0)[0], Watch)


def test_a_sync_that_failed_with_an_older_source_is_waited_for():
    """Argo CD tries it with the latest commit, and still with the source of before."""
    seen = retried().raw
    seen["status"]["operationState"]["syncResult"]["source"] = source(path="elsewhere")
    _step, memory = next_step(settle(), Observed.parse(seen), REFRESHED, 100.0)
    assert isinstance(next_step(settle(), Observed.parse(seen), memory, 200.0)[0], Watch)


def test_a_closed_sync_window_is_told_instead_of_waited_out():
    seen = app(operation=operation("Running", 20, message="Sync operation blocked by sync window"))
    step = after_refresh(seen, memory=replace(REFRESHED, symptom="blocked by sync window", since=90.0))
    assert isinstance(step.problem, Refused)
    assert "blocked by sync window" in problem(step)
    assert "until the window opens" in problem(step)


@pytest.mark.parametrize("phase", ["Failed", "Error"])
def test_an_operation_that_failed_since_the_start_is_final(phase):
    resources = [
        {"kind": "Deployment", "name": "web", "status": "SyncFailed", "message": "quota exceeded"},
        {"kind": "Job", "name": "migrate", "status": "Synced", "hookPhase": "Failed", "message": "exit code 1"},
        {"kind": "ConfigMap", "name": "web", "status": "Synced"},
    ]
    seen = app(operation=operation(phase, 5, message="one or more failed", resources=resources))
    assert problem(after_refresh(seen)) == (
        f'application "web": sync {phase}: one or more failed '
        "[Deployment/web: quota exceeded; Job/migrate: exit code 1]"
    )


def test_an_operation_that_failed_without_naming_a_resource():
    step = after_refresh(app(operation=operation("Error", 5, message="no such revision")))
    assert problem(step) == 'application "web": sync Error: no such revision'


def test_an_operation_that_failed_before_the_start_does_not_count():
    old = operation("Failed", 1, message="quota exceeded")
    assert after_refresh(app(operation=old), baseline=app(operation=old)) == Done()


def test_the_comparison_after_an_operation_is_waited_for():
    assert "after the operation" in reason(after_refresh(app(reconciled=10, operation=operation(started=10))))
    assert after_refresh(app(reconciled=11, operation=operation(started=10))) == Done()


def test_the_comparison_after_an_operation_that_was_in_progress_at_the_start_is_waited_for():
    before = app(operation=operation("Running", 10), pending=True)
    meanwhile = app(reconciled=11, operation=operation(started=10, finished=12))
    assert "after the operation" in reason(after_refresh(meanwhile, baseline=before))
    assert after_refresh(app(reconciled=12, operation=operation(started=10, finished=12)), baseline=before) == Done()


def test_what_was_compared_before_its_last_operation_ended_is_not_settled():
    seen = app(reconciled=11, operation=operation(started=10, finished=12))
    assert next_step(settle(baseline=seen, fresh=False), seen, Memory(), 0.0)[0] == Write(Refresh(key()))


def test_an_error_of_automatic_sync_is_final():
    assert "SyncError: Failed last sync attempt" in problem(
        after_refresh(app(sync="OutOfSync", conditions={"SyncError": "Failed last sync attempt to [aaa]: quota"}))
    )


def test_what_automatic_sync_skips_because_it_was_attempted_already_is_synced_when_asked_for():
    seen = app(sync="OutOfSync", conditions={"SyncError": "Failed last sync attempt to [aaa]: quota"})
    assert isinstance(after_refresh(seen, may_sync=True).action, StartSync)


def test_a_sync_error_after_our_own_operation_is_final():
    seen = app(sync="OutOfSync", conditions={"SyncError": "Failed last sync attempt"})
    assert "SyncError" in problem(after_refresh(seen, may_sync=True, memory=replace(REFRESHED, operated=True)))


# The expected commit


def test_synced_of_the_older_commit_never_counts():
    assert isinstance(after_refresh(app(revision=A, sync="Synced"), revisions=(B,)), Fail)


def test_the_commit_of_a_spec_that_was_changed_meanwhile_is_compared_first():
    raw = raw_app()
    raw["spec"]["source"]["targetRevision"] = "other"
    assert "changed spec" in reason(after_refresh(Observed.parse(raw)))


def test_superseded_names_both_commits_and_where_they_come_from():
    step = after_refresh(app(revision=C), revisions=(B,))
    assert problem(step) == (
        f'application "web": {B} is superseded by {C}, which is what web of https://git.example.org/gitops.git at main '
        "is at now; expect that one, or push the other"
    )


def test_superseded_by_nothing_yet():
    assert "superseded by no revision" in problem(after_refresh(app(revision=""), revisions=(B,)))


@pytest.mark.parametrize("sync", ["Synced", "OutOfSync"])
def test_a_commit_that_was_deployed_since_the_start_counts_though_a_newer_one_followed(sync):
    assert after_refresh(app(revision=C, deployed=[A, B, C], sync=sync), revisions=(B,)) == Done()


def test_a_commit_that_was_deployed_before_the_start_does_not_count():
    baseline = app(revision=B, deployed=[A, B])
    assert isinstance(after_refresh(app(revision=C, deployed=[A, B]), revisions=(B,), baseline=baseline), Fail)


def test_the_history_of_a_new_application_is_all_since_the_start():
    seen = app(revision=C, deployed=[B, C])
    assert next_step(settle(baseline=None, revisions=(B,)), seen, Memory(), 0.0)[0] == Done()


def test_at_the_expected_commit_out_of_sync_does_not_count_even_if_it_is_in_history():
    assert isinstance(after_refresh(app(revision=B, deployed=[A, B], sync="OutOfSync"), revisions=(B,)), Watch)


@pytest.mark.parametrize(
    ("expected", "seen", "same"),
    [
        ((), (A,), True),
        ((A,), (A,), True),
        ((B,), (A,), False),
        ((A[:7],), (A,), True),
        ((A[:6],), (A,), False),
        (("5.1.0",), ("5.1.0",), True),
        (("5.1",), ("5.1.0",), False),
        ((A,), (), False),
        (("",), (), True),
        (("", B), (A, B), True),
        (("", B), (A, A), False),
        ((A, B), (A,), False),
    ],
)
def test_expected_and_seen_revisions(expected, seen, same):
    assert rules.at_revisions(expected, seen) is same


def test_several_sources_settle_at_their_revisions():
    multi = Observed.parse(CAPTURED["multi"])
    now_at = "1d2137bb84058da111f78936f1a754ab51f47fda"
    assert after_refresh(multi, baseline=multi, revisions=("", now_at)) == Done()
    assert f"superseded by {now_at}, {now_at}" in problem(after_refresh(multi, baseline=multi, revisions=(now_at, B)))


# Syncs of our own


def started(step) -> StartSync:
    assert isinstance(step, Write), step
    assert isinstance(step.action, StartSync), step
    return step.action


def test_a_manual_application_is_synced_when_asked_for():
    seen = app(automated=None, sync="OutOfSync")
    step, memory = next_step(settle(may_sync=True), seen, REFRESHED, 100.0)
    assert started(step) == StartSync(key(), seen, (A,), False, "t")
    assert memory.operated


@pytest.mark.parametrize("automated", [None, {}])
def test_only_the_commit_of_its_branch_is_synced_never_an_older_one(automated):
    assert started(after_refresh(app(automated=automated, sync="OutOfSync"), may_sync=True)).revisions == (A,)
    assert "superseded" in problem(after_refresh(app(automated=automated, revision=C), may_sync=True, revisions=(B,)))


def test_sources_without_an_expected_revision_are_synced_as_they_were_compared():
    multi = app(automated=None, sync="OutOfSync")
    multi = replace(multi, revisions=(A, B, C))
    assert started(after_refresh(multi, may_sync=True, revisions=("", B))).revisions == (A, B, C)


@pytest.mark.parametrize(
    ("automated", "asked", "prunes"),
    [
        ({"prune": True}, None, True),
        ({}, None, False),
        (None, None, False),
        ({"prune": True}, False, False),
        (None, True, True),
    ],
)
def test_a_sync_prunes_as_asked_for_else_as_automatic_sync_does(automated, asked, prunes):
    step = after_refresh(app(automated=automated, sync="OutOfSync"), may_sync=True, prune=asked)
    assert started(step).prune is prunes


def test_it_is_synced_as_the_task_says_and_always_if_it_says_so():
    how = Sync(force=True)
    assert started(after_refresh(app(sync="OutOfSync"), may_sync=True, sync=how)).sync is how
    assert after_refresh(app(), may_sync=True, sync=how) == Done()
    always = Sync(always=True)
    step, memory = next_step(settle(may_sync=True, sync=always), app(), REFRESHED, 100.0)
    assert started(step).sync is always
    assert next_step(settle(may_sync=True, sync=always), app(), memory, 101.0)[0] == Done()


def test_it_is_synced_once_only():
    step = after_refresh(app(automated=None, sync="OutOfSync"), may_sync=True, memory=replace(REFRESHED, operated=True))
    assert isinstance(step, Watch)


# OutOfSync


def test_out_of_sync_without_automation_is_refused_and_says_what_to_do():
    resources = [
        {"kind": "Deployment", "name": "web", "status": "OutOfSync"},
        {"kind": "ConfigMap", "name": "old", "status": "OutOfSync", "requiresPruning": True},
        {"kind": "Job", "name": "hook"},
    ]
    step = after_refresh(app(automated={"enabled": False}, sync="OutOfSync", resources=resources))
    assert isinstance(step.problem, Refused)
    assert problem(step) == (
        'application "web" is OutOfSync (Deployment/web, ConfigMap/old (to be pruned)) and not synced automatically; '
        "use state: synced for it"
    )


def test_out_of_sync_that_stays_fails_after_its_grace():
    seen = app(sync="OutOfSync", resources=[], operation=operation(started=5))
    first, memory = next_step(settle(), seen, REFRESHED, 100.0)
    assert first == Watch("no resource is named to be Synced", wake_after=rules.OUT_OF_SYNC_GRACE)
    assert isinstance(next_step(settle(), seen, memory, 100.0 + rules.OUT_OF_SYNC_GRACE - 1)[0], Watch)
    last = next_step(settle(), seen, memory, 100.0 + rules.OUT_OF_SYNC_GRACE)[0]
    assert "still OutOfSync after its last operation (Succeeded)" in problem(last)


def test_out_of_sync_that_stays_without_any_operation():
    memory = Memory(refreshed_at=0.0, symptom="OutOfSync", since=0.0)
    assert "last operation (none)" in problem(after_refresh(app(sync="OutOfSync"), memory=memory))


def test_a_heal_that_argo_cd_puts_off_is_waited_for_without_end():
    """The second one in a row comes seconds after the first, the sixth after five minutes."""
    healed = operation()
    healed["operation"]["sync"]["autoHealAttemptsCount"] = 2
    memory = Memory(refreshed_at=0.0, symptom="OutOfSync", since=0.0)
    assert "waits longer each time" in reason(after_refresh(app(sync="OutOfSync", operation=healed), memory=memory))


def test_an_operation_in_progress_ends_the_grace_of_out_of_sync():
    _step, memory = next_step(settle(), app(sync="OutOfSync"), REFRESHED, 100.0)
    _step, memory = next_step(settle(), app(sync="OutOfSync", pending=True), memory, 110.0)
    assert isinstance(next_step(settle(), app(sync="OutOfSync"), memory, 125.0)[0], Watch)


@pytest.mark.parametrize(("sync", "told"), [("Unknown", "Unknown"), ("", "not known yet")])
def test_an_unknown_sync_status_is_waited_for(sync, told):
    assert told in reason(after_refresh(app(sync=sync)))


# Health


@pytest.mark.parametrize("health", ["Degraded", "Missing"])
def test_a_brief_bad_health_does_not_fail(health):
    first, memory = next_step(settle(), app(health=health, resources=[]), REFRESHED, 100.0)
    assert first == Watch(f"its health ({health})", wake_after=DEGRADED_GRACE)
    assert next_step(settle(), app(), memory, 105.0)[0] == Done()


@pytest.mark.parametrize("health", ["Degraded", "Missing"])
def test_a_long_bad_health_fails(health):
    seen = app(health=health, health_message="crash loop")
    _step, memory = next_step(settle(), seen, REFRESHED, 100.0)
    last = next_step(settle(), seen, memory, 100.0 + DEGRADED_GRACE)[0]
    assert problem(last) == f'application "web" is Synced, but its health is {health}: crash loop'


def test_progress_between_ends_the_grace_of_a_bad_health():
    degraded, progressing = app(health="Degraded", resources=[]), app(health="Progressing", resources=[])
    _step, memory = next_step(settle(), degraded, REFRESHED, 100.0)
    _step, memory = next_step(settle(), progressing, memory, 109.0)
    assert isinstance(next_step(settle(), degraded, memory, 115.0)[0], Watch)


@pytest.mark.parametrize("health", ["Progressing", "Suspended", "Unknown", ""])
def test_other_health_is_waited_for_without_end(health):
    assert (health or "not known yet") in reason(after_refresh(app(health=health), now=10000.0))


def test_what_is_suspended_is_told_with_how_it_goes_on():
    assert "argocd app actions run web resume" in reason(after_refresh(app(health="Suspended")))


# Pods


NO_IMAGE = Trouble("u1", "mlops/web-1", "container web: ErrImagePull: not found", "correct it", lasting=True)
CRASHES = Trouble("u2", "mlops/web-2", "container web: CrashLoopBackOff: back-off 10s; last exit code 1")
PROGRESSING = app(health="Progressing", health_message="0 of 1 updated")


def with_pods(*troubles, seen=PROGRESSING):
    return replace(seen, troubles=troubles)


def looks(seen, seconds, goal=None, memory=REFRESHED):
    """The seconds at which its pods were looked at, asked every half second; the last step and the memory after it."""
    looked, now, step = [], 100.0, None
    while now <= 100.0 + seconds and not isinstance(step, (Done, Fail)):
        step, memory = next_step(goal or settle(), seen, memory, now)
        if step == Write(LookAtPods(key())):
            looked.append(now - 100.0)
            step, memory = next_step(goal or settle(), seen, memory, now)
        now += 0.5
    return looked, step, memory


@pytest.mark.parametrize(
    "seen",
    [
        PROGRESSING,
        app(health="Progressing", operation=operation("Running", 20)),
        app(sync="OutOfSync", health="Healthy", operation=operation("Running", 20)),
    ],
    ids=["Progressing", "an operation that waits", "an operation that waits for a hook"],
)
def test_the_pods_of_what_is_waited_for_are_looked_at_every_two_seconds(seen):
    looked, step, _memory = looks(seen, 7.0)
    assert looked == [2.0, 4.0, 6.0]
    assert step.wake_after == 1.0


ELSEWHERE = raw_app(health="Progressing")
ELSEWHERE["spec"]["destination"] = {"server": "https://10.0.0.1:6443", "namespace": "default"}
BY_NAME = raw_app(health="Progressing")
BY_NAME["spec"]["destination"] = {"name": "in-cluster", "namespace": "default"}


@pytest.mark.parametrize(
    "seen",
    [
        app(),
        app(sync="OutOfSync", health="Progressing"),
        app(health="Suspended"),
        app(health="Progressing", conditions=PART_AWAY),
        app(health="Progressing", refreshing=True),
        app(health="Progressing", resources=[child("one"), {"kind": "ConfigMap", "namespace": "a", "name": "b"}]),
        Observed.parse(ELSEWHERE),
    ],
    ids=["Healthy", "OutOfSync", "Suspended", "Argo CD is away", "being compared", "no pods", "another cluster"],
)
def test_pods_that_cannot_be_the_reason_or_cannot_be_seen_are_not_looked_at(seen):
    assert looks(seen, 5.0)[0] == []


def test_the_own_cluster_may_be_named():
    assert looks(Observed.parse(BY_NAME), 2.0)[0] == [2.0]


def test_without_wait_no_pods_are_looked_at():
    assert looks(PROGRESSING, 5.0, settle(wait=False))[:2] == ([], Done())


def test_a_pod_that_cannot_start_fails_after_its_grace_with_its_own_reason():
    looked, step, _memory = looks(with_pods(CRASHES, NO_IMAGE), 30.0)
    assert looked[-1] == CANNOT_START_GRACE
    assert problem(step) == (
        'application "web" is Synced, but its pod mlops/web-1 cannot start: container web: ErrImagePull: not found; '
        "correct it"
    )


def test_a_pod_for_which_an_operation_waits_fails_it_too():
    seen = with_pods(NO_IMAGE, seen=app(operation=operation("Running", 20)))
    assert 'application "web" is being synced, but its pod mlops/web-1 cannot start' in problem(looks(seen, 30.0)[1])


def test_a_pod_that_starts_within_its_grace_was_never_in_trouble():
    _looked, step, memory = looks(with_pods(NO_IMAGE), CANNOT_START_GRACE - 0.5)
    assert isinstance(step, Watch)
    _step, memory = next_step(settle(), with_pods(), memory, 110.0)
    _step, memory = next_step(settle(), with_pods(), memory, 110.0)
    assert memory.stuck == {}


def test_each_pod_has_its_own_grace():
    other = replace(NO_IMAGE, uid="u3", pod="mlops/web-3")
    _looked, _step, memory = looks(with_pods(NO_IMAGE), 9.0)
    seen = with_pods(other)
    assert isinstance(next_step(settle(), seen, memory, 109.5)[0], Watch)
    _looked, step, _memory = looks(seen, CANNOT_START_GRACE - 0.5, memory=memory)
    assert isinstance(step, Watch)


def test_a_new_rollout_begins_without_what_is_known_of_the_old_one():
    _looked, _step, memory = looks(with_pods(NO_IMAGE), 9.0)
    _step, memory = next_step(settle(), with_pods(NO_IMAGE, seen=app(refreshing=True)), memory, 110.0)
    assert memory.stuck != {}
    _step, memory = next_step(settle(), with_pods(NO_IMAGE, seen=app(sync="OutOfSync")), memory, 110.0)
    assert (memory.stuck, memory.look_at) == ({}, None)


def test_what_may_heal_is_told_by_the_wait_and_does_not_end_it():
    step = looks(with_pods(CRASHES, NO_IMAGE), 1.0)[1]
    assert reason(step) == f"its health (Progressing: 0 of 1 updated); {CRASHES}; and 1 more"
    step = looks(with_pods(CRASHES), 1000.0)[1]
    assert reason(step) == (
        "its health (Progressing: 0 of 1 updated); "
        "pod mlops/web-2: container web: CrashLoopBackOff: back-off 10s; last exit code 1"
    )


OLDER = app(revision=B, sync="OutOfSync", operation=operation("Running", 20, revision=A, message="waiting for Job/x"))


@pytest.mark.parametrize("trouble", [NO_IMAGE, CRASHES])
def test_an_operation_that_waits_for_pods_of_an_older_commit_is_ended(trouble):
    seen = with_pods(trouble, seen=OLDER)
    _looked, step, memory = looks(seen, CANNOT_START_GRACE - 0.5, settle(revisions=(B,)))
    assert isinstance(step, Watch)
    memory = replace(memory, look_at=200.0)
    step, memory = next_step(settle(revisions=(B,)), seen, memory, 100.0 + CANNOT_START_GRACE)
    assert step == Write(EndOperation(key(), seen))
    assert isinstance(next_step(settle(revisions=(B,)), seen, memory, 111.0)[0], Watch)
    ending = app(revision=B, sync="OutOfSync", operation=operation("Terminating", 20, revision=A))
    assert looks(ending, 60.0, settle(revisions=(B,)), memory)[0] == []
    ended = app(revision=B, sync="OutOfSync", operation=operation("Failed", 20, revision=A, message="terminated"))
    step = next_step(settle(revisions=(B,)), replace(ended, reconciled_at=at(60)), memory, 112.0)[0]
    assert "to be Synced" in reason(step)


@pytest.mark.parametrize(
    ("seen", "goal"),
    [
        (app(revision=B, sync="Synced", operation=operation("Running", 20, revision=A)), {}),
        (app(revision=B, sync="OutOfSync", operation=operation("Running", 20, revision=B)), {}),
        (app(revision=B, sync="OutOfSync", operation=operation("Running", 20, revision="")), {}),
        (app(revision=B, sync="OutOfSync", operation=operation("Running", 20, revision=A)), {"revisions": (C,)}),
        (app(revision=B, sync="OutOfSync", automated=None, operation=operation("Running", 20, revision=A)), {}),
    ],
    ids=["nothing newer to sync", "of this commit", "of no known commit", "not the expected commit", "manual"],
)
def test_an_operation_that_is_in_the_way_of_nothing_is_not_ended(seen, goal):
    step = looks(with_pods(NO_IMAGE, seen=seen), 30.0, settle(**goal))[1]
    assert "is being synced, but its pod mlops/web-1 cannot start" in problem(step)


def test_a_bad_health_is_told_with_what_the_pods_say():
    seen = with_pods(NO_IMAGE, seen=app(health="Degraded", health_message="exceeded its progress deadline"))
    assert problem(looks(seen, 30.0)[1]) == (
        'application "web" is Synced, but its health is Degraded: exceeded its progress deadline; '
        "pod mlops/web-1: container web: ErrImagePull: not found; correct it"
    )


# Deletion


def test_an_application_that_disappears_fails_the_wait():
    assert "was deleted by somebody else" in problem(after_refresh(None))


def test_an_application_that_is_being_deleted_fails_the_wait():
    assert "is being deleted by somebody else" in problem(after_refresh(app(deleting=True)))


# wait: false


@pytest.mark.parametrize("changes", [{"pending": True}, {"health": "Progressing"}])
def test_without_wait_an_operation_in_progress_is_enough(changes):
    assert after_refresh(app(**changes), wait=False) == Done()


def test_without_wait_the_comparison_and_the_start_of_a_sync_are_still_waited_for():
    assert isinstance(after_refresh(app(refreshing=True), wait=False), Watch)
    assert isinstance(started(after_refresh(app(sync="OutOfSync"), wait=False, may_sync=True)), StartSync)


def test_without_wait_an_error_of_the_comparison_fails():
    assert isinstance(after_refresh(app(conditions={"ComparisonError": "no path"}), wait=False), Fail)


# What else is told of an application


@pytest.mark.parametrize(
    ("seen", "due", "told"),
    [
        (app(), False, "Synced, Healthy"),
        (app(sync="", health=""), False, "sync status not known, health not known"),
        (app(sync="OutOfSync", resources=[child("one", "OutOfSync")]), True, "would be synced: Application/one"),
        (app(sync="OutOfSync", resources=[]), True, "would be synced: OutOfSync"),
    ],
)
def test_foresight_without_an_expected_commit(seen, due, told):
    assert foresee(settle(), seen) == (due, told)


def test_foresight_of_a_sync_in_any_case():
    told = "would be synced, though nothing is out of sync"
    assert foresee(settle(sync=Sync(always=True)), app()) == (True, told)


@pytest.mark.parametrize(("revision", "known"), [(A, A), ("", "nothing")])
def test_foresight_of_an_expected_commit(revision, known):
    assert foresee(settle(revisions=(B,)), app(revision=revision)) == (True, f"would be brought from {known} to {B}")


@pytest.mark.parametrize(
    ("baseline", "seen", "moved"),
    [
        (app(), app(), False),
        (app(), app(health="Degraded", reconciled=50), False),
        (None, app(), True),
        (app(), app(deployed=[A, B]), True),
        (app(), app(operation=operation()), True),
        (app(operation=operation(started=1)), app(operation=operation(started=1)), False),
        (app(operation=operation(started=1)), app(operation=operation(started=5)), True),
        (app("old"), app("new"), True),
    ],
)
def test_has_moved_when_something_was_deployed_since(baseline, seen, moved):
    assert rules.has_moved(baseline, seen) is moved


@pytest.mark.parametrize(
    ("goal", "memory", "acted"),
    [
        (Operate(key(), BEFORE, "t"), Memory(operated=True), True),
        (Operate(key(), BEFORE, "t"), Memory(refreshed_at=1.0), False),
        (Operate(key(), BEFORE, "t", sync=Sync(dry_run=True)), Memory(operated=True), False),
        (settle(may_sync=True), Memory(operated=True), True),
        (Idle(key()), Memory(ended=at(5)), True),
        (Idle(key()), Memory(), False),
        (settle(), Memory(ended=at(5)), True),
        (Gone(key(), "uid-of-web"), Memory(confirmed=True), True),
        (Compare(key(), BEFORE), REFRESHED, False),
    ],
)
def test_what_counts_as_a_change_beside_the_declaration(goal, memory, acted):
    assert rules.acted(goal, memory) is acted


def test_a_server_that_is_away_cannot_show_more():
    assert rules.failed(key(), Unavailable("is the server up?")) == "is the server up?"


def test_a_failure_ends_with_the_commands_that_show_more():
    assert rules.failed(key(), Failed("it broke")) == (
        "it broke. Look further with: kubectl describe applications.argoproj.io web -n argocd, or: argocd app get web"
    )
