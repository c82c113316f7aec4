# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.ai_how.cloud.plugins.action import playbook_lock as lock


@pytest.fixture
def me() -> str:
    return lock._identity(os.getpid())


@pytest.fixture
def other() -> str:
    return lock._identity(os.getppid())


def run(path: Path, check_mode: bool, state: str = "held") -> dict[str, Any]:
    args = {"path": str(path), "state": state}
    task = SimpleNamespace(args=args, async_val=0, check_mode=check_mode, diff=False, action="a")
    action = lock.ActionModule(
        task=task,
        connection=SimpleNamespace(_shell=SimpleNamespace(tmpdir=None)),
        play_context=SimpleNamespace(check_mode=check_mode),
        loader=None,
        templar=None,
        shared_loader_obj=None,
    )
    return action.run(task_vars={"ansible_check_mode": False})


def test_the_result_says_whether_it_is_held(tmp_path: Path) -> None:
    assert run(tmp_path / "lock", check_mode=False) == {"changed": False, "held": True}
    assert (tmp_path / "lock").exists()
    assert run(tmp_path / "lock", check_mode=False, state="released") == {"changed": False, "held": False}
    assert not (tmp_path / "lock").exists()


def test_a_task_in_check_mode_takes_no_lock(tmp_path: Path) -> None:
    assert run(tmp_path / "lock", check_mode=True) == {"changed": False, "held": False}
    assert not (tmp_path / "lock").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for check_mode, reason in ((False, "Not a directory"), (True, "Permission denied")):
        with pytest.raises(AnsibleActionFail, match=rf"The lock .*/sandbox/lock cannot be written \(.*{reason}"):
            run(tmp_path / "file/sandbox/lock", check_mode)
    run(tmp_path / "file/sandbox/lock", check_mode=False, state="released")


def test_it_is_held_and_released(tmp_path: Path, me: str) -> None:
    path = tmp_path / "folder/lock"
    lock._hold(str(path), me, 0)
    lock._hold(str(path), me, 0)
    assert path.read_text() == me
    lock._release(str(path), me)
    lock._release(str(path), me)
    assert not path.exists()


def test_another_run_is_refused_and_named(tmp_path: Path, other: str, me: str) -> None:
    lock._hold(str(tmp_path / "lock"), other, 0)
    with pytest.raises(AnsibleActionFail, match=rf"Another run \(process {os.getppid()}\) is at work"):
        lock._hold(str(tmp_path / "lock"), me, 0)
    lock._release(str(tmp_path / "lock"), me)
    assert (tmp_path / "lock").read_text() == other


def test_a_run_that_died_holds_nothing(tmp_path: Path, me: str) -> None:
    process = subprocess.Popen(["sleep", "60"])
    lock._hold(str(tmp_path / "lock"), lock._identity(process.pid), 0)
    process.kill()
    process.wait()
    lock._hold(str(tmp_path / "lock"), me, 0)
    assert (tmp_path / "lock").read_text() == me


def test_a_number_given_to_another_process_holds_nothing(tmp_path: Path, me: str) -> None:
    (tmp_path / "lock").write_text(f"{os.getppid()} 1")
    lock._hold(str(tmp_path / "lock"), me, 0)
    assert (tmp_path / "lock").read_text() == me
