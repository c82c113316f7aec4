# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the action hands to Kubespray of a real inventory, and what check mode says."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager
from ansible_collections.ai_how.cloud.plugins.action import kubespray_run
from ansible_collections.ai_how.cloud.tests.support import kubespray_tree

HOSTS = """
all:
  vars:
    registry: registry.example.org
    files_repo: "{{ registry }}/files"
    said: !unsafe "{{ not a template }}"
    cluster_vm: {name: not for Kubespray}
    kube_version: "{{ wanted }}"
    wanted: v1.34.7
  hosts:
    hypervisor:
  children:
    kube_control_plane: {hosts: {cp: {ip: 10.0.0.1}}}
    etcd: {hosts: {cp: }}
    kube_node: {hosts: {one: {ip: 10.0.0.2}, two: }}
    shut_off: {hosts: {two: }}
"""


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(kubespray_run, "_display", SimpleNamespace(display=lambda text, **_: lines.append(text)))
    return lines


def variables(tmp_path: Path) -> tuple[dict[str, Any], DataLoader]:
    """What a task sees, after one that has registered something and gathered facts."""
    (tmp_path / "hosts.yml").write_text(HOSTS, encoding="utf-8")
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[str(tmp_path / "hosts.yml")])
    manager = VariableManager(loader=loader, inventory=inventory)
    hostvars = HostVars(inventory=inventory, variable_manager=manager, loader=loader)
    manager.set_nonpersistent_facts("cp", {"registered_before": {"start": "now"}})
    manager.set_host_facts("cp", {"kernel": "6.1"})
    return {"hostvars": hostvars, "groups": inventory.get_groups_dict()}, loader


def run(tmp_path: Path, state: str, check_mode: bool = True, **more: Any) -> dict[str, Any]:
    kubespray_tree.make(tmp_path / "tree")
    task_vars, loader = variables(tmp_path)
    args = {
        "state": state,
        "tree": str(tmp_path / "tree"),
        "venv": str(tmp_path / "venv"),
        "name": "lab",
        "state_dir": str(tmp_path / "state"),
        "callbacks": "/callbacks",
        "left_out": ["two"],
        **more,
    }
    task = SimpleNamespace(args=args, no_log=False, async_val=0, check_mode=check_mode, diff=False, action="a")
    action = kubespray_run.ActionModule(
        task=task,
        connection=SimpleNamespace(_shell=SimpleNamespace(tmpdir=None)),
        play_context=SimpleNamespace(check_mode=check_mode, password="", become_pass="asked"),
        loader=loader,
        templar=None,
        shared_loader_obj=None,
    )
    return action.run(task_vars={"ansible_check_mode": check_mode, **task_vars})


def look(host: str, **changes: Any) -> dict[str, Any]:
    place = {"path": "/", "size": 100, "available": 90}
    return {
        "root": True,
        "os": "debian",
        "init": "systemd",
        "machine": "x86_64",
        "hostname": host,
        "machine_id": host,
        "memory_mb": 4096,
        "disks": {"kubelet": place, "images": place},
        "ports": {},
        "asked_at": 0.0,
        "time": 1.0,
        "has_address": True,
        "traces": [],
        "nodes": [],
        "api_problem": "",
        "stamp": None,
        **changes,
    }


LOOKS = {"cp": look("cp"), "one": look("one")}


def test_the_plan_names_the_playbooks_and_the_version_that_is_wanted(tmp_path: Path) -> None:
    result = run(tmp_path, "planned", looks=LOOKS)
    assert result["msg"] == "To run, since there is no cluster yet: boilerplate.yml, cluster.yml."
    assert (result["changed"], result["runs"]) == (False, ["boilerplate.yml", "cluster.yml"])
    assert (result["kubernetes"], set(result["stamp"]["hosts"])) == ("1.34.7", {"cp", "one"})


def test_what_was_registered_or_gathered_changes_no_digest_and_variables_do(tmp_path: Path) -> None:
    before = run(tmp_path, "planned", looks=LOOKS)["stamp"]
    nodes = [{"name": name, "version": "1.34.7"} for name in ("cp", "one")]
    looks = {**LOOKS, "cp": look("cp", stamp=before, nodes=nodes)}
    assert run(tmp_path, "planned", looks=looks)["runs"] == []
    again = run(tmp_path, "planned", looks=looks, variables={"helm_enabled": True})
    assert again["msg"].startswith("To run, since variables or groups of cp, one have changed")


def test_findings_end_it_unless_they_are_ignored(tmp_path: Path, shown: list[str]) -> None:
    looks = {**LOOKS, "one": look("one", init="runit")}
    with pytest.raises(
        AnsibleActionFail, match="Nothing was run, since Kubespray would fail on 1 thing: one is run by"
    ):
        run(tmp_path, "planned", looks=looks)
    assert shown == ["kubespray | one is run by runit, and Kubespray needs systemd."]
    ignored = run(tmp_path, "planned", looks=looks, ignored=["system"])
    assert ignored["warnings"] == ["one is run by runit, and Kubespray needs systemd."]


def test_check_mode_runs_nothing_and_says_what_it_would(tmp_path: Path) -> None:
    result = run(tmp_path, "done", looks=LOOKS)
    assert (result["changed"], result["msg"]) == (
        True,
        "To run, since there is no cluster yet: boilerplate.yml, cluster.yml.",
    )
    assert not (tmp_path / "state").exists()
    prepared = run(tmp_path, "prepared")
    assert (prepared["changed"], prepared["ansible_core"]) == (True, "")
    assert not (tmp_path / "venv").exists()


def test_kubespray_gets_its_hosts_with_their_variables_as_they_are_written(
    tmp_path: Path, shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(
        f'#!/bin/sh\ncat "$5" > {tmp_path}/inventory.json\nenv > {tmp_path}/environment\n', encoding="utf-8"
    )
    python.chmod(0o755)
    monkeypatch.setattr("ansible.context.CLIARGS", {"forks": 7})
    monkeypatch.setenv("ANSIBLE_COLLECTIONS_PATH", "/theirs")
    result = run(tmp_path, "done", check_mode=False, looks=LOOKS, variables={"ip": "{{ access_ip }}"})
    assert (result["changed"], len(shown)) == (True, 4)
    inventory = json.loads((tmp_path / "inventory.json").read_text(encoding="utf-8"))["all"]
    assert set(inventory["hosts"]) == {"cp", "one"}
    assert inventory["hosts"]["cp"] == {
        "registry": "registry.example.org",
        "files_repo": "{{ registry }}/files",
        "said": {"__ansible_unsafe": "{{ not a template }}"},
        "kube_version": "{{ wanted }}",
        "wanted": "v1.34.7",
        "ip": "{{ access_ip }}",
    }
    assert inventory["vars"]["ansible_become_password"] == "asked"
    assert inventory["vars"]["artifacts_dir"] == f"{tmp_path}/state/artifacts"
    assert "shut_off" not in inventory["children"]
    assert "ANSIBLE_COLLECTIONS_PATH" not in (tmp_path / "environment").read_text(encoding="utf-8")
    assert "forks = 7" in (tmp_path / "state" / "ansible.cfg").read_text(encoding="utf-8")
    assert not any("asked" in _text(path) for path in (tmp_path / "state").rglob("*") if path.is_file())


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_a_run_that_fails_names_its_log(tmp_path: Path, shown: list[str]) -> None:
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    os.symlink("/bin/false", tmp_path / "venv" / "bin" / "python")
    with pytest.raises(
        AnsibleActionFail, match=r"Kubespray's boilerplate.yml failed .*-boilerplate.log. Correct that and"
    ):
        run(tmp_path, "done", check_mode=False, looks=LOOKS)


def test_what_is_left_of_a_failed_run_is_told_with_its_reason(tmp_path: Path) -> None:
    nodes = [{"name": "cp", "version": "1.34.7", "cordoned": True}]
    result = run(tmp_path, "failed", looks={"cp": look("cp", nodes=nodes)}, failure="Task failed: It broke.")
    assert result["failed"]
    assert result["msg"].startswith("It broke. The run has left cp cordoned")


def test_a_cluster_that_is_not_as_it_should_be_after_a_run(tmp_path: Path) -> None:
    nodes = [{"name": "cp", "version": "1.34.7", "ready": False}, {"name": "one", "version": "1.34.7"}]
    looks = {"cp": look("cp", nodes=nodes)}
    assert run(tmp_path, "confirmed", looks=looks)["msg"].startswith("cp is not Ready after the run")
    assert not run(tmp_path, "confirmed", looks=looks, wait_for_ready=False)["failed"]


def test_what_is_wrong_is_a_failure_of_the_task(tmp_path: Path) -> None:
    with pytest.raises(AnsibleActionFail, match="There is no cluster lab yet for upgrade"):
        run(tmp_path, "planned", looks=LOOKS, verb="upgrade")
