# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kubeconfig of a control plane, for use elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.kubeconfig import api_url, merged, readdressed
from ansible_collections.ai_how.cloud.tests.support import kubespray_tree

ADMIN = kubespray_tree.text("playbooks/files/admin.conf")
OURS = readdressed(ADMIN, "lab", "https://10.0.0.1:6443")


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({"loadbalancer_apiserver": {"address": "10.0.0.9", "port": 8443}, "ip": "10.0.0.1"}, "https://10.0.0.9:8443"),
        ({"loadbalancer_apiserver": {}, "access_ip": "192.0.2.1", "ip": "10.0.0.1"}, "https://192.0.2.1:6443"),
        ({"ip": "fd00::1", "kube_apiserver_port": 7443}, "https://[fd00::1]:7443"),
        ({"ip": "", "ansible_host": "node.example.org"}, "https://node.example.org:6443"),
        ({"inventory_hostname": "node-1"}, "https://node-1:6443"),
    ],
)
def test_where_the_api_server_is(variables: dict[str, Any], url: str) -> None:
    assert api_url(variables) == url


def test_it_is_named_after_the_cluster() -> None:
    config = yaml.safe_load(OURS)
    assert config["clusters"][0]["cluster"] == {
        "server": "https://10.0.0.1:6443",
        "certificate-authority-data": "Y2E=",
    }
    assert config["contexts"] == [{"name": "lab", "context": {"cluster": "lab", "user": "lab-admin"}}]
    assert config["users"] == [{"name": "lab-admin", "user": {"client-key-data": "c3RhbmQtaW4ta2V5"}}]
    assert config["current-context"] == "lab"


@pytest.mark.parametrize("text", ["", "[", "- a", "clusters: []", "clusters: [{cluster: {}}]\nusers: 7"])
def test_what_is_no_kubeconfig(text: str) -> None:
    with pytest.raises(Invalid, match="The kubeconfig of the control plane"):
        readdressed(text, "lab", "https://10.0.0.1:6443")


@pytest.mark.parametrize("into", [None, "", " \n"])
def test_merged_into_nothing_it_is_itself(into: str | None) -> None:
    assert yaml.safe_load(merged(into, OURS)) == yaml.safe_load(OURS)


def test_others_stay() -> None:
    theirs = "apiVersion: v1\nkind: Config\nclusters: [{name: x, cluster: {server: y}}]\nusers:\ncurrent-context: x\n"
    both = merged(theirs, OURS)
    config = yaml.safe_load(both)
    assert [each["name"] for each in config["clusters"]] == ["x", "lab"]
    assert config["current-context"] == "x"
    assert merged(both, OURS) == both
    again = merged(both, readdressed(ADMIN, "lab", "https://10.0.0.2:6443"))
    assert [each["cluster"]["server"] for each in yaml.safe_load(again)["clusters"]] == ["y", "https://10.0.0.2:6443"]


def test_the_only_way_into_another_cluster_is_not_taken() -> None:
    """As Kubespray and kubeadm name their entries, and as this is called without a name of its own."""
    ours = readdressed(ADMIN, "kubernetes", "https://10.0.0.1:6443")
    kubeadm = ADMIN.replace("cluster.local", "kubernetes")
    for theirs in (ADMIN, kubeadm):
        with pytest.raises(Refused, match=r"its context kubernetes-admin@\S+ uses; give this cluster another name"):
            merged(theirs, ours)
    same = kubeadm.replace("127.0.0.1", "10.0.0.1")
    assert len(yaml.safe_load(merged(same, ours))["contexts"]) == 2


@pytest.mark.parametrize("theirs", ["clusters: 7", "users: [a]", "contexts: [{context: {}}]"])
def test_entries_that_are_none_are_told(theirs: str) -> None:
    with pytest.raises(Invalid, match="The kubeconfig to merge into is no YAML with clusters"):
        merged(theirs, OURS)


def test_a_file_that_says_the_same_stays_as_it_is_written() -> None:
    written = f"# mine\n{OURS}"
    assert merged(written, OURS) == written


def test_a_file_that_is_none_is_left_alone() -> None:
    with pytest.raises(Invalid, match="The kubeconfig to merge into is no YAML"):
        merged("- a", OURS)
