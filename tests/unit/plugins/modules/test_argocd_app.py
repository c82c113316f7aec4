# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
import yaml
from ansible_collections.ai_how.cloud.plugins.doc_fragments import argocd_auth, kube_auth
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.api import argocd_argument_spec
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.applications import Applications
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.driver import ApplicationDriver
from ansible_collections.ai_how.cloud.plugins.module_utils._kube.connection import connection_argument_spec
from ansible_collections.ai_how.cloud.plugins.modules import argocd_app

DOCUMENTED = yaml.safe_load(argocd_app.DOCUMENTATION)["options"]
KUBERNETES = yaml.safe_load(kube_auth.ModuleDocFragment.DOCUMENTATION)["options"]
ARGOCD = yaml.safe_load(argocd_auth.ModuleDocFragment.DOCUMENTATION)["options"]

# Options of an application that what a selector means may have; the namespace is the task's.
OF_SELECTED = ("namespace", "revision", "revisions", "prune", "sync", "history_id")


class Call:
    """What main() hands to the runner."""

    def __init__(self, spec, make_domain, make_driver, **constraints):
        self.spec, self.make_domain, self.make_driver, self.constraints = spec, make_domain, make_driver, constraints


@pytest.fixture
def call(monkeypatch):
    calls = []
    monkeypatch.setattr(argocd_app, "run_module", lambda *args, **kwargs: calls.append(Call(*args, **kwargs)))
    argocd_app.main()
    (only,) = calls
    return only


def tree(options, below, path=""):
    """Every option with what Ansible checks of it, by its path."""
    found = {}
    for name, option in options.items():
        here = f"{path}{name}"
        kind = option.get("type", "str")
        found[here] = {
            "type": kind,
            "elements": option.get("elements"),
            "choices": option.get("choices"),
            "required": option.get("required", False),
            "default": option.get("default"),
            "aliases": option.get("aliases", []),
        }
        found.update(tree(option.get(below) or {}, below, f"{here}."))
    return found


def test_what_is_documented_is_what_is_accepted(call):
    accepted = tree(call.spec, "options")
    documented = tree({**DOCUMENTED, **KUBERNETES, **ARGOCD}, "suboptions")
    assert sorted(documented) == sorted(accepted)
    assert documented == accepted


def test_the_documented_connection_is_the_one_that_is_accepted():
    assert tree(KUBERNETES, "suboptions") == tree(connection_argument_spec(), "options")
    assert tree(ARGOCD, "suboptions") == tree(argocd_argument_spec(), "options")


def test_every_option_is_described():
    def check(options, path):
        for name, option in options.items():
            assert option.get("description"), f"{path}{name}"
            check(option.get("suboptions") or {}, f"{path}{name}.")

    check(DOCUMENTED, "")


def test_an_application_of_the_list_takes_what_the_task_takes(call):
    item = call.spec["applications"]["options"]
    assert item == {**{name: call.spec[name] for name in item}, "namespace": {"type": "str"}}


def test_the_list_excludes_the_options_of_a_single_application(call):
    assert call.constraints == {
        "mutually_exclusive": [
            *(["applications", name] for name in call.spec["applications"]["options"] if name != "namespace"),
            ["selector", "applications"],
            *(["selector", name] for name in call.spec["applications"]["options"] if name not in OF_SELECTED),
        ],
        "required_one_of": [["name", "applications", "selector"]],
    }


def test_each_run_has_a_token_of_its_own(call):
    params = {name: option.get("default") for name, option in call.spec.items()}
    domains = [call.make_domain({**params, "name": "web"}) for _run in range(2)]
    assert all(isinstance(domain, Applications) for domain in domains)
    assert len({domain._token for domain in domains}) == 2


def test_the_driver_connects_as_the_task_says(call):
    driver = call.make_driver({"host": "https://a", "force_conflicts": True, "namespace": "gitops"})
    assert isinstance(driver, ApplicationDriver)
    assert (driver._client.host, driver._force, driver._home) == ("https://a", True, "gitops")


OF_THE_MODULE = [example for example in yaml.safe_load(argocd_app.EXAMPLES) if "ai_how.cloud.argocd_app" in example]


@pytest.mark.parametrize("example", OF_THE_MODULE, ids=lambda example: example["name"])
def test_examples_use_options_that_there_are(example, call):
    def check(given, options, path):
        for name, value in given.items():
            assert name in options, f"{path}{name}"
            below = options[name].get("options")
            for item in (value if isinstance(value, list) else [value]) if below else []:
                if isinstance(item, dict):
                    check(item, below, f"{path}{name}.")

    check(example["ai_how.cloud.argocd_app"], call.spec, "")
