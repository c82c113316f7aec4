# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands in two places of the role kubespray, or in the role and its action plugin, is the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.ai_how.cloud.plugins.action.kubespray_run import _SPEC
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.inventory import ROLES, for_kubespray
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.look import ARGUMENTS
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.model import VERBS
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.preflight import KINDS

ROOT = Path(__file__).resolve().parents[3]
ROLE = ROOT / "roles" / "kubespray"


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def documented(module: str) -> dict[str, Any]:
    source = (ROOT / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8")
    options: dict[str, Any] = yaml.safe_load(source.split('DOCUMENTATION = r"""')[1].split('"""')[0])["options"]
    return {name: {key: option[key] for key in option if key != "description"} for name, option in options.items()}


OPTIONS = load(ROLE / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]


def test_defaults_and_argument_specs_agree() -> None:
    defaults = load(ROLE / "defaults" / "main.yml")
    assert set(OPTIONS) == set(defaults)
    for name, option in OPTIONS.items():
        if "default" in option:
            assert option["default"] == defaults[name], name
        else:
            assert "{{" in defaults[name], name


def test_choices_are_those_of_the_code() -> None:
    assert OPTIONS["kubespray_verb"]["choices"] == list(VERBS)
    # A host that is not reached cannot be passed over
    assert OPTIONS["kubespray_ignored"]["choices"] == [kind for kind in KINDS if kind != "reach"]


def test_the_modules_are_documented_as_they_are() -> None:
    for module, spec in (("kubespray_run", _SPEC), ("kubespray_host_info", ARGUMENTS)):
        assert documented(module) == {name: dict(option) for name, option in spec.items()}


def test_the_role_hands_over_what_the_action_takes() -> None:
    assert set(load(ROLE / "vars" / "main.yml")["kubespray__run"]) <= set(_SPEC)


def value(expression: str, **variables: Any) -> Any:
    """As the role has it."""
    found = load(ROLE / "vars" / "main.yml").items()
    known = {variable: trust_as_template(text) for variable, text in found if isinstance(text, str)}
    templar = Templar(loader=DataLoader(), variables={**known, **variables})
    return templar.template(trust_as_template("{{ " + expression + " }}"))


@pytest.mark.parametrize(
    ("look", "ended"),
    [
        ({"nodes": [{"ready": True}], "api_problem": ""}, True),
        ({"nodes": [{"ready": True}, {"ready": False}], "api_problem": ""}, False),
        ({"nodes": [], "api_problem": "connection refused"}, False),
        ({"nodes": [], "api_problem": ""}, True),
        ({"unreachable": True}, True),
    ],
    ids=["ready", "one is not", "no answer", "a worker", "away"],
)
def test_after_a_run_nodes_and_the_api_server_are_waited_for(look: dict[str, Any], ended: bool) -> None:
    (task,) = load(ROLE / "tasks" / "look.yml")
    assert value(task["until"], kubespray__look=look, kubespray__wait=True) is ended
    assert value(task["until"], kubespray__look=look) is True


def test_the_first_control_plane_is_one_of_the_cluster() -> None:
    """As the action has it, which knows nothing of those that are left out."""
    groups = {"kube_control_plane": ["off", "cp-1"], "etcd": [], "kube_node": []}
    variables = {"groups": groups, "kubespray_left_out": ["off"], "inventory_hostname": "cp-1"}
    assert value("kubespray__hosts", **variables) == ["cp-1"]
    assert value("kubespray__first", **variables) == "cp-1"
    assert value("kubespray__first", **{**variables, "groups": {}}) == "cp-1"


def test_no_variable_of_a_role_reaches_kubespray() -> None:
    """A changed version of a driver, say, would make it run."""
    assert [path.name for path in sorted(ROLE.parent.iterdir())] == ROLES
    for path in ROLE.parent.glob("*/defaults/main.yml"):
        assert for_kubespray(load(path)) == {}, path
    assert for_kubespray(load(ROLE / "vars" / "main.yml")) == {}


@pytest.mark.parametrize(
    ("variables", "goes_on"),
    [
        ({"kubespray__written": __file__, "cluster_config": {}}, True),
        ({"kubespray__written": "/not/there", "cluster_config": {}}, False),
        ({"kubespray__written": "/not/there"}, True),
        ({"kubespray__written": "/not/there", "kubespray_verb": "reset"}, False),
    ],
    ids=["made", "not made", "of somebody else", "reset"],
)
def test_no_other_cluster_is_taken_for_the_one_that_is_not_there(variables: dict[str, Any], goes_on: bool) -> None:
    (stop,) = load(ROLE / "tasks" / "written.yml")
    assert value(stop["ansible.builtin.assert"]["that"], **{"kubespray_verb": "deploy", **variables}) is goes_on
