#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: nvidia_driver_plan
short_description: Tell what a machine needs for its NVIDIA GPUs
version_added: 0.1.0
author: ai_how.cloud contributors (@ai-how)
description:
  - Looks at the GPUs on the PCI bus, the packages, the kernel modules and Secure Boot, and tells which driver serves
    them, open or proprietary, and what is to be done for it. It changes nothing; the role
    P(ai_how.cloud.nvidia_drivers#role) does it.
  - It fails where there is no way, like a branch that does not support a GPU, or Secure Boot without a key.
options:
  state:
    description: Whether there should be a driver.
    type: str
    choices: [present, absent]
    default: present
  source:
    description:
      - V(distribution) is the archive of Debian (non-free) or Ubuntu; V(nvidia) is NVIDIA's repository; V(runfile) its
        installer.
    type: str
    choices: [distribution, nvidia, runfile]
    default: distribution
  version:
    description:
      - A branch like V(580), or a version like V(580.95.05), which a runfile needs. Without one it is the first branch
        of Debian's archive that serves all GPUs, and 580 elsewhere.
    type: str
  upgrade:
    description:
      - Whether a driver that is there is brought to the newest version of its branch.
      - DNF is not asked what is newer, so with it this is refused; give that version as O(version).
    type: bool
    default: false
  kernel_modules:
    description:
      - V(auto) is what all GPUs take; where both are possible, open ones from branch 560 on, as NVIDIA has it.
    type: str
    choices: [auto, open, proprietary]
    default: auto
  fabric_manager:
    description: V(auto) is where there are NVSwitches. It always has the version of the driver.
    type: str
    choices: [auto, 'true', 'false']
    default: auto
  persistence:
    description: Whether the persistence daemon is wanted.
    type: bool
    default: true
  hold:
    description: Whether packages of the driver are held, so that unattended upgrades leave them.
    type: bool
    default: true
  expected_gpus:
    description: How many GPUs there must be at least.
    type: int
    default: 0
  pci_ids:
    description:
      - Ids, as V(10de:2330), of the GPUs and switches that an image is made for. Those of this machine are not looked
        at then, and nothing that needs them is asked.
    type: list
    elements: str
    default: []
  kernel:
    description:
      - The kernel for which modules are built, for an image that another one boots. By default the one that runs.
    type: str
  secure_boot:
    description: Whether Secure Boot is on, for an image. By default the firmware is asked.
    type: bool
  repository_url:
    description: A mirror of NVIDIA's repository.
    type: str
  repository_key:
    description: The key of that mirror, a file of the machine; for DNF a URL as well.
    type: str
  runfile_url:
    description: Where the runfile is, if not at NVIDIA's.
    type: str
  mig:
    description: Profiles of MIG devices by the number of a GPU, or by V(all), each a list like V([3g.40gb, 3g.40gb]).
    type: dict
    default: {}
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
    details: Needs sysfs, hence Linux.
"""

EXAMPLES = r"""
- name: What would a driver from the distribution's archive be?
  ai_how.cloud.nvidia_driver_plan:
  register: plan

- name: Show it
  ansible.builtin.debug:
    msg: "{{ plan.report }}"

- name: Would the branch 580 serve a node with eight H100?
  ai_how.cloud.nvidia_driver_plan:
    source: nvidia
    version: '580'
    expected_gpus: 8
"""

RETURN = r"""
gpus:
  description: The GPUs of NVIDIA, with C(address), C(id), C(architecture) and the C(driver) that each is bound to.
  returned: success
  type: list
  elements: dict
  sample: [{address: '0000:41:00.0', id: '10de:2330', architecture: Hopper, driver: nvidia}]
branch:
  description: The branch of the driver.
  returned: success
  type: int
  sample: 580
version:
  description: The version of the driver; empty where the package manager chooses within the branch.
  returned: success
  type: str
  sample: 580.95.05
kernel_modules:
  description: Open or proprietary.
  returned: success
  type: str
  sample: open
kernel:
  description: The kernel for which there are modules, or will be.
  returned: success
  type: str
family:
  description: Debian, Ubuntu or Red Hat's family.
  returned: success
  type: str
  sample: debian
fabric_manager:
  description: Whether Fabric Manager is needed.
  returned: success
  type: bool
secure_boot:
  description: Whether Secure Boot is on.
  returned: success
  type: bool
loaded:
  description: The version of the module that is loaded; empty for none.
  returned: success
  type: str
ready:
  description: Whether the packages can be had. If not, what needs them is not planned yet.
  returned: success
  type: bool
repositories:
  description: Repositories to add.
  returned: success
  type: list
  elements: dict
stream:
  description: The module stream of DNF to enable.
  returned: success
  type: str
prerequisites:
  description: Packages that building the modules needs.
  returned: success
  type: list
  elements: str
release:
  description: Packages that are held and must not be, since they change.
  returned: success
  type: list
  elements: str
remove:
  description: Packages of another driver, or with O(state=absent) of the driver.
  returned: success
  type: list
  elements: str
first:
  description: Packages that must be there before others, since they pin their versions.
  returned: success
  type: list
  elements: str
install:
  description: Packages that are missing or have another version.
  returned: success
  type: list
  elements: str
  sample: [nvidia-smi=550.163.01-2]
hold:
  description: Packages that are to be held, of APT.
  returned: success
  type: list
  elements: str
build:
  description: Whether the packages are there and the modules for the kernel are not.
  returned: success
  type: bool
runfile:
  description: What is to be run, with C(url) and C(options), or C(uninstall).
  returned: success
  type: dict
services:
  description: Services that are wanted.
  returned: success
  type: list
  elements: str
reboot:
  description: Why a reboot is needed; empty for none.
  returned: success
  type: str
smi:
  description: Why nvidia-smi failed; empty if it did not, or no driver is loaded.
  returned: success
  type: str
unseen:
  description: GPUs on the PCI bus that nvidia-smi does not show, where a driver is loaded.
  returned: success
  type: list
  elements: str
mig_commands:
  description: Lines for C(ExecStart) of a unit that divides the GPUs.
  returned: success
  type: list
  elements: str
mig_differs:
  description: What is not divided as wanted.
  returned: success
  type: list
  elements: str
report:
  description: All of it in lines for a person.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_task
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.driver import tell
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.options import ARGUMENTS


def main() -> None:
    run_task(ARGUMENTS, tell)


if __name__ == "__main__":
    main()
