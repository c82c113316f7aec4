# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""New values for the credentials of the applications, and what is restarted for them. In this order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from gitops import MANIFESTS, GitOps, annotate, as_told, assert_live

RESTARTED = "kubectl.kubernetes.io/restartedAt"


def restarts(user: GitOps) -> dict[str, str | None]:
    """When each workload was restarted last."""
    found = {
        name: workload["spec"]["template"]["metadata"].get("annotations", {}).get(RESTARTED)
        for kind in ("deployments", "statefulsets")
        for name, workload in user.objects(f"apis/apps/v1/namespaces/mlops/{kind}").items()
    }
    return {name: found[name] for name in ("minio", "mlflow", "postgresql")}


@contextmanager
def made_of(user: GitOps, owners: list[dict[str, str]] | None) -> Iterator[None]:
    """With other owners of minio-credentials than its SealedSecret."""
    before = user.objects("api/v1/namespaces/mlops/secrets")["minio-credentials"]["metadata"]["ownerReferences"]
    user.patch_secret("minio-credentials", {"metadata": {"ownerReferences": owners}})
    yield
    user.patch_secret("minio-credentials", {"metadata": {"ownerReferences": before}})


def changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {name for name in after if after[name] != before[name]}


def test_nothing_is_restarted_without_a_reason(deployed: GitOps) -> None:
    run = deployed.rotate(gitops_apps_rotate="")
    assert run.returncode == 0, run.output
    assert run.changed == 0
    assert set(restarts(deployed).values()) == {None}


def test_check_of_a_rotation_writes_nothing(deployed: GitOps) -> None:
    credentials = deployed.credentials()
    run = deployed.rotate("--check", "--diff")
    assert run.returncode == 0, run.output
    assert "New values: mlops/minio-credentials, mlops/postgresql-credentials" in run.output
    assert '"Restart: mlops/minio, mlops/postgresql, mlops/mlflow"' in run.output
    assert deployed.credentials() == credentials
    assert set(restarts(deployed).values()) == {None}


def test_rotation(deployed: GitOps) -> None:
    """New passwords by Git, told to nobody; what uses them is restarted, in this order, nothing on a second look."""
    old = deployed.credentials()
    head = deployed.git("rev-parse", "HEAD")
    run = deployed.rotate("-vvvv", "--diff")
    assert run.returncode == 0, run.output
    assert_live(deployed, run)
    files = {f"{MANIFESTS}/argocd-apps/credentials/main/{name}-credentials.yaml" for name in ("minio", "postgresql")}
    assert set(deployed.git("diff", "--name-only", head, "HEAD").splitlines()) == files
    new = deployed.credentials()
    passwords = {"minio-credentials/secretkey", "postgresql-credentials/password"}
    assert changed(old, new) == passwords
    told = as_told(values[name] for values in (old, new) for name in passwords)
    assert not [text for text in told if text in run.output]
    times = restarts(deployed)
    assert times["minio"] and times["postgresql"] and times["mlflow"]
    assert max(times["minio"], times["postgresql"]) <= times["mlflow"]
    assert all(app["status"]["health"]["status"] == "Healthy" for app in deployed.applications().values())
    assert deployed.rotate(gitops_apps_rotate="").changed == 0
    # Neither a sync nor the playbook takes the restart back.
    deployed.push_edit("base/mlops/minio/deployment.yaml", annotate("e2e/rotated", "1"))
    assert_live(deployed, deployed.runtime())
    assert restarts(deployed) == times
    assert deployed.credentials() == new


def test_what_a_killed_run_has_pushed(deployed: GitOps) -> None:
    """It comes into the cluster only while the next run waits, and is picked up all the same."""
    credentials, times = deployed.credentials(), restarts(deployed)
    folder = f"{MANIFESTS}/argocd-apps/credentials/main"
    _rotated, sealed = deployed.git("log", "--max-count=2", "--format=%H", "--", folder).split()
    deployed.git("checkout", sealed, "--", folder)
    deployed.push("Other passwords")
    run = deployed.rotate(gitops_apps_rotate="")
    assert run.returncode == 0, run.output
    assert changed(credentials, deployed.credentials()) == {
        "minio-credentials/secretkey",
        "postgresql-credentials/password",
    }
    assert changed(times, restarts(deployed)) == {"minio", "postgresql", "mlflow"}
    assert deployed.rotate(gitops_apps_rotate="").changed == 0


def test_rotation_of_one_secret_that_is_not_sealed(deployed: GitOps) -> None:
    """In the cluster, and not in Git."""
    credentials, times, head = deployed.credentials(), restarts(deployed), deployed.git("rev-parse", "HEAD")
    with made_of(deployed, None):
        run = deployed.rotate(gitops_apps_rotate="minio-credentials")
    assert run.returncode == 0, run.output
    assert deployed.git("ls-remote", "origin", "refs/heads/main").split()[0] == head
    assert changed(credentials, deployed.credentials()) == {"minio-credentials/secretkey"}
    assert changed(times, restarts(deployed)) == {"minio", "mlflow"}


def test_a_secret_changed_by_hand_is_picked_up(deployed: GitOps) -> None:
    """And so is one that an interrupted rotation has written."""
    times = restarts(deployed)
    deployed.patch_secret("postgresql-credentials", {"stringData": {"password": "by-hand"}})
    run = deployed.rotate(gitops_apps_rotate="")
    assert run.returncode == 0, run.output
    assert changed(times, restarts(deployed)) == {"postgresql", "mlflow"}
    assert deployed.credentials()["postgresql-credentials/password"] == "by-hand"


def test_a_secret_that_is_made_of_something_is_refused(deployed: GitOps) -> None:
    other = deployed.objects("api/v1/namespaces/mlops/configmaps")["kube-root-ca.crt"]["metadata"]
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": other["name"], "uid": other["uid"]}
    credentials = deployed.credentials()
    with made_of(deployed, [owner]):
        run = deployed.rotate()
    (message,) = run.failures
    assert "minio-credentials (mlops) is made of a ConfigMap, which would put its own values back" in message
    assert deployed.credentials() == credentials


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"gitops_apps_rotate": "mino-credentials"}, "gitops_apps_rotate names mino-credentials; it can name"),
        ({"gitops_apps_environments": "dev"}, "There is no Secret mlops-dev/minio-credentials, mlops-dev/postgresql-"),
        ({"gitops_apps_name": "no-such-application"}, 'application "no-such-application" does not exist'),
        ({"gitops_apps_host": "https://127.0.0.1:1"}, "cannot be reached"),
    ],
)
def test_bad_input_of_a_rotation_is_one_sentence(deployed: GitOps, settings: dict[str, str], sentence: str) -> None:
    credentials = deployed.credentials()
    run = deployed.rotate(**settings)
    assert run.returncode != 0
    (message,) = run.failures
    assert sentence in message
    assert "\n" not in message
    assert deployed.credentials() == credentials
