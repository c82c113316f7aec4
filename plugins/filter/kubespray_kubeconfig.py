# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: kubespray_kubeconfig
short_description: The kubeconfig of a control plane, for use elsewhere
version_added: 0.1.0
author:
  - ai_how.cloud contributors (@ai-how)
description:
  - Gives cluster, context and user of kubeadm's C(admin.conf) the name of the cluster, and the server another address.
  - Made for the role P(ai_how.cloud.kubespray#role). It may change or go without notice; use it in no other place.
options:
  _input:
    description: The text of C(admin.conf).
    type: str
    required: true
  name:
    description: Name of the cluster.
    type: str
    required: true
  variables:
    description:
      - Variables of the first control plane that say where the API server is, such as C(loadbalancer_apiserver),
        C(access_ip), C(ip) and C(ansible_host).
    type: dict
    required: true
  url:
    description: Where the API server is, if the variables do not say it.
    type: str
    default: ""
  into:
    description: The text of a kubeconfig that gets the entries. What has other names in it stays.
    type: str
positional: name, variables
"""

EXAMPLES = r"""
- name: Write a kubeconfig
  ansible.builtin.copy:
    content: "{{ slurped.content | b64decode | ai_how.cloud.kubespray_kubeconfig('lab', {'ip': '10.30.0.11'}) }}"
    dest: /home/me/.kube/lab
    mode: "0600"
  diff: false
  no_log: true
"""

RETURN = r"""
_value:
  description: The text of a kubeconfig. It has the key of the administrator.
  type: str
"""

from collections.abc import Callable, Mapping
from typing import Any, Optional

from ansible.errors import AnsibleFilterError
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Problem
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.kubeconfig import api_url, merged, readdressed


def kubespray_kubeconfig(
    text: str, name: str, variables: Mapping[str, Any], url: str = "", into: Optional[str] = None
) -> str:
    try:
        # Ansible's texts have types of their own, which YAML does not write
        config = readdressed(str(text), str(name), str(url or api_url(variables)))
        return config if into is None else merged(str(into), config)
    except Problem as problem:
        raise AnsibleFilterError(str(problem)) from None


class FilterModule:
    def filters(self) -> dict[str, Callable[..., str]]:
        return {"kubespray_kubeconfig": kubespray_kubeconfig}
