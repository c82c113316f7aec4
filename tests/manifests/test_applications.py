# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The app-of-apps: which children it makes of the files beside it, and what it fills in."""

from __future__ import annotations

import itertools
import shutil

import pytest
import yaml
from rendering import APPLICATIONS, CHART, ENVIRONMENTS, TREE, applications, helm

PARENT = yaml.safe_load((CHART / "mlops-stack-app.yaml").read_text())
FROM_THE_GUIDE = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: mine
  namespace: argocd
spec:
  project: default
  source:
    repoURL: https://github.com/your-org/ai-how
    targetRevision: HEAD
    path: k8s-manifests/base/mlops/mine
  destination:
    server: https://kubernetes.default.svc
    namespace: mlops
  syncPolicy:
    automated:
      prune: true
      selfHeal: true
"""


@pytest.fixture
def chart(tmp_path):
    """A copy to add files to, as a user does."""
    return shutil.copytree(CHART, tmp_path / "argocd-apps")


def expected(*environments):
    return {
        name if environment == "main" else f"{name}-{environment}"
        for environment, name in itertools.product(environments, APPLICATIONS)
    }


@pytest.mark.parametrize(
    "environments",
    [list(chosen) for count in (1, 2, 3) for chosen in itertools.combinations(ENVIRONMENTS, count)],
    ids="+".join,
)
def test_exactly_the_chosen_environments(environments):
    assert set(applications(environments=environments)) == expected(*environments)


def test_main_alone_is_the_default():
    assert set(applications()) == expected("main")


def test_the_parent_is_not_its_own_child():
    assert PARENT["metadata"]["name"] not in applications(environments=list(ENVIRONMENTS))


def test_the_parent_hands_its_repository_and_branch_down():
    source = PARENT["spec"]["source"]
    assert source["helm"]["parameters"] == [
        {"name": "repoURL", "value": source["repoURL"], "forceString": True},
        {"name": "targetRevision", "value": source["targetRevision"], "forceString": True},
    ]


def test_repository_and_branch_stand_in_one_place():
    url = PARENT["spec"]["source"]["repoURL"]
    assert sum(path.read_text().count(url) for path in TREE.rglob("*") if path.is_file()) == 1
    for path in CHART.glob("*-app.yaml"):
        if path.name != "mlops-stack-app.yaml":
            assert set(yaml.safe_load(path.read_text())["spec"]["source"]) == {"path"}, path.name


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_children(environment):
    for name, child in applications(environments=[environment]).items():
        source = child["spec"]["source"]
        assert source["repoURL"] == "https://git.example/mine"
        assert source["targetRevision"] == ("dev" if environment == "dev" else "trunk")
        assert (TREE.parent / source["path"] / "kustomization.yaml").is_file()
        assert child["spec"]["destination"]["namespace"] == ENVIRONMENTS[environment], name
        assert child["spec"]["project"] == "mlops"


def test_children_differ_in_what_they_deploy_only():
    def rest(child):
        return child["metadata"]["finalizers"], child["spec"]["syncPolicy"]

    children = list(applications(environments=list(ENVIRONMENTS)).values())
    assert all(rest(child) == rest(children[0]) for child in children)
    assert children[0]["metadata"]["finalizers"] == ["resources-finalizer.argocd.argoproj.io"]
    policy = children[0]["spec"]["syncPolicy"]
    assert policy["automated"] == {"prune": True, "selfHeal": True}
    assert policy["managedNamespaceMetadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_the_project_admits_its_children_and_comes_first():
    (project,) = (item for item in yaml.safe_load_all(helm().stdout) if item and item["kind"] == "AppProject")
    assert int(project["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"]) < 0
    assert project["spec"]["sourceRepos"] == ["https://git.example/mine"]
    assert {destination["namespace"] for destination in project["spec"]["destinations"]} == {"mlops", "mlops-*"}


def test_an_added_file_is_a_child(chart):
    (chart / "mine-app.yaml").write_text(FROM_THE_GUIDE)
    assert set(applications(chart)) == {*expected("main"), "mine"}


def test_what_a_file_names_is_not_touched(chart):
    (chart / "mine-app.yaml").write_text(FROM_THE_GUIDE)
    assert applications(chart)["mine"] == yaml.safe_load(FROM_THE_GUIDE)


def test_another_repository_keeps_its_default_branch(chart):
    (chart / "mine-app.yaml").write_text(FROM_THE_GUIDE.replace("    targetRevision: HEAD\n", ""))
    assert "targetRevision" not in applications(chart)["mine"]["spec"]["source"]


def test_each_of_several_sources_is_filled_in(chart):
    child = yaml.safe_load(FROM_THE_GUIDE)
    del child["spec"]["source"]
    child["spec"]["sources"] = [
        {"repoURL": "https://charts.example", "chart": "mine", "targetRevision": "1.2.3"},
        {"ref": "values"},
        {"path": "k8s-manifests/base/mlops/mine", "targetRevision": "v1"},
    ]
    (chart / "mine-app.yaml").write_text(yaml.safe_dump(child))
    assert applications(chart)["mine"]["spec"]["sources"] == [
        {"repoURL": "https://charts.example", "chart": "mine", "targetRevision": "1.2.3"},
        {"ref": "values", "repoURL": "https://git.example/mine", "targetRevision": "trunk"},
        {"path": "k8s-manifests/base/mlops/mine", "repoURL": "https://git.example/mine", "targetRevision": "v1"},
    ]


def test_a_file_may_hold_several_children(chart):
    second = FROM_THE_GUIDE.replace("name: mine", "name: second")
    (chart / "mine-app.yaml").write_text(f"# two\n---\n{FROM_THE_GUIDE}---\n{second}")
    assert {"mine", "second"} <= set(applications(chart))


def test_components_are_of_one_environment(chart):
    path = "k8s-manifests/components/real-node"
    values = chart / "values.yaml"
    values.write_text(values.read_text().replace("dev: []", f"dev: [{path}]"))
    (chart / "mine-app.yaml").write_text(
        FROM_THE_GUIDE.replace("    repoURL: https://github.com/your-org/ai-how\n", "")
    )
    found = applications(chart, environments=["main", "dev"])
    for child in found.values():
        source = child["spec"]["source"]
        if child["metadata"].get("labels") == {"ai-how.cloud/environment": "dev"}:
            (component,) = source["kustomize"]["components"]
            assert (TREE.parent / source["path"] / component).resolve() == TREE.parent / path
        else:
            assert "kustomize" not in source
    assert set(found) == {*expected("main", "dev"), "mine"}


def test_components_are_added_to_those_of_a_file(chart):
    values = chart / "values.yaml"
    values.write_text(values.read_text().replace("main: []", "main: [x/y]"))
    file = chart / "minio-app.yaml"
    file.write_text(file.read_text().replace("  source:\n", "  source:\n    kustomize: {components: [own]}\n"))
    components = applications(chart)["minio"]["spec"]["source"]["kustomize"]["components"]
    assert components == ["own", "../../../../x/y"]


@pytest.mark.parametrize(
    ("file", "text", "environments", "words"),
    [
        ("mine-app.yaml", "a: [", None, ["mine-app.yaml", "not valid YAML"]),
        ("mine-app.yaml", FROM_THE_GUIDE, ["mian"], ["mian", "ai-how.cloud/environment"]),
        ("values.yaml", "environments: []\ncomponents: {mian: [x]}", None, ["mian", "ai-how.cloud/environment"]),
    ],
    ids=["broken file", "unknown environment", "components of an unknown environment"],
)
def test_mistakes_are_told(chart, file, text, environments, words):
    (chart / file).write_text(text)
    rendered = helm(chart, environments)
    assert rendered.returncode != 0
    assert all(word in rendered.stderr for word in words), rendered.stderr


def test_sealed_credentials_are_deployed_before_what_needs_them(chart):
    """If an environment that is deployed has a folder: from the branch of the app-of-apps, without components."""
    values = yaml.safe_load((chart / "values.yaml").read_text())
    values["components"]["dev"] = ["k8s-manifests/components/real-node"]
    (chart / "values.yaml").write_text(yaml.safe_dump(values))
    for environment in ("main", "dev", "prod"):
        (chart / "credentials" / environment).mkdir(parents=True)
        (chart / "credentials" / environment / "kustomization.yaml").write_text("resources: [minio-credentials.yaml]\n")
    children = applications(chart, ["main", "dev"])
    assert set(children) == {*expected("main", "dev"), "credentials", "credentials-dev"}
    dev = children["credentials-dev"]
    assert dev["spec"]["source"] == {
        "repoURL": "https://git.example/mine",
        "targetRevision": "trunk",
        "path": "k8s-manifests/argocd-apps/credentials/dev",
    }
    assert dev["spec"]["destination"]["namespace"] == "mlops-dev"
    assert dev["spec"]["syncPolicy"] == children["minio-dev"]["spec"]["syncPolicy"]
    (project,) = (item for item in yaml.safe_load_all(helm(chart).stdout) if item and item["kind"] == "AppProject")
    waves = [item["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] for item in (project, dev)]
    assert waves == ["-2", "-1"]
    assert "annotations" not in children["minio-dev"]["metadata"]
