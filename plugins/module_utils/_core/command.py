# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How code that is not a module itself runs a program."""

from __future__ import annotations

from collections.abc import Callable

# AnsibleModule.run_command: returns status, stdout and stderr.
RunCommand = Callable[..., tuple[int, str, str]]
