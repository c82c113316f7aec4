# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Placement and addresses: functions of the file alone that move nothing without need."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.model import (
    CONTROL_PLANE,
    WORKER,
    Device,
    Hypervisor,
    Node,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.placement import give_addresses, place
from hypothesis import given
from hypothesis import strategies as st

GPUS = ("0000:01:00.0", "0000:02:00.0", "0000:03:00.0")
NAMES = ("a", "b", "c", "d")


def a_node(number: int, role: str = WORKER, cpu: int = 4, memory: int = 8, gpus: tuple[str, ...] = (), **more) -> Node:
    devices = tuple(Device(gpu, "gpu") for gpu in gpus)
    return Node(f"n{number}", role, cpu, memory, 100, f"workers[{number}]", number, devices=devices, **more)


hypervisors = st.lists(
    st.builds(
        Hypervisor,
        name=st.sampled_from(NAMES),
        cpu_cores=st.none() | st.integers(1, 40),
        memory_gb=st.none() | st.integers(1, 80),
        gpus=st.none() | st.lists(st.sampled_from(GPUS), unique=True).map(tuple),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda hypervisor: hypervisor.name,
)
nodes = st.lists(
    st.tuples(
        st.sampled_from([CONTROL_PLANE, WORKER, WORKER]),
        st.integers(1, 12),
        st.integers(1, 24),
        st.lists(st.sampled_from(GPUS), unique=True, max_size=2).map(tuple),
        st.booleans(),
        st.sampled_from(["", "", "", *NAMES]),
    ),
    max_size=12,
).map(
    lambda rows: [
        a_node(number, role, cpu, memory, gpus, auto_start=start, wanted=wanted)
        for number, (role, cpu, memory, gpus, start, wanted) in enumerate(rows)
    ]
)


def where(placed: list[Node]) -> dict[str, str]:
    return {node.name: node.hypervisor for node in placed}


@given(nodes, hypervisors)
def test_a_second_parse_moves_nobody(nodes: list[Node], hypervisors: list[Hypervisor]) -> None:
    assert place(nodes, hypervisors) == place(nodes, hypervisors)


@given(nodes, hypervisors)
def test_every_node_is_placed_or_told(nodes: list[Node], hypervisors: list[Hypervisor]) -> None:
    placed, findings = place(nodes, hypervisors)
    told = [finding.line for finding in findings]
    assert sorted([node.line for node in placed] + told) == [node.line for node in nodes]


@given(nodes, hypervisors)
def test_nobody_has_more_than_is_declared(nodes: list[Node], hypervisors: list[Hypervisor]) -> None:
    placed, _findings = place(nodes, hypervisors)
    for hypervisor in hypervisors:
        mine = [node for node in placed if node.hypervisor == hypervisor.name]
        if hypervisor.cpu_cores is not None:
            assert sum(node.cpu_cores for node in mine) <= hypervisor.cpu_cores
        if hypervisor.memory_gb is not None:
            assert sum(node.memory_gb for node in mine) <= hypervisor.memory_gb
        if hypervisor.gpus is not None:
            assert {gpu.pci_address for node in mine for gpu in node.gpus} <= set(hypervisor.gpus)
        assert all(node.wanted in ("", hypervisor.name) for node in mine)


@given(nodes, nodes, hypervisors)
def test_nodes_at_the_end_move_nobody(nodes: list[Node], more: list[Node], hypervisors: list[Hypervisor]) -> None:
    at_the_end = [replace(node, name=f"more-{node.name}") for node in more]
    before = where(place(nodes, hypervisors)[0])
    assert before.items() <= where(place([*nodes, *at_the_end], hypervisors)[0]).items()


@given(nodes, hypervisors, st.integers(0, 11))
def test_a_gpu_that_is_handed_over_moves_nobody(nodes: list[Node], hypervisors: list[Hypervisor], one: int) -> None:
    turned = [replace(node, auto_start=not node.auto_start) if node.line == one else node for node in nodes]
    assert where(place(nodes, hypervisors)[0]) == where(place(turned, hypervisors)[0])


@given(nodes, hypervisors)
def test_a_node_that_names_where_it_is_stays_there(nodes: list[Node], hypervisors: list[Hypervisor]) -> None:
    placed, findings = place(nodes, hypervisors)
    if not findings:
        pinned = [replace(node, wanted=node.hypervisor, hypervisor="") for node in placed]
        assert where(place(pinned, hypervisors)[0]) == where(placed)


def test_control_planes_are_apart() -> None:
    placed, _none = place([a_node(n, CONTROL_PLANE) for n in range(3)], [Hypervisor(name) for name in "abc"])
    assert [node.hypervisor for node in placed] == ["a", "b", "c"]


def test_a_gpu_for_each_before_one_is_shared() -> None:
    two = [Hypervisor("a", gpus=GPUS[:1]), Hypervisor("b", gpus=GPUS[:1])]
    placed, _none = place([a_node(n, gpus=GPUS[:1]) for n in range(3)], two)
    assert [node.hypervisor for node in placed] == ["a", "b", "a"]


def test_gpus_are_left_to_those_that_need_them() -> None:
    machines = [Hypervisor("gpus", gpus=GPUS), Hypervisor("plain", gpus=())]
    placed, _none = place([a_node(0), a_node(1), a_node(2, gpus=GPUS[:1])], machines)
    assert [node.hypervisor for node in placed] == ["plain", "plain", "gpus"]


def test_why_there_is_no_room_is_told_of_each_hypervisor() -> None:
    machines = [
        Hypervisor("a", cpu_cores=6),
        Hypervisor("b", memory_gb=10),
        Hypervisor("c", gpus=()),
    ]
    _placed, (finding,) = place(
        [a_node(0, wanted="a"), a_node(1, wanted="b"), a_node(2, gpus=GPUS[:1])],
        machines,
    )
    assert finding.text == (
        "workers[2] (n2) needs 4 CPUs, 8 GiB and 1 GPUs, but a has 2 of 6 CPUs left, b has 2 of 10 GiB left,"
        " c has no GPU 0000:01:00.0: declare more, or name other hypervisors for the nodes before it."
    )


@pytest.mark.parametrize("wanted", ["a", "b"])
def test_only_the_hypervisor_that_is_named_is_told_of(wanted: str) -> None:
    _placed, (finding,) = place(
        [a_node(0, cpu=9, wanted=wanted)], [Hypervisor("a", cpu_cores=8), Hypervisor("b", cpu_cores=7)]
    )
    assert f"but {wanted} has" in finding.text
    assert finding.text.count(" has ") == 1


fixed = st.none() | st.integers(2, 14).map(lambda last: IPv4Address(f"10.0.0.{last}"))


@given(st.lists(fixed, max_size=10, unique_by=lambda address: address or object()))
def test_addresses_are_given_once_and_within_the_subnet(addresses: list[IPv4Address | None]) -> None:
    subnet, taken = IPv4Network("10.0.0.0/28"), {IPv4Address("10.0.0.13")}
    taken -= set(addresses)
    given_to = give_addresses([a_node(n, address=address) for n, address in enumerate(addresses)], subnet, taken)
    found = [node.address for node in given_to if node]
    assert len(found) == len(addresses)
    assert len(set(found)) == len(found)
    assert not taken & set(found)
    assert all(IPv4Address("10.0.0.2") <= address <= IPv4Address("10.0.0.14") for address in found)


@given(st.lists(fixed, max_size=9, unique_by=lambda address: address or object()))
def test_an_address_at_the_end_changes_no_other(addresses: list[IPv4Address | None]) -> None:
    subnet = IPv4Network("10.0.0.0/28")
    nodes = [a_node(n, address=address) for n, address in enumerate(addresses)]
    assert give_addresses([*nodes, a_node(99)], subnet, set())[:-1] == give_addresses(nodes, subnet, set())


def test_no_address_is_left() -> None:
    given_to = give_addresses([a_node(n) for n in range(3)], IPv4Network("10.0.0.0/30"), set())
    assert [node and str(node.address) for node in given_to] == ["10.0.0.2", None, None]
