#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: machine_info
short_description: Internal to the role sandbox - says what this machine lacks for a real node
version_added: 0.1.0
author: ai_how.cloud contributors (@ai-how)
description:
  - A kubelet with containerd needs root, programs, controllers of cgroups, and a kernel that lets it make links,
    overlay mounts and nftables. The last is tried, in namespaces that end with the trial.
options:
  directory:
    description: Folder in which the node would keep its data. It need not be there yet.
    type: path
    required: true
  network:
    description: Network of its addresses, which must not be another one's already.
    type: str
    required: true
  link:
    description: Name of the link behind which that network may be, since it is the node's own.
    type: str
    required: true
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
    details: Needs C(/proc), hence Linux.
"""

EXAMPLES = r"""
- name: Can there be a real node?
  ai_how.cloud.machine_info:
    directory: /home/me/lab
    network: 10.82.8.0/24
    link: lab
  register: machine
"""

RETURN = r"""
lacking:
  description: Reasons why there can be no real node. Empty if there can.
  returned: success
  type: list
  elements: str
  sample: [this user is not root]
"""

from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_task
from ansible_collections.ai_how.cloud.plugins.module_utils._sandbox.machine import look


def main() -> None:
    run_task(
        {
            "directory": {"type": "path", "required": True},
            "network": {"type": "str", "required": True},
            "link": {"type": "str", "required": True},
        },
        look,
    )


if __name__ == "__main__":
    main()
