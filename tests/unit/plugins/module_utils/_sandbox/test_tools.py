# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
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


@pytest.mark.parametrize("place", ["path", "cache/t/v1.2.3"])
@pytest.mark.parametrize("fault", ["empty", "not executable", "interpreter gone", "fails"])
def test_a_program_that_does_not_run_is_missing(tmp_path: Path, place: str, fault: str) -> None:
    path = program(tmp_path / place, "a", "v1.2.3")
    assert found(tmp_path, files=["a"])["paths"] == {"a": str(path)}
    if fault == "not executable":
        path.chmod(0o644)
    else:
        path.write_text({"empty": "", "interpreter gone": "#!/no/such\n", "fails": "#!/bin/sh\nexit 1\n"}[fault])
    for wanted in (None, ""):
        assert found(tmp_path, files=["a"], path_version=wanted)["missing"] == {"t": ["a"]}


def test_an_empty_file_is_missing(tmp_path: Path) -> None:
    program(tmp_path / "cache/t/v1.2.3", "a", "").write_text("")
    program(tmp_path / "cache/t/v1.2.3", "b", "").chmod(0o644)
    assert found(tmp_path, version_args=[])["missing"] == {"t": ["a"]}


@pytest.mark.parametrize(("text", "mode", "fault"), [("", 0o755, "empty"), ("x", 0o644, "not executable")])
def test_a_given_program_of_no_use_is_named(tmp_path: Path, text: str, mode: int, fault: str) -> None:
    path = program(tmp_path / "given", "a", "")
    path.write_text(text)
    path.chmod(mode)
    with pytest.raises(Invalid, match=f"given/a is {fault}"):
        found(tmp_path)


def test_a_given_program_is_not_asked_for_its_version(tmp_path: Path) -> None:
    path = program(tmp_path / "given", "a", "")
    path.write_text("#!/bin/sh\nexit 1\n")
    assert found(tmp_path, files=["a"])["paths"] == {"a": str(path)}
