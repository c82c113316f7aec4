# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: table
short_description: Lines of an aligned table
version_added: 0.1.0
author:
  - ai_how.cloud contributors (@ai-how)
description:
  - Makes lines of text of a list of dictionaries, with a header and aligned columns, to be read by a person.
  - A commit is shortened to 8 digits; a long text is cut.
options:
  _input:
    description: The rows.
    type: list
    elements: dict
    required: true
  columns:
    description: The keys to show, in this order. A row that lacks one has an empty cell there.
    type: list
    elements: str
    required: true
  width:
    description: Characters that a cell may have.
    type: int
    default: 100
positional: columns, width
"""

EXAMPLES = r"""
- name: Show applications
  ansible.builtin.debug:
    msg: "{{ result.applications | ai_how.cloud.table(['name', 'sync', 'health', 'revision']) }}"
  # "NAME         SYNC    HEALTH   REVISION"
  # "mlops-stack  Synced  Healthy  2f1d5c9a"
"""

RETURN = r"""
_value:
  description: The lines; the first is the header.
  type: list
  elements: str
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

_COMMIT = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{32}\b")


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], width: int = 100) -> list[str]:
    """``[{"name": "minio"}], ["name"]`` becomes ``["NAME", "minio"]``. Raises AnsibleFilterError for other input."""
    if isinstance(rows, (str, Mapping)) or not all(isinstance(row, Mapping) for row in rows):
        raise AnsibleFilterError("ai_how.cloud.table: expected a list of dictionaries as rows")
    cells = [[column.upper() for column in columns]]
    cells += [[_cell(row.get(column), width) for column in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells)]
    return ["  ".join(map(str.ljust, line, widths)).rstrip() for line in cells]


def _cell(value: Any, width: int) -> str:
    text = _COMMIT.sub(r"\1", " ".join(str("" if value is None else value).split()))
    return text if len(text) <= width else text[: width - 1] + "…"


class FilterModule:
    def filters(self) -> dict[str, Callable[..., list[str]]]:
        return {"table": table}
