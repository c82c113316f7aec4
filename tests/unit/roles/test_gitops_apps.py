# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The app-of-apps that the role declares is the one in k8s-manifests/, so that kubectl apply and the role agree.

And what the role makes of what it has seen.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Desired
from jinja2.nativetypes import NativeEnvironment

ROOT = Path(__file__).resolve().parents[3]
FILE = ROOT / "k8s-manifests" / "argocd-apps" / "mlops-stack-app.yaml"
ROLE = ROOT / "roles" / "gitops_apps"
FOLDER = "k8s-manifests/argocd-apps/credentials"
MINIO, POSTGRESQL = "minio-credentials", "postgresql-credentials"


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def render(value: Any, variables: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: render(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [render(item, variables) for item in value]
    return NativeEnvironment().from_string(value).render(variables) if isinstance(value, str) else value


def test_the_role_declares_the_app_of_apps_of_the_manifests() -> None:
    manifest = load(FILE)
    repo_url = manifest["spec"]["source"]["repoURL"]
    variables = {**load(ROLE / "defaults" / "main.yml"), "gitops_apps_repo_url": repo_url}
    declared = render(load(ROLE / "vars" / "main.yml")["gitops_apps__application"], variables)

    # kubectl apply needs a project that is there already; the role makes one.
    assert declared.pop("project") == "gitops"
    assert manifest["spec"].pop("project") == "default"
    role_manifest = Desired.from_params({**declared, "project": None}, manifest["metadata"]["namespace"]).manifest
    assert role_manifest["spec"].pop("project") == "default"
    assert role_manifest == manifest


def value(name: str, **variables: Any) -> Any:
    """What a variable of the role is, with these others."""
    texts = {**load(ROLE / "defaults" / "main.yml"), **load(ROLE / "vars" / "main.yml")}
    trusted = {key: trust_as_template(text) if isinstance(text, str) else text for key, text in texts.items()}
    templar = Templar(loader=DataLoader(), variables={**trusted, **variables})
    return templar.template(trust_as_template("{{ " + name + " }}"))


def missing(name: str, files: list[str], **variables: Any) -> list[tuple[str, str]]:
    listed = {"stdout_lines": files}
    return [(each["namespace"], each["name"]) for each in value(name, gitops_apps__files=listed, **variables)]


def test_a_secret_that_either_the_repository_or_the_cluster_has_is_no_reason_to_stop() -> None:
    """Like generated ones of main beside sealed ones of dev, of which the cluster has none yet."""
    files = [f"{FOLDER}/dev/{MINIO}.yaml"]
    variables: dict[str, Any] = {
        "gitops_apps_environments": "main,dev",
        "gitops_apps__missing": [["mlops-dev", MINIO], ["mlops-dev", POSTGRESQL]],
    }
    unsealed = [("mlops", MINIO), ("mlops", POSTGRESQL), ("mlops-dev", POSTGRESQL)]
    assert missing("gitops_apps__unsealed", files, **variables) == unsealed
    assert missing("gitops_apps__nowhere", files, **variables) == [("mlops-dev", POSTGRESQL)]
    found = value("gitops_apps__sealed_already", gitops_apps__files={"stdout_lines": files}, **variables)
    assert found == [f"mlops-dev/{MINIO}"]


@pytest.mark.parametrize(
    "path", ["k8s-manifests/argocd-apps", "k8s-manifests/argocd-apps/", "./k8s-manifests/argocd-apps"]
)
def test_sealed_secrets_are_found_however_the_folder_is_written(path: str) -> None:
    """As Git lists it; Argo CD takes all of them."""
    files = [f"{FOLDER}/main/{name}.yaml" for name in (MINIO, POSTGRESQL)]
    assert missing("gitops_apps__unsealed", files, gitops_apps_path=path) == []


@pytest.mark.parametrize(("revision", "options"), [("main", ["--branch", "main"]), ("HEAD", [])])
def test_head_is_cloned_too(revision: str, options: list[str]) -> None:
    assert value("gitops_apps__git_clone", gitops_apps_target_revision=revision) == ["clone", "--quiet", *options]


@pytest.mark.parametrize(
    ("resources", "unnamed"),
    [
        ([f"{MINIO}.yaml", f"./{POSTGRESQL}.yaml"], []),
        ([f"{MINIO}.yaml"], [POSTGRESQL]),
        (None, [MINIO, POSTGRESQL]),
    ],
)
def test_what_a_kustomization_of_the_users_own_leaves_out(resources: list[str] | None, unnamed: list[str]) -> None:
    content = base64.b64encode(yaml.safe_dump({"resources": resources}).encode()).decode()
    named = {"results": [{"item": "main", "content": content}]}
    found = value("gitops_apps__unnamed", gitops_apps__files={"stdout_lines": []}, gitops_apps__named=named)
    assert [each["name"] for each in found] == unnamed


def test_the_kustomization_names_all_of_them() -> None:
    content = base64.b64encode(value("gitops_apps__kustomization").encode()).decode()
    named = {"results": [{"item": "main", "content": content}]}
    assert value("gitops_apps__unnamed", gitops_apps__files={"stdout_lines": []}, gitops_apps__named=named) == []


OPENED = {"observedGeneration": 2, "conditions": [{"type": "Synced", "status": "True"}]}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"resources": [{"metadata": {"generation": 2}, "status": OPENED}]}, []),
        (
            {"resources": [{"metadata": {"generation": 3}, "status": OPENED}]},
            ["the controller has not looked at it yet"],
        ),
        ({"resources": [{"metadata": {"generation": 1}}]}, ["the controller has not looked at it yet"]),
        (
            {
                "resources": [
                    {
                        "metadata": {"generation": 2},
                        "status": {
                            "observedGeneration": 2,
                            "conditions": [{"type": "Synced", "status": "False", "message": "no key could decrypt it"}],
                        },
                    }
                ]
            },
            ["no key could decrypt it"],
        ),
        ({"resources": []}, ["it is not there"]),
    ],
)
def test_only_what_was_opened_as_it_is_now_counts(answer: dict[str, Any], told: list[str]) -> None:
    seen = {"results": [{"item": ["mlops", MINIO], **answer}]}
    expected = [f"mlops/{MINIO}: {reason}" for reason in told]
    assert value("gitops_apps__unseen", gitops_apps__sealed_seen=seen) == expected


def test_which_secrets_are_rotated_in_the_repository() -> None:
    def found(name: str, *kinds: str) -> dict[str, Any]:
        owners = {"ownerReferences": [{"kind": kind} for kind in kinds]} if kinds else {}
        return {"item": ["mlops", name], "resources": [{"metadata": {"name": name, **owners}}]}

    secrets = {"results": [found(MINIO, "SealedSecret"), found(POSTGRESQL)]}
    for rotate, sealed, plain in (
        (f"{MINIO},{POSTGRESQL}", [MINIO], [POSTGRESQL]),
        (POSTGRESQL, [], [POSTGRESQL]),
        ("", [], []),
    ):
        variables = {"gitops_apps__secrets": secrets, "gitops_apps_rotate": rotate}
        assert value("gitops_apps__of_sealed", **variables) == [["mlops", MINIO]]
        assert value("gitops_apps__sealed_rotations", **variables) == [["mlops", name] for name in sealed]
        assert value("gitops_apps__plain_rotations", **variables) == [["mlops", name] for name in plain]
