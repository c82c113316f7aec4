# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hypervisors for tests: boards as tables of devices, and the same as a tree of sysfs.

A line of a board is: address, class, vendor:device, driver, IOMMU group, and what else is to be said.
"""

from __future__ import annotations

import os

from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.host import Bar, Device, Host

GIB = 1024**3
DISPLAY, AUDIO, USB, SERIAL_BUS = 0x030000, 0x040300, 0x0C0330, 0x0C8000
BRIDGE, NVME, NETWORK, GPU_3D, NVSWITCH = 0x060400, 0x010802, 0x020000, 0x030200, 0x068000


def device(address, pci_class, ids, driver="", group=None, **more):
    return Device(f"0000:{address}", pci_class, ids, driver, group, **{"resets": ("bus",), **more})


def host(*devices, mdevs=None, nodes=None):
    return Host({one.address: one for one in devices}, mdevs or {}, nodes or {0: tuple(range(8))})


RTX = {"name": "AD102 [GeForce RTX 4090]"}

# Two cards, each with its audio function, behind root ports of their own
TWO_GPUS = host(
    device("00:01.0", BRIDGE, "8086:460d", "pcieport", 1),
    device("01:00.0", DISPLAY, "10de:2684", "nvidia", 14, bars=(Bar(32 * GIB, True), Bar(16 << 20, False)), **RTX),
    device("01:00.1", AUDIO, "10de:22ba", "snd_hda_intel", 14, resets=()),
    device("02:00.0", DISPLAY, "10de:2684", "vfio-pci", 15, bars=(Bar(32 * GIB, True),), **RTX),
    device("02:00.1", AUDIO, "10de:22ba", "vfio-pci", 15, resets=()),
)

# A card of four functions: display, audio, USB and the controller of its USB-C port
FOUR_FUNCTIONS = host(
    device("0a:00.0", DISPLAY, "10de:1e04", "", 20),
    device("0a:00.1", AUDIO, "10de:10f7", "", 20),
    device("0a:00.2", USB, "10de:1ad6", "xhci_hcd", 20),
    device("0a:00.3", SERIAL_BUS, "10de:1ad7", "", 20),
)

# Eight GPUs on two sockets, and the switches between them
NVSWITCH_SERVER = host(
    *[
        device(
            f"{bus:02x}:00.0",
            GPU_3D,
            "10de:2330",
            "vfio-pci",
            bus,
            numa_node=number // 4,
            name="GH100 [H100 SXM5 80GB]",
            bars=(Bar(16 << 20, True), Bar(128 * GIB, True), Bar(32 << 20, True)),
        )
        for number, bus in enumerate((0x19, 0x2D, 0x3F, 0x66, 0x9B, 0xAE, 0xBF, 0xE4))
    ],
    *[device(f"{bus:02x}:00.0", NVSWITCH, "10de:22a3", "", bus) for bus in (0x05, 0x06, 0x07, 0x08)],
    nodes={0: tuple(range(56)), 1: tuple(range(56, 112))},
)

# A board without ACS: cards, the bridge before them and the NVMe disk of the host in one group
SHARED_GROUP = host(
    device("00:01.0", BRIDGE, "1022:1453", "pcieport", 2),
    device("03:00.0", DISPLAY, "1002:744c", "amdgpu", 2),
    device("03:00.1", AUDIO, "1002:ab30", "snd_hda_intel", 2),
    device("04:00.0", NVME, "144d:a80a", "nvme", 2),
)

# A GPU with two virtual functions, and one with two mediated devices
DIVIDED = host(
    device("81:00.0", DISPLAY, "10de:2235", "nvidia", 40, name="GA102GL [A40]"),
    device("81:00.4", DISPLAY, "10de:2235", "nvidia", 41, parent="0000:81:00.0", name="GA102GL [A40]"),
    device("81:00.5", DISPLAY, "10de:2235", "nvidia", 42, parent="0000:81:00.0", name="GA102GL [A40]"),
    device("c1:00.0", DISPLAY, "8086:56c0", "i915", 50),
    mdevs={"c2177883-f1bb-47f0-914d-32a22e3a8804": "0000:c1:00.0"},
)

# Captured from a guest of QEMU with an emulated IOMMU: GPUs and network cards of two functions, NVMe disks, and two
# devices behind a bridge to PCI that share its group
NESTED = host(
    device("00:07.0", 0x060400, "1b36:000c", "pcieport", 7, resets=()),
    device("00:08.0", 0x060400, "1b36:000c", "pcieport", 8, resets=()),
    device("00:09.0", 0x060400, "1b36:000c", "pcieport", 9, resets=()),
    device("01:00.0", 0x020000, "8086:10d3", "", 11, resets=("pm", "bus")),
    device("01:00.1", 0x020000, "8086:10d3", "", 11, resets=("pm",)),
    device("02:00.0", 0x010802, "1b36:0010", "nvme", 12, resets=("flr", "bus")),
    device("03:00.0", 0x038000, "1234:1111", "", 13, resets=("bus",)),
    device("03:00.1", 0x040300, "8086:293e", "", 13, resets=()),
    device("04:00.0", 0x038000, "1234:1111", "", 14, resets=("bus",)),
    device("04:00.1", 0x040300, "8086:293e", "", 14, resets=()),
    device("05:00.0", 0x060400, "1b36:000e", "", 15, resets=("pm", "bus")),
    device("06:01.0", 0x00FF00, "1234:11e8", "", 15, resets=("bus",)),
    device("06:02.0", 0x00FF00, "1234:11e8", "", 15, resets=()),
    device("07:00.0", 0x020000, "8086:10d3", "", 16, resets=("pm", "bus")),
    device("07:00.1", 0x010802, "1b36:0010", "nvme", 16, resets=("flr",)),
)


def write_tree(root, machine, tells_resets=True):
    """``machine`` as sysfs below ``root``."""
    for one in machine.devices.values():
        folder = root / "sys/devices/pci0000:00" / one.address
        folder.mkdir(parents=True)
        vendor, ids = one.id.split(":")
        flags = {True: 0x100000, False: 0x40200}
        regions = [(0x1000, 0x1000 + region.size - 1, flags[region.wide]) for region in one.bars]
        regions += [(0x3000, 0x301F, 0x40101), (0, 0, 0)]  # I/O, and none
        lines = [" ".join(f"{number:#018x}" for number in region) for region in regions]
        texts = {
            "class": f"{one.pci_class:#08x}",
            "vendor": f"0x{vendor}",
            "device": f"0x{ids}",
            "numa_node": str(one.numa_node),
            "resource": "\n".join(lines),
            "d3cold_allowed": "1" if one.d3cold_allowed else "0",
        }
        if tells_resets and one.resets:
            texts["reset_method"] = " ".join(one.resets)
        for name, text in texts.items():
            (folder / name).write_text(text + "\n")
        links = {"driver": one.driver and f"/sys/bus/pci/drivers/{one.driver}"}
        links["iommu_group"] = "" if one.group is None else f"/sys/kernel/iommu_groups/{one.group}"
        links["physfn"] = one.parent and f"../{one.parent}"
        for name, target in links.items():
            if target:
                (folder / name).symlink_to(target)
        _link(root / "sys/bus/pci/devices" / one.address, folder)
    for uuid, parent in machine.mdevs.items():
        folder = root / "sys/devices/pci0000:00" / parent / uuid
        folder.mkdir()
        _link(root / "sys/bus/mdev/devices" / uuid, folder)
    for node, cpus in machine.node_cpus.items():
        folder = root / f"sys/devices/system/node/node{node}"
        folder.mkdir(parents=True)
        (folder / "cpulist").write_text(",".join(map(str, cpus)) + "\n")


def _link(path, target):
    path.parent.mkdir(parents=True, exist_ok=True)
    os.symlink(target, path)
