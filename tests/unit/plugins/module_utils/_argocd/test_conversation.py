# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.conversation import Conversation
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import Gone, LookAtPods, Refresh, Settle
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.health import DEGRADED_GRACE, LOOK_AT_PODS
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.pods import Trouble
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Refused, Unavailable
from ansible_collections.ai_how.cloud.plugins.module_utils._core.step import Watch, Write
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.builder import (
    A,
    B,
    app,
    child,
    key,
    new_app,
    operation,
    source,
)


def world(*apps):
    return {seen.key: seen for seen in apps}


def stack(*children, name="stack", **changes):
    """An application that deploys others."""
    return app(name, resources=[child(one) for one in children], **{"path": "apps", **changes})


def talk(*before, goals=("stack",), recurse=True, **goal):
    """The conversation about applications that were there as ``before``."""
    known = world(*before)
    return Conversation(
        [Settle(**{"key": key(name), "baseline": known.get(key(name)), "token": "t", **goal}) for name in goals],
        known,
        recurse=recurse,
    )


def refresh_all(conversation, seen, now=0.0):
    """Advance, doing each Write, until there is none left; the names that were refreshed."""
    refreshed = []
    while True:
        writes = [name for name, step in conversation.advance(seen, now).items() if isinstance(step, Write)]
        if not writes:
            return refreshed
        for name in writes:
            conversation.confirm(name)
        refreshed += [name.name for name in writes]


# Writes


def test_a_write_that_was_not_done_is_asked_for_again():
    web = app()
    conversation = talk(web, goals=["web"])
    first = conversation.advance(world(web), 0.0)
    assert first == {key(): Write(Refresh(key()))}
    assert conversation.advance(world(web), 1.0) == first
    conversation.confirm(key())
    assert conversation.advance(world(web), 2.0) == {}
    assert conversation.over()
    assert conversation.failure(key()) == ""


def test_confirming_twice_changes_nothing():
    web = app()
    conversation = talk(web, goals=["web"])
    conversation.advance(world(web), 0.0)
    conversation.confirm(key())
    conversation.confirm(key())
    assert conversation.advance(world(web), 1.0) == {}


# Children


def test_children_are_refreshed_and_waited_for_after_their_parent():
    seen = world(stack("one", "two"), app("one"), app("two", health="Progressing"))
    conversation = talk(*seen.values())
    assert sorted(refresh_all(conversation, seen)) == ["one", "stack", "two"]
    assert not conversation.over()
    assert set(conversation.followed()) == {key("stack"), key("one"), key("two")}
    seen = world(stack("one", "two"), app("one"), app("two"))
    conversation.advance(seen, 1.0)
    assert conversation.over()


@pytest.mark.parametrize("parent", [stack("one"), stack("one", refreshing=True)], ids=["at rest", "busy"])
def test_children_are_not_followed_before_our_own_refresh_of_the_parent(parent):
    seen = world(parent, app("one"))
    conversation = talk(*seen.values())
    conversation.advance(seen, 0.0)
    assert conversation.followed() == [key("stack")]


@pytest.mark.parametrize(
    "parent",
    [
        stack("one", refreshing=True),
        stack("one", pending=True),
        stack("one", sync="OutOfSync", reconciled=None),
        stack("one", operation=operation("Running", 20)),
        stack("one", operation=operation("Running", 20, resources=[child("one", "SyncFailed")])),
    ],
    ids=["refreshing", "operation asked for", "not compared", "not applied yet", "could not be applied"],
)
def test_children_that_cannot_be_judged_yet_are_not_followed(parent):
    seen = world(stack("one"), app("one"))
    conversation = talk(*seen.values())
    conversation.advance(seen, 0.0)
    conversation.confirm(key("stack"))
    conversation.advance(world(parent, app("one")), 1.0)
    assert conversation.followed() == [key("stack")]


def test_children_of_a_parent_at_another_commit_are_not_followed():
    seen = world(stack("one"), app("one"))
    conversation = talk(*seen.values(), revisions=(B,), may_sync=True)
    refresh_all(conversation, world(stack("one", automated=None, revision=A), app("one")))
    assert conversation.followed() == [key("stack")]


def test_children_that_a_running_operation_has_applied_are_followed_at_once():
    seen = world(stack("one", "two"), app("one"), app("two"))
    conversation = talk(*seen.values())
    conversation.advance(seen, 0.0)
    conversation.confirm(key("stack"))
    running = operation("Running", 20, resources=[child("one")])
    broken = app("one", conditions={"ComparisonError": "no such path"})
    seen = world(stack("one", "two", operation=running), broken, app("two"))
    refresh_all(conversation, seen)
    assert set(conversation.followed()) == {key("stack"), key("one")}
    assert conversation.over()


def test_children_of_an_operation_that_ran_before_the_start_are_not_followed():
    parent = stack("one", operation=operation("Running", 20, resources=[child("one")]))
    conversation = talk(parent, app("one"))
    refresh_all(conversation, world(parent, app("one")))
    assert conversation.followed() == [key("stack")]


def test_a_failing_child_ends_the_wait_at_once_naming_parent_and_child():
    seen = world(stack("one", "two"), app("one", health="Progressing"), app("two"))
    conversation = talk(*seen.values())
    refresh_all(conversation, seen)
    broken = app("two", conditions={"ComparisonError": "no such path"})
    # It was Done in this conversation already: only what is still open can fail.
    conversation.advance(world(stack("one", "two"), app("one", health="Progressing"), broken), 1.0)
    assert not conversation.over()
    broken = app("one", conditions={"ComparisonError": "no such path"})
    conversation.advance(world(stack("one", "two"), broken, app("two")), 2.0)
    assert conversation.over()
    assert conversation.failure(key("stack")) == (
        'application "stack" has a child that is failing: '
        'application "one", from web of https://git.example.org/gitops.git '
        "at main: ComparisonError: no such path. "
        "Look further with: kubectl describe applications.argoproj.io one -n argocd, or: argocd app get one"
    )
    assert conversation.own_failure(key("one")).endswith("ComparisonError: no such path")
    assert conversation.own_failure(key("stack")) == ""
    assert conversation.own_failure(key("nobody")) == ""


def test_what_is_confirmed_in_a_child_moves_its_parent():
    seen = app("one", operation=operation("Running", 20, message="waiting for pruning confirmation of /Job/x"))
    parent = stack("one")
    conversation = talk(parent, seen, confirm=True)
    for now in range(3):  # the refresh of both, and then the confirmation
        assert not conversation.moved(key("stack"), world(parent, seen))
        for name in conversation.advance(world(parent, seen), now):
            conversation.confirm(name)
    assert conversation.moved(key("stack"), world(parent, seen))


def test_other_applications_go_on_when_one_has_failed():
    seen = world(app("good"), app("bad", conditions={"ComparisonError": "no such path"}))
    conversation = talk(*seen.values(), goals=["bad", "good"])
    refresh_all(conversation, seen)
    assert conversation.over()
    assert conversation.failure(key("bad")) != ""
    assert conversation.failure(key("good")) == ""


def test_what_belongs_to_a_failed_application_asks_for_no_more_attention():
    seen = world(stack("one", "two"), app("one"), app("two"), app("web"))
    conversation = talk(*seen.values(), goals=["stack", "web"])
    busy = [
        app("one", health="Degraded", resources=[]),
        app("two", health="Progressing", resources=[]),
        app("web", health="Progressing", resources=[]),
    ]
    refresh_all(conversation, {**seen, **world(*busy)})
    assert conversation.wake_after() == DEGRADED_GRACE
    conversation.fail(key("two"), Refused("not allowed"))
    assert conversation.wake_after() is None
    assert conversation.advance(seen, 1.0) == {}


def test_grandchildren_are_waited_for():
    seen = world(stack("team"), stack("web", name="team"), app("web", health="Degraded"))
    conversation = talk(*seen.values())
    refresh_all(conversation, seen)
    assert set(conversation.followed()) == {key("stack"), key("team"), key("web")}
    conversation.advance(seen, DEGRADED_GRACE)
    assert 'application "stack" has a child that is failing: application "web" is Synced, but' in conversation.failure(
        key("stack")
    )


def test_applications_that_deploy_each_other_come_to_an_end():
    seen = world(stack("two", name="one"), stack("one", name="two"))
    conversation = talk(*seen.values(), goals=["one"])
    refresh_all(conversation, seen)
    assert conversation.over()
    assert set(conversation.followed()) == {key("one"), key("two")}


def test_an_application_that_deploys_itself_comes_to_an_end():
    seen = world(stack("stack"))
    conversation = talk(*seen.values())
    refresh_all(conversation, seen)
    assert conversation.over()


def test_a_child_that_is_a_goal_of_its_own_is_followed_once():
    seen = world(stack("one"), app("one", conditions={"ComparisonError": "no such path"}))
    conversation = talk(*seen.values(), goals=["stack", "one"])
    refresh_all(conversation, seen)
    assert conversation.failure(key("one")).startswith('application "one", from ')
    assert conversation.failure(key("stack")) == ""


def test_a_child_that_is_not_seen_yet_is_waited_for():
    conversation = talk(stack("one"))
    refresh_all(conversation, world(stack("one")))
    assert conversation.advance(world(stack("one")), 0.0) == {key("one"): Watch("it to be seen")}
    conversation.advance(world(stack("one"), app("one")), 1.0)
    assert conversation.over()


def test_a_child_that_is_never_seen_ends_in_a_timeout():
    conversation = talk(stack("one"))
    refresh_all(conversation, world(stack("one")))
    conversation.time_out(60.0)
    assert 'application "one": timed out after 60 s waiting for it to be seen' in conversation.failure(key("stack"))


def test_a_child_in_a_namespace_that_was_not_listed_before_is_not_taken_for_new():
    parent = app("stack", resources=[child("one", namespace="team")])
    conversation = talk(parent)
    assert refresh_all(conversation, world(parent)) == ["stack"]
    assert refresh_all(conversation, world(parent, app("one", namespace="team"))) == ["one"]
    assert conversation.over()


def test_a_parent_that_is_gone_when_its_child_is_seen_fails():
    conversation = talk(stack("one"))
    refresh_all(conversation, world(stack("one", health="Progressing")))
    conversation.advance(world(app("one")), 1.0)
    assert 'application "stack" was deleted by somebody else' in conversation.failure(key("stack"))


@pytest.mark.parametrize("options", [{"recurse": False}, {"wait": False}])
def test_children_are_not_followed_where_that_is_not_asked_for(options):
    seen = world(stack("one"), app("one", health="Degraded"))
    conversation = talk(*seen.values(), **options)
    refresh_all(conversation, seen)
    assert conversation.over()
    assert conversation.followed() == [key("stack")]


def test_a_new_child_is_compared_without_a_refresh_of_ours():
    conversation = talk(stack())
    seen = world(stack("new"), new_app("new"))
    assert refresh_all(conversation, seen) == ["stack"]
    assert "compare it with its source" in conversation.advance(seen, 0.0)[key("new")].reason
    conversation.advance(world(stack("new"), app("new")), 1.0)
    assert conversation.over()


def test_children_of_a_settled_parent_that_need_no_comparison_cost_no_write():
    seen = world(stack("one"), app("one"))
    conversation = talk(*seen.values(), fresh=False)
    assert conversation.advance(seen, 0.0) == {}
    assert conversation.over()


@pytest.mark.parametrize("relapse", [{"health": "Progressing"}, {"health": "Degraded"}, {"sync": "OutOfSync"}])
def test_what_relapses_while_others_are_waited_for_is_waited_for_again(relapse):
    slow = app("slow", health="Progressing")
    conversation = talk(app("web"), slow, goals=["web", "slow"])
    refresh_all(conversation, world(app("web"), slow))
    conversation.advance(world(app("web", **relapse), app("slow")), 1.0)
    assert not conversation.over()
    conversation.advance(world(app("web"), app("slow")), 2.0)
    assert conversation.over()
    assert conversation.failure(key("web")) == ""


def test_a_later_commit_that_is_not_deployed_is_no_relapse():
    slow = app("slow", health="Progressing")
    conversation = talk(app("web"), slow, goals=["web", "slow"])
    refresh_all(conversation, world(app("web"), slow))
    conversation.advance(world(app("web", sync="OutOfSync", revision=B), app("slow")), 1.0)
    assert conversation.over()


def test_what_stays_sick_while_others_are_waited_for_fails():
    slow, sick = app("slow", health="Progressing"), app("web", health="Degraded")
    conversation = talk(app("web"), slow, goals=["web", "slow"])
    refresh_all(conversation, world(app("web"), slow))
    conversation.advance(world(sick, slow), 1.0)
    conversation.advance(world(sick, slow), 1.0 + DEGRADED_GRACE)
    assert "its health is Degraded" in conversation.failure(key("web"))


@pytest.mark.parametrize(
    "later",
    [{"revision": B}, {"sync": "OutOfSync", "revision": B}, {"pending": True}],
    ids=["another commit", "another commit to be synced", "operation of somebody else"],
)
def test_what_comes_after_the_goal_was_reached_does_not_count(later):
    slow = app("slow", health="Progressing")
    conversation = talk(app("web"), slow, goals=["web", "slow"], revisions=(A,))
    refresh_all(conversation, world(app("web"), slow))
    conversation.advance(world(app("web", health="Progressing", **later), app("slow")), 1.0)
    assert conversation.over()
    assert conversation.failure(key("web")) == ""


# The commit that is expected of children


def expected(child_app, parent=None, **goal):
    """What the conversation expects of a child after a push of B."""
    parent = parent or stack("one", revision=B, deployed=[A, B])
    seen = world(parent, child_app)
    conversation = talk(stack("one"), **{"revisions": (B,), **goal})
    refresh_all(conversation, seen)
    return conversation


def test_a_child_of_the_same_repository_and_branch_is_expected_at_the_commit():
    conversation = expected(app("one", revision=A))
    assert f"{B} is superseded by {A}" in conversation.failure(key("stack"))
    assert expected(app("one", revision=B)).failure(key("stack")) == ""


@pytest.mark.parametrize(
    "other",
    [
        {"targetRevision": "dev"},
        {"repoURL": "https://git.example.org/other.git"},
        {"repoURL": "https://charts.example.org", "chart": "minio", "targetRevision": "5.1.0"},
    ],
)
def test_a_child_of_another_repository_or_branch_is_not_expected_at_the_commit(other):
    conversation = expected(app("one", revision=A, **other))
    assert conversation.over()
    assert conversation.failure(key("stack")) == ""


def test_the_same_repository_may_be_written_with_and_without_git():
    conversation = expected(app("one", revision=A, repoURL="https://git.example.org/gitops"))
    assert "superseded" in conversation.failure(key("stack"))


def test_no_branch_means_head():
    parent = stack("one", revision=B, deployed=[A, B], targetRevision="HEAD")
    assert "superseded" in expected(app("one", revision=A, targetRevision=""), parent).failure(key("stack"))


def test_nothing_is_expected_of_children_when_the_parent_went_on_to_a_newer_commit():
    parent = stack("one", revision="d" * 40, deployed=[A, B, "d" * 40])
    assert expected(app("one", revision="d" * 40), parent).failure(key("stack")) == ""


def test_each_source_of_a_child_is_expected_at_its_own_commit():
    raw = dict(app("one").raw)
    sources = [{"repoURL": "https://charts.example.org", "chart": "x", "targetRevision": "1.0.0"}, source()]
    raw["spec"] = {"destination": raw["spec"]["destination"], "sources": sources}
    raw["status"] = {
        **raw["status"],
        "sync": {
            "status": "Synced",
            "revisions": ["1.0.0", A],
            "comparedTo": {"source": {"repoURL": ""}, **raw["spec"]},
        },
    }
    assert f"{B} is superseded by 1.0.0, {A}" in expected(Observed.parse(raw)).failure(key("stack"))
    raw["status"]["sync"]["revisions"] = ["1.0.0", B]
    assert expected(Observed.parse(raw)).failure(key("stack")) == ""


# The end


def test_what_is_not_over_at_the_deadline_says_what_it_was_waiting_for():
    seen = world(app("slow", health="Progressing", health_message="1 of 3 updated"), app("done"))
    conversation = talk(*seen.values(), goals=["slow", "done"])
    refresh_all(conversation, seen)
    conversation.time_out(300.0)
    assert conversation.over()
    assert conversation.failure(key("done")) == ""
    assert conversation.failure(key("slow")).startswith(
        'application "slow": timed out after 300 s waiting for its health (Progressing: 1 of 3 updated). Look further'
    )


def test_a_timeout_tells_what_the_pods_said_though_they_were_about_to_be_looked_at():
    crashes = Trouble("u", "mlops/slow-1", "container web: CrashLoopBackOff: back-off 10s")
    slow = replace(app("slow", health="Progressing"), troubles=(crashes,))
    conversation = talk(slow, goals=["slow"])
    refresh_all(conversation, world(slow))
    assert conversation.advance(world(slow), LOOK_AT_PODS) == {key("slow"): Write(LookAtPods(key("slow")))}
    conversation.time_out(2.0)
    assert (
        "timed out after 2 s waiting for its health (Progressing); "
        "pod mlops/slow-1: container web: CrashLoopBackOff: back-off 10s. Look further"
    ) in conversation.failure(key("slow"))


def test_a_child_whose_pod_cannot_start_fails_its_parent():
    stuck = Trouble("u", "mlops/one-1", "container web: ErrImagePull: not found", "correct it", lasting=True)
    seen = world(stack("one"), replace(app("one", health="Progressing"), troubles=(stuck,)))
    conversation = talk(*seen.values())
    refresh_all(conversation, seen)
    for second in range(13):
        refresh_all(conversation, seen, float(second))
    assert conversation.failure(key("stack")).startswith(
        'application "stack" has a child that is failing: application "one" is Synced, but its pod mlops/one-1 cannot '
        "start: container web: ErrImagePull: not found; correct it. Look further"
    )


def test_a_write_that_never_came_through_waited_for_the_api_server():
    conversation = talk(app(), goals=["web"])
    conversation.advance(world(app()), 0.0)
    conversation.time_out(1.5)
    assert "timed out after 1.5 s waiting for an answer of the API server" in conversation.failure(key())


def test_a_timeout_while_the_server_is_away_says_so():
    conversation = talk(app(), goals=["web"])
    conversation.advance(world(app()), 0.0)
    conversation.time_out(1.5, Unavailable("the API is away"))
    assert "waiting for an answer of the API server; the API is away. Look further" in conversation.failure(key())


def test_after_an_outage_parents_and_children_are_refreshed_again():
    seen = world(stack("one"), app("one", health="Progressing"))
    conversation = talk(*seen.values())
    assert refresh_all(conversation, seen) == ["stack", "one"]
    conversation.look_again()
    assert refresh_all(conversation, seen) == ["one"]


def test_a_failed_write_ends_its_application():
    conversation = talk(app(), goals=["web"])
    conversation.advance(world(app()), 0.0)
    conversation.fail(key(), Refused("not allowed to patch"))
    assert conversation.over()
    assert conversation.failure(key()).startswith("not allowed to patch. Look further")


def test_the_soonest_grace_wakes_the_conversation():
    seen = world(
        app("one", health="Degraded", resources=[]),
        app("two", sync="OutOfSync"),
        app("three", health="Progressing", resources=[]),
    )
    conversation = talk(*seen.values(), goals=["one", "two", "three"])
    assert conversation.wake_after() is None
    refresh_all(conversation, seen)
    assert conversation.wake_after() == DEGRADED_GRACE
    assert isinstance(conversation.advance(seen, 4.0)[key("one")], Watch)
    assert conversation.wake_after() == DEGRADED_GRACE - 4


def test_a_deletion_follows_no_children():
    parent = stack("one", deleting=True)
    conversation = Conversation([Gone(key("stack"), parent.uid)], world(parent, app("one")))
    conversation.advance(world(parent, app("one")), 0.0)
    assert conversation.followed() == [key("stack")]
    conversation.advance(world(app("one")), 1.0)
    assert conversation.over()


def test_without_goals_it_is_over():
    assert Conversation([], {}).over()
