# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the API server says, out of the words that kubernetes.core puts around it. No I/O."""

from __future__ import annotations

import json
import re

# The message of a Status, which the module quotes as text or as the representation of bytes, with more backslashes.
_MESSAGE = re.compile(r'"message":"((?:[^"\\]|\\+.)+)"')


def api_message(text: str) -> str:
    """The message of the API server's Status in ``text``; empty if there is none."""
    quoted = _MESSAGE.search(text)
    if not quoted:
        return ""
    once = re.sub(r"\\+", r"\\", quoted[1])
    try:
        return str(json.loads(f'"{once}"'))
    except ValueError:
        return once.replace("\\", "")
