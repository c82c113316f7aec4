# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A conversation with a server, one step at a time: what a pure ``next_step`` function answers.

``Write`` asks the driver for a request, ``Watch`` waits for the next change, ``Done`` and ``Fail`` end it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Optional, TypeVar, Union

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Problem, Unavailable

A = TypeVar("A")


@dataclass(frozen=True)
class Write(Generic[A]):
    """One request for the driver; the conversation goes on from what it changes."""

    action: A


@dataclass(frozen=True)
class Watch:
    """Nothing to do until something changes or ``wake_after`` seconds have passed; a timeout tells the ``reason``."""

    reason: str
    wake_after: Optional[float] = None


@dataclass(frozen=True)
class Done:
    """The goal is reached."""


@dataclass(frozen=True)
class Fail:
    """The goal cannot be reached any more."""

    problem: Problem


Step = Union[Write[Any], Watch, Done, Fail]


@dataclass(frozen=True)
class News:
    """What a wait for the server brought, beside what was seen.

    ``lost``: namespaces whose watch ended for good, and why. ``away``: why the server cannot be reached now.
    ``returned``: it could not be reached for a while, so that things may have happened unseen, or not at all.
    """

    lost: Mapping[str, Problem] = field(default_factory=dict)
    away: Optional[Unavailable] = None
    returned: bool = False
