# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt import actions as act
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.model import stable_mac
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.places import parse, read
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.seen import Network, Other, Pool, Volume
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.xml import Impact
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._libvirt.boards import NVSWITCH_SERVER, TWO_GPUS
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._libvirt.simulated import WEB, Simulated
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

GIB = 1 << 30
PROPERTY = settings(
    deadline=None, max_examples=60, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def web(**changes):
    return {**WEB, **changes}


def kinds(actions):
    return [type(action).__name__ for action in actions]


def tasks():
    """What may be declared of one VM, one thing after the other."""
    sizes = st.sampled_from(["4G", "6G", "8G"])
    disks = st.lists(st.builds(lambda size: {"size": size}, sizes), max_size=2)
    nics = st.lists(st.sampled_from([{}, {"bridge": "br0"}, {"address": "192.168.122.9"}]), max_size=2, unique_by=str)
    vm = st.fixed_dictionaries(
        {},
        optional={
            "vcpus": st.integers(1, 4),
            "memory": st.sampled_from(["1G", "2G"]),
            "disks": disks,
            "networks": nics,
            "autostart": st.booleans(),
            "cloud_init": st.sampled_from([{"user_data": "#cloud-config\n"}, {"ssh_keys": ["k"]}]),
            "gpus": st.sampled_from([[], [{"id": "10de:2684"}], [{"address": "0000:01:00.0"}]]),
            "cpu_pinning": st.sampled_from(["none", "node", "dedicated"]),
            "numa_node": st.sampled_from(["gpu", "none", "0"]),
        },
    )
    state = st.sampled_from(["present", "running", "stopped", "restarted"])
    return st.lists(st.tuples(vm, state, st.sampled_from(["never", "if_required"])), min_size=1, max_size=4)


@PROPERTY
@given(tasks=tasks())
def test_after_the_plan_was_applied_nothing_is_left_to_plan(tasks):
    box = Simulated(host=TWO_GPUS)
    box.run(WEB)
    for vm, state, restart in tasks:
        options = {"name": "web", **vm}
        grown = max([volume.capacity for volume in box.hypervisor.volumes.values()])
        if any(int(disk["size"][0]) * GIB < grown for disk in vm.get("disks", ())):
            continue  # refused, see below
        box.run(options, state=state, restart=restart)
        again = "running" if state == "restarted" else state
        _other, plans = box.plan(options, state=again, restart="never")
        assert plans == [()]


def test_what_is_planned_says_how_it_looks_afterwards():
    """So that a diff in check mode is that of the run."""
    box = Simulated(host=TWO_GPUS)
    options = web(autostart=True, networks=[{"address": "192.168.122.9"}], cloud_init={}, gpus=[{"id": "10de:2684"}])
    for vm in (WEB, options, {**options, "memory": "2G"}):
        _other, (actions,) = box.plan(vm)
        foreseen = actions[-1].after
        box.run(vm)
        assert box.see("web").raw == foreseen
    _other, (actions,) = box.plan({"name": "web"}, state="absent")
    assert actions[-1].after == {}


def test_a_new_vm_needs_its_size():
    with pytest.raises(Invalid, match=r'VM "web" does not exist; give vcpus and memory'):
        Simulated().run({"name": "web"})
    with pytest.raises(Invalid, match=r"disk vda does not exist; give its size, or a base"):
        Simulated().run(web(disks=[{}]))


def test_a_disk_is_an_overlay_a_copy_or_empty():
    box = Simulated()
    disks = [
        {"base": "base.qcow2"},
        {"base": "base.qcow2", "copy": True, "size": "3G"},
        {"size": "1G", "format": "raw"},
    ]
    made = [action for action in box.run(web(disks=disks)) if isinstance(action, act.CreateVolume)]
    assert [action.source for action in made] == ["", "/images/base.qcow2", ""]
    volumes = [box.hypervisor.volumes["default", f"web-{name}"] for name in ("vda.qcow2", "vdb.qcow2", "vdc.raw")]
    assert [(volume.capacity // GIB, volume.backing) for volume in volumes] == [
        (2, "/images/base.qcow2"),
        (3, ""),
        (1, ""),
    ]


def test_a_disk_grows_and_never_shrinks():
    box = Simulated()
    box.run(WEB)
    (action,) = box.run(web(disks=[{"size": "6G", "base": "base.qcow2"}]))
    assert (action.capacity, action.target, action.impact) == (6 * GIB, "", Impact.LIVE)
    box.turn("web", True)
    (action,) = box.run(web(disks=[{"size": "8G"}]))
    assert action.target == "vda"
    with pytest.raises(Refused, match=r"has 8 GiB and 4 GiB is declared, and disks are never shrunk"):
        box.run(WEB)


@pytest.mark.parametrize(
    ("disk", "sentence"),
    [
        ({"base": "lost.qcow2"}, "lost.qcow2, which is neither a volume of pool default nor a file"),
        ({"size": "1G", "base": "base.qcow2"}, "of 1 GiB cannot hold base.qcow2, which has 2 GiB"),
        ({"size": "1G", "pool": "fast"}, r"no storage pool fast \(there are: default, off\)"),
        ({"size": "1G", "pool": "off"}, "pool off is not active; start it with: virsh pool-start off"),
        ({"size": "1G", "volume": "db.qcow2"}, 'db.qcow2 is a disk of VM "db" already'),
    ],
)
def test_a_disk_that_cannot_be(disk, sentence):
    box = Simulated(
        pools={"default": Pool("/images"), "off": Pool("/off", False)},
        domains={"db": Other(True, disks=("/images/db.qcow2",))},
    )
    with pytest.raises(Refused, match=sentence):
        box.run(web(disks=[disk]))
    assert not box.vms


def test_another_base_would_destroy_data():
    other = Volume("/images/new.qcow2", GIB, "qcow2")
    box = Simulated()
    box.run(WEB)
    images = {**box.hypervisor.images, ("default", "new.qcow2"): other}
    box.hypervisor = dataclasses.replace(box.hypervisor, images=images)
    with pytest.raises(Refused, match=r"made on /images/base.qcow2 and /images/new.qcow2 is declared .*DESTROYS_DATA"):
        box.run(web(disks=[{"base": "new.qcow2"}]))
    box.run(web(disks=[{"base": "gone.qcow2"}]))  # the name is another one now; it cannot be told, and nothing is done


def test_only_what_is_asked_for_starts_signed_systems_only():
    box = Simulated()
    box.run(web(firmware="uefi"), {**web(firmware="uefi", secure_boot=True), "name": "db"}, {**WEB, "name": "bios"})
    assert [box.see(name).raw.get("secure_boot") for name in ("web", "db", "bios")] == ["no", "yes", None]


def test_a_chosen_firmware_is_nothing_older():
    box = Simulated()
    options = web(firmware="uefi", secure_boot=True)
    box.run(options, state="running")
    domain, plans = box.plan(options, state="running", restart="if_required")
    assert plans == [()]
    assert not domain.report(domain.items[0], {domain.items[0].key: box.see("web")}, None)["restart_required"]


def test_a_new_vm_may_have_another_machine():
    box = Simulated()
    box.run(web(machine="pc-i440fx-7.2"))
    assert box.see("web").raw["machine"] == "pc-i440fx-7.2"


def test_what_needs_another_vm_is_refused():
    box = Simulated()
    box.run(web(firmware="uefi"))
    with pytest.raises(Refused, match=r"secure_boot is no and yes is declared.*RECREATE"):
        box.run(web(firmware="uefi", secure_boot=True))
    with pytest.raises(Refused, match=r"firmware is efi and none is declared.*RECREATE"):
        box.run(web(firmware="bios"))


def test_another_disk_in_the_place_of_one_is_refused():
    """Of a VM that somebody else has defined, say."""
    box = Simulated()
    box.run(web(disks=[{"path": "/srv/db.qcow2"}]))
    with pytest.raises(Refused, match=r"disks.vda..file is /srv/db.qcow2 and /images/web-vda.qcow2 is declared"):
        box.run(WEB)


def test_a_vm_that_runs_is_not_restarted_unasked():
    box = Simulated()
    box.run(WEB, state="running")
    domain, (actions,) = box.plan(web(memory="2G"), state="running")
    assert [action.impact for action in actions] == [Impact.POWER_CYCLE]
    (report,) = [domain.report(item, {item.key: box.see("web")}, None) for item in domain.items]
    assert report["restart_required"]
    assert report["warnings"] == ['VM "web" runs with something older than declared; restart it']
    box.run(web(memory="2G"), state="running")
    domain, plans = box.plan(web(memory="2G"), state="running", restart="if_required")
    assert plans == [()]
    assert domain.foresee(domain.items[0], box.see("web"), False) == (True, "would be restarted")


def test_devices_come_and_go_while_it_runs():
    box = Simulated()
    box.run(web(networks=[{}]), state="running")
    more = web(networks=[{}, {}], disks=[*WEB["disks"], {"size": "1G"}])
    assert kinds(box.run(more)) == ["CreateVolume", "Define", "Attach", "Attach"]
    fewer = web(networks=[{}])
    assert kinds(box.run(fewer)) == ["Define", "Detach", "Detach"]


def test_what_was_attached_is_told_one_by_one():
    """The second may fail, so the first must not tell of both."""
    box = Simulated()
    box.run(web(networks=[{}]), state="running")
    _other, (actions,) = box.plan(web(networks=[{}, {}, {}]))
    told = [sum(name.startswith("running with networks") for name in action.after) for action in actions]
    assert (kinds(actions), told) == (["Define", "Attach", "Attach"], [1, 2, 3])


def test_what_a_guest_does_not_release_goes_with_a_restart():
    box = Simulated()
    box.run(web(networks=[{}, {}]), state="running")
    (define, _other) = box.plan(web(networks=[{}]))[1][0]
    box.apply(define)  # and the guest keeps the second one
    assert kinds(box.plan(web(networks=[{}]), state="running")[1][0]) == ["Detach"]
    domain, (actions,) = box.plan(web(networks=[{}]), state="running", restart="if_required")
    assert actions == ()
    assert domain.foresee(domain.items[0], box.see("web"), False) == (True, "would be restarted")


def test_a_vm_runs_with_an_older_seed_until_its_restart():
    """Also in runs after the one that wrote it, which has left nothing to do."""
    box = Simulated()
    box.run(web(cloud_init={"user_data": "a"}), state="running")
    changed = web(cloud_init={"user_data": "b"})
    assert kinds(box.run(changed, state="running")) == ["Define", "WriteSeed"]
    domain, (actions,) = box.plan(changed, state="running")
    assert actions == ()
    assert domain.report(domain.items[0], {domain.items[0].key: box.see("web")}, None)["restart_required"]
    box.run(changed, state="running", restart="if_required")
    domain, (actions,) = box.plan(changed, state="running")
    assert not domain.report(domain.items[0], {domain.items[0].key: box.see("web")}, None)["restart_required"]


def test_a_new_vm_is_defined_before_its_disks_are_made():
    """What libvirt refuses leaves no disks; of a VM that is there, a disk that cannot be made leaves the definition."""
    box = Simulated()
    assert kinds(box.run(web(cloud_init={}))) == ["Define", "CreateVolume", "WriteSeed"]
    assert kinds(box.run(web(disks=[*WEB["disks"], {"size": "1G"}]))) == ["CreateVolume", "Define"]


def test_an_expanded_host_model_and_a_balloon_are_nothing_older():
    box = Simulated()
    box.run(web(cpu={"model": "host-model"}), state="running")
    seen = box.vms["web"]
    live = seen.live_xml.replace('mode="host-model"', 'mode="custom"').replace("1073741824</currentM", "7</currentM")
    assert live != seen.live_xml
    box.vms["web"] = dataclasses.replace(seen, live_xml=live)
    domain, _other = box.plan(web(cpu={"model": "host-model"}), state="running")
    assert not domain.report(domain.items[0], {domain.items[0].key: seen}, None)["restart_required"]


def test_an_address_is_reserved_moved_and_released():
    box = Simulated()
    box.run(web(networks=[{"address": "192.168.122.9"}]))
    mac = stable_mac("web", 0)
    assert box.hypervisor.networks["default"].hosts == {mac: "192.168.122.9"}
    (action,) = box.run(web(networks=[{"address": "192.168.122.10"}]))
    assert action.former == "192.168.122.9"
    with pytest.raises(Refused, match=f"192.168.122.10 is reserved for {mac} in network default"):
        box.run({**WEB, "name": "db", "disks": [], "networks": [{"address": "192.168.122.10"}]})
    assert "Reserve" in kinds(box.run({"name": "web"}, state="absent"))
    assert box.hypervisor.networks["default"].hosts == {}


@pytest.mark.parametrize(
    ("nic", "sentence"),
    [
        ({"network": "lab"}, r"no network lab \(there are: default\)"),
        ({"address": "192.168.122.255"}, "192.168.122.255 is the hypervisor's, or that of all, in network default"),
        ({"mac": "52:54:00:00:00:01"}, 'the MAC address 52:54:00:00:00:01 is one of VM "db"; give another one'),
        ({"address": "10.0.0.1"}, "10.0.0.1 is not in network default, whose subnets are: 192.168.122.0/24"),
    ],
)
def test_a_network_that_cannot_be(nic, sentence):
    with pytest.raises(Refused, match=sentence):
        Simulated(domains={"db": Other(False, macs=("52:54:00:00:00:01",))}).run(web(networks=[nic]))


def test_the_address_of_a_network_that_goes_is_released():
    box = Simulated()
    box.run(web(networks=[{"address": "192.168.122.9"}]))
    assert kinds(box.run(web(networks=[]))) == ["Define", "Reserve"]
    assert box.hypervisor.networks["default"].hosts == {}
    box.run({**WEB, "name": "db", "disks": [], "networks": [{"address": "192.168.122.9"}]})


def test_networks_may_be_without_subnets():
    box = Simulated(networks={"default": Network()})
    with pytest.raises(Refused, match=r"whose subnets are: none"):
        box.run(web(networks=[{"address": "10.0.0.1"}]))


def test_absent_keeps_disks_unless_told():
    box = Simulated()
    box.run(web(cloud_init={}), state="running")
    _other, (kept,) = box.plan({"name": "web"}, state="absent")
    assert kinds(kept) == ["PowerOff", "DeleteVolume", "Undefine"]
    assert kept[1].path == "/images/web-seed.iso"
    done = box.run({"name": "web"}, state="absent", delete_disks=True)
    assert [action.path for action in done if isinstance(action, act.DeleteVolume)] == [
        "/images/web-seed.iso",
        "/images/web-vda.qcow2",
    ]
    assert Impact.DESTROYS_DATA in {action.impact for action in done}
    assert box.run({"name": "web"}, state="absent") == []


def test_a_disk_that_another_vm_has_too_is_not_deleted():
    box = Simulated()
    box.run(WEB)
    box.hypervisor = dataclasses.replace(box.hypervisor, domains={"db": Other(False, disks=("/images/web-vda.qcow2",))})
    assert kinds(box.run({"name": "web"}, state="absent", delete_disks=True)) == ["Undefine"]


def test_a_disk_that_another_is_made_on_is_not_deleted():
    box = Simulated(overlays={"/images/web-vda.qcow2": ("/images/web-vdb.qcow2", "/images/db-vda.qcow2")})
    box.run(web(disks=[{"size": "1G"}, {"size": "1G"}]))
    with pytest.raises(Refused, match=r"db-vda.qcow2 is made on /images/web-vda.qcow2, and would lose its data"):
        box.run({"name": "web"}, state="absent", delete_disks=True)
    assert kinds(box.run({"name": "web"}, state="absent")) == ["Undefine"]


@pytest.mark.parametrize(
    ("available", "options"),
    [
        (1 << 19, {"disks": [{"size": "4G"}]}),
        (1 << 29, {"disks": [{"base": "base.qcow2", "copy": True}]}),
        (1 << 19, {"disks": [], "cloud_init": {}}),
    ],
)
def test_a_pool_that_is_full(available, options):
    base = Volume("/images/base.qcow2", 2 << 30, "qcow2", allocation=1 << 30)
    box = Simulated(pools={"default": Pool("/images", True, available)}, images={("default", "base.qcow2"): base})
    with pytest.raises(Refused, match=r"the storage pool default has .* GiB left and .* GiB are needed; make room"):
        box.run(web(**options))


def test_a_copy_of_what_is_in_no_pool():
    image = Volume("/srv/a.qcow2", 1 << 30, "qcow2", in_pool=False)
    box = Simulated(images={("default", "/srv/a.qcow2"): image})
    with pytest.raises(Refused, match=r"a copy of /srv/a.qcow2, which is in no pool"):
        box.run(web(disks=[{"base": "/srv/a.qcow2", "copy": True}]))


# GPUs


def test_a_gpu_with_its_functions_and_the_window_for_its_regions():
    box = Simulated(host=TWO_GPUS)
    box.run(web(gpus=[{"id": "10de:2684"}], firmware="uefi"))
    seen = box.see("web")
    assert Other.parse(seen.xml, False).host_devices == ("0000:01:00.0", "0000:01:00.1")
    assert seen.raw["mmio64_mib"] == "65536"
    box.run(web(gpus=[]))
    assert "mmio64_mib" not in box.see("web").raw


def test_two_vms_of_one_task_get_two_gpus():
    box = Simulated(host=TWO_GPUS)
    box.run(web(gpus=[{"id": "10de:2684"}]), {**web(gpus=[{"id": "10de:2684"}]), "name": "db"})
    found = [Other.parse(box.see(name).xml, False).host_devices[0] for name in ("web", "db")]
    assert found == ["0000:01:00.0", "0000:02:00.0"]


def test_one_gpu_in_two_vms_of_which_one_runs():
    box = Simulated(host=TWO_GPUS)
    shared = [{"address": "0000:01:00.0"}]
    vms = [web(gpus=shared), {**web(gpus=shared), "name": "db"}]
    box.run(*vms)
    box.run(vms[0], state="running")
    with pytest.raises(Refused, match=r'0000:01:00.0 is held by VM "web"'):
        box.run(vms[1], state="running")
    box.run(vms[0], state="stopped")
    box.run(vms[1], state="running")
    with pytest.raises(Refused, match=r"is held by VM"):
        Simulated(host=TWO_GPUS).run(*vms, state="running")


def test_memory_and_cpus_are_on_the_node_of_the_gpu():
    box = Simulated(host=NVSWITCH_SERVER)
    gpu = {"gpus": [{"address": "0000:9b:00.0"}], "numa_node": "gpu", "cpu_pinning": "dedicated"}
    box.run(web(**gpu), {**web(**gpu), "name": "db"})
    assert [box.see("web").raw[name] for name in ("numa_node", "numa_node.mode", "cpu_pinning[0]")] == [
        "1",
        "strict",
        "56",
    ]
    assert box.see("db").raw["cpu_pinning[0]"] == "58"
    box.run(web(**{**gpu, "cpu_pinning": "node"}))
    assert read(parse(box.see("web").xml), "cputune/vcpupin[vcpu=1]/@cpuset").startswith("56,57,58")
    box.run(web(cpu_pinning="none", numa_node="none"))
    assert not [name for name in box.see("web").raw if name.startswith(("numa", "cpu_pinning"))]


@pytest.mark.parametrize(
    ("pinning", "error", "sentence"),
    [
        ("0-2", Invalid, "names 3 CPUs for 2 vCPUs"),
        ("6,8", Refused, "has no CPU 8"),
        ("x", Invalid, "is no list of CPUs"),
        ("0-1", Refused, 'CPU 0 is pinned by VM "db", too'),
    ],
)
def test_cpus_that_it_cannot_have(pinning, error, sentence):
    box = Simulated(host=TWO_GPUS, domains={"db": Other(True, pins=frozenset({0}))})
    with pytest.raises(error, match=sentence):
        box.run(web(cpu_pinning=pinning), state="running")


def test_cpus_that_were_given_to_two_vms_of_which_one_runs():
    """As it is with a GPU: declared twice is fine, and the second start is refused."""
    vms = [web(cpu_pinning="0-1"), {**web(cpu_pinning="1-2"), "name": "db"}]
    box = Simulated(host=TWO_GPUS)
    box.run(*vms)
    box.run(vms[0], state="running")
    with pytest.raises(Refused, match='CPU 1 is pinned by VM "web", too, which runs'):
        box.run(vms[1], state="running")
    box.run(vms[0], state="stopped")
    box.run(vms[1], state="running")
    with pytest.raises(Refused, match="CPU 1 is pinned by VM"):
        Simulated(host=TWO_GPUS).run(*vms, state="running")


def test_a_vm_holds_what_it_runs_with_and_what_it_starts_with():
    defined, live = (
        Other(True, ("a",), ("x",), ("m",), frozenset({0})),
        Other(True, ("b",), ("x", "y"), (), frozenset({1})),
    )
    assert defined.joined(live) == Other(True, ("a", "b"), ("x", "y"), ("m",), frozenset({0, 1}))


def test_a_numa_node_that_is_not_there():
    with pytest.raises(Refused, match="this hypervisor has no NUMA node 7; its nodes are: 0"):
        Simulated(host=TWO_GPUS).run(web(numa_node="7"))


def test_no_cpus_are_left():
    box = Simulated(host=TWO_GPUS, domains={"db": Other(False, pins=frozenset(range(7)))})
    with pytest.raises(Refused, match=r"2 CPUs are wanted and 1 of 8 are not pinned"):
        box.run(web(cpu_pinning="dedicated"))
