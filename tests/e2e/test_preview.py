# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a checkout would change is told before it is pushed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from gitops import MANIFESTS, GitOps, Run
from rendering import tool


@pytest.fixture
def checkout(deployed: GitOps) -> Iterator[GitOps]:
    """To edit; afterwards it is as it was."""
    yield deployed
    deployed.git("checkout", "--quiet", "--", ".")
    deployed.git("clean", "--quiet", "-d", "--force")


def preview(user: GitOps, *options: str, **settings: Any) -> Run:
    given = {
        "gitops_apps_preview_dir": str(user.tree),
        "gitops_apps_kubeconfig": str(user.box.kubeconfig),
        "gitops_apps_helm": tool("helm"),
        "gitops_apps_kustomize": tool("kustomize"),
        **settings,
    }
    return user.playbook("ai_how.cloud.preview", given, *options)


def edit(user: GitOps, path: str, old: str, new: str) -> None:
    """Replace what matches ``old``, a regular expression."""
    file = user.tree / MANIFESTS / path
    text, count = re.subn(old, new, file.read_text())
    assert count == 1
    file.write_text(text)


def test_what_is_deployed_already_changes_nothing(checkout: GitOps) -> None:
    run = preview(checkout)
    assert run.returncode == 0, run.output
    assert "Nothing would change." in run.output
    assert run.changed == 0


def test_what_would_change(checkout: GitOps) -> None:
    before = {name: claim["metadata"]["resourceVersion"] for name, claim in checkout.claims().items()}
    edit(checkout, "base/mlops/minio/pvc.yaml", r"storage: \d+Gi", "storage: 900Gi")
    edit(checkout, "base/mlops/mlflow/kustomization.yaml", "  - networkpolicy.yaml\n", "")
    (checkout.tree / MANIFESTS / "argocd-apps/postgresql-app.yaml").unlink()
    edit(checkout, "argocd-apps/minio-app.yaml", "prune: true", "prune: false")
    added = (
        (checkout.tree / MANIFESTS / "argocd-apps/mlflow-app.yaml").read_text().replace("name: mlflow", "name: other")
    )
    (checkout.tree / MANIFESTS / "argocd-apps/other-app.yaml").write_text(added)
    run = preview(checkout)
    assert run.returncode == 0, run.output
    assert re.search(
        r"minio PersistentVolumeClaim/minio-storage spec.resources.requests.storage: \d+Gi -> 900Gi", run.output
    )
    assert "mlflow NetworkPolicy/mlflow: gone from Git" in run.output
    assert "postgresql: the application is gone from Git" in run.output
    assert "mlops-stack Application/minio spec.syncPolicy.automated.prune: true -> false" in run.output
    assert "mlops-stack Application/other: new" in run.output
    assert "mlops-stack Application/mlflow" not in run.output
    assert {name: claim["metadata"]["resourceVersion"] for name, claim in checkout.claims().items()} == before


def test_what_the_cluster_would_refuse(checkout: GitOps) -> None:
    edit(checkout, "base/mlops/postgresql/statefulset.yaml", "serviceName: postgresql", "serviceName: other")
    run = preview(checkout)
    assert run.returncode != 0
    (message,) = run.failures
    assert message.startswith("The cluster would refuse this: postgresql StatefulSet/postgresql: StatefulSet.apps")


def test_a_secret_in_git_is_told_and_not_shown(checkout: GitOps) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: own\nstringData:\n  password: hunter2-not-to-be-seen\n"
    (checkout.tree / MANIFESTS / "base/mlops/minio/service.yaml").write_text(secret)
    run = preview(checkout, "-vvvv", gitops_apps_preview_cluster=False)
    assert run.returncode != 0
    assert "Secrets stand in Git as they are: minio Secret/own: password." in run.output
    assert "hunter2" not in run.output


def test_what_cannot_be_rendered(checkout: GitOps) -> None:
    edit(checkout, "base/mlops/minio/kustomization.yaml", "service.yaml", "nowhere.yaml")
    (message,) = preview(checkout, gitops_apps_preview_cluster=False).failures
    assert message.startswith("minio cannot be rendered: ")
    assert "nowhere.yaml" in message
    (message,) = preview(checkout, gitops_apps_kustomize="/nowhere/kustomize").failures
    assert "/nowhere/kustomize" in message
