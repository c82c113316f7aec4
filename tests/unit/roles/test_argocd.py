# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands in two places of the role argocd, or in two roles, is the same; what its plugin sops makes of folders."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
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


Script = subprocess.CompletedProcess[str]
PROGRAMS = {
    "kustomize": 'echo "kind: Made"; exit "${KUSTOMIZE:-0}"',
    "sops": 'echo "$1 $2" | sed "s/^/# /"; echo "what sops says" >&2; exit "${SOPS:-0}"',
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an application, with stand-ins for the programs of the plugin in the PATH."""
    programs, folder = tmp_path / "bin", tmp_path / "folder"
    programs.mkdir()
    folder.mkdir()
    for name, text in PROGRAMS.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return folder


def sops_manifests(folder: Path) -> Script:
    script = ROLES / "argocd" / "files" / "sops" / "sops-manifests"
    return subprocess.run(["sh", script], cwd=folder, check=False, capture_output=True, text=True)


@pytest.mark.parametrize("kustomization", [False, True])
def test_the_plugin_decrypts_all_that_is_named_so(folder: Path, kustomization: bool) -> None:
    for name in ("with space.enc.yaml", "other.enc.yml"):
        (folder / name).write_text("kind: Secret\nsops: {}\n")
    (folder / "plain.yml").write_text("kind: Plain")
    if kustomization:
        (folder / "kustomization.yaml").touch()
    done = sops_manifests(folder)
    assert (done.returncode, done.stderr) == (0, "")
    first = "kind: Made" if kustomization else "---\nkind: Plain"
    assert done.stdout.strip() == f"{first}\n---\n# decrypt with space.enc.yaml\n---\n# decrypt other.enc.yml"


def test_the_plugin_fails_where_kustomize_does(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "kustomization.yaml").touch()
    monkeypatch.setenv("KUSTOMIZE", "1")
    assert sops_manifests(folder).returncode == 1


@pytest.mark.parametrize(
    ("status", "text", "said"),
    [
        (51, "", "a.enc.yaml was changed after SOPS encrypted it"),
        (128, "sops:\n  age:\n    - recipient: age1a\n    - recipient: age1b\n", "encrypted for age1a age1b, and"),
        (128, "sops:\n  pgp:\n    - fp: 85D77543\n", "encrypted for keys that are none of age, and"),
        (1, "", "a.enc.yaml cannot be decrypted: what sops says"),
    ],
)
def test_the_plugin_fails_with_one_sentence_where_sops_does(
    folder: Path, monkeypatch: pytest.MonkeyPatch, status: int, text: str, said: str
) -> None:
    (folder / "a.enc.yaml").write_text(text)
    monkeypatch.setenv("SOPS", str(status))
    done = sops_manifests(folder)
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_plugin_applies_nothing_that_is_encrypted(folder: Path) -> None:
    (folder / "credentials.yaml").write_text("kind: Secret\nsops: {}\n")
    done = sops_manifests(folder)
    assert done.returncode == 1
    assert done.stderr == (
        "credentials.yaml is encrypted, and would be applied as it is; rename it to credentials.enc.yaml\n"
    )
