# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What can go wrong, as one small tree; every message names the object, what was seen, what was expected, what to do.

Problem
├── Invalid       the user's input is wrong; nothing was changed
├── Refused       the server, or a rule of this collection, does not allow it
│   └── Missing   there is no such object
├── Conflict      the object changed under us, or another manager owns the field
├── Unavailable   the server cannot be reached or did not answer
├── Failed        the server tried and reports failure
└── TimedOut      the deadline passed first
"""

from __future__ import annotations


class Problem(Exception):
    """Base of the tree; its text is the sentence that the user reads."""


class Invalid(Problem):
    """The user's input is wrong; nothing was changed."""


class Refused(Problem):
    """The server, or a rule of this collection, does not allow it."""


class Missing(Refused):
    """There is no such object; or not its namespace, or the kind itself."""


class Conflict(Problem):
    """The object changed under us, or another manager owns the field."""


class Unavailable(Problem):
    """The server cannot be reached or did not answer."""


class Failed(Problem):
    """The server tried and reports failure."""


class TimedOut(Problem):
    """The deadline passed first."""
