# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.host import Host, MdevType
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.sysfs import read_host
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._libvirt import boards


def without_names(machine):
    devices = {address: dataclasses.replace(one, name="") for address, one in machine.devices.items()}
    return dataclasses.replace(machine, devices=devices)


@pytest.mark.parametrize(
    "board", ["TWO_GPUS", "FOUR_FUNCTIONS", "NVSWITCH_SERVER", "SHARED_GROUP", "DIVIDED", "NESTED"]
)
def test_a_board_is_read_as_it_is(tmp_path, board):
    machine = getattr(boards, board)
    boards.write_tree(tmp_path, machine)
    assert read_host(tmp_path) == without_names(machine)


def test_a_kernel_that_does_not_tell_resets(tmp_path):
    boards.write_tree(tmp_path, boards.TWO_GPUS, tells_resets=False)
    assert {device.resets for device in read_host(tmp_path).devices.values()} == {None}


def test_names_are_those_of_lspci(tmp_path):
    boards.write_tree(tmp_path, boards.TWO_GPUS)
    database = tmp_path / "usr/share/misc/pci.ids"
    database.parent.mkdir(parents=True)
    database.write_text(
        "# comment\n\n10de  NVIDIA Corporation\n\t2684  AD102 [GeForce RTX 4090]\n\t\t10de 16f4  A board\n"
        "C 03  Display controller\n\t2684  no device\n"
    )
    devices = read_host(tmp_path).devices
    assert devices["0000:01:00.0"].name == "AD102 [GeForce RTX 4090]"
    assert devices["0000:01:00.1"].name == ""


def test_processes_that_have_a_gpu_open(tmp_path):
    boards.write_tree(tmp_path, boards.TWO_GPUS)
    for address in ("0000:01:00.0", "0000:02:00.0"):
        (tmp_path / "sys/devices/pci0000:00" / address / "drm" / f"renderD{address[6]}").mkdir(parents=True)
    information = tmp_path / "proc/driver/nvidia/gpus/0000:01:00.0/information"
    information.parent.mkdir(parents=True)
    information.write_text("Model: GeForce\nDevice Minor: \t 0\n")
    for pid, (command, target) in enumerate(
        [("python", "/dev/nvidia0"), ("Xorg", "/dev/dri/renderD1"), ("qemu", "/dev/dri/renderD2"), ("sh", "/dev/null")]
    ):
        handles = tmp_path / f"proc/{pid}/fd"
        handles.mkdir(parents=True)
        (tmp_path / f"proc/{pid}/comm").write_text(f"{command}\n")
        (handles / "3").symlink_to(target)
    (tmp_path / "proc/77").mkdir()  # one that has ended
    devices = read_host(tmp_path).devices
    assert devices["0000:01:00.0"].users == ("Xorg (pid 1)", "python (pid 0)")
    assert devices["0000:02:00.0"].users == ()  # vfio-pci has it: a VM, which libvirt knows


def test_types_of_mediated_devices(tmp_path):
    boards.write_tree(tmp_path, boards.DIVIDED)
    kind = tmp_path / "sys/devices/pci0000:00/0000:c1:00.0/mdev_supported_types/i915-GVTg_V5_4"
    kind.mkdir(parents=True)
    (kind / "name").write_text("GVTg_V5_4\n")
    (kind / "available_instances").write_text("3\n")
    assert read_host(tmp_path).devices["0000:c1:00.0"].mdev_types == (MdevType("i915-GVTg_V5_4", "GVTg_V5_4", 3),)


def test_a_machine_without_pci(tmp_path):
    assert read_host(tmp_path) == Host()
