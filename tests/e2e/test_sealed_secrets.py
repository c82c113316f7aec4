# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role sealed_secrets: a cluster is lost, and the repository's sealed secrets open in the next one."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kubernetes
import pytest
import yaml
from gitops import GitOps, Run, assert_live, until
from kubernetes.dynamic import DynamicClient
from rendering import ROOT, go_module, tool
from sandbox import Sandbox

PASSWORD = "of-the-backup-in-a-vault"
VALUES = {"one": "a value", "two": "zwei äöü\n"}
NAME = "sealed-secrets-controller"
LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key"


class User(GitOps):
    """Someone who looks after the sealed secrets of a sandbox, with a folder for the repository and the backup."""

    @property
    def backup(self) -> Path:
        return self.tree.with_name("keys.vault")

    def role(self, action: str, *options: str, **settings: Any) -> Run:
        return self._ansible(*self._role(action, *options, **settings))

    def _role(self, action: str, *options: str, **settings: Any) -> list[str]:
        given = {
            "sealed_secrets_action": action,
            "sealed_secrets_kubeconfig": str(self.box.kubeconfig),
            "sealed_secrets_backup_file": str(self.backup),
            "sealed_secrets_backup_password": PASSWORD,
            "sealed_secrets_wait_timeout": 60,
            **settings,
        }
        # A file, since -vvvv prints what stands behind -e.
        file = self.tree.with_name("settings.json")
        file.write_text(json.dumps(given))
        return ["playbook", "ai_how.cloud.sealed_secrets", "-e", f"@{file}", *options]

    def renew(self) -> Run:
        """With the real controller in the place of the simulated pod: it gets the environment that its pod would."""
        words = self._command(*self._role("renew"))
        with subprocess.Popen(words, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as role:
            deployments = "apis/apps/v1/namespaces/kube-system/deployments"

            def environment() -> dict[str, str]:
                (container,) = self.objects(deployments)[NAME]["spec"]["template"]["spec"]["containers"]
                return {entry["name"]: entry["value"] for entry in container.get("env", [])}

            until(lambda: bool(environment()), 60, "the Deployment is changed")
            section = (self.box.directory / "supervisord.conf").read_text().partition(f"[program:{NAME}]")[2]
            command = section.partition("command=")[2].splitlines()[0].split()
            ports = json.loads((self.box.directory / "ports.json").read_text())
            cluster = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(ports["kube-apiserver"])}
            # Ports of its own, since the one of the sandbox runs.
            addresses = ["--listen-addr=127.0.0.1:0", "--listen-metrics-addr=127.0.0.1:0"]
            with subprocess.Popen([*command[:-2], *addresses], env={**os.environ, **cluster, **environment()}) as pod:
                try:
                    output, _nothing = role.communicate(timeout=120)
                finally:
                    pod.terminate()
        return Run(role.returncode, output)

    def seal_values(self) -> None:
        """Into files of the tree, for the controller of the sandbox."""
        secrets = [
            {"name": name, "namespace": "default", "string_data": {"value": value}, "path": f"{self.tree}/{name}.yaml"}
            for name, value in VALUES.items()
        ]
        given = {"secrets": secrets, "kubeconfig": str(self.box.kubeconfig)}
        run = self._ansible("adhoc", "localhost", "-m", "ai_how.cloud.sealed_secret", "-a", json.dumps(given))
        assert run.returncode == 0, run.output

    def opened(self) -> dict[str, str]:
        """Apply the tree; the values that the controller opens."""
        # The folder is another cluster's as well, so nothing of a connection is kept.
        client = DynamicClient(kubernetes.config.new_client_from_config(str(self.box.kubeconfig)))
        sealed = client.resources.get(api_version="bitnami.com/v1alpha1", kind="SealedSecret")
        for path in self.tree.glob("*.yaml"):
            sealed.create(body=yaml.safe_load(path.read_text()), namespace="default")
        secrets = client.resources.get(api_version="v1", kind="Secret")
        found: dict[str, str] = {}

        def all_there() -> bool:
            for secret in secrets.get(namespace="default").items:
                found[secret.metadata.name] = base64.b64decode(secret.data["value"]).decode()
            return set(found) == set(VALUES)

        until(all_there, 60, "the controller has opened all")
        return found

    def private_keys(self) -> list[str]:
        secrets = self.objects(f"api/v1/namespaces/kube-system/secrets?labelSelector={LABEL}")
        return [secret["data"]["tls.key"] for secret in secrets.values()]


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[User]:
    """With a sandbox that has the controller and no Argo CD."""
    box = Sandbox(f"keys-{os.getpid()}")
    user = User(box, tmp_path / "gitops")
    user.tree.mkdir()
    try:
        box.become("present", sandbox_argocd="false", sandbox_sealed_secrets="true")
        yield user
    finally:
        box.become("absent")


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[User]:
    """With a sandbox whose applications are deployed."""
    box = Sandbox(f"lost-{os.getpid()}")
    user = User(box, tmp_path / "gitops")
    try:
        box.become("present", sandbox_sealed_secrets="true")
        user.init()
        for run in (user.seal(), user.runtime()):
            assert run.returncode == 0, run.output
        yield user
    finally:
        box.become("absent")


def test_applications_of_a_lost_cluster(owner: User) -> None:
    """They come up in another cluster, with the same passwords, from the repository and the backup of the keys."""
    before = owner.credentials()
    assert owner.role("backup").changed == 1
    owner.box.become("absent")

    owner.box.become("present")
    owner.git("push", "--quiet", owner.box.repo_url, "main", "origin/dev:refs/heads/dev")
    assert owner.role("restore").changed == 1
    owner.box.become("present", sandbox_sealed_secrets="true")
    assert_live(owner, owner.runtime())
    assert owner.credentials() == before


def test_a_lost_cluster(keeper: User, watched: Callable[[], set[bytes]]) -> None:
    keeper.seal_values()
    assert keeper.opened() == VALUES

    run = keeper.role("backup", "--check")
    assert run.changed == 1
    assert f"{keeper.backup} would have sealed-secrets-key" in run.output
    assert not keeper.backup.exists()
    run = keeper.role("backup", "-vvvv", "--diff")
    assert (run.returncode, run.changed) == (0, 1), run.output
    text = keeper.backup.read_text()
    assert text.startswith("$ANSIBLE_VAULT;")
    assert keeper.backup.stat().st_mode & 0o777 == 0o600
    (private,) = keeper.private_keys()
    pem = base64.b64decode(private).decode().splitlines()
    assert not [line for line in (private, PASSWORD, *pem[1:-1]) if line in run.output + text]
    assert keeper.role("backup").changed == 0
    (message,) = keeper.role("backup", sealed_secrets_backup_password="another").failures
    assert message.startswith(f"{keeper.backup} is no backup that sealed_secrets_backup_password opens.")
    assert keeper.backup.read_text() == text
    mistaken = keeper.tree.with_name("values.yaml")
    mistaken.write_text("mine: 1\n")
    (message,) = keeper.role("backup", sealed_secrets_backup_file=str(mistaken)).failures
    assert message.startswith(f"{mistaken} is no backup")
    assert mistaken.read_text() == "mine: 1\n"

    keeper.box.become("absent")
    keeper.box.become("present", sandbox_argocd="false")
    (message,) = keeper.role("backup").failures
    assert message.startswith("There is no key in the namespace kube-system")
    assert keeper.role("restore", "--check").changed == 1
    run = keeper.role("restore", "--check", sealed_secrets_namespace="not-there-yet")
    assert (run.returncode, run.changed) == (0, 1), run.output
    run = keeper.role("restore", "-vvvv", "--diff")
    assert (run.returncode, run.changed) == (0, 1), run.output
    assert not [line for line in (private, PASSWORD, *pem[1:-1]) if line in run.output]
    assert keeper.role("restore").changed == 0
    seen = watched()
    assert any(b"$ANSIBLE_VAULT" in text for text in seen)
    for line in (private, PASSWORD, *pem[1:-1]):
        assert not [text for text in seen if line.encode() in text]
    keeper.box.become("present", sandbox_argocd="false", sandbox_sealed_secrets="true")
    assert keeper.opened() == VALUES

    (message,) = keeper.role("renew").failures
    assert message.startswith(f"There is no Deployment {NAME} in the namespace kube-system that could make a new key.")
    labels = {"app": "controller"}
    spec = {"containers": [{"name": "controller", "image": "none"}]}
    template = {"metadata": {"labels": labels}, "spec": spec}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": NAME},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }
    client = DynamicClient(kubernetes.config.new_client_from_config(str(keeper.box.kubeconfig)))
    deployments = client.resources.get(api_version="apps/v1", kind="Deployment")
    deployments.create(body=deployment, namespace="kube-system")
    before = keeper.private_keys()
    run = keeper.renew()
    assert run.returncode == 0, run.output
    assert len(keeper.private_keys()) == len(before) + 1
    assert keeper.role("backup").changed == 0  # it was part of it

    assert keeper.role("restore").changed == 0  # the controller is younger than what was restored
    client.resources.get(api_version="v1", kind="Secret").delete(namespace="kube-system", label_selector=LABEL)
    assert keeper.role("restore").changed == 2
    without = {"spec": {"template": {"metadata": {"annotations": None}}}}  # as if that had ended before the restart
    deployments.patch(without, NAME, "kube-system", content_type="application/merge-patch+json")
    assert keeper.role("restore").changed == 1
    assert keeper.role("restore").changed == 0


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Upstream's chart, which the Go module of the sandbox's controller holds as well."""
    module = go_module("github.com/bitnami-labs/sealed-secrets@v0.40.0")
    folder = tmp_path_factory.mktemp("mirror")
    (folder / "helm-v2.20.0").mkdir()
    with tarfile.open(folder / "helm-v2.20.0" / "sealed-secrets-2.20.0.tgz", "w:gz") as archive:
        archive.add(module / "helm" / "sealed-secrets", "sealed-secrets")
    return folder


def test_install(sandbox: Sandbox, deployed: GitOps, chart: Path, tmp_path: Path) -> None:
    """From a mirror, then by Argo CD; the pods are simulated."""
    user = User(sandbox, tmp_path / "gitops")
    (archive,) = chart.glob("*/*.tgz")
    given = {
        "sealed_secrets_mirror": chart.as_uri(),
        "sealed_secrets_cache_dir": str(tmp_path / "cache"),
        "sealed_secrets_helm": str(tool("helm")),
        "sealed_secrets_namespace": "sealing",
        "sealed_secrets_name": "second",  # beside that of the sandbox
        "sealed_secrets_values": {"image": {"tag": "0.40.0"}},
    }
    (message,) = user.role("install", **given).failures
    assert "is not what" in message or "did not match" in message
    given["sealed_secrets_chart_checksum"] = hashlib.sha256(archive.read_bytes()).hexdigest()
    run = user.role("install", "--check", **given)
    assert (run.returncode, run.changed) == (0, 1), run.output
    assert "sealing" not in user.objects("api/v1/namespaces")
    run = user.role("install", **given)
    assert run.returncode == 0, run.output
    deployment = user.objects("apis/apps/v1/namespaces/sealing/deployments")["second"]
    assert deployment["status"]["availableReplicas"] == 1
    for options in (["--check", "--diff"], []):
        run = user.role("install", *options, **given)
        assert (run.returncode, run.changed) == (0, 0), run.output
    kubeconfig = {"gitops_apps_kubeconfig": str(sandbox.kubeconfig), "gitops_apps_repo_url": sandbox.repo_url}
    run = deployed.playbook("ai_how.cloud.runtime", {**given, **kubeconfig}, "--tags", "secrets")
    assert (run.returncode, run.changed) == (0, 0), run.output

    by_argocd = {
        **given,
        "sealed_secrets_by": "argocd",
        "sealed_secrets_argocd_source": {"repo_url": sandbox.repo_url, "path": ".", "target_revision": "chart"},
    }
    user.tree.mkdir()
    with tarfile.open(archive) as chart_files:
        chart_files.extractall(user.tree, filter="data")
    user.tree = user.tree / "sealed-secrets"
    user.git("init", "--quiet", "--initial-branch=chart")
    user.git("add", "--all")
    user.git("commit", "--quiet", "--message", "The chart")
    user.git("push", "--quiet", sandbox.repo_url, "chart")
    try:
        for changes in (1, 0):
            run = user.role("install", **by_argocd)
            assert (run.returncode, run.changed) == (0, changes), run.output
        assert user.applications()["second"]["status"]["health"]["status"] == "Healthy"
    finally:
        absent = {"name": "second", "state": "absent", "kubeconfig": str(sandbox.kubeconfig)}
        user._ansible("adhoc", "localhost", "-m", "ai_how.cloud.argocd_app", "-a", json.dumps(absent))


def test_commands(tmp_path: Path) -> None:
    """From mirrors on loopback."""
    mirror, programs = tmp_path / "mirror", tmp_path / "bin"
    kubeseal = max((Path(tool("helm")).parents[2] / "sealed-secrets").glob("*/kubeseal"))
    for folder in ("v0.40.0", "v3.13.3"):
        (mirror / folder).mkdir(parents=True)
    programs.mkdir()
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    archive = mirror / "v0.40.0" / f"kubeseal-0.40.0-linux-{machine}.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(kubeseal, "kubeseal")
    sops = mirror / "v3.13.3" / f"sops-v3.13.3.linux.{machine}"
    sops.write_text("#!/bin/sh\n")
    sums = {"v0.40.0/sealed-secrets_0.40.0_checksums.txt": archive, "v3.13.3/sops-v3.13.3.checksums.txt": sops}
    for name, file in sums.items():
        (mirror / name).write_text(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n")
    given = {
        "sealed_secrets_kubeseal_path": str(programs / "kubeseal"),
        "sealed_secrets_kubeseal_mirror": mirror.as_uri(),
        "sealed_secrets_sops_path": str(programs / "sops"),
        "sealed_secrets_sops_mirror": mirror.as_uri(),
    }
    user = User(Sandbox("none"), tmp_path / "gitops")
    assert user.role("cli", "--check", **given).changed == 2
    for changes in (2, 0):
        run = user.role("cli", **given)
        assert (run.returncode, run.changed) == (0, changes), run.output
    said = subprocess.run([programs / "kubeseal", "--version"], check=True, capture_output=True, text=True).stdout
    assert "0.40.0" in said
    (programs / "kubeseal").unlink()
    (mirror / "v0.40.0/sealed-secrets_0.40.0_checksums.txt").write_text(f"{'0' * 64}  {archive.name}\n")
    message = user.role("cli", **given).failures[-1]
    assert message.startswith("kubeseal from file://") and "did not match" in message
    assert message.endswith(
        "Give a mirror as sealed_secrets_kubeseal_mirror, or leave sealed_secrets_kubeseal_path empty."
    )
    assert not (programs / "kubeseal").exists()
