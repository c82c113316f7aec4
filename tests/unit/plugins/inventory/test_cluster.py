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


# ansible-test may want colours
PLAIN = {**os.environ, "ANSIBLE_FORCE_COLOR": "false", "ANSIBLE_NOCOLOR": "true"}


def run(folder: Path, *sources: str, options: tuple[str, ...] = ("--list",), **environ: str) -> Run:
    command = [sys.executable, "-m", "ansible.cli.inventory", *options]
    for source in sources:
        command += ["-i", source]
    settings = {
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
    }
    done = subprocess.run(
        command, cwd=folder, env={**PLAIN, **settings, **environ}, capture_output=True, text=True, check=False
    )
    return Run(done.returncode, done.stdout, done.stderr)


def test_the_cluster_file_is_the_inventory(folder: Path) -> None:
    done = run(folder, "cloud-cluster.yaml")
    assert (done.rc, done.err) == (0, "")
    assert json.loads(done.out)["k8s_cluster"] == {"children": ["kube_control_plane", "kube_node"]}
    assert done.group("kube_control_plane") == done.group("etcd") == ["cloud-cluster-control-plane-1"]
    assert done.group("kube_node") == ["cloud-cluster-worker-1", "cloud-cluster-worker-2"]
    assert done.group("gpu_nodes") == done.group("shut_off") == ["cloud-cluster-worker-2"]
    assert done.group("hypervisors") == ["hypervisor"]
    worker = done.hosts["cloud-cluster-worker-2"]
    assert worker["ansible_host"] == "192.168.200.12"
    assert worker["kube_network_plugin"] == "calico"
    assert worker["cluster_vm"]["shares"][0]["source"] == "${HOME}"
    assert worker["cluster_file"] == str(folder / "cloud-cluster.yaml")
    assert done.hosts["hypervisor"] == {"ansible_connection": "local"}


def test_the_graph(folder: Path) -> None:
    done = run(folder, "cloud-cluster.yaml", options=("--graph", "k8s_cluster"))
    assert (
        done.out
        == """\
@k8s_cluster:
  |--@kube_control_plane:
  |  |--cloud-cluster-control-plane-1
  |--@kube_node:
  |  |--cloud-cluster-worker-1
  |  |--cloud-cluster-worker-2
"""
    )


def test_a_file_of_two_lines_needs_no_configuration(folder: Path) -> None:
    (folder / "ansible.cfg").write_text("")
    (folder / "inventory.yml").write_text("plugin: ai_how.cloud.cluster\nfile: cloud-cluster.yaml\n")
    listed = run(folder, "inventory.yml")
    assert (listed.rc, listed.err) == (0, "")
    assert listed.hosts == run(folder, "cloud-cluster.yaml", ANSIBLE_INVENTORY_ENABLED=ENABLED).hosts


def test_the_data_beside_the_plugin(folder: Path) -> None:
    (folder / "inventory.yml").write_text(f"plugin: ai_how.cloud.cluster\n{USUAL}")
    assert run(folder, "inventory.yml").group("kube_node") == ["cloud-cluster-worker-1", "cloud-cluster-worker-2"]


def test_constructed_variables_and_groups(folder: Path) -> None:
    (folder / "inventory.yml").write_text(
        """\
plugin: ai_how.cloud.cluster
file: ./cloud-cluster.yaml
compose:
  gpu_count: cluster_node.gpus | length
groups:
  big: cluster_vm.vcpus > 4
keyed_groups:
  - {key: cluster_node.hypervisor, prefix: "on"}
"""
    )
    listed = run(folder, "inventory.yml")
    assert listed.err == ""
    assert listed.hosts["cloud-cluster-worker-2"]["gpu_count"] == 1
    assert listed.group("big") == ["cloud-cluster-worker-2"]
    assert len(listed.group("on_hypervisor")) == 3


@pytest.mark.parametrize("source", ["cloud-cluster.yaml", "inventory.yml"])
def test_a_wrong_file_ends_the_run(folder: Path, source: str) -> None:
    """Ansible's plugin yaml, which comes after ours, would take it for groups without hosts."""
    (folder / "inventory.yml").write_text("plugin: ai_how.cloud.cluster\nfile: cloud-cluster.yaml\n")
    text = USUAL.replace("cpu_cores: 8", "cpu_cores: eight").replace("global: {}", f"global: {{password: {SECRET}}}")
    (folder / "cloud-cluster.yaml").write_text(text.replace("bridge:", "brigde:"))
    done = run(folder, source, options=("--list", "-vvvv"))
    assert done.rc == 4
    file = folder / "cloud-cluster.yaml"
    told = [line for line in done.err.splitlines() if str(file) in line and "clusters." in line]
    assert told == [
        f"[ERROR]: {file}:8: clusters.cloud.network.bridge is missing, expected an interface name of at most 15"
        " characters such as virbr200.",
        f"{file}:8: clusters.cloud.network.brigde is not known, perhaps bridge is meant.",
        f"{file}:13: clusters.cloud.worker_nodes[1].cpu_cores is 'eight', expected a whole number from 1 to 1024.",
    ]
    assert SECRET not in done.out + done.err


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "plugin: ai_how.cloud.cluster\nfile: nowhere.yaml\n",
            "nowhere.yaml: cannot be read: there is no such file; correct ",
        ),
        ("plugin: ai_how.cloud.cluster\nfiel: x\n", "inventory.yml:2: fiel is not known here, expected one of "),
        ("plugin: ai_how.cloud.cluster\n", "inventory.yml:1: clusters is missing, expected a structure."),
        (
            "plugin: ai_how.cloud.cluster\nfile: cloud-cluster.yaml\nclusters: {}\n",
            "inventory.yml:3: clusters is not known here, expected one of ",
        ),
        (f"plugin: ai_how.cloud.cluster\n\tx: {SECRET}\n", "inventory.yml:2: no YAML: the line is indented by a tab"),
    ],
)
def test_a_wrong_file_of_the_plugin_ends_the_run(folder: Path, text: str, sentence: str) -> None:
    (folder / "inventory.yml").write_text(text)
    done = run(folder, "inventory.yml")
    assert done.rc == 4
    assert sentence in done.err
    assert SECRET not in done.out + done.err


def test_other_inventories_are_not_taken(folder: Path) -> None:
    (folder / "hosts.yml").write_text("clusters:\n  children:\n    cloud:\n      hosts: {one: {}}\n")
    (folder / "hosts.ini").write_text("[other]\ntwo\n")
    done = run(folder, "hosts.yml", "hosts.ini", "cloud-cluster.yaml")
    assert done.err == ""
    assert done.group("cloud") == ["one"]
    assert done.group("other") == ["two"]
    assert len(done.group("kube_node")) == 2


def test_a_folder_of_inventories_with_its_variables(folder: Path) -> None:
    place = folder / "inventory"
    (place / "group_vars").mkdir(parents=True)
    (place / "group_vars" / "k8s_cluster.yml").write_text("kube_network_plugin: cilium\n")
    (place / "cloud.yaml").write_text(USUAL)
    (place / "named.yml").write_text("plugin: ai_how.cloud.cluster\nfile: cloud.yaml\n")
    (place / "more.ini").write_text("[kube_node]\nextra\n")
    done = run(folder, "inventory")
    assert done.err == ""
    assert done.group("kube_node") == ["cloud-cluster-worker-1", "cloud-cluster-worker-2", "extra"]
    assert done.hosts["cloud-cluster-worker-1"]["kube_network_plugin"] == "cilium"


def test_a_second_cluster_is_refused(folder: Path) -> None:
    (folder / "second.yaml").write_text(short())
    done = run(folder, "cloud-cluster.yaml", "second.yaml")
    assert done.rc == 4
    assert (
        f"{folder / 'second.yaml'}: this inventory has the cluster of {folder / 'cloud-cluster.yaml'} already"
        in done.err
    )


def test_another_cluster_of_the_file_is_left_alone_with_a_notice(folder: Path) -> None:
    (folder / "cloud-cluster.yaml").write_text(USUAL + "  hpc: {name: hpc}\n")
    done = run(folder, "cloud-cluster.yaml")
    assert done.rc == 0
    assert done.err == f"{folder / 'cloud-cluster.yaml'}: clusters.hpc is left alone, only clusters.cloud is read.\n"
    assert len(done.hosts) == 4


def test_several_hypervisors_and_control_planes(folder: Path) -> None:
    text = short(
        hypervisors=[{"name": f"hv{n}", "address": f"172.16.0.{n}", "gpus": [GPU]} for n in (1, 2, 3)],
        control_plane=[node(ip=f"10.0.0.{n}") for n in (11, 12, 13)],
        worker_nodes=node(GPU, count=3, ip="DHCP"),
        kubernetes_config={"load_balancer": {"address": "10.0.0.10"}},
    )
    (folder / "cloud-cluster.yaml").write_text(text)
    done = run(folder, "cloud-cluster.yaml")
    assert done.err == ""
    assert done.group("etcd") == [f"c-control-plane-{n}" for n in (1, 2, 3)]
    assert done.group("gpu_nodes") == [f"c-worker-{n}" for n in (1, 2, 3)]
    where = [done.hosts[name]["cluster_node"]["hypervisor"] for name in done.group("gpu_nodes")]
    assert where == ["hv1", "hv2", "hv3"]
    assert done.hosts["hv2"] == {"ansible_host": "172.16.0.2"}
    assert done.hosts["c-worker-1"]["loadbalancer_apiserver"] == {"address": "10.0.0.10", "port": 6443}


def test_the_cache_is_read_while_the_file_is_the_same(folder: Path) -> None:
    cached = {
        "ANSIBLE_INVENTORY_CACHE": "true",
        "ANSIBLE_INVENTORY_CACHE_PLUGIN": "jsonfile",
        "ANSIBLE_INVENTORY_CACHE_CONNECTION": str(folder / "cache"),
    }
    fresh = run(folder, "cloud-cluster.yaml", **cached)
    (entry,) = (folder / "cache").iterdir()
    entry.write_text(entry.read_text().replace("192.168.200.11", "192.168.200.99"))
    assert run(folder, "cloud-cluster.yaml", **cached).hosts["cloud-cluster-worker-1"]["ip"] == "192.168.200.99"
    (folder / "cloud-cluster.yaml").write_text(f"{USUAL}# changed\n")
    again = run(folder, "cloud-cluster.yaml", **cached)
    assert again.err == ""
    assert again.hosts == fresh.hosts


def test_a_file_in_a_vault(folder: Path) -> None:
    (folder / "word").write_text("a\n")
    vault = [sys.executable, "-m", "ansible.cli.vault", "encrypt", "--vault-password-file=word", "cloud-cluster.yaml"]
    subprocess.run(vault, cwd=folder, check=True, capture_output=True)
    (folder / "inventory.yml").write_text("plugin: ai_how.cloud.cluster\nfile: cloud-cluster.yaml\n")
    done = run(folder, "inventory.yml", ANSIBLE_VAULT_PASSWORD_FILE=str(folder / "word"))
    assert len(done.group("kube_node")) == 2
    refused = run(folder, "inventory.yml")
    assert refused.rc == 4
    assert "cloud-cluster.yaml: cannot be read: " in refused.err


def test_a_template_is_one(folder: Path) -> None:
    text = USUAL.replace("path/to/base.qcow2", "'{{ images }}/base.qcow2'")
    (folder / "cloud-cluster.yaml").write_text(text)
    (folder / "play.yml").write_text(
        """\
- hosts: cloud-cluster-worker-1
  gather_facts: false
  vars: {images: /srv}
  tasks:
    - ansible.builtin.debug: {var: "cluster_vm.disks[0].base"}
"""
    )
    command = [sys.executable, "-m", "ansible.cli.playbook", "-i", "cloud-cluster.yaml", "play.yml"]
    environ = {**PLAIN, "ANSIBLE_CONFIG": "ansible.cfg", "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS)}
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert "/srv/base.qcow2" in done.stdout, done.stdout + done.stderr
