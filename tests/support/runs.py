# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of the sandbox's playbook whose outcome is looked at, and the processes that they leave running."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from gitops import Run
from sandbox import ROOT, Sandbox


def present(box: Sandbox, *options: str, **settings: str) -> Run:
    command = [sys.executable, "-m", "ansible", "playbook", "ai_how.cloud.sandbox", *options]
    for name, value in {**box.variables, **settings}.items():
        command += ["-e", f"{name}={value}"]
    done = subprocess.run(command, cwd=ROOT, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return Run(done.returncode, done.stdout)


def parents_of_processes(box: Sandbox) -> dict[str, str]:
    """The processes that carry the mark of the sandbox."""
    mark = f"AI_HOW_CLOUD_SANDBOX={box.directory.resolve()}".encode()
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found[process.name] = (process / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue  # it has ended, or is not ours
    return found
