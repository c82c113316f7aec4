# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.model import (
    Cpu,
    Disk,
    GpuRequest,
    Nic,
    Vm,
    parse_address,
    parse_cpus,
    parse_size,
    stable_mac,
)


def vm(**options):
    return Vm.from_params({"name": "web", **options}, "qemu:///system")


def test_only_a_name_declares_nothing_else():
    found = vm()
    assert str(found.key) == 'VM "web"'
    assert (found.disks, found.gpus, found.memory, found.cpu, found.seed) == (None, None, None, Cpu(), None)


@pytest.mark.parametrize(
    ("text", "size"), [("512M", 512 << 20), ("20G", 20 << 30), ("20GiB", 20 << 30), ("4 gb", 4 << 30), ("8k", 8192)]
)
def test_sizes(text, size):
    assert parse_size(text) == size


def test_cpus_and_addresses():
    assert parse_cpus("0-3,8") == (0, 1, 2, 3, 8)
    assert parse_cpus("") == ()
    for wrong in ("0-", "²", "0-99999999", "1,,2", "a"):
        with pytest.raises(Invalid, match="is no list of CPUs"):
            parse_cpus(wrong)
    assert parse_address("41:00.0") == parse_address("0000:41:00.0") == "0000:41:00.0"


def test_mac_addresses_are_stable():
    assert stable_mac("web", 0) == stable_mac("web", 0) != stable_mac("web", 1)
    assert vm(networks=[{}, {"bridge": "br0", "mac": "52:54:00:AA:00:01"}]).networks == (
        Nic("default", "", stable_mac("web", 0)),
        Nic("", "br0", "52:54:00:aa:00:01"),
    )


def test_disks_have_names_of_their_own():
    assert vm(disks=[{"size": "1G"}, {"target": "vdf", "path": "/dev/sdx"}, {"path": "/a.qcow2"}]).disks == (
        Disk("vda", 1 << 30, "", False, "default", "web-vda.qcow2", "", "qcow2"),
        Disk("vdf", path="/dev/sdx", format="raw"),
        Disk("vdc", path="/a.qcow2", format="qcow2"),
    )


def test_cpu_models_and_topologies():
    assert vm(cpu={"model": "host-model"}).cpu == Cpu("host-model")
    assert vm(cpu={"model": "EPYC", "cores": 4}, vcpus=4).cpu == Cpu("custom", "EPYC", 1, 4, 1)


def test_other_options():
    found = vm(
        hugepages="none",
        numa_node="gpu",
        shares=[{"source": "/srv", "tag": "srv"}],
        cloud_init={"ssh_keys": ["k"]},
        gpus=[{"id": "10DE:2330", "model": "H100"}],
    )
    assert (found.hugepages, found.numa_node, found.shares[0].tag) == (0, "gpu", "srv")
    assert (found.seed.volume, found.seed.ssh_keys) == ("web-seed.iso", ("k",))
    assert str(found.gpus[0]) == "with the id 10de:2330 of the model H100"
    assert str(GpuRequest(mdev="x")) == "mdev x"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"name": "-web"}, '"-web" cannot name a VM'),
        ({"vcpus": 0}, "vcpus is 0; give at least 1"),
        ({"memory": "4"}, 'memory: "4" is no size'),
        ({"memory": "0M"}, "memory is 0M; give more than 0 and less than 8192T"),
        ({"memory": "9999999T"}, "memory is 9999999T; give more than 0"),
        ({"description": "a\x01b"}, "description has control characters; leave them out"),
        ({"disks": [{"base": "a\rb"}]}, "disks has control characters"),
        ({"numa_node": "²"}, 'numa_node: "²" is neither'),
        ({"cpu": {"cores": 0}}, "cores is 0; give at least 1"),
        ({"disks": [{"size": "1G", "volume": "../a"}]}, 'disks[0]: "../a" cannot name a volume'),
        ({"disks": [{"path": "a"}]}, 'disks[0]: "a" is no absolute path'),
        ({"shares": [{"source": "a", "tag": "a"}]}, 'shares[0]: "a" is no absolute path'),
        ({"networks": [{"mac": "01:00:5e:00:00:01"}]}, "networks[0]: 01:00:5e:00:00:01 is no address of one machine"),
        ({"networks": [{"address": "fd00::1"}]}, 'networks[0]: "fd00::1" is no IPv4 address'),
        ({"hugepages": "big"}, 'hugepages: "big" is no size'),
        ({"numa_node": "x"}, 'numa_node: "x" is neither gpu, none nor the number'),
        ({"secure_boot": True}, "secure_boot needs the firmware uefi"),
        ({"vcpus": 3, "cpu": {"cores": 2}}, "are 2 CPUs, and vcpus is 3"),
        ({"disks": [{"target": "sda"}]}, 'disks[0]: "sda" is no target; use vda to vdy'),
        ({"disks": [{"path": "/a", "size": "1G"}]}, "disks[0]: path is attached as it is"),
        ({"disks": [{"base": "b", "format": "raw"}]}, "disks[0]: an overlay on b is qcow2"),
        ({"disks": [{"size": "1G"}, {"size": "1G", "target": "vda"}]}, "disks: the target vda was given 2 times"),
        ({"networks": [{"network": "a", "bridge": "b"}]}, "networks[0]: give network or bridge, not both"),
        ({"networks": [{"bridge": "b", "address": "10.0.0.1"}]}, "reserves addresses in its own networks only"),
        ({"networks": [{"mac": "52-54"}]}, 'networks[0]: "52-54" is no MAC address'),
        ({"networks": [{"address": "10.0.0"}]}, 'networks[0]: "10.0.0" is no IPv4 address'),
        ({"gpus": [{}]}, "gpus: give an address, an id, a model"),
        ({"gpus": [{"address": "41:0"}]}, 'gpus: "41:0" is no PCI address'),
        ({"gpus": [{"id": "H100"}]}, 'gpus: "h100" is no id'),
        ({"gpus": [{"mdev": "x"}]}, 'gpus: "x" is no UUID'),
        ({"gpus": [{"mdev": "x", "id": "10de:2330"}]}, "or an mdev alone"),
        ({"gpus": [{"address": "41:00.0"}, {"address": "0000:41:00.0"}]}, "gpus: the address 0000:41:00.0 was given 2"),
    ],
)
def test_what_cannot_be_right(options, sentence):
    with pytest.raises(Invalid) as caught:
        Vm.from_params({"name": "web", **options}, "qemu:///system", "vms[3]: ")
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("vms[3]: ")
