# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypervisor import Libvirt, hypervisor
from tasks import MODULE, play_tasks

Play = Callable[..., list[dict[str, Any]]]


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
