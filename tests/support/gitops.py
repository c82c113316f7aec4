# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user of the GitOps road has at hand: a working tree, the playbooks, the module, and the cluster."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import kubernetes
import urllib3
import yaml
from kubernetes.client.rest import ApiException
from kubernetes.dynamic import DynamicClient
from sandbox import ROOT, Sandbox

MANIFESTS = "k8s-manifests"
APPLICATIONS = {"mlops-stack", "credentials", "minio", "mlflow", "postgresql"}


@dataclass(frozen=True)
class Run:
    """What a playbook printed and how it ended."""

    returncode: int
    output: str

    @property
    def changed(self) -> int:
        return int(re.findall(r"changed=(\d+)", self.output)[-1])

    @property
    def changed_somewhere(self) -> bool:
        return any(map(int, re.findall(r"changed=(\d+)", self.output)))

    @property
    def failures(self) -> list[str]:
        """The ``msg`` of each failed task that may say one."""
        results = re.findall(r"^fatal: \[localhost\]: FAILED! => (\{.*\})$", self.output, re.MULTILINE)
        return [found["msg"] for found in map(json.loads, results) if "censored" not in found]

    @property
    def table(self) -> dict[str, list[str]]:
        """The summary: the cells after the name, by name."""
        lines = json.loads("[" + self.output.split('"msg": [')[-1].split("]\n")[0] + "]")
        return {cells[0]: cells[1:] for cells in (re.split(r"  +", line) for line in lines[1:])}


class GitOps:
    """One user with one sandbox."""

    def __init__(self, box: Sandbox, tree: Path) -> None:
        self.box = box
        self.tree = tree

    # Git

    def init(self, **settings: Any) -> str:
        """Put the manifests into the repository of the sandbox; the commit."""
        given = {
            "gitops_init_dir": str(self.tree),
            "gitops_init_repo_url": self.box.repo_url,
            "gitops_init_push": True,
            "gitops_init_author_name": "Test",
            "gitops_init_author_email": "test@example.org",
            **settings,
        }
        run = self.playbook("ai_how.cloud.gitops_init", given)
        assert run.returncode == 0, run.output
        return self.git("rev-parse", "HEAD")

    def git(self, *words: str) -> str:
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
        command = ["git", *identity, "-C", str(self.tree), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def push(self, message: str) -> str:
        """Commit everything and push it; the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        self.git("push", "--quiet", "origin", "main")
        return self.git("rev-parse", "HEAD")

    def push_edit(self, path: str, edit: Callable[[Any], None]) -> str:
        """Change the YAML document in a file below k8s-manifests/ and push it; the commit."""
        file = self.tree / MANIFESTS / path
        document = yaml.safe_load(file.read_text())
        edit(document)
        file.write_text(yaml.safe_dump(document))
        return self.push(f"Edit {path}")

    # Ansible

    def runtime(self, *options: str, **settings: Any) -> Run:
        """The playbook ai_how.cloud.runtime with its tag gitops-apps."""
        return self._ansible(*self._runtime(*options, **settings))

    def seal(self, *options: str, **settings: Any) -> Run:
        """The playbook ai_how.cloud.seal_credentials."""
        return self._pushing("ai_how.cloud.seal_credentials", *options, **settings)

    def rotate(self, *options: str, **settings: Any) -> Run:
        """The playbook ai_how.cloud.rotate_credentials."""
        return self._pushing("ai_how.cloud.rotate_credentials", *options, **settings)

    def _pushing(self, name: str, *options: str, **settings: Any) -> Run:
        given = {
            "gitops_apps_kubeconfig": str(self.box.kubeconfig),
            "gitops_apps_repo_url": self.box.repo_url,
            "gitops_apps_author_name": "Test",
            "gitops_apps_author_email": "test@example.org",
            "gitops_apps_tree": str(self.tree),
            "gitops_apps_wait_timeout": 120,
            **settings,
        }
        return self.playbook(name, given, *options)

    def playbook(self, name: str, settings: Mapping[str, Any], *options: str) -> Run:
        """A playbook of the collection."""
        return self._ansible("playbook", name, "-e", json.dumps(settings), *options)

    def start_runtime(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._command(*self._runtime()), cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def runtime_with_kill(self, victim: int) -> Run:
        """The same, with a process killed when the applications are being deployed."""
        output = ""
        with self.start_runtime() as process:
            assert process.stdout
            for line in process.stdout:
                output += line
                if "Bring the app-of-apps" in line:
                    os.kill(victim, signal.SIGKILL)
        return Run(process.returncode, output)

    def synced(self, name: str, revision: str) -> dict[str, Any]:
        """Wait with the module until an application is at a commit; its result."""
        options = {
            "name": name,
            "state": "synced",
            "revision": revision,
            "kubeconfig": str(self.box.kubeconfig),
            "wait_timeout": 120,
        }
        run = self._ansible("adhoc", "localhost", "-m", "ai_how.cloud.argocd_app", "-a", json.dumps(options))
        result: dict[str, Any] = json.loads(run.output[run.output.index("=> {") + 3 :])
        assert run.returncode == 0, result["msg"]
        return result

    def argocd_app(self, **options: Any) -> dict[str, Any]:
        """The result of the module, as a process of its own, without Ansible's start."""
        command = [sys.executable, "-m", "ansible_collections.ai_how.cloud.plugins.modules.argocd_app"]
        arguments = {"kubeconfig": str(self.box.kubeconfig), "wait_timeout": 120, **options}
        text = json.dumps({"ANSIBLE_MODULE_ARGS": arguments})
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    def _runtime(self, *options: str, **settings: Any) -> list[str]:
        given = {
            "gitops_apps_kubeconfig": str(self.box.kubeconfig),
            "gitops_apps_repo_url": self.box.repo_url,
            "gitops_apps_wait_timeout": 120,
            **settings,
        }
        # A file, since -vvvv prints what stands behind -e.
        file = self.tree.with_name("settings.json")
        file.write_text(json.dumps(given))
        return ["playbook", "ai_how.cloud.runtime", "--tags", "gitops-apps", "-e", f"@{file}", *options]

    def _ansible(self, *words: str) -> Run:
        done = subprocess.run(
            self._command(*words), cwd=ROOT, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        return Run(done.returncode, done.stdout)

    @staticmethod
    def _command(*words: str) -> list[str]:
        return [sys.executable, "-m", "ansible", *words]

    # The cluster

    @cached_property
    def _client(self) -> Any:
        return DynamicClient(kubernetes.config.new_client_from_config(str(self.box.kubeconfig)))

    def objects(self, path: str) -> dict[str, Any]:
        """The objects of a list of the API by name: ``objects("api/v1/namespaces")``."""
        answer = self._client.request("GET", f"/{path}", serialize=False, _request_timeout=10)
        return {item["metadata"]["name"]: item for item in json.loads(answer.data)["items"]}

    def applications(self) -> dict[str, Any]:
        return self.objects("apis/argoproj.io/v1alpha1/namespaces/argocd/applications")

    def claims(self) -> dict[str, Any]:
        return self.objects("api/v1/namespaces/mlops/persistentvolumeclaims")

    def credentials(self) -> dict[str, str]:
        """The generated credentials, in plain text."""
        return {
            f"{name}/{key}": base64.b64decode(value).decode()
            for name, secret in self.objects("api/v1/namespaces/mlops/secrets").items()
            for key, value in secret["data"].items()
        }

    def patch_secret(self, name: str, patch: Mapping[str, Any]) -> None:
        path, content_type = f"/api/v1/namespaces/mlops/secrets/{name}?fieldManager=e2e", "application/merge-patch+json"
        self._client.request("PATCH", path, patch, content_type=content_type, serialize=False)

    def api_answers(self) -> bool:
        try:
            self.objects("api/v1/namespaces")
        except (OSError, urllib3.exceptions.HTTPError, ApiException):
            return False
        return True

    # The processes

    def processes(self) -> Mapping[str, int]:
        """The process ids of what supervisord runs for the sandbox, by name."""
        log = (self.box.directory / "logs" / "supervisord.log").read_text()
        return {name: int(number) for name, number in re.findall(r"spawned: '([^']+)' with pid (\d+)", log)}


def as_told(values: Iterable[str]) -> list[str]:
    """As a secret may stand somewhere: as it is, and in base64, as Kubernetes has it."""
    return [form for text in values for form in (text, base64.b64encode(text.encode()).decode())]


def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Look again and again until it is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.2)


def assert_done(run: Run, changed: bool) -> None:
    """It ended well, and whether anything changed on any host is as expected."""
    assert run.returncode == 0, run.output
    assert run.changed_somewhere == changed, run.output


def assert_live(user: GitOps, run: Run) -> None:
    """The run ended well, and its table says that everything is live at the pushed commit."""
    assert run.returncode == 0, run.output
    commit = user.git("rev-parse", "HEAD")
    assert set(run.table) >= APPLICATIONS
    assert all(cells[:3] == ["Synced", "Healthy", commit[:8]] for cells in run.table.values()), run.table
    assert all(app["status"]["sync"]["revision"] == commit for app in user.applications().values())


def annotate(key: str, value: str) -> Any:
    def edit(document: Any) -> None:
        document["metadata"].setdefault("annotations", {})[key] = value

    return edit
