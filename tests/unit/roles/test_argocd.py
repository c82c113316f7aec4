# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands in two places of the role argocd, or in two roles, is the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROLES = Path(__file__).resolve().parents[3] / "roles"


def load(path: str) -> Any:
    return yaml.safe_load((ROLES / path).read_text(encoding="utf-8"))


def test_the_version_is_the_one_of_the_sandbox_and_its_checksums_are_known() -> None:
    version = load("argocd/defaults/main.yml")["argocd_version"]
    assert version == load("sandbox/vars/main/tools.yml")["sandbox__versions"]["argocd"]
    variables = load("argocd/vars/main.yml")
    paths = {
        f"manifests/{name}{hydrator}.yaml"
        for name in variables["argocd__variants"].values()
        for hydrator in ("", "-with-hydrator")
    }
    assert set(variables["argocd__checksums"][version]) == paths


def test_defaults_and_argument_specs_agree() -> None:
    options = load("argocd/meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    defaults = load("argocd/defaults/main.yml")
    assert set(options) == set(defaults)
    for name, option in options.items():
        # Those of the connection are the role gitops_apps', where it has any.
        elsewhere = "{{ " + name.replace("argocd_", "gitops_apps_") + " | default('') }}"
        if name != "argocd_cache_dir" and defaults[name] != elsewhere:
            assert option["default"] == defaults[name], name
