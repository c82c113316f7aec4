# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that are no YAML, or YAML of an unusual kind."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.ai_how.cloud.plugins.module_utils._cluster import document
from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.load import load
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._cluster.files import (
    USUAL,
    line_of,
    node,
    problems,
    short,
)

SECRET = "s3cr3t-w0rd"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1: the file is empty, expected clusters.cloud."),
        ("# nothing\n", "1: the file is empty, expected clusters.cloud."),
        ("- a\n", "1: the file is a list, expected a structure."),
        ("a text\n", "1: the file is 'a text', expected a structure."),
        (f"clusters:\n\t{SECRET}: 1\n", "2: no YAML: the line is indented by a tab, use spaces."),
        (f"a: *{SECRET}\n", "1: no YAML: found undefined alias."),
        (
            f"a: [{SECRET}\nb: 2\n",
            "2: no YAML: while parsing a flow sequence, did not find expected ',' or ']'.",
        ),
        (
            f"a: {SECRET}: b\n",
            "1: no YAML: mapping values are not allowed in this context.",
        ),
        (f"a: '{SECRET}\n", "2: no YAML: while scanning a quoted scalar, found unexpected end of stream."),
        (f"a: \x01{SECRET}\n", "1: no YAML: it has characters that are no text in UTF-8."),
        (f"a: \udcff{SECRET}\n", "1: no YAML: it has characters that are no text in UTF-8."),
        (
            "a: 1\n---\nb: 2\n",
            "2: no YAML: expected a single document in the stream, but found another document.",
        ),
        ("clusters: {}\n", "1: clusters.cloud is missing, expected a structure."),
    ],
)
def test_what_is_no_cluster_file_is_one_sentence(text: str, problem: str) -> None:
    found = problems(text)
    assert SECRET not in "".join(found)
    assert found == [problem]


@pytest.mark.parametrize("opened", ["[", "{a: ", "- ", "? "])
def test_nesting_ends(opened: str) -> None:
    assert problems(opened * 5000)  # what is said depends on the version of libyaml


def test_without_libyaml_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "_LOADER", yaml.SafeLoader)
    assert problems("- " * 5000) == ["1: no YAML: its structures are nested too deeply."]
    assert problems(f"password: *{SECRET}\n") == ["1: no YAML: found undefined alias …."]
    assert load(USUAL, "f.yaml")


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    text = USUAL.replace("bridge: virbr200", "bridge: [1]").replace("ip: 192.168.200.12", "ip: 192.168.201.12")
    text = text.replace("cni: calico", "cni: weave").replace("cpu_cores: 8", "cpu_cores: '8'")
    assert [int(problem.split(":")[0]) for problem in problems(text)] == sorted(
        line_of(text, words) for words in ("bridge: [1]", "cpu_cores: '8'", "192.168.201.12", "cni: weave")
    )


def test_a_key_twice_is_told_with_both_lines() -> None:
    text = USUAL.replace("        disk_gb: 200\n", "        disk_gb: 200\n        memory_gb: 32\n")
    assert problems(text) == [
        f"{line_of(text, 'memory_gb: 32')}: clusters.cloud.worker_nodes[1].memory_gb stands here and in line"
        f" {line_of(text, 'memory_gb: 16')}, expected it once."
    ]


def test_a_key_twice_is_told_where_nothing_else_is_read() -> None:
    text = USUAL.replace("global: {}", f"global:\n  a: [{{b: {SECRET}, b: 2}}]")
    assert problems(text) == ["4: global.a[0].b stands here and in line 4, expected it once."]


def test_no_value_of_global_is_shown_or_handed_on() -> None:
    text = USUAL.replace("global: {}", f"global: {{password: !vault {SECRET}, list: [{SECRET}]}}")
    assert SECRET not in repr(load(text, "f.yaml"))


def test_aliases_and_merge_keys() -> None:
    text = """
clusters:
  cloud:
    name: c
    network: &net {subnet: 10.0.0.0/24, bridge: virbr0}
    control_plane: &small {cpu_cores: 4, memory_gb: 8, disk_gb: 100, ip: 10.0.0.10}
    worker_nodes:
      - &big {<<: *small, memory_gb: 64, ip: 10.0.0.11}
      - {<<: [{ip: 10.0.0.12}, *big], cpu_cores: 2}
"""
    hosts = load(text, "f.yaml").inventory["hosts"]
    vms = [host["cluster_vm"] for name, host in hosts.items() if name != "hypervisor"]
    assert [(vm["vcpus"], vm["memory"], vm["networks"][0]["address"]) for vm in vms] == [
        (4, "8G", "10.0.0.10"),
        (4, "64G", "10.0.0.11"),
        (2, "64G", "10.0.0.12"),
    ]


def test_the_clusters_may_be_merged() -> None:
    text = USUAL.replace("global: {}\nclusters:", "global: &g\n clusters:").replace(
        "clusters:\n  cloud", "clusters:\n   cloud"
    )
    head, below = text.split("   cloud:\n")
    text = head + "   cloud:\n" + "".join(f" {line}\n" for line in below.splitlines()) + "<<: *g\n"
    assert load(text, "f.yaml").inventory == load(USUAL, "f.yaml").inventory


def test_what_is_merged_must_be_a_structure() -> None:
    text = USUAL.replace("network: {", "network: {<<: 5, ")
    assert problems(text) == ["8: clusters.cloud.network.<< is '5', expected an alias of a structure."]


def test_structures_that_hold_themselves_end() -> None:
    text = USUAL.replace("numa_topology: true", "numa_topology: &me {a: *me}")
    assert problems(text) == [
        f"{line_of(text, '*me')}: clusters.cloud.hardware.acceleration.numa_topology holds itself or more than"
        " 1000 values, expected plain YAML."
    ]
    assert load(USUAL.replace("global: {}", "global: &g {<<: *g, a: *g}"), "f.yaml")


def test_a_billion_laughs_end() -> None:
    bomb = "global:\n  a0: &a0 [x]\n"
    bomb += "".join(f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
    text = USUAL.replace("global: {}\n", bomb)
    assert load(text, "f.yaml")
    found = problems(text.replace("numa_topology: true", "numa_topology: *a11"))
    assert len(found) == 1
    assert "more than 1000 values" in found[0]


def test_keys_must_be_texts() -> None:
    text = USUAL.replace("metadata: {", "metadata: {[1]: 2, ")
    assert problems(text) == ["2: metadata has a list as a key, expected a text."]


def test_tags_are_named_and_not_followed() -> None:
    text = USUAL.replace("name: cloud-cluster", f"name: !vault {SECRET}")
    assert problems(text) == [
        "6: clusters.cloud.name is a value with the tag !vault, expected a name of lower-case letters, digits and -."
    ]
    text = USUAL.replace("numa_topology: true", f"numa_topology: !unsafe {SECRET}")
    (problem,) = problems(text)
    assert problem.endswith("numa_topology is a value with the tag !unsafe, expected plain YAML.")


def test_texts_are_taken_as_they_are_written() -> None:
    """Without quotes, YAML takes these for a sexagesimal number, a number, an octal one and a float."""
    text = USUAL.replace('"0000:01:00.0"', "0000:01:00.0").replace('"2789"', "2789").replace('"0755"', "0755")
    hosts = load(text.replace('"1.0"', "1.0"), "f.yaml").inventory["hosts"]
    worker = hosts["cloud-cluster-worker-2"]
    assert worker["cluster_vm"]["gpus"][0] == {"address": "0000:01:00.0", "id": "10de:2789"}
    assert worker["cluster_node"]["mounts"][0]["mode"] == "0755"


def test_labels_are_texts_whatever_yaml_takes_them_for() -> None:
    text = short(worker_nodes=[node(labels={"gpu": True, "n": 5, "v": 1.5, "e": ""})])
    labels = load(text, "f.yaml").inventory["hosts"]["c-worker-1"]["node_labels"]
    assert labels == {"gpu": "true", "n": "5", "v": "1.5", "e": ""}


@pytest.mark.parametrize("text", ["0x10", "010", "1_000", "1:30", "4.0"])
def test_numbers_are_decimal(text: str) -> None:
    (problem,) = problems(USUAL.replace("cpu_cores: 8", f"cpu_cores: {text}"))
    assert problem.endswith(f"cpu_cores is '{text}', expected a whole number from 1 to 1024.")


def test_nothing_is_as_if_the_key_were_not_there() -> None:
    assert load(USUAL.replace("global: {}", "global:"), "f.yaml") == load(USUAL, "f.yaml")
    (problem,) = problems(USUAL.replace("cpu_cores: 8", "cpu_cores:"))
    assert problem.endswith("worker_nodes[1].cpu_cores is missing, expected a whole number from 1 to 1024.")


def test_an_empty_text_is_none() -> None:
    (problem,) = problems(USUAL.replace("base_image_path: path/to/base.qcow2", 'base_image_path: ""'))
    assert problem == "7: clusters.cloud.base_image_path is empty, expected a text."


def test_a_flag_is_no_text() -> None:
    (problem,) = problems(USUAL.replace("name: cloud-cluster", "name: on"))
    assert problem == "6: clusters.cloud.name is 'on', expected a name of lower-case letters, digits and -."


def test_a_long_value_is_shortened() -> None:
    (problem,) = problems(USUAL.replace("cpu_cores: 8", f"cpu_cores: {'x' * 500}"))
    assert len(problem) < 200
