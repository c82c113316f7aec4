# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The app-of-apps that the role declares is the one in k8s-manifests/, so that kubectl apply and the role agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Desired
from jinja2.nativetypes import NativeEnvironment

ROOT = Path(__file__).resolve().parents[3]
FILE = ROOT / "k8s-manifests" / "argocd-apps" / "mlops-stack-app.yaml"


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
    role = ROOT / "roles" / "gitops_apps"
    repo_url = manifest["spec"]["source"]["repoURL"]
    variables = {**load(role / "defaults" / "main.yml"), "gitops_apps_repo_url": repo_url}
    declared = render(load(role / "vars" / "main.yml")["gitops_apps__application"], variables)

    # kubectl apply needs a project that is there already; the role makes one.
    assert declared.pop("project") == "gitops"
    assert manifest["spec"].pop("project") == "default"
    role_manifest = Desired.from_params({**declared, "project": None}, manifest["metadata"]["namespace"]).manifest
    assert role_manifest["spec"].pop("project") == "default"
    assert role_manifest == manifest
