# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of tests run side by side, each worker with a sandbox and a user of its own.

What a file finds are applications as they were pushed last; only test_gitops.py, the longest and so the first, begins
with none.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gitops import GitOps, Run
from sandbox import Sandbox
from sandbox import sandbox as running_sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox("e2e", "sealed_secrets") as box:
        yield box


@pytest.fixture(scope="session")
def user(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> GitOps:
    user = GitOps(sandbox, tmp_path_factory.mktemp("user") / "gitops")
    user.init()
    sealed = user.seal()
    assert sealed.returncode == 0, sealed.output
    user.git("push", "--quiet", "origin", "main:dev")
    return user


@pytest.fixture(scope="session")
def first_run(user: GitOps) -> Run:
    return user.runtime("-vvvv")


@pytest.fixture
def deployed(user: GitOps, first_run: Run) -> GitOps:
    assert first_run.returncode == 0, first_run.output
    return user


@pytest.fixture
def broken(deployed: GitOps) -> Iterator[GitOps]:
    """To break something in Git; afterwards Git is as before."""
    good = deployed.git("rev-parse", "HEAD")
    yield deployed
    deployed.git("checkout", "--quiet", good, "--", ".")
    deployed.push("Repair")
    repaired = deployed.runtime()
    assert repaired.returncode == 0, repaired.output
