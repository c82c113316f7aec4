# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Versions as tuples of numbers."""

from __future__ import annotations

import re

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid

Version = tuple[int, ...]

_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)")


def version(text: str) -> Version:
    """``v1.35.4`` becomes ``(1, 35, 4)``; what follows the numbers does not count."""
    found = _VERSION.match(str(text))
    if not found:
        raise Invalid(f"{text!r} is no version; one like 1.35.4 was expected.")
    return tuple(int(part) for part in found.group(1).split("."))


def plain(text: str) -> str:
    """Without the v that Kubernetes and Git put before it and Kubespray does not."""
    return str(text)[1:] if str(text).startswith("v") else str(text)


def minor(text: str) -> int:
    """``1.35.4`` becomes 35."""
    return (*version(text), 0)[1]


def written(numbers: Version) -> str:
    return ".".join(map(str, numbers))
