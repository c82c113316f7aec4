# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml")

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed, Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._gitops.preview import REPOSITORY
from ansible_collections.ai_how.cloud.plugins.module_utils._gitops.rendering import render

SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": "hunter2"}}


def of(path: str = "apps/web", revision: str = "main", url: str = REPOSITORY) -> dict[str, Any]:
    return {"repoURL": url, "targetRevision": revision, "path": path}


def application(**changes: Any) -> dict[str, Any]:
    spec = {"source": of(), "destination": {"namespace": "prod"}, **changes}
    given = {name: value for name, value in spec.items() if value is not None}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "web"}, "spec": given}


def params(top: Path) -> dict[str, str]:
    options = {"target_revision": "main", "branch": "main", "helm": "helm", "kustomize": "kustomize"}
    options.update(name="stack", namespace="argocd")
    return {"dir": str(top), "path": "argocd-apps", **options}


def rendered(top: Path, app: dict[str, Any], *objects: dict[str, Any]) -> dict[str, Any]:
    """What is told of the application, where Helm gives it, and Kustomize a Service and the objects."""
    for folder in ("argocd-apps", "apps/web", "plain"):
        (top / folder).mkdir(parents=True, exist_ok=True)
    (top / "apps/web/kustomization.yaml").touch()

    def run_command(argv: list[str], **_options: object) -> tuple[int, str, str]:
        return 0, yaml.safe_dump_all([app] if argv[1] == "template" else [SERVICE, *objects]), ""

    (found,) = render(params(top), True, run_command)["applications"]
    told: dict[str, Any] = found
    return told


def test_what_an_application_deploys(tmp_path: Path) -> None:
    web = rendered(tmp_path, application(syncPolicy={"syncOptions": ["CreateNamespace=true"]}))
    assert (web["name"], web["namespace"], web["creates_namespace"], web["elsewhere"]) == ("web", "prod", True, [])
    assert web["resources"] == ["/Service/prod/web"]
    assert [each["kind"] for each in web["objects"]] == ["Service"]


def test_the_applications_themselves_are_objects_of_the_app_of_apps(tmp_path: Path) -> None:
    (tmp_path / "argocd-apps").mkdir()

    def run_command(argv: list[str], **_options: object) -> tuple[int, str, str]:
        return 0, yaml.safe_dump_all([application()] if argv[1] == "template" else []), ""

    (app,) = render(params(tmp_path), True, run_command)["app_of_apps"]
    assert app["metadata"]["annotations"] == {
        "argocd.argoproj.io/tracking-id": "stack:argoproj.io/Application:argocd/web"
    }


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"source": of(revision="dev")}, "it follows dev, not main"),
        ({"source": of(url="https://charts.example.org")}, "its source is https://charts.example.org"),
        ({"destination": {"name": "edge"}}, "it is for another cluster, edge"),
        ({"destination": {"server": "https://edge:6443"}}, "it is for another cluster, https://edge:6443"),
        ({"source": of(path="plain")}, "plain is no kustomization"),
        ({"source": None, "sourceHydrator": {}}, "its source is hydrated"),
        ({"source": {**of(), "plugin": {"name": "sops"}}}, "a plugin makes its manifests, sops"),
    ],
)
def test_what_is_not_previewed_is_said(tmp_path: Path, spec: dict[str, Any], reason: str) -> None:
    web = rendered(tmp_path, application(**spec))
    assert (web["elsewhere"], web["objects"]) == ([reason], [])


def test_one_of_several_sources(tmp_path: Path) -> None:
    values = {"repoURL": REPOSITORY, "targetRevision": "main", "ref": "values"}
    web = rendered(tmp_path, application(source=None, sources=[of(), of(url="https://other"), values]))
    assert web["elsewhere"] == ["its source is https://other"]
    assert len(web["objects"]) == 1


def test_nothing_of_what_has_a_secret_is_handed_on(tmp_path: Path) -> None:
    web = rendered(tmp_path, application(), SECRET)
    assert web["plain_secrets"] == ["Secret/s: password"]
    assert "hunter2" not in str(web)


def test_failures_are_one_sentence(tmp_path: Path) -> None:
    def fails(*_argv: object, **_options: object) -> tuple[int, str, str]:
        return 1, "", "Error:\n  no such file\n"

    def is_not_there(*_argv: object, **_options: object) -> tuple[int, str, str]:
        raise FileNotFoundError(2, "No such file or directory")

    with pytest.raises(Invalid, match="has no folder argocd-apps; give the top of a checkout"):
        render(params(tmp_path), True, fails)
    (tmp_path / "argocd-apps").mkdir()
    with pytest.raises(Failed, match=r"^argocd-apps cannot be rendered: Error: no such file$"):
        render(params(tmp_path), True, fails)
    with pytest.raises(
        Failed, match=r"^helm cannot be run \(No such file or directory\); install it, or give its path"
    ):
        render(params(tmp_path), True, is_not_there)
