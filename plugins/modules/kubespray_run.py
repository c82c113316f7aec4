#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: kubespray_run
short_description: Internal to the role kubespray - runs playbooks of Kubespray in their own Ansible
version_added: 0.1.0
author: ai_how.cloud contributors (@ai-how)
description:
  - Decides which playbooks of Kubespray are to be run, from the inventory and from what the hosts have said of
    themselves, and runs them with the ansible-core that this Kubespray is made for.
  - It runs on the controller, whatever host the task is for. What happens is shown while it does, and a log is kept.
  - Kubespray gets the hosts of the cluster with the variables of this inventory, by way of memory and no file.
options:
  state:
    description:
      - V(prepared) makes the Python environment of Kubespray.
      - V(planned) says what would be run, and fails for what would not work.
      - V(done) runs it.
      - V(confirmed) fails if the cluster is not as it should be after that.
      - V(failed) fails with O(failure), and says what is left behind.
    type: str
    choices: [prepared, planned, done, confirmed, failed]
    required: true
  tree:
    description: Folder of Kubespray.
    type: path
    required: true
  venv:
    description: Folder of its Python environment.
    type: path
    required: true
  python:
    description: The Python of which it is made.
    type: path
    default: python3
  state_dir:
    description: Folder for logs, the cache of facts and C(ansible.cfg).
    type: path
    default: ""
  callbacks:
    description: Folder with the callback plugin that tells what happens.
    type: path
    default: ""
  name:
    description: Name of the cluster.
    type: str
    default: ""
  verb:
    description: What is to be done with the cluster.
    type: str
    choices: [deploy, scale, remove_node, upgrade, reset]
    default: deploy
  nodes:
    description: Nodes to add or remove.
    type: list
    elements: str
    default: []
  confirm:
    description: The name of the cluster, for O(verb=reset).
    type: str
    default: ""
  force:
    description: Whether to run although everything is as declared.
    type: bool
    default: false
  gone:
    description: Whether the nodes to remove do not answer any more.
    type: bool
    default: false
  variables:
    description: Variables for Kubespray, over those of the inventory.
    type: dict
    default: {}
  left_out:
    description: Hosts of the inventory that are no part of it for now.
    type: list
    elements: str
    default: []
  ignored:
    description: Kinds of findings that are no reason not to run.
    type: list
    elements: str
    choices: [address, clock, disk, hostname, machine_id, memory, name, ports, reach, system]
    default: []
  looks:
    description: The results of M(ai_how.cloud.kubespray_host_info) by host, those of hosts that failed as well.
    type: dict
    default: {}
  cordoned_before:
    description: Nodes that were cordoned before the run, for O(state=confirmed) and O(state=failed).
    type: list
    elements: str
    default: []
  failure:
    description: Why the run failed, for O(state=failed).
    type: str
    default: ""
  wait_for_ready:
    description: Whether a node that is not Ready is a failure, for O(state=confirmed).
    type: bool
    default: true
notes:
  - Made for the role P(ai_how.cloud.kubespray#role). It may change or go without notice; use it in no other place.
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
    support: full
    details: It names the playbooks and runs none.
  diff_mode:
    support: none
  platform:
    platforms: posix
    support: full
    details: Needs C(/proc), hence Linux.
"""

EXAMPLES = r"""
- name: Have the Ansible of Kubespray
  ai_how.cloud.kubespray_run:
    state: prepared
    tree: /opt/kubespray
    venv: /opt/kubespray-venv
    python: python3.12
"""

RETURN = r"""
release:
  description: Version and commit of Kubespray.
  returned: O(state=prepared)
  type: str
  sample: v2.31.0 1c9add48975060f45396b34d8e022c30d7f80dab
ansible_core:
  description: Version of the ansible-core that Kubespray is run with.
  returned: O(state=prepared)
  type: str
  sample: 2.18.19
runs:
  description: The playbooks, with C(--limit) where there is one. Empty if everything is as declared.
  returned: O(state=planned)
  type: list
  elements: str
  sample: [boilerplate.yml, facts.yml, scale.yml --limit worker-3]
kubernetes:
  description: The version of Kubernetes that the cluster is to have. With O(state=prepared), those that can be had.
  returned: O(state=planned) or O(state=prepared)
  type: raw
  sample: 1.35.4
cordoned:
  description: Nodes that take no pods.
  returned: O(state=planned)
  type: list
  elements: str
  sample: []
stamp:
  description: What is to be left on the first control plane after a success.
  returned: O(state=planned)
  type: dict
"""
