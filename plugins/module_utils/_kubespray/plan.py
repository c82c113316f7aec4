# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which playbooks of Kubespray a verb takes, given what is there; or why it is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.model import (
    DEPLOY,
    REMOVE_NODE,
    RESET,
    SCALE,
    UPGRADE,
    Inventory,
    Live,
    Request,
    Stamp,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.release import Release
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.versions import minor, version


@dataclass(frozen=True)
class Run:
    """One run of ansible-playbook. ``extra`` has no secrets: it stands in its arguments."""

    playbook: str
    limit: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """``reason``: why there are runs, or why there are none. ``stamp``: what is left behind after a success."""

    runs: tuple[Run, ...]
    reason: str
    warnings: tuple[str, ...] = ()
    stamp: Optional[Stamp] = None
    hosts: tuple[str, ...] = ()  # that must be fit for it


VALIDATE = Run("boilerplate.yml")
# Kubespray's own check of the cache passes without it where it is stale, and a template fails a minute later
FACTS = Run("facts.yml")


def make_plan(request: Request, inventory: Inventory, release: Release, live: Live) -> Plan:
    """Raises Invalid for what cannot be meant, and Refused for what would not work or would do harm."""
    _check_inventory(request, inventory)
    if request.verb not in (REMOVE_NODE, RESET):
        _check_version(request, release)
    if request.nodes and request.verb not in (SCALE, REMOVE_NODE):
        raise Invalid(f"kubespray_nodes is for the verbs scale and remove_node, not for {request.verb}; leave it out.")
    return _PLANNERS[request.verb](request, inventory, release, live)


def cordons(cluster: Live, before: Sequence[str] = ()) -> list[str]:
    """A sentence about nodes that take no pods; ``before``: those that did not before the run either."""
    left = [name for name in cluster.cordoned if name not in before]
    asked = [name for name in cluster.cordoned if name in before]
    sentences = []
    if left:
        sentences.append(
            f"The run has left {', '.join(left)} cordoned, and no later run of Kubespray changes that: look at what is "
            f"wrong with {_it(left)}, then kubectl uncordon {' '.join(left)}."
        )
    if asked:
        sentences.append(
            f"{', '.join(asked)} {_is(asked)} cordoned, by someone or by an upgrade that failed; if it is not meant: "
            f"kubectl uncordon {' '.join(asked)}."
        )
    return sentences


def unfinished(request: Request, inventory: Inventory, live: Live, ready: bool) -> str:
    """What is not as it should be after a run that succeeded; empty if nothing. ``ready``: whether nodes must be."""
    if request.verb == RESET:
        return ""
    if live.problem:
        return f"The API server of {request.name} does not answer after the run: {live.problem}"
    gone = [name for name in request.nodes if name in live.nodes] if request.verb == REMOVE_NODE else []
    if gone:
        return f"{_list(gone)} {_is(gone)} still {_in(request.name)} after the run; look for the reason in its log."
    wanted = _wanted_after(request, inventory)
    missing = [name for name in wanted if name not in live.nodes]
    if missing:
        return f"{_list(missing)} {_is(missing)} not {_in(request.name)} after the run; look for the reason in its log."
    others = [name for name in wanted if live.nodes[name].version != request.version]
    if others and request.verb != REMOVE_NODE:
        seen = ", ".join(f"{name} runs {live.nodes[name].version}" for name in others)
        return f"After the run {seen}, and {request.version} was expected; look for the reason in its log."
    away = [name for name in wanted if not live.nodes[name].ready]
    if ready and away:
        return f"{_list(away)} {_is(away)} not Ready after the run; kubectl describe node {away[0]} says why."
    return ""


def _wanted_after(request: Request, inventory: Inventory) -> Sequence[str]:
    if request.verb == SCALE:
        return request.nodes
    if request.verb == REMOVE_NODE:
        return ()
    return inventory.nodes


# Refusals that hold for every verb


def _check_inventory(request: Request, inventory: Inventory) -> None:
    if not inventory.control_planes:
        raise Invalid("The inventory has no host in the group kube_control_plane; Kubespray needs one at least.")
    members = inventory.etcd or inventory.control_planes
    if len(members) % 2 == 0 and request.verb != RESET:
        raise Refused(
            f"etcd would have {len(members)} members ({', '.join(members)}), and an even number of them bears no more "
            "failures than one less does; take one out of the group etcd or add one."
        )


def _check_version(request: Request, release: Release) -> None:
    if any(request.version in known for known in release.kubernetes.values()):
        return
    like = [each for each in release.known if minor(each) == minor(request.version)]
    nearest = like[0] if like else release.known[0]
    raise Refused(
        f"Kubespray {release.version} has no checksums of Kubernetes {request.version}, only of {release.known[-1]} to "
        f"{release.known[0]}; set kube_version to {nearest}, say, or take another release of Kubespray."
    )


# The verbs


def _deploy(request: Request, inventory: Inventory, release: Release, live: Live) -> Plan:
    stamp = Stamp(release.identity, request.version, dict(inventory.digests))
    warnings = _warnings(request, inventory, live)
    if live.nodes:
        _refuse_another_version(request, live, stamp)
    reason = _why_deploy(request, inventory, live, stamp)
    if not reason:
        return Plan(
            (), f"{request.name} is as declared, Kubernetes {request.version} on {_list(inventory.nodes)}", warnings
        )
    return Plan((VALIDATE, Run("cluster.yml")), reason, warnings, stamp, inventory.hosts)


def _why_deploy(request: Request, inventory: Inventory, live: Live, wanted: Stamp) -> str:
    if live.problem:
        return f"the API server of {request.name} does not answer: {live.problem}"
    if not live.nodes:
        return "there is no cluster yet"
    if request.force:
        return "kubespray_force asks for it"
    if not live.stamp:
        return "an earlier run has not finished, or the cluster was not made by this role"
    missing = [name for name in inventory.nodes if name not in live.nodes]
    if missing:
        return f"{', '.join(missing)} {_is(missing)} not {_in(request.name)} yet"
    changed = [name for name in inventory.hosts if live.stamp.hosts.get(name) != wanted.hosts.get(name)]
    if changed:
        return f"variables or groups of {_list(changed)} have changed since the last run"
    return ""


def _refuse_another_version(request: Request, live: Live, wanted: Stamp) -> None:
    """cluster.yml would upgrade all nodes at once and drain none."""
    upgrade = "kubespray_verb=upgrade does that node by node"
    others = sorted({node.version for node in live.nodes.values()} - {request.version}, key=version)
    if others:
        _refuse_downgrade(request, others)
        raise Refused(
            f"{request.name} runs Kubernetes {', '.join(others)}, and {request.version} is wanted; {upgrade}, and "
            f"without an upgrade set kube_version to {others[-1]}."
        )
    if live.stamp and live.stamp.release != wanted.release and not request.force:
        raise Refused(
            f"{request.name} was made by Kubespray {live.stamp.release}, and {wanted.release} is wanted, which has "
            f"other versions of etcd, containerd and the like; {upgrade}."
        )


def _refuse_downgrade(request: Request, versions: Sequence[str]) -> None:
    newest = max(versions, key=version)
    if version(newest) > version(request.version):
        raise Refused(
            f"{request.name} runs Kubernetes {newest}, and {request.version} is wanted, which is older; Kubernetes "
            f"cannot go back, so set kube_version to {newest} or newer."
        )


def _scale(request: Request, inventory: Inventory, release: Release, live: Live) -> Plan:
    _need_cluster(request, inventory, live)
    new = [name for name in inventory.nodes if name not in live.nodes]
    nodes = request.nodes or tuple(new)
    unknown = [name for name in nodes if name not in inventory.nodes]
    if unknown:
        raise Invalid(
            f"kubespray_nodes names {_list(unknown)}, which the inventory has not in the group kube_node; add it."
        )
    nodes = tuple(name for name in nodes if name in new or request.force)
    rulers = [name for name in nodes if name in inventory.control_planes or name in inventory.etcd]
    if rulers:
        raise Refused(
            f"{_list(rulers)} would become a control plane or a member of etcd, and scale adds workers only; "
            "kubespray_verb=deploy adds the others."
        )
    warnings = _warnings(request, inventory, live, new)
    if not nodes:
        return Plan((), f"{request.name} has {_list(request.nodes or inventory.nodes)} already", warnings)
    others = sorted({node.version for node in live.nodes.values()} - {request.version}, key=version)
    if others:
        raise Refused(
            f"{request.name} runs Kubernetes {', '.join(others)}, and new nodes would get {request.version}; set "
            f"kube_version to {others[-1]}, or upgrade first with kubespray_verb=upgrade."
        )
    stamp = _restamped(live, {name: inventory.digests[name] for name in nodes if name in inventory.digests})
    runs = (VALIDATE, FACTS, Run("scale.yml", nodes))
    # Kubespray reads the facts of all hosts, so all of them must be fit
    return Plan(runs, f"{', '.join(nodes)} {_is(nodes)} not {_in(request.name)} yet", warnings, stamp, inventory.hosts)


def _remove_node(request: Request, inventory: Inventory, release: Release, live: Live) -> Plan:
    if not request.nodes:
        raise Invalid("kubespray_verb=remove_node needs the names of the nodes in kubespray_nodes.")
    _need_cluster(request, inventory, live)
    _refuse_removal(request, inventory)
    warnings = tuple(cordons(live, live.cordoned))
    nodes = tuple(name for name in request.nodes if name in live.nodes or request.force)
    if not nodes:
        return Plan((), f"{_list(request.nodes)} {_is(request.nodes)} not {_in(request.name)} any more", warnings)
    unknown = [name for name in nodes if name not in inventory.hosts]
    if unknown:
        raise Refused(
            f"{_list(unknown)} {_is(unknown)} {_in(request.name)} and not in the inventory, and Kubespray removes only "
            "what it finds there; put it back until it is removed."
        )
    away = {"reset_nodes": False, "allow_ungraceful_removal": True} if request.gone else {}
    run = Run("remove_node.yml", extra={"node": ",".join(nodes), "skip_confirmation": True, **away})
    stamp = _restamped(live, {}, nodes)
    needed = tuple(name for name in inventory.hosts if not (request.gone and name in nodes))
    return Plan((VALIDATE, run), f"{_list(nodes)} {_is(nodes)} to be removed", warnings, stamp, needed)


def _refuse_removal(request: Request, inventory: Inventory) -> None:
    members = inventory.etcd or inventory.control_planes
    for group, first in (("kube_control_plane", inventory.control_planes[0]), ("etcd", members[0])):
        if first in request.nodes:
            raise Refused(
                f"{first} is the first host of {group}, which Kubespray cannot remove; put another one first in the "
                "inventory, run kubespray_verb=deploy with kubespray_force=true, and remove it then."
            )
    left = [name for name in members if name not in request.nodes]
    if len(left) % 2 == 0:
        raise Refused(
            f"Without {_list([name for name in members if name in request.nodes])} etcd would have {len(left)} members "
            f"({', '.join(left)}), and an even number is refused by Kubespray; remove or add another one with it."
        )


def _upgrade(request: Request, inventory: Inventory, release: Release, live: Live) -> Plan:
    _need_cluster(request, inventory, live)
    versions = [node.version for node in live.nodes.values()]
    _refuse_downgrade(request, versions)
    oldest = min(versions, key=version)
    if minor(request.version) > minor(oldest) + 1:
        step = next((each for each in release.known if minor(each) == minor(oldest) + 1), "")
        way = (
            f"set kube_version to {step} first"
            if step
            else f"Kubespray {release.version} does not know the one between, so take an older release of it first"
        )
        raise Refused(
            f"{request.name} runs Kubernetes {oldest}, and {request.version} is more than one minor version away, "
            f"which Kubernetes does not support; {way}."
        )
    stamp = Stamp(release.identity, request.version, dict(inventory.digests))
    warnings = _warnings(request, inventory, live)
    same_release = live.stamp is not None and live.stamp.release == release.identity
    if set(versions) == {request.version} and same_release and not request.force:
        return Plan((), f"{request.name} runs Kubernetes {request.version} already", warnings)
    reason = f"{request.name} runs Kubernetes {oldest}, and {request.version} of Kubespray {release.version} is wanted"
    return Plan((VALIDATE, FACTS, Run("upgrade_cluster.yml")), reason, warnings, stamp, inventory.hosts)


def _reset(request: Request, inventory: Inventory, release: Release, live: Live) -> Plan:
    if live.silent:
        raise Refused(
            f"It is not known what {_list(list(live.silent))} {_have(list(live.silent))} of Kubernetes, so nothing was "
            f"reset; bring back what is to be reset, and leave out what is lost with kubespray_left_out. "
            f"{' '.join(live.silent.values())}"
        )
    if not live.traces and not live.nodes:
        return Plan((), f"{_list(inventory.hosts)} {_have(inventory.hosts)} nothing of Kubernetes")
    if request.confirm != request.name:
        raise Refused(
            f"This ends the cluster {request.name} and all that runs on it, and deletes its data on "
            f"{_list(inventory.hosts)}; if that is meant, add -e kubespray_confirm={request.name}."
        )
    run = Run("reset.yml", extra={"reset_confirmation": True, "skip_confirmation": True})
    there = live.traces or inventory.hosts
    return Plan((VALIDATE, run), f"{_list(there)} {_is(there)} to be reset")


_Planner = Callable[[Request, Inventory, Release, Live], Plan]
_PLANNERS: Mapping[str, _Planner] = {
    DEPLOY: _deploy,
    SCALE: _scale,
    REMOVE_NODE: _remove_node,
    UPGRADE: _upgrade,
    RESET: _reset,
}


# Parts that several verbs have


def _need_cluster(request: Request, inventory: Inventory, live: Live) -> None:
    unseen = live.silent.get(inventory.control_planes[0])
    if unseen:
        raise Refused(f"It is not known which nodes {request.name} has. {unseen}")
    if live.problem:
        raise Refused(
            f"The API server of {request.name} does not answer ({live.problem}), so it is not known which nodes there "
            "are; bring it back, or run kubespray_verb=deploy."
        )
    if not live.nodes:
        raise Refused(f"There is no cluster {request.name} yet for {request.verb}; make it with kubespray_verb=deploy.")


def _restamped(live: Live, more: Mapping[str, str], less: Sequence[str] = ()) -> Optional[Stamp]:
    """The stamp of before with other hosts; none where there was none: a deploy that failed stays unfinished."""
    if not live.stamp:
        return None
    hosts = {name: digest for name, digest in {**live.stamp.hosts, **more}.items() if name not in less}
    return Stamp(live.stamp.release, live.stamp.version, hosts)


def _warnings(request: Request, inventory: Inventory, live: Live, new: Sequence[str] = ()) -> tuple[str, ...]:
    warnings = cordons(live, live.cordoned)
    strange = sorted(name for name in live.nodes if name not in inventory.nodes)
    if strange:
        warnings.append(
            f"{request.name} has {_list(strange)}, which the inventory has not; kubespray_verb=remove_node removes "
            "what is in the inventory, and kubectl delete node what is not there any more."
        )
    away = sorted(name for name in inventory.nodes if name in live.nodes and not live.nodes[name].ready)
    if away:
        warnings.append(f"{_list(away)} {_is(away)} not Ready; kubectl describe node {away[0]} says why.")
    return tuple(warnings)


def _list(names: Sequence[str]) -> str:
    """Named, of many the first ones."""
    return ", ".join(names) if len(names) <= 5 else f"{', '.join(names[:4])} and {len(names) - 4} more"


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _have(names: Sequence[str]) -> str:
    return "has" if len(names) == 1 else "have"


def _it(names: Sequence[str]) -> str:
    return "it" if len(names) == 1 else "them"


def _in(name: str) -> str:
    return f"in the cluster {name}"
