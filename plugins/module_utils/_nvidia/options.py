# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The options of nvidia_driver_plan."""

from __future__ import annotations

from typing import Any

ARGUMENTS: dict[str, Any] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "source": {"type": "str", "choices": ["distribution", "nvidia", "runfile"], "default": "distribution"},
    "version": {"type": "str"},
    "upgrade": {"type": "bool", "default": False},
    "kernel_modules": {"type": "str", "choices": ["auto", "open", "proprietary"], "default": "auto"},
    "fabric_manager": {"type": "str", "choices": ["auto", "true", "false"], "default": "auto"},
    "persistence": {"type": "bool", "default": True},
    "hold": {"type": "bool", "default": True},
    "expected_gpus": {"type": "int", "default": 0},
    "pci_ids": {"type": "list", "elements": "str", "default": []},
    "kernel": {"type": "str"},
    "secure_boot": {"type": "bool"},
    "repository_url": {"type": "str"},
    "repository_key": {"type": "str", "no_log": False},
    "runfile_url": {"type": "str"},
    "mig": {"type": "dict", "default": {}},
}
