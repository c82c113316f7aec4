#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: streamed_command
short_description: Internal to the role sandbox - runs a long command and shows its output while it runs
version_added: 0.1.0
author: ai_how.cloud contributors (@ai-how)
description:
  - Each line of output is shown as it comes; during silence the time gone by is shown instead.
  - It runs on the controller, whatever host the task is for, and inherits the environment of Ansible.
  - With C(no_log) nothing is shown.
options:
  argv:
    description: The command and its arguments. No shell is used.
    type: list
    elements: str
    required: true
  chdir:
    description: Folder in which it runs.
    type: path
  environment:
    description: Environment variables on top of those of Ansible.
    type: dict
    default: {}
  prefix:
    description: What to show before each line. The default is the name of the command.
    type: str
    default: ""
notes:
  - Made for the role P(ai_how.cloud.sandbox#role). It may change or go without notice; use it in no other place.
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
    support: partial
    details: It cannot know whether the command would change something, and says that it would.
  diff_mode:
    support: none
  platform:
    platforms: posix
    support: full
"""

EXAMPLES = r"""
- name: Compile a program
  ai_how.cloud.streamed_command:
    argv: [go, build, -o, /tmp/kustomize, sigs.k8s.io/kustomize/kustomize/v5]
    chdir: /home/me/pins/kustomize
    environment:
      CGO_ENABLED: "0"
"""

RETURN = r"""
rc:
  description: Exit status of the command.
  returned: when it ran
  type: int
  sample: 0
seconds:
  description: How long it ran.
  returned: when it ran
  type: float
  sample: 12.3
stdout_lines:
  description: The last 200 lines of its output, standard error included.
  returned: when it ran
  type: list
  elements: str
  sample: [done]
"""
