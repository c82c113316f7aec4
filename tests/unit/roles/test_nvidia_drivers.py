# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role nvidia_drivers hands to its module, and what it takes from it, fits both."""

from __future__ import annotations

import re
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.options import ARGUMENTS
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.plan import Plan

ROOT = Path(__file__).resolve().parents[3]
ROLE = ROOT / "roles" / "nvidia_drivers"


def load(path: str) -> Any:
    return yaml.safe_load((ROLE / path).read_text(encoding="utf-8"))


def test_defaults_and_argument_specs_agree() -> None:
    options = load("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    assert {name: option["default"] for name, option in options.items() if "default" in option} == load(
        "defaults/main.yml"
    )


def test_all_options_of_the_module_are_handed_over() -> None:
    (look,) = load("tasks/look.yml")
    assert look["ai_how.cloud.nvidia_driver_plan"].keys() == ARGUMENTS.keys()


@pytest.mark.parametrize(
    ("plan", "changes"),
    [
        (Plan(), False),
        (Plan(install=["nvidia-smi"]), False),  # of a module, which says so itself
        (Plan(hold=["nvidia-smi"]), True),
        (Plan(release=["nvidia-smi"]), True),
        (Plan(build=True), True),
        (Plan(runfile={"uninstall": True}), True),
    ],
)
def test_check_mode_counts_commands_as_changes(plan: Plan, changes: bool) -> None:
    """Ansible passes them over there."""
    text = trust_as_template(load("vars/main.yml")["nvidia_drivers__commands"])
    told = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(plan).items()}
    assert Templar(loader=DataLoader(), variables={"nvidia_drivers__plan": told}).template(text) is changes


def test_all_parts_of_a_plan_are_used() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in ROLE.rglob("*") if path.is_file())
    used = set(re.findall(r"nvidia_drivers__plan\.(\w+)", text)) | set(re.findall(r"'(reboot)'", text))
    documented = yaml.safe_load(
        re.search(
            r'RETURN = r"""\n(.*?)"""',
            (ROOT / "plugins" / "modules" / "nvidia_driver_plan.py").read_text(encoding="utf-8"),
            re.DOTALL,
        )[1]
    )
    parts = {field.name for field in fields(Plan)}
    assert parts <= documented.keys()
    assert used <= documented.keys()
    assert parts - used == {"fabric_manager"}  # its package and its service are among the others
