# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.applications import Applications
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import (
    ConfirmDeletion,
    EndOperation,
    Refresh,
    StartSync,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Desired, Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.planner import Apply, Delete
from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import FIELD_MANAGER
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed, Invalid, Problem
from ansible_collections.ai_how.cloud.plugins.module_utils._core.step import Watch, Write
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.builder import (
    CAPTURED,
    REPO,
    A,
    B,
    app,
    at,
    child,
    key,
    new_app,
    operation,
)
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.server import Server

ALWAYS = "would be synced, though nothing is out of sync"
MANUAL = app(automated=None, revision=B, deployed=[A, B])
WORKING = app(pending=True, operation=operation("Running", 5))
GUARDED = app(deleting=True, resources=[{"kind": "Job", "name": "a", "requiresDeletionConfirmation": True}])

DECLARED = {"source": {"repo_url": REPO, "path": "web"}, "destination": {"namespace": "default"}}


def applications(**params) -> Applications:
    defaults = {
        "state": "present",
        "namespace": "argocd",
        "applications": None,
        "name": "web",
        "cascade": None,
        "refresh": "normal",
        "confirm_deletion": False,
        "recurse": True,
        "wait": None,
        "wait_timeout": 300,
    }
    return Applications({**defaults, **params}, token="t")


def world(*apps):
    return {seen.key: seen for seen in apps}


def first_step(domain, seen=None, changed=True):
    """What the conversation about the first item begins with; None if there is nothing to talk about."""
    before = world(seen) if seen else {}
    talk = domain.conversation([(domain.items[0], changed)], before)
    return talk.advance(before or world(new_app()), 0.0).get(key())


# Items


@pytest.mark.parametrize("several", [False, True])
def test_what_is_denied_is_written_over_what_others_said_and_else_not_at_all(several):
    policy = {"automated": {"prune": False, "self_heal": False}}
    item = {"name": "web", **DECLARED, "sync_policy": policy}
    domain = applications(applications=[item]) if several else applications(**item)
    server = Server()
    server.update(Desired.from_params({**item, "sync_policy": {"automated": {"prune": True}}}, "argocd").manifest, "ui")
    (action,) = domain.plan(domain.items[0], Observed.parse(server.object))
    assert action.manifest["spec"]["syncPolicy"] == {"automated": {"prune": False}}
    server.apply(action.manifest, FIELD_MANAGER)
    assert domain.plan(domain.items[0], Observed.parse(server.object)) == ()
    (action,) = domain.plan(domain.items[0], None)
    assert action.manifest["spec"]["syncPolicy"] == {"automated": {}}


def test_without_time_to_wait_nothing_is_begun():
    with pytest.raises(Invalid, match="wait_timeout is 0; give at least 1 second"):
        applications(wait_timeout=0)


def test_one_application_is_a_list_of_one():
    assert [item.key for item in applications(namespace="team").items] == [key("web", "team")]


def test_several_applications_keep_their_order():
    assert [item.key.name for item in applications(applications=[{"name": "b"}, {"name": "a"}]).items] == ["b", "a"]


def test_applications_may_be_in_several_namespaces():
    several = [{"name": "a"}, {"name": "a", "namespace": "team"}]
    assert [item.key for item in applications(applications=several).items] == [key("a"), key("a", "team")]


@pytest.mark.parametrize(
    ("items", "complaint"),
    [
        ([], "applications is an empty list; name at least one application"),
        ([{"name": "a"}, {}], r"applications\[1\]: an application: name is missing"),
        (
            [{"name": "a"}, {"name": "b", "sources": []}],
            r'applications\[1\]: application "b": sources is an empty list',
        ),
        (
            [{"name": "a"}, {"name": "b"}, {"name": "a"}],
            'applications: the name "a" was given 2 times in namespace argocd; give each application once',
        ),
    ],
)
def test_a_malformed_list_is_refused(items, complaint):
    with pytest.raises(Invalid, match=complaint):
        applications(applications=items)


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        ({"state": "present", "sync": {"force": True}}, "sync was given with state: present"),
        ({"state": "rolled_back", "history_id": 1, "sync": {"force": True}}, "sync was given with state: rolled_back"),
        ({"state": "synced", "history_id": 1}, "history_id was given with state: synced"),
        ({"state": "rolled_back"}, "give either history_id or revision"),
        ({"state": "rolled_back", "history_id": 0, "revision": A}, "give either history_id or revision"),
        (
            {"state": "synced", "revision": A, "sync": {"revision": B}},
            "revision is what to wait for",
        ),
        ({"state": "synced", "sync": {"resources": []}}, 'application "web": sync.resources is an empty list'),
    ],
)
def test_options_that_mean_nothing_together_are_refused(params, complaint):
    with pytest.raises(Invalid, match=complaint):
        applications(**params)


def test_the_time_to_wait():
    assert applications(wait_timeout=7).wait_timeout == 7.0


# Plans


def test_present_and_synced_declare():
    for state in ("present", "synced"):
        domain = applications(state=state, **DECLARED)
        assert [type(action) for action in domain.plan(domain.items[0], None)] == [Apply]


def test_absent_deletes():
    domain = applications(state="absent", cascade="foreground")
    assert domain.plan(domain.items[0], app())[-1] == Delete(key(), "uid-of-web")


@pytest.mark.parametrize(
    ("params", "seen", "problem"),
    [
        ({"state": "refreshed"}, None, "does not exist in namespace argocd; correct the name"),
        ({"state": "terminated", "project": "default"}, app(), "state: terminated declares nothing"),
        ({"state": "rolled_back", "history_id": 0}, app(), "is synced automatically, so that it cannot be rolled back"),
        ({"state": "rolled_back", "history_id": 7}, MANUAL, "which is not in its history"),
        ({"state": "synced", "sync": {"revision": "v1"}}, app(), "cannot be synced to v1"),
    ],
)
def test_what_cannot_be_reached_is_refused_before_anything_is_written(params, seen, problem):
    domain = applications(**params)
    with pytest.raises(Problem, match=problem):
        domain.plan(domain.items[0], seen)


@pytest.mark.parametrize(
    "params",
    [
        {"state": "refreshed"},
        {"state": "terminated"},
        {"state": "rolled_back", "history_id": 0},
        {"state": "synced", "sync": {"revision": "v1"}},
    ],
)
def test_what_declares_nothing_has_no_plan(params):
    domain = applications(**params)
    assert domain.plan(domain.items[0], MANUAL) == ()


# Conversations


@pytest.mark.parametrize(
    ("params", "seen", "step"),
    [
        ({"state": "refreshed", "refresh": "hard"}, app(), Write(Refresh(key(), "hard"))),
        ({"state": "terminated"}, WORKING, Write(EndOperation(key(), WORKING))),
        ({"state": "terminated"}, app(), None),
        ({"state": "rolled_back", "history_id": 0}, MANUAL, Write(Refresh(key()))),
        ({"state": "synced", "sync": {"revision": A}}, MANUAL, Write(Refresh(key()))),
        ({"state": "absent", "confirm_deletion": True}, GUARDED, Write(ConfirmDeletion(key(), at(0)))),
    ],
)
def test_what_each_state_begins_with(params, seen, step):
    assert first_step(applications(**params), seen, changed=False) == step


def test_a_rollback_deploys_the_entry_that_was_meant():
    domain = applications(state="rolled_back", revision=A[:8], prune=True)
    talk = domain.conversation([(domain.items[0], False)], world(MANUAL))
    talk.advance(world(MANUAL), 0.0)
    talk.confirm(key())
    action = talk.advance(world(MANUAL), 1.0)[key()].action
    assert action == StartSync(key(), MANUAL, (A,), True, "t", deployment=MANUAL.deployments[0])
    talk.confirm(key())
    assert talk.moved(key(), world(MANUAL))


@pytest.mark.parametrize(
    ("params", "talks"),
    [
        ({"state": "present"}, False),
        ({"state": "present", "wait": True}, True),
        ({"state": "synced"}, True),
        ({"state": "synced", "wait": False}, True),
        ({"state": "absent"}, True),
        ({"state": "absent", "wait": False}, False),
    ],
)
def test_when_there_is_something_to_wait_for(params, talks):
    assert (first_step(applications(**params), app()) is not None) is talks


def test_the_deletion_of_what_was_not_there_is_not_waited_for():
    assert first_step(applications(state="absent")) is None


def test_absent_waits_until_it_is_gone():
    step = first_step(applications(state="absent"), app())
    assert isinstance(step, Watch)
    assert "its deletion" in step.reason


@pytest.mark.parametrize(
    ("params", "changed", "refreshes"),
    [
        ({"state": "present"}, False, False),
        ({"state": "present"}, True, True),
        ({"state": "present", "revision": A}, False, True),
        ({"state": "synced"}, False, True),
    ],
)
def test_a_settled_application_is_compared_anew_where_that_is_due(params, changed, refreshes):
    step = first_step(applications(wait=True, **params), app(), changed)
    assert step == (Write(Refresh(key())) if refreshes else None)


@pytest.mark.parametrize(("state", "syncs"), [("present", False), ("synced", True)])
def test_only_synced_starts_a_sync(state, syncs):
    manual = app(automated=None, sync="OutOfSync")
    domain = applications(state=state, wait=True, prune=True, revision=A)
    talk = domain.conversation([(domain.items[0], False)], world(manual))
    talk.advance(world(manual), 0.0)
    talk.confirm(key())
    step = talk.advance(world(manual), 1.0).get(key())
    assert step == (Write(StartSync(key(), manual, (A,), True, "t")) if syncs else None)
    assert (talk.failure(key()) == "") is syncs


# Check mode


@pytest.mark.parametrize(
    ("params", "seen", "changed", "foreseen"),
    [
        ({"state": "present"}, app(sync="OutOfSync"), True, (True, "would be changed")),
        ({"state": "present"}, app(sync="OutOfSync"), False, (False, "")),
        ({"state": "absent"}, app(), True, (True, "would be deleted")),
        ({"state": "absent"}, None, False, (False, "")),
        ({"state": "synced"}, None, True, (True, "would be created")),
        ({"state": "synced"}, app(), True, (True, "would be changed")),
        ({"state": "synced"}, app(), False, (False, "Synced, Healthy")),
        ({"state": "synced", "revision": B}, app(), False, (True, f"would be brought from {A} to {B}")),
        ({"state": "present", "wait": True, "revision": A[:8]}, app(), False, (False, "Synced, Healthy")),
        ({"state": "synced", "sync": {"always": True}}, app(), False, (True, ALWAYS)),
        ({"state": "synced", "sync": {"revision": A}}, MANUAL, False, (True, f"would be synced to {A}")),
        ({"state": "rolled_back", "history_id": 0}, MANUAL, False, (True, f"would be rolled back to {A}")),
        ({"state": "rolled_back", "history_id": 1}, MANUAL, False, (False, f"{B} is deployed already")),
        ({"state": "refreshed"}, app(), False, (False, "would be compared anew; Synced, Healthy")),
        ({"state": "terminated"}, WORKING, False, (True, "its operation would be ended")),
        ({"state": "synced"}, app(deleting=True), False, (False, 'application "web" is being deleted')),
        ({"state": "terminated"}, app(), False, (False, "no operation is in progress")),
        ({"state": "absent", "confirm_deletion": True}, GUARDED, False, (True, "its deletion would be confirmed")),
        ({"state": "absent"}, GUARDED, False, (False, "")),
    ],
)
def test_what_check_mode_foresees(params, seen, changed, foreseen):
    domain = applications(**params)
    assert domain.foresee(domain.items[0], seen, changed) == foreseen


# What is told afterwards


@pytest.mark.parametrize(
    ("now", "moved"),
    [
        ([app("stack", resources=[child("one")]), app("one")], False),
        ([app("stack", resources=[child("one")], deployed=[A, B]), app("one")], True),
        ([app("stack", resources=[child("one")]), app("one", deployed=[A, B])], True),
        ([app("stack", resources=[child("one"), child("new")]), app("one"), app("new")], True),
        ([app("stack", resources=[child("one")]), app("one"), app("elsewhere", deployed=[B])], False),
        ([], False),
    ],
)
def test_deployments_below_a_synced_application_count_as_its_change(now, moved):
    before = world(app("stack", resources=[child("one")]), app("one"))
    assert moved_since(before, world(*now), name="stack", state="synced") is moved


def moved_since(before, now, **params):
    domain = applications(**params)
    conversation = domain.conversation([(domain.items[0], False)], before)
    for step in (0, 1):
        for asked in conversation.advance((before, now)[step], step):
            conversation.confirm(asked)
    return conversation.moved(domain.items[0].key, now)


def test_a_child_in_another_namespace_is_no_change_by_being_seen():
    before = world(app("stack", resources=[child("one", namespace="elsewhere")]))
    now = world(app("stack", resources=[child("one", namespace="elsewhere")]), app("one", namespace="elsewhere"))
    assert not moved_since(before, now, name="stack", state="synced")


@pytest.mark.parametrize("state", ["present", "absent"])
def test_where_no_sync_was_asked_for_deployments_are_no_change_of_the_task(state):
    assert not moved_since(world(app()), world(app(deployed=[A, B])), state=state)


def test_only_what_is_declared_is_shown():
    raw = app().raw
    raw["metadata"]["annotations"].update(
        {"argocd.argoproj.io/refresh": "normal", "kubectl.kubernetes.io/last-applied-configuration": "{}"}
    )
    assert applications().view(raw) == {
        "metadata": {
            "labels": {"a": "b"},
            "annotations": {"x": "y"},
            "finalizers": ["resources-finalizer.argocd.argoproj.io"],
        },
        "spec": raw["spec"],
    }
    assert applications().view(CAPTURED["stack"]) == {"spec": CAPTURED["stack"]["spec"]}
    assert applications().view({"metadata": {}}) == {"spec": {}}


def test_the_report_of_an_application_and_of_those_below_it():
    one = app("one", health="Degraded", health_message="crash loop", resources=[child("stack")])
    two = app("two", sync="", health="", revision="", conditions={"SyncError": "quota"})
    stack = app("stack", operation=operation(message="done"), resources=[child("two"), child("one"), child("missing")])
    domain = applications(name="stack")
    report = domain.report(domain.items[0], world(stack, one, two), None)
    assert report == {
        "name": "stack",
        "namespace": "argocd",
        "sync": "Synced",
        "health": "Healthy",
        "revision": A,
        "message": "",
        "revisions": [A],
        "reconciled_at": at(10),
        "hydration": None,
        "operation": {
            "phase": "Succeeded",
            "message": "done",
            "started_at": at(1),
            "finished_at": at(2),
            "revisions": [A],
            "resources": [],
        },
        "history": [{"id": 0, "revisions": [A], "deployed_at": at(0), "initiated_by": ""}],
        "resources": [child("two"), child("one"), child("missing")],
        "conditions": {},
        "applications": [
            {
                "name": "one",
                "namespace": "argocd",
                "sync": "Synced",
                "health": "Degraded",
                "revision": A,
                "message": "crash loop",
            },
            {
                "name": "two",
                "namespace": "argocd",
                "sync": "Unknown",
                "health": "Unknown",
                "revision": "",
                "message": "quota",
            },
        ],
    }


def test_the_report_says_why_the_wait_failed():
    domain = applications(state="synced")
    talk = domain.conversation([(domain.items[0], False)], world(app()))
    talk.fail(key(), Failed("it broke"))
    report = domain.report(domain.items[0], world(app(conditions={"OrphanedResourceWarning": "1"})), talk)
    assert report["message"] == "it broke"
    assert report["operation"] is None


def test_an_application_that_is_gone_reports_nothing():
    domain = applications()
    assert domain.report(domain.items[0], {}, None) == {}
