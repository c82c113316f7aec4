#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: sealed_secret_reseal
short_description: Have the controller seal a tree of sealed secrets for its newest key
version_added: 0.1.0
author:
  - ai_how.cloud contributors (@ai-how)
description:
  - Sends each SealedSecret of a file or a tree to the controller that can open it, and writes the new ciphertexts into
    the file. No value is seen here, and none is needed.
  - All else in the file stays, also the template, which the controller's own answer would replace.
  - What is noted as sealed for the newest certificate already, by M(ai_how.cloud.sealed_secret) or by this module, is
    left as it is. So a second run changes nothing.
  - One that the controller cannot open is told at the end, and the others are sealed.
extends_documentation_fragment:
  - ai_how.cloud.kube_auth
options:
  path:
    description:
      - A file of manifests, or a folder, whose files C(*.yaml), C(*.yml) and C(*.json) are read, at any depth. Folders
        whose name begins with a dot are left out, and so is what is no YAML.
    type: path
    required: true
  force:
    description: Whether all are sealed anew, whatever they are noted to be sealed for.
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
    description: Tells which would be sealed anew, and does not ask the controller whether it can open them.
    support: full
  diff_mode:
    description: There is nothing to show but ciphertexts.
    support: none
requirements:
  - cryptography >= 42.0
notes:
  - The controller answers two requests in a second.
  - The proofs that M(ai_how.cloud.sealed_secret) adds with O(ai_how.cloud.sealed_secret#module:hmac_key) are of
    ciphertexts, and go with them. Where the values are at hand, that module with
    O(ai_how.cloud.sealed_secret#module:renew) keeps them.
seealso:
  - module: ai_how.cloud.sealed_secret
"""

EXAMPLES = r"""
- name: Seal the whole tree for the newest key
  ai_how.cloud.sealed_secret_reseal:
    path: "{{ gitops_dir }}"
    kubeconfig: ~/.kube/config
"""

RETURN = r"""
results:
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
    changed:
      description: Whether it was sealed anew.
      returned: always
      type: bool
    failed:
      description: Whether it could not be.
      returned: always
      type: bool
    msg:
      description: Why not.
      returned: always
      type: str
"""

from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_task
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed.driver import RESEAL_ARGUMENTS, reseal


def main() -> None:
    run_task(RESEAL_ARGUMENTS, reseal)


if __name__ == "__main__":
    main()
