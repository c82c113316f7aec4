#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: libvirt_network
short_description: Declare a network of a libvirt hypervisor
version_added: 0.1.0
author: ai_how.cloud contributors (@ai-how)
description:
  - Declares a network with a bridge and a subnet of its own; it is active, and starts with the hypervisor.
  - The first address of the subnet is the hypervisor's. The DHCP server gives addresses to those VMs only for which
    one is reserved, as M(ai_how.cloud.libvirt_gpu_vm) does, so that no other address of the subnet is ever taken.
  - What is not declared here (reserved addresses, ranges, DNS) stays, but for addresses outside a subnet that changed.
  - A network in which VMs run is not restarted. What changed waits for its next start, and
    RV(results[].restart_required) says so.
options:
  name:
    description: Name of the network.
    type: str
    required: true
  state:
    description: V(absent) removes it, unless a VM has an interface in it.
    type: str
    choices: [present, absent]
    default: present
  subnet:
    description: Its IPv4 subnet, like V(192.168.200.0/24). Needed for O(state=present).
    type: str
  bridge:
    description: Name of the bridge that is made for it, like V(virbr200). Needed for O(state=present).
    type: str
  forward:
    description:
      - How it is connected to what is outside. V(nat) hides the VMs behind the hypervisor, V(route) needs routes
        outside, V(none) connects it to the hypervisor only.
    type: str
    choices: [nat, route, none]
    default: nat
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
  - module: community.libvirt.virt_net
"""

EXAMPLES = r"""
- name: A network for a cluster
  ai_how.cloud.libvirt_network:
    name: cloud-cluster
    subnet: 192.168.200.0/24
    bridge: virbr200
  vars:
    ansible_python_interpreter: /usr/bin/python3

- name: Remove it
  ai_how.cloud.libvirt_network:
    name: cloud-cluster
    state: absent
"""

RETURN = r"""
results:
  description: One entry for the network, whose values stand at the top level, too.
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
      description: Whether it is active as it was defined before, since VMs run in it.
      returned: always
      type: bool
"""

from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_declaration
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.driver import network_store
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.options import (
    NETWORK_ARGUMENTS,
    NETWORK_CONSTRAINTS,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.surroundings import Surroundings, parse_network


def main() -> None:
    run_declaration(
        NETWORK_ARGUMENTS, lambda params: Surroundings(parse_network(params)), network_store, **NETWORK_CONSTRAINTS
    )


if __name__ == "__main__":
    main()
