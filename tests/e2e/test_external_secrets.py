# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""An application waits for Secrets that the External Secrets Operator makes: by that of the sandbox, a process."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from gitops import GitOps, until
from rendering import ROOT, go_module, tool
from sandbox import Sandbox

EXAMPLES = ROOT / "docs" / "examples" / "external-secrets"
NAMESPACE = "external"
CREDENTIALS = {"accesskey": "minio", "secretkey": "what-the-store-has"}


class User(GitOps):
    """Someone whose application has an ExternalSecret in Git."""

    def kubectl(self, *words: str, text: str) -> None:
        command = [tool("kubectl"), f"--kubeconfig={self.box.kubeconfig}", *words]
        subprocess.run(command, check=True, input=text, text=True, stdout=subprocess.DEVNULL)

    def store(self, **values: str) -> None:
        """Put values into the Secret that the store reads."""
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "minio", "namespace": "platform-secrets"}}
        self.kubectl("apply", "--server-side", "--filename=-", text=json.dumps({**secret, "stringData": values}))

    def edit(self, name: str, before: str, after: str) -> None:
        text = (self.tree / name).read_text()
        assert before in text
        (self.tree / name).write_text(text.replace(before, after))

    def sync(self) -> dict[str, Any]:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "Change")
        self.git("push", "--quiet", self.box.repo_url, "HEAD:external")
        return self.argocd_app(
            name="external",
            state="synced",
            revision=self.git("rev-parse", "HEAD"),
            source={"repo_url": self.box.repo_url, "target_revision": "external", "path": "."},
            destination={"namespace": NAMESPACE},
            sync_policy={"sync_options": ["CreateNamespace=true", "ServerSideApply=true"]},
            finalizers=["resources-finalizer.argocd.argoproj.io"],
        )

    def live(self) -> dict[str, str]:
        secret = self.objects(f"api/v1/namespaces/{NAMESPACE}/secrets")["minio-credentials"]
        return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


@pytest.fixture
def user(sandbox: Sandbox, tmp_path: Path) -> Iterator[User]:
    user = User(sandbox, tmp_path / "gitops")
    user.tree.mkdir()
    user.git("init", "--quiet", "--initial-branch=external")
    for name in ("account.yaml", "store.yaml", "minio-credentials.yaml", "kustomization.yaml"):
        (user.tree / name).write_text((EXAMPLES / name).read_text())
    # The operator of the sandbox is no pod, and finds the API server where everybody finds it.
    server = yaml.safe_load(sandbox.kubeconfig.read_text())["clusters"][0]["cluster"]["server"]
    store = yaml.safe_load((EXAMPLES / "store.yaml").read_text())
    patch = {key: store[key] for key in ("apiVersion", "kind", "metadata")}
    patch["spec"] = {"provider": {"kubernetes": {"server": {"url": server}}}}
    with (user.tree / "kustomization.yaml").open("a") as file:
        file.write(yaml.safe_dump({"patches": [{"patch": yaml.safe_dump(patch)}]}))
    given = (EXAMPLES / "platform-secrets.yaml").read_text().replace("namespace: mlops", f"namespace: {NAMESPACE}")
    user.kubectl("apply", "--server-side", "--filename=-", text=given)
    yield user
    assert not user.argocd_app(name="external", state="absent").get("failed")


def test_from_the_store_to_the_application(user: User) -> None:
    user.store(**CREDENTIALS)
    result = user.sync()
    assert not result.get("failed"), result["msg"]
    assert (result["sync"], result["health"]) == ("Synced", "Healthy")
    assert user.live() == CREDENTIALS
    again = user.sync()
    assert (again.get("failed", False), again["sync"]) == (False, "Synced"), again["msg"]

    # The Secret of before is there, and Ready was of before: what counts is what was pushed.
    user.edit("minio-credentials.yaml", "property: secretkey", "property: missing")
    message = user.sync()["msg"]
    assert message.startswith('application "external" is Synced, but its health is Degraded')
    assert f"ExternalSecret:{NAMESPACE}/minio-credentials" in message
    user.edit("minio-credentials.yaml", "property: missing", "property: secretkey")
    user.edit("minio-credentials.yaml", "secretKey: accesskey", "secretKey: user")
    result = user.sync()
    assert not result.get("failed"), result["msg"]
    assert user.live() == {"user": CREDENTIALS["accesskey"], "secretkey": CREDENTIALS["secretkey"]}

    # A value that changes in the store arrives by itself.
    user.edit("minio-credentials.yaml", "refreshInterval: 1m0s", "refreshInterval: 1s")
    assert not user.sync().get("failed")
    user.store(**{**CREDENTIALS, "secretkey": "another"})
    until(lambda: user.live()["secretkey"] == "another", 60, "the new value is live")

    user.edit("store.yaml", "serviceAccount: {name: external-secrets}", "serviceAccount: {name: nobody}")
    message = user.sync()["msg"]
    assert message.startswith('application "external"') and "SecretStore/platform" in message


def test_the_operator_itself_by_argocd(user: User) -> None:
    """From its chart, which its Go module holds, but for the definitions; the pods are simulated."""
    given = yaml.safe_load((EXAMPLES / "operator-app.yaml").read_text())["spec"]
    module = go_module(f"github.com/external-secrets/external-secrets@v{given['source']['targetRevision']}")
    chart = user.tree / "chart"
    shutil.copytree(module / "deploy/charts/external-secrets", chart, copy_function=shutil.copyfile)
    (chart / "Chart.lock").unlink()
    about = yaml.safe_load((chart / "Chart.yaml").read_text())
    (chart / "Chart.yaml").write_text(yaml.safe_dump({key: about[key] for key in about if key != "dependencies"}))
    user.git("add", "--all")
    user.git("commit", "--quiet", "--message", "The chart")
    user.git("push", "--quiet", user.box.repo_url, "HEAD:chart")
    release = given["source"]["helm"]["releaseName"]
    try:
        result = user.argocd_app(
            name="operator",
            state="synced",
            source={
                "repo_url": user.box.repo_url,
                "target_revision": "chart",
                "path": "chart",
                "helm": {"release_name": release},
            },
            destination=given["destination"],
            sync_policy={"sync_options": given["syncPolicy"]["syncOptions"]},
            finalizers=["resources-finalizer.argocd.argoproj.io"],
        )
        assert not result.get("failed"), result["msg"]
        deployments = user.objects(f"apis/apps/v1/namespaces/{given['destination']['namespace']}/deployments")
        assert set(deployments) == {release, f"{release}-cert-controller", f"{release}-webhook"}
    finally:
        # Its webhook would refuse stores, as no pod answers.
        assert not user.argocd_app(name="operator", state="absent").get("failed")
