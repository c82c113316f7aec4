# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argo CD by the role argocd, from upstream's manifests, as pods of the real node of a sandbox. In this order."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gitops import GitOps, Run, until
from real import CACHE, Real
from slack import Slack, slack

BEFORE = "v3.5.7"  # the last of the minor version before
MODULE = "github.com/argoproj/argo-cd/v3"
SECRETS = ("a-first-password", "another-password", "what-the-webhook-says", "xoxb-of-the-bot")
PLACED: dict[str, Any] = {
    "argocd_node_selector": {"ai-how.cloud/real-node": "true"},
    "argocd_tolerations": [{"key": "ai-how.cloud/real-node", "operator": "Exists"}],
    "argocd_image_pull_policy": "IfNotPresent",
    "argocd_without": ["dex-server"],  # no image of it can be made here
}
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      nodeSelector: {ai-how.cloud/real-node: "true"}
      tolerations: [{key: ai-how.cloud/real-node, operator: Exists}]
      containers: [{name: web, image: registry.k8s.io/pause:3.10.2}]
"""


def upstream(version: str) -> Path:
    """The manifests of a release, which the Go module holds as well."""
    go = max((CACHE / "tools" / "go").glob("*/go"), default=Path("go"))
    command = [go, "mod", "download", "-json", f"{MODULE}@{version}"]
    said = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, cwd="/").stdout
    return Path(json.loads(said)["Dir"]) / "manifests"


class User(GitOps):
    """One user who installs Argo CD into a sandbox."""

    box: Real

    def install(self, *options: str, version: str = "", **settings: Any) -> Run:
        given = {
            "argocd_kubeconfig": str(self.box.kubeconfig),
            "argocd_manifest": str(upstream(version) / "install.yaml") if version else "",
            "argocd_mirror": f"file://{self.tree.parent}/mirror",
            "argocd_cache_dir": str(self.tree.parent / "cache"),
            "argocd_wait_timeout": 120,
            **PLACED,
            **settings,
        }
        file = self.tree.with_name("argocd.json")
        file.write_text(json.dumps(given))
        return self._ansible("playbook", "ai_how.cloud.runtime", "--tags", "argocd", "-e", f"@{file}", *options)

    def pods(self, namespace: str = "argocd") -> dict[str, str]:
        """The pods that are not being deleted, and what each is called."""
        return {
            pod["metadata"]["uid"]: name
            for name, pod in self.objects(f"api/v1/namespaces/{namespace}/pods").items()
            if "deletionTimestamp" not in pod["metadata"]
        }

    def logs_in(self, password: str) -> bool:
        body = json.dumps({"username": "admin", "password": password}).encode()
        url = f"https://{self.box.address('argocd', 'argocd-server')}/api/v1/session"
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        # its certificate is its own
        handlers = (
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=ssl._create_unverified_context()),
        )
        try:
            with urllib.request.build_opener(*handlers).open(request, timeout=10) as answer:
                return "token" in json.loads(answer.read())
        except urllib.error.HTTPError as error:
            assert error.code == 401, error.read()
            return False

    def application(self, repo_url: str) -> None:
        """Declare an application and wait until it is Synced and Healthy."""
        options = {
            "name": "web",
            "state": "synced",
            "finalizers": ["resources-finalizer.argocd.argoproj.io"],
            "source": {"repo_url": repo_url, "path": ".", "target_revision": "main"},
            "destination": {"namespace": "web"},
            "sync_policy": {"automated": {}, "sync_options": ["CreateNamespace=true"]},
            "kubeconfig": str(self.box.kubeconfig),
            "wait_timeout": 60,
        }
        run = self._ansible("adhoc", "localhost", "-m", "ai_how.cloud.argocd_app", "-a", json.dumps(options))
        assert run.returncode == 0, run.output


@pytest.fixture(scope="module")
def box(before: dict[str, set[str]]) -> Iterator[Real]:
    box = Real(f"argocd-{os.getpid()}")
    box.build_images("argocd", "redis", "pause")
    with box.up(sandbox_argocd="false", sandbox_real_node="true"):
        yield box


@pytest.fixture(scope="module")
def user(box: Real, tmp_path_factory: pytest.TempPathFactory) -> User:
    user = User(box, tmp_path_factory.mktemp("user") / "gitops")
    mirror = user.tree.parent / "mirror" / "v3.6.1"
    mirror.mkdir(parents=True)
    (mirror / "manifests").symlink_to(upstream("v3.6.1"))
    return user


@pytest.fixture(scope="module")
def address(user: User) -> str:
    """The one of this machine's addresses that pods reach."""
    endpoints = json.loads(user.box.kubectl("get", "endpoints", "kubernetes", "-o", "json"))
    return str(endpoints["subsets"][0]["addresses"][0]["ip"])


@pytest.fixture(scope="module")
def chat(address: str) -> Iterator[Slack]:
    with slack(address) as server:
        yield server


@pytest.fixture(scope="module")
def repo_url(user: User, address: str) -> Iterator[str]:
    """The URL of the sandbox's Git repository for pods; an application is in it."""
    user.tree.mkdir()
    (user.tree / "web.yaml").write_text(DEPLOYMENT)
    user.git("init", "--quiet", "--initial-branch=main")
    user.git("remote", "add", "origin", user.box.repo_url)
    user.push("An application")
    base = user.box.directory / "git"
    with subprocess.Popen(
        ["git", "daemon", "--export-all", "--reuseaddr", f"--listen={address}", "--port=9418", f"--base-path={base}"]
    ) as daemon:
        yield f"git://{address}/gitops.git"
        daemon.terminate()


def test_check_before_anything_is_there(user: User) -> None:
    run = user.install("--check")
    assert run.returncode == 0, run.output
    assert "Would install Argo CD v3.6.1 in the new namespace argocd" in run.output
    assert run.changed == 1
    assert "argocd" not in user.objects("api/v1/namespaces")


def test_install_the_version_before(user: User) -> None:
    """With the program of the newer one, since no other can be made here: what is tested is the manifests."""
    run = user.install(
        version=BEFORE,
        argocd_images={f"quay.io/argoproj/argocd:{BEFORE}": "quay.io/argoproj/argocd:v3.6.1", **redis_of(BEFORE)},
        argocd_admin_password=SECRETS[0],
    )
    assert run.returncode == 0, run.output
    assert user.logs_in(SECRETS[0])


def redis_of(version: str) -> dict[str, str]:
    text = (upstream(version) / "install.yaml").read_text()
    (image,) = {line.split()[-1] for line in text.splitlines() if "image:" in line and "/redis:" in line}
    return {image: "public.ecr.aws/docker/library/redis:8.10.1-alpine"}


def test_how_to_reach_it_is_told_without_the_password(user: User) -> None:
    settings = {"argocd_kubeconfig": str(user.box.kubeconfig)}
    run = user.playbook("ai_how.cloud.argocd_access", settings)
    assert (run.returncode, run.changed) == (0, 0), run.output
    assert "port-forward service/argocd-server 8080:443, then https://localhost:8080" in run.output
    assert "with the password that was set" in run.output
    run = user.playbook(
        "ai_how.cloud.argocd_access", {"argocd_kubeconfig": str(user.box.kubeconfig), "argocd_namespace": "default"}
    )
    (message,) = run.failures
    assert message.startswith("There is no Service argocd-server in the namespace default")


def test_a_second_one_cluster_wide_is_refused(user: User) -> None:
    (message,) = user.install(argocd_namespace="second").failures
    assert message.startswith("An Argo CD is installed cluster-wide in the namespace argocd already.")
    assert "second" not in user.objects("api/v1/namespaces")


def test_an_application_is_synced_and_healthy(user: User, repo_url: str) -> None:
    user.application(repo_url)
    assert len(user.pods("web")) == 1


def test_upgrade_leaves_applications_alone(user: User, repo_url: str) -> None:
    before = user.pods("web")
    application = user.applications()["web"]["metadata"]["uid"]
    run = user.install(argocd_secret={"webhook.github.secret": SECRETS[2]})
    assert run.returncode == 0, run.output
    images = {
        container["image"]
        for pod in user.objects("api/v1/namespaces/argocd/pods").values()
        for container in pod["spec"]["containers"]
        if "deletionTimestamp" not in pod["metadata"]
    }
    assert images == {"quay.io/argoproj/argocd:v3.6.1", "public.ecr.aws/docker/library/redis:8.10.1-alpine"}
    user.application(repo_url)
    assert user.pods("web") == before
    assert user.applications()["web"]["metadata"]["uid"] == application
    assert user.logs_in(SECRETS[0])


def test_second_run_changes_nothing(user: User) -> None:
    before = user.pods()
    run = user.install("--check", argocd_secret={"webhook.github.secret": SECRETS[2]})
    assert (run.returncode, run.changed) == (0, 0), run.output
    run = user.install(argocd_secret={"webhook.github.secret": SECRETS[2]})
    assert (run.returncode, run.changed) == (0, 0), run.output
    assert user.pods() == before


def test_changed_settings_restart_what_reads_them_and_a_password_is_rotated(user: User, chat: Slack) -> None:
    before = user.pods()
    run = user.install(
        "-vvvv",
        "--diff",
        argocd_params={"notificationscontroller.log.level": "warn"},
        argocd_rbac={"policy.default": "role:readonly"},
        argocd_admin_password=SECRETS[1],
        argocd_alert_recipients=["slack:ops"],
        argocd_notifications={"service.slack": {"apiURL": chat.api_url, "token": "$slack-token"}},
        argocd_notifications_secret={"slack-token": SECRETS[3]},
    )
    assert run.returncode == 0, run.output
    assert not [secret for secret in SECRETS if secret in run.output]
    left = {name for uid, name in before.items() if uid not in user.pods()}
    assert [name.rsplit("-", 2)[0] for name in left] == ["argocd-notifications-controller"]
    until(lambda: user.logs_in(SECRETS[1]), 20, "the new password counts")
    assert not user.logs_in(SECRETS[0])
    config = user.objects("api/v1/namespaces/argocd/configmaps")
    assert config["argocd-rbac-cm"]["data"]["policy.default"] == "role:readonly"
    secret = user.objects("api/v1/namespaces/argocd/secrets")["argocd-secret"]["data"]
    assert "webhook.github.secret" not in secret and "admin.password" in secret


def test_a_failed_sync_and_an_application_that_cannot_be_compared_are_told_once(
    user: User, repo_url: str, chat: Slack
) -> None:
    options = {
        "applications": [
            {"name": "lost", "source": {"repo_url": repo_url, "path": "no-such-path", "target_revision": "main"}},
            {"name": "homeless", "source": {"repo_url": repo_url, "path": ".", "target_revision": "main"}},
        ],
        "kubeconfig": str(user.box.kubeconfig),
    }
    for application in options["applications"]:
        application["destination"] = {"namespace": "no-such-namespace"}
        application["sync_policy"] = {"automated": {}, "retry": {"limit": 0}}
    run = user._ansible("adhoc", "localhost", "-m", "ai_how.cloud.argocd_app", "-a", json.dumps(options))
    assert run.returncode == 0, run.output
    until(lambda: len(chat.messages) >= 2, 60, "two messages")
    assert {(token, channel) for token, channel, _text in chat.messages} == {(SECRETS[3], "ops")}
    texts = sorted(text for _token, _channel, text in chat.messages)
    assert texts[0].startswith("Argo CD cannot compare lost with its source: ") and "no-such-path" in texts[0]
    assert texts[1].startswith("The sync of homeless to ") and "no-such-namespace" in texts[1]
    assert not [text for text in texts if "<no value>" in text]
    assert len(texts) == 2


def test_without_the_operator_of_prometheus_nothing_is_written(user: User) -> None:
    run = user.install("--check", argocd_monitoring=True)
    (message,) = run.failures
    assert message.startswith("The cluster does not know PrometheusRules") and "Nothing was written" in message


def test_what_is_not_ready_is_told(user: User) -> None:
    run = user.install(argocd_images={"quay.io": "127.0.0.1:1/quay"}, argocd_wait_timeout=60)
    (message,) = run.failures
    assert "deployment/argocd-server is not ready" in message
    assert "ErrImagePull" in message and "127.0.0.1:1/quay/argoproj/argocd:v3.6.1" in message


def test_absent_leaves_no_object_behind_but_what_was_deployed(user: User) -> None:
    """Also of an installation that does not run."""
    before = user.pods("web")
    run = user.install(argocd_state="absent", argocd_applications="orphan")
    assert run.returncode == 0, run.output
    assert "argocd" not in user.objects("api/v1/namespaces")
    for path in (
        "apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        "apis/rbac.authorization.k8s.io/v1/clusterroles",
        "apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    ):
        assert not [name for name in user.objects(path) if "argo" in name]
    assert user.pods("web") == before
    run = user.install(argocd_state="absent")
    assert (run.returncode, run.changed) == (0, 0), run.output
