# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: manifest_objects
short_description: The objects in a text of manifests, without fields that are null
version_added: 0.1.0
author:
  - ai_how.cloud contributors (@ai-how)
description:
  - Charts write C(annotations) and C(env) with nothing behind them. A server-side apply takes that for an opinion on
    what others put there, and so a second one would change the object.
  - Made for the role P(ai_how.cloud.sealed_secrets#role). It may change or go without notice; use it in no other place.
options:
  _input:
    description: The text, as C(helm template) prints it.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: See what a chart makes
  ansible.builtin.debug:
    msg: "{{ rendered.stdout | ai_how.cloud.manifest_objects }}"
"""

RETURN = r"""
_value:
  description: The objects, in the order of the text.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

import yaml


def manifest_objects(text: str) -> list[Any]:
    return [_said(document) for document in yaml.safe_load_all(str(text)) if document]


def _said(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _said(each) for name, each in value.items() if each is not None}
    return [_said(each) for each in value] if isinstance(value, list) else value


class FilterModule:
    def filters(self) -> dict[str, Callable[[str], list[Any]]]:
        return {"manifest_objects": manifest_objects}
