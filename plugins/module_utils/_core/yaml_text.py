# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The documents of a file of YAML, or one sentence that tells nothing of what is in it. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid

try:
    import yaml

    _LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    IMPORT_ERROR = ""
except ImportError as error:
    IMPORT_ERROR = str(error)


def documents(text: str, origin: str) -> list[Any]:
    """All documents of a file. Raises Invalid if it is no YAML; a secret in it is not told."""
    if IMPORT_ERROR:
        raise Invalid(f"PyYAML is needed by the Python that runs this ({IMPORT_ERROR}): pip install PyYAML")
    try:
        return list(yaml.load_all(text, _LOADER))
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise Invalid(f"{origin} is no YAML{where}: {getattr(error, 'problem', None) or 'it cannot be read'}") from None
