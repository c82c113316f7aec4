# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role cluster_vms hands from the inventory plugin to the module fits both."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.load import load as load_cluster
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.machines import parse_vms
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.options import ARGUMENTS

ROOT = Path(__file__).resolve().parents[3]
ROLE = ROOT / "roles" / "cluster_vms"


def load(path: str) -> Any:
    return yaml.safe_load((ROLE / path).read_text(encoding="utf-8"))


def test_defaults_and_argument_specs_agree() -> None:
    options = load("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    assert {name: option["default"] for name, option in options.items()} == load("defaults/main.yml")


def test_machines_of_the_documented_cluster_files_are_taken_by_the_module() -> None:
    text = (ROOT / "docs" / "cluster-file.md").read_text(encoding="utf-8")
    files = [block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "clusters:" in block]
    seed = {"cloud_init": {"ssh_keys": ["ssh-ed25519 AAAA me"]}}
    for file in files:
        hosts = load_cluster(file, "cloud-cluster.yaml", ()).inventory["hosts"].values()
        vms = [{**host["cluster_vm"], **seed, "state": "running"} for host in hosts if "cluster_vm" in host]
        checked = ArgumentSpecValidator(ARGUMENTS).validate({"vms": vms})
        assert checked.error_messages == []
        assert [vm.state for vm in parse_vms(checked.validated_parameters)] == ["running"] * len(vms)
    assert len(files) > 2


def test_a_machine_that_is_on_by_chance_need_not_answer() -> None:
    on = {"state": "running", "addresses": ["10.0.0.1"]}
    chance, away = {**on, "addresses": ["10.0.0.2", "10.1.0.2"]}, {**on, "addresses": []}
    machines = {"wanted": on, "chance": chance, "away": away, "off": {**on, "state": "stopped"}}
    variables = {
        **{name: trust_as_template(text) for name, text in load("vars/main.yml").items() if isinstance(text, str)},
        "cluster_vms__done": {"results": [{"name": name, **result} for name, result in machines.items()]},
        "cluster_vms__running": [{"name": "wanted"}, {"name": "off"}],
        "cluster_vms__scanned": {"stdout_lines": ["# 10.0.0.2:22 SSH-2.0-OpenSSH"]},
    }
    _read, stop, *_others = load("tasks/host_keys.yml")
    variables["cluster_vms__silent"] = trust_as_template(stop["vars"]["cluster_vms__silent"])
    templar = Templar(loader=DataLoader(), variables=variables)
    assert templar.template(trust_as_template("{{ cluster_vms__addresses }}")) == ["10.0.0.1", "10.0.0.2"]
    assert templar.template(trust_as_template("{{ cluster_vms__silent }}")) == ["10.0.0.1"]
