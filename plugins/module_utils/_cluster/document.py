# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The cluster file as text → values that know their lines, with all that is wrong with it.

YAML is composed to nodes and not loaded: nodes have the line of each key and value, and scalars as they are written
(``0000:01:00.0`` without quotes is a number for YAML, and ``2789`` no hexadecimal one).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.schema import Key, Keys, item_of

with suppress(ImportError):  # ansible-test imports modules where it is not
    import yaml

    _LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_TAG = "tag:yaml.org,2002:"
_SHOWN = 40  # characters of a value in a message
_KINDS = {"null": "nothing", "map": "a structure", "seq": "a list"}
_MERGE = f"{_TAG}merge"
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_MOST_PLAIN, _DEEPEST = 1000, 50
_QUOTED_WORD = re.compile(r"'[^'\s]*\w[^'\s]*'")
_TRUE = frozenset(("yes", "true", "on"))


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong: at ``line``, a sentence that begins with the path of the key."""

    line: int
    text: str


class Section(dict):  # type: ignore[type-arg]
    """A structure of the file; ``lines`` has the line of each of its keys, ``path`` its own place.

    ``wrong``: the keys whose value is missing here because it was wrong.
    """

    __slots__ = ("line", "lines", "path", "wrong")

    def __init__(self, path: str, line: int) -> None:
        super().__init__()
        self.path, self.line = path, line
        self.lines: dict[str, int] = {}
        self.wrong: set[str] = set()

    def at(self, key: str) -> int:
        return self.lines.get(key, self.line)


class Items(list):  # type: ignore[type-arg]
    """A list of the file; ``whole`` is false where an item is missing here because it was wrong."""

    __slots__ = ("whole",)

    def __init__(self) -> None:
        super().__init__()
        self.whole = True


def plain(value: Any) -> Any:
    """A value without its lines."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


class Unreadable(Exception):
    """This is no YAML; ``finding`` says where and why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.text)
        self.finding = finding


def compose(text: str) -> Optional[yaml.MappingNode]:
    """The top of the file as a node; None if it is empty."""
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise Unreadable(Finding(line, f"no YAML: {_reason(error, text, line)}.")) from None
    except (yaml.YAMLError, UnicodeError):
        raise Unreadable(Finding(1, "no YAML: it has characters that are no text in UTF-8.")) from None
    except RecursionError:
        raise Unreadable(Finding(1, "no YAML: its structures are nested too deeply.")) from None
    if node is not None and not isinstance(node, yaml.MappingNode):
        raise Unreadable(Finding(node.start_mark.line + 1, f"the file is {_seen(node)}, expected a structure."))
    return node


def _reason(error: yaml.MarkedYAMLError, text: str, line: int) -> str:
    """Why, without what stands there: it might be a secret."""
    lines = text.splitlines()
    written = lines[line - 1] if line <= len(lines) else ""
    if "\t" in written[: len(written) - len(written.lstrip())]:
        return "the line is indented by a tab, use spaces"
    context = f"{error.context}, " if error.context else ""
    return context + _QUOTED_WORD.sub("…", str(error.problem))  # PyYAML without libyaml quotes names of the file


class _TooMuch(Exception):
    """More values than a file for people has."""


class Reader:
    """Values of nodes, by the table; what is wrong goes to ``findings``, and its value is then missing."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._left = 0
        self._merged: dict[int, list[tuple[yaml.ScalarNode, yaml.Node]]] = {}

    def structure(self, node: yaml.Node, keys: Keys, path: str, leave: bool = False) -> Section:
        """The keys of a mapping. ``leave``: keys that the table does not know are none of our business."""
        section = Section(path, node.start_mark.line + 1)
        for name_node, value_node in self._pairs(node, path):
            name = name_node.value
            if name not in keys:
                if not leave:
                    self._report(name_node, _join(path, name), f"is not known{_nearest(name, keys)}")
                continue
            section.lines[name] = name_node.start_mark.line + 1
            if value_node.tag == f"{_TAG}null":
                continue
            value = self.value(value_node, keys[name], _join(path, name))
            if value is None:
                section.wrong.add(name)
            else:
                section[name] = value
        for name, key in keys.items():
            if key.required and name not in section and name not in section.wrong:
                self.findings.append(
                    Finding(section.at(name), f"{_join(path, name)} is missing, expected {_expected(key)}.")
                )
        return section

    def value(self, node: yaml.Node, key: Key, path: str) -> Any:
        if key.type == "any":
            return self._plain(node, path)
        if key.type == "nodes" and isinstance(node, yaml.MappingNode):
            return self.structure(node, key.keys or {}, path)
        if key.type == "structure" and isinstance(node, yaml.MappingNode):
            return self.structure(node, key.keys or {}, path, leave=path == "clusters")
        if key.type in ("list", "nodes") and isinstance(node, yaml.SequenceNode):
            return self._list(node, key, path)
        if key.type == "map" and isinstance(node, yaml.MappingNode):
            return self._map(node, key, path)
        if isinstance(node, yaml.ScalarNode):
            value = _scalar(node, key)
            if value is not None:
                return value
        return self._report(node, path, f"is {_seen(node)}, expected {_expected(key)}")

    def _list(self, node: yaml.SequenceNode, key: Key, path: str) -> Items:
        if len(node.value) < key.least:
            self._report(node, path, "is empty, expected at least one item")
        values = Items()
        for number, item in enumerate(node.value):
            value = self.value(item, item_of(key), f"{path}[{number}]")
            if value is None:
                values.whole = False
            else:
                values.append(value)
        return values

    def _map(self, node: yaml.MappingNode, key: Key, path: str) -> Section:
        section = Section(path, node.start_mark.line + 1)
        for name_node, value_node in self._pairs(node, path):
            if not re.fullmatch(key.names, name_node.value):
                self._report(name_node, path, f"has the name {_short(name_node.value)}, which Kubernetes does not take")
                continue
            value = self.value(value_node, item_of(key), _join(path, name_node.value))
            if value is not None:
                section[name_node.value] = value
        return section

    def _plain(self, node: yaml.Node, path: str) -> Any:
        """What the table does not look into, as YAML has it; for what is only handed on."""
        if path == "global":
            self._look_for_duplicates(node, path)
            return None
        self._left = _MOST_PLAIN
        try:
            return self._copied(node, path)
        except _TooMuch:
            return self._report(node, path, f"holds itself or more than {_MOST_PLAIN} values, expected plain YAML")

    def _copied(self, node: yaml.Node, path: str, depth: int = 0) -> Any:
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:
            raise _TooMuch
        if isinstance(node, yaml.MappingNode):
            pairs = self._pairs(node, path)
            return {name.value: self._copied(value, _join(path, name.value), depth + 1) for name, value in pairs}
        if isinstance(node, yaml.SequenceNode):
            return [self._copied(item, f"{path}[{number}]", depth + 1) for number, item in enumerate(node.value)]
        try:
            return yaml.constructor.SafeConstructor().construct_document(node)
        except (yaml.YAMLError, ValueError):
            return self._report(node, path, f"is {_seen(node)}, expected plain YAML")

    def _look_for_duplicates(self, node: yaml.Node, path: str) -> None:
        seen, waiting = set(), [(node, path)]
        while waiting:
            one, where = waiting.pop()
            if id(one) in seen:
                continue
            seen.add(id(one))
            if isinstance(one, yaml.MappingNode):
                waiting += [(value, _join(where, name.value)) for name, value in self._pairs(one, where)]
            elif isinstance(one, yaml.SequenceNode):
                waiting += [(item, f"{where}[{number}]") for number, item in enumerate(one.value)]

    def _pairs(self, node: yaml.Node, path: str) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
        """The keys and values of a mapping with what ``<<`` merges into it; each key once."""
        known = self._merged.get(id(node))
        if known is not None:
            return known
        self._merged[id(node)] = []  # a mapping that merges itself
        own: dict[str, tuple[yaml.ScalarNode, yaml.Node]] = {}
        merged: dict[str, tuple[yaml.ScalarNode, yaml.Node]] = {}
        for name, value in node.value:
            if name.tag == _MERGE:
                for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    if isinstance(source, yaml.MappingNode):
                        for pair in self._pairs(source, path):
                            merged.setdefault(pair[0].value, pair)
                    else:
                        self._report(name, _join(path, "<<"), f"is {_seen(source)}, expected an alias of a structure")
            elif not isinstance(name, yaml.ScalarNode):
                self._report(name, path, f"has {_seen(name)} as a key, expected a text")
            elif name.value in own:
                first = own[name.value][0].start_mark.line + 1
                self._report(name, _join(path, name.value), f"stands here and in line {first}, expected it once")
            else:
                own[name.value] = (name, value)
        self._merged[id(node)] = list({**merged, **own}.values())
        return self._merged[id(node)]

    def _report(self, node: yaml.Node, path: str, sentence: str) -> None:
        self.findings.append(Finding(node.start_mark.line + 1, f"{path} {sentence}."))


def _scalar(node: yaml.ScalarNode, key: Key) -> Any:
    """The value, or None if it is not of the key's type."""
    kind, text = node.tag[len(_TAG) :], node.value
    if key.type == "flag":
        return text.lower() in _TRUE if kind == "bool" else None
    if key.type == "whole":
        fits = kind == "int" and _WHOLE.fullmatch(text) and key.least <= int(text) <= key.most
        return int(text) if fits else None
    if key.type not in ("text", "scalar") or kind not in ("str", "int", "float", "bool", "timestamp"):
        return None
    if kind == "bool" and key.type == "text":
        return None
    if key.choices and text not in key.choices:
        return None
    if key.pattern and not re.fullmatch(key.pattern, text):
        return None
    return text if text or key.type == "scalar" else None


def _expected(key: Key) -> str:
    if key.choices:
        return key.choices[0] if len(key.choices) == 1 else f"one of {', '.join(key.choices)}"
    if key.type == "whole":
        return f"a whole number from {key.least} to {key.most}"
    if key.type in ("text", "scalar"):
        return key.like or "a text"
    if key.type == "nodes":
        return "a list or a structure"
    return {"flag": "true or false", "list": "a list"}.get(key.type, "a structure")


def _seen(node: yaml.Node) -> str:
    kind = node.tag[len(_TAG) :] if node.tag.startswith(_TAG) else ""
    if isinstance(node, yaml.ScalarNode) and kind and kind != "null":
        if not node.value:
            return "empty"
        quoted = node.style in ("'", '"')
        return f"the text {_short(node.value)}" if quoted and kind == "str" else _short(node.value)
    return _KINDS.get(kind, f"a value with the tag {node.tag}")


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def _nearest(name: str, keys: Keys) -> str:
    near = difflib.get_close_matches(name, keys, 1)
    return f", perhaps {near[0]} is meant" if near else f", expected one of {', '.join(keys)}"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def lines_of(findings: list[Finding], file: str) -> Iterator[str]:
    """``cloud-cluster.yaml:12: clusters.cloud.name is missing, …`` in the order of the file."""
    for finding in sorted(set(findings)):
        yield f"{file}:{finding.line}: {finding.text}"
