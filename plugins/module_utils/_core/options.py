# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One table of options gives both the argument spec and the API object, so that the two cannot differ.

An option is one line: ``"repo_url": Opt(api="repoURL")``. Its API name is the camelCase of its own name unless given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional


@dataclass(frozen=True)
class Opt:
    """One option: its Ansible type, and the name of its field in the API where that is not plain camelCase.

    ``type``, ``elements``, ``required`` and ``choices`` mean what they mean in an argument spec; ``options`` makes it
    a structure (or, with ``type="list"``, a list of structures). ``keep_empty``: false, 0 and empty are values of
    their own (in the API's Go types: a pointer, or no ``omitempty``). ``no_log``: it is a secret.
    """

    type: str = "str"
    elements: Optional[str] = None
    options: Optional[Mapping[str, Opt]] = None
    required: bool = False
    api: str = ""
    keep_empty: bool = False
    no_log: bool = False
    choices: Optional[Sequence[str]] = None
    default: Any = None


Options = Mapping[str, Opt]


def argument_spec(options: Options) -> dict[str, Any]:
    """The ``argument_spec`` of a table, as AnsibleModule takes it."""
    return {name: _spec(opt) for name, opt in options.items()}


def _spec(opt: Opt) -> dict[str, Any]:
    spec: dict[str, Any] = {"type": opt.type, "no_log": opt.no_log}
    if opt.elements:
        spec["elements"] = opt.elements
    if opt.required:
        spec["required"] = True
    if opt.choices:
        spec["choices"] = list(opt.choices)
    if opt.default is not None:
        spec["default"] = opt.default
    if opt.options:
        spec["options"] = argument_spec(opt.options)
    return spec


def to_api(options: Options, params: Mapping[str, Any], keep_empty: bool = False) -> dict[str, Any]:
    """``params`` in the API's names. What is not given is left out, and so is what is false, 0 or empty.

    For the servers of these APIs both say the same (``omitempty`` of Go), so they leave it out when they write; with
    ``keep_empty`` only what is not given is left out.
    """
    given = {
        name: _value(opt, params[name], keep_empty) for name, opt in options.items() if params.get(name) is not None
    }
    return {
        options[name].api or camel_case(name): value
        for name, value in given.items()
        if value or keep_empty or options[name].keep_empty
    }


def _value(opt: Opt, value: Any, keep_empty: bool) -> Any:
    if opt.options is None:
        return value
    if opt.type == "list":
        return [to_api(opt.options, item, keep_empty) for item in value]
    return to_api(opt.options, value, keep_empty)


def camel_case(name: str) -> str:
    """``jq_path_expressions`` becomes ``jqPathExpressions``."""
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)
