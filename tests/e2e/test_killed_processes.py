# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs in a sandbox is killed while a push is brought live."""

from __future__ import annotations

import pytest
from gitops import GitOps, annotate, assert_live, until

PROCESSES = [
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok-controller",
    "redis",
    "argocd-repo-server",
    "argocd-application-controller",
    "argocd-server",
    "argocd-applicationset-controller",
    "sealed-secrets-controller",
]
ELSEWHERE = {"argocd-cmp-server", "external-secrets"}  # these applications need none of them


def test_every_process_is_known(deployed: GitOps) -> None:
    assert set(deployed.processes()) == {*PROCESSES, *ELSEWHERE}


@pytest.mark.parametrize("name", PROCESSES)
def test_killed_process(deployed: GitOps, name: str) -> None:
    """While a push is being deployed: the run ends right or with one clear error, and the next run is right."""
    deployed.push_edit("base/mlops/minio/service.yaml", annotate("e2e/killed", name))
    victim = deployed.processes()[name]
    run = deployed.runtime_with_kill(victim)
    assert "Traceback" not in run.output
    if run.returncode == 0:
        assert_live(deployed, run)
    else:
        assert len(run.failures) == 1, run.output
    until(lambda: deployed.processes().get(name, victim) != victim and deployed.api_answers(), 60, f"{name} came back")
    assert_live(deployed, deployed.runtime())


def test_killed_supervisord(deployed: GitOps) -> None:
    """What it ran may end with it, and nothing starts it again but the playbook of the sandbox."""
    deployed.push_edit("base/mlops/minio/service.yaml", annotate("e2e/killed", "supervisord"))
    supervisord = int((deployed.box.directory / "run/supervisord.pid").read_text())
    run = deployed.runtime_with_kill(supervisord)
    assert "Traceback" not in run.output
    assert len(run.failures) == (1 if run.returncode else 0), run.output
    deployed.box.become("present")
    assert_live(deployed, deployed.runtime())
