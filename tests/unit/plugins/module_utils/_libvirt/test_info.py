# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses

from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.info import describe, report
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.seen import Hypervisor, Other
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._libvirt.boards import (
    DIVIDED,
    NVSWITCH_SERVER,
    SHARED_GROUP,
    TWO_GPUS,
)

MDEV = "c2177883-f1bb-47f0-914d-32a22e3a8804"


def test_gpus_and_who_has_them():
    domains = {"web": Other(True, ("0000:01:00.0", "0000:01:00.1")), "db": Other(False, ("0000:01:00.0",))}
    first, second = describe(Hypervisor(TWO_GPUS, domains), False)
    assert first["address"] == "0000:01:00.0"
    assert first["group_members"] == ["0000:01:00.0", "0000:01:00.1"]
    assert (first["defined_in"], first["running_in"]) == (["db", "web"], ["web"])
    assert first["bars_mib"] == [32768, 16]
    assert second["mmio64_mib"] == 65536
    assert 'is held by VM "web"' in first["obstacle"] and second["obstacle"] == ""
    assert report([first, second]) == [
        "0000:01:00.0 AD102 [GeForce RTX 4090]: running in web; defined in db, web",
        "0000:02:00.0 AD102 [GeForce RTX 4090]: free to start with",
    ]


def test_all_devices_but_bridges():
    assert len(describe(Hypervisor(NVSWITCH_SERVER), False)) == 8
    assert len(describe(Hypervisor(NVSWITCH_SERVER), True)) == 12  # with their switches, which can be passed
    assert [device["address"] for device in describe(Hypervisor(SHARED_GROUP), True)][-1] == "0000:04:00.0"


def test_what_a_gpu_is_divided_into():
    told = {gpu["address"]: gpu for gpu in describe(Hypervisor(DIVIDED, {"web": Other(False, (MDEV,))}), False)}
    assert told["0000:c1:00.0"]["parts"] == [{"id": MDEV, "defined_in": ["web"]}]
    assert told["0000:81:00.4"]["physical_function"] == "0000:81:00.0"
    assert "is divided into" in told["0000:81:00.0"]["obstacle"]


def test_without_an_iommu():
    off = dataclasses.replace(
        TWO_GPUS, devices={key: dataclasses.replace(one, group=None) for key, one in TWO_GPUS.devices.items()}
    )
    (gpu, _other) = describe(Hypervisor(off), False)
    assert (gpu["iommu_group"], gpu["group_members"]) == (None, [])
    assert "the IOMMU is off" in report([gpu])[0]
