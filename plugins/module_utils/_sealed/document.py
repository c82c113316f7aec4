# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Changes documents in a YAML file by its text, so that comments, order and style stay. Pure.

Only what differs is written: the text between two marks of the parser. Whatever the edit makes is parsed again and
must say what was wanted, so that a file of an unusual form is refused and not spoilt.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._core import yaml_text
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._core.yaml_text import documents

try:
    import yaml

    class _Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    class _FastDumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
        """Of libyaml, and much faster. It escapes what is beyond ``\uffff``."""

        ignore_aliases = _Dumper.ignore_aliases

    def _represented(dumper: Any, text: str) -> Any:
        """Quotes what Go's YAML takes for booleans and numbers, and Python's for text: ``y``, ``1e3``."""
        plain = text[:1].isalpha() and text.lower() not in ("y", "n")
        style = "|" if "\n" in text else "" if plain else "'"
        # Line ends to YAML, which only escapes keep; and ends after which a block needs a mark of its own
        if any(mark in text for mark in "\x85\u2028\u2029") or text.endswith("\n\n") or text == "\n":
            style = '"'
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    for dumper in (_Dumper, _FastDumper):
        dumper.add_representer(str, _represented)
except ImportError:  # documents() says so before anything here is used
    pass


_NO_WRAPPING = 2**31 - 1


class _Edit(NamedTuple):
    start: int
    end: int
    text: str


def with_document(text: str, is_it: Callable[[Any], bool], wanted: Mapping[str, Any], origin: str) -> str:
    """``text`` where the document that ``is_it`` says ``wanted``; it is added if there is none."""
    return _as_in_unix(text, lambda plain: _with_document(plain, is_it, wanted, origin))


def without_document(text: str, is_it: Callable[[Any], bool], origin: str) -> str:
    """``text`` without that document; empty if nothing else is in it."""
    return _as_in_unix(text, lambda plain: _without_document(plain, is_it, origin))


def _as_in_unix(text: str, edit: Callable[[str], str]) -> str:
    """``edit`` sees neither line ends of Windows nor its mark of byte order; both are there afterwards."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    windows = "\n" in text and text.count("\r\n") == text.count("\n")
    plain = text[len(mark) :]
    new = edit(plain.replace("\r\n", "\n") if windows else plain)
    return mark + (new.replace("\n", "\r\n") if windows else new) if new else ""


def _with_document(text: str, is_it: Callable[[Any], bool], wanted: Mapping[str, Any], origin: str) -> str:
    there = documents(text, origin)
    index = next((number for number, found in enumerate(there) if is_it(found)), None)
    if index is None:
        separator = "\n" if text and not text.endswith("\n") else ""
        return f"{text}{separator}---\n{dump(wanted)}"
    if there[index] == wanted:
        return text
    root = list(yaml.compose_all(text, yaml_text.Loader))[index]
    new = _applied(text, _edits(text, root, there[index], wanted))
    there[index] = wanted
    if not _says(new, there):
        raise Invalid(
            f"{origin} has a form that cannot be changed in place (anchors, say); delete it to have it written anew"
        )
    return new


def _without_document(text: str, is_it: Callable[[Any], bool], origin: str) -> str:
    there = documents(text, origin)
    events: list[Any] = [
        event for event in yaml.parse(text, yaml_text.Loader) if isinstance(event, yaml.DocumentStartEvent)
    ]
    starts = [event.start_mark.index for event in events]
    for number in reversed(range(len(starts))):
        if is_it(there[number]):
            del there[number]
            end = starts[number + 1] if number + 1 < len(starts) else len(text)
            # Comments above the first document belong to the file
            text = text[: starts[number]] + text[end:]
    if not any(document is not None for document in there):
        return ""
    if not _says(text, there):
        raise Invalid(f"{origin} has a form from which no document can be taken; take it out by hand")
    return text


def _says(text: str, expected: list[Any]) -> bool:
    try:
        return documents(text, "") == expected
    except Invalid:
        return False


def _edits(text: str, node: yaml.Node, said: Any, wanted: Any) -> list[_Edit]:
    """How the mapping ``node``, which says ``said``, comes to say ``wanted``; inner edits first."""
    entries = {key.value: (key, value) for key, value in node.value} if _is_block(node) else {}
    kept = [name for name in entries if name in wanted]
    if not kept:
        body = json.dumps(wanted, indent=2) + "\n" if getattr(node, "flow_style", False) else dump(wanted)
        return [_Edit(node.start_mark.index, _end(text, node), body.rstrip("\n"))]
    indent = " " * node.start_mark.column
    edits = []
    for name, (key, value) in entries.items():
        if name not in wanted:
            start = text.rfind("\n", 0, key.start_mark.index) + 1
            edits.append(_Edit(start, _line_end(text, _end(text, value)) + 1, ""))
        elif _is_block(value) and isinstance(wanted[name], Mapping) and set(said[name]) & set(wanted[name]):
            edits += [] if said[name] == wanted[name] else _edits(text, value, said[name], wanted[name])
        elif said[name] != wanted[name]:
            edits.append(_Edit(key.end_mark.index, _end(text, value), _entry("x", wanted[name], indent)[1:]))
    added = "".join(f"\n{indent}{_entry(name, wanted[name], indent)}" for name in wanted if name not in entries)
    if added:
        place = _line_end(text, _end(text, entries[kept[-1]][1]))
        edits.append(_Edit(place, place, added))
    return edits


def _applied(text: str, edits: list[_Edit]) -> str:
    pieces, position = [], 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        pieces += [text[position : edit.start], edit.text]
        position = max(position, edit.end)
    return "".join([*pieces, text[position:]])


def _is_block(node: Optional[yaml.Node]) -> bool:
    return isinstance(node, yaml.MappingNode) and not node.flow_style and bool(node.value)


def _end(text: str, node: yaml.Node) -> int:
    """Where the text of a node ends: the parser's mark of a block is that of what comes after it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    start = node.start_mark.index
    return start + len(text[start : node.end_mark.index].rstrip())


def _line_end(text: str, position: int) -> int:
    found = text.find("\n", position)
    return len(text) if found < 0 else found


def _entry(name: str, value: Any, indent: str) -> str:
    return f"\n{indent}".join(dump({name: value})[:-1].split("\n"))


def dump(value: Any) -> str:
    """As a block, in the order given."""
    dumper = _Dumper if max(str(value)) > "\uffff" else _FastDumper
    text: str = yaml.dump(
        value, Dumper=dumper, sort_keys=False, default_flow_style=False, allow_unicode=True, width=_NO_WRAPPING
    )
    return text
