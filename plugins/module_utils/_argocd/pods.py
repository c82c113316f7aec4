# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Why the pods of an application do not run, told from pods and the objects that control them. No I/O.

Argo CD calls an application whose image does not exist Progressing until the Deployment's deadline (10 minutes). The
kubelet writes the reason into the pod's status at once (pkg/kubelet/images and pkg/kubelet/kuberuntime of Kubernetes).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Optional

_CORRECT = "correct it in Git, or revert the commit"
# Why a container waits and does not come out of it by itself, and what to do; all other reasons may heal.
_LASTING = {
    **dict.fromkeys(
        "ErrImagePull ImagePullBackOff InvalidImageName ErrImageNeverPull ImageInspectError RegistryUnavailable"
        " SignatureValidationFailed CreateContainerError RunContainerError".split(),
        _CORRECT,
    ),
    "CreateContainerConfigError": "create what it lacks, or correct it in Git",
}
_STARTING = ("", "ContainerCreating", "PodInitializing")
# While it backs off, the kubelet repeats the last error (Kubernetes 1.32 and later).
_BACK_OFF = re.compile(r'Back-off pulling image "[^"]*": (\w+): (.+)', re.DOTALL)

_REVISION = "deployment.kubernetes.io/revision"


class Resource(NamedTuple):
    """Names one object of the cluster."""

    group: str
    kind: str
    namespace: str
    name: str


# What has pods, so that an application's health depends on theirs.
WORKLOADS = (
    ("", "Pod"),
    ("apps", "DaemonSet"),
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("batch", "Job"),
)


@dataclass(frozen=True)
class Trouble:
    """Why one pod does not run. ``lasting``: it does not heal by itself. ``advice``: what to do, if that is known."""

    uid: str
    pod: str
    reason: str
    advice: str = ""
    lasting: bool = False

    @property
    def namespace(self) -> str:
        return self.pod.partition("/")[0]

    @property
    def name(self) -> str:
        return self.pod.partition("/")[2]

    def __str__(self) -> str:
        return f"pod {self.pod}: {'; '.join(filter(None, (self.reason, self.advice)))}"


def trouble_of(pod: Mapping[str, Any]) -> Optional[Trouble]:
    """What keeps the pod from running, the lasting before what may heal; None if nothing does, or if it is over."""
    if "deletionTimestamp" in pod["metadata"] or pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return None
    found = sorted(_troubles_of(pod), key=lambda trouble: not trouble.lasting)
    return found[0] if found else None


def controller(child: Mapping[str, Any]) -> Optional[Resource]:
    """The object that controls this one, as its ownerReferences name it."""
    metadata = child["metadata"]
    for owner in metadata.get("ownerReferences", []):
        if owner.get("controller"):
            group = owner["apiVersion"].rpartition("/")[0]
            return Resource(group, owner["kind"], metadata["namespace"], owner["name"])
    return None


def selects(workload: Mapping[str, Any], pod: Mapping[str, Any]) -> bool:
    """Whether the pod is one of the workload's, by its labels."""
    labels = pod["metadata"].get("labels", {})
    selector = workload["spec"]["selector"].get("matchLabels", {})
    return (
        bool(selector)
        and pod["metadata"]["namespace"] == workload["metadata"]["namespace"]
        and all(labels.get(key) == value for key, value in selector.items())
    )


def troubles(
    pods: Iterable[Mapping[str, Any]], owners: Mapping[Resource, Mapping[str, Any]], deployed: Collection[Resource]
) -> tuple[Trouble, ...]:
    """Why pods of what was ``deployed`` do not run, the lasting first.

    ``owners``: what controls the pods, and what controls that. Pods of an older generation say nothing of what was
    deployed last and are passed over, unless it is a StatefulSet's, which can stand in the way of the newest.
    """
    found = []
    for pod in pods:
        trouble = trouble_of(pod)
        line = list(_line(pod, owners))
        itself = Resource("", "Pod", pod["metadata"]["namespace"], pod["metadata"]["name"])
        if trouble and any(name in deployed for name in (itself, *(name for name, _child in line))):
            older = {name.kind for name, child in line if not _is_newest(child, name.kind, owners.get(name))}
            if older == {"StatefulSet"}:
                trouble = _in_the_way(trouble, itself)
            if older <= {"StatefulSet"}:
                found.append(trouble)
    return tuple(sorted(found, key=lambda trouble: not trouble.lasting))


def belonging(
    pods: Iterable[Mapping[str, Any]], owners: Mapping[Resource, Mapping[str, Any]], deployed: Collection[Resource]
) -> Iterator[Mapping[str, Any]]:
    """Those of the pods that are what was ``deployed``, or are controlled by it."""
    for pod in pods:
        itself = Resource("", "Pod", pod["metadata"]["namespace"], pod["metadata"]["name"])
        if any(name in deployed for name in (itself, *(name for name, _child in _line(pod, owners)))):
            yield pod


def _line(
    pod: Mapping[str, Any], owners: Mapping[Resource, Mapping[str, Any]]
) -> Iterator[tuple[Resource, Mapping[str, Any]]]:
    """What controls the pod, what controls that, and so on; each with the object below it."""
    left = dict(owners)  # each once, lest two that name each other are followed for ever
    child: Optional[Mapping[str, Any]] = pod
    while child is not None:
        name = controller(child)
        if name:
            yield name, child
        child = left.pop(name, None) if name else None


def _is_newest(child: Mapping[str, Any], kind: str, owner: Optional[Mapping[str, Any]]) -> bool:
    """Whether the child is as its owner wants it now."""
    if owner is None or kind not in ("DaemonSet", "Deployment", "StatefulSet"):
        return True
    labels, annotations = child["metadata"].get("labels", {}), owner["metadata"].get("annotations", {})
    if kind == "Deployment":
        has, wanted = child["metadata"].get("annotations", {}).get(_REVISION), annotations.get(_REVISION)
    elif kind == "StatefulSet":
        has, wanted = labels.get("controller-revision-hash"), owner["status"].get("updateRevision")
    else:
        has = labels.get("pod-template-generation")
        wanted = annotations.get("deprecated.daemonset.template.generation")
    return bool(has == wanted and owner["metadata"]["generation"] == owner["status"].get("observedGeneration"))


def _in_the_way(trouble: Trouble, pod: Resource) -> Trouble:
    return replace(
        trouble,
        advice=(
            "it is older than what Git says now, and its StatefulSet waits for it before it makes the new one: "
            f"kubectl delete pod {pod.name} -n {pod.namespace}"
        ),
    )


def _troubles_of(pod: Mapping[str, Any]) -> Iterator[Trouble]:
    metadata, status = pod["metadata"], pod.get("status", {})
    uid, name = metadata["uid"], f"{metadata['namespace']}/{metadata['name']}"
    for container in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
        reason, message = _why_not(container)
        if reason not in _STARTING:
            told = _sentence(f"container {container['name']}", reason, message)
            yield Trouble(uid, name, told, _LASTING.get(reason, ""), reason in _LASTING)
    for condition in status.get("conditions", []):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            yield Trouble(uid, name, _sentence(condition.get("reason", ""), condition.get("message", "")))


def _sentence(*parts: str) -> str:
    """One line, to which more can be said."""
    return ": ".join(" ".join(part.split()).rstrip(".") for part in parts if part)


def _why_not(container: Mapping[str, Any]) -> tuple[str, str]:
    """Why a container does not run, as reason and message; without its last words, which may be of any content."""
    state = container.get("state", {})
    waiting = state.get("waiting", {})
    reason, message = waiting.get("reason", ""), waiting.get("message", "")
    back_off = _BACK_OFF.fullmatch(message)
    if back_off:
        return back_off[1], back_off[2]
    ended = (
        container.get("lastState", {}).get("terminated") if reason == "CrashLoopBackOff" else state.get("terminated")
    )
    if ended and ended.get("reason") == "StartError":  # nothing of it ran: these are the words of the runtime
        return "RunContainerError", ended.get("message", "")
    if ended and reason:
        return reason, f"{message}; last exit code {ended['exitCode']} ({ended.get('reason', '')})"
    if ended and ended["exitCode"]:
        return ended.get("reason", "Error"), f"exit code {ended['exitCode']}"
    return reason, message
