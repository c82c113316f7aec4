# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags of the playbook ai_how.cloud.runtime without hosts for them: they are passed over, unless asked for by name."""

from __future__ import annotations

import subprocess
import sys

import pytest
from gitops import Run
from sandbox import ROOT

NOT_HERE = {
    "infra": "The inventory has no hypervisors, so infra has nowhere to make virtual machines.",
    "kubespray": "The inventory has no nodes, so kubespray has nothing to make a cluster of.",
    "gpu": "The inventory has no hosts in gpu_nodes, so gpu has nowhere to bring drivers.",
}


def runtime(*options: str) -> Run:
    command = [sys.executable, "-m", "ansible", "playbook", "ai_how.cloud.runtime", *options]
    done = subprocess.run(command, cwd=ROOT, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return Run(done.returncode, done.stdout)


@pytest.mark.parametrize(("tag", "sentence"), NOT_HERE.items())
def test_asked_for_by_name(tag: str, sentence: str) -> None:
    for others in ((), ("--skip-tags", ",".join(name for name in NOT_HERE if name != tag))):
        run = runtime("--tags", f"{tag},gitops-apps", *others)
        assert run.returncode != 0
        assert sentence in run.output


def test_passed_over() -> None:
    run = runtime("--skip-tags", "argocd,gitops-apps")
    assert run.returncode == 0
    assert "WARNING" not in run.output
    assert all(f"{name} is passed over" in run.output for name in NOT_HERE)
