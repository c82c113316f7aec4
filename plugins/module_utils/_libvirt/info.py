# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the module libvirt_gpu_info tells of a hypervisor's devices; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Problem
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.host import Device
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.model import GpuRequest
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.passthrough import (
    MIB,
    Claims,
    check_start,
    choose,
    mmio64_mib,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.seen import Hypervisor


def describe(hypervisor: Hypervisor, all_devices: bool) -> list[dict[str, Any]]:
    """GPUs (or all functions but bridges), in the order of their addresses."""
    devices = hypervisor.host.in_order()
    chosen = [device for device in devices if device.is_gpu or (all_devices and not device.is_bridge)]
    claims = hypervisor.claims(but="")
    return [_describe(device, hypervisor, claims) for device in chosen]


def _describe(device: Device, hypervisor: Hypervisor, claims: Claims) -> dict[str, Any]:
    host = hypervisor.host
    mdevs = {uuid: [claim.vm for claim in claims.get(uuid, ())] for uuid in host.parts_of(device.address)}
    siblings, obstacle = _whole(device, hypervisor, claims)
    return {
        "address": device.address,
        "id": device.id,
        "name": device.name,
        "driver": device.driver,
        "iommu_group": device.group,
        "group_members": [other.address for other in host.group_of(device)] if device.group is not None else [],
        "numa_node": device.numa_node,
        "bars_mib": [region.size / MIB for region in device.bars],
        "mmio64_mib": mmio64_mib([device.address, *siblings], host),
        "reset_methods": None if device.resets is None else list(device.resets),
        "d3cold_allowed": device.d3cold_allowed,
        "in_use_by": list(device.users),
        "defined_in": [claim.vm for claim in claims.get(device.address, ())],
        "running_in": [claim.vm for claim in claims.get(device.address, ()) if claim.running],
        "physical_function": device.parent,
        "parts": [{"id": part, "defined_in": vms} for part, vms in mdevs.items()],
        "mdev_types": [{"type": kind.name, "name": kind.label, "free": kind.free} for kind in device.mdev_types],
        "obstacle": obstacle,
    }


def _whole(device: Device, hypervisor: Hypervisor, claims: Claims) -> tuple[Sequence[str], str]:
    """What is passed with it; and why a VM that wants it alone could not start now, empty if it could."""
    try:
        choice = choose([GpuRequest(address=device.address)], "functions", hypervisor.host, claims, ())
        check_start(choice.sources, hypervisor.host, claims)
    except Problem as problem:
        return (), str(problem)
    return choice.sources[1:], ""


def report(gpus: Sequence[Mapping[str, Any]]) -> list[str]:
    """One line for each, for a person."""
    return [_line(gpu) for gpu in gpus]


def _line(gpu: Mapping[str, Any]) -> str:
    now = f"running in {', '.join(gpu['running_in'])}" if gpu["running_in"] else gpu["obstacle"] or "free to start with"
    defined = f"; defined in {', '.join(gpu['defined_in'])}" if gpu["defined_in"] else ""
    return f"{gpu['address']} {gpu['name'] or gpu['id']}: {now}{defined}"
