# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Unavailable
from ansible_collections.ai_how.cloud.plugins.module_utils._sandbox.files import keep


def lay_out(root: Path, dry_run: bool = False, **options: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"folders": [], "files": {}, "scripts": {}, "exclusive": []}
    return keep({"directory": str(root), **empty, **options}, dry_run)


def tree(root: Path) -> dict[str, str]:
    """Mode of everything below."""
    return {str(path.relative_to(root)): oct(path.stat().st_mode)[-3:] for path in sorted(root.rglob("*"))}


WANTED: dict[str, Any] = {"folders": ["logs/old"], "files": {"etc/one": "1\n"}, "scripts": {"bin/run": "#!/bin/sh\n"}}


def test_folders_files_and_scripts(tmp_path: Path) -> None:
    root = tmp_path / "my/lab"
    assert lay_out(root, **WANTED)["changed"]
    assert tree(tmp_path / "my") == {
        "lab": "700",
        "lab/bin": "700",
        "lab/bin/run": "700",
        "lab/etc": "700",
        "lab/etc/one": "600",
        "lab/logs": "700",
        "lab/logs/old": "700",
    }
    assert (root / "etc/one").read_text() == "1\n"
    assert lay_out(root, **WANTED) == {"changed": False, "diff": []}


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    lay_out(tmp_path, files={"one": "1", "two": "2"})
    kept = (tmp_path / "two").stat().st_ino
    result = lay_out(tmp_path, files={"one": "1\n", "two": "2"})
    assert [(entry["before"], entry["after"]) for entry in result["diff"]] == [("1", "1\n")]
    assert (tmp_path / "one").read_bytes() == b"1\n"
    assert (tmp_path / "two").stat().st_ino == kept


def test_exclusive_folders(tmp_path: Path) -> None:
    (tmp_path / "registries/ghcr.io").mkdir(parents=True)
    (tmp_path / "registries/ghcr.io/hosts.toml").touch()
    (tmp_path / "registries/link").symlink_to(tmp_path / "kept")
    (tmp_path / "kept").mkdir()
    wanted = {"files": {"registries/quay.io/hosts.toml": ""}, "exclusive": ["registries", "none"]}
    lay_out(tmp_path, **wanted)
    assert list(tree(tmp_path)) == ["kept", "registries", "registries/quay.io", "registries/quay.io/hosts.toml"]
    assert not lay_out(tmp_path, **wanted)["changed"]


def test_a_dry_run_tells_the_same_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old/file").touch()
    wanted = {**WANTED, "exclusive": ["old"]}
    foreseen = lay_out(tmp_path, dry_run=True, **wanted)
    assert list(tree(tmp_path)) == ["old", "old/file"]
    assert foreseen == lay_out(tmp_path, **wanted)


def test_what_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "etc").touch()
    with pytest.raises(Unavailable, match=r"etc cannot be brought to its state \(File exists\); it must be one of"):
        lay_out(tmp_path, files={"etc/one": "1"})
