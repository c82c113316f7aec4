# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The documents of a file of YAML, or one sentence that tells nothing of what is in it. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid

try:
    import yaml

    _BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(_BASE):  # type: ignore[misc]
        """What looks like a date stays a text, as it does for Kubernetes."""

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in found if not tag.endswith(":timestamp")]
        for first, found in _BASE.yaml_implicit_resolvers.items()
    }
    IMPORT_ERROR = ""
except ImportError as error:
    IMPORT_ERROR = str(error)

_MOST_PARTS = 10_000


def documents(text: str, origin: str) -> list[Any]:
    """All documents of a file. Raises Invalid if it is no YAML; a secret in it is not told."""
    if IMPORT_ERROR:
        raise Invalid(f"PyYAML is needed by the Python that runs this ({IMPORT_ERROR}): pip install PyYAML")
    try:
        found = list(yaml.load_all(text, Loader))
    except (yaml.YAMLError, ValueError, LookupError, AttributeError) as error:
        # The last two are what PyYAML makes of a value that does not fit its tag, as !!int ""
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise Invalid(f"{origin} is no YAML{where}: {getattr(error, 'problem', None) or 'it cannot be read'}") from None
    if "*" in text and _is_endless(found, _MOST_PARTS + len(text)):
        raise Invalid(f"{origin} has aliases that make an endless structure of it; write out what they stand for")
    return found


def _is_endless(found: list[Any], most: int) -> bool:
    """Whether aliases make more of a text than ``most`` parts; one that leads to itself makes no end of them."""
    waiting, count = [*found], 0
    while waiting and count <= most:
        each = waiting.pop()
        count += 1
        waiting += each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
    return count > most
