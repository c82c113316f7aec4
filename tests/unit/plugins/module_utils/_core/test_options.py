# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.options import Opt, argument_spec, camel_case, to_api

INNER = {"name": Opt(required=True), "path_list": Opt("list", elements="str")}
TABLE = {
    "repo_url": Opt(api="repoURL"),
    "self_heal": Opt("bool"),
    "mode": Opt(),
    "limit": Opt("int", keep_empty=True),
    "automated": Opt("dict", options={"prune": Opt("bool")}, keep_empty=True),
    "helm": Opt("dict", options=INNER),
    "sources": Opt("list", elements="dict", options=INNER),
    "labels": Opt("dict"),
}


def test_the_argument_spec_of_a_table():
    inner = {
        "name": {"type": "str", "required": True, "no_log": False},
        "path_list": {"type": "list", "elements": "str", "no_log": False},
    }
    assert argument_spec(TABLE) == {
        "repo_url": {"type": "str", "no_log": False},
        "self_heal": {"type": "bool", "no_log": False},
        "mode": {"type": "str", "no_log": False},
        "limit": {"type": "int", "no_log": False},
        "automated": {"type": "dict", "options": {"prune": {"type": "bool", "no_log": False}}, "no_log": False},
        "helm": {"type": "dict", "options": inner, "no_log": False},
        "sources": {"type": "list", "elements": "dict", "options": inner, "no_log": False},
        "labels": {"type": "dict", "no_log": False},
    }


@pytest.mark.parametrize(
    ("params", "api"),
    [
        ({}, {}),
        ({"repo_url": None, "helm": None}, {}),
        ({"unknown": 1}, {}),
        ({"repo_url": "x", "self_heal": False, "mode": ""}, {"repoURL": "x"}),
        ({"helm": {}, "sources": [], "labels": {}}, {}),
        ({"helm": {"path_list": []}, "sources": [{"name": ""}]}, {"sources": [{}]}),
        ({"limit": 0, "automated": {"prune": False}}, {"limit": 0, "automated": {}}),
        ({"limit": None, "automated": None}, {}),
        ({"helm": {"name": "a", "path_list": None}}, {"helm": {"name": "a"}}),
        ({"sources": [{"name": "a", "path_list": ["b"]}]}, {"sources": [{"name": "a", "pathList": ["b"]}]}),
        ({"labels": {"keep_this": {"and_this": 1}}}, {"labels": {"keep_this": {"and_this": 1}}}),
    ],
)
def test_options_in_the_words_of_the_api(params, api):
    assert to_api(TABLE, params) == api


def test_what_is_false_or_empty_is_kept_on_demand():
    params = {"self_heal": False, "mode": "", "repo_url": None, "sources": [{"name": ""}], "helm": {"path_list": []}}
    kept = {"selfHeal": False, "mode": "", "sources": [{"name": ""}], "helm": {"pathList": []}}
    assert to_api(TABLE, params, keep_empty=True) == kept


@pytest.mark.parametrize(("name", "camel"), [("path", "path"), ("jq_path_expressions", "jqPathExpressions")])
def test_names_of_the_api_are_camel_case(name, camel):
    assert camel_case(name) == camel


def test_what_ansible_checks_of_an_option():
    assert argument_spec({"kind": Opt(choices=("a", "b"), default="a"), "key": Opt(no_log=True)}) == {
        "kind": {"type": "str", "no_log": False, "choices": ["a", "b"], "default": "a"},
        "key": {"type": "str", "no_log": True},
    }
