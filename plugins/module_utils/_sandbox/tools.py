# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Finds the files of pinned tools on this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._core.command import RunCommand
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._sandbox.versions import choose, parse_version, satisfies


def find(params: Mapping[str, Any], _dry_run: bool, run_command: RunCommand) -> dict[str, Any]:
    """The result of the module tool_info."""
    paths: dict[str, str] = {}
    origins: dict[str, str] = {}
    missing: dict[str, list[str]] = {}
    for tool in params["tools"]:
        found = _find(tool, params, run_command)
        paths.update({file: path for file, (path, _origin) in found.items()})
        origins.update({file: origin for file, (_path, origin) in found.items()})
        lacking = [file for file in tool["files"] if file not in found]
        if lacking:
            missing.setdefault(tool["name"], []).extend(lacking)
    return {"changed": False, "paths": paths, "origins": origins, "missing": missing}


def _find(tool: Mapping[str, Any], params: Mapping[str, Any], run_command: RunCommand) -> dict[str, tuple[str, str]]:
    wanted = tool["version"] if tool["path_version"] is None else tool["path_version"]
    is_program = bool(tool["version_args"])

    def version(path: str) -> Optional[str]:
        return _output(run_command, [path, *tool["version_args"]])

    def given(file: str) -> Optional[str]:
        path = os.path.join(params["binaries_dir"] or "", file)
        if not params["binaries_dir"] or not os.path.exists(path):
            return None
        if not _is_filled(path) or (is_program and not os.access(path, os.X_OK)):
            fault = "not executable" if _is_filled(path) else "empty or no file"
            raise Invalid(f"{path} is {fault}; mend it, or take it away to have another one used.")
        return path

    def on_path(file: str) -> Optional[str]:
        path = shutil.which(file, path=params["path"]) if is_program else None
        said = version(path) if path else None
        return path if said is not None and satisfies(parse_version(said), wanted) else None

    def cached(file: str) -> Optional[str]:
        path = os.path.join(params["cache_dir"], tool["name"], tool["version"], file)
        # A program may be there and have lost what it runs with, as one whose Python was upgraded
        return path if _is_filled(path) and (not is_program or version(path) is not None) else None

    return choose(tool["files"], given, on_path, cached)


def _is_filled(path: str) -> bool:
    return os.path.isfile(path) and os.path.getsize(path) > 0


def _output(run_command: RunCommand, argv: Sequence[str]) -> Optional[str]:
    """None if it does not run."""
    try:
        status, stdout, stderr = run_command(argv, handle_exceptions=False)
    except OSError:
        return None
    return stdout + stderr if status == 0 else None
