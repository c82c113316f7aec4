# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role cluster_vms hands from the inventory plugin to the module fits both."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
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
