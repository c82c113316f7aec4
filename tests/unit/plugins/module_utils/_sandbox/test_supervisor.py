# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What needs no supervisord; that it runs and heals programs is tested on the sandbox."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed
from ansible_collections.ai_how.cloud.plugins.module_utils._sandbox.supervisor import MARK, ensure, owned

Started = Callable[[Path], "subprocess.Popen[bytes]"]


@pytest.fixture
def started() -> Iterator[Started]:
    processes = []

    def start(directory: Path) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(["sleep", "60"], env={**os.environ, MARK: str(directory)})
        processes.append(process)
        # The kernel has it begun a moment before it has its environment.
        while not Path(f"/proc/{process.pid}/environ").read_bytes():
            time.sleep(0.01)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()


def run_command(argv: list[str], **options: Any) -> tuple[int, str, str]:
    options.pop("handle_exceptions", None)
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **options)
    return done.returncode, done.stdout, done.stderr


def params(directory: Path, state: str, **more: Any) -> dict[str, Any]:
    known = {"directory": str(directory), "config": "none.conf", "socket": str(directory / "s"), "state": state}
    return {**known, "argv": ["false"], "environment": {}, "programs": ["p"], "health": [], "timeout": 1, **more}


def test_processes_are_found_by_their_mark(tmp_path: Path, started: Started) -> None:
    ours = started(tmp_path)
    started(tmp_path / "other")
    assert owned(str(tmp_path)) == [ours.pid]


def test_only_ours_are_ended(tmp_path: Path, started: Started) -> None:
    ours, other = started(tmp_path), started(tmp_path / "other")
    assert ensure(params(tmp_path, "stopped"), False, run_command) == {"changed": True, "actions": ["end 1 processes"]}
    assert ours.wait(5) == -15
    assert other.poll() is None
    assert ensure(params(tmp_path, "stopped"), False, run_command) == {"changed": False, "actions": []}


def test_a_dry_run_ends_nothing(tmp_path: Path, started: Started) -> None:
    ours = started(tmp_path)
    result = ensure(params(tmp_path, "restarted"), True, run_command)
    assert result["actions"] == ["end 1 processes", "start supervisord", "start p"]
    assert ours.poll() is None


@pytest.mark.parametrize(("argv", "reason"), [(["false"], "ended with status 1"), (["/no/such"], "No such file")])
def test_a_supervisord_that_does_not_start_is_named(tmp_path: Path, argv: list[str], reason: str) -> None:
    with pytest.raises(Failed, match=rf"supervisord does not start with none\.conf.*{reason}"):
        ensure(params(tmp_path, "started", argv=argv), False, run_command)
