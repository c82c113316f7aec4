#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: tool_info
short_description: Internal to the role sandbox - tells where the files of pinned tools are on this machine
version_added: 0.1.0
author: ai_how.cloud contributors (@ai-how)
description:
  - For each file of each tool it takes the first of the folder O(binaries_dir), the search path O(path) if the program
    there has the right version, and the cache O(cache_dir), in which a file lies at C(<tool>/<version>/<file>).
  - A file in O(binaries_dir) is taken as it is, whatever its version. An empty or non-executable one is an error.
  - An empty file elsewhere, and a program that does not tell its version, counts as missing.
options:
  tools:
    description: The tools wanted.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the tool.
        type: str
        required: true
      version:
        description: Its version, as the name of its folder in the cache.
        type: str
        required: true
      files:
        description: Names of its files, programs or others.
        type: list
        elements: str
        required: true
      version_args:
        description:
          - Arguments with which its programs print their version.
          - Without them its files are no programs, and O(path) is not searched.
        type: list
        elements: str
        default: []
      path_version:
        description:
          - Version that a program on O(path) must have. The default is O(tools[].version).
          - With C(>=) before it, the least version. An empty one takes any.
        type: str
  binaries_dir:
    description: A folder with files that win over all others.
    type: path
  path:
    description: Search path, in the form of the environment variable E(PATH), whose value is the default.
    type: str
  cache_dir:
    description: Folder of the cache.
    type: path
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
"""

EXAMPLES = r"""
- name: Where is Helm?
  ai_how.cloud.tool_info:
    tools:
      - name: helm
        version: v3.22.0
        files: [helm]
        version_args: [version, --short]
    cache_dir: ~/.cache/ai_how.cloud/tools
  register: tools

- name: Say so
  ansible.builtin.debug:
    msg: "{{ tools.paths.helm | default('nowhere') }}"
"""

RETURN = r"""
paths:
  description: Path of each file that was found, by the file's name.
  returned: success
  type: dict
  sample:
    helm: /usr/local/bin/helm
origins:
  description: Where each of them comes from, V(given), V(path) or V(cache).
  returned: success
  type: dict
  sample:
    helm: path
missing:
  description: Files that were not found, by tool. Tools that are complete are not in it.
  returned: success
  type: dict
  sample:
    kwok: [kwokctl]
"""

from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_task
from ansible_collections.ai_how.cloud.plugins.module_utils._sandbox.tools import find


def main() -> None:
    run_task(
        {
            "tools": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "version": {"type": "str", "required": True},
                    "files": {"type": "list", "elements": "str", "required": True},
                    "version_args": {"type": "list", "elements": "str", "default": []},
                    "path_version": {"type": "str"},
                },
            },
            "binaries_dir": {"type": "path"},
            "path": {"type": "str"},
            "cache_dir": {"type": "path", "required": True},
        },
        find,
    )


if __name__ == "__main__":
    main()
