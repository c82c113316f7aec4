# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The GitOps road: gitops_init, runtime --tags gitops-apps, and what a user does day by day. In this order."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gitops import APPLICATIONS, MANIFESTS, GitOps, Run, annotate, as_told, assert_live, until


def test_check_from_nothing_writes_nothing(user: GitOps) -> None:
    assert not user.applications()
    run = user.runtime("--check", "--diff")
    assert run.returncode == 0, run.output
    assert run.changed > 0
    assert not user.applications()
    assert "mlops" not in user.objects("api/v1/namespaces")
    assert "gitops" not in user.objects("apis/argoproj.io/v1alpha1/namespaces/argocd/appprojects")


def test_first_run(user: GitOps, first_run: Run) -> None:
    assert_live(user, first_run)
    assert first_run.changed > 0


def test_credentials_are_not_shown(deployed: GitOps, first_run: Run) -> None:
    secrets = {name: value for name, value in deployed.credentials().items() if not name.endswith("/username")}
    assert len(secrets) == 3
    assert all(value not in first_run.output for value in secrets.values())


def test_status(deployed: GitOps) -> None:
    """As a table, as JSON, and as a page."""
    files = {name: deployed.tree.with_name(f"status.{name}") for name in ("json", "html")}
    given = {f"gitops_apps_status_{name}": str(file) for name, file in files.items()}
    run = deployed.playbook("ai_how.cloud.status", {"gitops_apps_kubeconfig": str(deployed.box.kubeconfig), **given})
    assert run.returncode == 0, run.output
    assert set(run.table) == APPLICATIONS
    told = {app["name"]: app for app in json.loads(files["json"].read_text())}
    commit = deployed.git("rev-parse", "HEAD")
    assert all(app["history"][-1]["revisions"] == [commit] and not app["problems"] for app in told.values())
    children = {child["name"] for child in told["mlops-stack"]["children"]}
    assert children == APPLICATIONS - {"mlops-stack"}
    usage = told["postgresql"]["usage"]
    assert usage["pods"] == 1 and usage["memory"]["requested"] > 0
    assert usage["memory"]["used"] is None, "nothing measures it in the sandbox"
    page = files["html"].read_text()
    assert page.count("unknown of") == 6, "CPU and memory of the three that have pods"
    assert "5 applications, 5 without a problem" in page
    assert page.count(f"<code>{commit[:8]}</code>") == 5


def test_second_run_changes_nothing(deployed: GitOps) -> None:
    credentials = deployed.credentials()
    run = deployed.runtime()
    assert_live(deployed, run)
    assert run.changed == 0
    assert deployed.credentials() == credentials


def test_the_credentials_are_sealed_in_git(deployed: GitOps) -> None:
    sealed = deployed.objects("apis/bitnami.com/v1alpha1/namespaces/mlops/sealedsecrets")
    secrets = deployed.objects("api/v1/namespaces/mlops/secrets")
    assert set(sealed) == set(secrets) == {"minio-credentials", "postgresql-credentials"}
    for name, secret in secrets.items():
        (owner,) = secret["metadata"]["ownerReferences"]
        assert owner["uid"] == sealed[name]["metadata"]["uid"]
    text = deployed.git("log", "--patch", "--format=%B%an%cn")
    assert not [told for told in as_told(set(deployed.credentials().values()) - {"mlflow"}) if told in text]
    run = deployed.seal()
    assert (run.returncode, run.changed) == (0, 0), run.output


def test_another_branch_at_the_same_commit(deployed: GitOps) -> None:
    for branch in ("dev", "main"):
        assert_live(deployed, deployed.runtime(gitops_apps_target_revision=branch))
        sources = [app["spec"]["source"] for app in deployed.applications().values()]
        assert {source["targetRevision"] for source in sources} == {branch}


def test_credentials_of_another_run_that_came_first_stay(deployed: GitOps) -> None:
    """As if they were missing when this run looked, and there when it wrote."""
    credentials = deployed.credentials()
    missing = [["mlops", "minio-credentials"], ["mlops", "postgresql-credentials"]]
    seen = {"gitops_apps__missing": missing, "gitops_apps__sealed_already": []}
    run = deployed.runtime(gitops_apps_sealed_secrets=False, **seen)
    assert_live(deployed, run)
    assert deployed.credentials() == credentials


def test_two_runs_at_once(deployed: GitOps) -> None:
    deployed.push_edit("base/mlops/minio/service.yaml", annotate("e2e/at-once", "1"))
    with deployed.start_runtime() as one, deployed.start_runtime() as other:
        outputs = [process.communicate()[0] for process in (one, other)]
    for process, output in zip((one, other), outputs, strict=True):
        assert_live(deployed, Run(process.returncode, output))
    assert deployed.runtime().changed == 0


def test_repository_credentials(deployed: GitOps) -> None:
    given = {"gitops_apps_repo_username": "reader", "gitops_apps_repo_password": "e2e-token-not-to-be-seen"}
    first, second = (deployed.runtime("-vvvv", **given) for run in ("first", "second"))
    assert_live(deployed, second)
    assert (first.changed, second.changed) == (1, 0)
    assert given["gitops_apps_repo_password"] not in first.output + second.output


def test_grow_the_minio_claim(deployed: GitOps) -> None:
    def grow(claim: Any) -> None:
        claim["spec"]["resources"]["requests"]["storage"] = "200Gi"

    commit = deployed.push_edit("base/mlops/minio/pvc.yaml", grow)
    assert deployed.synced("minio", commit)["revision"] == commit
    assert deployed.claims()["minio-storage"]["spec"]["resources"]["requests"]["storage"] == "200Gi"
    until(lambda: deployed.claims()["minio-storage"]["status"]["capacity"]["storage"] == "200Gi", 30, "the volume grew")


def test_add_an_application(deployed: GitOps) -> None:
    base = deployed.tree / MANIFESTS / "base/mlops/web"
    base.mkdir()
    (base / "deployment.yaml").write_text(DEPLOYMENT)
    (base / "kustomization.yaml").write_text(KUSTOMIZATION)
    (deployed.tree / MANIFESTS / "argocd-apps/web-app.yaml").write_text(APPLICATION)
    commit = deployed.push("Add the web application")

    children = {child["name"]: child for child in deployed.synced("mlops-stack", commit)["applications"]}

    assert [children["web"][key] for key in ("sync", "health", "revision")] == ["Synced", "Healthy", commit]
    assert deployed.objects("apis/apps/v1/namespaces/mlops/deployments")["web"]["status"]["availableReplicas"] == 1


def test_check_writes_nothing(deployed: GitOps) -> None:
    """Argo CD may compare by itself meanwhile, and write the status; nobody else may have written."""

    def written() -> dict[str, Any]:
        return {
            app["metadata"]["uid"]: (
                app["spec"],
                app.get("operation"),
                {key: app["metadata"].get(key) for key in ("annotations", "labels", "finalizers")},
                [entry for entry in app["metadata"]["managedFields"] if entry["manager"] == "ai_how.cloud"],
            )
            for app in deployed.applications().values()
        }

    commit = deployed.push_edit("base/mlops/minio/service.yaml", annotate("e2e/check", "1"))
    before = written()
    run = deployed.runtime("--check", "--diff")
    assert run.returncode == 0, run.output
    assert run.changed == 1  # the new commit
    assert written() == before
    assert_live(deployed, deployed.runtime())
    assert commit == deployed.git("rev-parse", "HEAD")


def test_bad_path_of_a_child(broken: GitOps) -> None:
    def misplace(app: Any) -> None:
        app["spec"]["source"]["path"] = f"{MANIFESTS}/base/mlops/no-such-folder"

    broken.push_edit("argocd-apps/minio-app.yaml", misplace)
    assert_fails_with(broken.runtime(gitops_apps_wait_timeout=300), "no-such-folder")


def test_manifest_that_cannot_be_applied(broken: GitOps) -> None:
    def spoil(service: Any) -> None:
        service["spec"]["ports"][0]["port"] = 123456

    broken.push_edit("base/mlops/minio/service.yaml", spoil)
    assert_fails_with(broken.runtime(gitops_apps_wait_timeout=300), "123456")


def test_manifest_of_an_unknown_kind(broken: GitOps) -> None:
    """Argo CD tries it for minutes, again and again."""
    folder = broken.tree / MANIFESTS / "base/mlops/minio"
    (folder / "foo.yaml").write_text("apiVersion: example.org/v1\nkind: Foo\nmetadata:\n  name: foo\n")

    def add(kustomization: Any) -> None:
        kustomization["resources"].append("foo.yaml")

    broken.push_edit("base/mlops/minio/kustomization.yaml", add)
    run = broken.runtime(gitops_apps_wait_timeout=300)
    assert_fails_with(run, "example.org/v1")
    assert "(retried 5 times)" not in run.failures[0]
    found = broken.playbook("ai_how.cloud.diagnose", {"gitops_apps_kubeconfig": str(broken.box.kubeconfig)})
    assert '"minio: SyncFailed"' in found.output
    assert "fix: install the CRD first" in found.output


def assert_fails_with(run: Run, reason: str) -> None:
    assert run.returncode != 0
    (message,) = run.failures
    assert "timed out" not in message
    assert 'application "minio"' in message
    assert reason in message
    assert "kubectl describe applications.argoproj.io minio -n argocd" in message
    assert run.table["postgresql"][:2] == ["Synced", "Healthy"]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"gitops_apps_repo_url": ""}, "gitops_apps_repo_url is not given"),
        (
            {"gitops_apps_repo_url": "https://reader:hidden@example.org/x.git"},
            "gitops_apps_repo_url holds a password or token",
        ),
        (
            {"gitops_apps_repo_url": "https://ghp_secret@example.org/x.git"},
            "gitops_apps_repo_url holds a password or token",
        ),
        ({"gitops_apps_repo_url": "file:///no/such.git", "gitops_apps_project": "default"}, "cannot be read from here"),
        ({"gitops_apps_target_revision": "no-such-branch"}, "has no branch, tag or commit no-such-branch"),
        ({"gitops_apps_environments": ["main", "dev"]}, "has no sealed secrets for dev, and the cluster has no"),
        (
            {"gitops_apps_sealed_secrets": False, "gitops_apps__missing": [["mlops", "minio-credentials"]]},
            "has sealed secrets for mlops/minio-credentials, which would not be opened",
        ),
        ({"gitops_apps_storage_class": "no-such-class"}, "There is no storage class no-such-class"),
        ({"gitops_apps_kubeconfig": "/no/such/kubeconfig"}, "/no/such/kubeconfig"),
        ({"gitops_apps_host": "https://127.0.0.1:1"}, "cannot be reached"),
        ({"gitops_apps_context": "no-such-context"}, "no-such-context"),
        ({"gitops_apps_argocd_namespace": "no-such-namespace"}, "no-such-namespace"),
    ],
)
def test_bad_input_is_one_sentence(deployed: GitOps, settings: dict[str, str], sentence: str) -> None:
    run = deployed.runtime(**settings)
    assert run.returncode != 0
    (message,) = run.failures
    assert sentence in message
    assert "hidden" not in run.output
    assert "Traceback" not in run.output
    assert run.changed == 0


# What the guide's example adds: an application of three files.
APPLICATION = f"""\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: web
  namespace: argocd
spec:
  project: mlops
  source:
    path: {MANIFESTS}/base/mlops/web
  destination:
    server: https://kubernetes.default.svc
    namespace: mlops
  syncPolicy:
    automated:
      prune: true
      selfHeal: true
"""

KUSTOMIZATION = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: mlops
resources:
  - deployment.yaml
"""

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      securityContext:
        runAsNonRoot: true
        runAsUser: 1000
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: web
          image: registry.example.org/web:1.0
          securityContext:
            allowPrivilegeEscalation: false
            capabilities:
              drop:
                - ALL
"""
