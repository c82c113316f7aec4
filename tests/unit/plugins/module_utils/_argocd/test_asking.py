# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd import asking
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import StartSync
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.sync import Sync
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.builder import app, key, raw_app, source


def start(observed, prune=False, **sync):
    return StartSync(key(), observed, observed.revisions, prune, "token", Sync.from_params(sync))


def several():
    raw = raw_app()
    del raw["spec"]["source"]
    raw["spec"]["sources"] = [source("a"), source("b")]
    return Observed.parse(raw)


def test_a_sync_is_to_the_target_and_carries_the_token():
    assert asking.sync_request(start(app(), prune=True)) == {
        "prune": True,
        "dryRun": False,
        "infos": [{"name": "ai_how.cloud/token", "value": "token"}],
        "syncOptions": {"items": ["CreateNamespace=true"]},
    }


def test_a_sync_as_the_task_wants_it():
    resource = {"kind": "ConfigMap", "name": "one", "status": "Synced"}
    request = asking.sync_request(
        start(
            app(resources=[resource]),
            revision="v1",
            dry_run=True,
            force=True,
            replace=True,
            retry={"limit": 2},
            resources=[{"kind": "ConfigMap", "name": "one"}],
        )
    )
    assert request["revision"] == "v1"
    assert request["dryRun"] is True
    assert request["strategy"] == {"hook": {"force": True}}
    assert request["syncOptions"] == {"items": ["CreateNamespace=true", "Replace=true"]}
    assert request["retryStrategy"] == {"limit": 2}
    assert request["resources"] == [{"kind": "ConfigMap", "name": "one"}]


def test_revisions_of_several_sources_go_by_their_place():
    request = asking.sync_request(start(several(), revisions=["", "v2"]))
    assert (request["sourcePositions"], request["revisions"]) == ([2], ["v2"])
    assert "sourcePositions" not in asking.sync_request(start(several()))


def test_a_rollback_is_known_by_its_operation():
    operation = {"sync": {"revision": "1"}, "initiatedBy": {"username": "admin"}}
    raw = {"status": {"operationState": {"phase": "Running", "operation": operation}}}
    told = asking.with_token(raw, operation, "token")
    info = told["status"]["operationState"]["operation"]["info"]
    assert info == [{"name": "ai_how.cloud/token", "value": "token"}]
    assert asking.with_token(raw, {"sync": {"revision": "2"}}, "token") is raw
    assert asking.with_token({"status": {}}, operation, "token") == {"status": {}}


@pytest.mark.parametrize(
    ("finalizers", "query"),
    [
        ((), {"cascade": "false"}),
        (("example.org/x",), {"cascade": "false"}),
        (("resources-finalizer.argocd.argoproj.io",), {"cascade": "true", "propagationPolicy": ""}),
        (
            ("example.org/x", "resources-finalizer.argocd.argoproj.io/background"),
            {"cascade": "true", "propagationPolicy": "background"},
        ),
    ],
)
def test_a_deletion_keeps_to_the_finalizers(finalizers, query):
    assert asking.cascade(finalizers) == query


NODES = {
    "nodes": [
        {
            "version": "v1",
            "kind": "Pod",
            "namespace": "x",
            "name": "ill",
            "health": {"status": "Degraded", "message": "m"},
        },
        {"version": "v1", "kind": "Pod", "namespace": "x", "name": "well", "health": {"status": "Healthy"}},
        {"version": "v1", "kind": "Pod", "namespace": "x", "name": "new"},
        {"group": "other.example.org", "kind": "Pod", "name": "no-pod"},
        {"kind": "ConfigMap", "namespace": "x", "name": "c", "parentRefs": [{"kind": "Pod", "name": "well"}]},
    ]
}


def test_the_tree():
    found = asking.tree(NODES)
    assert found[0] == {
        "group": "",
        "kind": "Pod",
        "namespace": "x",
        "name": "ill",
        "health": "Degraded",
        "message": "m",
        "parents": [],
    }
    assert (found[4]["health"], found[4]["parents"][0]["name"]) == ("", "well")
    assert asking.tree({}) == []


def test_what_belongs_to_no_application():
    node = {"version": "v1", "kind": "ConfigMap", "namespace": "x", "name": "left", "health": {}}
    assert asking.orphaned({"orphanedNodes": [node]}) == [
        {"group": "", "kind": "ConfigMap", "namespace": "x", "name": "left"}
    ]
    assert asking.orphaned(NODES) == []


def test_pods_of_the_tree():
    assert [pod["name"] for pod in asking.pods_of(NODES)] == ["ill", "well", "new"]


def test_pods_that_may_be_ill():
    assert [pod["name"] for pod in asking.ailing_pods(NODES)] == ["ill", "new"]


SECRET = {"kind": "Secret", "metadata": {"name": "s"}, "data": {"word": "++++"}, "stringData": None}
MAP = {"kind": "ConfigMap", "data": {"word": "w", "password": "p"}}


def test_manifests_are_masked():
    secret, config_map = asking.manifests([json.dumps(SECRET), json.dumps(MAP)])
    assert secret["data"] == {"word": "********"}
    assert config_map["data"] == {"word": "w", "password": "********"}


def item(before, after, target="same", **fields):
    target = after if target == "same" else target
    return {
        "kind": "Thing",
        "name": "a",
        "targetState": json.dumps(target),
        "normalizedLiveState": json.dumps(before),
        "predictedLiveState": json.dumps(after),
        **fields,
    }


def test_only_differences_are_told():
    assert asking.differences([item(MAP, MAP)]) == []
    (found,) = asking.differences([item({"a": 1}, {"a": 2}, modified=True)])
    assert (found["kind"], found["before"], found["after"]) == ("Thing", {"a": 1}, {"a": 2})


def test_who_wrote_which_field_is_left_out():
    live = {"a": 1, "metadata": {"name": "a", "managedFields": [{"manager": "kubectl"}]}}
    (found,) = asking.differences([item(live, {"a": 2}, modified=True)])
    assert found["before"] == {"a": 1, "metadata": {"name": "a"}}


def test_what_is_missing_and_what_would_be_pruned():
    made, pruned = asking.differences([item(None, {"a": 1}), {**item({"a": 1}, None), "predictedLiveState": ""}])
    assert (made["before"], made["after"]) == ({}, {"a": 1})
    assert (pruned["before"], pruned["after"]) == ({"a": 1}, {})


def test_a_secret_differs_without_being_told():
    changed = {**SECRET, "data": {"word": "+++++"}}
    (found,) = asking.differences([item(SECRET, changed, modified=True)])
    assert found["before"]["data"] == {"word": "********"}
    assert found["after"]["data"] == {"word": "******** (changed)"}
