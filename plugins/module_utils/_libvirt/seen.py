# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A virtual machine as it was seen, with what the hypervisor has around it; plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt import xml
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.host import Host
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.model import Key, parse_cpus
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.passthrough import Claim
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.places import parse


@dataclass(frozen=True)
class Volume:
    """A volume, or an image file in no pool; sizes in bytes. ``backing``: the path of what it is an overlay on."""

    path: str
    capacity: int
    format: str
    backing: str = ""
    allocation: int = 0
    in_pool: bool = True


@dataclass(frozen=True)
class Pool:
    """``available``: bytes, None where it is not known."""

    path: str
    active: bool = True
    available: Optional[int] = None


@dataclass(frozen=True)
class Network:
    """``hosts``: reserved addresses by MAC address. ``subnets``: the hypervisor's addresses there, in CIDR notation."""

    active: bool = True
    hosts: Mapping[str, str] = field(default_factory=dict)
    subnets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Other:
    """A domain of the hypervisor, as far as others must know it. ``pins``: CPUs that one of its vCPUs has alone."""

    running: bool
    host_devices: tuple[str, ...] = ()
    disks: tuple[str, ...] = ()
    macs: tuple[str, ...] = ()
    pins: frozenset[int] = frozenset()

    def joined(self, live: Other) -> Other:
        """With what it runs with, which may be more than what it is defined with."""
        return Other(
            self.running,
            tuple(dict.fromkeys([*self.host_devices, *live.host_devices])),
            tuple(dict.fromkeys([*self.disks, *live.disks])),
            tuple(dict.fromkeys([*self.macs, *live.macs])),
            self.pins | live.pins,
        )

    @classmethod
    def parse(cls, text: str, running: bool) -> Other:
        root = parse(text)
        sources = [element.attrib for element in root.iterfind("devices/disk/source")]
        cpus = [parse_cpus(pin.get("cpuset") or "") for pin in root.iterfind("cputune/vcpupin")]
        return cls(
            running,
            tuple(xml.host_devices(root)),
            tuple(source.get("file") or source.get("dev") or "" for source in sources),
            tuple((mac.get("address") or "").lower() for mac in root.iterfind("devices/interface/mac")),
            frozenset(alone[0] for alone in cpus if len(alone) == 1),
        )


@dataclass(frozen=True)
class Hypervisor:
    """``volumes``: by pool and name, those that the task names. ``images``: base images, by pool and what was given.

    ``overlays``: what is made on a volume, all by their paths; looked for only where disks are to be deleted.
    """

    host: Host = field(default_factory=Host)
    domains: Mapping[str, Other] = field(default_factory=dict)
    pools: Mapping[str, Pool] = field(default_factory=dict)
    volumes: Mapping[tuple[str, str], Volume] = field(default_factory=dict)
    images: Mapping[tuple[str, str], Volume] = field(default_factory=dict)
    overlays: Mapping[str, Sequence[str]] = field(default_factory=dict)
    networks: Mapping[str, Network] = field(default_factory=dict)

    @property
    def capacities(self) -> dict[str, int]:
        """Of the volumes, by path."""
        return {volume.path: volume.capacity for volume in self.volumes.values()}

    def with_hosts(self, network: str, hosts: Mapping[str, str]) -> Hypervisor:
        """With other reserved addresses in a network."""
        changed = replace(self.networks[network], hosts=hosts)
        return replace(self, networks={**self.networks, network: changed})

    def claims(self, but: str) -> dict[str, list[Claim]]:
        """Who has which device of the host, beside the VM ``but``."""
        claims: dict[str, list[Claim]] = {}
        for name, domain in sorted(self.domains.items()):
            for source in domain.host_devices if name != but else ():
                claims.setdefault(source, []).append(Claim(name, domain.running))
        return claims


@dataclass(frozen=True)
class Seen:
    """One VM. ``xml`` is what it starts with next time, empty where there is none; ``live_xml`` what it runs with.

    ``ready``: which of ip, ssh and agent answer. ``seed``: the digest of its seed's image.
    """

    key: Key
    hypervisor: Hypervisor
    xml: str = ""
    live_xml: str = ""
    state: str = "absent"  # or running, paused, stopped
    autostart: bool = False
    seed: str = ""
    addresses: tuple[str, ...] = ()
    ready: frozenset[str] = frozenset()
    capacities: Mapping[str, int] = field(default_factory=dict)  # of its disks, by path

    @property
    def is_on(self) -> bool:
        return self.state in ("running", "paused")

    @property
    def raw(self) -> Mapping[str, str]:
        """Its declaration for a diff: values by the names of their properties."""
        return dict(self._shown())

    def _shown(self) -> Iterator[tuple[str, str]]:
        if not self.xml:
            return
        root = parse(self.xml)
        yield from xml.describe(root).items()
        yield "autostart", "yes" if self.autostart else "no"
        if self.seed:
            yield "seed.digest", self.seed
        for path in Other.parse(self.xml, False).disks:
            if path in self.capacities:
                yield f"size of {path}", str(self.capacities[path])
        for mac in Other.parse(self.xml, False).macs:
            for network in self.hypervisor.networks.values():
                if mac in network.hosts:
                    yield f"networks[{mac}].address", network.hosts[mac]
        for device in xml.devices_of(parse(self.live_xml)) if self.live_xml else ():
            yield f"running with {device}", "yes"
