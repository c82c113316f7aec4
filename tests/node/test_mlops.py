# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The applications really run: what is logged is kept, whatever is pushed, killed or rotated. In this order."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from gitops import GitOps, until
from real import Real, kill, machine
from runs import parents_of_processes
from sandbox import ROOT
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions
from selenium.webdriver.support.ui import WebDriverWait

COMPONENT = "k8s-manifests/components/real-node"
ENVIRONMENTS = {"main": "mlops", "dev": "mlops-dev", "prod": "mlops-prod"}
T = TypeVar("T")


class User(GitOps):
    """One user with a sandbox that has a real node."""

    box: Real

    def check(self, run: str, namespace: str = "mlops") -> bool:
        """Whether the run had to be logged; either way it was read back from MLflow, PostgreSQL and MinIO."""
        settings = {
            "mlflow_check_kubeconfig": str(self.box.kubeconfig),
            "mlflow_check_namespace": namespace,
            "mlflow_check_run": run,
        }
        done = self.playbook("ai_how.cloud.mlflow_check", settings)
        assert done.returncode == 0, done.output
        assert f"run {run} (" in done.output
        return done.changed == 1

    def deploy(self, **settings: Any) -> None:
        run = self.runtime(**settings)
        assert run.returncode == 0, run.output
        assert {(row[0], row[1]) for row in run.table.values()} == {("Synced", "Healthy")}

    def pods(self, namespace: str = "mlops") -> dict[str, Any]:
        return self.objects(f"api/v1/namespaces/{namespace}/pods")


@pytest.fixture(scope="module")
def box(before: dict[str, set[str]]) -> Iterator[Real]:
    box = Real(f"mlops-{os.getpid()}")
    box.build_images()
    make = [sys.executable, ROOT / "tests/images/sealed-secrets/make.py", "--only", "--folder", box.images]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
    with box.up(sandbox_sealed_secrets="true"):
        yield box


@pytest.fixture(scope="module")
def user(box: Real, tmp_path_factory: pytest.TempPathFactory) -> User:
    user = User(box, tmp_path_factory.mktemp("user") / "gitops")
    user.init(gitops_init_components={name: [COMPONENT] for name in ENVIRONMENTS})
    sealed = user.seal()
    assert sealed.returncode == 0, sealed.output
    user.deploy()
    assert user.check("first")
    return user


def test_second_run_changes_nothing(user: User) -> None:
    for options in ([], ["--check", "--diff"]):
        assert user.runtime(*options).changed == 0
    assert not user.check("first")


def test_the_pods_run_on_the_real_node(user: User) -> None:
    pods = user.pods()
    assert {name.split("-")[0] for name in pods} == {"minio", "mlflow", "postgresql"}
    (controller,) = user.pods("kube-system").items()
    for name, pod in [controller, *pods.items()]:
        assert pod["spec"]["nodeName"] == "sandbox-real-0", name
        assert pod["status"]["containerStatuses"][0]["containerID"].startswith("containerd://"), name


def test_restricted_pod_security_is_enforced(user: User) -> None:
    container = {"name": "root", "image": "example.org/root:1", "securityContext": {"runAsUser": 0}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "root"}, "spec": {"containers": [container]}}
    said = user.box.kubectl("create", "-n", "mlops", "-f", "-", text=json.dumps(pod), check=False)
    assert 'violates PodSecurity "restricted:latest"' in said


def test_claims_grow(user: User) -> None:
    def grow(claim: Any) -> None:
        claim["spec"]["resources"]["requests"]["storage"] = "200Gi"

    user.push_edit("base/mlops/minio/pvc.yaml", grow)
    user.deploy()
    until(lambda: user.claims()["minio-storage"]["status"]["capacity"]["storage"] == "200Gi", 20, "the claim has grown")
    volume = user.objects("api/v1/persistentvolumes")[user.claims()["minio-storage"]["spec"]["volumeName"]]
    assert volume["spec"]["capacity"]["storage"] == "200Gi"
    assert not user.check("first")


def test_a_pushed_memory_limit_is_live_and_the_data_is_kept(user: User) -> None:
    def limit(deployment: Any) -> None:
        deployment["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"] = "1536Mi"

    user.push_edit("base/mlops/minio/deployment.yaml", limit)
    user.deploy()
    (pid,) = user.box.in_pods("minio")
    group = next(
        line for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines() if ":memory:" in line or "::" in line
    )
    assert memory_limit(group) == 1536 << 20
    assert not user.check("first")


def memory_limit(group: str) -> int:
    """What the kernel holds the cgroup to, in bytes, from a line of /proc/<pid>/cgroup."""
    _number, controllers, path = group.split(":", 2)
    folder = Path("/sys/fs/cgroup", controllers, path.lstrip("/"))
    return int((folder / ("memory.limit_in_bytes" if controllers else "memory.max")).read_text())


def test_drift_by_hand_is_healed(user: User) -> None:
    user.box.kubectl("set", "env", "deployment/minio", "-n", "mlops", "MINIO_UPDATE=on")

    def healed() -> bool:
        container = user.objects("apis/apps/v1/namespaces/mlops/deployments")["minio"]["spec"]["template"]["spec"][
            "containers"
        ][0]
        return {"name": "MINIO_UPDATE", "value": "off"} in container["env"]

    until(healed, 30, "what Git says is back")
    user.deploy()
    assert not user.check("first")


@pytest.mark.parametrize("application", ["minio", "postgresql"])
def test_an_image_that_cannot_be_pulled_is_told_and_reverted(user: User, application: str) -> None:
    def break_tag(kustomization: Any) -> None:
        kustomization["images"][0]["newTag"] = "no-such-tag"

    user.push_edit(f"base/mlops/{application}/kustomization.yaml", break_tag)
    run = user.runtime()
    (message,) = run.failures
    assert f"cannot start: container {application}: ErrImagePull: " in message
    assert "no-such-tag" in message
    user.git("revert", "--no-edit", "HEAD")
    user.git("push", "--quiet", "origin", "main")
    user.deploy()
    assert not user.check("first")


# Clients over the network that read a password, and how they are told that it is wrong
CLIENTS = {
    "postgresql-credentials/password": (
        "import sys, psycopg2; psycopg2.connect('', password=sys.stdin.read()).close()",
        "password authentication failed",
    ),
    "minio-credentials/secretkey": (
        "import os, sys, boto3; boto3.client('s3', endpoint_url=os.environ['MLFLOW_S3_ENDPOINT_URL'],"
        " aws_access_key_id=os.environ['AWS_ACCESS_KEY_ID'], aws_secret_access_key=sys.stdin.read()).list_buckets()",
        "SignatureDoesNotMatch",
    ),
}


def test_rotated_passwords_are_picked_up(user: User) -> None:
    old = user.credentials()
    run = user.rotate("-vvvv", "--diff")
    assert run.returncode == 0, run.output
    assert {cells[1] for cells in run.table.values()} == {"Healthy"}
    new = user.credentials()
    seen = run.output + user.box.kubectl("logs", "-n", "mlops", "postgresql-0")
    (pod,) = (
        name
        for name, pod in user.pods().items()
        if name.startswith("mlflow-") and "deletionTimestamp" not in pod["metadata"]
    )
    for name, (code, refusal) in CLIENTS.items():
        execute = ["exec", "--stdin", "-n", "mlops", pod, "--container=mlflow", "--", "python3", "-c", code]
        assert user.box.kubectl(*execute, text=new[name]) == ""
        assert refusal in user.box.kubectl(*execute, text=old[name], check=False)
        assert old[name] not in seen and new[name] not in seen
    assert not user.check("first")
    assert user.rotate(gitops_apps_rotate="").changed == 0


class Mlflow:
    """A client outside the cluster, which asks each thing until it is answered."""

    def __init__(self, user: User) -> None:
        self._url = f"http://{user.box.address('mlops', 'mlflow')}:5000/api/2.0"
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            answer = self._once("POST", "mlflow/experiments/create", {"name": "kills"})
        except OSError:
            answer = self._once("GET", "mlflow/experiments/get-by-name?experiment_name=kills")["experiment"]
        self.experiment = str(answer["experiment_id"])

    def start(self) -> str:
        body = {"experiment_id": self.experiment, "run_name": "killed", "start_time": int(time.time() * 1000)}
        return str(self._ask("POST", "mlflow/runs/create", body)["run"]["info"]["run_id"])

    def metric(self, run: str, step: int) -> None:
        body = {"run_id": run, "key": "loss", "value": 1 / step, "timestamp": int(time.time() * 1000), "step": step}
        self._ask("POST", "mlflow/runs/log-metric", body)

    def finish(self, run: str) -> None:
        self._ask("PUT", self._artifact(run), {"of": run})
        self._ask(
            "POST", "mlflow/runs/update", {"run_id": run, "status": "FINISHED", "end_time": int(time.time() * 1000)}
        )

    def read(self, run: str) -> tuple[str, set[int], str]:
        """Status, steps of the metric, and what the artifact holds."""
        status = self._ask("GET", f"mlflow/runs/get?run_id={run}")["run"]["info"]["status"]
        history = self._ask("GET", f"mlflow/metrics/get-history?run_id={run}&metric_key=loss")["metrics"]
        return status, {int(metric["step"]) for metric in history}, self._ask("GET", self._artifact(run))["of"]

    def find(self, experiment: str, name: str) -> list[dict[str, str]]:
        """What is known of the runs of that name."""
        number = self._ask("GET", f"mlflow/experiments/get-by-name?experiment_name={experiment}")["experiment"][
            "experiment_id"
        ]
        body = {"experiment_ids": [number], "filter": f"attributes.run_name = '{name}'"}
        return [run["info"] for run in self._ask("POST", "mlflow/runs/search", body).get("runs", [])]

    def _artifact(self, run: str) -> str:
        return f"mlflow-artifacts/artifacts/{self.experiment}/{run}/artifacts/notes.json"

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        deadline = time.monotonic() + 120
        while True:
            try:
                return self._once(method, path, body)
            except OSError as error:
                assert time.monotonic() < deadline, f"{method} {path}: {error}"
                time.sleep(0.5)

    def _once(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Host": "mlflow:5000"}
        request = urllib.request.Request(f"{self._url}/{path}", data, headers, method=method)
        with self._opener.open(request, timeout=10) as answer:
            return json.loads(answer.read() or "{}")


VICTIMS: dict[str, Callable[[Real], list[int]]] = {
    "kubelet": lambda box: box.programs("kubelet"),
    "containerd": lambda box: box.programs("containerd"),
    "kube-apiserver": lambda box: box.programs("kube-apiserver"),
    "postgres": lambda box: box.in_pods("postgres"),
    "minio": lambda box: box.in_pods("minio"),
    "mlflow": lambda box: box.in_pods("mlflow"),
}


@pytest.fixture(scope="module")
def client(user: User) -> Mlflow:
    return Mlflow(user)


@pytest.mark.parametrize("name", VICTIMS)
def test_killed_in_the_middle_of_a_run(user: User, client: Mlflow, name: str) -> None:
    before, during = client.start(), client.start()
    client.metric(before, 1)
    client.finish(before)
    client.metric(during, 1)
    victims = VICTIMS[name](user.box)
    assert victims
    kill(victims)
    client.metric(during, 2)
    client.finish(during)
    assert client.read(before) == ("FINISHED", {1}, before)
    assert client.read(during) == ("FINISHED", {1, 2}, during)
    until(lambda: bool(set(VICTIMS[name](user.box)) - set(victims)), 60, f"{name} came back")


def test_deleted_pods(user: User, client: Mlflow) -> None:
    run = client.start()
    client.metric(run, 1)
    user.box.kubectl("delete", "pods", "-n", "mlops", "--all", "--wait=false")
    client.metric(run, 2)
    client.finish(run)
    assert client.read(run) == ("FINISHED", {1, 2}, run)
    user.deploy()


def test_all_processes_killed(user: User, client: Mlflow) -> None:
    run = client.start()
    client.metric(run, 1)
    client.finish(run)
    kill(map(int, parents_of_processes(user.box)))
    done = user.box.present()
    assert done.returncode == 0, done.output
    assert client.read(run) == ("FINISHED", {1}, run)
    user.deploy()
    assert not user.check("first")


def test_environments_beside_each_other(user: User) -> None:
    def reserve_little(patch: Any) -> None:
        # One small machine has not got what production reserves
        patch["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"] = {"cpu": "50m", "memory": "64Mi"}

    for application in ("minio", "mlflow", "postgresql"):
        user.push_edit(f"overlays/prod/mlops/{application}/prod-patches.yaml", reserve_little)
    user.git("branch", "--force", "dev")
    user.git("push", "--quiet", "--force", "origin", "dev")
    user.init(gitops_init_environments=list(ENVIRONMENTS))
    assert user.seal(gitops_apps_environments=list(ENVIRONMENTS)).returncode == 0
    user.deploy(gitops_apps_environments=list(ENVIRONMENTS), gitops_apps_wait_timeout=240)
    for namespace in ("mlops-dev", "mlops-prod"):
        assert all(pod["spec"]["nodeName"] == "sandbox-real-0" for pod in user.pods(namespace).values())
        # Not there is what another environment has logged, and it is kept beside it
        assert user.check("first", namespace)
    assert not user.check("first")


@contextmanager
def forwarded(box: Real, service: str, port: int) -> Iterator[int]:
    """A port on loopback that leads to a service of the namespace mlops."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        local = server.getsockname()[1]
    words = ["port-forward", "-n", "mlops", f"service/{service}", f"{local}:{port}"]
    with subprocess.Popen([*box.kubectl_command, *words], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()  # "Forwarding from ..."
        yield local
        process.terminate()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    # The first for root; the others, since nothing but loopback may be reachable
    words = ["no-sandbox", "headless=new", "window-size=1600,1000", "disable-gpu", "disable-quic", "no-first-run"]
    words += ["disable-background-networking", "disable-component-update", "disable-sync", f"user-data-dir={tmp_path}"]
    for word in words:
        options.add_argument(f"--{word}")
    with webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver"))) as driver:
        yield driver


def test_the_run_is_seen_in_a_browser(user: User, browser: webdriver.Chrome) -> None:
    client = Mlflow(user)
    (run,) = client.find("ai-how-check", "first")
    with forwarded(user.box, "mlflow", 5000) as port:
        browser.get(f"http://localhost:{port}/#/experiments/{run['experiment_id']}/runs/{run['run_id']}")
        body = (By.TAG_NAME, "body")
        for text in ("first", "loss", "0.125"):
            WebDriverWait(browser, 60).until(expected_conditions.text_to_be_present_in_element(body, text))
        if folder := os.environ.get("AI_HOW_PICTURES"):  # how docs/mlflow.png was made
            assert browser.save_screenshot(f"{folder}/mlflow.png")


def test_the_console_of_minio_is_seen_in_a_browser(user: User, browser: webdriver.Chrome) -> None:
    with forwarded(user.box, "minio", 9001) as port:
        browser.get(f"http://localhost:{port}")
        WebDriverWait(browser, 60).until(expected_conditions.title_contains("MinIO"))


def test_absent_gives_everything_back(user: User, before: dict[str, set[str]]) -> None:
    own = user.box.group
    assert machine(own) != before
    user.box.become("absent")
    assert parents_of_processes(user.box) == {}
    assert not user.box.directory.exists()
    assert machine(own) == before
