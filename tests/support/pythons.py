# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which Pythons tox and ansible-test find: those on PATH, and those that pyenv installed, selected or not."""

from __future__ import annotations

import os
from pathlib import Path


def path_with_pyenv() -> str:
    """$PATH with the real Pythons of pyenv, newest first, instead of its shims.

    The shim of a version that is not selected exits 127, and ansible-test takes it for a Python.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [folder for folder in os.environ["PATH"].split(os.pathsep) if Path(folder) != pyenv / "shims"]
    versions = [version for version in (pyenv / "versions").glob("3.*") if _minor(version) >= 9]
    folders += [str(version / "bin") for version in sorted(versions, key=_minor, reverse=True)]
    return os.pathsep.join(folders)


def _minor(version: Path) -> int:
    minor = version.name.split(".")[1]
    return int(minor) if minor.isdigit() else 0
