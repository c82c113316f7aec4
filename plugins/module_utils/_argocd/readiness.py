# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Whether Deployments and StatefulSets are rolled out, and why not. No I/O.

What counts is what ``kubectl rollout status`` counts (pkg/polymorphichelpers/rollout_status.go).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.pods import Trouble, selects, trouble_of

Object = Mapping[str, Any]

# A container lacks something that may come: upstream's Redis makes the Secret of its password when it first starts.
_MAY_COME = "CreateContainerConfigError"


@dataclass(frozen=True)
class Unready:
    """A workload that is not rolled out, and what is known of it."""

    name: str  # as kubectl writes it: deployment/argocd-server
    namespace: str
    state: str
    troubles: tuple[Trouble, ...] = ()
    in_the_way: str = ""  # an old pod for which its StatefulSet waits for ever

    @property
    def lasting(self) -> bool:
        """Whether it does not heal by itself."""
        return bool(self.in_the_way) or any(
            trouble.lasting and _MAY_COME not in trouble.reason for trouble in self.troubles
        )

    def __str__(self) -> str:
        reasons = "; ".join(f"pod {trouble.pod}: {trouble.reason}" for trouble in self.troubles[:2])
        look = f"kubectl describe {self.name} -n {self.namespace}"
        if self.troubles:
            look = f"kubectl describe pod {self.troubles[0].pod.partition('/')[2]} -n {self.namespace}"
        if self.in_the_way:
            look = (
                "this pod is older than what is wanted now, and its StatefulSet waits for it: "
                f"kubectl delete pod {self.in_the_way} -n {self.namespace}"
            )
        return f"{self.name} is not ready, {self.state} ({'; '.join(filter(None, (reasons, look)))})"


def unready(workloads: Sequence[Object], pods: Sequence[Object]) -> list[Unready]:
    """Those that are not rolled out, in the order that they were given in."""
    found = []
    for workload in workloads:
        state = _state(workload)
        if state:
            kind, metadata = workload["kind"], workload["metadata"]
            own = [pod for pod in pods if selects(workload, pod)]
            troubled = [(trouble, pod) for trouble, pod in ((trouble_of(pod), pod) for pod in own) if trouble]
            troubled.sort(key=lambda pair: not pair[0].lasting)
            old = [
                pod["metadata"]["name"] for _trouble, pod in troubled if kind == "StatefulSet" and _old(workload, pod)
            ]
            found.append(
                Unready(
                    f"{kind.lower()}/{metadata['name']}",
                    metadata["namespace"],
                    state,
                    tuple(trouble for trouble, _pod in troubled),
                    old[0] if old else "",
                )
            )
    return found


def _state(workload: Object) -> Optional[str]:
    """What is missing; None if it is rolled out."""
    status, wanted = workload.get("status", {}), workload["spec"].get("replicas", 1)
    if status.get("observedGeneration", 0) < workload["metadata"]["generation"]:
        return "not looked at by its controller yet"
    for condition in status.get("conditions", []):
        if condition["type"] == "ReplicaFailure" and condition["status"] == "True":
            return " ".join(condition.get("message", "no pod can be made").split())
    updated = status.get("updatedReplicas", 0)
    ready = status.get("readyReplicas" if workload["kind"] == "StatefulSet" else "availableReplicas", 0)
    if updated < wanted:
        return f"{updated} of {wanted} pods are as wanted now"
    if ready < wanted:
        return f"{ready} of {wanted} pods are ready"
    if status.get("replicas", 0) > wanted:
        return f"{status['replicas'] - wanted} old pods have not ended yet"
    return None


def _old(workload: Object, pod: Object) -> bool:
    revision = workload.get("status", {}).get("updateRevision")
    return bool(pod["metadata"].get("labels", {}).get("controller-revision-hash") != revision)
