# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Finds the files of pinned tools on this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._sandbox.versions import choose, parse_version, satisfies

# AnsibleModule.run_command: returns status, stdout and stderr.
RunCommand = Callable[..., tuple[int, str, str]]


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

    def on_path(file: str) -> Optional[str]:
        path = shutil.which(file, path=params["path"]) if tool["version_args"] else None
        return (
            path
            if path and satisfies(parse_version(_output(run_command, [path, *tool["version_args"]])), wanted)
            else None
        )

    return choose(
        tool["files"],
        given=lambda file: _in(params["binaries_dir"], file),
        on_path=on_path,
        cached=lambda file: _in(os.path.join(params["cache_dir"], tool["name"], tool["version"]), file),
    )


def _in(folder: Optional[str], file: str) -> Optional[str]:
    path = os.path.join(folder, file) if folder else ""
    return path if os.path.isfile(path) else None


def _output(run_command: RunCommand, argv: Sequence[str]) -> str:
    try:
        _status, stdout, stderr = run_command(argv, handle_exceptions=False)
    except OSError:
        return ""
    return stdout + stderr
