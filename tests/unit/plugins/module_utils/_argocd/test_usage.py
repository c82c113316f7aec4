# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.usage import usage


def container(cpu: str = "", limit: str = "", **fields: Any) -> dict[str, Any]:
    resources = {"requests": {"cpu": cpu} if cpu else {}, "limits": {"cpu": limit} if limit else {}}
    return {"name": "c", "resources": resources, **fields}


def pod(name: str, *containers: dict[str, Any], phase: str = "Running", init: Any = ()) -> dict[str, Any]:
    spec = {"containers": list(containers), "initContainers": list(init)}
    return {"metadata": {"namespace": "x", "name": name}, "spec": spec, "status": {"phase": phase}}


def measured(name: str, cpu: str) -> dict[str, Any]:
    return {"metadata": {"namespace": "x", "name": name}, "containers": [{"usage": {"cpu": cpu, "memory": "0"}}]}


def test_what_is_asked_for_is_summed() -> None:
    told = usage([pod("a", container("1", "2"), container("2", "3")), pod("b", container("4", "4"))], None, float)
    assert told["pods"] == 2
    assert told["cpu"] == {"requested": 7.0, "limit": 9.0, "used": None}


def test_without_a_limit_in_one_container_there_is_none() -> None:
    assert usage([pod("a", container("1", "2"), container())], None, float)["cpu"]["limit"] is None


def test_what_is_over_holds_nothing() -> None:
    told = usage([pod("a", container("1"), phase="Succeeded"), pod("b", container("1"), phase="Failed")], [], float)
    assert told["pods"] == 0
    assert told["cpu"] == {"requested": 0, "limit": 0, "used": 0}


def test_only_what_runs_beside_the_others_counts() -> None:
    init = [container("8"), container("2", restartPolicy="Always")]
    assert usage([pod("a", container("1"), init=init)], None, float)["cpu"]["requested"] == 3.0


def test_use_is_that_of_its_own_pods() -> None:
    told = usage([pod("a", container("1")), pod("b")], [measured("a", "0.5"), measured("other", "9")], float)
    assert told["cpu"]["used"] == 0.5
