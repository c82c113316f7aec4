# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which version a program is, and which of several copies of a tool's files is taken. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Optional

_VERSION = re.compile(r"(?<![\w.])(?:go|v)?(\d+(?:\.\d+){1,3}(?:-(?:alpha|beta|rc)[.\d]*)?)")


def parse_version(text: str) -> Optional[str]:
    """The first version in what a program printed, as ``1.36.3``; None if there is none."""
    found = _VERSION.search(text)
    return found.group(1) if found else None


def satisfies(version: Optional[str], wanted: str) -> bool:
    """``wanted`` is a version, the least one as ``>=1.27.3``, or empty for any. A pre-release is less than any."""
    if not wanted:
        return True
    if version is None:
        return False
    if wanted.startswith(">="):
        return "-" not in version and _numbers(version) >= _numbers(wanted[2:])
    return version == wanted.lstrip("v")


def choose(
    files: Iterable[str],
    given: Callable[[str], Optional[str]],
    on_path: Callable[[str], Optional[str]],
    cached: Callable[[str], Optional[str]],
) -> dict[str, tuple[str, str]]:
    """Path and origin of each file that there is: in the given folder, else on PATH, else in the cache."""
    sources = {"given": given, "path": on_path, "cache": cached}
    chosen = {}
    for file in files:
        for origin, source in sources.items():
            path = source(file)
            if path:
                chosen[file] = (path, origin)
                break
    return chosen


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]
