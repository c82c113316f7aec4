# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which devices of the hypervisor a VM gets, and why it cannot have them; pure, over what was seen.

What is checked depends on when it hurts. A device may be defined in several VMs, and may be busy while none of them
runs; so holders, drivers and open handles are looked at only for a VM that is about to start.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.host import VFIO, Device, Host
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.model import GpuRequest

MIB = 1024**2
# What OVMF reserves above 4 GiB by itself.
_FIRMWARE_WINDOW = 32 * 1024


class Claim(NamedTuple):
    """A VM that has a device, and whether it runs with it."""

    vm: str
    running: bool


Claims = Mapping[str, Sequence[Claim]]


@dataclass(frozen=True)
class Choice:
    """The devices for a VM, in the order of the request with siblings behind; and what should be known of them."""

    sources: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def choose(
    requests: Sequence[GpuRequest], siblings: str, host: Host, claims: Claims, current: Collection[str]
) -> Choice:
    """Raises Invalid or Refused. ``claims``: of other VMs. ``current``: what this VM has already, so keeps."""
    chosen: list[str] = []
    for request in sorted(requests, key=lambda request: not (request.address or request.mdev)):
        if request.mdev:
            chosen.append(_mdev(request.mdev, host))
        else:
            chosen.append(_device(request, host, claims, current, chosen).address)
    for address in tuple(chosen):
        if address in host.devices:
            chosen += _whole_group(host.devices[address], host, siblings, chosen)
    warnings = [text for source in chosen for text in _doubts(host.devices.get(source), host)]
    return Choice(tuple(chosen), tuple(warnings))


def check_start(sources: Sequence[str], host: Host, claims: Claims) -> None:
    """Refused where a VM that starts with these devices would fail, or would take them from somebody."""
    for source in sources:
        for claim in claims.get(source, ()):
            if claim.running:
                raise Refused(
                    f'{source} is held by VM "{claim.vm}", which runs with it; stop that VM, or choose another device'
                )
        device = host.devices.get(source)
        if device is None and source not in host.mdevs:
            raise Refused(f"{source}, a device of this VM, is not in this hypervisor any more; declare other gpus")
        if device and device.users:
            raise Refused(
                f"{device} is in use by {', '.join(device.users)}, and taking it away would hang libvirt; end them "
                f"first, or bind the device to {VFIO} at boot (kernel argument vfio-pci.ids={device.id})"
            )


def mmio64_mib(sources: Sequence[str], host: Host) -> int:
    """The window above 4 GiB that OVMF needs for these devices, in MiB; 0 where its own is enough.

    Each region lies at a multiple of its size, which is a power of two; twice their sum has room for that.
    """
    devices = [host.devices[source] for source in sources if source in host.devices]
    wide = [region.size for device in devices for region in device.bars if region.wide]
    needed = 2 * sum(wide) // MIB
    return 0 if needed <= _FIRMWARE_WINDOW else 1 << (needed - 1).bit_length()


def _device(
    request: GpuRequest, host: Host, claims: Claims, current: Collection[str], chosen: Collection[str]
) -> Device:
    if not any(device.group is not None for device in host.devices.values()):
        raise Refused(
            "gpus: no device of this hypervisor is in an IOMMU group, so the IOMMU is off; turn VT-d or AMD-Vi on in "
            "the firmware setup, boot with intel_iommu=on (AMD needs no argument), and look into dmesg for DMAR or "
            "AMD-Vi"
        )
    found = _in_slot(request, host) if request.address else _free(request, host, claims, current, chosen)
    if found.is_bridge:
        raise Invalid(f"gpus: {found} is a bridge and cannot be passed; name a device behind it")
    if parts := host.parts_of(found.address):
        raise Refused(f"gpus: {found} is divided into {', '.join(parts)}; pass these, or remove them first")
    if found.group is None:
        raise Refused(f"gpus: {found} is in no IOMMU group and cannot be passed; put it into another slot")
    return found


def _in_slot(request: GpuRequest, host: Host) -> Device:
    device = host.devices.get(request.address)
    gpus = "; ".join(str(gpu) for gpu in host.in_order() if gpu.is_gpu) or "none"
    if device is None:
        raise Refused(f"gpus: there is no device at {request.address}; the GPUs of this hypervisor are: {gpus}")
    if not _fits(request, device):
        raise Refused(
            f"gpus: {device} has the id {device.id}, and a device {_wish(request)} was expected there; addresses "
            f"change when cards are moved, so give the new one: {gpus}"
        )
    return device


def _free(request: GpuRequest, host: Host, claims: Claims, current: Collection[str], chosen: Collection[str]) -> Device:
    """One that this VM has, else the first that no other VM has defined."""
    fitting = [
        device
        for device in host.in_order()
        if _fits(request, device)
        and device.is_gpu
        and device.address not in chosen
        and not host.parts_of(device.address)
    ]
    free = [device for device in fitting if not claims.get(device.address)]
    mine = [device for device in fitting if device.address in current]
    if mine or free:
        return (mine or free)[0]
    held = "; ".join(
        f"{device.address} is defined in {', '.join(claim.vm for claim in claims[device.address])}"
        for device in fitting
    )
    raise Refused(
        f"gpus: no device {_wish(request)} is free ({held or 'this hypervisor has no other one'}); name one by its "
        "address to share it between VMs of which one runs at a time"
    )


def _fits(request: GpuRequest, device: Device) -> bool:
    return device.id == (request.id or device.id) and request.model.lower() in device.name.lower()


def _wish(request: GpuRequest) -> str:
    return str(GpuRequest(id=request.id, model=request.model))


def _mdev(uuid: str, host: Host) -> str:
    if uuid not in host.mdevs:
        there = ", ".join(sorted(host.mdevs)) or "none"
        raise Refused(f"gpus: there is no mediated device {uuid}; there are: {there}; create it with mdevctl first")
    return uuid


def _whole_group(device: Device, host: Host, siblings: str, chosen: Collection[str]) -> list[str]:
    """The other functions that go with it: the kernel passes a group as a whole, or not at all."""
    others = [other for other in host.group_of(device) if other.address not in chosen]
    for other in others:
        own = other.slot == device.slot and other.is_companion
        if siblings == "refuse" or (siblings == "functions" and not own):
            raise Refused(
                f"gpus: {device} shares IOMMU group {device.group} with {other}, and a group is passed as a whole; "
                "name that in gpus, too, set group_siblings: all, or put the card into a slot with a group of its own "
                "(a slot of the CPU, or ACS turned on in the firmware setup)"
            )
    return [other.address for other in others]


def _doubts(device: Optional[Device], host: Host) -> list[str]:
    if device is None or not device.is_gpu:
        return []
    functions = [other for other in host.devices.values() if other.slot == device.slot]
    if device.resets == () and not any(other.resets for other in functions):
        return [
            f"{device} has no way to be reset (reset_method is empty), so a second start of its VM may need a reboot "
            "of the hypervisor"
        ]
    return []
