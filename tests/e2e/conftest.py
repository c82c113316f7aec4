# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of tests run side by side, each worker with a sandbox and a user of its own.

What a file finds are applications as they were pushed last; only test_gitops.py, the longest and so the first, begins
with none.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from gitops import GitOps, Run
from sandbox import Sandbox
from sandbox import sandbox as running_sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox("e2e", "sops", "external_secrets", "sealed_secrets") as box:
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


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], set[bytes]]]:
    """Ends the watch; what stood in temporary files, and in the arguments of processes, since the test began."""
    temporary = tempfile.mkdtemp()  # with a short path: Ansible has a socket there
    for name in ("ANSIBLE_LOCAL_TEMP", "ANSIBLE_REMOTE_TEMP", "TMPDIR"):
        monkeypatch.setenv(name, temporary)
    seen: set[bytes] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.01):
            # os.walk passes over folders that go meanwhile
            files = [Path(folder, name) for folder, _folders, names in os.walk(temporary) for name in names]
            for path in [*files, *(Path("/proc", name, "cmdline") for name in os.listdir("/proc") if name.isdigit())]:
                with suppress(OSError):  # it has gone
                    seen.add(path.read_bytes())

    thread = threading.Thread(target=look)

    def end() -> set[bytes]:
        over.set()
        thread.join()
        return seen

    thread.start()
    yield end
    end()
    shutil.rmtree(temporary)
