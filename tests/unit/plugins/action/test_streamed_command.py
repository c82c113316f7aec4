# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.ai_how.cloud.plugins.action import streamed_command


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(streamed_command, "_display", SimpleNamespace(display=lambda text, **_: lines.append(text)))
    return lines


def fifo(folder: Path) -> Path:
    """A folder with a pipe named go, into which somebody writes after the first heartbeat."""
    os.mkfifo(folder / "go")
    threading.Timer(1.5, lambda: (folder / "go").write_text("now\n")).start()
    return folder


def run(check_mode: bool = False, no_log: bool = False, **args: Any) -> dict[str, Any]:
    task = SimpleNamespace(args=args, no_log=no_log, async_val=0, check_mode=check_mode, diff=False, action="a")
    action = streamed_command.ActionModule(
        task=task,
        connection=SimpleNamespace(_shell=SimpleNamespace(tmpdir=None)),
        play_context=SimpleNamespace(check_mode=check_mode),
        loader=None,
        templar=None,
        shared_loader_obj=None,
    )
    # The variable says what the command line says; the keyword of a task or play wins
    return action.run(task_vars={"ansible_check_mode": False})


def test_output_is_shown_and_returned(shown: list[str]) -> None:
    result = run(argv=["sh", "-c", "echo one; echo two $WHO >&2"], environment={"WHO": "me"})
    assert (result["rc"], result["changed"], result["stdout_lines"]) == (0, True, ["one", "two me"])
    assert shown == ["sh | one", "sh | two me"]


def test_silence_shows_the_time(shown: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed_command, "_HEARTBEAT", 1.0)
    run(argv=["sh", "-c", "read line < go"], chdir=str(fifo(tmp_path)), prefix="wait")
    assert shown == ["wait | ... 1 s"]


def test_a_failure_ends_with_the_last_lines(shown: list[str]) -> None:
    result = run(argv=["sh", "-c", "echo reason; exit 3"])
    assert result["failed"]
    assert result["msg"].startswith("sh failed with status 3 after ")
    assert result["msg"].endswith("reason")


def test_a_command_that_is_not_there_is_named() -> None:
    with pytest.raises(AnsibleActionFail, match=r"/no/such cannot be run: .*No such file"):
        run(argv=["/no/such"])


def test_check_mode_runs_nothing() -> None:
    assert run(check_mode=True, argv=["false"])["changed"]


def test_no_log_shows_nothing(shown: list[str]) -> None:
    run(no_log=True, argv=["echo", "secret"])
    assert shown == []
