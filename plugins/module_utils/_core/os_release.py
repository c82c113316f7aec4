# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What /etc/os-release says of a system. Pure."""

from __future__ import annotations

import re


def parsed(text: str) -> dict[str, str]:
    """Its variables. It is made of assignments as a shell has them; values may be in quotes of either kind."""
    found = re.findall(r"""^\s*(\w+)=(["']?)(.*?)\2\s*$""", text, re.MULTILINE)
    return {name: value for name, _quote, value in found}
