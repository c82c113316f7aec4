# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What can be done to a VM, as data; ``after`` is how its declaration looks then, and ``impact`` what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.model import Key
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.xml import Impact


@dataclass(frozen=True)
class Action:
    """``what`` tells it to a person."""

    key: Key
    what: str
    impact: Impact
    after: Mapping[str, str]


@dataclass(frozen=True)
class CreateVolume(Action):
    """``source`` is the path of the volume that is copied into it, empty for none."""

    pool: str
    xml: str
    source: str


@dataclass(frozen=True)
class Resize(Action):
    """``target`` is the disk of the VM that runs with it, empty where it does not run."""

    path: str
    capacity: int
    target: str


@dataclass(frozen=True)
class WriteSeed(Action):
    pool: str
    volume: str
    content: bytes


@dataclass(frozen=True)
class Define(Action):
    xml: str


@dataclass(frozen=True)
class Attach(Action):
    """To the VM that runs."""

    xml: str


@dataclass(frozen=True)
class Detach(Action):
    xml: str


@dataclass(frozen=True)
class SetAutostart(Action):
    on: bool


@dataclass(frozen=True)
class Reserve(Action):
    """``former``: the address that was reserved for this MAC address, if any. An empty address: none any more."""

    network: str
    mac: str
    address: str
    former: str


@dataclass(frozen=True)
class DeleteVolume(Action):
    path: str


@dataclass(frozen=True)
class Undefine(Action):
    """With what libvirt keeps of it (NVRAM, saved state, metadata of snapshots); it must not run."""


@dataclass(frozen=True)
class Start(Action):
    pass


@dataclass(frozen=True)
class Shutdown(Action):
    """Asks the guest."""


@dataclass(frozen=True)
class PowerOff(Action):
    """Pulls the plug."""
