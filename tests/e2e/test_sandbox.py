# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sandbox itself: one folder is one sandbox however it is spelled, and a lost supervisord is made good."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from runs import parents_of_processes, present
from sandbox import Sandbox


def test_second_run_changes_nothing(sandbox: Sandbox) -> None:
    for options in ([], ["--check", "--diff"]):
        run = present(sandbox, *options)
        assert (run.returncode, run.changed) == (0, 0), run.output


@pytest.mark.parametrize("link", ["{0}/", "{1}/link"])
def test_another_spelling_of_its_folder_is_the_same_sandbox(sandbox: Sandbox, tmp_path: Path, link: str) -> None:
    (tmp_path / "link").symlink_to(sandbox.directory)
    run = present(sandbox, sandbox_dir=link.format(sandbox.directory, tmp_path))
    assert (run.returncode, run.changed) == (0, 0), run.output


def test_killed_supervisord(sandbox: Sandbox) -> None:
    pid = sandbox.directory / "run/supervisord.pid"
    os.kill(int(pid.read_text()), signal.SIGKILL)
    run = present(sandbox)
    assert run.returncode == 0, run.output
    assert run.changed > 0
    assert present(sandbox).changed == 0
    parents = parents_of_processes(sandbox)
    assert [process for process, parent in parents.items() if parent not in parents] == [pid.read_text().strip()]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"sandbox_cpu_nodes": "-1"}, "sandbox_cpu_nodes is -1"),
        ({"sandbox_wait_timeout": "0"}, "sandbox_wait_timeout is 0"),
        ({"sandbox_dir": "here"}, 'sandbox_dir is "here"; use an absolute path'),
        ({"sandbox_api_port": "65536"}, "is none; give a number below 65536"),
    ],
)
def test_bad_input_is_one_sentence(sandbox: Sandbox, settings: dict[str, str], sentence: str) -> None:
    run = present(sandbox, **settings)
    assert run.returncode != 0
    assert sentence in run.output
    assert "Traceback" not in run.output
    assert run.changed == 0
