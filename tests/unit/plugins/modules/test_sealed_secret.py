# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""sealed_secret, sealed_secret_info and sealed_secret_reseal: what is documented is what is accepted and returned."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.ai_how.cloud.plugins.doc_fragments.kube_auth import ModuleDocFragment
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed.info import entry
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed.model import SECRET
from ansible_collections.ai_how.cloud.plugins.modules import sealed_secret, sealed_secret_info, sealed_secret_reseal

CONNECTION = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]


def spec_of(module, runner, monkeypatch):
    calls = []
    monkeypatch.setattr(module, runner, lambda *args, **kwargs: calls.append(args))
    module.main()
    return calls[0][0]


@pytest.fixture(
    params=[
        (sealed_secret, "run_declaration"),
        (sealed_secret_info, "run_task"),
        (sealed_secret_reseal, "run_task"),
    ]
)
def module(request, monkeypatch):
    """A module, and the argument spec that it hands to the runner."""
    return request.param[0], spec_of(*request.param, monkeypatch)


def tree(options, below, path=""):
    """Every option with what Ansible checks of it, by its path."""
    found = {}
    for name, option in options.items():
        checked = {key: option.get(key) for key in ("elements", "choices", "default")}
        found[f"{path}{name}"] = {
            **checked,
            "choices": list(option.get("choices") or ()),
            "type": option.get("type", "str"),
            "required": option.get("required", False),
            "aliases": option.get("aliases", []),
        }
        found.update(tree(option.get(below) or {}, below, f"{path}{name}."))
    return found


def test_what_is_documented_is_what_is_accepted(module):
    documented = yaml.safe_load(module[0].DOCUMENTATION)["options"]
    assert tree({**documented, **CONNECTION}, "suboptions") == tree(module[1], "options")


def test_examples_are_what_the_module_takes(module):
    name = f"ai_how.cloud.{module[0].__name__.rpartition('.')[2]}"
    given = [example[name] for example in yaml.safe_load(module[0].EXAMPLES) if name in example]
    assert given
    for options in given:
        assert set(options) <= set(module[1])
        assert all(set(secret) <= set(SECRET) for secret in options.get("secrets", []))


def test_what_holds_values_is_never_logged():
    secret = {name for name, option in SECRET.items() if option.no_log}
    assert secret == {"string_data", "data"}
    assert {name for name, option in SECRET["definition"].options.items() if option.no_log} == {"data", "stringData"}


def test_what_is_returned_is_described():
    sealed = {"metadata": {"name": "a", "namespace": "b"}, "spec": {}}
    described = yaml.safe_load(sealed_secret_info.RETURN)["sealed_secrets"]["contains"]
    assert set(described) == {*entry(sealed, "f"), "verified"}
