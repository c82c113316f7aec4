# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the text of a file to its hosts and groups, and what must hold between its keys."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.load import (
    check_options,
    is_cluster_file,
    load,
    names_our_plugin,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._cluster.files import (
    USUAL,
    dumped,
    full,
    node,
    problems,
    short,
)
from hypothesis import given
from hypothesis import strategies as st

GPU = "0000:01:00.0"


def hosts(text: str) -> dict[str, Any]:
    return load(text, "f.yaml").inventory["hosts"]


def groups(text: str) -> dict[str, list[str]]:
    return {name: group["hosts"] for name, group in load(text, "f.yaml").inventory["groups"].items()}


def config(**kubernetes: Any) -> dict[str, Any]:
    return load(short(kubernetes_config=kubernetes), "f.yaml").inventory["groups"]["k8s_cluster"]["vars"]


def test_the_file_that_users_have() -> None:
    control_plane, one, two = (f"cloud-cluster-{name}" for name in ("control-plane-1", "worker-1", "worker-2"))
    assert groups(USUAL) == {
        "kube_control_plane": [control_plane],
        "etcd": [control_plane],
        "kube_node": [one, two],
        "k8s_cluster": [],
        "gpu_nodes": [two],
        "shut_off": [two],
        "hypervisors": ["hypervisor"],
    }
    found = load(USUAL, "f.yaml").inventory
    assert found["groups"]["k8s_cluster"]["children"] == ["kube_control_plane", "kube_node"]
    assert found["hosts"]["hypervisor"] == {"ansible_connection": "local"}
    assert found["hosts"][control_plane]["etcd_member_name"] == "etcd1"
    variables = found["hosts"][two]
    assert variables["ansible_host"] == variables["ip"] == "192.168.200.12"
    content = yaml.safe_load(USUAL)["clusters"]["cloud"]
    assert variables["cluster_node"] == {
        "role": "worker",
        "auto_start": False,
        "hypervisor": "hypervisor",
        "dhcp": False,
        "gpus": [GPU],
        "hardware": content["hardware"],
        "mounts": content["virtio_fs_mounts"],
    }
    assert variables["cluster_vm"] == {
        "name": two,
        "type": "kvm",
        "vcpus": 8,
        "cpu": {"model": "host-passthrough", "sockets": 1, "cores": 4, "threads": 1},
        "cpu_pinning": "dedicated",
        "memory": "16G",
        "hugepages": "1G",
        "numa_node": "gpu",
        "disks": [{"base": "path/to/base.qcow2", "size": "200G"}],
        "networks": [{"network": "cloud-cluster", "address": "192.168.200.12"}],
        "shares": [{"source": "${HOME}", "tag": "home"}],
        "gpus": [{"address": GPU, "id": "10de:2789"}, {"address": "0000:01:00.1", "id": "10de:2299"}],
        "autostart": False,
    }


def test_a_machine_of_which_little_is_said() -> None:
    assert hosts(short())["c-control-plane-1"]["cluster_vm"] == {
        "name": "c-control-plane-1",
        "vcpus": 4,
        "memory": "8G",
        "disks": [{"size": "100G"}],
        "networks": [{"network": "c", "address": "10.0.0.10"}],
        "autostart": True,
    }


def test_emulation_and_small_pages() -> None:
    hardware = {"acceleration": {"enable_kvm": False, "performance": {"enable_hugepages": True}}}
    vm = hosts(short(hardware=hardware))["c-control-plane-1"]["cluster_vm"]
    assert (vm["type"], vm["hugepages"]) == ("qemu", "2M")


@pytest.mark.parametrize("form", [full(False), full(True)], ids=["lists", "structures"])
def test_a_file_is_the_same_twice(form: dict[str, Any]) -> None:
    assert load(dumped(form), "f.yaml") == load(dumped(form), "f.yaml")


def test_other_clusters_are_left_alone_whatever_they_are() -> None:
    hpc = "  hpc: {name: [1], nodes: {a: 1, a: 2}, secret: !vault x}\n"
    loaded = load(USUAL + hpc, "f.yaml")
    assert loaded.left_alone == ("hpc",)
    assert loaded.inventory == load(USUAL, "f.yaml").inventory


def test_several_control_planes() -> None:
    planes = [node(ip=f"10.0.0.{10 + number}") for number in range(4)]
    assert groups(short(control_plane=planes[:3]))["etcd"] == [f"c-control-plane-{n}" for n in (1, 2, 3)]
    assert groups(short(control_plane=planes))["etcd"] == [f"c-control-plane-{n}" for n in (1, 2, 3)]
    assert len(groups(short(control_plane=planes))["kube_control_plane"]) == 4
    assert groups(short(control_plane=planes[:2]))["etcd"] == ["c-control-plane-1"]


def test_control_planes_alone_do_the_work() -> None:
    assert groups(short())["kube_node"] == ["c-control-plane-1"]
    assert groups(short(worker_nodes=[]))["kube_node"] == ["c-control-plane-1"]


def test_a_group_with_count() -> None:
    found = hosts(short(worker_nodes=node(count=3, ip="DHCP", labels={"a": "b"})))
    workers = {name: host["ip"] for name, host in found.items() if "worker" in name}
    assert workers == {"c-worker-1": "10.0.0.254", "c-worker-2": "10.0.0.253", "c-worker-3": "10.0.0.252"}
    assert found["c-worker-3"]["node_labels"] == {"a": "b"}
    assert found["c-worker-3"]["cluster_node"]["dhcp"] is True
    assert list(hosts(short(worker_nodes=node(count=1, name="gpu"))))[1] == "gpu-1"


@given(st.integers(1, 30))
def test_one_more_of_a_group_changes_no_other(count: int) -> None:
    few, more = (hosts(short(worker_nodes=node(count=each, ip="dhcp"))) for each in (count, count + 1))
    assert {**more, **few} == more


@given(st.permutations(["version", "metadata", "global", "clusters"]), st.randoms(use_true_random=False))
def test_the_order_of_keys_means_nothing(top: list[str], random: Any) -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            names = list(value)
            random.shuffle(names)
            return {name: shuffled(value[name]) for name in names}
        return [shuffled(item) for item in value] if isinstance(value, list) else value

    content = shuffled(yaml.safe_load(USUAL))
    assert load(dumped({name: content[name] for name in top}), "f.yaml").inventory == load(USUAL, "f.yaml").inventory


def test_several_hypervisors() -> None:
    machines = [
        {"name": "here", "address": "localhost", "gpus": []},
        {"name": "gpu1", "address": "10.1.0.1", "gpus": [GPU]},
        {"name": "gpu2", "gpus": [GPU]},
    ]
    text = short(hypervisors=machines, worker_nodes=[node(GPU), node(GPU), node(GPU, auto_start=False)])
    found = hosts(text)
    assert found["here"] == {"ansible_connection": "local"}
    assert found["gpu1"] == {"ansible_host": "10.1.0.1"}
    assert found["gpu2"] == {}
    where = [found[name]["cluster_node"]["hypervisor"] for name in ("c-worker-1", "c-worker-2", "c-worker-3")]
    assert where == ["gpu1", "gpu2", "gpu1"]
    assert groups(text)["hypervisors"] == ["here", "gpu1", "gpu2"]


def test_a_node_over_its_cluster() -> None:
    text = short(
        base_image_path="a.qcow2",
        hardware={"acceleration": {"enable_kvm": True, "cpu_model": "host-model"}},
        virtio_fs_mounts=[{"tag": "a", "host_path": "/a", "mount_point": "/a"}],
        worker_nodes=[
            node(
                base_image_path="b.qcow2",
                hardware={"acceleration": {"cpu_model": "EPYC"}},
                virtio_fs_mounts=[],
            )
        ],
    )
    vm = hosts(text)["c-worker-1"]["cluster_vm"]
    assert vm["disks"] == [{"base": "b.qcow2", "size": "100G"}]
    assert (vm["type"], vm["cpu"]) == ("kvm", {"model": "EPYC"})
    assert "shares" not in vm


def test_devices_that_are_not_enabled_are_left_out() -> None:
    worker = node(GPU)
    worker["pcie_passthrough"]["enabled"] = False
    assert groups(short(worker_nodes=[worker]))["gpu_nodes"] == []


def test_ids_are_lower_case_and_bare() -> None:
    worker = node()
    worker["pcie_passthrough"] = {
        "devices": [
            {"pci_address": "0000:0A:00.0", "device_type": "gpu", "vendor_id": "0x10DE", "device_id": "26B9"},
        ]
    }
    (device,) = hosts(short(worker_nodes=[worker]))["c-worker-1"]["cluster_vm"]["gpus"]
    assert device == {"address": "0000:0a:00.0", "id": "10de:26b9"}


def test_kubernetes_config_in_the_words_of_kubespray() -> None:
    variables = config(version="v1.35.4", cni="calico", ingress="nginx", storage_class="local-path")
    del variables["cluster_config"]
    assert variables == {
        "kube_version": "1.35.4",
        "kube_network_plugin": "calico",
        "ingress_nginx_enabled": True,
        "local_path_provisioner_enabled": True,
    }
    off = config(ingress="none", storage_class="none")
    assert (off["ingress_nginx_enabled"], off["local_path_provisioner_enabled"]) == (False, False)
    assert set(config()) == {"cluster_config"}


def test_gpus_need_cdi() -> None:
    assert load(USUAL, "f.yaml").inventory["groups"]["k8s_cluster"]["vars"]["enable_cdi"] is True


def test_load_balancers() -> None:
    inside = config(load_balancer={"address": "10.0.0.9"})
    assert inside["loadbalancer_apiserver"] == {"address": "10.0.0.9", "port": 6443}
    assert (
        inside["kube_vip_enabled"] is inside["kube_vip_controlplane_enabled"] is inside["kube_vip_arp_enabled"] is True
    )
    assert inside["kube_vip_address"] == "10.0.0.9"
    assert inside["kube_proxy_strict_arp"] is True
    assert inside["loadbalancer_apiserver_localhost"] is False
    outside = config(load_balancer={"address": "172.16.0.1", "port": 443, "provider": "external"})
    assert outside["loadbalancer_apiserver"] == {"address": "172.16.0.1", "port": 443}
    assert "kube_vip_enabled" not in outside


def test_the_address_of_a_load_balancer_is_given_to_nobody() -> None:
    text = short(kubernetes_config={"load_balancer": {"address": "10.0.0.254"}}, worker_nodes=node(count=1))
    assert hosts(text)["c-worker-1"]["ip"] == "10.0.0.253"


@pytest.mark.parametrize(
    ("cluster", "problem"),
    [
        (
            {"network": {"subnet": "10.0.0.5/24", "bridge": "b"}},
            "4: @network.subnet is 10.0.0.5/24, expected the network itself: 10.0.0.0/24.",
        ),
        (
            {"worker_nodes": [node(ip="10.0.0.11"), node(ip="10.0.0.11")]},
            "8: @worker_nodes[1].ip is 10.0.0.11, which @worker_nodes[0].ip in line 7 has, give it another.",
        ),
        (
            {"worker_nodes": [node(ip_address="10.0.0.10")]},
            "7: @worker_nodes[0].ip_address is 10.0.0.10, which @control_plane.ip in line 5 has, give it another.",
        ),
        (
            {"worker_nodes": [node(ip="10.0.1.5")]},
            "7: @worker_nodes[0].ip is 10.0.1.5, expected an address of the cluster's subnet 10.0.0.0/24.",
        ),
        (
            {"worker_nodes": [node(ip="10.0.0.255")]},
            "7: @worker_nodes[0].ip is 10.0.0.255, expected an address of a machine in 10.0.0.0/24, not its"
            " first or last.",
        ),
        (
            {"worker_nodes": [node(ip="10.0.0.1")]},
            "7: @worker_nodes[0].ip is 10.0.0.1, expected another one: this is the bridge's own.",
        ),
        (
            {"worker_nodes": [node(ip="10.0.0.11", ip_address="10.0.0.12")]},
            "7: @worker_nodes[0].ip_address is 10.0.0.12, and ip is 10.0.0.11, leave one out.",
        ),
        (
            {"worker_nodes": node(count=2, ip="10.0.0.11")},
            "6: @worker_nodes.ip is 10.0.0.11, expected DHCP for a group with count.",
        ),
        (
            {"kubernetes_config": {"load_balancer": {"address": "10.0.0.10"}}},
            "7: @kubernetes_config.load_balancer.address is 10.0.0.10, which @control_plane.ip"
            " in line 5 has, give it another.",
        ),
        (
            {"worker_nodes": [node(name="c-control-plane-1")]},
            "7: @worker_nodes[0].name is c-control-plane-1, which @control_plane.name in line 5 has, give it another.",
        ),
        (
            {"worker_nodes": [node(name="localhost")]},
            "7: @worker_nodes[0].name is localhost, which has another meaning in the inventory, give it another.",
        ),
        (
            {"name": "c" * 60},
            f"5: @control_plane.name would be {'c' * 60}-control-plane-1, expected at most 63 characters:"
            " shorten the name.",
        ),
        (
            {"hypervisors": [{"name": "a"}, {"name": "a"}]},
            "8: @hypervisors[1].name is a, which @hypervisors[0].name in line 7 has, give it another.",
        ),
        (
            {"hypervisors": [{"name": "a"}, {"name": "b"}], "worker_nodes": [node(hypervisor="d")]},
            "10: @worker_nodes[0].hypervisor is d, expected one of a, b.",
        ),
        (
            {"worker_nodes": [node(GPU, GPU)]},
            "13: @worker_nodes[0].pcie_passthrough.devices[1].pci_address is 0000:01:00.0, which"
            " @worker_nodes[0].pcie_passthrough.devices[0].pci_address in line 12 has, give it another.",
        ),
        (
            {"worker_nodes": [node(GPU), node(GPU)]},
            "13: @worker_nodes[1] (c-worker-2) has the device 0000:01:00.0 of hypervisor, which c-worker-1 in"
            " line 7 has, and both start: set auto_start: false for one of them or hypervisor for both.",
        ),
        (
            {"hypervisors": [{"name": "a", "memory_gb": 10}], "worker_nodes": [node()]},
            "9: @worker_nodes[0] (c-worker-1) needs 4 CPUs, 8 GiB and 0 GPUs, but a has 2 of 10 GiB left:"
            " declare more, or name other hypervisors for the nodes before it.",
        ),
        (
            {"worker_nodes": node(count=300)},
            "6: @worker_nodes finds no free address: 48 too many for 10.0.0.0/24, take a larger subnet.",
        ),
    ],
)
def test_what_must_hold_between_keys(cluster: dict[str, Any], problem: str) -> None:
    assert problems(short(**cluster)) == [problem.replace("@", "clusters.cloud.")]


def test_a_device_without_its_vendor() -> None:
    worker = node(GPU)
    worker["pcie_passthrough"]["devices"][0]["device_id"] = "2789"
    (problem,) = problems(short(worker_nodes=[worker]))
    assert problem.endswith("devices[0].device_id stands without vendor_id, give both.")


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        (USUAL, True),
        (USUAL.replace("clusters:", '"clusters":').replace("  cloud:", "  'cloud':"), True),
        (USUAL.replace("clusters:", "clusters: # all"), True),
        (USUAL.replace("clusters:\n", "clusters:\n\n# first\n  hpc:\n    cloudy: 1\n"), True),
        (USUAL.replace("metadata: {", "metadata: [{\t"), True),
        (USUAL.replace("\n", "\r\n"), True),
        ("clusters:\n  hpc:\n    cloud: 1\n", False),
        ("clusters:\n  children:\n    cloud:\n      hosts: {a: {}}\n", False),
        ("clusters:\nother:\n  cloud: 1\n", False),
        ("clusters:\n", False),
        ("all:\n  children:\n    clusters:\n      cloud:\n", False),
        ("plugin: community.libvirt.libvirt\n", False),
        ("", False),
    ],
)
def test_what_is_a_cluster_file(text: str, ours: bool) -> None:
    assert is_cluster_file(text) is ours
    assert not names_our_plugin(text)


@pytest.mark.parametrize("line", ["plugin: ai_how.cloud.cluster", "plugin:  'ai_how.cloud.cluster'  # ours"])
def test_what_is_a_file_of_the_plugin(line: str) -> None:
    assert names_our_plugin(f"---\n{line}\nfile: x\n")
    assert not names_our_plugin(f"a:\n  {line}\n")


def test_keys_of_the_plugin_are_no_keys_of_the_cluster_file() -> None:
    text = "plugin: ai_how.cloud.cluster\n" + USUAL
    assert load(text, "f.yaml", ["plugin", "file"]).inventory == load(USUAL, "f.yaml").inventory
    with pytest.raises(Invalid, match=r"^f.yaml:1: plugin is not known, expected one of version, "):
        load(text, "f.yaml")
    check_options(text, "f.yaml", ["plugin", "version", "metadata", "global", "clusters"])
    with pytest.raises(Invalid, match=r"^f.yaml:2: version is not known here, expected one of plugin, file\.\n"):
        check_options(text, "f.yaml", ["plugin", "file"])
