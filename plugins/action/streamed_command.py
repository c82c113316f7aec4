# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Runs a command on the controller and shows its output while it runs; decides nothing."""

from __future__ import annotations

import os
import queue
import subprocess
import threading
import time
from collections import deque
from typing import IO, Any, Optional

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

_KEPT = 200  # lines in the result
_HEARTBEAT = 15.0  # seconds of silence after which the time gone by is shown
_display = Display()


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: Optional[str] = None, task_vars: Optional[dict[str, Any]] = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        validate: Any = self.validate_argument_spec
        _validation, args = validate(
            {
                "argv": {"type": "list", "elements": "str", "required": True},
                "chdir": {"type": "path"},
                "environment": {"type": "dict", "default": {}},
                "prefix": {"type": "str", "default": ""},
            }
        )
        if self._task.check_mode:
            return {**result, "changed": True, "msg": f"Would run {args['argv'][0]}."}
        return {**result, **self._stream(args)}

    def _stream(self, args: dict[str, Any]) -> dict[str, Any]:
        name = args["prefix"] or os.path.basename(args["argv"][0])
        start = time.monotonic()
        try:
            process = subprocess.Popen(
                args["argv"],
                cwd=args["chdir"],
                env={**os.environ, **{key: str(value) for key, value in args["environment"].items()}},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
        except OSError as error:
            raise AnsibleActionFail(f"{args['argv'][0]} cannot be run: {error}.") from error
        lines: queue.Queue[Optional[str]] = queue.Queue()
        threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
        kept: deque[str] = deque(maxlen=_KEPT)
        try:
            while True:
                try:
                    line = lines.get(timeout=_HEARTBEAT)
                except queue.Empty:
                    self._show(f"{name} | ... {time.monotonic() - start:.0f} s")
                    continue
                if line is None:
                    break
                kept.append(line)
                self._show(f"{name} | {line}")
            status = process.wait()
        finally:
            if process.poll() is None:
                process.terminate()
        seconds = round(time.monotonic() - start, 1)
        result = {"changed": True, "rc": status, "seconds": seconds, "stdout_lines": list(kept)}
        if status:
            result.update(
                failed=True, msg=f"{name} failed with status {status} after {seconds} s: {' / '.join(list(kept)[-3:])}"
            )
        return result

    def _show(self, text: str) -> None:
        if not self._task.no_log:
            _display.display(text, color="dark gray")


def _read(stream: IO[str], lines: queue.Queue[Optional[str]]) -> None:
    for line in stream:
        lines.put(line.rstrip("\n"))
    lines.put(None)
