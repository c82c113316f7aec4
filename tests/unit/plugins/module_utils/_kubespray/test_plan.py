# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which playbooks a verb takes, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Problem, Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.model import (
    VERBS,
    Inventory,
    Live,
    Node,
    Request,
    Stamp,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.plan import (
    FACTS,
    VALIDATE,
    Plan,
    Run,
    cordons,
    make_plan,
    unfinished,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.release import Release

VERSIONS = ("1.35.4", "1.35.0", "1.34.7", "1.34.2", "1.33.1")
RELEASE = Release("v2.31.0", ((2, 18, 0), (2, 19, 0)), {"amd64": VERSIONS}, commit="1c9a")
HA = Inventory(
    ("cp-1", "cp-2", "cp-3"),
    ("cp-1", "cp-2", "cp-3"),
    ("worker-1", "worker-2"),
    {name: name * 2 for name in ("cp-1", "cp-2", "cp-3", "worker-1", "worker-2")},
)


def live(version: str = "1.34.2", without: tuple[str, ...] = (), **changes: Any) -> Live:
    """The cluster of HA as a run that succeeded has left it."""
    nodes = {name: Node(name, version) for name in HA.nodes if name not in without}
    stamp = Stamp(RELEASE.identity, version, {name: HA.digests[name] for name in nodes})
    return replace(Live(nodes, stamp, tuple(nodes)), **changes)


def plan(verb: str, cluster: Live, inventory: Inventory = HA, version: str = "1.34.2", **more: Any) -> Plan:
    return make_plan(Request(verb, "lab", version, **more), inventory, RELEASE, cluster)


def test_a_new_cluster_is_deployed() -> None:
    made = plan("deploy", Live())
    assert made.runs == (VALIDATE, Run("cluster.yml"))
    assert made.reason == "there is no cluster yet"
    assert made.stamp == Stamp("v2.31.0 1c9a", "1.34.2", HA.digests)
    assert made.hosts == HA.hosts


def test_a_cluster_that_is_as_declared_takes_no_run() -> None:
    made = plan("deploy", live())
    assert made.runs == ()
    assert made.reason == "lab is as declared, Kubernetes 1.34.2 on cp-1, cp-2, cp-3, worker-1, worker-2"
    assert made.warnings == ()


@pytest.mark.parametrize(
    ("cluster", "reason"),
    [
        (live(problem="refused"), "the API server of lab does not answer: refused"),
        (live(stamp=None), "an earlier run has not finished, or the cluster was not made by this role"),
        (live(without=("worker-2",)), "worker-2 is not in the cluster lab yet"),
        (live(stamp=Stamp(RELEASE.identity, "1.34.2", {**HA.digests, "cp-2": "other"})), "variables or groups of cp-2"),
    ],
    ids=["no answer", "no stamp", "a node is missing", "variables"],
)
def test_what_makes_a_deploy_run(cluster: Live, reason: str) -> None:
    made = plan("deploy", cluster)
    assert made.runs == (VALIDATE, Run("cluster.yml"))
    assert made.reason.startswith(reason)


def test_force_makes_it_run() -> None:
    assert plan("deploy", live(), force=True).reason == "kubespray_force asks for it"


def test_a_node_that_is_taken_out_of_the_inventory_is_told_and_makes_no_run() -> None:
    inventory = replace(HA, workers=("worker-1",))
    made = plan("deploy", live(), inventory)
    assert made.runs == ()
    assert made.warnings[0].startswith("lab has worker-2, which the inventory has not;")


def test_nodes_that_are_cordoned_or_not_ready_are_told() -> None:
    nodes = {**live().nodes, "cp-2": Node("cp-2", "1.34.2", ready=False), "cp-3": Node("cp-3", "1.34.2", cordoned=True)}
    told = plan("deploy", live(nodes=nodes)).warnings
    assert told == (
        "cp-3 is cordoned, by someone or by an upgrade that failed; if it is not meant: kubectl uncordon cp-3.",
        "cp-2 is not Ready; kubectl describe node cp-2 says why.",
    )


@pytest.mark.parametrize(
    ("verb", "cluster", "request_", "said"),
    [
        (
            "deploy",
            live(),
            {"version": "1.35.4"},
            "runs Kubernetes 1.34.2, and 1.35.4 is wanted; kubespray_verb=upgrade",
        ),
        ("deploy", live("1.35.4"), {}, "which is older; Kubernetes cannot go back, so set kube_version to 1.35.4"),
        ("deploy", live(stamp=Stamp("v2.30.0 aa", "1.34.2", {})), {}, "made by Kubespray v2.30.0 aa, and v2.31.0 1c9a"),
        (
            "deploy",
            Live(),
            {"version": "1.36.0"},
            "no checksums of Kubernetes 1.36.0, only of 1.33.1 to 1.35.4; set kube",
        ),
        ("deploy", Live(), {"version": "1.34.9"}, "set kube_version to 1.34.7, say"),
        ("scale", Live(), {}, "There is no cluster lab yet for scale"),
        ("scale", live(problem="refused"), {}, "does not answer (refused)"),
        ("scale", live(without=("cp-3",)), {}, "cp-3 would become a control plane or a member of etcd"),
        ("scale", live("1.33.1", ("worker-2",)), {}, "new nodes would get 1.34.2; set kube_version to 1.33.1"),
        ("remove_node", live(), {"nodes": ("cp-1",)}, "cp-1 is the first host of kube_control_plane"),
        ("remove_node", live(), {"nodes": ("cp-3",)}, "Without cp-3 etcd would have 2 members (cp-1, cp-2)"),
        ("remove_node", Live(), {"nodes": ("worker-1",)}, "There is no cluster lab yet"),
        (
            "upgrade",
            live("1.33.1"),
            {"version": "1.35.4"},
            "more than one minor version away, which Kubernetes does not",
        ),
        ("upgrade", live("1.33.1"), {"version": "1.35.4"}, "set kube_version to 1.34.7 first"),
        ("upgrade", live("1.31.1"), {"version": "1.33.1"}, "does not know the one between, so take an older release"),
        ("upgrade", live("1.35.4"), {}, "which is older"),
        ("upgrade", Live(), {}, "There is no cluster lab yet for upgrade"),
        ("reset", live(), {}, "deletes its data on cp-1, cp-2, cp-3, worker-1, worker-2; if that is meant, add -e"),
        ("reset", live(), {"confirm": "other"}, "add -e kubespray_confirm=lab"),
    ],
)
def test_refusals(verb: str, cluster: Live, request_: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused) as caught:
        plan(verb, cluster, **request_)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("verb", "nodes", "said"),
    [
        ("deploy", ("worker-1",), "kubespray_nodes is for the verbs scale and remove_node, not for deploy"),
        ("scale", ("worker-9",), "names worker-9, which the inventory has not in the group kube_node"),
        ("remove_node", (), "needs the names of the nodes in kubespray_nodes"),
    ],
)
def test_what_cannot_be_meant(verb: str, nodes: tuple[str, ...], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        plan(verb, live(), nodes=nodes)


def test_an_inventory_without_control_planes_is_refused() -> None:
    with pytest.raises(Invalid, match="no host in the group kube_control_plane"):
        plan("deploy", Live(), Inventory((), (), ("worker-1",)))


@pytest.mark.parametrize("verb", VERBS)
def test_an_even_number_of_etcd_members_is_refused_for_all_but_the_end(verb: str) -> None:
    even = replace(HA, etcd=("cp-1", "cp-2"))
    if verb == "reset":
        assert plan(verb, live(), even, confirm="lab").runs
        return
    with pytest.raises(Refused, match=r"etcd would have 2 members \(cp-1, cp-2\)"):
        plan(verb, live(), even, nodes=("worker-1",) if verb in ("scale", "remove_node") else ())


def test_without_the_group_etcd_its_members_are_the_control_planes() -> None:
    with pytest.raises(Refused, match="etcd would have 2 members"):
        plan("deploy", Live(), Inventory(("cp-1", "cp-2"), (), ()))


def test_scaling_reads_all_facts_first_and_is_limited_to_what_is_new() -> None:
    made = plan("scale", live(without=("worker-2",)))
    assert made.runs == (VALIDATE, FACTS, Run("scale.yml", ("worker-2",)))
    assert FACTS.limit == ()
    assert made.hosts == HA.hosts
    assert made.stamp is not None
    assert made.stamp.hosts == HA.digests


def test_scaling_by_what_is_there_already_runs_nothing() -> None:
    assert plan("scale", live()).runs == ()
    made = plan("scale", live(), nodes=("worker-1",))
    assert made.runs == ()
    assert made.reason == "lab has worker-1 already"


def test_scaling_leaves_no_stamp_where_there_was_none() -> None:
    assert plan("scale", live(without=("worker-2",), stamp=None)).stamp is None


def test_a_worker_is_removed_and_is_no_more_in_the_stamp() -> None:
    made = plan("remove_node", live(), nodes=("worker-2",))
    assert made.runs[-1] == Run("remove_node.yml", extra={"node": "worker-2", "skip_confirmation": True})
    assert made.stamp is not None
    assert "worker-2" not in made.stamp.hosts
    after = plan("deploy", live(without=("worker-2",), stamp=made.stamp), replace(HA, workers=("worker-1",)))
    assert after.runs == ()


def test_a_node_that_is_gone_is_neither_reached_nor_drained() -> None:
    made = plan("remove_node", live(), nodes=("worker-2",), gone=True)
    assert made.runs[-1].extra["reset_nodes"] is False
    assert made.runs[-1].extra["allow_ungraceful_removal"] is True
    assert "worker-2" not in made.hosts


def test_two_members_of_etcd_may_go_at_once() -> None:
    assert plan("remove_node", live(), nodes=("cp-2", "cp-3")).runs[-1].extra["node"] == "cp-2,cp-3"


def test_the_first_member_of_etcd_cannot_be_removed() -> None:
    apart = Inventory(("cp-1",), ("etcd-1", "etcd-2", "etcd-3"), ("worker-1",))
    nodes = {"cp-1": Node("cp-1", "1.34.2")}
    with pytest.raises(Refused, match="etcd-1 is the first host of etcd"):
        plan("remove_node", Live(nodes), apart, nodes=("etcd-1", "etcd-2"))


def test_removing_again_what_is_removed_runs_nothing() -> None:
    made = plan("remove_node", live(without=("worker-2",)), nodes=("worker-2",))
    assert made.runs == ()
    assert made.reason == "worker-2 is not in the cluster lab any more"


def test_what_is_not_in_the_inventory_cannot_be_removed() -> None:
    nodes = {**live().nodes, "worker-9": Node("worker-9", "1.34.2")}
    with pytest.raises(Refused, match="worker-9 is in the cluster lab and not in the inventory"):
        plan("remove_node", live(nodes=nodes), nodes=("worker-9",))


def test_an_upgrade_by_one_minor_version_that_failed_goes_on() -> None:
    mixed = live(nodes={**live("1.35.4").nodes, "worker-2": Node("worker-2", "1.34.2", cordoned=True)}, stamp=None)
    made = plan("upgrade", mixed, version="1.35.4")
    assert made.runs == (VALIDATE, FACTS, Run("upgrade_cluster.yml"))
    assert "kubectl uncordon worker-2" in made.warnings[0]


def test_an_upgrade_that_is_done_runs_nothing() -> None:
    assert plan("upgrade", live("1.35.4"), version="1.35.4").runs == ()


def test_another_kubespray_is_an_upgrade_as_well() -> None:
    older = live(stamp=Stamp("v2.30.0 aa", "1.34.2", HA.digests))
    assert plan("upgrade", older).runs[-1] == Run("upgrade_cluster.yml")


def test_reset_with_the_name() -> None:
    made = plan("reset", live(), confirm="lab")
    assert made.runs[-1] == Run("reset.yml", extra={"reset_confirmation": True, "skip_confirmation": True})
    assert made.stamp is None


def test_reset_of_nothing_runs_nothing() -> None:
    assert plan("reset", Live()).runs == ()


def test_what_could_not_be_looked_at_is_not_taken_for_empty() -> None:
    away = {"worker-2": "worker-2 is not reached (no route); see that it is up."}
    for cluster in (Live(silent=away), live(silent=away)):
        with pytest.raises(Refused, match=r"It is not known what worker-2 has of Kubernetes, .* is not reached"):
            plan("reset", cluster, confirm="lab")


@pytest.mark.parametrize("verb", ["scale", "remove_node", "upgrade"])
def test_a_control_plane_that_could_not_be_looked_at_is_not_taken_for_no_cluster(verb: str) -> None:
    cluster = Live(silent={"cp-1": "cp-1 is not reached (no route); see that it is up."})
    with pytest.raises(Refused, match=r"not known which nodes lab has. cp-1 is not reached"):
        plan(verb, cluster, nodes=("worker-1",) if verb != "upgrade" else ())


def test_cordons_of_before_and_of_the_run() -> None:
    nodes = {name: Node(name, "1.34.2", cordoned=True) for name in ("a", "b", "c")}
    left, asked = cordons(Live(nodes), ["c"])
    assert left.startswith("The run has left a, b cordoned")
    assert left.endswith("look at what is wrong with them, then kubectl uncordon a b.")
    assert asked.startswith("c is cordoned, by someone")


@pytest.mark.parametrize(
    ("verb", "nodes", "cluster", "said"),
    [
        ("deploy", (), live(problem="refused"), "The API server of lab does not answer after the run: refused"),
        ("deploy", (), live(without=("cp-2",)), "cp-2 is not in the cluster lab after the run"),
        (
            "upgrade",
            (),
            live(nodes={**live().nodes, "cp-2": Node("cp-2", "1.33.1")}),
            "cp-2 runs 1.33.1, and 1.34.2 was",
        ),
        ("deploy", (), live(nodes={**live().nodes, "cp-2": Node("cp-2", "1.34.2", ready=False)}), "cp-2 is not Ready"),
        ("scale", ("worker-2",), live(without=("worker-2",)), "worker-2 is not in the cluster lab after the run"),
        ("remove_node", ("worker-2",), live(), "worker-2 is still in the cluster lab after the run"),
        ("remove_node", ("worker-2",), live(without=("worker-2",)), ""),
        ("deploy", (), live(), ""),
        ("reset", (), Live(problem="refused"), ""),
    ],
)
def test_what_is_not_as_it_should_be_after_a_run(verb: str, nodes: tuple[str, ...], cluster: Live, said: str) -> None:
    problem = unfinished(Request(verb, "lab", "1.34.2", nodes), HA, cluster, ready=True)
    assert problem.startswith(said) if not said.startswith("cp-2 runs") else said in problem
    assert bool(problem) == bool(said)


def test_nodes_need_not_be_ready_where_somebody_else_makes_their_network() -> None:
    cluster = live(nodes={**live().nodes, "cp-2": Node("cp-2", "1.34.2", ready=False)})
    assert unfinished(Request("deploy", "lab", "1.34.2"), HA, cluster, ready=False) == ""


@pytest.mark.parametrize("verb", ["deploy", "scale", "upgrade"])
@pytest.mark.parametrize("missing", [(), ("worker-2",), ("worker-1", "worker-2")], ids=len)
@pytest.mark.parametrize("was", ["1.34.2", "1.33.1"])
def test_it_converges(verb: str, missing: tuple[str, ...], was: str) -> None:
    """What a run has done, as the stamp says it, takes no second run."""
    try:
        made = plan(verb, live(was, missing))
    except Problem:
        return
    nodes = {name: Node(name, "1.34.2") for name in HA.nodes}
    assert plan(verb, Live(nodes, made.stamp or live(was, missing).stamp, HA.hosts)).runs == ()
