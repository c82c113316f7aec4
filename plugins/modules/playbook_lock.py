#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: playbook_lock
short_description: Internal to this collection - keeps two playbook runs from working on the same thing
version_added: 0.1.0
author: ai_how.cloud contributors (@ai-how)
description:
  - The lock belongs to the run of C(ansible-playbook), not to the task. It ends with that run, even with a killed one.
options:
  path:
    description: File of the lock. Its folder is made if needed.
    type: path
    required: true
  state:
    description: Whether to hold the lock or to give it back.
    type: str
    choices: [held, released]
    default: held
  timeout:
    description: Seconds to wait for another run that holds it, before the task fails.
    type: int
    default: 0
notes:
  - Made for the roles of this collection. It may change or go without notice; use it in no other place.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.flow
attributes:
  action:
    support: full
  async:
    support: none
  bypass_host_loop:
    support: none
  check_mode:
    support: full
    details: The lock is not taken, since nothing is written, but a folder that is not writable is an error as well.
  diff_mode:
    support: none
  platform:
    platforms: posix
    support: full
    details: Needs C(/proc), hence Linux.
"""

EXAMPLES = r"""
- name: One at a time
  ai_how.cloud.playbook_lock:
    path: /home/me/.lab.lock
    timeout: 60
"""

RETURN = r"""
held:
  description: Whether this run holds the lock now. Never in check mode.
  returned: success
  type: bool
  sample: true
"""
