#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: libvirt_pool
short_description: Declare a storage pool of a libvirt hypervisor
version_added: 0.1.0
author: ai_how.cloud contributors (@ai-how)
description:
  - Declares a storage pool that is a folder; it is active, and starts with the hypervisor. A missing folder is made.
  - The folder of a pool that is there is not changed, and what is in it is never deleted.
options:
  name:
    description: Name of the pool.
    type: str
    default: default
  state:
    description: V(absent) makes libvirt forget the pool. Its folder and files stay.
    type: str
    choices: [present, absent]
    default: present
  path:
    description: The folder. Needed for O(state=present).
    type: path
extends_documentation_fragment:
  - ai_how.cloud.libvirt_connection
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    description: Can run in check mode, by the same plan as the run.
    support: full
  diff_mode:
    description: Shows the declared properties, and whether it is active and starts with the hypervisor.
    support: full
  platform:
    platforms: posix
    support: full
    details: Needs libvirt, hence Linux.
notes:
  - The hypervisor's own Python has libvirt; so set C(ansible_python_interpreter) to C(/usr/bin/python3).
seealso:
  - module: ai_how.cloud.libvirt_gpu_vm
  - module: community.libvirt.virt_pool
"""

EXAMPLES = r"""
- name: The pool that VMs have their disks in
  ai_how.cloud.libvirt_pool:
    name: default
    path: /var/lib/libvirt/images
  vars:
    ansible_python_interpreter: /usr/bin/python3
"""

RETURN = r"""
results:
  description: One entry for the pool, whose values stand at the top level, too.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      returned: always
      type: str
    namespace:
      description: URI of its hypervisor.
      returned: always
      type: str
    changed:
      description: Whether something was changed.
      returned: always
      type: bool
    failed:
      description: Whether that failed.
      returned: always
      type: bool
    msg:
      description: Why it failed, or in check mode what would be done.
      returned: always
      type: str
    existed:
      description: Whether it was there before.
      returned: always
      type: bool
    restart_required:
      description: Whether it is active as it was defined before; never the case of a pool.
      returned: always
      type: bool
"""

from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_declaration
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.driver import pool_store
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.options import POOL_ARGUMENTS, POOL_CONSTRAINTS
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.surroundings import Surroundings, parse_pool


def main() -> None:
    run_declaration(POOL_ARGUMENTS, lambda params: Surroundings(parse_pool(params)), pool_store, **POOL_CONSTRAINTS)


if __name__ == "__main__":
    main()
