# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How argocd_app grows with the number of applications: seconds, requests to the Kubernetes API, and memory.

    python tests/support/sandbox.py --purpose bench -- python tests/bench/scale.py 10 100

Each application has a pod, and a node takes 110. So 1,000 need a sandbox with sandbox_cpu_nodes=10 and without a real
node, in $KUBECONFIG and $SANDBOX_DIR.

The module runs as a process of its own, and once more as a playbook for what Ansible costs. Its requests are counted by
a proxy, which costs time, so the unchanged rerun is also run without it. For the loop of kubernetes.core and the
command argocd the time of an unchanged rerun is that of their first 20 applications, times N.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from api_proxy import proxy
from applications import Bench, timed
from rendering import tool

MODULE = "ansible_collections.ai_how.cloud.plugins.modules.argocd_app"
SAMPLE = 20


class Outcome(NamedTuple):
    """Of one run of the module."""

    seconds: float
    megabytes: float
    requests: str


def main() -> None:
    sizes = [int(word) for word in sys.argv[1:]] or [10, 100]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        bench.deploy("warm-up", 1, bench.kubectl)
        for size in sizes:
            bench.write("scale", size)
            applications = json.loads(bench.options.read_text())
            try:
                print(f"{size} applications", flush=True)
                report("to Healthy, through the proxy", counted(applications, wait_timeout=3000))
                report("rerun, through the proxy", counted(applications))
                report("rerun", run(applications, kubeconfig=os.environ["KUBECONFIG"]))
                print(f"  rerun as a playbook: {timed(bench.playbook('ours.yml')):.1f} s", flush=True)
                loops(bench, size)
            finally:
                gone = [{"name": options["name"]} for options in applications]
                report("absent", counted(gone, state="absent", wait_timeout=3000))


def counted(applications: list[dict[str, Any]], **options: Any) -> Outcome:
    with proxy(Path(os.environ["KUBECONFIG"])) as between:
        done = run(applications, host=between.url, **options)
        requests = ", ".join(f"{count} {what}" for what, count in sorted(between.requests.items()))
    return done._replace(requests=requests)


def run(applications: list[dict[str, Any]], **options: Any) -> Outcome:
    arguments = {"ANSIBLE_MODULE_ARGS": {"applications": applications, "wait": True, **options}}
    usage = []

    def module() -> None:
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as told:
            given.write(json.dumps(arguments).encode())
            given.seek(0)
            process = subprocess.Popen([sys.executable, "-m", MODULE], stdin=given, stdout=told)
            _pid, _status, used = os.wait4(process.pid, 0)
            usage.append(used.ru_maxrss / 1024)
            told.seek(0)
            result = json.loads(told.read())
            if result.get("failed"):
                sys.exit(result["msg"])

    return Outcome(timed(module), usage[0], "not counted")


def report(what: str, outcome: Outcome) -> None:
    print(f"  {what}: {outcome.seconds:.1f} s, {outcome.megabytes:.0f} MB, requests: {outcome.requests}", flush=True)


def loops(bench: Bench, size: int) -> None:
    """What an unchanged rerun takes in a loop."""
    sample = min(size, SAMPLE)
    bench.write("scale", sample)
    options = json.loads(bench.options.read_text())
    loop = timed(bench.playbook("kubernetes_core.yml")) / sample * size
    token = session()
    cli = timed(lambda: [argocd(token, one) for one in options]) / sample * size
    print(f"  rerun of kubernetes.core in a loop, of {sample} and times N: {loop:.1f} s", flush=True)
    print(f"  rerun of argocd app create and wait, of {sample} and times N: {cli:.1f} s", flush=True)


def server() -> str:
    ports = json.loads((Path(os.environ["SANDBOX_DIR"]) / "ports.json").read_text())
    return f"127.0.0.1:{ports['argocd-server']}"


def session() -> str:
    command = ["kubectl", "get", "secret", "-n", "argocd", "argocd-initial-admin-secret", "-o", "json"]
    secret = subprocess.run([os.environ.get("KUBECTL", command[0]), *command[1:]], check=True, capture_output=True)
    password = base64.b64decode(json.loads(secret.stdout)["data"]["password"]).decode()
    body = json.dumps({"username": "admin", "password": password}).encode()
    request = urllib.request.Request(f"http://{server()}/api/v1/session", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        token: str = json.load(answer)["token"]
    return token


def argocd(token: str, options: dict[str, Any]) -> None:
    source = options["source"]
    create = [
        *("create", options["name"], "--upsert", "--repo", source["repo_url"], "--path", source["path"]),
        *("--revision", source["target_revision"], "--nameprefix", source["kustomize"]["name_prefix"]),
        *("--dest-server", "https://kubernetes.default.svc", "--dest-namespace", options["destination"]["namespace"]),
        *("--sync-policy", "automated", "--auto-prune", "--self-heal", "--sync-option", "CreateNamespace=true"),
    ]
    environ = {**os.environ, "ARGOCD_BINARY_NAME": "argocd", "ARGOCD_AUTH_TOKEN": token}
    for words in (create, ["wait", options["name"], "--sync", "--health"]):
        command = [tool("argocd"), "app", *words, "--server", server(), "--plaintext"]
        subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
