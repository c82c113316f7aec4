#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: libvirt_gpu_info
short_description: Tell which GPUs a hypervisor has, and who has them
version_added: 0.1.0
author: ai_how.cloud contributors (@ai-how)
description:
  - Reads sysfs and libvirt, and changes nothing. It runs on the hypervisor itself.
options:
  all_devices:
    description: Whether all PCI devices but bridges are told, and not GPUs and accelerators only.
    type: bool
    default: false
extends_documentation_fragment:
  - ai_how.cloud.libvirt_connection
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    platforms: posix
    support: full
    details: Needs sysfs, hence Linux.
seealso:
  - module: ai_how.cloud.libvirt_gpu_vm
"""

EXAMPLES = r"""
- name: Look at the GPUs
  ai_how.cloud.libvirt_gpu_info:
  register: found
  vars:
    ansible_python_interpreter: /usr/bin/python3

- name: Show them
  ansible.builtin.debug:
    msg: "{{ found.report }}"
"""

RETURN = r"""
gpus:
  description: One entry for each, in the order of their addresses.
  returned: success
  type: list
  elements: dict
  contains:
    address:
      description: PCI address.
      returned: always
      type: str
      sample: "0000:41:00.0"
    id:
      description: Vendor and device.
      returned: always
      type: str
      sample: 10de:2330
    name:
      description: Its name in the database of C(lspci); empty if that is not installed or does not know it.
      returned: always
      type: str
    driver:
      description: The driver that it is bound to; empty for none.
      returned: always
      type: str
      sample: vfio-pci
    iommu_group:
      description: Number of its IOMMU group; null if it has none, so cannot be passed.
      returned: always
      type: int
    group_members:
      description: Addresses in that group, without bridges.
      returned: always
      type: list
      elements: str
    numa_node:
      description: Its NUMA node; -1 if the machine has none.
      returned: always
      type: int
    bars_mib:
      description: Sizes of its regions of memory in MiB.
      returned: always
      type: list
      elements: float
    mmio64_mib:
      description: The window above 4 GiB that a VM with UEFI needs for it, in MiB; 0 if it needs nothing special.
      returned: always
      type: int
    reset_methods:
      description: How the kernel can reset it, an empty list for not at all; null for a kernel that does not tell.
      returned: always
      type: list
      elements: str
    d3cold_allowed:
      description: Whether the kernel may switch it off while it is idle.
      returned: always
      type: bool
    in_use_by:
      description: Processes that have it open.
      returned: always
      type: list
      elements: str
    defined_in:
      description: VMs that have it in their definition.
      returned: always
      type: list
      elements: str
    running_in:
      description: The VM that runs with it.
      returned: always
      type: list
      elements: str
    physical_function:
      description: Of a virtual function (SR-IOV), the address of its physical one.
      returned: always
      type: str
    parts:
      description: Virtual functions and mediated devices that it is divided into, with C(id) and C(defined_in).
      returned: always
      type: list
      elements: dict
    mdev_types:
      description: As what it can be divided, with C(type), C(name) and C(free), how many more.
      returned: always
      type: list
      elements: dict
    obstacle:
      description: Why a VM that wants it alone could not start now, and what to do; empty if it could.
      returned: always
      type: str
report:
  description: A line on each, for a person.
  returned: success
  type: list
  elements: str
  sample: ["0000:41:00.0 GH100 [H100 SXM5 80GB]: free to start with; defined in training"]
"""

from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_task
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.driver import tell
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.options import INFO_ARGUMENTS


def main() -> None:
    run_task(INFO_ARGUMENTS, tell)


if __name__ == "__main__":
    main()
