# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("kubernetes")

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.look import tell
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.builder import child, raw_app
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._kube.api import Answer, Api, serve, status

WEB = {"group": "apps", "kind": "Deployment", "namespace": "prod", "name": "web", "status": "Synced"}
ENDED = {"terminated": {"exitCode": 1, "reason": "Error"}}
POD = {
    "metadata": {"namespace": "prod", "name": "web", "uid": "1"},
    "status": {
        "containerStatuses": [
            {"name": name, "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": ENDED}
            for name in ("web", "sidecar")
        ]
    },
}
EVENT = {
    "metadata": {"creationTimestamp": "2026-11-23T12:00:00Z"},
    "type": "Warning",
    "reason": "BackOff",
    "message": "Back-off restarting",
}


@pytest.fixture
def api() -> Iterator[Api]:
    with serve() as running:
        yield running


def listed(*objects: dict[str, Any]) -> Answer:
    return Answer(200, {"metadata": {"resourceVersion": "7"}, "items": list(objects)})


def ask(api: Api, *answers: Answer, **options: Any) -> list[dict[str, Any]]:
    api.answers = list(answers)
    defaults = {
        "namespace": "argocd",
        "names": None,
        "recurse": False,
        "pods": True,
        "logs": False,
        "usage": False,
        "log_lines": 20,
    }
    applications: list[dict[str, Any]] = tell({"host": api.url, **defaults, **options})["applications"]
    assert api.answers == []
    return applications


def pod_application() -> dict[str, Any]:
    return raw_app(health="Degraded", resources=[{**WEB, "group": "", "kind": "Pod"}])


def test_one_list_for_all(api: Api) -> None:
    found = ask(api, listed(raw_app("one"), raw_app("two", health="Degraded")), pods=False)
    assert [each["name"] for each in found] == ["one", "two"]
    assert "pods" not in found[0]


def test_what_pods_say_with_events_and_logs(api: Api) -> None:
    no_log = status(400, "log is gone")
    pods = [listed(POD), listed(EVENT), Answer(200, POD), Answer(200, "boom\n"), no_log]
    ((pod,),) = (each["pods"] for each in ask(api, listed(pod_application()), *pods))
    assert (pod["namespace"], pod["name"]) == ("prod", "web")
    assert [event["reason"] for event in pod["events"]] == ["BackOff"]
    assert pod["logs"][0] == {"container": "web", "text": "boom\n"}
    assert "log is gone" in pod["logs"][1]["text"]


def test_the_logs_of_pods_that_are_well(api: Api) -> None:
    pod = {**POD, "spec": {"initContainers": [{"name": "init"}], "containers": [{"name": "web"}]}, "status": {}}
    answers = [listed(raw_app(resources=[{**WEB, "group": "", "kind": "Pod"}])), listed(pod)]
    (found,) = ask(api, *answers, status(400, "gone"), Answer(200, "hello\n"), pods=False, logs=True)
    assert "gone" in found["logs"].pop(0)["text"]
    assert found["logs"] == [{"namespace": "prod", "pod": "web", "container": "web", "text": "hello\n"}]
    assert found["hidden_namespaces"] == []


NO_METRICS = status(404, "the server could not find the requested resource")


def test_what_pods_ask_for_where_nobody_measures(api: Api) -> None:
    resources = {"requests": {"cpu": "250m", "memory": "1Gi"}}
    pod = {**POD, "spec": {"containers": [{"name": "web", "resources": resources}]}, "status": {}}
    both = [raw_app(name, resources=[{**WEB, "group": "", "kind": "Pod"}]) for name in ("one", "two")]
    first, second = ask(api, listed(*both), listed(pod), NO_METRICS, NO_METRICS, pods=False, usage=True)
    assert first["usage"] == {
        "pods": 1,
        "cpu": {"requested": 0.25, "limit": None, "used": None},
        "memory": {"requested": 2.0**30, "limit": None, "used": None},
    }
    assert second["usage"] == first["usage"]


def test_what_pods_use(api: Api) -> None:
    pod = {**POD, "spec": {"containers": []}, "status": {}}
    measured = {"metadata": POD["metadata"], "containers": [{"usage": {"cpu": "100m", "memory": "64Mi"}}]}
    answers = [listed(raw_app(resources=[{**WEB, "group": "", "kind": "Pod"}])), listed(pod), listed(measured)]
    (found,) = ask(api, *answers, pods=False, usage=True)
    assert (found["usage"]["cpu"]["used"], found["usage"]["memory"]["used"]) == (0.1, 2.0**26)


def test_events_that_may_not_be_read_are_said(api: Api) -> None:
    pods = [listed(POD), status(403, "no")]
    ((pod,),) = (each["pods"] for each in ask(api, listed(pod_application()), *pods, log_lines=0))
    assert "not allowed to list events in namespace prod" in pod["events"][0]["message"]
    assert pod["logs"] == []


def test_pods_that_may_not_be_seen(api: Api) -> None:
    (found,) = ask(api, listed(pod_application()), status(403, "no"))
    assert (found["pods"], found["hidden_namespaces"]) == ([], ["prod"])


def test_children_are_named_with_their_namespace(api: Api) -> None:
    stack = raw_app("stack", resources=[child("web", namespace="team")])
    (found,) = ask(api, listed(stack), names=["stack"])
    assert found["children"] == [{"namespace": "team", "name": "web"}]
