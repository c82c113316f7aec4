# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is live in dev is promoted to main, and nothing else."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from gitops import GitOps, Run, annotate, as_told, assert_live, until

EDITED = "base/mlops/minio/service.yaml"


def promote(user: GitOps, *options: str, **settings: Any) -> Run:
    given = {
        "gitops_apps_kubeconfig": str(user.box.kubeconfig),
        "gitops_apps_repo_url": user.box.repo_url,
        "gitops_apps_wait_timeout": 120,
        **settings,
    }
    return user.playbook("ai_how.cloud.promote", given, *options)


@pytest.fixture(scope="module")
def developer(user: GitOps, first_run: Run) -> Iterator[GitOps]:
    """With the environment dev, whose applications follow the branch dev; the working tree is at that branch."""
    assert first_run.returncode == 0, first_run.output
    user.push_edit("argocd-apps/values.yaml", lambda values: values.update(environments=["main", "dev"]))
    run = user.runtime(gitops_apps_environments=["main", "dev"], gitops_apps_sealed_secrets=False)
    assert run.returncode == 0, run.output
    user.git("checkout", "--quiet", "-B", "dev", "main")
    user.git("push", "--quiet", "--force", "origin", "dev")
    yield user
    user.git("checkout", "--quiet", "main")
    user.git("pull", "--quiet", "origin", "main")
    user.push_edit("argocd-apps/values.yaml", lambda values: values.update(environments=["main"]))
    run = user.runtime()
    assert run.returncode == 0, run.output
    until(lambda: not any(name.endswith("-dev") for name in user.applications()), 60, "those of dev are gone")


def commit(user: GitOps, branch: str) -> str:
    return user.git("ls-remote", "origin", f"refs/heads/{branch}").split()[0]


def develop(user: GitOps, value: str) -> str:
    """Change something in dev and push it; the commit."""
    file = user.tree / "k8s-manifests" / EDITED
    document = yaml.safe_load(file.read_text())
    annotate("example.org/promoted", value)(document)
    file.write_text(yaml.safe_dump(document))
    user.git("commit", "--quiet", "--all", "--message", f"Promote {value}")
    user.git("push", "--quiet", "origin", "dev")
    return user.git("rev-parse", "HEAD")


def test_what_does_not_become_live_in_dev_is_not_promoted(developer: GitOps) -> None:
    before = commit(developer, "main")
    file = developer.tree / "k8s-manifests/base/mlops/minio/kustomization.yaml"
    good = file.read_text()
    file.write_text(good.replace("service.yaml", "nowhere.yaml"))
    head = develop(developer, "broken")
    run = promote(developer)
    (message,) = run.failures
    assert message.startswith(f"Not all that follows dev is Synced and Healthy at {head[:8]} (minio-dev: ")
    assert message.endswith("Nothing was pushed.")
    assert commit(developer, "main") == before
    file.write_text(good)
    develop(developer, "first")


def test_check_says_what_would_be_promoted(developer: GitOps) -> None:
    for name in ("minio-dev", "postgresql-dev", "mlflow-dev"):
        developer.synced(name, commit(developer, "dev"))
    before = commit(developer, "main")
    run = promote(developer, "--check")
    assert run.returncode == 0, run.output
    assert "Promote first" in run.output and EDITED in run.output
    assert run.changed == 1
    assert commit(developer, "main") == before


def test_what_is_live_in_dev_is_promoted_and_brought_live(developer: GitOps) -> None:
    """Also if it was pushed a moment ago."""
    develop(developer, "a moment ago")
    run = promote(developer)
    assert run.returncode == 0, run.output
    assert commit(developer, "main") == commit(developer, "dev")
    services = developer.objects("api/v1/namespaces/mlops/services")
    assert services["minio"]["metadata"]["annotations"]["example.org/promoted"] == "a moment ago"
    assert_live(developer, run)


def test_a_second_run_has_nothing_to_promote(developer: GitOps) -> None:
    run = promote(developer)
    assert (run.returncode, run.changed) == (0, 0), run.output


def test_branches_that_cannot_be_merged_stay_as_they_are(developer: GitOps) -> None:
    develop(developer, "second")
    developer.git("checkout", "--quiet", "-B", "main", "origin/main")
    developer.git("pull", "--quiet", "origin", "main")
    developer.push_edit(EDITED, annotate("example.org/promoted", "something else"))
    developer.git("checkout", "--quiet", "dev")
    for name in ("minio-dev", "postgresql-dev", "mlflow-dev"):
        developer.synced(name, commit(developer, "dev"))
    before = commit(developer, "main")
    run = promote(developer)
    (message,) = run.failures
    assert message.startswith("dev cannot be merged into main (CONFLICT") and EDITED in message
    assert commit(developer, "main") == before


def test_a_branch_that_nobody_follows_is_not_promoted(developer: GitOps) -> None:
    developer.git("push", "--quiet", "--force", "origin", "dev:refs/heads/idea")
    (message,) = promote(developer, gitops_apps_promote_from="idea").failures
    assert message.startswith("No application follows the branch idea of")
    (message,) = promote(developer, gitops_apps_promote_from="nowhere").failures
    assert "has no branch nowhere that could be promoted" in message


def test_a_tag_is_not_promoted_to(developer: GitOps) -> None:
    developer.git("push", "--quiet", "--force", "origin", "origin/main:refs/tags/v1")
    (message,) = promote(developer, gitops_apps_target_revision="v1").failures
    assert message.startswith("v1 is a tag of") and "only a branch can be promoted to" in message
    assert not developer.git("ls-remote", "origin", "refs/heads/v1")


@pytest.mark.parametrize("option", ["gitops_apps_repo_url", "gitops_apps_push_url"])
def test_a_url_with_a_password_is_shown_to_nobody(developer: GitOps, option: str) -> None:
    run = promote(developer, "-vvv", **{option: "https://me:hidden-word@127.0.0.1:1/gitops.git"})
    assert run.returncode != 0
    assert f"{option} holds a password or token" in run.output
    assert "hidden-word" not in run.output


def test_generated_credentials_become_sealed_ones(developer: GitOps) -> None:
    """Those of dev were generated, and none changes."""

    def values() -> dict[str, Any]:
        return {name: secret["data"] for name, secret in secrets().items()}

    def secrets() -> dict[str, Any]:
        return developer.objects("api/v1/namespaces/mlops-dev/secrets")

    before = values()
    plain = {base64.b64decode(text).decode() for data in before.values() for text in data.values()} - {"mlflow"}
    assert not any("ownerReferences" in secret["metadata"] for secret in secrets().values())
    for options, changes in ((["--check", "--diff"], 1), (["-vvvv", "--diff"], 2), ([], 0)):
        run = developer.seal(*options, gitops_apps_environments=["main", "dev"], gitops_apps_tree="")
        assert (run.returncode, run.changed) == (0, changes), run.output
        assert not [told for told in as_told(plain) if told in run.output]
    run = developer.runtime(gitops_apps_environments=["main", "dev"])
    assert run.returncode == 0, run.output
    assert run.table["credentials-dev"][:2] == ["Synced", "Healthy"]
    assert {secret["metadata"]["ownerReferences"][0]["kind"] for secret in secrets().values()} == {"SealedSecret"}
    assert values() == before
