# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The text of a cluster file → its inventory, or all that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.document import (
    Finding,
    Reader,
    Section,
    Unreadable,
    compose,
    lines_of,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.hosts import Inventory, inventory
from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.model import Cluster, check, cluster_of, shared_gpus
from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.placement import give_addresses, place
from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.schema import FILE, OURS
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid

with suppress(ImportError):  # ansible-test imports modules where it is not
    import yaml

# "clusters:" at the left, and the lines below it that are indented, empty or comments.
_CLUSTERS = re.compile(
    r"^(['\"]?)clusters\1[ \t]*:[ \t]*(?:&\S+[ \t]*)?(?:#.*)?\r?\n((?:[ \t].*\n?|[ \t]*(?:#.*)?\r?\n)*)", re.MULTILINE
)
_PLUGIN = re.compile(r"^plugin[ \t]*:[ \t]*(['\"]?)ai_how\.cloud\.cluster\1[ \t]*(?:#.*)?\r?$", re.MULTILINE)


@dataclass(frozen=True)
class Loaded:
    inventory: Inventory
    left_alone: tuple[str, ...]  # names of other clusters in the file


def names_our_plugin(text: str) -> bool:
    """Whether this is a file ``plugin: ai_how.cloud.cluster``."""
    return _PLUGIN.search(text) is not None


def is_cluster_file(text: str) -> bool:
    """Whether ``clusters.cloud`` is in it, told by its lines: it must be said also of a file that is no YAML.

    Ansible's own YAML inventories have nothing but hosts, children and vars below a group, so ``cloud`` tells ours.
    """
    block = _CLUSTERS.search(text)
    if not block:
        return False
    lines = [line for line in block.group(2).splitlines() if line.strip() and not line.lstrip().startswith("#")]
    indent = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
    return any(re.match(rf"[ \t]{{{indent}}}(['\"]?){OURS}\1[ \t]*:", line) for line in lines)


def check_options(text: str, file: str, options: Collection[str]) -> None:
    """Invalid if the plugin's own file, which names a cluster file, has keys that are none of its options."""
    findings = [
        Finding(name.start_mark.line + 1, f"{name.value} is not known here, expected one of {', '.join(options)}.")
        for name, _value in _root(text, file).value
        if name.value not in options
    ]
    if findings:
        raise _invalid(findings, file)


def load(text: str, file: str, options: Collection[str] = ()) -> Loaded:
    """The inventory of a cluster file; Invalid with one line for each problem, ``file:line: sentence``.

    ``options``: top-level keys that belong to the plugin, where its own file holds the data.
    """
    root = _root(text, file)
    reader = Reader()
    section = reader.structure(_without(root, options), FILE, "")
    cluster = section.get("clusters", {}).get(OURS)
    findings = reader.findings
    if isinstance(cluster, Section):
        findings += check(cluster)
    if findings or cluster is None:
        raise _invalid(findings, file)
    placed, findings = arrange(cluster_of(cluster))
    if findings:
        raise _invalid(findings, file)
    return Loaded(inventory(placed), tuple(_others(root)))


def arrange(cluster: Cluster) -> tuple[Cluster, list[Finding]]:
    """The cluster with a hypervisor and an address for each node, and what stands in the way of that."""
    nodes, findings = place(cluster.nodes, cluster.hypervisors)
    findings += shared_gpus(nodes)
    balancer = cluster.kubernetes.get("load_balancer", {}).get("address")
    addressed = give_addresses(nodes, cluster.subnet, {IPv4Address(balancer)} if balancer else set())
    full = [node for node, given in zip(nodes, addressed) if given is None]
    if full:
        text = f"{full[0].path} finds no free address: {len(full)} too many for {cluster.subnet}, take a larger subnet."
        findings.append(Finding(full[0].line, text))
    return replace(cluster, nodes=tuple(filter(None, addressed))), findings


def _root(text: str, file: str) -> yaml.MappingNode:
    try:
        root = compose(text)
    except Unreadable as error:
        raise _invalid([error.finding], file) from None
    if root is None:
        raise _invalid([Finding(1, "the file is empty, expected clusters.cloud.")], file)
    return root


def _without(root: yaml.MappingNode, options: Collection[str]) -> yaml.MappingNode:
    pairs = [pair for pair in root.value if pair[0].value not in options]
    return yaml.MappingNode(root.tag, pairs, root.start_mark, root.end_mark)


def _others(root: yaml.MappingNode) -> list[str]:
    return [
        name.value
        for key, clusters in root.value
        if key.value == "clusters"
        for name, _value in clusters.value
        if name.value not in (OURS, "<<")
    ]


def _invalid(findings: list[Finding], file: str) -> Invalid:
    return Invalid("\n".join(lines_of(findings, file)))
