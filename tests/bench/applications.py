# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long until N applications are Synced and Healthy, and how long an unchanged rerun takes: three ways, in turn.

    python tests/support/sandbox.py --purpose bench -- python tests/bench/applications.py 1 10 50

``kubectl`` (apply, then wait) is the floor, ``kubernetes.core`` the playbook as it is usually written, ``argocd_app``
is ours. Each figure is the wall time of the whole command, Ansible's start included.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAMESPACE = "bench"


def main() -> None:
    sizes = [int(word) for word in sys.argv[1:]] or [1, 10, 50]
    print(
        f"{'N':>3}  {'way':<16}{'to Healthy':>11}{'ratio':>7}{'rerun':>9}{'ratio':>7}   (ratios to kubectl)", flush=True
    )
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        bench.deploy("warm-up", 1, bench.kubectl)  # the first application loads Argo CD's caches
        for size in sizes:
            floor = bench.deploy("kubectl", size, bench.kubectl)
            report(size, "kubectl", floor, floor)
            loop = bench.deploy("kubernetes-core", size, bench.playbook("kubernetes_core.yml"))
            report(size, "kubernetes.core", loop, floor)
            ours = bench.deploy("argocd-app", size, bench.playbook("ours.yml"))
            report(size, "argocd_app", ours, floor)
            faster = [theirs / mine for theirs, mine in zip(loop, ours, strict=True)]
            print(f"     kubernetes.core / argocd_app: {faster[0]:.1f} to Healthy, {faster[1]:.1f} on the rerun")
            print(f"     rerun of argocd_app, for each application: {1000 * ours[1] / size:.0f} ms", flush=True)


def report(size: int, way: str, seconds: tuple[float, float], floor: tuple[float, float]) -> None:
    fresh, rerun = seconds
    print(
        f"{size:>3}  {way:<16}{fresh:>10.1f}s{fresh / floor[0]:>7.2f}{rerun:>8.1f}s{rerun / floor[1]:>7.2f}", flush=True
    )


class Bench:
    """Applications of one repository in ``folder``, in the sandbox of $KUBECONFIG."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository = folder / "repository"
        self.manifests, self.options = folder / "manifests.json", folder / "options.json"
        shutil.copytree(
            HERE.parent / "integration/targets/argocd_app/files/repository/kustomized", self.repository / "web"
        )
        for command in (
            ["init", "--quiet", "--initial-branch=main"],
            ["add", "--all"],
            ["-c", "user.name=Bench", "-c", "user.email=bench@example.org", "commit", "--quiet", "--message=Begin"],
        ):
            subprocess.run(["git", *command], cwd=self.repository, check=True)

    def deploy(self, way: str, size: int, run: Callable[[], None]) -> tuple[float, float]:
        """Seconds of the first run and of the unchanged one after it; everything is deleted again."""
        self.write(way, size)
        try:
            return timed(run), timed(run)
        finally:
            kubectl("delete", "-f", self.manifests, "--ignore-not-found")

    def write(self, way: str, size: int) -> None:
        names = [f"{way}-{number}" for number in range(size)]
        source = {"path": "web", "target": "main", "url": f"file://{self.repository}"}
        self.options.write_text(json.dumps([options(name, source) for name in names]))
        manifests = {"apiVersion": "v1", "kind": "List", "items": [manifest(name, source) for name in names]}
        self.manifests.write_text(json.dumps(manifests))

    def kubectl(self) -> None:
        kubectl("apply", "-f", self.manifests)
        for path, value in (("sync", "Synced"), ("health", "Healthy")):
            kubectl("wait", "-f", self.manifests, f"--for=jsonpath={{.status.{path}.status}}={value}", "--timeout=900s")

    def playbook(self, name: str) -> Callable[[], None]:
        command = [Path(sys.executable).with_name("ansible-playbook"), HERE / name]
        command += ["-e", f"manifests_file={self.manifests}", "-e", f"options_file={self.options}"]
        environ = {**os.environ, "K8S_AUTH_KUBECONFIG": os.environ["KUBECONFIG"], "ANSIBLE_LOCALHOST_WARNING": "false"}

        def run() -> None:
            subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL)

        return run


def options(name: str, source: dict[str, str]) -> dict[str, object]:
    return {
        "name": name,
        "finalizers": ["resources-finalizer.argocd.argoproj.io/background"],
        "source": {
            "repo_url": source["url"],
            "target_revision": source["target"],
            "path": source["path"],
            "kustomize": {"name_prefix": f"{name}-"},
        },
        "destination": {"namespace": NAMESPACE},
        "sync_policy": {"automated": {"prune": True, "self_heal": True}, "sync_options": ["CreateNamespace=true"]},
    }


def manifest(name: str, source: dict[str, str]) -> dict[str, object]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": name,
            "namespace": "argocd",
            "finalizers": ["resources-finalizer.argocd.argoproj.io/background"],
        },
        "spec": {
            "project": "default",
            "source": {
                "repoURL": source["url"],
                "targetRevision": source["target"],
                "path": source["path"],
                "kustomize": {"namePrefix": f"{name}-"},
            },
            "destination": {"server": "https://kubernetes.default.svc", "namespace": NAMESPACE},
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}, "syncOptions": ["CreateNamespace=true"]},
        },
    }


def kubectl(*arguments: object) -> None:
    command = [os.environ.get("KUBECTL", "kubectl"), *map(str, arguments)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def timed(run: Callable[[], None]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
