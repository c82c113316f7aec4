# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""An application whose manifests a source hydrator makes: A and B are commits that people push, C is what it wrote."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.comparison import REFRESH_AGAIN, UNAVAILABLE_GRACE
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import Compare, Memory, Refresh, Settle
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.hydration import TO_HYDRATE, UNSEEN_GRACE
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.report import state
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.step import (
    children_to_follow,
    expected_of_child,
    foresee,
    next_step,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._core.step import Done, Fail, Step, Watch, Write
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.builder import (
    A,
    B,
    C,
    app,
    at,
    child,
    key,
    raw_app,
    source,
)

HYDRATOR = {"drySource": source("dry"), "syncSource": {"targetBranch": "env/dev", "path": "web"}}
OLD = "d" * 40
NOW = 101.0


def seen(
    phase: str = "Hydrated",
    dry: str = A,
    message: str = "",
    written: str = C,
    started: int = 8,
    finished: int = 9,
    **changes: Any,
) -> Observed:
    """Hydrated from A to C, and compared at C, unless told otherwise."""
    raw = raw_app(**{"revision": C, **changes})
    del raw["spec"]["source"]
    raw["spec"]["sourceHydrator"] = HYDRATOR
    operation = {"phase": phase, "sourceHydrator": HYDRATOR, "drySHA": dry, "message": message}
    operation["startedAt"] = at(started)
    if phase != "Hydrating":
        operation["finishedAt"] = at(finished)
    raw["status"]["sourceHydrator"] = {
        "currentOperation": operation,
        "lastComparedDryRevision": dry,
        "lastSuccessfulOperation": {"drySHA": dry, "hydratedSHA": written},
    }
    return Observed.parse(raw)


# The state of mind a moment after our refresh.
ASKED = Memory(refreshed_at=100.0, hydration=seen(started=6, finished=7).hydration)


def without_status() -> Observed:
    raw = dict(seen().raw)
    raw["status"] = {name: part for name, part in raw["status"].items() if name != "sourceHydrator"}
    return Observed.parse(raw)


def settle(*revisions: str, **changes: Any) -> Settle:
    return Settle(**{"key": key(), "baseline": seen(), "token": "t", "revisions": revisions, **changes})


def step(found: Observed, *revisions: str, now: float = NOW, memory: Memory = ASKED) -> Step:
    return next_step(settle(*revisions), found, memory, now)[0]


def test_the_commit_that_was_pushed_is_expected_and_not_the_one_that_was_written() -> None:
    assert step(seen(), A) == Done()
    assert step(seen()) == Done()


def test_a_commit_that_was_only_seen_is_not_taken_for_live() -> None:
    """It is written down before it is hydrated, while all else is as after the commit before."""
    raw = seen().raw
    hydrator = {**raw["status"]["sourceHydrator"], "lastComparedDryRevision": B}
    found = Observed.parse({**raw, "status": {**raw["status"], "sourceHydrator": hydrator}})
    assert isinstance(step(found, B), Watch)
    asks, asked = next_step(settle(B), found, ASKED, ASKED.refreshed_at + REFRESH_AGAIN)
    assert isinstance(asks, Write) and isinstance(asks.action, Refresh)
    assert next_step(settle(B), found, asked, NOW)[0] == Done()  # it changes nothing
    assert step(seen(dry=B), B) == Done()


@pytest.mark.parametrize(
    "found",
    [
        seen("Hydrating"),
        without_status(),
        Observed.parse({**seen().raw, "spec": {**seen().raw["spec"], "sourceHydrator": {"drySource": source("new")}}}),
    ],
)
def test_the_hydration_is_waited_for(found: Observed) -> None:
    waits = step(found)
    assert isinstance(waits, Watch)
    assert "hydrate it" in waits.reason


def test_a_request_that_the_hydrator_has_not_answered_is_waited_for() -> None:
    raw = seen().raw
    asked = {**raw, "metadata": {**raw["metadata"], "annotations": {"argocd.argoproj.io/hydrate": "normal"}}}
    waits = step(Observed.parse(asked))
    assert waits == Watch(TO_HYDRATE)


@pytest.mark.parametrize("goal", [settle(), Compare(key(), seen())])
def test_a_request_for_hydration_where_there_is_no_hydrator_is_never_answered(goal: Any) -> None:
    """Argo CD's API server asks for it with each refresh."""
    raw = raw_app()
    raw["metadata"]["annotations"]["argocd.argoproj.io/hydrate"] = "normal"
    assert next_step(goal, Observed.parse(raw), ASKED, NOW)[0] == Done()


@pytest.mark.parametrize("goal", [settle(), Compare(key(), seen())])
def test_a_failure_is_told_with_its_source(goal: Any) -> None:
    ends, _memory = next_step(goal, seen("Failed", message="Failed to hydrate: no such path"), ASKED, NOW)
    assert isinstance(ends, Fail)
    assert "dry of https://git.example.org/gitops.git at main: Failed to hydrate: no such path" in str(ends.problem)


def test_the_failure_of_an_earlier_commit_is_none_of_the_one_that_mends_it() -> None:
    """The hydrator was busy with A when it was asked for B, and takes the request away with its answer for A."""
    found = seen("Failed", message="Failed to hydrate: no such path")
    waits, memory = next_step(settle(B), found, ASKED, NOW)
    assert isinstance(waits, Watch)
    again, memory = next_step(settle(B), found, memory, NOW + REFRESH_AGAIN)
    assert again == Write(Refresh(key()))
    ends, _memory = next_step(settle(B), found, memory, NOW + UNSEEN_GRACE)
    assert isinstance(ends, Fail)
    assert "no such path" in str(ends.problem)
    assert isinstance(step(seen("Failed", dry=B, message="no such path"), B), Fail)


@pytest.mark.parametrize("goal", [settle(), settle(A), Compare(key(), seen())])
@pytest.mark.parametrize("phase", ["Hydrated", "Failed"])
def test_one_that_runs_when_it_is_asked_for_is_no_answer(goal: Any, phase: str) -> None:
    """What was pushed since its begin is not in it, and no revision says so."""
    asks, memory = next_step(goal, seen("Hydrating"), Memory(), NOW)
    assert asks == Write(Refresh(key()))
    waits, memory = next_step(goal, seen("Hydrating"), memory, NOW)
    assert waits == Watch(TO_HYDRATE)
    again, memory = next_step(goal, seen(phase, message="of an older commit"), memory, NOW + 1)
    assert again == Write(Refresh(key()))
    assert memory.refreshed_at == NOW + 1
    assert next_step(goal, seen(), memory, NOW + 2)[0] == Done()  # there was nothing newer
    assert next_step(goal, seen(started=10, finished=11), memory, NOW + 2)[0] == Done()


def test_one_that_begins_after_it_was_asked_for_is_the_answer() -> None:
    _asks, memory = next_step(settle(), seen(), Memory(), NOW)
    waits, memory = next_step(settle(), seen("Hydrating", started=10), memory, NOW)
    assert waits == Watch(TO_HYDRATE)
    assert next_step(settle(), seen(started=10, finished=11), memory, NOW)[0] == Done()


def test_a_failure_of_before_may_be_about_to_be_tried_again() -> None:
    failed = seen("Failed", message="no such path")
    _asks, memory = next_step(settle(), failed, Memory(), NOW)
    waits, memory = next_step(settle(), failed, memory, NOW)
    assert isinstance(waits, Watch)
    assert waits.reason == TO_HYDRATE
    assert isinstance(next_step(settle(), failed, memory, NOW + UNSEEN_GRACE)[0], Fail)
    anew = seen("Failed", message="no such path", started=10, finished=11)
    assert isinstance(next_step(settle(), anew, memory, NOW)[0], Fail)


def test_a_commit_server_that_is_away_for_a_moment() -> None:
    found = seen("Failed", message="rpc error: code = Unavailable desc = connection error")
    waits, memory = next_step(settle(), found, ASKED, NOW)
    assert isinstance(waits, Watch)
    again, memory = next_step(settle(), found, memory, NOW + REFRESH_AGAIN)
    assert again == Write(Refresh(key()))
    assert isinstance(next_step(settle(), found, memory, NOW + UNAVAILABLE_GRACE)[0], Fail)


def test_a_commit_that_it_has_not_seen_is_asked_for_again_until_it_counts_as_superseded() -> None:
    waits, memory = next_step(settle(B), seen(), ASKED, NOW)
    assert isinstance(waits, Watch)
    assert waits.wake_after == 100.0 + REFRESH_AGAIN - NOW
    again, memory = next_step(settle(B), seen(), memory, NOW + REFRESH_AGAIN)
    assert again == Write(Refresh(key()))
    ends, _memory = next_step(settle(B), seen(), memory, NOW + UNSEEN_GRACE)
    assert isinstance(ends, Fail)
    assert f"{B} is superseded by {A}, which is what dry of" in str(ends.problem)


def test_what_it_wrote_is_compared_first() -> None:
    """Even if a comparison is younger than the push: it may have begun before."""
    waits, memory = next_step(settle(A), seen(revision=OLD), ASKED, NOW)
    assert waits == Watch("Argo CD to compare it with what it has hydrated", wake_after=100.0 + REFRESH_AGAIN - NOW)
    assert next_step(settle(A), seen(), memory, NOW)[0] == Done()


def test_others_may_have_written_into_the_branch_since() -> None:
    again, memory = next_step(settle(A), seen(revision=OLD), ASKED, 100.0 + REFRESH_AGAIN)
    assert again == Write(Refresh(key()))
    assert next_step(settle(A), seen(revision=OLD), memory, 100.0 + REFRESH_AGAIN)[0] == Done()


def test_a_spec_that_cannot_be_is_told_as_ever() -> None:
    ends = step(seen("", conditions={"InvalidSpecError": "not permitted"}))
    assert isinstance(ends, Fail)
    assert "not permitted" in str(ends.problem)


def test_one_that_is_well_and_not_hydrated_is_not_at_its_goal() -> None:
    unchanged = settle(fresh=False)
    assert next_step(unchanged, seen(), Memory(), NOW)[0] == Done()
    assert next_step(unchanged, seen("Hydrating"), Memory(), NOW)[0] == Write(Refresh(key()))


def test_check_mode_compares_what_was_pushed() -> None:
    assert foresee(settle(B), seen()) == (True, f"would be brought from {A} to {B}")
    assert foresee(settle(A), seen())[0] is False


def test_children_are_followed_once_it_is_hydrated() -> None:
    below = [child("below")]
    assert children_to_follow(settle(A), seen(resources=below)) == (key("below"),)
    assert children_to_follow(settle(A), seen("Hydrating", resources=below)) == ()


def test_what_is_expected_of_children_is_what_was_pushed() -> None:
    assert expected_of_child(settle(A), seen(), seen(name="below")) == (A,)
    assert expected_of_child(settle(A), app(revision=A), seen(name="below")) == (A,)
    assert expected_of_child(settle(A), seen(), app("plain")) == (A,)


def test_what_is_told_of_it() -> None:
    assert state(seen())["hydration"] == {
        "phase": "Hydrated",
        "message": "",
        "finished_at": at(9),
        "dry_revision": A,
        "revision": C,
    }
    assert state(app())["hydration"] is None
