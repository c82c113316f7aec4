# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/cluster-file.md: its examples load, and its tables name what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.load import load
from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.schema import json_schema
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid

PAGE = (Path(__file__).parents[2] / "docs" / "cluster-file.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


def inventories() -> list[dict[str, Any]]:
    return [load(example, "cloud-cluster.yaml").inventory for example in EXAMPLES]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_loads(example: str) -> None:
    assert load(example, "cloud-cluster.yaml").left_alone == ()
    jsonschema.Draft202012Validator(json_schema()).validate(yaml.safe_load(example))


def test_the_page_names_all_groups_and_variables_and_no_others() -> None:
    rows = [
        cell for row in re.findall(r"^\| (`.*?) \|", PAGE, flags=re.MULTILINE) for cell in re.findall(r"`(\w+)`", row)
    ]
    groups = {name for found in inventories() for name in found["groups"]}
    variables = {name for found in inventories() for host in found["hosts"].values() for name in host}
    variables -= {"ansible_connection"}
    of_cluster = {name for found in inventories() for name in found["groups"]["k8s_cluster"]["vars"]}
    told = set(re.findall(r"`(\w+)`", PAGE))
    assert groups | variables <= set(rows)
    assert {name for name in of_cluster if not name.startswith("kube_vip")} - told <= {
        "kube_proxy_strict_arp",
        "loadbalancer_apiserver_localhost",
    }


def test_the_message_is_as_it_is_told() -> None:
    wrong = EXAMPLES[0].replace("cpu_cores: 8", "cpu_cores: eight")
    with pytest.raises(Invalid) as caught:
        load(wrong, "cloud-cluster.yaml")
    assert f"    {caught.value}\n" in PAGE


def test_where_the_nodes_of_the_example_are() -> None:
    hosts = inventories()[2]["hosts"]
    where = {name: host["cluster_node"]["hypervisor"] for name, host in hosts.items() if "cluster_node" in host}
    assert where == {
        "lab-control-plane-1": "rack3",
        "lab-control-plane-2": "rack2",
        "lab-control-plane-3": "rack1",
        "lab-worker-1": "rack2",
        "lab-worker-2": "rack1",
        "lab-worker-3": "rack3",
    }
