# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.host import Host
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.model import GpuRequest
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.passthrough import (
    Claim,
    check_start,
    choose,
    mmio64_mib,
)
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._libvirt.boards import (
    DISPLAY,
    DIVIDED,
    FOUR_FUNCTIONS,
    NESTED,
    NVSWITCH_SERVER,
    SHARED_GROUP,
    TWO_GPUS,
    device,
    host,
)

MDEV = "c2177883-f1bb-47f0-914d-32a22e3a8804"


def at(address):
    return GpuRequest(address=f"0000:{address}")


def chosen(machine, *requests, siblings="functions", claims=None, current=()):
    return choose(requests, siblings, machine, claims or {}, current)


def short(choice):
    return [source.removeprefix("0000:") for source in choice.sources]


def changed(machine, address, **changes):
    devices = dict(machine.devices)
    devices[f"0000:{address}"] = dataclasses.replace(devices[f"0000:{address}"], **changes)
    return dataclasses.replace(machine, devices=devices)


def test_functions_of_the_card_go_with_it():
    assert short(chosen(TWO_GPUS, at("01:00.0"))) == ["01:00.0", "01:00.1"]
    assert short(chosen(FOUR_FUNCTIONS, at("0a:00.0"))) == ["0a:00.0", "0a:00.1", "0a:00.2", "0a:00.3"]
    assert short(chosen(TWO_GPUS, at("01:00.0"), at("02:00.0"))) == ["01:00.0", "02:00.0", "01:00.1", "02:00.1"]


def test_a_sibling_is_refused_by_name_and_driver():
    with pytest.raises(Refused, match=r"shares IOMMU group 2 with 0000:04:00.0 \(144d:a80a, driver nvme\)"):
        chosen(SHARED_GROUP, at("03:00.0"))
    with pytest.raises(Refused, match=r"shares IOMMU group 14 with 0000:01:00.1 .*driver snd_hda_intel"):
        chosen(TWO_GPUS, at("01:00.0"), siblings="refuse")


def test_a_captured_machine():
    assert short(chosen(NESTED, at("03:00.0"), at("04:00.0"))) == ["03:00.0", "04:00.0", "03:00.1", "04:00.1"]
    with pytest.raises(Refused, match=r"0000:07:00.0 .* group 16 with 0000:07:00.1 \(1b36:0010, driver nvme\)"):
        chosen(NESTED, at("07:00.0"))
    assert short(chosen(NESTED, at("07:00.0"), at("07:00.1"))) == ["07:00.0", "07:00.1"]
    with pytest.raises(Refused, match=r"group 15 with 0000:06:02.0"):  # and not with the bridge, 0000:05:00.0
        chosen(NESTED, at("06:01.0"))
    assert short(chosen(NESTED, at("06:01.0"), siblings="all")) == ["06:01.0", "06:02.0"]


def test_siblings_that_are_named_or_allowed_go_with_it_and_bridges_stay():
    assert short(chosen(SHARED_GROUP, at("03:00.0"), siblings="all")) == ["03:00.0", "03:00.1", "04:00.0"]
    assert short(chosen(SHARED_GROUP, at("03:00.0"), at("04:00.0"))) == ["03:00.0", "04:00.0", "03:00.1"]
    assert short(chosen(TWO_GPUS, at("01:00.0"), at("01:00.1"), siblings="refuse")) == ["01:00.0", "01:00.1"]


def test_without_iommu_the_host_must_be_changed():
    off = Host({address: dataclasses.replace(one, group=None) for address, one in TWO_GPUS.devices.items()})
    with pytest.raises(Refused, match=r"the IOMMU is off.*intel_iommu=on"):
        chosen(off, at("01:00.0"))
    with pytest.raises(Refused, match=r"is in no IOMMU group"):
        chosen(changed(TWO_GPUS, "01:00.0", group=None), at("01:00.0"))


def test_what_is_in_the_slot_is_checked():
    with pytest.raises(Refused, match=r"no device at 0000:09:00.0; the GPUs .* are: 0000:01:00.0 \(AD102"):
        chosen(TWO_GPUS, at("09:00.0"))
    with pytest.raises(Refused, match=r"has the id 10de:2684, and a device with the id 10de:2330 was expected"):
        chosen(TWO_GPUS, GpuRequest(address="0000:01:00.0", id="10de:2330"))
    with pytest.raises(Refused, match=r"of the model H100 was expected there"):
        chosen(TWO_GPUS, GpuRequest(address="0000:01:00.0", model="H100"))
    with pytest.raises(Invalid, match=r"is a bridge"):
        chosen(TWO_GPUS, at("00:01.0"))


def test_any_free_one_of_an_id_or_a_model():
    assert short(chosen(TWO_GPUS, GpuRequest(id="10de:2684")))[0] == "01:00.0"
    h100 = GpuRequest(model="h100")
    assert short(chosen(NVSWITCH_SERVER, h100, h100)) == ["19:00.0", "2d:00.0"]
    claims = {"0000:19:00.0": [Claim("other", False)]}
    assert short(chosen(NVSWITCH_SERVER, h100, claims=claims)) == ["2d:00.0"]
    assert short(chosen(NVSWITCH_SERVER, h100, claims=claims, current=["0000:e4:00.0"])) == ["e4:00.0"]
    assert short(chosen(NVSWITCH_SERVER, h100, at("19:00.0"))) == ["19:00.0", "2d:00.0"]


def test_none_is_free():
    claims = {f"0000:0{bus}:00.0": [Claim(f"vm{bus}", False)] for bus in (1, 2)}
    with pytest.raises(Refused, match=r"0000:01:00.0 is defined in vm1; 0000:02:00.0 is defined in vm2"):
        chosen(TWO_GPUS, GpuRequest(id="10de:2684"), claims=claims)
    with pytest.raises(Refused, match=r"this hypervisor has no other one"):
        chosen(TWO_GPUS, GpuRequest(model="H100"))


def test_virtual_functions_and_mediated_devices():
    a40 = GpuRequest(model="A40")
    assert short(chosen(DIVIDED, a40, a40)) == ["81:00.4", "81:00.5"]
    assert chosen(DIVIDED, GpuRequest(mdev=MDEV)).sources == (MDEV,)
    with pytest.raises(Refused, match=r"is divided into 0000:81:00.4, 0000:81:00.5"):
        chosen(DIVIDED, at("81:00.0"))
    with pytest.raises(Refused, match=rf"there is no mediated device .* there are: {MDEV}"):
        chosen(DIVIDED, GpuRequest(mdev=MDEV.replace("c", "d")))


def test_a_device_that_cannot_be_reset_is_told():
    stuck = changed(TWO_GPUS, "01:00.0", resets=())
    assert "has no way to be reset" in chosen(stuck, at("01:00.0")).warnings[0]
    assert chosen(TWO_GPUS, at("01:00.0")).warnings == ()
    assert chosen(changed(TWO_GPUS, "01:00.0", resets=None), at("01:00.0")).warnings == ()


def test_a_start_with_what_another_vm_runs_with():
    claims = {"0000:01:00.0": [Claim("off", False), Claim("on", True)]}
    with pytest.raises(Refused, match=r'0000:01:00.0 is held by VM "on"'):
        check_start(["0000:01:00.0"], TWO_GPUS, claims)
    check_start(["0000:02:00.0"], TWO_GPUS, claims)


def test_a_start_with_what_is_not_there_any_more():
    for gone in ("0000:77:00.0", MDEV):
        with pytest.raises(Refused, match=f"{gone}, a device of this VM, is not in this hypervisor any more"):
            check_start([gone], TWO_GPUS, {})


def test_a_start_with_what_a_process_has_open():
    busy = changed(TWO_GPUS, "01:00.0", users=("python (pid 7)",))
    with pytest.raises(Refused, match=r"driver nvidia\) is in use by python \(pid 7\).*vfio-pci.ids=10de:2684"):
        check_start(["0000:01:00.0"], busy, {})


@pytest.mark.parametrize(
    ("machine", "sources", "mib"),
    [
        (TWO_GPUS, ["02:00.0"], 64 * 1024),
        (FOUR_FUNCTIONS, ["0a:00.0"], 0),
        (NVSWITCH_SERVER, ["19:00.0"], 512 * 1024),
        (NVSWITCH_SERVER, ["19:00.0", "2d:00.0"], 1024 * 1024),
        (host(device("01:00.0", DISPLAY, "10de:1b06")), ["01:00.0", "05:00.0"], 0),
    ],
)
def test_the_window_that_the_firmware_needs(machine, sources, mib):
    assert mmio64_mib([f"0000:{source}" for source in sources], machine) == mib
