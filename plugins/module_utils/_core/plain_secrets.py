# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Secrets that stand in manifests as they are, in Secrets and elsewhere. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._core.redact import SECRET

_NAMES = rf"{SECRET}|pass|credentials|secret[-_]?key"
_SECRET_NAME = re.compile(rf"(?:{_NAMES})$", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|://[^/\s:@$]+:(?!\{\{)[^/\s@$]+@"
    rf"|(?<![\w-])--?[\w-]*(?:{_NAMES})=(?!\$)\S",
    re.IGNORECASE,
)
# What cannot be one, whatever its name says: nothing, a reference to another variable, a switch, a number.
_NO_SECRET = re.compile(r"|\$\(\w+\)|true|false|\d+(?:\.\d+)?", re.IGNORECASE)


def objects(found: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    """The Kubernetes objects among documents, those of a List one by one."""
    for each in found:
        if isinstance(each, Mapping) and isinstance(each.get("kind"), str):
            if each["kind"].endswith("List") and isinstance(each.get("items"), list):
                yield from objects(each["items"])
            elif _name(each):
                yield each
        elif isinstance(each, Mapping) and "secretGenerator" in each:  # a Kustomization need not say its kind
            yield {"kind": "Kustomization", **each}


def plain_secrets(objects: Sequence[Mapping[str, Any]]) -> list[str]:
    """One line for each place where a secret stands as it is. The value is not told."""
    return [f"{each['kind']}/{_name(each)}: {where}" for each in objects for where in _plain(each)]


def _name(each: Mapping[str, Any]) -> str:
    """Or what the API server makes one of; a Kustomization needs none."""
    metadata = each.get("metadata")
    named = metadata if isinstance(metadata, Mapping) else {}
    unnamed = "kustomization" if each["kind"] == "Kustomization" else ""
    return str(named.get("name") or named.get("generateName") or unnamed)


def _plain(each: Mapping[str, Any]) -> Iterator[str]:
    if each["kind"] == "Secret":
        data = {**_structure(each.get("data")), **_structure(each.get("stringData"))}
        filled = sorted(str(name) for name, value in data.items() if value and not _is_sealed_by_sops(value))
        if filled:
            yield ", ".join(filled)
        return
    yield from _literals(each.get("secretGenerator"))
    for path, name, text in _texts(each):
        if _SECRET_TEXT.search(text) or (_SECRET_NAME.search(name) and not _NO_SECRET.fullmatch(text)):
            yield path


def _literals(generators: Any) -> Iterator[str]:
    """Those of which Kustomize is to make a Secret."""
    for generator in generators if isinstance(generators, list) else ():
        for literal in _structure(generator).get("literals") or ():
            name, _equals, value = str(literal).partition("=")
            if value:
                yield f"secretGenerator.{name}"


def _structure(value: Any) -> Mapping[str, Any]:
    """Empty for what a broken manifest has in its place."""
    return value if isinstance(value, Mapping) else {}


def _is_sealed_by_sops(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("ENC[AES256_GCM,") and value.endswith("]")


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str, str]]:
    """All texts, with where they stand, and the name of those that are an environment variable or in a ConfigMap."""
    if isinstance(value, Mapping):
        named_value = isinstance(value.get("name"), str)
        for key, item in value.items():
            below = f"{path}.{key}" if path else str(key)
            if isinstance(item, str) and key == "value" and named_value:
                yield f"{path}.{value['name']}", value["name"], item
            elif isinstance(item, str):
                yield below, str(key) if path == "data" else "", item
            else:
                yield from _texts(item, below)
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, str):
                yield path, "", item
            else:
                yield from _texts(item, path)
