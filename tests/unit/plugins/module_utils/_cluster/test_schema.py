# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table: each of its keys wrong once, and the schema for editors that is made of it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.load import load
from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.schema import FILE, Key, Keys, json_schema
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._cluster.files import (
    USUAL,
    changed,
    dumped,
    full,
    keys,
    line_of,
    problems,
)

SHIPPED = Path(__file__).parents[5] / "docs" / "cluster-file.schema.json"
EDITOR = jsonschema.Draft202012Validator(json_schema())
FULL = {"lists": full(False), "structures": full(True)}
MARK = "WRONG! VALUE"  # matches no pattern of the table


def wrong_values(key: Key) -> list[Any]:
    if key.type == "any":
        return []
    if key.type == "whole":
        return [MARK, [MARK], -987654, 987654321]
    if key.type in ("text", "scalar") and not key.pattern and not key.choices:
        return [[MARK]]
    return [MARK, {MARK: MARK}] if key.type in ("text", "scalar", "list") else [MARK]


def cases() -> list[Any]:
    return [
        pytest.param(form, place, value, id=f"{form} {'.'.join(map(str, place))} {value}")
        for form, content in FULL.items()
        for place, key in keys(content)
        for value in wrong_values(key)
    ]


def paths(table: Keys, place: str = "") -> set[str]:
    """Every key that the table has, by its place in it."""
    found = set()
    for name, key in table.items():
        found.add(f"{place}.{name}")
        found |= paths({**(key.keys or {}), **(key.items.keys or {} if key.items else {})}, f"{place}.{name}")
    return found


def dotted(place: tuple[Any, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)[1:]


def test_the_full_files_have_every_key() -> None:
    used = {"." + ".".join(step for step in place if isinstance(step, str)) for place, _key in keys(FULL["lists"])}
    used |= {
        "." + ".".join(step for step in place if isinstance(step, str)) for place, _key in keys(FULL["structures"])
    }
    assert paths(FILE) - used == set()


@pytest.mark.parametrize("form", FULL)
def test_the_full_files_are_right(form: str) -> None:
    load(dumped(FULL[form]), "f.yaml")
    EDITOR.validate(FULL[form])


@pytest.mark.parametrize(("form", "place", "value"), cases())
def test_a_wrong_value_is_one_sentence_with_its_line(form: str, place: tuple[Any, ...], value: Any) -> None:
    content = changed(FULL[form], place, value)
    text = dumped(content)
    (problem,) = problems(text)
    shown = str(value if isinstance(value, int) else MARK)
    assert problem.startswith(f"{line_of(text, shown)}: {dotted(place)} is ")
    assert "expected " in problem
    assert not EDITOR.is_valid(content)


@pytest.mark.parametrize(
    ("form", "place"),
    [
        pytest.param(form, place, id=f"{form} {dotted(place)}")
        for form, content in FULL.items()
        for place, key in keys(content)
        if key.required
    ],
)
def test_a_missing_key_is_one_sentence(form: str, place: tuple[Any, ...]) -> None:
    content = copy.deepcopy(FULL[form])
    holder: Any = content
    for step in place[:-1]:
        holder = holder[step]
    del holder[place[-1]]
    assert any(f": {dotted(place)} is missing, expected " in problem for problem in problems(dumped(content)))
    assert not EDITOR.is_valid(content)


@pytest.mark.parametrize("form", FULL)
def test_a_key_that_is_not_known_is_named_with_its_line(form: str) -> None:
    for place, key in keys(FULL[form]):
        if key.type == "structure" and place != ("clusters",):
            content = changed(FULL[form], (*place, "cpu_coers"), "s3cret")
            text = dumped(content)
            (problem,) = problems(text)
            assert problem.startswith(f"{line_of(text, 'cpu_coers')}: {dotted(place)}.cpu_coers is not known, ")
            assert "s3cret" not in problem
            assert not EDITOR.is_valid(content)


def test_the_nearest_key_is_offered() -> None:
    (problem,) = problems(USUAL.replace("bridge:", "brigde:").replace("virbr200}", "virbr200, bridge: b}"))
    assert problem == "8: clusters.cloud.network.brigde is not known, perhaps bridge is meant."


def test_the_shipped_schema_is_made_of_the_table() -> None:
    assert json.loads(SHIPPED.read_text(encoding="utf-8")) == json_schema(), (
        "run python tests/support/cluster_schema.py"
    )


def test_the_schema_is_one_and_takes_what_users_have() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    EDITOR.validate(yaml.safe_load(USUAL))
    EDITOR.validate({**yaml.safe_load(USUAL), "version": 1.0})


def test_a_list_says_that_it_must_not_be_empty() -> None:
    content = changed(FULL["lists"], ("clusters", "cloud", "control_plane"), [])
    assert problems(dumped(content))[0].endswith("control_plane is empty, expected at least one item.")
    assert not EDITOR.is_valid(content)


@pytest.mark.parametrize("name", ["-a", "a/b/c", "A" * 64, "Ü"])
def test_names_of_labels(name: str) -> None:
    place = ("clusters", "cloud", "control_plane", "labels")
    content = changed(FULL["structures"], place, {name: "x"})
    (problem,) = problems(dumped(content))
    assert "clusters.cloud.control_plane.labels has the name " in problem
    assert not EDITOR.is_valid(content)
