# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.diagnosis import problems
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.pods import Trouble
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.builder import B, app, operation, raw_app


def resource(kind: str = "Deployment", status: str = "OutOfSync", **fields: Any) -> dict[str, Any]:
    return {"group": "apps", "kind": kind, "namespace": "web", "name": "web", "status": status, **fields}


def the_one(**state: Any) -> tuple[str, str, str]:
    (problem,) = problems(app(**state))
    return problem["kind"], problem["cause"], problem["fix"]


def test_nothing_is_wrong_with_a_healthy_application() -> None:
    assert problems(app()) == []


@pytest.mark.parametrize(
    ("message", "fix"),
    [
        ("Failed to load target state: rpc error: mlfow: app path does not exist", "correct the path"),
        ("unable to resolve 'no-such-branch' to a commit SHA", "push the branch or tag"),
        ("failed to list refs: authentication required", "give Argo CD credentials"),
        ("dial tcp: lookup git.example.org: no such host", "reachable for Argo CD's repo-server"),
        ("Application referencing project missing which does not exist", "create the project"),
        ("application repo https://x is not permitted in project 'a'", "let the project permit it"),
        ("spec: Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden", "Replace=true"),
        ("anything else", "correct its source"),
    ],
)
def test_a_source_that_cannot_be_read(message: str, fix: str) -> None:
    kind, cause, told = the_one(conditions={"ComparisonError": message})
    assert (kind, cause) == ("ComparisonError", message)
    assert fix in told


@pytest.mark.parametrize(
    ("message", "fix"),
    [
        ('Job.batch "x" is invalid: spec.template: Invalid value: core.PodTemplateSpec: field is immutable', "Replace"),
        ("CustomResourceDefinition is invalid: metadata.annotations: Too long: must have at most 262144", "ServerSide"),
        ('namespaces "mlops" not found', "CreateNamespace=true"),
        ("one or more objects failed to apply, reason: no matches for kind Foo", "install the CRD"),
        (
            "The Kubernetes API could not find a/Foo for requested resource x/foo",
            "install the",
        ),
        ('Apply failed with 1 conflict: conflict with "helm": .spec.replicas', "manager that it names"),
        ("only dynamically provisioned pvc can be resized and the storageclass", "allowVolumeExpansion"),
        ('pods "x" is forbidden: violates PodSecurity "restricted:latest"', "security context"),
        ("exceeded quota: compute", "ResourceQuota"),
        ('admission webhook "policy" denied the request: no', "webhook"),
        ("resource :ConfigMap is not permitted in project web", "project permit"),
        ('secrets is forbidden: User "system:serviceaccount:argocd:x" cannot create', "grant"),
        ("spec.replicas: Invalid value: -1", "correct the manifest in Git"),
    ],
)
def test_a_failed_sync_names_each_resource(message: str, fix: str) -> None:
    failed = resource(status="SyncFailed", message=message)
    found = problems(app(operation=operation("Failed", resources=[failed]), sync="OutOfSync", revision=B))[0]
    assert (found["kind"], found["cause"]) == ("SyncFailed", f"Deployment/web: {message}")
    assert fix in found["fix"]


def test_a_failed_sync_without_resources() -> None:
    found = problems(app(operation=operation("Error", message="boom"), sync="OutOfSync", revision=B))
    assert (found[0]["kind"], found[0]["cause"]) == ("SyncFailed", "boom")


def test_a_sync_that_failed_counts_no_more_once_it_is_synced() -> None:
    failed = resource(status="SyncFailed", message="exceeded quota: x")
    assert problems(app(operation=operation("Failed", resources=[failed]), sync="Synced")) == []


def test_a_dry_run_that_failed_says_nothing_of_the_application() -> None:
    state = operation("Failed", message="one or more objects failed to apply (dry run)")
    state["operation"]["sync"]["dryRun"] = True
    assert problems(app(operation=state)) == []


def test_a_sync_that_somebody_ended() -> None:
    found = problems(app(operation=operation("Failed", message="Operation terminated"), sync="OutOfSync", revision=B))
    assert [problem["kind"] for problem in found] == ["SyncTerminated", "OutOfSync"]
    assert found[0]["fix"] == "sync it: ai_how.cloud.argocd_app with name: web and state: synced"


def test_a_sync_that_is_refused() -> None:
    assert the_one(conditions={"SyncError": "Failed last sync attempt"})[0] == "SyncFailed"


def test_a_closed_window() -> None:
    kind, _cause, fix = the_one(operation=operation("Running", message="Sync operation blocked by sync window"))
    assert (kind, fix) == ("SyncBlocked", "wait until the project's sync window opens, or change it")


def test_a_newer_commit_that_is_not_synced_by_itself() -> None:
    _kind, cause, fix = the_one(sync="OutOfSync", revision=B, automated=None, resources=[resource()])
    assert cause == "Git or its settings are newer, and it does not sync automatically: Deployment/web"
    assert fix == "sync it: ai_how.cloud.argocd_app with name: web and state: synced"


def test_a_change_by_hand() -> None:
    _kind, cause, fix = the_one(sync="OutOfSync", automated=None, resources=[resource()])
    assert "it was changed in the cluster: Deployment/web" in cause
    assert "self_heal does it by itself" in fix


def test_other_settings_at_the_same_commit_are_no_change_by_hand() -> None:
    raw = raw_app(sync="OutOfSync", automated=None, resources=[resource()])
    raw["spec"]["source"]["kustomize"] = {"namePrefix": "a-"}
    (problem,) = problems(Observed.parse(raw))
    assert problem["cause"] == "Git or its settings are newer, and it does not sync automatically: Deployment/web"


def test_something_that_is_gone_from_git() -> None:
    left = resource(requiresPruning=True)
    _kind, cause, fix = the_one(sync="OutOfSync", revision=B, resources=[left])
    assert cause == "gone from Git, and automated sync does not prune: Deployment/web (to be pruned)"
    assert "prune: true" in fix


def test_a_sync_that_is_on_its_way() -> None:
    assert the_one(sync="OutOfSync", revision=B, resources=[resource()])[1] == "not synced yet: Deployment/web"


def test_pods_are_the_cause_of_bad_health() -> None:
    trouble = Trouble("1", "web/web-1", "container web: ErrImagePull", "correct it in Git", lasting=True)
    (problem,) = problems(app(health="Degraded"), [trouble])
    assert problem == {
        "kind": "Degraded",
        "cause": "pod web/web-1: container web: ErrImagePull",
        "fix": "correct it in Git",
    }


@pytest.mark.parametrize(
    ("health", "fix"), [("Suspended", "resume"), ("Missing", "sync it"), ("Degraded", "look at what it deploys")]
)
def test_bad_health_without_pods(health: str, fix: str) -> None:
    kind, cause, told = the_one(health=health, health_message="as Argo CD says")
    assert (kind, cause) == (health, "as Argo CD says")
    assert fix in told


def test_a_deletion_that_does_not_end() -> None:
    kind, cause, _fix = the_one(deleting=True, resources=[resource(status="Synced")])
    assert kind == "Deleting"
    assert cause.startswith("it is being deleted; finalizers that are left: resources-finalizer.argocd.argoproj.io; ")
    assert "Deployment/web" in cause


def test_causes_stand_before_what_follows_from_them() -> None:
    failed = resource(status="SyncFailed", message="exceeded quota: x")
    found = problems(
        app(operation=operation("Failed", resources=[failed]), sync="OutOfSync", revision=B, health="Missing")
    )
    assert [problem["kind"] for problem in found] == ["SyncFailed", "OutOfSync", "Missing"]
