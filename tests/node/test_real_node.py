# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The real node: pods on it really run, it comes back with its data, and nothing of it is left in the end."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from oci import Image
from real import Real, kill, machine
from runs import parents_of_processes

PAUSE = "registry.k8s.io/pause:3.10.2"
SLEEP = Path("/bin/sleep")
STORE = """
import http.server, pathlib
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = pathlib.Path("/data/kept")
        if self.path != "/":
            path.write_text(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(path.read_bytes() if path.exists() else b"")
http.server.HTTPServer(("", 8080), Handler).serve_forever()
"""
PLACED = {
    "nodeSelector": {"ai-how.cloud/real-node": "true"},
    "tolerations": [{"key": "ai-how.cloud/real-node", "operator": "Exists"}],
}
RESTRICTED = {
    "runAsUser": 1000,
    "runAsNonRoot": True,
    "allowPrivilegeEscalation": False,
    "seccompProfile": {"type": "RuntimeDefault"},
    "capabilities": {"drop": ["ALL"]},
}
# The machine's own Python, so that no image of one is needed
FOLDERS = [folder for folder in ("/usr", "/bin", "/lib", "/lib64") if Path(folder).exists()]


def ask(box: Real, path: str) -> str:
    address = box.address("default", "store")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    # After a reboot pods are said to be ready until the kubelet has looked at them
    deadline = time.monotonic() + 60
    while True:
        try:
            with opener.open(f"http://{address}{path}", timeout=2) as answer:
                return str(answer.read().decode())
        except OSError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.2)


@pytest.fixture(scope="module")
def real(before: dict[str, set[str]]) -> Iterator[Real]:
    box = Real(f"real-{os.getpid()}")
    box.images.mkdir(parents=True)
    Image(SLEEP, "1000000").write(box.images / "pause.tar", PAUSE)
    with box.up():
        yield box


@pytest.fixture(scope="module")
def store(real: Real) -> Real:
    """A Service that keeps in a volume what it is told."""
    mounts = [{"name": path.strip("/"), "mountPath": path, "readOnly": True} for path in FOLDERS]
    volumes = [{"name": path.strip("/"), "hostPath": {"path": path}} for path in FOLDERS]
    pod = {
        **PLACED,
        "containers": [
            {
                "name": "store",
                "image": PAUSE,
                "command": ["/usr/bin/python3", "-c", STORE],
                "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
                "securityContext": RESTRICTED,
                "volumeMounts": [*mounts, {"name": "data", "mountPath": "/data"}],
            }
        ],
        "volumes": [*volumes, {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
    }
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "local-path",
        "resources": {"requests": {"storage": "1Gi"}},
    }
    labels = {"app": "store"}
    real.apply(
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": claim},
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "store"},
            "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "store"},
            "spec": {"selector": labels, "ports": [{"port": 80, "targetPort": 8080}]},
        },
    )
    real.kubectl("rollout", "status", "deployment/store", "--timeout=90s")
    return real


def test_second_run_changes_nothing(real: Real) -> None:
    for options in (["--diff"], ["--check", "--diff"]):
        run = real.present(*options)
        assert (run.returncode, run.changed) == (0, 0), run.output


def test_nothing_listens_on_the_addresses_of_this_machine(real: Real) -> None:
    marked = set(parents_of_processes(real))
    listening = subprocess.run(["ss", "-Hltnp"], check=True, text=True, stdout=subprocess.PIPE).stdout.splitlines()
    ours = [line.split()[3] for line in listening if any(f"pid={pid}," in line for pid in marked)]
    assert ours
    # Argo CD's application controller has no option for it
    assert [place for place in ours if place.rpartition(":")[0] in ("0.0.0.0", "*", "[::]")][1:] == []


def test_a_pod_serves_and_keeps(store: Real) -> None:
    ask(store, "/first")
    assert ask(store, "/") == "/first"


def test_a_pod_finds_services_by_name(store: Real) -> None:
    code = "import urllib.request as r; print(r.urlopen('http://store.default.svc.cluster.local').status)"
    assert store.kubectl("exec", "deployment/store", "--", "/usr/bin/python3", "-c", code) == "200\n"


def test_a_pod_reaches_the_api_server(store: Real) -> None:
    code = (
        "import ssl, urllib.request as r; d = '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt';"
        " print(r.urlopen('https://kubernetes.default/version', context=ssl.create_default_context(cafile=d)).status)"
    )
    assert store.kubectl("exec", "deployment/store", "--", "/usr/bin/python3", "-c", code) == "200\n"


def test_an_image_is_pulled_from_a_mirror(real: Real) -> None:
    with Image(SLEEP, "1000001").registry() as url:
        run = real.present("-e", json.dumps({"sandbox_registry_mirrors": {"mirrored.example": [url]}}))
        assert run.returncode == 0, run.output
        container = {"name": "pulled", "image": "mirrored.example/some/sleep:1", "securityContext": RESTRICTED}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pulled"}}
        real.apply({**pod, "spec": {**PLACED, "containers": [container], "terminationGracePeriodSeconds": 0}})
        real.kubectl("wait", "pod/pulled", "--for=condition=Ready", "--timeout=60s")
        real.kubectl("delete", "pod/pulled")
    assert real.present().returncode == 0
    assert not (real.directory / "node/registries/mirrored.example").exists()


def test_all_processes_killed(store: Real, before: dict[str, set[str]]) -> None:
    ask(store, "/second")
    kill(map(int, parents_of_processes(store)))
    run = store.present()
    assert run.returncode == 0, run.output
    assert ask(store, "/") == "/second"
    assert store.present().changed == 0


def test_restarted(store: Real) -> None:
    ask(store, "/third")
    assert store.present(sandbox_state="restarted").returncode == 0
    store.kubectl("rollout", "status", "deployment/store", "--timeout=60s")
    assert ask(store, "/") == "/third"


def test_it_is_not_given_up_for_what_the_machine_lacks_now(
    store: Real, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in os.get_exec_path():
        for program in Path(folder).glob("*"):
            if program.name != "nft" and not (tmp_path / program.name).is_symlink():
                (tmp_path / program.name).symlink_to(program)
    monkeypatch.setenv("PATH", str(tmp_path))
    (failure,) = store.present().failures
    lacking = "programs that are not on PATH: nft. Mend that, or set sandbox_real_node to false."
    assert failure == f"This sandbox has a real node, and there can be none any more: {lacking}"
    assert "sandbox-real-0" in store.kubectl("get", "nodes")


def test_it_can_be_taken_away_and_given_back(store: Real) -> None:
    ask(store, "/fourth")
    run = store.present(sandbox_real_node="false")
    assert run.returncode == 0, run.output
    assert "sandbox-real-0" not in store.kubectl("get", "nodes")
    assert store.present(sandbox_real_node="false").changed == 0
    run = store.present()
    assert "No real node, only simulated ones: this sandbox was created without;" in run.output
    assert run.changed == 0
    assert store.present(sandbox_real_node="true").returncode == 0
    store.kubectl("rollout", "status", "deployment/store", "--timeout=90s")
    assert ask(store, "/") == "/fourth"


def test_a_second_one_beside_it(store: Real) -> None:
    ask(store, "/fifth")
    second = Real(f"second-{os.getpid()}")
    second.images.mkdir()
    (second.images / "pause.tar").symlink_to(store.images / "pause.tar")
    with second.up():
        second.kubectl("wait", "serviceaccount/default", "--for=create", "--timeout=30s")
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "second"}}
        container = {"name": "second", "image": PAUSE, "securityContext": RESTRICTED}
        second.apply({**pod, "spec": {**PLACED, "containers": [container], "terminationGracePeriodSeconds": 0}})
        second.kubectl("wait", "pod/second", "--for=condition=Ready", "--timeout=60s")
        assert ask(store, "/") == "/fifth"
    assert ask(store, "/") == "/fifth"


@pytest.mark.parametrize("wanted", ["auto", "true"])
def test_images_that_can_be_had_from_nowhere(tmp_path: Path, wanted: str) -> None:
    images = json.dumps({"sandbox_images": ["registry.invalid/one:1"]})
    run = Real(f"none-{os.getpid()}").present(
        "--check", "-e", images, sandbox_real_node=wanted, sandbox_images_dir=str(tmp_path)
    )
    reason = (
        f"no image registry.invalid/one:1, since no archive in {tmp_path} has it and registry.invalid does not answer"
    )
    assert (run.returncode == 0) is (wanted == "auto")
    if wanted == "auto":
        assert f"No real node, only simulated ones: {reason}" in run.output
    else:
        (failure,) = run.failures
        assert failure.startswith(f"sandbox_real_node is true, and there can be no real node: {reason}")


def test_absent_gives_everything_back(store: Real, before: dict[str, set[str]]) -> None:
    own = store.group
    assert machine(own) != before
    store.become("absent")
    assert parents_of_processes(store) == {}
    assert not store.directory.exists()
    assert machine(own) == before
