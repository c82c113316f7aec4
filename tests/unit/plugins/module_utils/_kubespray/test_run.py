# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Arguments, environment, configuration and inventory of Kubespray's Ansible."""

from __future__ import annotations

import configparser
import datetime
import json
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.inventory import (
    document,
    for_kubespray,
    members,
    plain,
    summary,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.plan import Run
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.run import (
    Settings,
    arguments,
    configuration,
    environment,
)

GROUPS = {
    "all": ["cp", "one", "two", "hypervisor"],
    "ungrouped": [],
    "kube_control_plane": ["cp"],
    "etcd": ["cp"],
    "kube_node": ["one", "two"],
    "gpu_nodes": ["two"],
    "hypervisors": ["hypervisor"],
}


def test_arguments_are_a_list() -> None:
    run = Run("scale.yml", ("one", "two"), {"node": "a b", "sure": True})
    assert arguments(run, "/venv", "/tree with space", "/proc/self/fd/7") == [
        *("/venv/bin/python", "-m", "ansible", "playbook", "--inventory", "/proc/self/fd/7", "--become"),
        *(
            "--limit",
            "one,two",
            "--extra-vars",
            '{"node": "a b", "sure": true}',
            "/tree with space/playbooks/scale.yml",
        ),
    ]
    assert arguments(Run("facts.yml"), "/v", "/t", "/i")[-2:] == ["--become", "/t/playbooks/facts.yml"]


def test_the_environment_has_nothing_of_another_ansible() -> None:
    own = {
        "HOME": "/home/me",
        "PATH": "/bin",
        "LC_ALL": "C",
        "SSH_AUTH_SOCK": "/s",
        "https_proxy": "http://p",
        "ANSIBLE_COLLECTIONS_PATH": "/c",
        "PYTHONPATH": "/p",
        "VAULT_TOKEN": "secret",
        "ANSIBLE_CONFIG": "/theirs",
    }
    assert environment(own, "/ours.cfg", "/venv") == {
        "HOME": "/home/me",
        "LC_ALL": "C",
        "SSH_AUTH_SOCK": "/s",
        "https_proxy": "http://p",
        "LANG": "C.UTF-8",
        "ANSIBLE_CONFIG": "/ours.cfg",
        "PATH": "/venv/bin:/bin",
        "VIRTUAL_ENV": "/venv",
        "PYTHONUNBUFFERED": "1",
    }
    assert environment({}, "/c", "/v")["PATH"] == "/v/bin:/usr/bin:/bin"


def test_the_configuration_has_the_connections_of_the_user() -> None:
    settings = Settings(forks=20, remote_user="me", host_key_checking=False, ssh_args="-o ControlPath=%r")
    parser = configparser.ConfigParser()
    parser.read_string(configuration(settings, "/tree", "/state", "/callbacks"))
    defaults = parser["defaults"]
    assert (defaults["forks"], defaults["remote_user"], defaults["host_key_checking"]) == ("20", "me", "False")
    assert defaults["fact_caching_connection"] == "/state/facts"
    assert defaults["roles_path"] == "/tree/roles"
    assert "private_key_file" not in defaults
    assert parser["ssh_connection"]["ssh_args"] == "-o ControlPath=%r"
    assert "ssh_args" not in configuration(Settings(), "/tree", "/state", "/callbacks")


def test_only_what_is_meant_for_kubespray_is_handed_on() -> None:
    variables = {
        "inventory_hostname": "one",
        "groups": {},
        "ansible_facts": {"kernel": "6.1", "ansible_local": {}},
        "ansible_kernel": "6.1",
        "ansible_host": "10.0.0.2",
        "ansible_user": "root",
        "cluster_name": "lab.local",
        "cluster_vm": {},
        "cluster_node": {},
        "kubespray_verb": "deploy",
        "argocd_kubeconfig": "/k",
        "ip": "10.0.0.2",
    }
    assert for_kubespray(variables) == {
        "ansible_host": "10.0.0.2",
        "ansible_user": "root",
        "cluster_name": "lab.local",
        "ip": "10.0.0.2",
    }


def test_texts_that_only_look_like_templates_are_marked() -> None:
    class Sealed:
        def __str__(self) -> str:
            return "opened {{ it }}"

    trusted = "{{ files_repo }}/x"
    value: Any = {1: [trusted, "{{ bad }}", "{% bad %}", "{# bad #}"], "n": [1, 2.5, True, None], "s": (Sealed(),)}
    assert json.loads(json.dumps(plain(value, lambda text: text is trusted))) == {
        "1": [trusted, *({"__ansible_unsafe": text} for text in ("{{ bad }}", "{% bad %}", "{# bad #}"))],
        "n": [1, 2.5, True, None],
        "s": [{"__ansible_unsafe": "opened {{ it }}"}],
    }
    assert plain(datetime.date(2026, 1, 2), lambda _text: False) == "2026-01-02"


def test_the_inventory_has_the_hosts_of_the_cluster_only() -> None:
    assert document(GROUPS, {"cp": {"a": 1}, "one": {}}, {"artifacts_dir": "/a"}) == {
        "all": {
            "hosts": {"cp": {"a": 1}, "one": {}},
            "vars": {"artifacts_dir": "/a"},
            "children": {
                "kube_control_plane": {"hosts": {"cp": {}}},
                "etcd": {"hosts": {"cp": {}}},
                "kube_node": {"hosts": {"one": {}}},
            },
        }
    }


def test_hosts_that_are_left_out_are_in_no_group() -> None:
    assert members(GROUPS, ["two"])["kube_node"] == ["one"]
    assert set(members({}, [])) == {"kube_control_plane", "etcd", "kube_node", "calico_rr", "bastion", "k8s_cluster"}
    assert not any(members({}, []).values())


def digests(groups: dict[str, list[str]], **variables: dict[str, Any]) -> dict[str, str]:
    hosts = {"cp": {}, "one": {}, "two": {}, **variables}
    return dict(summary(members(groups, []), hosts).digests)


def test_a_digest_is_of_variables_and_groups_and_not_of_connections() -> None:
    before = digests(GROUPS)
    assert digests(GROUPS, one={"ansible_password": "other"}) == before
    assert digests({**GROUPS, "gpu_nodes": []}) == before
    changed = digests(GROUPS, one={"ip": "10.0.0.2"})
    assert [name for name in before if before[name] != changed[name]] == ["one"]
    moved = digests({**GROUPS, "etcd": ["cp", "one", "two"]})
    assert [name for name in before if before[name] == moved[name]] == []


def test_another_worker_changes_no_other_host() -> None:
    before = digests(GROUPS)
    after = digests({**GROUPS, "kube_node": ["one", "two", "three"]}, three={})
    assert {name: after[name] for name in before} == before
