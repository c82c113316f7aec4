# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The one function through which everything passes that is shown to a person: diffs, messages, results."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MASK = "********"

# Names whose values are secrets by the habit of the field: Helm parameters and values, plugin environments.
_SECRET_NAME = re.compile(
    r"pass(?:word|wd|phrase)|secret|token|credential|(?:api|access|private|client)[-_]?key", re.IGNORECASE
)
_URL_USERINFO = re.compile(r"(?<=://)[^/\s\"]+(?=@)")  # up to the last @, for a password may hold one


def redact(value: Any) -> Any:
    """``value`` with secrets masked: by the name of a key, in ``{name, value}`` pairs, Helm values and URLs."""
    if isinstance(value, Mapping):
        return {key: _redact_item(value, key, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact(item) for item in value]
    return redact_text(value) if isinstance(value, str) else value


def redact_text(text: str) -> str:
    """``text`` with the credentials in URLs masked."""
    return _URL_USERINFO.sub(MASK, text)


def _redact_item(holder: Mapping[Any, Any], key: Any, item: Any) -> Any:
    name = holder.get("name") if key in ("value", "string") else key
    if isinstance(name, str) and _SECRET_NAME.search(name):
        return _mask(item)
    if key in ("values", "patch") and isinstance(item, str) and _SECRET_NAME.search(item):
        return MASK  # a text of Helm or Kustomize: no telling how far the secret goes
    return redact(item)


def _mask(item: Any) -> Any:
    """A secret masked, also as a number or a list; structures below a secret's name are looked into."""
    if isinstance(item, (list, tuple)):
        return [_mask(one) for one in item]
    if isinstance(item, (Mapping, bool)) or item in ("", None):
        return redact(item)
    return MASK
