# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The conversation about application sets; with a real Argo CD it is tested in tests/integration."""

from __future__ import annotations

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.generation import (
    ERROR_GRACE,
    OLD_ERROR_GRACE,
    Generate,
    ListApplications,
    ObservedSet,
    Regenerate,
    SetConversation,
    SetKey,
    Ungenerate,
    generated_by,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import ConfirmDeletion, Refresh
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Refused, Unavailable
from ansible_collections.ai_how.cloud.plugins.module_utils._core.step import Watch, Write
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.builder import app, at, key, raw_app

TEAMS = SetKey("argocd", "teams")
UP_TO_DATE = {"type": "ResourcesUpToDate", "status": "True", "message": "", "lastTransitionTime": at(5)}


def error(message="no such repository", since=5):
    return {"type": "ErrorOccurred", "status": "True", "message": message, "lastTransitionTime": at(since)}


def application_set(*conditions, refreshing=False, deleting=False, policy=None, uid="uid-of-teams"):
    metadata = {"name": "teams", "namespace": "argocd", "uid": uid, "resourceVersion": "5"}
    if refreshing:
        metadata["annotations"] = {"argocd.argoproj.io/application-set-refresh": "true"}
    if deleting:
        metadata["deletionTimestamp"] = at(0)
    spec = {"generators": [], "template": {}, **({"syncPolicy": {"applicationsSync": policy}} if policy else {})}
    return ObservedSet({"metadata": metadata, "spec": spec, "status": {"conditions": list(conditions)}})


def generated(name, **changes):
    raw = raw_app(name, **changes)
    raw["metadata"]["ownerReferences"] = [{"kind": "ApplicationSet", "uid": "uid-of-teams"}]
    return Observed.parse(raw)


def world(*seen):
    return {one.key: one for one in seen}


def talk(*before, goal=None, **changes):
    known = world(*before)
    return SetConversation([goal or Generate(TEAMS, known.get(TEAMS), "t", **changes)], known)


def settle(conversation, seen, now=0.0):
    """Advance, doing each Write, until there is none left: what was written, and what is waited for."""
    written = []
    while True:
        steps = conversation.advance(seen, now)
        writes = {name: step.action for name, step in steps.items() if isinstance(step, Write)}
        if not writes:
            return written, {name: step.reason for name, step in steps.items() if isinstance(step, Watch)}
        for name, action in writes.items():
            conversation.confirm(name)
            written.append(action)


def test_argo_cd_generates_now_and_all_that_it_generated_is_waited_for():
    before = [application_set(UP_TO_DATE), generated("team-a")]
    conversation = talk(*before)
    written, waits = settle(conversation, world(application_set(UP_TO_DATE, refreshing=True), generated("team-a")))
    assert written == [Regenerate(TEAMS)]
    assert "ApplicationSet controller" in waits[TEAMS]
    late = world(application_set(UP_TO_DATE), generated("team-a"), generated("team-b", sync="OutOfSync"), app("other"))
    written, waits = settle(conversation, late, 1.0)
    assert written == [ListApplications(TEAMS), Refresh(key("team-a"))]
    assert list(waits) == [key("team-b")]
    assert set(conversation.followed()) == {TEAMS, key("team-a"), key("team-b")}
    assert not conversation.over()
    assert settle(conversation, world(application_set(UP_TO_DATE), generated("team-a"), generated("team-b")), 2.0) == (
        [],
        {},
    )
    assert conversation.over()
    assert conversation.failure(TEAMS) == ""
    assert not conversation.moved(TEAMS, late)


def test_applications_of_a_set_that_did_not_change_are_not_compared_anew():
    before = [application_set(UP_TO_DATE), generated("team-a")]
    written, waits = settle(talk(*before, changed=False), world(*before))
    assert written == [Regenerate(TEAMS), ListApplications(TEAMS)]
    assert waits == {}


def test_an_application_that_is_generated_no_more_is_waited_for_until_it_is_gone():
    before = [application_set(UP_TO_DATE), generated("team-a")]
    conversation = talk(*before)
    _written, waits = settle(conversation, world(application_set(UP_TO_DATE), generated("team-a", deleting=True)))
    assert "its deletion" in waits[key("team-a")]
    settle(conversation, world(application_set(UP_TO_DATE)), 1.0)
    assert conversation.over()


@pytest.mark.parametrize(("since", "grace"), [(9, ERROR_GRACE), (5, OLD_ERROR_GRACE)])
def test_an_error_fails_after_a_grace_which_is_longer_for_one_that_showed_before(since, grace):
    conversation = talk(application_set(error()))
    seen = world(application_set(error(since=since), refreshing=True))
    assert settle(conversation, seen) == ([Regenerate(TEAMS)], {TEAMS: "no such repository"})
    assert conversation.wake_after() == grace
    settle(conversation, seen, grace)
    assert conversation.failure(TEAMS) == (
        'application set "teams": Argo CD cannot generate its applications: no such repository. Look further with: '
        "kubectl describe applicationsets.argoproj.io teams -n argocd"
    )


def test_an_error_that_passes_is_none():
    conversation = talk(application_set(error()))
    settle(conversation, world(application_set(error(), refreshing=True)))
    settle(conversation, world(application_set(UP_TO_DATE)), OLD_ERROR_GRACE + 1)
    assert conversation.over()
    assert conversation.failure(TEAMS) == ""


def test_the_failure_of_an_application_is_told_of_its_set():
    conversation = talk()
    seen = world(application_set(UP_TO_DATE), generated("team-a", conditions={"ComparisonError": "no such path"}))
    settle(conversation, seen)
    settle(conversation, seen, 60.0)
    assert conversation.failure(TEAMS).startswith('application set "teams" has an application that failed:')
    assert "no such path" in conversation.failure(TEAMS)
    assert "no such path" in conversation.own_failure(key("team-a"))


@pytest.mark.parametrize("seen", [(), (application_set(UP_TO_DATE, deleting=True),)])
def test_a_set_that_somebody_deletes_fails(seen):
    conversation = talk(application_set(UP_TO_DATE))
    settle(conversation, world(*seen))
    assert "was deleted by somebody else" in conversation.failure(TEAMS)


def test_a_deletion_ends_with_that_of_the_applications():
    gone = Ungenerate(TEAMS, "uid-of-teams", (generated("team-a"),))
    conversation = talk(goal=gone)
    _written, waits = settle(conversation, world(application_set(deleting=True), generated("team-a")))
    assert waits[TEAMS] == "its deletion (finalizers left: none)"
    _written, waits = settle(conversation, world(application_set(uid="another"), generated("team-a", deleting=True)))
    assert "its deletion" in waits[key("team-a")]
    settle(conversation, {})
    assert conversation.over()
    assert conversation.failure(TEAMS) == ""


def waits_for_approval():
    confirm = {"kind": "Namespace", "name": "a", "status": "Synced", "requiresDeletionConfirmation": True}
    return generated("team-a", deleting=True, resources=[confirm])


def test_the_deletion_of_an_application_is_approved_before_the_set_is_gone():
    gone = Ungenerate(TEAMS, "uid-of-teams", (generated("team-a"),), confirm=True)
    steps = talk(goal=gone).advance(world(application_set(deleting=True), waits_for_approval()), 0.0)
    assert isinstance(steps[key("team-a")].action, ConfirmDeletion)


def test_a_set_that_an_application_holds_is_not_waited_for():
    conversation = talk(goal=Ungenerate(TEAMS, "uid-of-teams", (generated("team-a"),)))
    seen = world(application_set(deleting=True), waits_for_approval())
    settle(conversation, seen)
    assert not conversation.over()
    settle(conversation, seen, now=11.0)
    assert conversation.over()
    assert "waits for a confirmation to delete" in conversation.failure(TEAMS)


def test_after_the_api_server_was_away_it_is_asked_again():
    conversation = talk(application_set(UP_TO_DATE))
    conversation.advance(world(application_set(UP_TO_DATE)), 0.0)
    conversation.confirm(TEAMS)
    conversation.look_again()
    steps = conversation.advance(world(application_set(UP_TO_DATE)), 1.0)
    assert steps == {TEAMS: Write(Regenerate(TEAMS))}


def test_what_is_not_over_in_time_fails():
    conversation = talk(application_set(UP_TO_DATE))
    settle(conversation, world(application_set(UP_TO_DATE, refreshing=True)))
    conversation.time_out(7, Unavailable("no answer"))
    assert conversation.over()
    assert 'application set "teams": timed out after 7 s waiting for Argo CD to generate' in conversation.failure(TEAMS)
    assert "no answer" in conversation.failure(TEAMS)


def test_a_write_that_is_refused_fails_what_it_is_about():
    conversation = talk()
    seen = world(application_set(UP_TO_DATE), generated("team-a", sync="OutOfSync"))
    settle(conversation, seen)
    conversation.fail(key("team-a"), Refused("not allowed"))
    assert "not allowed" in conversation.failure(TEAMS)
    conversation.fail(TEAMS, Refused("not allowed, either"))
    assert conversation.failure(TEAMS).startswith("not allowed, either")
    assert conversation.failure(SetKey("argocd", "other")) == ""


@pytest.mark.parametrize(("policy", "keeps"), [(None, False), ("sync", False), ("create-only", True)])
def test_whether_argo_cd_keeps_the_applications(policy, keeps):
    assert application_set(policy=policy).keeps_applications is keeps


def test_a_set_owns_what_refers_to_it():
    seen = world(application_set(), generated("b"), generated("a"), app("other"))
    assert [one.key.name for one in generated_by(application_set(), seen)] == ["a", "b"]
