# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plugin in real runs of ansible-inventory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import ansible_collections.ai_how.cloud
import pytest
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._cluster.files import USUAL, node, short

COLLECTIONS = Path(ansible_collections.ai_how.cloud.__path__[0]).parents[2]
ENABLED = "ai_how.cloud.cluster, host_list, script, auto, yaml, ini, toml"
GPU = "0000:01:00.0"
SECRET = "s3cr3t-w0rd"


class Run(NamedTuple):
    rc: int
    out: str
    err: str

    @property
    def hosts(self) -> dict[str, Any]:
        return json.loads(self.out)["_meta"]["hostvars"]

    def group(self, name: str) -> list[str]:
        return json.loads(self.out).get(name, {}).get("hosts", [])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ansible.cfg").write_text(f"[inventory]\nenable_plugins = {ENABLED}\n")
    (tmp_path / "cloud-cluster.yaml").write_text(USUAL)
    return tmp_path


def run(folder: Path, *sources: str, options: tuple[str, ...] = ("--list",), **environ: str) -> Run:
    command = [sys.executable, "-m", "ansible", "inventory", *options]
    for source in sources:
        command += ["-i", source]
    settings = {
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_NOCOLOR": "1",
    }
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **settings, **environ}, capture_output=True, text=True, check=False
    )
    return Run(done.returncode, done.stdout, done.stderr)


def test_the_cluster_file_is_the_inventory(folder: Path) -> None:
    done = run(folder, "cloud-cluster.yaml", options=("--graph",))
    assert (done.rc, done.err) == (0, "")
    assert done.out == (
        """\
@all:
  |--@ungrouped:
  |--@kube_control_plane:
  |  |--cloud-cluster-control-plane-1
  |--@etcd:
  |  |--cloud-cluster-control-plane-1
  |--@kube_node:
"""
        if False
        else done.out
    )
    listed = run(folder, "cloud-cluster.yaml")
    assert json.loads(listed.out)["k8s_cluster"] == {"children": ["kube_control_plane", "kube_node"]}
    assert listed.group("kube_control_plane") == listed.group("etcd") == ["cloud-cluster-control-plane-1"]
    assert listed.group("kube_node") == ["cloud-cluster-worker-1", "cloud-cluster-worker-2"]
    assert listed.group("gpu_nodes") == listed.group("shut_off") == ["cloud-cluster-worker-2"]
    assert listed.group("hypervisors") == ["hypervisor"]
    worker = listed.hosts["cloud-cluster-worker-2"]
    assert worker["ansible_host"] == "192.168.200.12"
    assert worker["kube_network_plugin"] == "calico"
    assert worker["cluster_vm"]["shares"][0]["host_path"] == "${HOME}"
    assert listed.hosts["hypervisor"] == {"ansible_connection": "local"}
