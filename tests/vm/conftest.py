# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gitops import Run
from hypervisor import Libvirt, Play, Stage, hypervisor
from sandbox import ROOT
from tasks import MODULE, play_tasks


@pytest.fixture(scope="session")
def libvirt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Libvirt]:
    with hypervisor(tmp_path_factory.mktemp("libvirt")) as running:
        yield running


@pytest.fixture
def play(libvirt: Libvirt, tmp_path: Path) -> Iterator[Play]:
    """Runs tasks of the module in one playbook, each given by its options, and returns their results."""

    def run(*tasks: dict[str, Any], module: str = MODULE) -> list[dict[str, Any]]:
        return play_tasks(tmp_path, tasks, module)

    yield run
    libvirt.remove_machines()


@pytest.fixture
def stage(libvirt: Libvirt, tmp_path: Path) -> Iterator[Stage]:
    """Runs the stage infra of ai_how.cloud.runtime with a cluster file, given as text, and options of Ansible."""
    file = tmp_path / "cloud-cluster.yaml"

    def run(text: str, *options: str) -> Run:
        file.write_text(text)
        playbook = [sys.executable, "-m", "ansible", "playbook", "ai_how.cloud.runtime", "--tags", "infra"]
        done = subprocess.run(
            [*playbook, "-i", str(file), *options],
            cwd=ROOT,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        return Run(done.returncode, done.stdout)

    yield run
    libvirt.remove_machines()
    for name in libvirt.virsh("net-list", "--all", "--name").split():
        if name != "default":
            libvirt.virsh("net-destroy", name)
            libvirt.virsh("net-undefine", name)
