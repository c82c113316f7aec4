# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Places in the XML of a domain: read, written and compared in one way, whatever libvirt makes of units and hex.

A path is like ``cpu/topology/@cores``, with ``tag[attribute=value]`` where several elements have the same tag.
xml.etree serves, since what libvirt gives has no comments and no text but in leaves; namespaces of other owners stay,
with their prefixes where these are not of the kind ``ns0``.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any, Optional

_STEP = re.compile(r"/?([^/\[@]+)(?:\[([^=\]]+)=([^\]]*)\])?")
_UNITS = {"b": 1, "bytes": 1, "k": 1024, "kib": 1024, "m": 1024**2, "mib": 1024**2, "g": 1024**3, "gib": 1024**3}
_OWN_PREFIX = re.compile(r"ns\d+")


def parse(text: str) -> ET.Element:
    """The root element. Prefixes of namespaces are kept for :func:`ET.tostring`."""
    parser: Any = ET.XMLPullParser(["start-ns"])
    parser.feed(text)
    for _event, (prefix, uri) in parser.read_events():
        if prefix and not _OWN_PREFIX.fullmatch(prefix):
            ET.register_namespace(prefix, uri)
    return ET.fromstring(text)


def read(element: ET.Element, path: str) -> Optional[str]:
    """The value at ``path`` in one form: sizes in bytes, hex as decimal numbers; None where there is none."""
    where, attribute = _split(path)
    found = _find(element, where)
    if found is None:
        return None
    value = found.get(attribute) if attribute else (found.text or "").strip()
    return None if value is None else _canonical(value, found.get("unit"))


def write(element: ET.Element, path: str, value: str) -> None:
    """Elements that are missing on the way are made. A size, so any value of an element with a unit, is in bytes."""
    where, attribute = _split(path)
    found = element
    for tag, key, wanted in _STEP.findall(where):
        below = _find_step(found, tag, key, wanted)
        if below is None:
            below = ET.SubElement(found, tag, {key: wanted} if key else {})
        found = below
    if found.get("unit"):
        found.set("unit", "b")
    if attribute:
        found.set(attribute, value)
    else:
        found.text = value


def remove(element: ET.Element, path: str) -> None:
    """Takes what is at ``path`` away, and the elements on the way that are empty without it."""
    where, attribute = _split(path)
    line = [element]
    for tag, key, wanted in _STEP.findall(where):
        below = _find_step(line[-1], tag, key, wanted)
        if below is None:
            return
        line.append(below)
    if attribute:
        line[-1].attrib.pop(attribute, None)
        line[-1].attrib.pop("unit", None)
    else:
        line[-2].remove(line.pop())
    while len(line) > 1 and not line[-1].attrib and not len(line[-1]) and not (line[-1].text or "").strip():
        line[-2].remove(line.pop())


def _split(path: str) -> tuple[str, str]:
    if path.startswith("@"):
        return "", path[1:]
    where, _at, attribute = path.partition("/@")
    return where, attribute


def _find(element: ET.Element, where: str) -> Optional[ET.Element]:
    found: Optional[ET.Element] = element
    for tag, key, wanted in _STEP.findall(where):
        if found is not None:
            found = _find_step(found, tag, key, wanted)
    return found


def _find_step(element: ET.Element, tag: str, key: str, wanted: str) -> Optional[ET.Element]:
    return next((below for below in element.findall(tag) if not key or below.get(key) == wanted), None)


def _canonical(value: str, unit: Optional[str]) -> str:
    if unit and unit.lower() in _UNITS and value.isdigit():
        return str(int(value) * _UNITS[unit.lower()])
    if value.startswith("0x"):
        return str(int(value, 16))
    return value
