# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Brings folders and small text files below one directory to their state."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Unavailable

_FOLDER = _SCRIPT = 0o700
_FILE = 0o600


def keep(params: Mapping[str, Any], dry_run: bool, _run_command: object = None) -> dict[str, Any]:
    """The result of the module sandbox_files. Files come first: one may be the mark by which the directory is known."""
    root = params["directory"]
    diff: list[dict[str, str]] = []

    def change(path: str, before: str, after: str, write: Callable[[], None]) -> None:
        diff.append({"before_header": path, "after_header": path, "before": before, "after": after})
        if not dry_run:
            write()

    def make(folders: Iterable[str]) -> None:
        for path in (_below(root, folder) for folder in _with_parents(folders)):
            if not os.path.isdir(path):
                change(path, "absent", "a folder", partial(os.makedirs, path, _FOLDER))

    files = {**params["files"], **params["scripts"]}
    try:
        for path in _unwanted(root, params["exclusive"], set(_with_parents([*files, *params["folders"]]))):
            change(path, "there", "absent", partial(_remove, path))
        make(map(os.path.dirname, files))
        for name, text in files.items():
            path = _below(root, name)
            before = _read(path)
            if before != text:
                mode = _SCRIPT if name in params["scripts"] else _FILE
                change(path, before or "", text, partial(write, path, text, mode))
        make(params["folders"])
    except OSError as error:
        raise Unavailable(
            f"{error.filename or root} cannot be brought to its state ({error.strerror}); it must be one of this user,"
            " on a disk with room."
        ) from error
    return {"changed": bool(diff), "diff": diff}


def _below(root: str, name: str) -> str:
    return os.path.normpath(os.path.join(root, name))


def _with_parents(paths: Iterable[str]) -> list[str]:
    """Each path once, and the folders that it is in, outer ones first; "" is the directory itself."""
    found = {""}
    for path in paths:
        while path not in found:
            found.add(path)
            path = os.path.dirname(path)
    return sorted(found)


def _unwanted(root: str, exclusive: list[str], wanted: set[str]) -> Iterator[str]:
    for folder in exclusive:
        path = _below(root, folder)
        for name in sorted(os.listdir(path) if os.path.isdir(path) else []):
            if os.path.join(folder, name) not in wanted:
                yield os.path.join(path, name)


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def _read(path: str) -> Optional[str]:
    try:
        with open(path, encoding="utf-8", errors="replace", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return None


def write(path: str, text: str, mode: int = 0o666) -> None:
    """A killed run leaves the old file or the new one."""
    temporary = f"{path}.{os.getpid()}"
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
