# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stages of the playbook ai_how.cloud.runtime together: those without hosts are passed over, unless asked for by
name, and the later ones get the kubeconfig of the cluster that the inventory is about.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from gitops import GitOps, Run, assert_live
from sandbox import ROOT

NOT_HERE = {
    "infra": "The inventory has no hypervisors, so infra has nowhere to make virtual machines.",
    "kubespray": "The inventory has no nodes, so kubespray has nothing to make a cluster of.",
    "gpu": "The inventory has no hosts in gpu_nodes, so gpu has nowhere to bring drivers.",
}


def runtime(*options: str, **environ: str) -> Run:
    command = [sys.executable, "-m", "ansible", "playbook", "ai_how.cloud.runtime", *options]
    output = {"text": True, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = subprocess.run(command, cwd=ROOT, check=False, env={**os.environ, **environ}, **output)
    return Run(done.returncode, done.stdout)


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """One node, which is not there, of the cluster ``demo``; the folder is to be XDG_STATE_HOME, too."""
    node = {"ansible_host": "192.0.2.1", "cluster_config": {"name": "demo"}}
    file = tmp_path / "inventory.yml"
    file.write_text(yaml.safe_dump({"all": {"children": {"kube_control_plane": {"hosts": {"node": node}}}}}))
    return file


@pytest.mark.parametrize(("tag", "sentence"), NOT_HERE.items())
def test_asked_for_by_name(tag: str, sentence: str) -> None:
    for others in ((), ("--skip-tags", ",".join(name for name in NOT_HERE if name != tag))):
        run = runtime("--tags", f"{tag},gitops-apps", *others)
        assert run.returncode != 0
        assert sentence in run.output


def test_passed_over() -> None:
    run = runtime("--skip-tags", "argocd,secrets,gitops-apps")
    assert run.returncode == 0
    assert "WARNING" not in run.output
    assert all(f"{name} is passed over" in run.output for name in NOT_HERE)


def test_a_cluster_that_is_not_there(inventory: Path) -> None:
    run = runtime("--tags", "gitops-apps", "-i", str(inventory), XDG_STATE_HOME=str(inventory.parent))
    assert run.returncode != 0
    kubeconfig = inventory.parent / "ai_how.cloud/kubespray/demo/kubeconfig"
    assert f"The cluster demo has no kubeconfig {kubeconfig}. Make the cluster, or fetch it" in run.output
    assert "Applications" not in run.output


def test_no_other_cluster_is_taken_where_its_node_takes_no_part(inventory: Path) -> None:
    run = runtime("--tags", "gitops-apps", "-i", str(inventory), "-i", "another,", "--limit", "another,localhost")
    assert run.returncode != 0
    assert "was not looked for, since node has failed before or is left out by --limit" in run.output
    assert "Applications" not in run.output


def test_the_cluster_of_the_inventory(deployed: GitOps, inventory: Path) -> None:
    kubeconfig = inventory.parent / "ai_how.cloud/kubespray/demo/kubeconfig"
    kubeconfig.parent.mkdir(parents=True)
    shutil.copy(deployed.box.kubeconfig, kubeconfig)
    repository = f"gitops_apps_repo_url={deployed.box.repo_url}"
    options = ["--tags", "gitops-apps", "-i", str(inventory), "-e", repository]
    assert_live(deployed, runtime(*options, XDG_STATE_HOME=str(inventory.parent)))
    named = runtime(*options, "-e", "gitops_apps_kubeconfig=/not/there", XDG_STATE_HOME=str(inventory.parent))
    assert "/not/there" in named.output
