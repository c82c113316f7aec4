# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A lock between playbook runs on this controller. It dies with the run, so a killed one leaves none behind."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from typing import IO, Any, Optional

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: Optional[str] = None, task_vars: Optional[dict[str, Any]] = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        validate: Any = self.validate_argument_spec
        _validation, args = validate(
            {
                "path": {"type": "path", "required": True},
                "state": {"type": "str", "choices": ["held", "released"], "default": "held"},
                "timeout": {"type": "int", "default": 0},
            }
        )
        args["path"] = os.path.abspath(args["path"])
        # An action runs in a fork of the playbook's process, which is the one that lasts
        me = _identity(os.getppid())
        held = args["state"] == "held" and not self._task.check_mode
        try:
            if held:
                _hold(args["path"], me, args["timeout"])
            elif args["state"] == "held":
                _foresee(args["path"])
            elif not self._task.check_mode:
                _release(args["path"], me)
        except OSError as error:
            raise AnsibleActionFail(
                f"The lock {args['path']} cannot be written ({error}); its folder must be writable for this user."
            ) from None  # Ansible would say the cause twice
        return {**result, "changed": False, "held": held}


def _foresee(path: str) -> None:
    """Fails if the folder of the lock could not be made or written to."""
    folder = os.path.dirname(path)
    while not os.path.exists(folder):
        folder = os.path.dirname(folder)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder)


def _hold(path: str, me: str, timeout: int) -> None:
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    deadline = time.monotonic() + timeout
    pause = 0.1
    told = False
    while holder := _try(path, me):
        if time.monotonic() >= deadline:
            raise AnsibleActionFail(
                f"Another run (process {holder}) is at work on {path}; wait for it to end and run this again."
            )
        if not told:
            Display().display(f"Waiting for another run (process {holder}) that holds {path}.")
            told = True
        time.sleep(pause)
        pause = min(pause * 1.5, 2.0)


def _try(path: str, me: str) -> str:
    """Empty if the lock is now ours, else the number of the process that holds it."""
    while True:
        with open(path, "a+", encoding="ascii", opener=_open) as file:
            if not _settled(file, path):
                continue
            file.seek(0)
            holder = file.read().strip()
            pid = holder.partition(" ")[0]
            if pid.isdigit() and holder != me and _identity(int(pid)) == holder:
                return pid
            file.truncate(0)
            file.write(me)
            return ""


def _open(path: str, flags: int) -> int:
    """Not through a link that somebody else may have put there."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _release(path: str, me: str) -> None:
    try:
        with open(path, "r+", encoding="ascii") as file:
            if _settled(file, path) and file.read().strip() == me:
                os.unlink(path)
    except OSError:
        return  # none was taken, and what is left of one ends with the run


def _settled(file: IO[str], path: str) -> bool:
    """Whether the opened file, locked until it is closed, is still the one at the path."""
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        return os.fstat(file.fileno()).st_ino == os.stat(path).st_ino
    except FileNotFoundError:
        return False


def _identity(pid: int) -> str:
    """Number and start time: a number alone may have been given to another process since."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return f"{pid} {stat.read().rpartition(')')[2].split()[19]}"
    except OSError:
        return ""
