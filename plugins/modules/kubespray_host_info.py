#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: kubespray_host_info
short_description: Internal to the role kubespray - looks at a host of a cluster
version_added: 0.1.0
author: ai_how.cloud contributors (@ai-how)
description:
  - Tells of a host what decides whether Kubespray can work with it, and what it has of Kubernetes already.
  - On a control plane it also tells the nodes of the cluster and the stamp of the last run of the role.
options:
  address:
    description: An address that the host should have. If empty, any will do.
    type: str
    default: ""
  controller_time:
    description: Seconds since the epoch by the clock of the controller.
    type: float
    required: true
  config_dir:
    description: Folder with C(admin.conf).
    type: path
    default: /etc/kubernetes
  bin_dir:
    description: Folder with C(kubectl).
    type: path
    default: /usr/local/bin
  kubelet_dir:
    description: Folder that the kubelet has, or will have, its data in.
    type: path
    default: /var/lib/kubelet
  images_dir:
    description: Folder that the container runtime has, or will have, images in.
    type: path
    default: /var/lib/containerd
  stamp:
    description: File with the stamp of the last run. If empty, none is read.
    type: path
    default: ""
notes:
  - Made for the role P(ai_how.cloud.kubespray#role). It may change or go without notice; use it in no other place.
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
- name: Is it fit for Kubernetes?
  ai_how.cloud.kubespray_host_info:
    address: 10.30.0.11
    controller_time: "{{ now().timestamp() }}"
  register: look
"""

RETURN = r"""
memory_mb:
  description: Memory.
  returned: success
  type: int
  sample: 7942
disks:
  description: Of the file systems of O(kubelet_dir) and O(images_dir) the size and what is available, in bytes.
  returned: success
  type: dict
  sample: {"kubelet": {"path": "/var/lib", "size": 105555197952, "available": 98784247808}}
ports:
  description: Ports of Kubernetes that are listened on, and the program that does.
  returned: success
  type: dict
  sample: {"6443": "kube-apiserver (process 812)"}
asked_at:
  description: O(controller_time) as it was given.
  returned: success
  type: float
  sample: 1795658400.0
time:
  description: Seconds since the epoch by the clock of the host.
  returned: success
  type: float
  sample: 1795658400.4
traces:
  description: Files that say that Kubespray has been here.
  returned: success
  type: list
  elements: str
  sample: [/etc/kubernetes/admin.conf]
leftovers:
  description: Files and links of a cluster that a reset leaves behind.
  returned: success
  type: dict
  sample: {"files": [/usr/local/bin/etcdutl], "links": [cni0]}
nodes:
  description: The nodes of the cluster.
  returned: success
  type: list
  elements: dict
  sample: [{"name": "node-1", "version": "1.35.4", "ready": true, "cordoned": false}]
api_problem:
  description: Why the API server was not asked for nodes although there is one; else empty.
  returned: success
  type: str
  sample: ""
stamp:
  description: What is in the file O(stamp).
  returned: success
  type: dict
"""

from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_task
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.look import ARGUMENTS, look


def main() -> None:
    run_task(ARGUMENTS, look)


if __name__ == "__main__":
    main()
