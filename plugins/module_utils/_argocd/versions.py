# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Versions of Argo CD, and the way from one to another. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid

# Upstream has a page for each step from a minor version to the next.
_PAGES = "https://argo-cd.readthedocs.io/en/stable/operator-manual/upgrading"


class Minor(NamedTuple):
    major: int
    minor: int


def minor_of(version: str) -> Optional[Minor]:
    """``v3.6.1`` is of (3, 6); None for what is no version, as the path of a manifest."""
    found = re.match(r"v(\d+)\.(\d+)\.\d+(?:$|[-+])", version)
    return Minor(int(found[1]), int(found[2])) if found else None


def version_of(images: Iterable[str]) -> str:
    """The version that the images of a manifest name; empty if none is Argo CD's, or its tag is no version."""
    tags = (re.search(r"(?:^|/)argocd:([^@]+)", image) for image in images)
    return next((tag[1] for tag in tags if tag and minor_of(tag[1])), "")


def pages_of_upgrade(installed: str, wanted: str) -> list[str]:
    """The pages to read before an upgrade, one for each step. Raises Invalid for a step back to an older minor version.

    Empty where nothing is to be read, or where a version is not known.
    """
    before, after = minor_of(installed), minor_of(wanted)
    if before is None or after is None or before == after:
        return []
    if after < before:
        raise Invalid(
            f"{installed} is installed, and {wanted} is of an older minor version, which may not understand what the"
            f" newer one wrote; give v{before.major}.{before.minor} or later, or remove the newer one first"
            " (argocd_state=absent keeps the applications) and then install the older one"
        )
    if after.major != before.major:
        return [f"{_PAGES}/overview/"]
    steps = range(before.minor, after.minor)
    return [f"{_PAGES}/{after.major}.{step}-{after.major}.{step + 1}/" for step in steps]
