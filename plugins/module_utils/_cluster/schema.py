# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The table of the cluster file: every key once, with its type, range and meaning.

``document.py`` validates by it and ``json_schema`` makes of it what editors read, so that the two cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional


@dataclass(frozen=True)
class Key:
    """One key of the file.

    ``type`` is text, whole (a number), flag, scalar (any text, number or flag, taken as it is written), any (not
    looked into), structure (of ``keys``), list (of ``items``), map (of ``items``, whose names match ``names``), or
    nodes: a list of ``items`` or one structure of ``keys``.
    ``pattern`` must match all of a text, and ``like`` says it in words. ``number``: a text that YAML may take for one.
    """

    about: str
    type: str = "text"
    required: bool = False
    keys: Optional[Mapping[str, Key]] = None
    items: Optional[Key] = None
    names: str = ""
    pattern: str = ""
    like: str = ""
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int = 0
    number: bool = False


Keys = Mapping[str, Key]

_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
ADDRESS = rf"{_OCTET}(\.{_OCTET}){{3}}"
_PCI = r"[0-9a-fA-F]{4}:[0-9a-fA-F]{2}:[01][0-9a-fA-F]\.[0-7]"
_NAME = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_LABEL_KEY = rf"([a-z0-9]([a-z0-9.-]{{0,251}}[a-z0-9])?/)?{_LABEL}"

DHCP = "DHCP"


def _whole(about: str, least: int, most: int, required: bool = False) -> Key:
    return Key(about, "whole", required, least=least, most=most)


def _flag(about: str) -> Key:
    return Key(about, "flag")


def _name(about: str, required: bool = False) -> Key:
    return Key(about, required=required, pattern=_NAME, like="a name of lower-case letters, digits and -")


def _address(about: str, required: bool = False) -> Key:
    return Key(about, required=required, pattern=ADDRESS, like="an IPv4 address such as 192.168.200.10")


def _address_or_dhcp(about: str) -> Key:
    return Key(about, pattern=rf"{ADDRESS}|{DHCP}|dhcp", like=f"an IPv4 address such as 192.168.200.10, or {DHCP}")


def _pci(about: str, required: bool = False) -> Key:
    return Key(about, required=required, pattern=_PCI, like='a PCI address such as "0000:01:00.0"')


def _hex(about: str) -> Key:
    return Key(about, pattern=r"(0x)?[0-9a-fA-F]{4}", like='four hexadecimal digits such as "10de"', number=True)


HARDWARE: Keys = {
    "acceleration": Key(
        "How the virtual machine uses its hypervisor's processor.",
        "structure",
        keys={
            "enable_kvm": _flag("Use KVM."),
            "enable_nested": _flag("Let the guest use virtualisation itself. Handed on as it is."),
            "cpu_model": Key("CPU model as libvirt names it, such as host-passthrough."),
            "cpu_features": Key(
                "CPU features to require or to disable. Handed on as they are.",
                "list",
                items=Key("One feature.", pattern=r"[+-]?[A-Za-z0-9_.-]+", like="a CPU feature such as +avx2 or -vmx"),
            ),
            "numa_topology": Key("Anything but false: memory and CPUs near the GPU.", "any"),
            "cpu_topology": Key(
                "How the cores are shown to the guest.",
                "structure",
                keys={
                    "sockets": _whole("Sockets.", 1, 64, True),
                    "cores": _whole("Cores of a socket.", 1, 1024, True),
                    "threads": _whole("Threads of a core.", 1, 8, True),
                },
            ),
            "performance": Key(
                "Memory pages and pinning.",
                "structure",
                keys={
                    "enable_hugepages": _flag("Back the memory by huge pages."),
                    "hugepage_size": Key("Size of the huge pages.", choices=("2M", "1G")),
                    "cpu_pinning": _flag("Give each vCPU a core of its own, near the GPU."),
                    "memory_backing": Key("Handed on as it is.", "any"),
                },
            ),
        },
    ),
}

DEVICE: Keys = {
    "pci_address": _pci("Where the device is in the hypervisor.", True),
    "device_type": Key("What it is.", required=True, choices=("gpu", "audio", "network", "storage", "other")),
    "vendor_id": _hex("PCI vendor that must be found there."),
    "device_id": _hex("PCI device that must be found there."),
    "iommu_group": _whole("Its IOMMU group. Not used: the hypervisor knows it.", 0, 65535),
}

SHARE: Keys = {
    "tag": Key(
        "Name under which the guest mounts it.",
        required=True,
        pattern=r"[A-Za-z0-9_.-]{1,36}",
        like="a tag of at most 36 letters, digits, _, . and -",
    ),
    "host_path": Key("Folder of the hypervisor; variables such as ${HOME} are expanded there.", required=True),
    "mount_point": Key(
        "Folder of the guest.", required=True, pattern=r"/[^\n]*", like="an absolute path such as /mnt/data"
    ),
    "owner": Key("Owner of the mount point.", number=True),
    "group": Key("Group of the mount point.", number=True),
    "mode": Key("Mode of the mount point.", pattern=r"0?[0-7]{3,4}", like='a mode such as "0755"', number=True),
    "options": Key("Mount options."),
    "readonly": _flag("Whether the guest may only read."),
}
_SHARES = Key(
    "Folders of the hypervisor in the guest, by virtiofs.",
    "list",
    items=Key("One folder.", "structure", keys=SHARE),
)
_IMAGE = Key("Disk image from which the virtual machines are made.")

NODE: Keys = {
    "name": _name("Host name; by default made of the cluster's name, the role and the number."),
    "cpu_cores": _whole("Virtual CPUs.", 1, 1024, True),
    "memory_gb": _whole("Memory in GiB.", 1, 24576, True),
    "disk_gb": _whole("Size of the system disk in GiB.", 1, 65536, True),
    "ip": _address_or_dhcp(f"Address in the cluster's subnet; {DHCP} or nothing: one is chosen from its end."),
    "ip_address": _address_or_dhcp("The same as ip."),
    "auto_start": _flag("false: the machine stays shut off, and waits for instance for a GPU that another one has."),
    "hypervisor": _name("The hypervisor that it must run on; by default one is chosen."),
    "base_image_path": _IMAGE,
    "pcie_passthrough": Key(
        "Devices of the hypervisor in the guest.",
        "structure",
        keys={
            "enabled": _flag("false: the devices are left out."),
            "devices": Key("The devices.", "list", items=Key("One device.", "structure", keys=DEVICE)),
        },
    ),
    "labels": Key(
        "Kubernetes labels of the node.",
        "map",
        names=_LABEL_KEY,
        items=Key("Value.", "scalar", pattern=rf"({_LABEL})?", like="a label value of at most 63 letters, digits, _.-"),
    ),
    "taints": Key(
        "Kubernetes taints of the node.",
        "list",
        items=Key(
            "One taint.",
            pattern=rf"{_LABEL_KEY}=({_LABEL})?:(NoSchedule|PreferNoSchedule|NoExecute)",
            like="a taint such as nvidia.com/gpu=present:NoSchedule",
        ),
    ),
    "hardware": Key("Hardware of this node, over that of the cluster.", "structure", keys=HARDWARE),
    "virtio_fs_mounts": _SHARES,
}

GROUP: Keys = {**NODE, "count": _whole("How many such nodes.", 1, 5000, True)}

HYPERVISOR: Keys = {
    "name": _name("Its name in the inventory.", True),
    "address": Key(
        "Where Ansible reaches it, localhost for this machine; by default its name.",
        pattern=r"[A-Za-z0-9:][A-Za-z0-9.:-]*",
        like="a host name or an address",
    ),
    "cpu_cores": _whole("Virtual CPUs that it may give; without it there is no limit.", 1, 65536),
    "memory_gb": _whole("Memory in GiB that it may give; without it there is no limit.", 1, 1048576),
    "gpus": Key("PCI addresses of its GPUs; without it any is taken for there.", "list", items=_pci("One GPU.")),
}

KUBERNETES: Keys = {
    "version": Key(
        "Kubernetes version; by default Kubespray's.",
        pattern=r"v?1\.[0-9]+\.[0-9]+",
        like="a version such as 1.35.4",
    ),
    "cni": Key(
        "Network plugin.",
        choices=(
            *("calico", "flannel", "cilium", "cni", "kube-ovn", "kube-router", "macvlan", "custom_cni"),
            "none",
        ),
    ),
    "ingress": Key("Ingress controller.", choices=("nginx", "none")),
    "storage_class": Key("Provisioner of volumes.", choices=("local-path", "none")),
    "load_balancer": Key(
        "One address for all API servers.",
        "structure",
        keys={
            "address": _address("The address.", True),
            "port": _whole("Its port, 6443 by default.", 1, 65535),
            "provider": Key(
                "kube-vip (the default): the control planes hold the address; external: something else has it.",
                choices=("kube-vip", "external"),
            ),
        },
    ),
}

CLUSTER: Keys = {
    "name": _name("Name of the cluster; names of nodes begin with it.", True),
    "base_image_path": _IMAGE,
    "network": Key(
        "The libvirt network of the nodes.",
        "structure",
        True,
        keys={
            "subnet": Key(
                "Addresses of the nodes; the first one is the bridge's.",
                required=True,
                pattern=rf"{ADDRESS}/([89]|[12][0-9]|30)",
                like="an IPv4 subnet such as 192.168.200.0/24",
            ),
            "bridge": Key(
                "Name of the bridge.",
                required=True,
                pattern=r"[A-Za-z0-9_.-]{1,15}",
                like="an interface name of at most 15 characters such as virbr200",
            ),
        },
    ),
    "hypervisors": Key(
        "The machines on which the nodes run; by default this one.",
        "list",
        items=Key("One hypervisor.", "structure", keys=HYPERVISOR),
        least=1,
    ),
    "control_plane": Key(
        "The control plane, or a list of them.",
        "nodes",
        True,
        keys=NODE,
        items=Key("One control plane.", "structure", keys=NODE),
        least=1,
    ),
    "worker_nodes": Key(
        "The workers as a list, or one group of equal ones with count.",
        "nodes",
        keys=GROUP,
        items=Key("One worker.", "structure", keys=NODE),
    ),
    "kubernetes_config": Key("What Kubernetes consists of.", "structure", keys=KUBERNETES),
    "hardware": Key("Hardware of all nodes.", "structure", keys=HARDWARE),
    "virtio_fs_mounts": _SHARES,
}

OURS = "cloud"  # other clusters of the file are left alone

FILE: Keys = {
    "version": Key("Version of this format.", choices=("1.0",), number=True),
    "metadata": Key("What the file is.", "structure", keys={"name": Key("A name."), "description": Key("A sentence.")}),
    "global": Key("Not read.", "any"),
    "clusters": Key(
        "The clusters; others than cloud are left alone.",
        "structure",
        True,
        keys={OURS: Key("The Kubernetes cluster.", "structure", True, keys=CLUSTER)},
    ),
}


_SHARED = {"node": NODE, "hardware": HARDWARE, "folder": SHARE}  # what stands in several places


def json_schema() -> dict[str, Any]:
    """The table as JSON Schema (2020-12)."""
    schema = _structure(FILE)
    schema["properties"]["clusters"]["additionalProperties"] = True
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Cluster file of ai_how.cloud",
        **schema,
        "$defs": {name: _structure(keys) for name, keys in _SHARED.items()},
    }


def _reference(keys: Keys) -> dict[str, Any]:
    for name, shared in _SHARED.items():
        if keys is shared:
            return {"$ref": f"#/$defs/{name}"}
    return _structure(keys)


def _structure(keys: Keys) -> dict[str, Any]:
    required = [name for name, key in keys.items() if key.required]
    return {
        "type": "object",
        "properties": {name: _described(key) for name, key in keys.items()},
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def _described(key: Key) -> dict[str, Any]:
    return {"description": key.about, **_value(key)}


def _value(key: Key) -> dict[str, Any]:
    if key.type == "structure":
        return _reference(key.keys or {})
    if key.type == "nodes":
        return {"anyOf": [_reference(key.keys or {}), _list(key)]}
    if key.type == "list":
        return _list(key)
    if key.type == "map":
        return {
            "type": "object",
            "propertyNames": {"pattern": _whole_text(key.names)},
            "additionalProperties": _described(item_of(key)),
        }
    if key.type == "whole":
        return {"type": "integer", "minimum": key.least, "maximum": key.most}
    if key.type == "flag":
        return {"type": "boolean"}
    return _text(key)


def _text(key: Key) -> dict[str, Any]:
    if key.type == "any":
        return {}
    if key.choices:
        return {"enum": [*key.choices, *(float(choice) for choice in key.choices if key.number)]}
    types: dict[str, Any] = {"type": "string", "minLength": 1}
    if key.type == "scalar":
        types = {"type": ["string", "number", "boolean"]}
    elif key.number:
        types["type"] = ["string", "number"]
    return {**types, **({"pattern": _whole_text(key.pattern)} if key.pattern else {})}


def _list(key: Key) -> dict[str, Any]:
    return {"type": "array", "items": _described(item_of(key)), **({"minItems": key.least} if key.least else {})}


def item_of(key: Key) -> Key:
    """What a list or map of the table holds."""
    if key.items is None:
        raise AssertionError("lists and maps of the table name their items")
    return key.items


def _whole_text(pattern: str) -> str:
    return f"^({pattern})$"
