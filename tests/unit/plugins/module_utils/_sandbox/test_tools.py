# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._sandbox.tools import find


def program(folder: Path, name: str, prints: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {prints}\n")
    path.chmod(0o755)
    return path


def run_command(argv: list[str], **options: Any) -> tuple[int, str, str]:
    options.pop("handle_exceptions", None)
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **options)
    return done.returncode, done.stdout, done.stderr


def found(root: Path, **tool: Any) -> dict[str, Any]:
    defaults = {
        "name": "t",
        "version": "v1.2.3",
        "files": ["a", "b"],
        "version_args": ["version"],
        "path_version": None,
    }
    params = {"tools": [{**defaults, **tool}], "binaries_dir": f"{root}/given", "path": f"{root}/path"}
    return find({**params, "cache_dir": f"{root}/cache"}, False, run_command)


def test_nothing_is_there(tmp_path: Path) -> None:
    assert found(tmp_path) == {"changed": False, "paths": {}, "origins": {}, "missing": {"t": ["a", "b"]}}


def test_each_file_is_looked_for_by_itself(tmp_path: Path) -> None:
    a = program(tmp_path / "given", "a", "9.9.9")
    b = program(tmp_path / "cache/t/v1.2.3", "b", "1.2.3")
    assert found(tmp_path)["paths"] == {"a": str(a), "b": str(b)}
    assert found(tmp_path)["origins"] == {"a": "given", "b": "cache"}


def test_a_wrong_version_on_path_is_passed_over(tmp_path: Path) -> None:
    program(tmp_path / "path", "a", "v1.2.4")
    right = program(tmp_path / "path", "b", "v1.2.3")
    result = found(tmp_path)
    assert result["paths"] == {"b": str(right)}
    assert result["missing"] == {"t": ["a"]}


def test_path_is_not_searched_for_files_that_are_no_programs(tmp_path: Path) -> None:
    program(tmp_path / "path", "a", "v1.2.3")
    assert found(tmp_path, files=["a"], version_args=[])["missing"] == {"t": ["a"]}


def test_a_program_that_cannot_be_run_is_passed_over(tmp_path: Path) -> None:
    program(tmp_path / "path", "a", "v1.2.3").write_text("#!/no/such/interpreter\n")
    assert found(tmp_path, files=["a"], path_version="1.2.3")["missing"] == {"t": ["a"]}
