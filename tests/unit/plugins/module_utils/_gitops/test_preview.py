# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._gitops.preview import (
    as_applied,
    kustomization,
)

WEB = {"metadata": {"name": "web"}, "spec": {"destination": {"namespace": "prod"}}}


def thing(kind: str = "ConfigMap", api: str = "v1", **fields: Any) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": "x"}, **fields}


def test_a_folder_and_its_components_are_found_from_elsewhere() -> None:
    source = {"path": "apps/web", "kustomize": {"components": ["../../components/real"], "namePrefix": "a-"}}
    assert kustomization("web", source, "../../checkout") == {
        "namePrefix": "a-",
        "resources": ["../../checkout/apps/web"],
        "components": ["../../checkout/components/real"],
    }


def test_what_cannot_be_previewed_is_said() -> None:
    with pytest.raises(Invalid, match=r"^web asks Kustomize for images, which cannot be previewed; "):
        kustomization("web", {"path": "web", "kustomize": {"images": ["a=b"]}}, "..")


def test_argo_cds_mark() -> None:
    placed = {**thing("Deployment", "apps/v1"), "metadata": {"name": "x", "namespace": "other"}}
    marks = [each["metadata"]["annotations"] for each in as_applied(WEB, [thing(), placed])]
    assert marks == [
        {"argocd.argoproj.io/tracking-id": "web:/ConfigMap:prod/x"},
        {"argocd.argoproj.io/tracking-id": "web:apps/Deployment:other/x"},
    ]


def test_hooks_are_left_out() -> None:
    job = {**thing("Job", "batch/v1"), "metadata": {"name": "x", "annotations": {"argocd.argoproj.io/hook": "Sync"}}}
    assert as_applied(WEB, [job]) == []
