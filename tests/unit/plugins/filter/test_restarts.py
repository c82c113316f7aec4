# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ai_how.cloud.plugins.filter.restarts import FilterModule

restarts = FilterModule().filters()["restarts"]
OLDER = "2026-11-25T12:00:00Z"
WRITTEN = "2026-11-25T12:00:01Z"
NEWER = "2026-11-25T12:00:02Z"
DATABASE = {"env": [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "database", "key": "password"}}}]}


def workload(name: str, *containers: Any, kind: str = "Deployment", namespace: str = "one", **labels: str) -> Any:
    template = {
        "metadata": {"labels": {"app": name, **labels}},
        "spec": {"containers": containers or [DATABASE]},
    }
    return {
        "kind": kind,
        "metadata": {"namespace": namespace, "name": name},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template},
    }


def pod(app: str, made: str, namespace: str = "one", **metadata: str) -> Any:
    labels = {"app": app, "pod-template-hash": "5d8f"}
    return {
        "kind": "Pod",
        "metadata": {"namespace": namespace, "name": made, "creationTimestamp": made, "labels": labels, **metadata},
    }


def secret(name: str = "database", made: str = OLDER, namespace: str = "one", **entries: str) -> Any:
    """``entries``: a field that a manager owns, and when it wrote it."""
    fields = [{"time": time, "fieldsV1": {f"f:{field}": {}}} for field, time in entries.items()]
    return {
        "metadata": {"namespace": namespace, "name": name, "creationTimestamp": made, "managedFields": fields},
    }


def names(*arguments: Any) -> list[str]:
    return [found["name"] for found in restarts(*arguments)]


def test_what_is_told_of_a_workload() -> None:
    found = restarts([workload("postgresql", kind="StatefulSet"), pod("postgresql", OLDER)], [secret(data=WRITTEN)])
    assert found == [{"kind": "StatefulSet", "namespace": "one", "name": "postgresql"}]


@pytest.mark.parametrize(("made", "expected"), [(OLDER, ["web"]), (WRITTEN, ["web"]), (NEWER, [])])
def test_a_pod_from_before_the_secret(made: str, expected: list[str]) -> None:
    """In the same second, it may be from before."""
    assert names([workload("web"), pod("web", made)], [secret(data=WRITTEN)]) == expected


def test_one_old_pod_of_several_is_enough() -> None:
    assert names([workload("web"), pod("web", NEWER), pod("web", OLDER)], [secret(data=WRITTEN)]) == ["web"]


def test_a_pod_that_is_being_deleted_does_not_count() -> None:
    assert names([workload("web"), pod("web", OLDER, deletionTimestamp=NEWER)], [secret(data=WRITTEN)]) == []


def test_only_data_counts() -> None:
    """Not a label that somebody adds later."""
    assert names([workload("web"), pod("web", WRITTEN)], [secret(data=OLDER, metadata=NEWER)]) == []


def test_a_secret_without_managers_counts_from_its_creation() -> None:
    assert names([workload("web"), pod("web", OLDER)], [secret(made=WRITTEN)]) == ["web"]


def test_another_namespace_is_not_touched() -> None:
    other = [workload("web", namespace="two"), pod("web", OLDER, namespace="two")]
    assert names([workload("web"), pod("web", NEWER), *other], [secret(data=WRITTEN)]) == []


def test_what_is_going_to_be_written_is_newer_than_any_pod() -> None:
    objects = [workload("web"), pod("web", NEWER), workload("without-pods")]
    assert names(objects, [secret(), secret("other")], ["other"]) == []
    assert names(objects, [secret(), secret("other")], ["database"]) == ["web", "without-pods"]


@pytest.mark.parametrize(
    "container",
    [{}, {"env": [{"name": "A", "value": "b"}]}, {"envFrom": [{"configMapRef": {"name": "database"}}]}],
    ids=["no environment", "a value", "a ConfigMap of that name"],
)
def test_without_a_reference(container: Any) -> None:
    assert names([workload("web", container), pod("web", OLDER)], [secret(data=WRITTEN)], ["database"]) == []


def test_every_way_to_refer_to_it() -> None:
    first = workload("first", {})
    first["spec"]["template"]["spec"]["initContainers"] = [DATABASE]
    second = workload("second", {}, {"envFrom": [{"secretRef": {"name": "database"}}]})
    assert names([first, second], [secret()], ["database"]) == ["first", "second"]


def test_servers_first() -> None:
    client = workload("client", **{"ai-how.cloud/database-client": "true"})
    assert names([client, workload("server")], [secret()], ["database"]) == ["server", "client"]


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_is_over_runs_with_nothing(phase: str) -> None:
    evicted = {**pod("web", OLDER), "status": {"phase": phase}}
    assert names([workload("web"), evicted, pod("web", NEWER)], [secret(data=WRITTEN)]) == []


def test_a_selector_without_labels_does_not_own_the_pods_of_others() -> None:
    other = workload("web")
    other["spec"]["selector"] = {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}
    assert names([other, pod("foreign", OLDER)], [secret(data=WRITTEN)]) == []
