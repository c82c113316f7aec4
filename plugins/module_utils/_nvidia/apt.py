# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What APT's files and programs say, parsed; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.model import Archive, Offer

# What indextargets is asked for. It knows no Signed-By, so that is read from the files.
FORMAT = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)"


def archives(answer: str, texts: Iterable[str]) -> tuple[Archive, ...]:
    """Of the answer of ``apt-get indextargets``, and the texts of sources.list and of the files beside it."""
    keys: dict[str, str] = {}
    for text in texts:
        keys.update(_keys(text))
    rows = [row.split("|") for row in answer.splitlines() if row.count("|") == 2]
    found = [Archive(uri, suite, part, keys.get(uri.rstrip("/"), "")) for uri, suite, part in rows]
    return tuple(dict.fromkeys(found))


def _keys(text: str) -> dict[str, str]:
    """What signs a repository, by its address: a file, fingerprints, or a key of several lines."""
    found = {}
    for line in text.splitlines():
        match = re.match(r"deb\s+\[([^]]*)\]\s+(\S+)", line)
        key = re.search(r"signed-by=(\S+)", match[1]) if match else None
        if match and key:
            found[match[2].rstrip("/")] = key[1]
    for stanza in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^(URIs|Signed-By):[ \t]*(.*(?:\n[ \t].*)*)", stanza, re.MULTILINE | re.IGNORECASE))
        lowered = {name.lower(): value for name, value in fields.items()}
        for uri in lowered.get("uris", "").split() if "signed-by" in lowered else ():
            found[uri.rstrip("/")] = lowered["signed-by"]
    return found


def offers(answer: str) -> dict[str, Offer]:
    """Of the answer of ``apt-cache policy``: a name at the left, and of its versions the lines that begin with one."""
    found: dict[str, Offer] = {}
    for block in re.split(r"^(?=\S)", answer, flags=re.MULTILINE):
        candidate = re.search(r"^  Candidate: (\S+)", block, re.MULTILINE)
        versions = re.findall(r"^(?: \*\*\*|    ) (\S+) -?\d+$", block, re.MULTILINE)
        if candidate and candidate[1] != "(none)" and versions:
            found[block.split(":\n", 1)[0]] = Offer(candidate[1], tuple(versions))
    return found
