# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Desired, Key, Observed, Source
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.pods import Resource
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.builder import (
    CAPTURED,
    REPO,
    A,
    app,
    child,
    new_app,
    operation,
    raw_app,
)
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.full import HYDRATED

DEPLOYED = "1d2137bb84058da111f78936f1a754ab51f47fda"
SOURCE = {"repo_url": REPO, "path": "web"}


def desired(**params) -> Desired:
    return Desired.from_params({"name": "web", **params}, "argocd")


def spec(**params):
    return desired(**params).manifest["spec"]


# Desired


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        ({"name": None}, "an application: name is missing; give every application a name"),
        ({"name": "  "}, "an application: name is missing; give every application a name"),
        ({"source": SOURCE, "sources": [SOURCE]}, "source and sources were both given; give one of them"),
        (
            {"source": SOURCE, "source_hydrator": HYDRATED["source_hydrator"]},
            "source and source_hydrator were both given; give one of them",
        ),
        (
            {"source_hydrator": HYDRATED["source_hydrator"], "revisions": [A, A]},
            "2 revisions were given for 1 source(s); give at most one for each",
        ),
        ({"sources": []}, "sources is an empty list; give at least one source, or leave it out"),
        ({"revision": A, "revisions": [A]}, "revision and revisions were both given; revisions is for several sources"),
        (
            {"source": {"repo_url": REPO}},
            f"the source {REPO} has neither path nor chart nor ref; give one of them",
        ),
        (
            {"sources": [SOURCE, {"repo_url": REPO, "path": "a", "chart": "b"}]},
            f"the source {REPO} has both path and chart; give one of them",
        ),
        (
            {"destination": {"server": "https://a", "name": "b"}},
            "destination has both server and name; give one of them",
        ),
        ({"source": SOURCE, "revisions": [A, A]}, "2 revisions were given for 1 source(s); give at most one for each"),
    ],
)
def test_options_that_contradict_each_other_are_refused_in_one_sentence(params, complaint):
    with pytest.raises(Invalid) as caught:
        desired(**params)
    assert str(caught.value) == (complaint if "name" in params else f'application "web": {complaint}')


def test_a_complaint_about_an_item_of_a_list_says_which():
    with pytest.raises(Invalid, match=r'^applications\[3\]: application "web": sources is an empty list'):
        Desired.from_params({"name": "web", "sources": []}, "argocd", where="applications[3]: ")


@pytest.mark.parametrize(
    ("params", "revisions"),
    [
        ({}, ()),
        ({"revision": A}, (A,)),
        ({"revisions": ["", A]}, ("", A)),
        ({"sources": [SOURCE, SOURCE], "revision": A}, (A,)),
    ],
)
def test_the_revisions_to_wait_for(params, revisions):
    assert desired(**params).revisions == revisions


def test_a_commit_is_written_as_git_does():
    assert desired(revision="ABCDEF0").revisions == ("abcdef0",)
    assert desired(revision="1.2.3-RC1").revisions == ("1.2.3-RC1",)


def test_an_empty_destination_is_the_cluster_of_argo_cd():
    assert spec(destination={"namespace": "x", "name": ""})["destination"]["server"] == "https://kubernetes.default.svc"


def test_a_name_alone_declares_nothing():
    alone = desired(source=None, labels=None, revision=A, prune=True)
    assert not alone.declares
    assert alone.prune is True
    assert desired(labels={"a": "b"}).declares


def test_project_and_destination_have_argo_cds_defaults():
    assert spec(source=SOURCE, destination={"namespace": "mlops"}) == {
        "project": "default",
        "source": {"repoURL": REPO, "path": "web"},
        "destination": {"namespace": "mlops", "server": "https://kubernetes.default.svc"},
    }


def test_what_says_nothing_of_the_sources_says_nothing_of_the_project():
    assert desired(labels={"a": "b"}).manifest.get("spec") is None
    assert spec(revision_history_limit=3) == {"revisionHistoryLimit": 3}


@pytest.mark.parametrize("given", [{"name": "edge"}, {"server": "https://edge:6443"}])
def test_a_given_cluster_stays(given):
    assert spec(destination=given)["destination"] == given


def test_empty_metadata_is_left_out_for_the_server_does_not_keep_it():
    metadata = desired(labels={}, annotations={}, finalizers=[], project="mlops").manifest["metadata"]
    assert metadata == {"name": "web", "namespace": "argocd"}


@pytest.mark.parametrize(
    ("field", "kept"),
    [
        ({"helm": {}}, {}),
        ({"helm": {"parameters": [], "values": "", "skip_crds": False}}, {}),
        ({"directory": {"recurse": False, "jsonnet": {"libs": []}}}, {}),
        ({"kustomize": {"name_prefix": ""}}, {}),
        ({"helm": {"values_object": {}}}, {}),
        ({"directory": {"recurse": True, "jsonnet": {}}}, {"directory": {"recurse": True}}),
        (
            {"helm": {"parameters": [{"name": "a", "value": "", "force_string": False}]}},
            {"helm": {"parameters": [{"name": "a"}]}},
        ),
        ({"target_revision": "", "name": ""}, {}),
        ({"helm": {"values_object": {"persistence": False}}}, {"helm": {"valuesObject": {"persistence": False}}}),
        ({"kustomize": {"common_labels": {"gpu": ""}}}, {"kustomize": {"commonLabels": {"gpu": ""}}}),
    ],
)
def test_structures_of_a_source_that_say_nothing_are_left_out(field, kept):
    for manifest in (spec(source={**SOURCE, **field})["source"], spec(sources=[{**SOURCE, **field}])["sources"][0]):
        assert manifest == {"repoURL": REPO, "path": "web", **kept}


@pytest.mark.parametrize(
    ("policy", "kept"),
    [
        ({}, {}),
        ({"sync_options": []}, {}),
        ({"sync_options": [], "automated": {}}, {"syncPolicy": {"automated": {}}}),
        ({"sync_options": ["Prune=false"]}, {"syncPolicy": {"syncOptions": ["Prune=false"]}}),
    ],
)
def test_a_sync_policy_that_says_nothing_is_left_out(policy, kept):
    assert spec(source=SOURCE, sync_policy=policy) == {**spec(source=SOURCE), **kept}


@pytest.mark.parametrize("name", ["Web", "we_b", "web-", "a" * 254, "a..b", "web\n\nx", "a/b"])
def test_names_that_kubernetes_would_refuse_are_refused_before_anything_is_written(name):
    with pytest.raises(Invalid, match="Kubernetes does not take this name"):
        Desired.from_params({"name": name}, "argocd")


@pytest.mark.parametrize("namespace", ["a/b", "", "team.a", "a" * 64])
def test_namespaces_that_kubernetes_would_refuse(namespace):
    with pytest.raises(Invalid, match=f'does not take the namespace "{namespace}"'):
        Desired.from_params({"name": "web"}, namespace)


# Observed


def test_a_captured_application():
    seen = Observed.parse(CAPTURED["web"])
    assert seen.key == Key("argocd", "web")
    assert str(seen.key) == 'application "web"'
    assert (seen.sync, seen.health, seen.revisions) == ("Synced", "Healthy", (DEPLOYED,))
    assert (seen.auto_sync, seen.auto_prune) == (True, False)
    assert seen.sources == (Source("https://git.example.org/gitops.git", "main", "web"),)
    assert seen.compared
    assert seen.history == ((0, (DEPLOYED,)), (1, (DEPLOYED,)))
    assert [resource["kind"] for resource in seen.resources] == ["ConfigMap", "Deployment"]
    assert seen.operation.phase == "Succeeded"
    assert seen.operation.revisions == (DEPLOYED,)
    assert seen.operation.token == "13d322d3ee3e409b8a0ebbd14ce95078"
    assert seen.operation.started_at < seen.operation.finished_at <= seen.reconciled_at
    assert not (seen.operation.running or seen.operation.failed or seen.operation_pending)
    assert not (seen.deleting or seen.refreshing or seen.conditions or seen.children)


def test_a_captured_application_of_several_sources():
    seen = Observed.parse(CAPTURED["multi"])
    assert len(seen.sources) == 2
    assert seen.revisions == (DEPLOYED, DEPLOYED)
    assert seen.history == ((0, (DEPLOYED, DEPLOYED)),)
    assert seen.operation.revisions == (DEPLOYED, DEPLOYED)
    assert seen.compared


def test_a_captured_application_of_applications():
    seen = Observed.parse(CAPTURED["stack"])
    assert seen.children == (Key("argocd", "child-one"), Key("argocd", "child-two"))
    assert seen.operation.applied == seen.children
    assert seen.operation.token == ""


def test_a_captured_application_with_a_bad_path():
    seen = Observed.parse(CAPTURED["child-two"])
    assert "app path does not exist" in seen.conditions["ComparisonError"]
    assert seen.sync == "Unknown"


def test_an_application_that_argo_cd_has_not_seen():
    seen = new_app()
    assert (seen.sync, seen.health, seen.reconciled_at, seen.revisions) == ("", "", "", ())
    assert seen.operation is None
    assert not seen.compared


@pytest.mark.parametrize(
    ("automated", "auto_sync", "auto_prune"),
    [
        (None, False, False),
        ({}, True, False),
        ({"enabled": True, "prune": True}, True, True),
        ({"enabled": False, "prune": True}, False, True),
    ],
)
def test_automatic_sync(automated, auto_sync, auto_prune):
    seen = app(automated=automated)
    assert (seen.auto_sync, seen.auto_prune) == (auto_sync, auto_prune)


@pytest.mark.parametrize(
    ("changes", "compared"),
    [
        ({}, True),
        ({"source": {"targetRevision": "dev"}}, False),
        ({"destination": {"namespace": "other"}}, False),
        ({"source": {"directory": {"recurse": False, "jsonnet": {}}}}, True),
        ({"source": {"directory": {"recurse": True}}}, False),
        ({"source": {"helm": {"parameters": [], "valuesObject": {}}}}, True),
        ({"source": {"helm": {"valuesObject": {"persistence": False}}}}, False),
    ],
)
def test_the_comparison_is_of_the_spec_as_it_is_now(changes, compared):
    raw = raw_app()
    for part, fields in changes.items():
        raw["spec"][part].update(fields)
    assert Observed.parse(raw).compared is compared


def test_a_comparison_with_other_sources_does_not_count():
    raw = copy.deepcopy(CAPTURED["multi"])
    raw["spec"]["sources"].reverse()
    assert not Observed.parse(raw).compared


def test_children_without_a_namespace_are_in_their_parents():
    only = child("one")
    del only["namespace"]
    others = [{"group": "apps", "kind": "Application", "name": "x"}, {"group": "argoproj.io", "kind": "AppProject"}]
    assert app(resources=[only, child("two", namespace="teams"), *others]).children == (
        Key("argocd", "one"),
        Key("teams", "two"),
    )


@pytest.mark.parametrize(
    ("phase", "running", "failed"),
    [
        ("Running", True, False),
        ("Terminating", True, False),
        ("Succeeded", False, False),
        ("Failed", False, True),
        ("Error", False, True),
    ],
)
def test_phases_of_an_operation(phase, running, failed):
    seen = app(operation=operation(phase)).operation
    assert (seen.running, seen.failed) == (running, failed)


def test_what_has_pods_and_hooks_only_while_their_operation_runs():
    deployment = Resource("apps", "Deployment", "default", "web")
    assert Observed.parse(CAPTURED["web"]).workloads == {deployment}
    hook = {
        "group": "batch",
        "kind": "Job",
        "namespace": "default",
        "name": "bucket",
        "hookPhase": "Running",
        "hookType": "PostSync",
    }
    running = app(operation=operation("Running", 20, resources=[hook]))
    assert running.workloads == {deployment, Resource("batch", "Job", "default", "bucket")}
    assert app(operation=operation(resources=[hook])).workloads == {deployment}


def test_what_is_deployed_to_another_cluster_has_no_pods_here():
    raw = raw_app()
    raw["spec"]["destination"] = {"name": "other", "namespace": "default"}
    assert Observed.parse(raw).workloads == frozenset()


def test_an_operation_that_has_just_begun_has_no_result():
    state = operation("Running")
    del state["syncResult"]
    state["operation"] = {"info": [{"name": "ticket", "value": "1"}]}
    seen = app(operation=state).operation
    assert (seen.token, seen.revisions, seen.applied, seen.failures) == ("", (), (), ())


def test_how_often_in_a_row_an_operation_is_a_heal():
    assert Observed.parse(CAPTURED["multi"]).operation.self_heals == 2
    assert app(operation=operation()).operation.self_heals == 0


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ({"repoURL": REPO, "path": "web", "targetRevision": "dev"}, f"web of {REPO} at dev"),
        ({"repoURL": "https://charts.example.org", "chart": "minio"}, "minio of https://charts.example.org at HEAD"),
        ({"repoURL": REPO, "ref": "values", "targetRevision": ""}, f"{REPO} at HEAD"),
        ({}, " at HEAD"),
    ],
)
def test_where_a_source_points_to(raw, told):
    assert str(Source.parse(raw)) == told


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({"repoURL": REPO, "targetRevision": "HEAD", "path": "b"}, True),
        ({"repoURL": REPO[:-4]}, True),
        ({"repoURL": REPO[:-4] + "/"}, True),
        ({"repoURL": REPO, "targetRevision": "main"}, False),
        ({"repoURL": "https://git.example.org/other.git"}, False),
    ],
)
def test_which_sources_follow_the_same_commits(other, same):
    assert (Source.parse({"repoURL": REPO, "path": "a"}).ref == Source.parse(other).ref) is same
