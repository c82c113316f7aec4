# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    """How to reach libvirt; beside module_utils/_libvirt/options.py."""

    DOCUMENTATION = r"""
options:
  uri:
    description: URI of libvirt on this hypervisor.
    type: str
    default: qemu:///system
requirements:
  - libvirt 9.0 or later
  - libvirt-python, which is C(python3-libvirt) of the hypervisor's distribution
"""
