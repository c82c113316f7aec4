#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: imported_images
short_description: Internal to the role sandbox - brings the images of a folder of OCI archives into containerd
version_added: 0.1.0
author: ai_how.cloud contributors (@ai-how)
description:
  - Imports each file C(*.tar) of O(directory) that holds an image which containerd has not got, or has with another
    digest.
  - The images of an archive are named in full by its annotations C(io.containerd.image.name) or
    C(org.opencontainers.image.ref.name).
options:
  directory:
    description: Folder of the archives. Without any, nothing is done.
    type: path
    required: true
  ctr:
    description: Path of the program C(ctr).
    type: path
    required: true
  socket:
    description: Unix socket of containerd.
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
- name: Import what is not there yet
  ai_how.cloud.imported_images:
    directory: ~/.cache/ai_how.cloud/images
    ctr: /usr/bin/ctr
    socket: /run/containerd/containerd.sock
"""

RETURN = r"""
imported:
  description: Names of the images that were imported, or in check mode would be.
  returned: success
  type: list
  elements: str
  sample: [docker.io/library/debian:12]
"""

from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_task
from ansible_collections.ai_how.cloud.plugins.module_utils._sandbox.images import bring


def main() -> None:
    run_task(
        {
            "directory": {"type": "path", "required": True},
            "ctr": {"type": "path", "required": True},
            "socket": {"type": "path", "required": True},
        },
        bring,
    )


if __name__ == "__main__":
    main()
