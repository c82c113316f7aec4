# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/conformance.md against the argument specs: what it says there is, is there, and nothing is left out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd import clusters, projects, repositories

PAGE = (Path(__file__).parents[2] / "docs" / "conformance.md").read_text(encoding="utf-8")
SPECS = {
    "argocd_project": projects.ARGUMENTS,
    "argocd_repository": repositories.ARGUMENTS,
    "argocd_cluster": clusters.ARGUMENTS,
}
# Of every module, and a list of the same options.
OF_ALL = {"state", "namespace", "force_conflicts", "projects", "repositories", "clusters"}


class Row(NamedTuple):
    module: str
    attribute: str
    option: str
    reason: str


def rows(page: str) -> list[Row]:
    found = []
    for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        module = re.match(r"Resource `\w+`, module `(\w+)`", section)[1]
        for line in re.findall(r"^\| ?(.*?) ?\| ?(.*?) ?\| ?(.*?) ?\|$", section, flags=re.MULTILINE)[2:]:
            found.append(Row(module, *(cell.strip("` ") for cell in line)))
    return found


def leaves(spec: dict[str, Any], path: str = "") -> set[str]:
    found = set()
    for name, option in spec.items():
        below = option.get("options")
        found |= leaves(below, f"{path}{name}.") if below else {f"{path}{name}"}
    return found


ROWS = rows(PAGE)


def test_there_are_tables_of_every_module() -> None:
    assert {row.module for row in ROWS} == set(SPECS)
    assert len(ROWS) > 100


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.module}: {row.attribute or row.option}")
def test_an_attribute_has_an_option_that_there_is_or_a_reason(row: Row) -> None:
    assert bool(row.option) != bool(row.reason)
    assert not row.option or row.option in leaves(SPECS[row.module]) | OF_ALL


@pytest.mark.parametrize("module", SPECS)
def test_no_option_is_left_out(module: str) -> None:
    options = {name: option for name, option in SPECS[module].items() if name not in OF_ALL}
    assert leaves(options) - {row.option for row in ROWS if row.module == module} == set()
