# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argo CD by the role argocd, from upstream's manifests, as pods of the real node of a sandbox. In this order."""

from __future__ import annotations

import hashlib
import hmac
import html
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Browser
from git_http import git_http
from gitops import APPLICATIONS, GitOps, Run, until
from real import CACHE, Real
from sandbox import ROOT
from slack import Slack, slack

BEFORE = "v3.5.7"  # the last of the minor version before
MODULE = "github.com/argoproj/argo-cd/v3"
SECRETS = ("a-first-password", "another-password", "what-the-webhook-says", "xoxb-of-the-bot", "what-ada-knows")
PLACED: dict[str, Any] = {
    "argocd_node_selector": {"ai-how.cloud/real-node": "true"},
    "argocd_tolerations": [{"key": "ai-how.cloud/real-node", "operator": "Exists"}],
    "argocd_image_pull_policy": "IfNotPresent",
}
# More than one of a kind; users log in by Dex; and Git is looked at only when a webhook or somebody says so
WANTED: dict[str, Any] = {
    "argocd_workloads": {"application-controller": {"replicas": 2}, "server": {"replicas": 2}},
    "argocd_reconciliation_timeout": "0s",
    "argocd_secret": {
        "dex.ada.password": SECRETS[4],
        "webhook.github.secret": SECRETS[2],
        "webhook.gitlab.secret": SECRETS[2],
    },
    "argocd_rbac": {
        "scopes": "[email]",
        "policy.csv": "p, role:reader, applications, get, */*, allow\ng, kilgore@kilgore.trout, role:reader\n",
    },
}
# There is no controller of Sealed Secrets, so their passwords are generated.
WITHOUT_SEALED = APPLICATIONS - {"credentials"}
DEX = """
connectors:
- type: mockPassword
  id: staff
  name: Staff
  config: {username: ada, password: $dex.ada.password}
"""
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
            "argocd_wait_timeout": 300,
            **PLACED,
            **settings,
        }
        file = self.tree.with_name("argocd.json")
        file.write_text(json.dumps(given))
        return self._ansible("playbook", "ai_how.cloud.runtime", "--tags", "argocd", "-e", f"@{file}", *options)

    def upgrade(self, *options: str, **settings: Any) -> Run:
        """With all that is wanted; Dex is told the address under which users find it."""
        config = {"url": self.url, "dex.config": DEX}
        return self.install(*options, **{"argocd_config": config, **WANTED, **settings})

    def pods(self, namespace: str = "argocd") -> dict[str, str]:
        """The pods that are not being deleted, and what each is called."""
        return {
            pod["metadata"]["uid"]: name
            for name, pod in self.objects(f"api/v1/namespaces/{namespace}/pods").items()
            if "deletionTimestamp" not in pod["metadata"]
        }

    def containers(self, namespace: str) -> dict[str, list[int]]:
        """How often each container of the pods was started anew, by the pod's uid."""
        pods = self.objects(f"api/v1/namespaces/{namespace}/pods").values()
        return {
            pod["metadata"]["uid"]: [status["restartCount"] for status in pod["status"]["containerStatuses"]]
            for pod in pods
        }

    @property
    def url(self) -> str:
        return f"https://{self.box.address('argocd', 'argocd-server')}"

    def logs_in(self, password: str) -> bool:
        try:
            answer = Browser().post(f"{self.url}/api/v1/session", {"username": "admin", "password": password})
        except urllib.error.HTTPError as error:
            assert error.code == 401, error.read()
            return False
        return "token" in json.loads(answer)

    def module(self, module: str, /, **options: Any) -> dict[str, Any]:
        given = {"kubeconfig": str(self.box.kubeconfig), **options}
        run = self._ansible("adhoc", "localhost", "-m", f"ai_how.cloud.{module}", "-a", json.dumps(given))
        assert run.returncode == 0, run.output
        result: dict[str, Any] = json.loads(run.output[run.output.index("=> {") + 3 :])
        return result

    def application(self, repo_url: str, **options: Any) -> None:
        """Declare an application and wait until it is Synced and Healthy."""
        given = {
            "name": "web",
            "state": "synced",
            "finalizers": ["resources-finalizer.argocd.argoproj.io"],
            "source": {"repo_url": repo_url, "path": ".", "target_revision": "main"},
            "destination": {"namespace": "web"},
            "sync_policy": {"automated": {}, "sync_options": ["CreateNamespace=true"]},
            "wait_timeout": 120,
        }
        self.module("argocd_app", **{**given, **options})


@pytest.fixture(scope="module")
def box(before: dict[str, set[str]]) -> Iterator[Real]:
    box = Real(f"argocd-{os.getpid()}")
    box.build_images("argocd", "redis", "pause", "postgresql", "minio", "mlflow")
    make = [sys.executable, ROOT / "tests/images/dex/make.py", "--folder", box.images]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
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
def repositories(user: User, address: str) -> Iterator[str]:
    """The URL below which pods find the sandbox's Git repositories."""
    with git_http(address, user.box.directory / "git") as url:
        yield url


@pytest.fixture(scope="module")
def web(user: User, repositories: str, tmp_path_factory: pytest.TempPathFactory) -> GitOps:
    """A repository beside that of the sandbox, with one application in it."""
    repository = user.box.directory / "git" / "web.git"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", repository], check=True)
    web = GitOps(user.box, tmp_path_factory.mktemp("web") / "web")
    web.tree.mkdir()
    (web.tree / "web.yaml").write_text(DEPLOYMENT)
    web.git("init", "--quiet", "--initial-branch=main")
    web.git("remote", "add", "origin", str(repository))
    web.push("An application")
    return web


@pytest.fixture(scope="module")
def repo_url(web: GitOps, repositories: str) -> str:
    return f"{repositories}/web.git"


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
        argocd_without=["dex-server"],
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


def test_gitops_apps_deploys_through_it(user: User, repositories: str) -> None:
    component = {"main": ["k8s-manifests/components/real-node"]}
    url = f"{repositories}/gitops.git"
    user.init(gitops_init_repo_url=url, gitops_init_remote_url=user.box.repo_url, gitops_init_components=component)
    run = user.runtime(gitops_apps_repo_url=url, gitops_apps_sealed_secrets=False, gitops_apps_wait_timeout=300)
    assert run.returncode == 0, run.output
    assert set(run.table) == WITHOUT_SEALED
    assert {(row[0], row[1]) for row in run.table.values()} == {("Synced", "Healthy")}
    pods = user.objects("api/v1/namespaces/mlops/pods").values()
    assert {pod["spec"]["nodeName"] for pod in pods} == {"sandbox-real-0"}


def test_upgrade_leaves_applications_alone(user: User, repo_url: str) -> None:
    before = {namespace: user.containers(namespace) for namespace in ("web", "mlops")}
    uids = {name: application["metadata"]["uid"] for name, application in user.applications().items()}
    run = user.upgrade()
    assert run.returncode == 0, run.output
    assert f"Upgrade from {BEFORE} to v3.6.1, with upstream's notes at https://argo-cd.readthedocs.io/" in run.output
    images = {
        container["image"]
        for pod in user.objects("api/v1/namespaces/argocd/pods").values()
        for container in pod["spec"]["containers"]
        if "deletionTimestamp" not in pod["metadata"]
    }
    assert images == {
        "quay.io/argoproj/argocd:v3.6.1",
        "public.ecr.aws/docker/library/redis:8.10.1-alpine",
        "ghcr.io/dexidp/dex:v2.46.0",
    }
    user.application(repo_url)
    assert {namespace: user.containers(namespace) for namespace in ("web", "mlops")} == before
    assert {name: application["metadata"]["uid"] for name, application in user.applications().items()} == uids
    assert user.logs_in(SECRETS[0])


def test_an_older_minor_version_is_refused(user: User) -> None:
    (message,) = user.install(version=BEFORE).failures
    assert f"v3.6.1 is installed, and {BEFORE} is of an older minor version" in message
    assert message.endswith("Nothing was written.")


def test_second_run_changes_nothing(user: User) -> None:
    before = user.pods()
    run = user.upgrade("--check")
    assert (run.returncode, run.changed) == (0, 0), run.output
    run = user.upgrade()
    assert (run.returncode, run.changed) == (0, 0), run.output
    assert user.pods() == before


def test_who_logs_in_by_dex_may_do_what_the_policy_says(user: User) -> None:
    browser = logged_in(user, SECRETS[4])
    listed = json.loads(browser.get(f"{user.url}/api/v1/applications"))
    assert {"web", *WITHOUT_SEALED} == {item["metadata"]["name"] for item in listed["items"]}
    with pytest.raises(urllib.error.HTTPError, match="403"):
        browser.post(f"{user.url}/api/v1/applications/web/sync", {})


def logged_in(user: User, password: str) -> Browser:
    """By the only connector of a Dex."""
    browser = Browser()
    page = browser.get(login(user))
    (action,) = re.findall(r'<form method="post" action="([^"]+)"', page)
    form = urllib.parse.urljoin(browser.address, html.unescape(action))
    with pytest.raises(urllib.error.HTTPError, match="401"):
        browser.send_form(form, login="ada", password="a guess")
    with pytest.raises(urllib.error.HTTPError, match="404"):  # the module of Argo CD comes without its pages
        browser.send_form(form, login="ada", password=password)
    who = json.loads(browser.get(f"{user.url}/api/v1/session/userinfo"))
    assert (who["loggedIn"], who["username"]) == (True, "kilgore@kilgore.trout")
    return browser


def login(user: User) -> str:
    return f"{user.url}/auth/login?return_url={urllib.parse.quote(f'{user.url}/applications', safe='')}"


def test_a_push_is_live_within_seconds_by_a_webhook(user: User, web: GitOps, repo_url: str, tmp_path: Path) -> None:
    """By the hook for a bare repository; nothing else looks at Git, so without it nothing happens."""
    repository = user.box.directory / "git" / "web.git"
    pushed(web, 2)
    assert not is_live(user, web)
    secret = tmp_path / "secret"
    secret.write_text("a guess")
    settings = {"webhook": f"{user.url}/api/webhook", "repository": repo_url.removesuffix(".git"), "secretFile": secret}
    for name, value in settings.items():
        subprocess.run(["git", "-C", repository, "config", f"argocd.{name}", str(value)], check=True)
    hook = repository / "hooks" / "post-receive"
    hook.parent.mkdir(exist_ok=True)
    shutil.copy(ROOT / "roles/argocd/files/post-receive", hook)
    hook.chmod(0o755)
    # its certificate is its own
    (tmp_path / ".curlrc").write_text("insecure\n")
    assert "Argo CD was not told of refs/heads/main" in pushed(web, 3, CURL_HOME=str(tmp_path))
    assert not is_live(user, web)
    secret.write_text(SECRETS[2])
    assert "Argo CD was not told" not in pushed(web, 2, CURL_HOME=str(tmp_path))
    until(lambda: is_live(user, web), 20, "what was pushed is live")
    hook.unlink()


def pushed(web: GitOps, replicas: int, **environ: str) -> str:
    """Push an edit; what the hook said."""
    file = web.tree / "web.yaml"
    wanted = f"spec:\n  replicas: {replicas}\n  selector"
    file.write_text(re.sub(r"spec:\n(  replicas: .*\n)?  selector", wanted, file.read_text()))
    web.git("commit", "--quiet", "--all", "--message", f"{replicas} replicas")
    push = ["git", "-C", str(web.tree), "push", "--quiet", "origin", "main"]
    return subprocess.run(push, check=True, capture_output=True, text=True, env={**os.environ, **environ}).stderr


def is_live(user: User, web: GitOps) -> bool:
    return bool(user.applications()["web"]["status"]["sync"]["revision"] == web.git("rev-parse", "HEAD"))


def test_a_webhook_as_github_sends_it(user: User, web: GitOps, repo_url: str) -> None:
    pushed(web, 1)
    commit = web.git("rev-parse", "HEAD")
    repository = {"html_url": repo_url.removesuffix(".git"), "default_branch": "main"}
    event = {"ref": "refs/heads/main", "after": commit, "repository": repository}
    signature = hmac.new(SECRETS[2].encode(), json.dumps(event).encode(), hashlib.sha256).hexdigest()
    headers = {"X-GitHub-Event": "push", "X-Hub-Signature-256": f"sha256={signature}"}
    with pytest.raises(urllib.error.HTTPError, match="400"):
        Browser().post(f"{user.url}/api/webhook", {**event, "after": "another"}, **headers)
    Browser().post(f"{user.url}/api/webhook", event, **headers)
    until(lambda: is_live(user, web), 20, "what was pushed is live")


def test_changed_settings_restart_what_reads_them_and_a_password_is_rotated(user: User, chat: Slack) -> None:
    before = user.pods()
    run = user.upgrade(
        "-vvvv",
        "--diff",
        argocd_secret={"webhook.gitlab.secret": SECRETS[2]},
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


def test_the_api_server_takes_the_manifests_for_high_availability(user: User) -> None:
    """They want three nodes that are real, so here they are tried by the API server only, each object as a dry run."""
    run = user.install("--check", argocd_variant="ha")
    assert run.returncode == 0, run.output
    assert run.changed > 0


def test_core_takes_the_place_of_it(user: User, web: GitOps, repo_url: str) -> None:
    before = user.containers("mlops")
    run = user.install(argocd_variant="core", argocd_rbac={"policy.default": "role:readonly"})
    assert run.returncode == 0, run.output
    names = {name.rsplit("-", 1)[0] for name in user.objects("apis/apps/v1/namespaces/argocd/replicasets")}
    assert names == {"argocd-applicationset-controller", "argocd-redis", "argocd-repo-server"}
    pushed(web, 2)
    user.application(repo_url)
    assert is_live(user, web)
    assert user.containers("mlops") == before


def test_what_is_not_ready_is_told(user: User) -> None:
    run = user.install(argocd_images={"quay.io": "127.0.0.1:1/quay"}, argocd_variant="core", argocd_wait_timeout=60)
    (message,) = run.failures
    assert "deployment/argocd-repo-server is not ready" in message
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


def test_in_a_namespace_it_needs_no_cluster_wide_rights(user: User, repo_url: str) -> None:
    """An administrator has made the definitions and the namespaces, with the rights in them."""
    (message,) = user.install(argocd_variant="namespace", argocd_namespace="team").failures
    assert message.startswith("The cluster does not know Applications")
    user.box.kubectl("apply", "--server-side", "-k", str(upstream("v3.6.1") / "crds"))
    metadata = {"name": "deployer", "namespace": "team-web"}
    user.box.apply(
        *({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in ("team", "team-web")),
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": metadata,
            "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "deployer"},
            "subjects": [{"kind": "ServiceAccount", **metadata}],
        },
    )
    run = user.install(argocd_variant="namespace", argocd_namespace="team", argocd_without=["dex-server"])
    assert run.returncode == 0, run.output
    authority = user.box.kubectl(
        "get", "configmap", "kube-root-ca.crt", "-n", "team", "-o", r"jsonpath={.data.ca\.crt}"
    )
    user.module(
        "argocd_cluster",
        namespace="team",
        name="here",
        server="https://kubernetes.default.svc",
        config={
            "bearer_token": user.box.kubectl("create", "token", "deployer", "-n", "team-web").strip(),
            "tls_client_config": {"ca_data": authority},
        },
        namespaces=["team-web"],
    )
    user.application(
        repo_url, namespace="team", destination={"name": "here", "namespace": "team-web"}, sync_policy={"automated": {}}
    )
    assert user.pods("team-web")
    asked = [
        "auth",
        "can-i",
        "list",
        "pods",
        "-n",
        "web",
        "--as=system:serviceaccount:team:argocd-application-controller",
    ]
    assert user.box.kubectl(*asked, check=False).strip() == "no"
    assert not [name for name in user.objects("apis/rbac.authorization.k8s.io/v1/clusterroles") if "argo" in name]
