# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd import rollout
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.health import CANNOT_START_GRACE
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.installation import LABEL
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.readiness import unready
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed, TimedOut, Unavailable

READY = {
    "Deployment": {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1},
    "StatefulSet": {
        "observedGeneration": 2,
        "replicas": 1,
        "updatedReplicas": 1,
        "readyReplicas": 1,
        "updateRevision": "new",
    },
}
PULLING = {"reason": "ErrImagePull", "message": "no such image"}


def workload(kind: str = "Deployment", wanted: int | None = None, **status: Any) -> Any:
    spec: dict[str, Any] = {"selector": {"matchLabels": {"app": "server"}}}
    if wanted is not None:
        spec["replicas"] = wanted
    metadata = {"name": "argocd-server", "namespace": "argocd", "generation": 2, "labels": {LABEL: "argocd"}}
    return {"kind": kind, "metadata": metadata, "spec": spec, "status": {**READY[kind], **status}}


def pod(waiting: Any = None, revision: str = "new", app: str = "server") -> Any:
    status = {"containerStatuses": [{"name": "main", "state": {"waiting": waiting} if waiting else {"running": {}}}]}
    labels = {"app": app, "controller-revision-hash": revision}
    metadata = {"name": "argocd-server-0", "namespace": "argocd", "uid": "1", "labels": labels}
    return {"metadata": metadata, "status": status}


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_a_workload_that_is_rolled_out(kind: str) -> None:
    assert unready([workload(kind)], [pod(PULLING)]) == []


def test_none_is_wanted() -> None:
    nothing = {"observedGeneration": 2}
    assert unready([{**workload(wanted=0), "status": nothing}], []) == []


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({"observedGeneration": 1}, "not looked at by its controller yet"),
        ({"updatedReplicas": 0}, "0 of 1 pods are as wanted now"),
        ({"availableReplicas": 0}, "0 of 1 pods are ready"),
        ({"replicas": 2}, "1 old pods have not ended yet"),
        (
            {"conditions": [{"type": "ReplicaFailure", "status": "True", "message": 'pods "a" is forbidden:\nquota'}]},
            'pods "a" is forbidden: quota',
        ),
    ],
)
def test_what_is_missing(status: Any, state: str) -> None:
    (found,) = unready([workload(**status)], [])
    assert str(found) == (
        f"deployment/argocd-server is not ready, {state} (kubectl describe deployment/argocd-server -n argocd)"
    )
    assert not found.lasting


def test_the_reason_of_its_pods_is_told() -> None:
    (found,) = unready([workload(availableReplicas=0)], [pod(PULLING), pod(PULLING, app="other")])
    assert found.lasting
    assert len(found.troubles) == 1
    assert str(found).endswith(
        "(pod argocd/argocd-server-0: container main: ErrImagePull: no such image;"
        " kubectl describe pod argocd-server-0 -n argocd)"
    )


def test_a_secret_that_is_missing_may_come() -> None:
    """Upstream's Redis makes the one that others name, once its image is there."""
    lacks = {"reason": "CreateContainerConfigError", "message": 'secret "argocd-redis" not found'}
    (found,) = unready([workload(availableReplicas=0)], [pod(lacks)])
    assert not found.lasting
    assert 'secret "argocd-redis" not found' in str(found)


def test_an_old_pod_of_a_stateful_set_is_in_the_way() -> None:
    (found,) = unready([workload("StatefulSet", updatedReplicas=0)], [pod(PULLING, "old")])
    assert "its StatefulSet waits for it: kubectl delete pod argocd-server-0 -n argocd" in str(found)


class Cluster:
    """Answers lists, one after the other; the last one for ever."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)

    def list(self, kind: Any, namespace: str) -> tuple[list[Any], str]:
        answer = self._answers[0]
        if kind.kind == "Pod":
            return [pod(PULLING)], "1"
        if kind.kind == "StatefulSet":
            return [], "1"
        if len(self._answers) > 1:
            self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return [{key: value for key, value in answer.items() if key != "kind"}], "1"


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(rollout.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(rollout.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    return now


def test_the_wait_ends_when_all_are_ready(time: list[float]) -> None:
    cluster: Any = Cluster(Unavailable("away"), workload(updatedReplicas=0), workload())
    rollout.until_ready(cluster, "argocd", "", 60)
    assert time[0] == 2


def test_what_others_have_in_the_namespace_is_not_waited_for(time: list[float]) -> None:
    other = workload(updatedReplicas=0)
    del other["metadata"]["labels"]
    cluster: Any = Cluster(other)
    rollout.until_ready(cluster, "argocd", "", 60)
    assert time[0] == 0


def test_one_that_is_named_is_waited_for_whatever_its_labels(time: list[float]) -> None:
    wanted, ready = workload(updatedReplicas=0), workload()
    for each in (wanted, ready):
        del each["metadata"]["labels"]
    name = wanted["metadata"]["name"]
    rollout.until_ready(Cluster(wanted, ready), "argocd", name, 60)  # type: ignore[arg-type]
    assert time[0] == 1
    rollout.until_ready(Cluster(wanted), "argocd", f"not-{name}", 60)  # type: ignore[arg-type]
    assert time[0] == 1


def test_what_does_not_heal_ends_the_wait_early(time: list[float]) -> None:
    cluster: Any = Cluster(workload(availableReplicas=0))
    with pytest.raises(Failed, match="ErrImagePull"):
        rollout.until_ready(cluster, "argocd", "", 600)
    assert time[0] == CANNOT_START_GRACE


@pytest.mark.parametrize(("answer", "told"), [(Unavailable("away"), "away"), (workload(updatedReplicas=0), "argocd-s")])
def test_the_time_out_says_what_is_missing(time: list[float], answer: Any, told: str) -> None:
    cluster: Any = Cluster(answer)
    with pytest.raises(TimedOut, match=f"after 5 s .*{told}"):
        rollout.until_ready(cluster, "argocd", "", 5)


def test_check_mode_does_not_wait() -> None:
    assert rollout.wait({}, True, lambda *_: (0, "", "")) == {"changed": False}  # type: ignore[arg-type]
