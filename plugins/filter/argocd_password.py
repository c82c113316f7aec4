# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: argocd_password
short_description: The hash of a password as Argo CD keeps it
version_added: 0.1.0
author:
  - ai_how.cloud contributors (@ai-how)
description:
  - Makes a bcrypt hash of a password, or returns the one that is there already, if it is of the same password.
  - Needs the Python package C(bcrypt) where Ansible runs.
  - Made for the role P(ai_how.cloud.argocd#role). It may change or go without notice; use it in no other place.
options:
  _input:
    description: The password, of at most 72 bytes.
    type: str
    required: true
  current:
    description: The hash that is there now.
    type: str
    default: ""
positional: current
"""

EXAMPLES = r"""
- name: Show the hash of a password
  ansible.builtin.debug:
    msg: "{{ 'correct horse' | ai_how.cloud.argocd_password }}"
"""

RETURN = r"""
_value:
  description: The hash.
  type: str
"""

from collections.abc import Callable

from ansible.errors import AnsibleFilterError

try:
    import bcrypt
except ImportError:
    bcrypt = None  # type: ignore[assignment, unused-ignore]

_LONGEST = 72  # bytes; what follows would not count, so Argo CD refuses it
_ROUNDS = 10  # as Argo CD's own


def argocd_password(password: str, current: str = "") -> str:
    """``"$2b$10$..."``. Raises AnsibleFilterError for a password that cannot be, and without bcrypt."""
    if bcrypt is None:
        raise AnsibleFilterError(
            "argocd_admin_password needs the Python package bcrypt where Ansible runs: pip install bcrypt"
        )
    secret = password.encode()
    if not 0 < len(secret) <= _LONGEST:
        raise AnsibleFilterError(
            f"argocd_admin_password has {len(secret)} bytes; give at least 1 and at most {_LONGEST}"
        )
    if _is_hash_of(secret, current):
        return current
    return str(bcrypt.hashpw(secret, bcrypt.gensalt(_ROUNDS)).decode())


def _is_hash_of(secret: bytes, current: str) -> bool:
    try:
        return bool(bcrypt.checkpw(secret, current.encode()))
    except ValueError:  # no hash at all
        return False


class FilterModule:
    def filters(self) -> dict[str, Callable[..., str]]:
        return {"argocd_password": argocd_password}
