# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: api_reason
short_description: Why a module of kubernetes.core failed, in one sentence
version_added: 0.1.0
author:
  - ai_how.cloud contributors (@ai-how)
description:
  - What the API server says, out of the C(msg) of a module of C(kubernetes.core); the first line of it where no API
    server answered. Without a full stop, since it becomes a part of a sentence.
  - Made for the roles of this collection. It may change or go without notice; use it in no other place.
options:
  _input:
    description: The answer of the module.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Say why it was not written
  ansible.builtin.debug:
    msg: "{{ answer | ai_how.cloud.api_reason }}"
  # secrets is forbidden: User "me" cannot create resource "secrets" in API group "" in the namespace "mlops"
"""

RETURN = r"""
_value:
  description: The reason.
  type: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._core.answers import api_message


def api_reason(answer: Mapping[str, Any]) -> str:
    """``{"msg": "Failed to create object: ...{\\"message\\":\\"no\\"...}"}`` becomes ``no``."""
    text = str(answer.get("msg", "no reason given"))
    return (api_message(text) or text.partition("\n")[0]).rstrip(".")


class FilterModule:
    def filters(self) -> dict[str, Callable[..., str]]:
        return {"api_reason": api_reason}
