# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tags of the playbook ai_how.cloud.runtime whose roles do not exist yet: passed over, unless asked for by name."""

from __future__ import annotations

import subprocess
import sys

import pytest
from gitops import Run
from sandbox import ROOT

NOT_YET = ("infra", "kubespray", "gpu")


def runtime(*options: str) -> Run:
    command = [sys.executable, "-m", "ansible", "playbook", "ai_how.cloud.runtime", *options]
    done = subprocess.run(command, cwd=ROOT, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return Run(done.returncode, done.stdout)


@pytest.mark.parametrize("tag", NOT_YET)
def test_asked_for_by_name(tag: str) -> None:
    for others in ((), ("--skip-tags", ",".join(name for name in NOT_YET if name != tag))):
        run = runtime("--tags", f"{tag},gitops-apps", *others)
        assert run.returncode != 0
        assert f"This release has no role for {tag} yet." in run.output


def test_passed_over() -> None:
    run = runtime("--skip-tags", "argocd,gitops-apps")
    assert run.returncode == 0
    assert all(f"{name} is passed over" in run.output for name in NOT_YET)
