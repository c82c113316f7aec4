#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: image_info
short_description: Internal to the role sandbox - says which images can be had from nowhere
version_added: 0.1.0
author: ai_how.cloud contributors (@ai-how)
description:
  - An image can be had if an OCI archive in O(directory) holds it, or if its registry or a mirror of that answers.
    Whether the registry has it is not asked, since that takes a token.
options:
  images:
    description: Full names of the images.
    type: list
    elements: str
    required: true
  directory:
    description: Folder of OCI archives, C(*.tar). It need not be there.
    type: path
    required: true
  mirrors:
    description: Lists of URLs by registry, which are asked before it.
    type: dict
    default: {}
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
- name: Can it be had?
  ai_how.cloud.image_info:
    images: [docker.io/library/debian:12]
    directory: ~/.cache/ai_how.cloud/images
  register: images
"""

RETURN = r"""
lacking:
  description: Reasons why images cannot be had. Empty if all can.
  returned: success
  type: list
  elements: str
  sample:
    - no image docker.io/library/debian:12, since no archive in /images has it and docker.io does not answer (timed out)
"""

from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_task
from ansible_collections.ai_how.cloud.plugins.module_utils._sandbox.images import unobtainable


def main() -> None:
    run_task(
        {
            "images": {"type": "list", "elements": "str", "required": True},
            "directory": {"type": "path", "required": True},
            "mirrors": {"type": "dict", "default": {}},
        },
        unobtainable,
    )


if __name__ == "__main__":
    main()
