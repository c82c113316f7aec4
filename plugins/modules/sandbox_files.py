#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: sandbox_files
short_description: Internal to the role sandbox - brings folders and small files below a directory to their state
version_added: 0.1.0
author: ai_how.cloud contributors (@ai-how)
description:
  - Does in one task what takes seconds with a task for each file.
  - Folders and scripts get the mode V(0700), files V(0600). The mode of what is there already stays.
options:
  directory:
    description: The directory; made if it is missing.
    type: path
    required: true
  folders:
    description: Folders below it that are to be there.
    type: list
    elements: str
    default: []
  files:
    description: Text of each file, by its path below the directory. Folders that it names are made.
    type: dict
    default: {}
  scripts:
    description: Like O(files), but executable.
    type: dict
    default: {}
  exclusive:
    description: Folders below it in which everything is removed that the other options do not name.
    type: list
    elements: str
    default: []
notes:
  - Made for the role P(ai_how.cloud.sandbox#role). It may change or go without notice; use it in no other place.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: posix
    support: full
"""

EXAMPLES = r"""
- name: A folder, and a file in another one
  ai_how.cloud.sandbox_files:
    directory: /home/me/lab
    folders: [logs]
    files:
      etc/motto: Git is the truth
"""

RETURN = r"""#"""

from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_task
from ansible_collections.ai_how.cloud.plugins.module_utils._sandbox.files import keep


def main() -> None:
    run_task(
        {
            "directory": {"type": "path", "required": True},
            "folders": {"type": "list", "elements": "str", "default": []},
            "files": {"type": "dict", "default": {}},
            "scripts": {"type": "dict", "default": {}},
            "exclusive": {"type": "list", "elements": "str", "default": []},
        },
        keep,
    )


if __name__ == "__main__":
    main()
