#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: sandbox_ports
short_description: Internal to the role sandbox - chooses free TCP ports on loopback once and keeps them in a file
version_added: 0.1.0
author: ai_how.cloud contributors (@ai-how)
description:
  - Names that the file already holds keep their port; others get a free one that no file matching O(avoid) holds.
  - The file is JSON, a mapping of name to port.
options:
  path:
    description: File that keeps the choice.
    type: path
    required: true
  names:
    description: Names that need a port.
    type: list
    elements: str
    required: true
  fixed:
    description: Ports that are not to be chosen, by name. A V(0) means that it is to be chosen.
    type: dict
    default: {}
  lasting:
    description: Names whose port cannot be changed by O(fixed) once the file holds it.
    type: list
    elements: str
    default: []
  avoid:
    description: Pattern of files of the same form, whose ports are taken even while nobody listens on them.
    type: str
    default: ""
notes:
  - Made for the role P(ai_how.cloud.sandbox#role). It may change or go without notice; use it in no other place.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    platforms: posix
    support: full
"""

EXAMPLES = r"""
- name: Two ports, one of them given
  ai_how.cloud.sandbox_ports:
    path: /home/me/lab/ports.json
    names: [api, etcd]
    fixed:
      api: 6443
"""

RETURN = r"""
ports:
  description: Port of each name.
  returned: success
  type: dict
  sample:
    api: 6443
    etcd: 21000
"""

from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_task
from ansible_collections.ai_how.cloud.plugins.module_utils._sandbox.ports import keep


def main() -> None:
    run_task(
        {
            "path": {"type": "path", "required": True},
            "names": {"type": "list", "elements": "str", "required": True},
            "fixed": {"type": "dict", "default": {}},
            "lasting": {"type": "list", "elements": "str", "default": []},
            "avoid": {"type": "str", "default": ""},
        },
        keep,
    )


if __name__ == "__main__":
    main()
