# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Galaxy gets: the tarball builds, installs, and documents itself."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("README.md", "LICENSE", "meta/runtime.yml", "roles/", "playbooks/", "k8s-manifests/", "go.mod", "go.sum")
UNWANTED = (".git", ".tox", ".venv", ".collections", "tests/", "docs/build/", "__pycache__", ".pyc", "Makefile")


@pytest.fixture(scope="session")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tarball")
    run("ansible-galaxy", "collection", "build", "--output-path", folder)
    (built,) = folder.glob("ai_how-cloud-*.tar.gz")
    return built


@pytest.fixture(scope="session")
def collections(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("collections")
    run("ansible-galaxy", "collection", "install", tarball, "--collections-path", folder, collections=folder)
    return folder


def run(command: str, *arguments: str | Path, collections: Path | None = None) -> str:
    environ = {**os.environ, "NO_COLOR": "1"}
    if collections:
        environ["ANSIBLE_COLLECTIONS_PATH"] = str(collections)
    program = Path(sys.executable).with_name(command)
    done = subprocess.run([program, *arguments], cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_holds_what_a_user_needs_and_no_more(tarball: Path) -> None:
    with tarfile.open(tarball) as archive:
        names = archive.getnames()
    assert [part for part in NEEDED if not any(part in name for name in names)] == []
    assert [name for name in names if any(part in name for part in UNWANTED)] == []


@pytest.mark.parametrize("module", sorted(path.stem for path in ROOT.glob("plugins/modules/*.py")))
def test_module_has_docs(collections: Path, module: str) -> None:
    assert "EXAMPLES" in run("ansible-doc", f"ai_how.cloud.{module}", collections=collections)


@pytest.mark.parametrize("plugin", sorted(path.stem for path in ROOT.glob("plugins/inventory/*.py")))
def test_inventory_plugin_has_docs(collections: Path, plugin: str) -> None:
    assert "EXAMPLES" in run("ansible-doc", "-t", "inventory", f"ai_how.cloud.{plugin}", collections=collections)


@pytest.mark.parametrize("role", sorted(path.name for path in ROOT.glob("roles/*")))
def test_role_has_docs(collections: Path, role: str) -> None:
    assert "AUTHOR" in run("ansible-doc", "-t", "role", f"ai_how.cloud.{role}", collections=collections)


@pytest.mark.parametrize("playbook", sorted(path.stem for path in ROOT.glob("playbooks/*.yml")))
def test_playbook_parses_when_installed(collections: Path, playbook: str) -> None:
    run("ansible-playbook", "--syntax-check", f"ai_how.cloud.{playbook}", collections=collections)


@pytest.mark.parametrize(("group", "fragment"), [("k8s", "kube_auth"), ("argocd", "argocd_auth")])
def test_action_group_names_modules_that_connect(group: str, fragment: str) -> None:
    groups = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["action_groups"]
    modules = {path.stem: path.read_text() for path in ROOT.glob("plugins/modules/*.py")}
    assert groups[group] == sorted(name for name, source in modules.items() if f"ai_how.cloud.{fragment}" in source)
