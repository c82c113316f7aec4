# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The one importer of libvirt: sees the VMs and what is around them in few calls, and does what was planned."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

try:
    import libvirt
except ImportError:  # on a machine that is no hypervisor
    libvirt = None

from ansible_collections.ai_how.cloud.plugins.module_utils._core.command import RunCommand
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed, Problem, Unavailable
from ansible_collections.ai_how.cloud.plugins.module_utils._core.step import News
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt import actions as act
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt import seed
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt import surroundings as around
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.host import Host
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.info import describe, report
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.machines import parse_vms
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.model import SEED_TARGET, Key, Vm
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.places import parse, read
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.seen import (
    Hypervisor,
    Network,
    Other,
    Pool,
    Seen,
    Volume,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.sysfs import read_host

_FIRST_LOOK, _LAST_LOOK = 0.2, 3.0  # seconds between two looks at a VM that is waited for
_LOOKERS = 4  # libvirt answers five requests of a connection at once
_SSH = 22
_QCOW2 = b"QFI\xfb"


def connect(params: Mapping[str, Any]) -> Driver:
    """The driver for the VMs of a task."""
    deletes = params["state"] == "absent" and params["delete_disks"]
    return Driver(open_connection(params["uri"]), parse_vms(params), params["wait_for"], deletes)


def tell(params: Mapping[str, Any], dry_run: bool, run_command: RunCommand) -> Mapping[str, Any]:
    """The work of the module libvirt_gpu_info. Reads only."""
    connection = open_connection(params["uri"], read_only=True)
    with _reworded("the hypervisor cannot be read"):
        hypervisor = Hypervisor(read_host(Path("/")), _domains(connection))
    gpus = describe(hypervisor, params["all_devices"])
    return {"changed": False, "gpus": gpus, "report": report(gpus)}


def open_connection(uri: str, read_only: bool = False) -> Any:
    if libvirt is None:
        raise Unavailable(
            "the Python of this module has no libvirt; install python3-libvirt on the hypervisor and use its system's "
            "Python there (ansible_python_interpreter: /usr/bin/python3)"
        )
    libvirt.registerErrorHandler(_say_nothing, None)
    try:
        return libvirt.openReadOnly(uri) if read_only else libvirt.open(uri)
    except libvirt.libvirtError as error:
        raise Unavailable(
            f"libvirt at {uri} does not answer ({_words(error)}); is it running, and may this user connect? See: "
            f"virsh -c {uri} version"
        ) from None


def _say_nothing(_context: Any, _error: Any) -> None:
    """Each error is told by whoever catches it; libvirt would write it to standard error as well."""


def _words(error: Any) -> str:
    """In one line."""
    lines = [line.strip() for line in str(error.get_error_message() or error).splitlines()]
    return "; ".join(dict.fromkeys(filter(None, lines)))


class Driver:
    """Reads and changes the VMs of one task over one connection; used from several threads."""

    def __init__(
        self,
        connection: Any,
        vms: Sequence[Vm],
        wait_for: str,
        deletes: bool,
        root: Path = Path("/"),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._connection, self._vms, self._wait_for, self._deletes = connection, vms, wait_for, deletes
        self._root, self._sleep = root, sleep
        self._look = _FIRST_LOOK
        self._lock = threading.Lock()
        self.world: dict[Key, Seen] = {}

    def observe(self, namespaces: Sequence[str]) -> Mapping[Key, Seen]:
        with _reworded("the hypervisor cannot be read"):
            domains = _domains(self._connection)
            host = read_host(self._root) if self._needs_host(domains) else Host()
            pools, networks = _pools(self._connection), _networks(self._connection)
            overlays = _overlays(self._connection) if self._deletes else {}
            hypervisor = self._with_storage(Hypervisor(host, domains, pools, networks=networks, overlays=overlays))
            self.world = {vm.key: self._see(vm, hypervisor) for vm in self._vms}
        return dict(self.world)

    def apply(self, action: act.Action, dry_run: bool) -> Optional[Mapping[str, Any]]:
        if not dry_run:
            with _reworded(f"{action.key}: cannot {action.what}"):
                _DO[type(action)](self._connection, action)
                self._look_at(action.key, action)
        return action.after

    def write(self, action: act.Action) -> bool:
        with _reworded(f"{action.key}: cannot {action.what}"):
            domain = self._connection.lookupByName(action.key.name)
            if isinstance(action, act.Start):
                done = _start(domain)
            else:
                done = _end(domain, domain.shutdown if isinstance(action, act.Shutdown) else domain.destroy)
            self._look_at(action.key)
        return done

    def wait_for_change(self, namespaces: Sequence[str], timeout: float) -> News:
        """libvirt has no event for a lease, an answer at port 22 or an agent, so these are looked for."""
        self._sleep(max(0.0, min(timeout, self._look)))
        self._look = min(self._look * 1.5, _LAST_LOOK)
        try:
            with _reworded("the VMs cannot be looked at"), ThreadPoolExecutor(_LOOKERS) as pool:
                list(pool.map(self._look_at, self.world))
        except Unavailable as away:
            return News(away=away)
        except Problem:
            return News()  # it is gone, or its state moves just now; the next look tells
        return News()

    def close(self) -> None:
        for key in self.world:
            with contextlib.suppress(Problem), _reworded(""):
                self._look_at(key)

    def _needs_host(self, domains: Mapping[str, Other]) -> bool:
        mine = [domains[vm.key.name] for vm in self._vms if vm.key.name in domains]
        declared = any(vm.gpus is not None or vm.cpu_pinning or vm.numa_node for vm in self._vms)
        return declared or any(domain.host_devices for domain in mine)

    def _look_at(self, key: Key, done: Optional[act.Action] = None) -> None:
        """Its state, and what was asked to be waited for; and what was ``done`` to its definition or seed."""
        domain = _domain(self._connection, key.name)
        state = _state(domain)
        addresses, ready = _answers(domain, self._wait_for) if state == "running" else ((), frozenset())
        seen = self.world[key]
        text = _inactive(domain) if isinstance(done, act.Define) else seen.xml
        digest = seed.digest(done.content) if isinstance(done, act.WriteSeed) else seen.seed
        with self._lock:
            self.world[key] = replace(seen, xml=text, seed=digest, state=state, addresses=addresses, ready=ready)

    def _see(self, vm: Vm, hypervisor: Hypervisor) -> Seen:
        if vm.key.name not in hypervisor.domains:
            return Seen(vm.key, hypervisor, capacities=hypervisor.capacities)
        domain = self._connection.lookupByName(vm.key.name)
        text, state = _inactive(domain), _state(domain)
        live = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE) if state in ("running", "paused") else ""
        addresses, ready = _answers(domain, "none") if state == "running" else ((), frozenset())
        on, digest = bool(domain.autostart()), _seed_digest(self._connection, text)
        return Seen(vm.key, hypervisor, text, live, state, on, digest, addresses, ready, hypervisor.capacities)

    def _with_storage(self, hypervisor: Hypervisor) -> Hypervisor:
        """With the volumes and base images that the task names."""
        wanted = [(disk.pool, disk.volume) for vm in self._vms for disk in vm.disks or () if disk.volume]
        wanted += [(vm.seed.pool, vm.seed.volume) for vm in self._vms if vm.seed]
        bases = {(disk.pool, disk.base) for vm in self._vms for disk in vm.disks or () if disk.base}
        names = [pool for pool in dict.fromkeys(pair[0] for pair in [*wanted, *bases]) if pool in hypervisor.pools]
        there = {name: self._volumes(name) for name in names if hypervisor.pools[name].active}
        volumes = {(pool, name): _volume(there[pool][name]) for pool, name in wanted if name in there.get(pool, ())}
        images = {(pool, base): image for pool, base in bases if (image := self._image(there.get(pool, {}), base))}
        return replace(hypervisor, pools=_pools(self._connection), volumes=volumes, images=images)

    def _volumes(self, pool: str) -> dict[str, Any]:
        found = self._connection.storagePoolLookupByName(pool)
        found.refresh()  # files that came and went without libvirt
        return {volume.name(): volume for volume in found.listAllVolumes()}

    def _image(self, volumes: Mapping[str, Any], base: str) -> Optional[Volume]:
        if base in volumes:
            return _volume(volumes[base])
        path = self._root / base.lstrip("/")
        if not base.startswith("/") or not path.is_file():
            return None
        try:
            return _volume(self._connection.storageVolLookupByPath(base))
        except libvirt.libvirtError:
            return _image_file(path, base)


def _domains(connection: Any) -> dict[str, Other]:
    """All of them, since each may have a device or a disk; one that runs has what it runs with as well."""
    domains = {}
    for domain in connection.listAllDomains():
        with contextlib.suppress(libvirt.libvirtError):  # one that has gone meanwhile
            running = bool(domain.isActive())
            other = Other.parse(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE), running)
            if running:
                other = other.joined(Other.parse(domain.XMLDesc(0), running))
            domains[domain.name()] = other
    return domains


@contextlib.contextmanager
def _reworded(what: str) -> Iterator[None]:
    """libvirt's errors as one of ours."""
    try:
        yield
    except libvirt.libvirtError as error:
        away = error.get_error_code() in (libvirt.VIR_ERR_NO_CONNECT, libvirt.VIR_ERR_RPC)
        kind = Unavailable if away else Failed
        raise kind(f"{what}: {_words(error)}") from None


def _domain(connection: Any, name: str) -> Any:
    """None where it does not exist."""
    try:
        return connection.lookupByName(name)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None
        raise


def _state(domain: Any) -> str:
    if domain is None:
        return "absent"
    state = domain.state()[0]
    if state in (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PMSUSPENDED):
        return "paused"
    return "running" if domain.isActive() else "stopped"


def _inactive(domain: Any) -> str:
    return str(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE))


def _answers(domain: Any, wait_for: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """Its addresses, and which of ip, ssh and agent answer; the agent is asked only if it is waited for."""
    ready = set()
    found = _addresses(domain, libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE)
    if wait_for == "agent":
        told = _addresses(domain, libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT)
        if told is not None:
            ready.add("agent")
        found = told or found
    if not found and wait_for != "none":  # on a bridge that is not libvirt's
        found = _addresses(domain, libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP)
    addresses = tuple(found or ())
    if addresses:
        ready.add("ip")
    if wait_for == "ssh" and any(_listens(address) for address in addresses):
        ready.add("ssh")
    return addresses, frozenset(ready)


def _addresses(domain: Any, source: int) -> Optional[list[str]]:
    """None where that source does not answer."""
    try:
        interfaces = domain.interfaceAddresses(source) or {}
    except libvirt.libvirtError:
        return None
    addresses = [address["addr"] for name, nic in interfaces.items() if name != "lo" for address in nic["addrs"] or ()]
    return [address for address in addresses if not address.startswith("fe80:")]


def _listens(address: str) -> bool:
    """Whether a server of SSH says hello; a port that is open before sshd is ready does not."""
    try:
        with socket.create_connection((address, _SSH), timeout=2) as stream:
            return stream.recv(4) == b"SSH-"
    except OSError:
        return False


def _pools(connection: Any) -> dict[str, Pool]:
    pools = {}
    for pool in connection.listAllStoragePools():
        root, active = parse(pool.XMLDesc()), bool(pool.isActive())
        available = read(root, "available")
        pools[pool.name()] = Pool(
            read(root, "target/path") or "", active, int(available) if active and available else None
        )
    return pools


def _overlays(connection: Any) -> dict[str, list[str]]:
    """Over all pools that are active."""
    overlays: dict[str, list[str]] = {}
    for pool in connection.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE):
        pool.refresh()
        for volume in map(_volume, pool.listAllVolumes()):
            if volume.backing:
                overlays.setdefault(volume.backing, []).append(volume.path)
    return overlays


def _volume(volume: Any) -> Volume:
    root = parse(volume.XMLDesc())
    return Volume(
        volume.path(),
        int(read(root, "capacity") or 0),
        read(root, "target/format/@type") or "raw",
        read(root, "backingStore/path") or "",
        int(read(root, "allocation") or 0),
    )


def _image_file(path: Path, given: str) -> Volume:
    """An image in no pool, by the header of qcow2 (its size: 8 bytes at 24)."""
    with path.open("rb") as file:
        header = file.read(32)
    if header[:4] == _QCOW2:
        return Volume(given, int.from_bytes(header[24:32], "big"), "qcow2", in_pool=False)
    return Volume(given, os.stat(path).st_size, "raw", in_pool=False)


def _networks(connection: Any) -> dict[str, Network]:
    networks = {}
    for network in connection.listAllNetworks():
        root = parse(network.XMLDesc(0))
        hosts = {(host.get("mac") or "").lower(): host.get("ip") or "" for host in root.iterfind("ip/dhcp/host[@mac]")}
        subnets = tuple(_subnet(ip) for ip in root.iterfind("ip"))
        networks[network.name()] = Network(bool(network.isActive()), hosts, subnets)
    return networks


def _subnet(ip: ET.Element) -> str:
    mask = ip.get("prefix") or ip.get("netmask") or "32"
    return str(ipaddress.ip_interface(f"{ip.get('address')}/{mask}"))


def _seed_digest(connection: Any, text: str) -> str:
    """Of the seed that the VM has; empty if there is none, or it cannot be read."""
    path = next(
        (
            read(disk, "source/@file")
            for disk in parse(text).iterfind("devices/disk")
            if read(disk, "target/@dev") == SEED_TARGET
        ),
        None,
    )
    if not path:
        return ""
    try:
        volume = connection.storageVolLookupByPath(path)
        content = bytearray()
        stream = connection.newStream()
        volume.download(stream, 0, 0, 0)
        stream.recvAll(lambda _stream, data, _opaque: content.extend(data), None)
        stream.finish()
    except libvirt.libvirtError:
        return ""
    return seed.digest(bytes(content))


def _create_volume(connection: Any, action: act.CreateVolume) -> None:
    pool = connection.storagePoolLookupByName(action.pool)
    if action.source:
        pool.createXMLFrom(action.xml, connection.storageVolLookupByPath(action.source))
    else:
        pool.createXML(action.xml)


def _resize(connection: Any, action: act.Resize) -> None:
    if action.target:
        domain = connection.lookupByName(action.key.name)
        domain.blockResize(action.target, action.capacity, libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES)
    else:
        connection.storageVolLookupByPath(action.path).resize(action.capacity)


def _write_seed(connection: Any, action: act.WriteSeed) -> None:
    """A new volume in the place of the old one; a VM that runs keeps the old one open until it ends."""
    pool = connection.storagePoolLookupByName(action.pool)
    try:
        pool.storageVolLookupByName(action.volume).delete()
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_STORAGE_VOL:
            raise
    size = len(action.content)
    volume = pool.createXML(
        f"<volume><name>{action.volume}</name><capacity unit='bytes'>{size}</capacity>"
        "<target><format type='raw'/><permissions><mode>0600</mode></permissions></target></volume>"
    )
    stream = connection.newStream()
    volume.upload(stream, 0, size, 0)
    left = bytearray(action.content)

    def some(_stream: Any, count: int, _opaque: Any) -> bytes:
        chunk = bytes(left[:count])
        del left[:count]
        return chunk

    stream.sendAll(some, None)
    stream.finish()


def _define(connection: Any, action: act.Define) -> None:
    connection.defineXMLFlags(action.xml, libvirt.VIR_DOMAIN_DEFINE_VALIDATE)


def _attach(connection: Any, action: act.Attach) -> None:
    connection.lookupByName(action.key.name).attachDeviceFlags(action.xml, libvirt.VIR_DOMAIN_AFFECT_LIVE)


def _detach(connection: Any, action: act.Detach) -> None:
    """libvirt waits five seconds for the guest, and does not say whether it has released the device."""
    domain = connection.lookupByName(action.key.name)
    before = len(parse(domain.XMLDesc(0)).findall("devices/*"))
    domain.detachDeviceFlags(action.xml, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    if len(parse(domain.XMLDesc(0)).findall("devices/*")) == before:
        raise Failed(
            f"{action.key}: cannot {action.what}: its guest does not release it; it goes when the VM is restarted, and "
            "restart: if_required allows that"
        )


def _set_autostart(connection: Any, action: act.SetAutostart) -> None:
    connection.lookupByName(action.key.name).setAutostart(int(action.on))


def _reserve(connection: Any, action: act.Reserve) -> None:
    network = connection.networkLookupByName(action.network)
    flags = libvirt.VIR_NETWORK_UPDATE_AFFECT_CONFIG
    if network.isActive():
        flags |= libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE
    command = libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST
    if action.former:
        command = (
            libvirt.VIR_NETWORK_UPDATE_COMMAND_MODIFY if action.address else libvirt.VIR_NETWORK_UPDATE_COMMAND_DELETE
        )
    host = ET.Element("host", mac=action.mac, name=action.key.name, ip=action.address or action.former)
    text = ET.tostring(host, encoding="unicode")
    network.update(command, libvirt.VIR_NETWORK_SECTION_IP_DHCP_HOST, -1, text, flags)


def _delete_volume(connection: Any, action: act.DeleteVolume) -> None:
    try:
        connection.storageVolLookupByPath(action.path).delete()
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_STORAGE_VOL:
            raise


def _start(domain: Any) -> bool:
    """False if somebody else has started it meanwhile."""
    try:
        domain.resume() if domain.isActive() else domain.create()
    except libvirt.libvirtError:
        if _state(domain) == "running":
            return False
        raise
    return True


def _end(domain: Any, end: Callable[[], Any]) -> bool:
    """False if it has ended by itself meanwhile."""
    try:
        end()
    except libvirt.libvirtError:
        if _state(domain) == "stopped":
            return False
        raise
    return True


def _undefine(connection: Any, action: act.Undefine) -> None:
    connection.lookupByName(action.key.name).undefineFlags(
        libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
        | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
        | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
        | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM
    )


def _power_off(connection: Any, action: act.PowerOff) -> None:
    connection.lookupByName(action.key.name).destroy()


_DO: Mapping[type, Callable[[Any, Any], None]] = {
    act.CreateVolume: _create_volume,
    act.Resize: _resize,
    act.WriteSeed: _write_seed,
    act.Define: _define,
    act.Attach: _attach,
    act.Detach: _detach,
    act.SetAutostart: _set_autostart,
    act.Reserve: _reserve,
    act.DeleteVolume: _delete_volume,
    act.Undefine: _undefine,
    act.PowerOff: _power_off,
}


class Surroundings:
    """The store for a network or a storage pool, which libvirt treats alike."""

    def __init__(self, connection: Any, key: around.Key) -> None:
        self.world: dict[around.Key, around.Seen] = {}
        self._connection = connection
        self._key = key
        self._is_network = key.kind == "network"

    def observe(self, namespaces: Sequence[str]) -> Mapping[around.Key, around.Seen]:
        key = self._key
        with _reworded(f"{key} cannot be read"):
            found = {each.name(): each for each in self._all()}
            mine = found.pop(key.name, None)
            others = {name: each.XMLDesc(0) for name, each in found.items()}
            seen = around.Seen(key, others=others)
            if mine is not None:
                text = mine.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE) if mine.isPersistent() else ""
                on, users = bool(mine.isActive()), _users(self._connection, key.name) if self._is_network else {}
                seen = around.Seen(key, text, mine.XMLDesc(0), on, bool(mine.autostart()), others, users)
            self.world = {key: seen}
        return dict(self.world)

    def apply(self, action: around.Action, dry_run: bool) -> Mapping[str, Any]:
        if not dry_run:
            with _reworded(f"{action.key}: cannot {action.do} it"):
                self._do(action)
        return action.after

    def _all(self) -> Sequence[Any]:
        connection = self._connection
        return list(connection.listAllNetworks() if self._is_network else connection.listAllStoragePools())

    def _do(self, action: around.Action) -> None:
        connection, network = self._connection, self._is_network
        if action.do == "define":
            if network:
                connection.networkDefineXML(action.xml)
            else:
                connection.storagePoolDefineXML(action.xml).build()
            return
        look_up = connection.networkLookupByName if network else connection.storagePoolLookupByName
        mine = look_up(action.key.name)
        if action.do == "autostart":
            mine.setAutostart(1)
        else:
            {"start": mine.create, "stop": mine.destroy, "undefine": mine.undefine}[action.do]()


def _users(connection: Any, network: str) -> dict[str, bool]:
    """VMs with an interface in the network, and whether they run."""
    users = {}
    for domain in connection.listAllDomains():
        with contextlib.suppress(libvirt.libvirtError):  # one that has gone meanwhile
            sources = parse(domain.XMLDesc(0)).iterfind("devices/interface/source[@network]")
            if any(source.get("network") == network for source in sources):
                users[domain.name()] = bool(domain.isActive())
    return users


def network_store(params: Mapping[str, Any]) -> Surroundings:
    return Surroundings(open_connection(params["uri"]), around.parse_network(params).key)


def pool_store(params: Mapping[str, Any]) -> Surroundings:
    return Surroundings(open_connection(params["uri"]), around.parse_pool(params).key)
