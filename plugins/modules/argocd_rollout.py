#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: argocd_rollout
short_description: Internal to the roles argocd and sealed_secrets - waits until Deployments and StatefulSets are ready
version_added: 0.1.0
author: ai_how.cloud contributors (@ai-how)
description:
  - Waits for those in a namespace that the role argocd has labelled as its own, or for those of a name, until each is
    rolled out as C(kubectl rollout status) would say.
  - Fails with the workload that is not ready and the reason that its pods tell. A reason that does not heal by itself,
    like an image that does not exist, ends the wait early.
options:
  namespace:
    description: Their namespace.
    type: str
    required: true
  name:
    description: Name of the one to wait for. What is not there is not waited for.
    type: str
    default: ""
  wait_timeout:
    description: Seconds until all must be ready.
    type: int
    default: 300
notes:
  - Made for the roles P(ai_how.cloud.argocd#role) and P(ai_how.cloud.sealed_secrets#role). It may change or go without
    notice; use it in no other place.
  - In check mode it does not wait.
extends_documentation_fragment:
  - ai_how.cloud.kube_auth
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
- name: Wait until Argo CD is ready
  ai_how.cloud.argocd_rollout:
    namespace: argocd
"""

RETURN = r"""
"""

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.rollout import ARGUMENTS, wait
from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_task


def main() -> None:
    run_task(ARGUMENTS, wait)


if __name__ == "__main__":
    main()
