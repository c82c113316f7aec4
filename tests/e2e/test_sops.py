# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets that SOPS encrypted are decrypted by the plugin of Argo CD: by that of the sandbox, a process."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from gitops import GitOps, Run
from rendering import ROOT, go_module, tool, value_of_role
from sandbox import Sandbox

EXAMPLES = ROOT / "docs" / "examples" / "sops"
FOLDER = "k8s-manifests/base/mlops/minio"
FIRST, SECOND = "what-is-in-git", "what-comes-after"


class User(GitOps):
    """Someone whose application has a Secret in Git."""

    @property
    def file(self) -> Path:
        return self.tree / FOLDER / "credentials.enc.yaml"

    @property
    def keys(self) -> Path:
        return self.box.directory / "sops" / "keys.txt"

    def example(self, name: str, *options: str, **variables: Any) -> Run:
        given = {"tree": str(self.tree), "recipients": [recipient(self.keys)], **variables}
        file = self.tree.with_name("variables.json")
        file.write_text(json.dumps(given))
        return self._ansible("playbook", str(EXAMPLES / name), "-e", f"@{file}", *options)

    def sync(self) -> dict[str, Any]:
        """Push the tree and wait; the result of the module."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Change")
        self.git("push", "--quiet", self.box.repo_url, "HEAD:sops")
        options = {
            "name": "sops",
            "state": "synced",
            "revision": self.git("rev-parse", "HEAD"),
            "source": {
                "repo_url": self.box.repo_url,
                "target_revision": "sops",
                "path": FOLDER,
                "plugin": {"name": "sops"},
            },
            "destination": {"namespace": "sops"},
            "sync_policy": {"sync_options": ["CreateNamespace=true", "ServerSideApply=true"]},
            "finalizers": ["resources-finalizer.argocd.argoproj.io"],
        }
        return self.argocd_app(**options)

    def live(self) -> dict[str, str]:
        secret = self.objects("api/v1/namespaces/sops/secrets")["minio-credentials"]
        return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def recipient(keys: Path) -> str:
    """The public key, which may be known."""
    program = Path(tool("sops")).with_name("age-keygen")
    return subprocess.run([program, "-y", keys], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def user(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    user = User(sandbox, tmp_path / "gitops")
    (user.tree / FOLDER).mkdir(parents=True)
    user.git("init", "--quiet", "--initial-branch=sops")
    (user.tree / FOLDER / "kustomization.yaml").write_text("namespace: sops\nresources: [settings.yaml]\n")
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}}
    (user.tree / FOLDER / "settings.yaml").write_text(yaml.safe_dump(settings))
    monkeypatch.setenv("PATH", f"{Path(tool('sops')).parent}:{os.environ['PATH']}")
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(user.keys))
    return user


def test_from_the_example_to_the_cluster(user: User, watched: Callable[[], set[bytes]], tmp_path: Path) -> None:
    credentials = {"accesskey": "minio", "secretkey": FIRST}
    run = user.example("secret.yml", "-vvvv", "--diff", credentials=credentials)
    assert (run.returncode, run.changed) == (0, 1), run.output
    assert user.example("secret.yml", credentials=credentials).changed == 0
    encrypted = user.file.read_text()
    assert yaml.safe_load(encrypted)["metadata"] == {"name": "minio-credentials"}
    assert FIRST not in run.output + encrypted
    result = user.sync()
    assert not result.get("failed"), result["msg"]
    assert user.live() == credentials
    assert "settings" in user.objects("api/v1/namespaces/sops/configmaps")

    run = user.example("change.yml", "-vvvv", "--diff", secretkey=SECOND)
    assert (run.returncode, run.changed) == (0, 1), run.output
    assert not [value for value in (FIRST, SECOND) if value in run.output + user.file.read_text()]
    assert not user.sync().get("failed")
    assert user.live() == {**credentials, "secretkey": SECOND}
    private = user.keys.read_text().splitlines()[-1]
    assert private.startswith("AGE-SECRET-KEY-")
    logs = [path.read_bytes() for path in (user.box.directory / "logs").iterdir()]
    for text in (private, FIRST, SECOND):
        assert not [found for found in (*logs, *watched()) if text.encode() in found]

    # By hand: what an editor leaves is encrypted again.
    editor = f"sed -i s/{SECOND}/{FIRST}/"
    subprocess.run(["sops", "edit", user.file], check=True, env={**os.environ, "EDITOR": editor})
    assert not user.sync().get("failed")
    assert user.live() == credentials

    # What Argo CD cannot decrypt is one sentence, and nothing is pruned.
    other = tmp_path / "other"
    subprocess.run([Path(tool("sops")).with_name("age-keygen"), "-o", other], check=True, stderr=subprocess.DEVNULL)
    user.file.unlink()
    assert user.example("secret.yml", recipients=[recipient(other)], credentials=credentials).changed == 1
    message = user.sync()["msg"]
    assert f"credentials.enc.yaml is encrypted for {recipient(other)}, and Argo CD has the key of none" in message
    user.file.write_text(encrypted.replace("name: minio-credentials", "name: renamed"))
    assert "credentials.enc.yaml was changed after SOPS encrypted it" in user.sync()["msg"]
    user.file.write_text("kind: Secret\n")
    assert "credentials.enc.yaml cannot be decrypted: sops metadata not found" in user.sync()["msg"]
    assert user.live() == credentials

    # A folder without Kustomize, and a mistake that Kustomize finds
    user.file.write_text(encrypted)
    (user.tree / FOLDER / "kustomization.yaml").unlink()
    result = user.sync()
    assert not result.get("failed"), result["msg"]
    assert "settings" in user.objects("api/v1/namespaces/sops/configmaps")
    (user.tree / FOLDER / "kustomization.yaml").write_text("resources: [missing.yaml]\n")
    assert "missing.yaml" in user.sync()["msg"]
    assert not user.argocd_app(name="sops", state="absent").get("failed")


def test_the_role_installs_the_same_plugin(user: User, tmp_path: Path) -> None:
    """Each object as a dry run; the pods of the sandbox do not run."""
    settings = {
        "argocd_manifest": str(go_module("github.com/argoproj/argo-cd/v3@v3.6.1") / "manifests" / "install.yaml"),
        "argocd_sops": True,
        "argocd_sops_age_keys": user.keys.read_text(),
        "argocd_images": {"ghcr.io": "registry.example.org/ghcr"},
        "argocd_kubeconfig": "",
    }
    parts = value_of_role("argocd", "argocd__transformed", tmp_path, **settings)
    assert not [text for text in [json.dumps(parts)] if "AGE-SECRET-KEY" in text]
    wanted = {
        (item["kind"], item["metadata"]["name"]): item
        for item in parts["secrets"] + parts["objects"]
        if item["metadata"]["name"] in ("argocd-sops", "argocd-repo-server")
        and item["kind"] in ("ConfigMap", "Deployment", "Secret")
    }
    assert len(wanted) == 3
    pod = wanted["Deployment", "argocd-repo-server"]["spec"]["template"]["spec"]
    images = {container["name"]: container["image"] for container in pod["initContainers"] + pod["containers"]}
    assert images["sops"] == images["argocd-repo-server"]
    assert images["sops-program"] == "registry.example.org/ghcr/getsops/sops:v3.13.3-alpine"
    names = {volume["name"] for volume in pod["volumes"]}
    for container in pod["initContainers"] + pod["containers"]:
        assert {mount["name"] for mount in container["volumeMounts"]} <= names
    apply = [tool("kubectl"), f"--kubeconfig={user.box.kubeconfig}", "apply", "--server-side", "--dry-run=server"]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(wanted.values())})
    done = subprocess.run([*apply, "--filename=-"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.count("serverside-applied (server dry run)")) == (0, 3), done.stderr
