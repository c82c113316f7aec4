#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: sealed_secret_info
short_description: Examine sealed secrets in a tree of manifests, and find those in plain text
version_added: 0.1.0
author:
  - ai_how.cloud contributors (@ai-how)
description:
  - Tells of all SealedSecrets in a file or a tree what they are, and what cannot be right about them, without a cluster
    and without a private key.
  - Finds Secrets and other places where a secret stands in plain text. The same scan is the pre-commit hook
    C(plain-secrets) of this collection.
extends_documentation_fragment:
  - ai_how.cloud.kube_auth
options:
  path:
    description:
      - A file of manifests, or a folder, whose files C(*.yaml), C(*.yml) and C(*.json) are read, at any depth. Folders
        whose name begins with a dot are left out.
    type: path
    required: true
  verify:
    description:
      - Whether the controller is asked if it could open each of them. It answers two in a second.
    type: bool
    default: false
  fail:
    description: Whether the task fails for a secret in plain text or a SealedSecret that cannot be right.
    type: bool
    default: false
  controller_name:
    description: Name of the controller's Service.
    type: str
    default: sealed-secrets-controller
  controller_namespace:
    description: Its namespace.
    type: str
    default: kube-system
attributes:
  check_mode:
    description: Changes nothing in any mode.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
requirements:
  - cryptography >= 42.0
notes:
  - A Secret that SOPS has encrypted is not in plain text.
seealso:
  - module: ai_how.cloud.sealed_secret
"""

EXAMPLES = r"""
- name: Stop if a secret stands in Git as it is
  ai_how.cloud.sealed_secret_info:
    path: "{{ gitops_dir }}"
    fail: true

- name: Ask the controller whether it can open all of them
  ai_how.cloud.sealed_secret_info:
    path: "{{ gitops_dir }}"
    verify: true
    kubeconfig: ~/.kube/config
  register: sealed

- name: Those that it cannot open
  ansible.builtin.debug:
    msg: "{{ sealed.sealed_secrets | rejectattr('verified') | map(attribute='path') }}"
"""

RETURN = r"""
sealed_secrets:
  description: One entry for each SealedSecret.
  returned: always
  type: list
  elements: dict
  contains:
    path:
      description: The file that it is in, below O(path).
      returned: always
      type: str
    name:
      description: Its name.
      returned: always
      type: str
    namespace:
      description: Its namespace; empty if it has none.
      returned: always
      type: str
    scope:
      description: Where it opens, V(strict), V(namespace-wide) or V(cluster-wide).
      returned: always
      type: str
    data_keys:
      description: Its keys.
      returned: always
      type: list
      elements: str
    fingerprints:
      description:
        - Of each key the SHA-256 of the certificate that it was sealed for, or V(unknown), since a ciphertext does not
          tell it and only M(ai_how.cloud.sealed_secret) notes it.
      returned: always
      type: dict
    problems:
      description: What cannot be right about it.
      returned: always
      type: list
      elements: str
    verified:
      description: Whether the controller can open it.
      returned: with O(verify)
      type: bool
plain_secrets:
  description: Where a secret stands in plain text, with file, object and key.
  returned: always
  type: list
  elements: str
unread:
  description: Files that are no YAML, as templates of a chart are, and that were not examined.
  returned: always
  type: list
  elements: str
"""

from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_task
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed.driver import INFO_ARGUMENTS, examine


def main() -> None:
    run_task(INFO_ARGUMENTS, examine)


if __name__ == "__main__":
    main()
