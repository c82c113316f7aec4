#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: gitops_rendering
short_description: Internal to the role gitops_apps - renders the applications of a checkout as Argo CD would
version_added: 0.1.0
author: ai_how.cloud contributors (@ai-how)
description:
  - Renders the chart that holds the applications with Helm, and each application from the checkout with Kustomize.
  - Writes nothing into the checkout.
options:
  name:
    description: Name of the app-of-apps.
    type: str
    required: true
  namespace:
    description: Namespace of the applications.
    type: str
    required: true
  dir:
    description: Top of the checkout.
    type: path
    required: true
  path:
    description: Folder of the applications below it.
    type: str
    required: true
  target_revision:
    description: The branch that the app-of-apps follows.
    type: str
    required: true
  branch:
    description: The branch that the checkout is or will be. Applications that follow another one are not rendered.
    type: str
    required: true
  helm:
    description: Name or path of the program C(helm).
    type: str
    default: helm
  kustomize:
    description: Name or path of the program C(kustomize).
    type: str
    default: kustomize
requirements:
  - PyYAML
  - helm 3 or newer, kustomize 5 or newer
notes:
  - Made for the role P(ai_how.cloud.gitops_apps#role). It may change or go without notice; use it in no other place.
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
- name: Render what a branch would deploy
  ai_how.cloud.gitops_rendering:
    name: mlops-stack
    namespace: argocd
    dir: /home/me/gitops
    path: k8s-manifests/argocd-apps
    target_revision: main
    branch: main
"""

RETURN = r"""
applications:
  description: One entry for each application, in the order of their names.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the application.
      type: str
      returned: always
    namespace:
      description: The namespace that it deploys to.
      type: str
      returned: always
    creates_namespace:
      description: Whether Argo CD makes that namespace.
      type: bool
      returned: always
    resources:
      description: What it deploys from the checkout, as C(group/kind/namespace/name).
      type: list
      elements: str
      returned: always
    objects:
      description:
        - What it deploys from the checkout, with Argo CD's mark and without hooks. Empty if a secret stands in it.
      type: list
      elements: dict
      returned: always
    plain_secrets:
      description: Places where a secret stands as it is.
      type: list
      elements: str
      returned: always
    elsewhere:
      description: Why something of it is not rendered.
      type: list
      elements: str
      returned: always
app_of_apps:
  description:
    - What the app-of-apps itself deploys, Applications above all, with Argo CD's mark. C(https://preview.invalid)
      stands for the URL of the repository.
  returned: success
  type: list
  elements: dict
"""

from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_task
from ansible_collections.ai_how.cloud.plugins.module_utils._gitops.rendering import render


def main() -> None:
    run_task(
        {
            "name": {"type": "str", "required": True},
            "namespace": {"type": "str", "required": True},
            "dir": {"type": "path", "required": True},
            "path": {"type": "str", "required": True},
            "target_revision": {"type": "str", "required": True},
            "branch": {"type": "str", "required": True},
            "helm": {"type": "str", "default": "helm"},
            "kustomize": {"type": "str", "default": "kustomize"},
        },
        render,
    )


if __name__ == "__main__":
    main()
