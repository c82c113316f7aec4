# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The answers are those of kubernetes.core 6.2."""

from __future__ import annotations

from typing import Any

from ansible_collections.ai_how.cloud.plugins.filter.previewed import FilterModule

previewed = FilterModule().filters()["previewed"]
WEB = {"kind": "Deployment", "metadata": {"name": "web"}}
FORBIDDEN = (
    'Failed to apply object: {"kind":"Status","message":"Deployment.apps \\"web\\" is invalid: spec: Forbidden: no",'
    '"reason":"Invalid","code":422}\n'
)


def differing(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    return previewed({"result": {}, "diff": {"before": before, "after": after}}, [WEB])


def test_the_innermost_fields_that_differ() -> None:
    containers = [{"image": "web:1"}, {"image": "log:1"}], [{"image": "web:2"}, {"image": "log:1"}]
    before, after = ({"spec": {"replicas": n, "containers": list(c)}} for n, c in zip((1, 2), containers, strict=True))
    assert differing(before, after) == [
        {
            "change": "changed",
            "lines": [
                "Deployment/web spec.containers[0].image: web:1 -> web:2",
                "Deployment/web spec.replicas: 1 -> 2",
            ],
        }
    ]


def test_a_field_that_comes_or_goes() -> None:
    (entry,) = differing({"spec": {"paused": True}}, {"spec": {"strategy": {"type": "Recreate"}}})
    assert entry["lines"] == [
        "Deployment/web spec.paused: true -> none",
        'Deployment/web spec.strategy: none -> {"type": "Recreate"}',
    ]


def test_what_the_server_counts_is_no_change() -> None:
    counted = [{"metadata": {"generation": n, "managedFields": [n]}} for n in (1, 2)]
    assert differing(*counted) == []


def test_a_new_object() -> None:
    assert differing({}, {"kind": "Deployment"}) == [{"change": "new", "lines": ["Deployment/web: new"]}]


def test_each_of_several_objects() -> None:
    same = {"result": {}, "diff": {}, "changed": False}
    new = {"result": {}, "diff": {"before": {}, "after": {"kind": "Service"}}}
    service = {"kind": "Service", "metadata": {"name": "web"}}
    found = previewed({"result": {"results": [same, new]}}, [WEB, service])
    assert found == [{"change": "new", "lines": ["Service/web: new"]}]


def test_a_refusal_in_the_words_of_the_server() -> None:
    (entry,) = previewed({"result": {}, "error": {"msg": FORBIDDEN}}, [WEB])
    assert entry["change"] == "refused"
    assert entry["lines"] == ['Deployment/web: Deployment.apps "web" is invalid: spec: Forbidden: no']


def test_a_namespace_that_argo_cd_will_make() -> None:
    answer = {"result": {}, "error": {"msg": '{"message":"namespaces \\"web\\" not found"}'}}
    assert previewed(answer, [WEB], "web") == [{"change": "new", "lines": ["Deployment/web: new"]}]
    assert [entry["change"] for entry in previewed(answer, [WEB], "other")] == ["refused"]


def test_secrets_that_are_taken_out_of_git_are_not_shown() -> None:
    config = {"kind": "ConfigMap", "metadata": {"name": "c"}}
    secret = {"kind": "Secret", "metadata": {"name": "s"}}
    before = [{"data": {"password": "hunter2", "user": "me"}}, {"data": {"key": "aHVudGVyMg=="}}]
    results = [{"result": {}, "diff": {"before": old, "after": {"data": {"new": "b3RoZXI="}}}} for old in before]
    found = previewed({"result": {"results": results}}, [config, secret])
    lines = [line for entry in found for line in entry["lines"]]
    assert "ConfigMap/c data.password: ******** -> none" in lines
    assert "ConfigMap/c data.user: me -> none" in lines
    assert "Secret/s data.key: ******** -> none" in lines
    assert "Secret/s data.new: none -> ********" in lines


def test_no_answer() -> None:
    assert previewed({"msg": "cannot be  reached", "failed": True}, [WEB]) == [
        {"change": "refused", "lines": ["cannot be reached"]}
    ]


def test_a_long_value_is_cut() -> None:
    ((line,),) = (entry["lines"] for entry in differing({"spec": {"text": "a"}}, {"spec": {"text": "b" * 500}}))
    assert line.endswith("b…")
    assert len(line) < 200
