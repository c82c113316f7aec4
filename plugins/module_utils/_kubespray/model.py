# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is wanted and what is there, parsed once at the edge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

DEPLOY, SCALE, REMOVE_NODE, UPGRADE, RESET = VERBS = ("deploy", "scale", "remove_node", "upgrade", "reset")


@dataclass(frozen=True)
class Inventory:
    """The hosts of the cluster, and for each a digest of its variables. Names are in the order of their groups."""

    control_planes: tuple[str, ...]
    etcd: tuple[str, ...]
    workers: tuple[str, ...]
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def nodes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.control_planes, *self.workers)))

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.control_planes, *self.etcd, *self.workers)))


@dataclass(frozen=True)
class Request:
    verb: str
    name: str  # of the cluster, as confirmations and folders have it
    version: str  # of Kubernetes, without v
    nodes: tuple[str, ...] = ()
    confirm: str = ""
    force: bool = False
    gone: bool = False  # the nodes to remove do not answer any more


@dataclass(frozen=True)
class Node:
    """A node as the API server has it."""

    name: str
    version: str
    ready: bool = True
    cordoned: bool = False


@dataclass(frozen=True)
class Stamp:
    """What a run that succeeded has left on the first control plane."""

    release: str
    version: str
    hosts: Mapping[str, str]  # name to digest


@dataclass(frozen=True)
class Live:
    """``problem``: why there is an API server and no answer. ``traces``: hosts with something of Kubernetes.

    ``silent``: hosts that could not be looked at, with a sentence why.
    """

    nodes: Mapping[str, Node] = field(default_factory=dict)
    stamp: Optional[Stamp] = None
    traces: tuple[str, ...] = ()
    problem: str = ""
    silent: Mapping[str, str] = field(default_factory=dict)

    @property
    def cordoned(self) -> list[str]:
        return sorted(node.name for node in self.nodes.values() if node.cordoned)


def parse_nodes(items: Sequence[Mapping[str, Any]]) -> dict[str, Node]:
    """The items of ``kubectl get nodes -o json``."""
    nodes = [_node(item) for item in items]
    return {node.name: node for node in nodes}


def _node(item: Mapping[str, Any]) -> Node:
    status = item.get("status", {})
    conditions = {each["type"]: each["status"] for each in status.get("conditions", ())}
    return Node(
        name=item["metadata"]["name"],
        version=status.get("nodeInfo", {}).get("kubeletVersion", "").lstrip("v"),
        ready=conditions.get("Ready") == "True",
        cordoned=bool(item.get("spec", {}).get("unschedulable")),
    )


def parse_stamp(data: Any) -> Optional[Stamp]:
    """None for what is no stamp of this release of the role, so that Kubespray runs."""
    if (
        not isinstance(data, Mapping)
        or data.get("format") != 1
        or not {"kubespray", "kubernetes", "hosts"} <= set(data)
    ):
        return None
    return Stamp(data["kubespray"], data["kubernetes"], data["hosts"])


def stamp_data(stamp: Stamp) -> dict[str, Any]:
    return {"format": 1, "kubespray": stamp.release, "kubernetes": stamp.version, "hosts": dict(stamp.hosts)}
