# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What sealed_secret_info tells of manifests, without a private key and without a cluster. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._core.redact import Public
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed.envelope import CLUSTER_WIDE, fault, mark
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed.model import (
    API_VERSION,
    SEALED_FOR,
    part,
    scope_of,
)

_UNKNOWN = "unknown"


@dataclass
class Report:
    """``unread``: files that are no YAML, as a chart's templates are."""

    sealed: list[dict[str, Any]] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def result(self, fail: bool) -> dict[str, Any]:
        faults = [f"{each['path']}: {each['name']}: {text}" for each in self.sealed for text in each["problems"]]
        faults += [
            f"{each['path']}: {each['name']}: the controller has no key that opens it; seal it anew"
            for each in self.sealed
            if each.get("verified") is False
        ]
        secrets = [f"{line} stands there in plain text; seal it" for line in self.plain]
        problems = [*secrets, *faults]
        return {
            "changed": False,
            "failed": bool(fail and problems),
            "msg": " | ".join(problems),
            "sealed_secrets": self.sealed,
            "plain_secrets": self.plain,
            "unread": self.unread,
        }


def entry(raw: Mapping[str, Any], path: str) -> dict[str, Any]:
    """One SealedSecret: what it says, and what cannot be right about it."""
    metadata = raw["metadata"]
    items = part(raw, "spec", "encryptedData")
    return {
        "path": path,
        "name": metadata.get("name", ""),
        "namespace": metadata.get("namespace", ""),
        "scope": scope_of(raw),
        "data_keys": sorted(items),
        "fingerprints": _fingerprints(metadata, items),
        "problems": list(_problems(raw, items)),
    }


def _problems(raw: Mapping[str, Any], items: Mapping[str, Any]) -> Iterator[str]:
    if raw.get("apiVersion") != API_VERSION:
        yield f"its apiVersion is {raw.get('apiVersion')}, expected {API_VERSION}"
    if not raw["metadata"].get("name"):
        yield "it has no name; say the name that it was sealed for"
    if part(raw, "spec").get("data"):
        yield "it has the field data of the first format, which controllers no longer open; seal it anew"
    elif not items and not part(raw, "spec", "template", "data"):
        yield "it holds nothing; seal at least one key"
    for name, text in items.items():
        if fault(text):
            yield f"encryptedData.{name} {fault(text)}; seal it anew"
    there = part(raw, "spec", "template", "metadata")
    for name in ("name", "namespace"):
        outer = raw["metadata"].get(name)
        if there.get(name) and outer and there[name] != outer:
            yield f"its {name} is {outer}, and that of its template {there[name]}; say the same in both"
    if scope_of({"metadata": there}) != scope_of(raw) and there:
        yield (
            f"its annotations say the scope {scope_of(raw)}, those of its template {scope_of({'metadata': there})}; "
            "it opens with the first, so correct the other"
        )
    if scope_of(raw) != CLUSTER_WIDE and not raw["metadata"].get("namespace"):
        yield f"it has no namespace, and its scope is {scope_of(raw)}; say the namespace that it was sealed for"


def _fingerprints(metadata: Mapping[str, Any], items: Mapping[str, Any]) -> dict[str, str]:
    """Of each key, that of the certificate it was sealed for, as far as sealed_secret noted it."""
    try:
        marks = json.loads(part(metadata, "annotations").get(SEALED_FOR) or "{}")
    except (TypeError, ValueError):
        marks = {}
    found = {}
    for name, text in items.items():
        noted = marks.get(name) if isinstance(marks, Mapping) else None
        fingerprint = str(noted).partition(":")[0]
        known = noted is not None and noted == mark(fingerprint, str(text))
        found[name] = Public(fingerprint) if known else _UNKNOWN
    return found
