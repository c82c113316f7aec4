# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The real node: pods on it really run, it comes back with its data, and nothing of it is left in the end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from gitops import Run
from oci import Image
from runs import parents_of_processes, present
from sandbox import Sandbox

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


class Real(Sandbox):
    def present(self, *options: str, **settings: str) -> Run:
        images = self.directory.parent / f"{self.name}-images"
        return present(self, *options, sandbox_real_node="true", sandbox_images_dir=str(images), **settings)

    def kubectl(self, *arguments: str, text: str | None = None) -> str:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ai_how.cloud/tools/kubernetes"
        program = shutil.which("kubectl") or next(cache.glob("*/kubectl"))
        command = [program, f"--kubeconfig={self.kubeconfig}", *arguments]
        return subprocess.run(command, check=True, text=True, input=text, stdout=subprocess.PIPE).stdout

    def apply(self, *objects: object) -> None:
        self.kubectl("apply", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))

    def ask(self, path: str) -> str:
        address = self.kubectl("get", "service", "store", "-o", "jsonpath={.spec.clusterIP}")
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


def machine() -> dict[str, set[str]]:
    """What of this machine a real node must leave as it was."""

    def said(*command: str) -> set[str]:
        return set(subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout.splitlines())

    kernel = ["net/ipv4/ip_forward", "kernel/panic", "kernel/panic_on_oops", "vm/overcommit_memory"]
    links = json.loads("".join(said("ip", "-json", "link")))
    return {
        "cgroups": {str(path) for path in Path("/sys/fs/cgroup").glob("**/ahc-*")},
        "kernel": {f"{name} {Path('/proc/sys', name).read_text()}" for name in kernel},
        "links": {link["ifname"] for link in links},
        "mounts": {line for line in Path("/proc/mounts").read_text().splitlines() if "ai_how.cloud" in line},
        "nftables": said("nft", "list", "ruleset"),
        "routes": said("ip", "route"),
    }


@pytest.fixture(scope="module")
def before() -> dict[str, set[str]]:
    return machine()


@pytest.fixture(scope="module")
def real(before: dict[str, set[str]]) -> Iterator[Real]:
    box = Real(f"real-{os.getpid()}")
    images = box.directory.parent / f"{box.name}-images"
    images.mkdir(parents=True)
    Image(SLEEP, "1000000").write(images / "pause.tar", PAUSE)
    try:
        run = box.present()
        assert run.returncode == 0, run.output
        yield box
    finally:
        shutil.rmtree(images)
        box.become("absent")


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
    store.ask("/first")
    assert store.ask("/") == "/first"


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
    store.ask("/second")
    for pid in parents_of_processes(store):
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            continue  # it ended with another one
    run = store.present()
    assert run.returncode == 0, run.output
    assert store.ask("/") == "/second"
    assert store.present().changed == 0


def test_restarted(store: Real) -> None:
    store.ask("/third")
    assert store.present(sandbox_state="restarted").returncode == 0
    store.kubectl("rollout", "status", "deployment/store", "--timeout=60s")
    assert store.ask("/") == "/third"


def test_it_can_be_taken_away_and_given_back(store: Real) -> None:
    store.ask("/fourth")
    run = present(store, sandbox_real_node="false")
    assert run.returncode == 0, run.output
    assert "sandbox-real-0" not in store.kubectl("get", "nodes")
    assert present(store, sandbox_real_node="false").changed == 0
    assert store.present().returncode == 0
    store.kubectl("rollout", "status", "deployment/store", "--timeout=90s")
    assert store.ask("/") == "/fourth"


def test_absent_gives_everything_back(store: Real, before: dict[str, set[str]]) -> None:
    store.become("absent")
    assert parents_of_processes(store) == {}
    assert not store.directory.exists()
    assert machine() == before
