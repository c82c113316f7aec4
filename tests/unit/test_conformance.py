# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/conformance.md against the argument specs and the tests: what it says there is, is there, and is tested."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd import (
    applications,
    applicationsets,
    clusters,
    info,
    options,
    projects,
    repositories,
)
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd import (
    test_applications,
    test_applicationsets,
    test_asking,
    test_info,
    test_look,
    test_projects,
)
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.builder import app

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
SPECS: Mapping[str, Mapping[str, Any]] = {
    "argocd_app": applications.ARGUMENTS,
    "argocd_app_info": info.ARGUMENTS,
    "argocd_applicationset": applicationsets.ARGUMENTS,
    "argocd_project": projects.ARGUMENTS,
    "argocd_repository": repositories.ARGUMENTS,
    "argocd_cluster": clusters.ARGUMENTS,
}
# Tables of which the unit tests of their module show that every option reaches its field in the API.
IN_THE_API: Mapping[str, Mapping[str, Any]] = {
    "argocd_app": options.APPLICATION,  # test_options.py
    "argocd_app_info": {},
    "argocd_applicationset": applicationsets.APPLICATION_SET,
    "argocd_project": projects.PROJECT,
    "argocd_repository": repositories.REPOSITORY,
    "argocd_cluster": clusters.CLUSTER,
}
# The unit tests of options that are neither of these nor given in tests/integration.
UNIT_TESTS = {
    ("argocd_app", "namespace"): test_applications.test_applications_may_be_in_several_namespaces,
    ("argocd_app_info", "namespace"): test_info.test_all_applications,
    ("argocd_app_info", "recurse"): test_info.test_with_what_they_deploy,
    ("argocd_app_info", "tree"): test_asking.test_the_tree,
    ("argocd_app_info", "orphaned"): test_asking.test_what_belongs_to_no_application,
    ("argocd_app_info", "usage"): test_look.test_what_pods_ask_for_where_nobody_measures,
    ("argocd_app_info", "logs"): test_look.test_the_logs_of_pods_that_are_well,
    ("argocd_app_info", "manifests"): test_asking.test_manifests_are_masked,
    ("argocd_app_info", "differences"): test_asking.test_only_differences_are_told,
    ("argocd_app_info", "log_lines"): test_look.test_events_that_may_not_be_read_are_said,
    **dict.fromkeys(
        [("argocd_applicationset", option) for option in ("namespace", "wait_timeout", "confirm_deletion")],
        test_applicationsets.test_where_it_is_and_how_it_is_waited_for,
    ),
    ("argocd_project", "namespace"): test_projects.test_a_bad_namespace,
}
# Of every module, and a list of the same options.
OF_ALL = {
    "state",
    "namespace",
    "force_conflicts",
    "applications",
    "application_sets",
    "projects",
    "repositories",
    "clusters",
}
# They have the options of `source`.
LIKE_SOURCE = re.compile(r"(sources|source_hydrator\.dry_source\.(helm|kustomize|directory|plugin))\.")
# How the page names what the result tells.
RESULT = "applications[]."
SAME_COMMANDS = ("kubectl", "git")


class Row(NamedTuple):
    module: str
    attribute: str
    option: str
    reason: str
    is_command: bool


class Loader(yaml.SafeLoader):
    """Ansible's own tags are texts."""


Loader.add_multi_constructor("!", lambda loader, _, node: loader.construct_scalar(node))


def cells(section: str) -> list[tuple[str, str, str]]:
    return re.findall(r"^\| ?(.*?) ?\| ?(.*?) ?\| ?(.*?) ?\|$", section, flags=re.MULTILINE)[2:]


def rows(page: str) -> list[Row]:
    found = []
    for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        about = re.match(r"(Resource|Commands?) `.*, module `(\w+)`", section)
        for line in cells(section) if about else ():
            texts = [line[0].strip("` "), line[1].strip("` "), line[2]]
            found.append(Row(about[2], *texts, is_command=about[1] != "Resource"))
    return found


def paths(spec: Mapping[str, Any], path: str = "") -> set[str]:
    found = set()
    for name, option in spec.items():
        found |= {f"{path}{name}", *paths(option.get("options") or {}, f"{path}{name}.")}
    return found


def leaves(spec: Mapping[str, Any]) -> set[str]:
    every = paths(spec)
    return {path for path in every if not any(other.startswith(f"{path}.") for other in every)}


def tasks(content: Any, module: str) -> Iterator[Mapping[str, Any]]:
    """The arguments of every task with this module."""
    if isinstance(content, dict):
        arguments = content.get(f"ai_how.cloud.{module}")
        if isinstance(arguments, dict):
            yield arguments
    for item in content.values() if isinstance(content, dict) else content if isinstance(content, list) else ():
        yield from tasks(item, module)


def given_in_integration(module: str) -> set[str]:
    """Options of this module in tests/integration, and what `state` was."""
    found = set()
    for file in (ROOT / "tests" / "integration").rglob("*.yml"):
        for arguments in tasks(yaml.load(file.read_text(encoding="utf-8"), Loader), module):
            found |= {*arguments, f"state: {arguments.get('state', 'present')}"}
    return found


ROWS = rows(PAGE)
OPTIONS = sorted({(row.module, row.option) for row in ROWS if row.option})
GUIDE = cells(re.split(r"^## ", PAGE, flags=re.MULTILINE)[-1])


def test_there_are_tables_of_every_module() -> None:
    assert {row.module for row in ROWS} == set(SPECS)
    assert len(ROWS) > 400


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.module}: {row.attribute or row.option}")
def test_a_row_has_an_option_or_a_reason(row: Row) -> None:
    assert row.option or row.reason
    assert row.is_command or not (row.option and row.reason)


@pytest.mark.parametrize(("module", "option"), OPTIONS)
def test_an_option_is_there(module: str, option: str) -> None:
    name, _colon, value = option.partition(": ")
    if name.startswith(RESULT):
        assert name[len(RESULT) :] in info.describe(app())
        return
    assert name in paths(SPECS[module])
    assert not value or value in SPECS[module][name]["choices"]


@pytest.mark.parametrize(("module", "option"), OPTIONS)
def test_an_option_is_tested(module: str, option: str) -> None:
    """A result is, by the test above."""
    proven = option.split(".")[0] in IN_THE_API[module] or (module, option) in UNIT_TESTS
    assert proven or option.startswith(RESULT) or option in given_in_integration(module)


@pytest.mark.parametrize("module", SPECS)
def test_no_option_is_left_out(module: str) -> None:
    wanted = {name: option for name, option in SPECS[module].items() if name not in OF_ALL}
    missing = leaves(wanted) - {option for of, option in OPTIONS if of == module}
    assert {path for path in missing if not LIKE_SOURCE.match(path)} == set()


@pytest.mark.parametrize("row", GUIDE, ids=lambda row: row[0].strip("`*"))
def test_a_command_of_the_guide_has_something_here_or_a_reason(row: tuple[str, str, str]) -> None:
    here, reason = row[1].strip("`"), row[2]
    kind, _space, name = here.partition(" ")
    places = {
        "playbook": ROOT / "playbooks" / f"{name.rpartition('.')[2]}.yml",
        "module": ROOT / "plugins" / "modules" / f"{name}.py",
        "role": ROOT / "roles" / name,
    }
    if kind in places:
        assert places[kind].exists()
    elif kind == "make":
        assert f"\n{name}:" in (ROOT / "Makefile").read_text(encoding="utf-8")
    else:
        assert here in SAME_COMMANDS or reason or row[0].startswith("**")
