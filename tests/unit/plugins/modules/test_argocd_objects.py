# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""argocd_project, argocd_repository and argocd_cluster: what is documented is what is accepted, and what it costs."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.ai_how.cloud.plugins.doc_fragments.kube_auth import ModuleDocFragment
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.clusters import Clusters
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.projects import Projects
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.repositories import Repositories
from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import declare
from ansible_collections.ai_how.cloud.plugins.modules import argocd_cluster, argocd_project, argocd_repository
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._kube.api import Answer, serve

MODULES = {
    argocd_project: ("projects", "name", Projects),
    argocd_repository: ("repositories", "url", Repositories),
    argocd_cluster: ("clusters", "server", Clusters),
}
CONNECTION = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]


@pytest.fixture(params=MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def module(request):
    return request.param


@pytest.fixture
def call(module, monkeypatch):
    """What main() hands to the runner: spec, domain, store, and constraints."""
    calls = []
    monkeypatch.setattr(module, "run_declaration", lambda *args, **kwargs: calls.append((*args, kwargs)))
    module.main()
    (only,) = calls
    return only


def tree(options, below, path=""):
    """Every option with what Ansible checks of it, by its path."""
    found = {}
    for name, option in options.items():
        here = f"{path}{name}"
        checked = {key: option.get(key) for key in ("elements", "choices", "default")}
        found[here] = {
            **checked,
            "type": option.get("type", "str"),
            "required": option.get("required", False),
            "aliases": option.get("aliases", []),
        }
        found.update(tree(option.get(below) or {}, below, f"{here}."))
    return found


def test_what_is_documented_is_what_is_accepted(module, call):
    documented = yaml.safe_load(module.DOCUMENTATION)["options"]
    assert tree({**documented, **CONNECTION}, "suboptions") == tree(call[0], "options")


def test_what_is_returned_is_described(module):
    (results,) = yaml.safe_load(module.RETURN).values()
    assert {"name", "namespace", "changed", "failed", "msg"} <= set(results["contains"])


def test_every_option_is_described(module):
    def check(options, path):
        for name, option in options.items():
            assert option.get("description"), f"{path}{name}"
            check(option.get("suboptions") or {}, f"{path}{name}.")

    check(yaml.safe_load(module.DOCUMENTATION)["options"], "")


def test_an_item_of_the_list_takes_what_the_task_takes(module, call):
    several, first, domain = MODULES[module]
    spec, made, _connect, constraints = call
    item = spec[several]["options"]
    assert item == {name: spec[name] for name in item}
    assert made is domain
    assert constraints == {
        "mutually_exclusive": [[several, name] for name in item],
        "required_one_of": [[first, several]],
    }


def test_examples_are_what_the_module_takes(module, call):
    def check(given, options, path):
        for name, value in given.items():
            assert name in options, f"{path}{name}"
            below = options[name].get("options")
            for item in (value if isinstance(value, list) else [value]) if below else []:
                check(item, below, f"{path}{name}.")

    name = module.__name__.rpartition(".")[2]
    *examples, _rights = yaml.safe_load(module.EXAMPLES)
    for example in examples:
        options = example[f"ai_how.cloud.{name}"]
        check(options, call[0], "")
        defaults = {option: spec.get("default") for option, spec in call[0].items()}
        if "ca_data" not in str(options):  # a lookup, which gives PEM
            call[1]({**defaults, **options})


@pytest.mark.parametrize("state", ["present", "absent"])
def test_many_that_are_as_wanted_cost_one_request(module, call, state):
    """A deletion looks for applications as well, where they matter."""
    pytest.importorskip("kubernetes")
    several, first, _domain = MODULES[module]
    spec, make_domain, connect, _constraints = call
    defaults = {option: item.get("default") for option, item in spec.items()}
    items = [dict.fromkeys(spec[several]["options"]) | {first: name} for name in ("https://a", "https://b")]
    if first == "name":
        items = [{**item, "name": item["name"][-1]} for item in items]
    params = {**defaults, several: items, "state": state}
    domain = make_domain(params)
    there = [item.manifest for item in domain.items] if state == "present" else []
    with serve() as api:
        answer = Answer(200, {"metadata": {"resourceVersion": "7"}, "items": there})
        api.answers = [answer, answer]
        result = declare(domain, connect({**params, "host": api.url}), False)
    assert result["changed"] is False
    lists = 2 if state == "absent" and module is not argocd_repository else 1
    assert [request.method for request in api.requests] == ["GET"] * lists
