# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is ours of a domain's XML, over a corpus of what libvirt 9 to 12 write (9: captured, others: by hand)."""

from __future__ import annotations

import copy
import dataclasses
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt import xml
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.model import (
    SEED_TARGET,
    Cpu,
    Disk,
    Key,
    Nic,
    Share,
    Vm,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.places import parse, read, remove, write
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.xml import (
    HostDevice,
    Impact,
    SeedDisk,
    Spec,
    describe,
    new_domain,
    patch,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CORPUS = {path.stem: path.read_text() for path in sorted((Path(__file__).parent / "corpus").glob("*.xml"))}
MDEV = "c2177883-f1bb-47f0-914d-32a22e3a8804"
PROPERTY = settings(
    deadline=None, max_examples=60, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def disk(target, path):
    return Disk(target, pool="default", volume=path.rpartition("/")[2], format="qcow2"), path


# Each property of ours, all of them at once
FULL = Spec(
    vm=Vm(
        Key("qemu:///system", "web"),
        description="what for",
        type="kvm",
        machine="q35",
        firmware="uefi",
        secure_boot=True,
        vcpus=4,
        cpu=Cpu("custom", "Skylake-Server", 1, 2, 2),
        memory=4 << 30,
        hugepages=1 << 30,
        networks=(Nic("default", "", "52:54:00:00:00:01"), Nic("", "br0", "52:54:00:00:00:02")),
        shares=(Share("/srv", "srv", True), Share("/opt", "opt")),
    ),
    disks=(disk("vda", "/images/web.qcow2"), (Disk("vdb", path="/dev/sdx", format="raw"), "/dev/sdx")),
    seed=SeedDisk("/images/web-seed.iso"),
    host_devices=(HostDevice("0000:41:00.0"), HostDevice(MDEV)),
    nodes="1",
    pins=("4", "5", "6-7", "8"),
    mmio64_mib=65536,
)


def canonical(root):
    return ET.canonicalize(ET.tostring(root, encoding="unicode"), strip_text=True, rewrite_prefixes=True)


def as_libvirt(root):
    """As libvirt gives it back: sizes in KiB, hex addresses, features and topologies filled in."""
    text = ET.tostring(root, encoding="unicode")
    root = parse(text)
    for element in root.iter():
        if element.get("unit") == "b":
            element.set("unit", "KiB")
            if element.get("size"):
                element.set("size", str(int(element.get("size")) // 1024))
            else:
                element.text = str(int(element.text) // 1024)
    for address in root.iterfind("devices/hostdev/source/address[@bus]"):
        for part in ("domain", "bus", "slot", "function"):
            address.set(part, f"{int(address.get(part), 0):#06x}")
    for topology in root.iterfind("cpu/topology"):
        topology.set("dies", "1")
    if root.find("os/type").get("machine") == "q35":
        root.find("os/type").set("machine", "pc-q35-10.1")
    return root


def vms():
    """Some of what may be declared."""
    devices = st.lists(st.sampled_from(["0000:41:00.0", "0000:41:00.1", "0001:0a:1f.7", MDEV]), unique=True, max_size=3)
    targets = st.lists(st.sampled_from(["vda", "vdb", "vdc"]), unique=True, max_size=3)
    vm = st.builds(
        Vm,
        key=st.just(Key("qemu:///system", "web")),
        description=st.none() | st.sampled_from(["", "one", "two"]),
        vcpus=st.none() | st.integers(1, 8),
        cpu=st.sampled_from([Cpu(), Cpu("host-passthrough"), Cpu("custom", "EPYC", 1, 2, 1), Cpu("host-model")]),
        memory=st.none() | st.integers(1, 64).map(lambda mib: mib << 20),
        hugepages=st.none() | st.sampled_from([0, 2 << 20, 1 << 30]),
        networks=st.none() | st.sampled_from([(), FULL.vm.networks, FULL.vm.networks[1:]]),
        shares=st.none() | st.sampled_from([(), FULL.vm.shares, FULL.vm.shares[1:]]),
    )
    return st.builds(
        Spec,
        vm=vm,
        disks=st.none() | targets.map(lambda names: tuple(disk(name, f"/images/{name}.qcow2") for name in names)),
        seed=st.none() | st.just(SeedDisk("/images/web-seed.iso")),
        host_devices=st.none() | devices.map(lambda sources: tuple(map(HostDevice, sources))),
        nodes=st.none() | st.sampled_from(["", "0", "1"]),
        pins=st.none() | st.sampled_from([(), ("1",), ("1", "2-3")]),
        mmio64_mib=st.none() | st.sampled_from([0, 65536]),
    )


@PROPERTY
@given(start=st.sampled_from(sorted(CORPUS)), first=vms(), second=vms())
def test_what_was_written_is_found_to_be_there(start, first, second):
    root = parse(CORPUS[start])
    patch(root, first)
    root = as_libvirt(root)
    patch(root, second)
    root = as_libvirt(root)
    before = canonical(root)
    assert patch(root, second) == []
    assert canonical(root) == before


@PROPERTY
@given(start=st.sampled_from(sorted(CORPUS)), spec=vms())
def test_what_is_not_ours_survives(start, spec):
    """All but the elements that a property or a device of ours lives in."""
    root = parse(CORPUS[start])
    before = {canonical(element) for element in foreign(root)}
    patch(root, spec)
    assert {canonical(element) for element in foreign(root)} >= before


def foreign(root):
    ours = {"description", "vcpu", "memory", "currentMemory", "cpu", "cputune", "memoryBacking", "numatune", "sysinfo"}
    kinds = {kind.tag for kind in xml.DEVICES}
    yield from (element for element in root if element.tag not in ours | {"devices"})
    for element in root.find("devices"):
        if element.tag not in kinds or element.find("alias") is None:
            yield element


@pytest.mark.parametrize("name", sorted(CORPUS))
def test_nothing_is_declared_and_nothing_changes(name):
    root = parse(CORPUS[name])
    before = canonical(root)
    assert patch(root, Spec(Vm(Key("qemu:///system", "web")))) == []
    assert canonical(root) == before


@pytest.mark.parametrize("prop", [prop.name for prop in xml.PROPERTIES])
def test_each_property_is_exercised(prop):
    """Written, found again, and seen to differ when another hand has changed it."""
    root = new_domain("web")
    assert prop in {change.name for change in patch(root, FULL)} | {"type", "machine"}
    (line,) = [one for one in xml.PROPERTIES if one.name == prop]
    assert describe(root)[prop] == line.value(FULL)
    write(root, line.path, "7")
    assert [change.name for change in patch(root, FULL)] == [prop]


@pytest.mark.parametrize("kind", xml.DEVICES, ids=lambda kind: kind.name)
def test_each_property_of_a_device_is_exercised(kind):
    exercised = set()
    for item in kind.items(FULL):
        for prop in kind.props:
            root = new_domain("web")
            patch(root, FULL)
            value = prop.value(item)
            if value in (None, xml.ABSENT):
                continue
            exercised.add(prop.name)
            element = next(one for one in root.iterfind(f"devices/{kind.tag}") if kind.seen(one) == kind.key(item))
            assert read(element, prop.path) == value
            write(element, prop.path, "7")
            names = {change.name for change in patch(root, FULL)}
            assert f"{kind.name}[{kind.key(item)}].{prop.name}" in names or f"{kind.name}[{kind.key(item)}]" in names
    assert exercised == {prop.name for prop in kind.props}


def test_devices_of_ours_go_when_they_are_not_declared_and_others_stay():
    root = parse(CORPUS["libvirt-12-gpu"])
    changes = patch(
        root,
        dataclasses.replace(
            FULL, vm=Vm(FULL.vm.key), disks=None, seed=None, pins=None, nodes=None, mmio64_mib=None, host_devices=()
        ),
    )
    assert [(change.name, change.after) for change in changes] == [("gpus[0000:41:00.0]", None)]
    assert xml.host_devices(root) == [MDEV]


def test_what_a_change_costs():
    root = parse(CORPUS["libvirt-9-bios"])
    impacts = {change.name: change.impact for change in patch(root, FULL)}
    assert impacts["firmware"] == Impact.RECREATE
    assert impacts["memory"] == impacts["gpus[0000:41:00.0]"] == impacts["shares[srv]"] == Impact.POWER_CYCLE
    assert impacts["networks[52:54:00:00:00:01]"] == impacts["description"] == Impact.LIVE


def test_fewer_pins():
    root = new_domain("web")
    patch(root, FULL)
    changes = patch(root, dataclasses.replace(FULL, pins=("4", "5")))
    assert [(change.name, change.after) for change in changes] == [("cpu_pinning[2]", None), ("cpu_pinning[3]", None)]


def test_volumes_that_were_made_for_it():
    root = new_domain("web")
    patch(root, FULL)
    assert xml.own_volumes(root) == ["/images/web-seed.iso", "/images/web.qcow2"]
    assert xml.devices_of(root)[:2] == ["disks[vda]", "disks[vdb]"]


def test_a_domain_without_devices_gets_them():
    root = parse("<domain type='kvm'><name>web</name><os><type machine='q35'>hvm</type></os></domain>")
    patch(root, dataclasses.replace(FULL, vm=Vm(FULL.vm.key)))
    assert root.find(f"devices/disk/target[@dev='{SEED_TARGET}']") is not None


def test_places():
    root = ET.fromstring("<a><b k='1' size='0x10'/><b k='2' unit='MiB' size='3'>4</b></a>")
    assert [read(root, path) for path in ("b[k=1]/@size", "b[k=2]", "b[k=2]/@size", "b[k=3]", "@x", "b[k=2]/@x")] == [
        "16",
        str(4 << 20),
        str(3 << 20),
        None,
        None,
        None,
    ]
    before = copy.deepcopy(root)
    remove(root, "c/d/@x")
    assert canonical(root) == canonical(before)
    remove(root, "b[k=2]/@size")
    assert read(root, "b[k=2]") == "4"
    remove(root, "b[k=1]")
    assert len(root) == 1


def test_prefixes_of_others_are_kept():
    text = ET.tostring(parse(CORPUS["libvirt-12-gpu"]), encoding="unicode")
    assert "<qemu:commandline>" in text
    assert "<ns1:x" not in ET.tostring(parse("<a><ns1:x xmlns:ns1='urn:x'/></a>"), encoding="unicode")
