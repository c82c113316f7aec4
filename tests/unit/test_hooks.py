# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pre-commit hook runs in a checkout, by the Python that is there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


def run(*paths: Path) -> subprocess.CompletedProcess[str]:
    command = [ROOT / HOOK["entry"], *paths]
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environ["PATH"] = f"{Path(sys.executable).parent}:{environ['PATH']}"
    return subprocess.run(command, env=environ, check=False, text=True, capture_output=True)


def test_it_is_a_program() -> None:
    assert os.access(ROOT / HOOK["entry"], os.X_OK)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{{ if .Values.x }}\n",
        "kind: Secret\nmetadata: {name: s}\n",
        "kind: SealedSecret\nmetadata: {name: s}\nspec: {encryptedData: {password: AgB}}\n",
    ],
)
def test_it_lets_pass_what_holds_no_secret(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    done = run(tmp_path / "a.yaml")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_it_refuses_a_secret_without_telling_it(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "kind: List\nitems: [{kind: Secret, metadata: {name: s}, data: {x: aHVudGVyMg==}}]\n"
    )
    done = run(tmp_path / "a.yaml")
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path}/a.yaml: Secret/s: x stands there in plain text; seal it\n"
