# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.info import (
    choose,
    describe,
    logs_to_read,
    warnings_of,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Observed
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.builder import (
    REPO,
    A,
    B,
    app,
    child,
    raw_app,
)

WORLD = {each.key: each for each in (app("stack", resources=[child("web"), child("gone")]), app("web"), app("other"))}


def chosen(names: list[str] | None = None, recurse: bool = False) -> list[str]:
    return [each.key.name for each in choose(WORLD, {"namespace": "argocd", "names": names, "recurse": recurse})]


def test_all_applications() -> None:
    assert chosen() == ["other", "stack", "web"]


def test_those_that_are_named_and_exist() -> None:
    assert chosen(["web", "missing", "web"]) == ["web"]


def test_with_what_they_deploy() -> None:
    assert chosen(["stack"], recurse=True) == ["stack", "web"]


def test_what_is_told_of_one() -> None:
    raw = raw_app(deployed=[A, B], sync="OutOfSync", revision=B, automated=None)
    raw["metadata"]["labels"] = {"team": "ml"}
    told = describe(Observed.parse(raw))
    assert told["labels"] == {"team": "ml"}
    assert (told["name"], told["sync"], told["health"], told["revision"]) == ("web", "OutOfSync", "Healthy", B)
    assert told["sources"] == [{"repoURL": REPO, "targetRevision": "main", "path": "web"}]
    assert told["automated"] is False
    assert [(entry["id"], entry["revisions"]) for entry in told["history"]] == [(0, [A]), (1, [B])]
    assert [problem["kind"] for problem in told["problems"]] == ["OutOfSync"]


def test_who_deployed() -> None:
    raw = raw_app(deployed=[A, B, A])
    raw["status"]["history"][0]["initiatedBy"] = {"automated": True}
    raw["status"]["history"][1]["initiatedBy"] = {"username": "admin"}
    told = describe(Observed.parse(raw))["history"]
    assert [entry["initiated_by"] for entry in told] == ["automated sync", "admin", ""]


def test_one_that_was_just_created() -> None:
    raw = raw_app()
    del raw["status"]
    told = describe(Observed.parse(raw))
    assert (told["sync"], told["health"], told["history"], told["operation"]) == ("Unknown", "Unknown", [], None)


def event(at: str, reason: str, kind: str = "Warning", **fields: Any) -> dict[str, Any]:
    return {"metadata": {"creationTimestamp": at}, "type": kind, "reason": reason, "message": f"m-{reason}", **fields}


def test_warnings_in_the_order_in_which_they_were_seen_last() -> None:
    events = [
        event("2026-11-23T12:00:03Z", "late"),
        event("2026-11-23T12:00:00Z", "again", series={"lastObservedTime": "2026-11-23T12:00:09Z"}),
        event("2026-11-23T12:00:01Z", "early", lastTimestamp="2026-11-23T12:00:02Z"),
        event("2026-11-23T12:00:05Z", "Scheduled", "Normal"),
    ]
    assert [warning["reason"] for warning in warnings_of(events)] == ["early", "late", "again"]
    assert len(warnings_of([event(f"2026-11-23T12:00:{second}Z", "x") for second in range(10, 40)])) == 10


def test_logs_of_containers_that_ended_badly() -> None:
    ended = {"terminated": {"exitCode": 1}}
    status = {
        "initContainerStatuses": [{"name": "init", "state": {"terminated": {"exitCode": 0}}}],
        "containerStatuses": [
            {"name": "failed", "state": ended},
            {"name": "loops", "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": ended},
            {"name": "fine", "state": {"running": {}}},
        ],
    }
    assert logs_to_read({"status": status}) == [("failed", False), ("loops", True)]
