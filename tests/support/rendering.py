# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tree as Kustomize and Helm render it, and roles' variables as Ansible does."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
TREE = ROOT / "k8s-manifests"
CHART = TREE / "argocd-apps"
FOLDERS = sorted(path.parent for path in TREE.rglob("kustomization.yaml") if "components" not in path.parts)
ENVIRONMENTS = {"main": "mlops", "dev": "mlops-dev", "prod": "mlops-prod"}
APPLICATIONS = ("minio", "postgresql", "mlflow")


def folder_of(environment: str, application: str) -> Path:
    return TREE / ("base" if environment == "main" else f"overlays/{environment}") / "mlops" / application


def tool(name: str) -> str:
    """The binary that $NAME names, else the one on PATH, else the newest in the cache that the sandbox fills."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ai_how.cloud" / "tools"
    cached = sorted(cache.glob(f"{name}/*/{name}"), key=os.path.getmtime)
    found = os.environ.get(name.upper()) or shutil.which(name) or (str(cached[-1]) if cached else "")
    assert shutil.which(found), (
        f"{name} is missing: set {name.upper()} to its path, put it on PATH, or bring up a sandbox once"
    )
    return found


def go_module(module: str) -> Path:
    """Where the files of ``module@version`` are; the sandbox's Go has them, else the one on PATH gets them."""
    go = str(max((Path(tool("helm")).parents[2] / "go").glob("*/go"), default="go"))
    command = [go, "mod", "download", "-json", module]
    said = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, cwd="/").stdout
    return Path(json.loads(said)["Dir"])


def run(*argv: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=120, check=False)


@functools.cache
def kustomize(folder: Path) -> list[dict]:
    built = run(tool("kustomize"), "build", folder)
    assert (built.returncode, built.stderr) == (0, ""), f"kustomize build {folder}: {built.stderr}"
    return [document for document in yaml.safe_load_all(built.stdout) if document]


def helm(chart: Path = CHART, environments: list[str] | None = None) -> subprocess.CompletedProcess[str]:
    """The chart as Argo CD renders it: with the values that mlops-stack-app.yaml passes."""
    chosen = ["--set", f"environments={{{','.join(environments)}}}"] if environments else []
    passed = ["--set-string", "repoURL=https://git.example/mine", "--set-string", "targetRevision=trunk"]
    return run(tool("helm"), "template", "mlops-stack", chart, *passed, *chosen)


def applications(chart: Path = CHART, environments: list[str] | None = None) -> dict[str, dict]:
    rendered = helm(chart, environments)
    assert rendered.returncode == 0, rendered.stderr
    documents = [document for document in yaml.safe_load_all(rendered.stdout) if document]
    return {document["metadata"]["name"]: document for document in documents if document["kind"] == "Application"}


def value_of_role(role: str, name: str, folder: Path, **settings: Any) -> Any:
    """What a variable of a role is, with its defaults and these settings; ``folder`` is for files in between."""
    source = ROOT / "roles" / role
    answer, playbook = folder / "value.json", folder / "play.yml"
    defaults = yaml.safe_load((source / "defaults" / "main.yml").read_text())
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {**defaults, "role_path": str(source), "ansible_python_interpreter": sys.executable, **settings},
        "vars_files": [str(source / "vars" / "main.yml")],
        "tasks": [{"ansible.builtin.copy": {"content": f"{{{{ {name} | to_json }}}}", "dest": str(answer)}}],
    }
    playbook.write_text(json.dumps([play]))
    done = run(sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", playbook)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(answer.read_text())
