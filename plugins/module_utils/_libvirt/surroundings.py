# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Networks and storage pools of a hypervisor: what is wanted, what is there, and the steps between; pure.

libvirt treats both alike: each is defined, started, and started with the hypervisor.
"""

from __future__ import annotations

import copy
import ipaddress
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Optional, Union

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.places import parse, read, write

_ON, _OFF, _OLDER = "active", "inactive", "active, as it was defined before"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,62}")
_BRIDGE = re.compile(r"[A-Za-z0-9_.-]{1,15}")  # the kernel's limit for names of interfaces


class Key(NamedTuple):
    """The namespace is the URI of the hypervisor."""

    namespace: str
    name: str
    kind: str

    def __str__(self) -> str:
        return f'{self.kind} "{self.name}"'


@dataclass(frozen=True)
class Network:
    """``interface`` is the address of the bridge, the first of its subnet."""

    key: Key
    absent: bool
    forward: str = ""
    bridge: str = ""
    interface: Optional[ipaddress.IPv4Interface] = None


@dataclass(frozen=True)
class Pool:
    key: Key
    absent: bool
    path: str = ""


@dataclass(frozen=True)
class Seen:
    """``xml`` is empty where it is not there. ``others``: the definitions of its kind beside it, by name.
    ``users``: VMs that have an interface in the network, and whether they run.
    """

    key: Key
    xml: str = ""
    live_xml: str = ""
    active: bool = False
    autostart: bool = False
    others: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, bool] = field(default_factory=dict)

    @property
    def raw(self) -> Mapping[str, Any]:
        older = self.active and self.xml and _properties(self.live_xml) != _properties(self.xml)
        return view(self.xml, _OLDER if older else _ON if self.active else _OFF, self.autostart)


@dataclass(frozen=True)
class Action:
    """``do`` is define, start, stop, autostart or undefine."""

    key: Key
    do: str
    after: Mapping[str, Any]
    xml: str = ""


Item = Union[Network, Pool]


def view(text: str, state: str, autostart: bool) -> Mapping[str, Any]:
    """How it looks, for the diff."""
    if not text:
        return {}
    properties = {name: value for name, value in _properties(text).items() if value}
    return {**properties, "state": state, "autostart": autostart}


def parse_network(params: Mapping[str, Any]) -> Network:
    key = _key(params, "network")
    if params["state"] == "absent":
        return Network(key, True)
    if not _BRIDGE.fullmatch(params["bridge"]):
        raise Invalid(f"{key}: bridge is {params['bridge']!r}; give a name of up to 15 letters, digits, _ . and -")
    try:
        subnet = ipaddress.IPv4Network(params["subnet"])
    except ValueError as error:
        raise Invalid(f"{key}: subnet is no IPv4 network ({error}); write it like 192.168.200.0/24") from None
    if subnet.prefixlen > 30:
        raise Invalid(f"{key}: subnet {subnet} has no room for the bridge and a VM; give a /30 or a larger one")
    first = ipaddress.IPv4Interface(f"{subnet.network_address + 1}/{subnet.prefixlen}")
    return Network(key, False, params["forward"], params["bridge"], first)


def parse_pool(params: Mapping[str, Any]) -> Pool:
    key = _key(params, "storage pool")
    if params["state"] == "absent":
        return Pool(key, True)
    if not params["path"].startswith("/"):
        raise Invalid(f"{key}: path is {params['path']}; give a path from the root, like /var/lib/libvirt/images")
    return Pool(key, False, params["path"].rstrip("/") or "/")


def _key(params: Mapping[str, Any], kind: str) -> Key:
    if not _NAME.fullmatch(params["name"]):
        raise Invalid(f'"{params["name"]}" cannot name a {kind}; use letters, digits, _ . + and -, at most 63 of them')
    return Key(params["uri"], params["name"], kind)


class Surroundings:
    """A domain of the runner, of one item."""

    def __init__(self, item: Item) -> None:
        self.items: Sequence[Item] = (item,)
        self._outdated = False

    def plan(self, item: Item, observed: Seen) -> Sequence[Action]:
        if item.absent:
            return plan_absent(observed)
        text = network_xml(item, observed) if isinstance(item, Network) else pool_xml(item, observed)
        stale = observed.active and _properties(observed.live_xml) != _properties(text)
        self._outdated = stale and any(observed.users.values())
        return plan_present(observed, text, stale, self._outdated)

    def foresee(self, item: Item, observed: Seen, changed: bool) -> tuple[bool, str]:
        return False, f"{item.key} would be {'changed' if observed.xml else 'made'}" if changed else ""

    def view(self, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        return raw

    def warnings(self, item: Item, observed: Seen) -> Sequence[str]:
        if not self._outdated:
            return ()
        running = ", ".join(sorted(name for name, runs in observed.users.items() if runs))
        return (f"{item.key} is changed at its next start, since {running} runs in it; stop that, and run this again",)

    def told(self, item: Item, observed: Optional[Seen]) -> Mapping[str, Any]:
        return {"existed": bool(observed and observed.xml), "restart_required": self._outdated}


def plan_present(seen: Seen, text: str, stale: bool, in_use: bool) -> Sequence[Action]:
    """``text``: its definition as it must be. ``stale``: it is active with another one."""
    steps, state = [], (_OLDER if stale else _ON) if seen.active else _OFF
    if text != seen.xml:
        steps.append(Action(seen.key, "define", view(text, state, seen.autostart), text))
    if stale and not in_use:
        state = _OFF
        steps.append(Action(seen.key, "stop", view(text, state, seen.autostart)))
    if state == _OFF:
        state = _ON
        steps.append(Action(seen.key, "start", view(text, state, seen.autostart)))
    if not seen.autostart:
        steps.append(Action(seen.key, "autostart", view(text, state, True)))
    return steps


def plan_absent(seen: Seen) -> Sequence[Action]:
    """What is in a pool stays where it is."""
    if seen.xml and seen.users:
        names = ", ".join(sorted(seen.users))
        raise Refused(f"{seen.key} cannot be removed while VMs are in it ({names}); remove these first")
    stop = [Action(seen.key, "stop", view(seen.xml, _OFF, seen.autostart))] if seen.active else []
    return [*stop, Action(seen.key, "undefine", {})] if seen.xml else []


def network_xml(network: Network, seen: Seen) -> str:
    """The definition that is there, with what is declared in it. Reserved addresses stay as far as they are in it."""
    wanted = {"forward": network.forward, "bridge": network.bridge, "interface": str(network.interface)}
    _refuse_collision(network, seen.others)
    if seen.xml and _properties(seen.xml) == wanted:
        return seen.xml
    root = copy.deepcopy(parse(seen.xml)) if seen.xml else ET.Element("network")
    write(root, "name", network.key.name)
    if (read(root, "forward/@mode") or "none") != network.forward:
        for old in root.findall("forward"):
            root.remove(old)
        if network.forward != "none":
            ET.SubElement(root, "forward", mode=network.forward)
    write(root, "bridge/@name", network.bridge)
    _write_interface(root, network.interface)
    return ET.tostring(root, encoding="unicode")


def _write_interface(root: ET.Element, interface: Any) -> None:
    write(root, "ip/@address", str(interface.ip))
    write(root, "ip/@netmask", str(interface.netmask))
    ip = root.find("ip")
    dhcp = root.find("ip/dhcp")
    ip.attrib.pop("prefix", None)  # type: ignore[union-attr]
    for entry in [] if dhcp is None else list(dhcp):
        address = entry.get("ip") or entry.get("start")
        if address and ipaddress.ip_address(address) not in interface.network:
            dhcp.remove(entry)  # type: ignore[union-attr]


def _refuse_collision(network: Network, others: Mapping[str, str]) -> None:
    for name, text in others.items():
        other = _properties(text)
        if other["bridge"] == network.bridge:
            raise Refused(f'{network.key}: the network "{name}" has the bridge {network.bridge}; give another one')
        mine = network.interface.network if network.interface else None
        if mine and other["interface"] and mine.overlaps(ipaddress.IPv4Interface(other["interface"]).network):
            raise Refused(f'{network.key}: the network "{name}" has {other["interface"]}, within {mine}; give another')


def pool_xml(pool: Pool, seen: Seen) -> str:
    if not seen.xml:
        root = ET.Element("pool", type="dir")
        write(root, "name", pool.key.name)
        write(root, "target/path", pool.path)
        return ET.tostring(root, encoding="unicode")
    path = _properties(seen.xml)["path"]
    if path != pool.path:
        raise Refused(f"{pool.key} is {path or 'no folder'}, and {pool.path} was given; give that, or another name")
    return seen.xml


def _properties(text: str) -> dict[str, str]:
    """What is ours of a definition, in one form."""
    root = parse(text)
    if root.tag == "pool":
        return {"path": read(root, "target/path") or ""}
    ip = next((each for each in root.iterfind("ip") if each.get("family", "ipv4") == "ipv4"), None)
    interface = ""
    if ip is not None:
        interface = str(ipaddress.IPv4Interface(f"{ip.get('address')}/{ip.get('prefix') or ip.get('netmask') or 32}"))
    forward = read(root, "forward/@mode") or ("none" if root.find("forward") is None else "nat")
    return {"forward": forward, "bridge": read(root, "bridge/@name") or "", "interface": interface}
