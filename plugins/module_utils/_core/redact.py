# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The one function through which everything passes that is shown to a person: diffs, messages, results."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

MASK = "********"
_CHANGED = " (changed)"

# Names whose values are secrets by the habit of the field: Helm parameters and values, plugin environments.
SECRET = r"pass(?:word|wd|phrase)|pwd|secret|token|credential|(?:api|access|private|client|signing|encryption)[-_]?key"
_SECRET_NAME = re.compile(rf"{SECRET}|^pass$", re.IGNORECASE)
_SECRET_ARGUMENT = re.compile(rf"(?<![\w-])([\w.-]*(?:{SECRET})[\w.-]*=)[^\s&'\"]+", re.IGNORECASE)
_URL_USERINFO = re.compile(r"(?<=://)[^/\s\"]+(?=@)")  # up to the last @, for a password may hold one


class Hidden(str):
    """A text that is a secret, whatever its name; it compares like any other."""

    __slots__ = ()


class Public(str):
    """A text that is no secret although it may look like one: a ciphertext, say. It is shown as it is."""

    __slots__ = ()


def redact(value: Any) -> Any:
    """``value`` with secrets masked: Hidden, by the name of a key, in ``{name, value}`` pairs, Helm values and URLs."""
    if isinstance(value, Hidden):
        return _mask(value)
    if isinstance(value, Mapping):
        return {key: _redact_item(value, key, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact(item) for item in value]
    return redact_text(value) if isinstance(value, str) and not isinstance(value, Public) else value


def redact_change(before: Any, after: Any) -> tuple[Any, Any]:
    """Both redacted; where that hides a difference, the second says that there is one."""
    shown = redact(before), redact(after)
    return shown[0], _tell_hidden(before, after, *shown)


def _tell_hidden(before: Any, after: Any, shown_before: Any, shown_after: Any) -> Any:
    if isinstance(shown_after, Mapping) and isinstance(shown_before, Mapping):
        return {
            name: _tell_hidden(before[name], after[name], shown_before[name], shown) if name in shown_before else shown
            for name, shown in shown_after.items()
        }
    if isinstance(shown_after, list) and isinstance(shown_before, list) and len(shown_before) == len(shown_after):
        return list(map(_tell_hidden, before, after, shown_before, shown_after))
    if isinstance(shown_after, str) and shown_before == shown_after and before != after:
        return shown_after + _CHANGED
    return shown_after


def redact_text(text: str) -> str:
    """``text`` with the credentials in URLs and in arguments like ``--token=x`` masked."""
    return _SECRET_ARGUMENT.sub(rf"\1{MASK}", _URL_USERINFO.sub(MASK, text))


def without(text: str, secrets: Iterable[str]) -> str:
    """``text`` with each of the secrets masked, wherever it stands."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def _redact_item(holder: Mapping[Any, Any], key: Any, item: Any) -> Any:
    name = holder.get("name") if key in ("value", "string", "array", "map") else key
    if isinstance(key, str) and key.endswith("/last-applied-configuration"):
        return _mask(item)  # a copy of the whole object, which may be a Secret
    if isinstance(name, str) and _SECRET_NAME.search(name):
        return _mask(item)
    if key in ("exec_provider_config", "execProviderConfig") and isinstance(item, Mapping):
        return {name: _mask(one) if name in ("args", "env") else redact(one) for name, one in item.items()}
    if key in ("values", "patch") and isinstance(item, str) and _SECRET_NAME.search(item):
        return MASK  # a text of Helm or Kustomize: no telling how far the secret goes
    return redact(item)


def _mask(item: Any) -> Any:
    """A secret masked, also as a number, and below a list or structure all but what only names it."""
    if isinstance(item, (list, tuple)):
        return [_mask(one) for one in item]
    if isinstance(item, Mapping):
        return {key: redact(one) if key in ("name", "key", "namespace") else _mask(one) for key, one in item.items()}
    return item if isinstance(item, bool) or item in ("", None) else MASK
