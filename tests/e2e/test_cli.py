# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/conformance.md against the command argocd of the sandbox: no flag is left out, and none has gone."""

from __future__ import annotations

import os
import re
import subprocess

import pytest
from rendering import ROOT, tool
from sandbox import Sandbox

PAGE = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"^## Commands? (`argocd app .*), module .*\n((?:(?!^#).*\n)*)", PAGE, re.MULTILINE)
TABLES = {tuple(re.findall(r"`argocd app ([\w-]+)`", commands)): table for commands, table in SECTIONS}


def flags(command: str) -> set[str]:
    environ = {**os.environ, "ARGOCD_BINARY_NAME": "argocd"}
    told = subprocess.run(
        [tool("argocd"), "app", command, "--help"], env=environ, capture_output=True, text=True, timeout=60, check=True
    )
    own = told.stdout.partition("\nFlags:\n")[2].partition("\nGlobal Flags:\n")[0]
    return set(re.findall(r"^ +(?:-\w, )?(--[\w-]+)", own, re.MULTILINE)) - {"--help"}


def test_the_page_has_the_commands() -> None:
    found = {command for commands in TABLES for command in commands}
    assert found >= {"create", "set", "sync", "wait", "diff", "logs", "rollback", "history", "delete", "terminate-op"}


@pytest.mark.parametrize("commands", TABLES, ids=" ".join)
def test_every_flag_has_a_row(sandbox: Sandbox, commands: tuple[str, ...]) -> None:
    """The sandbox brings the command."""
    first_cells = re.findall(r"^\| (`--.*?) \|", TABLES[commands], re.MULTILINE)
    rows = [flag for cell in first_cells for flag in re.findall(r"`(--[\w-]+)`", cell)]
    assert len(rows) == len(set(rows))
    assert set(rows) == {flag for command in commands for flag in flags(command)}
