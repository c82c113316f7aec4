# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong while a task waits: each time the outcome is right, or one clear error.

The application controller is held where a wait must not end before the fault is there. The module runs as a process
of its own, without Ansible's start; playbooks meet in the last tests.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import kubernetes
import pytest
from api_proxy import Proxy, proxy
from gitops import GitOps, until
from sandbox import ROOT, Sandbox

MODULE = "ansible_collections.ai_how.cloud.plugins.modules.argocd_app"
FILES = ROOT / "tests/integration/targets/argocd_app/files/repository"
API = {"group": "argoproj.io", "version": "v1alpha1", "namespace": "argocd", "plural": "applications"}
CONTROLLER = "argocd-application-controller"


class Applications:
    """Two applications that do not sync by themselves: ``steady``, and ``held``, whose sync waits for a hook."""

    def __init__(self, box: Sandbox, folder: Path) -> None:
        self.box = box
        self.user = GitOps(box, folder)
        self.folder = folder
        shutil.copytree(FILES, folder / "repository")
        for words in (["init", "-qb", "main"], ["add", "--all"], ["commit", "-qm", "Begin"]):
            self.git(*words)
        self.api = kubernetes.client.CustomObjectsApi(kubernetes.config.new_client_from_config(str(box.kubeconfig)))

    def git(self, *words: str) -> None:
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
        subprocess.run(["git", *identity, *words], cwd=self.folder / "repository", check=True)

    def options(self, name: str, path: str) -> dict[str, Any]:
        return {
            "name": name,
            "source": {"repo_url": f"file://{self.folder}/repository", "target_revision": "main", "path": path},
            "destination": {"namespace": "faults"},
            "sync_policy": {"sync_options": ["CreateNamespace=true"]},
            "finalizers": ["resources-finalizer.argocd.argoproj.io"],
        }

    def start(self, **options: Any) -> subprocess.Popen[str]:
        connection = {} if "host" in options else {"kubeconfig": str(self.box.kubeconfig)}
        arguments = {"state": "synced", "wait_timeout": 120, **connection, **options}
        process = subprocess.Popen([sys.executable, "-m", MODULE], text=True, stdin=subprocess.PIPE, **OUTPUT)
        assert process.stdin
        process.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": arguments}))
        process.stdin.close()
        return process

    def seen(self, name: str) -> dict[str, Any]:
        """The application; before it is there one without anything."""
        nothing = {"metadata": {}, "status": {}}
        return {**nothing, **self.user.applications().get(name, {})}

    def annotate(self, name: str, key: str, value: str) -> None:
        self.api.patch_namespaced_custom_object(name=name, body={"metadata": {"annotations": {key: value}}}, **API)

    def is_asked_for(self, name: str) -> bool:
        return "argocd.argoproj.io/refresh" in self.seen(name)["metadata"].get("annotations", {})

    def phase(self, name: str) -> str:
        state = self.seen(name)["status"].get("operationState", {})
        return str(state.get("phase", ""))

    @contextmanager
    def controller_held(self) -> Iterator[None]:
        process = self.user.processes()[CONTROLLER]
        os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(process, signal.SIGCONT)

    @contextmanager
    def node_for_the_hook(self) -> Iterator[None]:
        """A node takes its pod, so that the hook comes to its end."""
        nodes = kubernetes.client.CoreV1Api(self.api.api_client)
        nodes.patch_node("sandbox-cpu-0", {"metadata": {"labels": {"there-is": "none"}}})
        try:
            yield
        finally:
            nodes.patch_node("sandbox-cpu-0", {"metadata": {"labels": {"there-is": None}}})

    def start_task(self, arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "ansible", "adhoc", "localhost", "-m", "ai_how.cloud.argocd_app"]
        environ = {**os.environ, "K8S_AUTH_KUBECONFIG": str(self.box.kubeconfig)}
        return subprocess.Popen([*command, "-a", arguments], cwd=ROOT, env=environ, text=True, **OUTPUT)

    def kill(self, name: str) -> int:
        victim = self.user.processes()[name]
        os.kill(victim, signal.SIGKILL)
        return victim


OUTPUT: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}


def ended(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The result of the module, which did not end in a traceback."""
    assert process.stdout
    output = process.stdout.read()
    process.wait()
    assert "Traceback" not in output, output
    result: dict[str, Any] = json.loads(output[output.index("{") :])
    return result


def assert_synced(result: dict[str, Any]) -> None:
    assert not result.get("failed"), result["msg"]
    assert (result["changed"], result["sync"], result["health"]) == (True, "Synced", "Healthy"), result
    assert result["operation"]["phase"] == "Succeeded"


@pytest.fixture(scope="module")
def apps(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Applications]:
    found = Applications(sandbox, tmp_path_factory.mktemp("faults"))
    assert_synced(ended(found.start(**found.options("steady", "plain"))))
    yield found
    both = [{"name": "steady"}, {"name": "held"}]
    gone = ended(found.start(applications=both, state="absent", cascade="foreground", confirm_deletion=True))
    assert not gone.get("failed"), gone["msg"]


@pytest.fixture
def between(apps: Applications) -> Iterator[Proxy]:
    with proxy(apps.box.kubeconfig) as found:
        yield found


def test_the_api_server_is_killed_during_a_wait(apps: Applications) -> None:
    with apps.controller_held():
        waiting = apps.start(name="steady", sync={"always": True})
        until(lambda: apps.is_asked_for("steady"), 30, "the refresh is asked for")
        victim = apps.kill("kube-apiserver")
        until(lambda: apps.user.processes()["kube-apiserver"] != victim, 30, "it is started again")
        until(apps.user.api_answers, 60, "it answers")
    assert_synced(ended(waiting))


def test_a_watch_is_too_old(apps: Applications, between: Proxy) -> None:
    """410 Gone, by the API server itself: the first watch asks for a version that it does not remember."""
    watches = []

    def interfere(method: str, path: str, body: bytes) -> str:
        if "watch=" not in path:
            return path
        watches.append(path)
        return path if len(watches) > 1 else path.replace(path.partition("resourceVersion=")[2].partition("&")[0], "1")

    between.interfere = interfere
    with apps.controller_held():
        waiting = apps.start(name="steady", sync={"always": True}, host=between.url)
        until(lambda: len(watches) > 1, 30, "the watch begins again")
    assert_synced(ended(waiting))
    assert b'"code":410' in between.answers[0]
    assert between.requests["GET applications"] > 1, "it was listed anew"


def test_somebody_writes_in_between(apps: Applications, between: Proxy) -> None:
    """409 Conflict, by the API server itself: the application changes right before the operation is begun."""
    written = []

    def interfere(method: str, path: str, body: bytes) -> str:
        if b'"operation"' in body and len(written) < 3:
            apps.annotate("steady", "example.org/writer", str(len(written)))
            written.append(path)
        return path

    between.interfere = interfere
    assert_synced(ended(apps.start(name="steady", sync={"always": True}, host=between.url)))
    assert len(written) == 3
    assert sum(b'"code":409' in answer for answer in between.answers) == 3
    assert apps.seen("steady")["metadata"]["annotations"]["example.org/writer"] == "2"


def test_somebody_changes_the_finalizers_in_between(apps: Applications, between: Proxy) -> None:
    """409 Conflict, by the API server itself; Argo CD does so where it deletes a parent while its children go."""
    finalizer = "resources-finalizer.argocd.argoproj.io"
    changed = []

    def interfere(method: str, path: str, body: bytes) -> str:
        if b'"finalizers"' in body and not changed:
            changed.append(path)
            theirs = {"metadata": {"finalizers": [f"{finalizer}/background"]}}
            apps.api.patch_namespaced_custom_object(name="brief", body=theirs, **API)
        return path

    assert not ended(apps.start(**apps.options("brief", "plain"), state="present")).get("failed")
    between.interfere = interfere
    result = ended(apps.start(name="brief", state="absent", cascade="foreground", host=between.url))
    assert not result.get("failed"), result["msg"]
    assert changed
    assert sum(b'"code":409' in answer for answer in between.answers) == 1
    assert "brief" not in apps.user.applications()


def test_the_repo_server_is_down_during_a_sync(apps: Applications) -> None:
    down = threading.Event()

    def keep_down() -> None:
        victim = 0
        while not down.wait(0.1):
            process = apps.user.processes()["argocd-repo-server"]
            if process != victim:
                os.kill(process, signal.SIGKILL)
                victim = process

    killer = threading.Thread(target=keep_down)
    killer.start()
    try:
        (apps.folder / "repository/plain/more.yaml").write_text(
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: more}}"
        )
        apps.git("add", "--all")
        apps.git("commit", "-qm", "More")
        waiting = apps.start(name="steady")
        until(lambda: "ComparisonError" in str(apps.seen("steady")["status"].get("conditions")), 60, "it is missed")
    finally:
        down.set()
        killer.join()
    assert_synced(ended(waiting))


def test_the_controller_is_killed_during_an_operation(apps: Applications) -> None:
    waiting = apps.start(**apps.options("held", "hooked"))
    until(lambda: apps.phase("held") == "Running", 60, "the operation runs")
    victim = apps.kill(CONTROLLER)
    until(lambda: apps.user.processes()[CONTROLLER] != victim, 30, "it is started again")
    assert waiting.poll() is None
    with apps.node_for_the_hook():
        result = ended(waiting)
    assert (result["operation"]["phase"], result["sync"]) == ("Succeeded", "Synced"), result["msg"]


def test_two_playbooks_sync_one_application(apps: Applications) -> None:
    """One operation waits for the end of the other."""
    arguments = json.dumps({"name": "steady", "state": "synced", "sync": {"always": True}, "wait_timeout": 120})
    both = [apps.start_task(arguments) for _one in range(2)]
    outputs = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert all('"phase": "Succeeded"' in output and "CHANGED" in output for output in outputs), outputs


def test_two_playbooks_declare_one_application(apps: Applications) -> None:
    """One of them is the last, as a whole."""
    declared = [{**apps.options("steady", "plain"), "labels": {"of": who, who: "there"}} for who in ("one", "other")]
    both = [apps.start_task(json.dumps({**options, "wait_timeout": 120})) for options in declared]
    outputs = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    labels = apps.seen("steady")["metadata"]["labels"]
    assert labels in [options["labels"] for options in declared]
