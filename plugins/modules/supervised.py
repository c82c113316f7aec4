#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: supervised
short_description: Internal to the role sandbox - keeps the programs of one supervisord running, or ends them all
version_added: 0.1.0
author: ai_how.cloud contributors (@ai-how)
description:
  - Talks to one C(supervisord) over its Unix socket, starts it where it does not answer, and lets it take over a
    changed configuration file.
  - Every process that it starts carries O(directory) in its environment, so that processes left behind by a killed
    C(supervisord) are found and ended, and no others.
  - All programs in the configuration should have C(autostart=false); this module starts those of O(programs).
options:
  directory:
    description: Folder that owns the processes; it marks them.
    type: path
    required: true
  config:
    description: Configuration file of C(supervisord).
    type: path
    required: true
  socket:
    description: Unix socket on which C(supervisord) listens, as the configuration file says.
    type: path
    required: true
  argv:
    description: Command that starts C(supervisord), without its options.
    type: list
    elements: str
    default: [supervisord]
  environment:
    description: Whole environment of C(supervisord), hence of its programs. Nothing is inherited from the caller.
    type: dict
    default: {}
  programs:
    description: Programs to start if they do not run. Others are left as they are.
    type: list
    elements: str
    default: []
  state:
    description:
      - V(started) makes C(supervisord) and O(programs) run.
      - V(restarted) ends everything first.
      - V(stopped) ends everything.
    type: str
    choices: [started, restarted, stopped]
    default: started
  health:
    description: URLs that must answer with a status below 400 before the task ends. No proxy is used.
    type: list
    elements: dict
    default: []
    suboptions:
      program:
        description: Program that serves the URL.
        type: str
        required: true
      url:
        description: The URL.
        type: str
        required: true
      ca_path:
        description: File with the certificate authority that the server's certificate must come from.
        type: path
  timeout:
    description: Seconds that the URLs of O(health) get to answer.
    type: int
    default: 180
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
- name: Run everything that the configuration names
  ai_how.cloud.supervised:
    directory: /home/me/lab
    config: /home/me/lab/supervisord.conf
    socket: /home/me/lab/run/supervisor.sock
    programs: [etcd, kube-apiserver]
    health:
      - program: kube-apiserver
        url: https://127.0.0.1:6443/readyz
        ca_path: /home/me/lab/pki/ca.crt

- name: End everything
  ai_how.cloud.supervised:
    directory: /home/me/lab
    config: /home/me/lab/supervisord.conf
    socket: /home/me/lab/run/supervisor.sock
    state: stopped
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be done, in order.
  returned: always
  type: list
  elements: str
  sample: [start supervisord, start etcd]
"""

from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_task
from ansible_collections.ai_how.cloud.plugins.module_utils._sandbox.supervisor import ensure


def main() -> None:
    run_task(
        {
            "directory": {"type": "path", "required": True},
            "config": {"type": "path", "required": True},
            "socket": {"type": "path", "required": True},
            "argv": {"type": "list", "elements": "str", "default": ["supervisord"]},
            "environment": {"type": "dict", "default": {}},
            "programs": {"type": "list", "elements": "str", "default": []},
            "health": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "program": {"type": "str", "required": True},
                    "url": {"type": "str", "required": True},
                    "ca_path": {"type": "path"},
                },
            },
            "state": {"type": "str", "choices": ["started", "restarted", "stopped"], "default": "started"},
            "timeout": {"type": "int", "default": 180},
        },
        ensure,
    )


if __name__ == "__main__":
    main()
