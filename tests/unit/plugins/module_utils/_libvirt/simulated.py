# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A hypervisor in memory: does what the planner says, as the driver does with libvirt."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt import actions as act
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt import seed
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.machines import VirtualMachines
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.model import Key
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.options import VM
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.places import parse, read
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.seen import (
    Hypervisor,
    Network,
    Other,
    Pool,
    Seen,
    Volume,
)

URI = "qemu:///system"
BASE = Volume("/images/base.qcow2", 2 << 30, "qcow2")
WEB = {"name": "web", "vcpus": 2, "memory": "1G", "disks": [{"size": "4G", "base": "base.qcow2"}]}


def params(*vms, **task):
    """The options of a task as AnsibleModule gives them."""
    given = {
        "uri": URI,
        "state": "present",
        "restart": "never",
        "wait_for": "none",
        "wait_timeout": 300,
        "vms": None,
        "shutdown_timeout": 120,
        "force_stop": False,
        "delete_disks": False,
        **task,
    }
    items = [{**dict.fromkeys(VM), **vm} for vm in vms]
    return {**given, **items[0]} if len(items) == 1 else {**dict.fromkeys(VM), **given, "vms": items}


class Simulated:
    def __init__(self, **around):
        around = {"pools": {"default": Pool("/images")}, "images": {("default", "base.qcow2"): BASE}, **around}
        around.setdefault("networks", {"default": Network(subnets=("192.168.122.0/24",))})
        self.hypervisor = Hypervisor(**around)
        self.vms = {}

    def see(self, name):
        domains = {
            **self.hypervisor.domains,
            **{vm.key.name: Other.parse(vm.xml, vm.is_on) for vm in self.vms.values() if vm.xml},
        }
        hypervisor = replace(self.hypervisor, domains=domains)
        vm = self.vms.get(name) or Seen(Key(URI, name), hypervisor)
        return replace(vm, hypervisor=hypervisor, capacities=hypervisor.capacities)

    def plan(self, *vms, **task):
        """The domain, and the actions for each VM."""
        domain = VirtualMachines(params(*vms, **task))
        return domain, [domain.plan(item, self.see(item.key.name)) for item in domain.items]

    def run(self, *vms, **task):
        """The actions that were done; then the VMs are on or off as the task says."""
        domain, plans = self.plan(*vms, **task)
        for number, item in enumerate(domain.items):
            for action in plans[number]:
                self.apply(action)
            if task.get("state") in ("running", "restarted", "stopped"):
                on = task["state"] != "stopped"
                if domain.foresee(item, self.see(item.key.name), False)[1].endswith("would be restarted"):
                    self.turn(item.key.name, False)
                self.turn(item.key.name, on)
        return [action for actions in plans for action in actions]

    def turn(self, name, on):
        vm = self.see(name)
        restarted = on and not vm.is_on
        live = (_as_running(vm.xml) if restarted else vm.live_xml) if on else ""
        self.vms[name] = replace(vm, state="running" if on else "stopped", live_xml=live)

    def apply(self, action):
        name = action.key.name
        vm, volumes = self.see(name), dict(self.hypervisor.volumes)
        networks = dict(self.hypervisor.networks)
        if isinstance(action, act.CreateVolume):
            root = parse(action.xml)
            path = f"/images/{root.findtext('name')}"
            backing = read(root, "backingStore/path") or ""
            volume = Volume(path, int(root.findtext("capacity")), read(root, "target/format/@type"), backing)
            volumes[action.pool, root.findtext("name")] = volume
        elif isinstance(action, act.Resize):
            (key,) = [key for key, volume in volumes.items() if volume.path == action.path]
            volumes[key] = replace(volumes[key], capacity=action.capacity)
        elif isinstance(action, act.DeleteVolume):
            volumes = {key: volume for key, volume in volumes.items() if volume.path != action.path}
        elif isinstance(action, act.WriteSeed):
            vm = replace(vm, seed=seed.digest(action.content))
        elif isinstance(action, act.Define):
            vm = replace(vm, xml=action.xml, state="stopped" if vm.state == "absent" else vm.state)
        elif isinstance(action, act.Undefine):
            vm = Seen(vm.key, vm.hypervisor)
        elif isinstance(action, act.PowerOff):
            vm = replace(vm, state="stopped", live_xml="")
        elif isinstance(action, act.SetAutostart):
            vm = replace(vm, autostart=action.on)
        elif isinstance(action, (act.Attach, act.Detach)):
            vm = replace(vm, live_xml=_with(vm.live_xml, action))
        elif isinstance(action, act.Reserve):
            hosts = {**networks[action.network].hosts, action.mac: action.address}
            hosts = {mac: address for mac, address in hosts.items() if address}
            networks[action.network] = replace(networks[action.network], hosts=hosts)
        self.vms[name] = vm
        self.hypervisor = replace(self.hypervisor, volumes=volumes, networks=networks)


def _as_running(text):
    """libvirt tells the firmware that it has chosen, and no longer how."""
    root = parse(text)
    system = root.find("os")
    if system.attrib.pop("firmware", None):
        system.remove(system.find("firmware"))
    return ET.tostring(root, encoding="unicode")


def _with(text, action):
    root, element = parse(text), ET.fromstring(action.xml)
    devices = root.find("devices")
    if isinstance(action, act.Attach):
        devices.append(element)
    else:
        place = "target/@dev" if element.tag == "disk" else "mac/@address"
        devices.remove(next(one for one in devices.findall(element.tag) if read(one, place) == read(element, place)))
    return ET.tostring(root, encoding="unicode")
