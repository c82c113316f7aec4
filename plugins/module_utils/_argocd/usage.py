# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the pods of an application ask for, may have at most, and use now. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Optional

# Of a quantity of Kubernetes, like 250m or 1Gi, its number: kubernetes.utils.parse_quantity.
Quantity = Callable[[str], Any]

RESOURCES = ("cpu", "memory")


def usage(
    pods: Sequence[Mapping[str, Any]], metrics: Optional[Iterable[Mapping[str, Any]]], quantity: Quantity
) -> dict[str, Any]:
    """Cores and bytes. ``metrics``: the PodMetrics of metrics.k8s.io, None where nobody measures.

    A limit is known only where every container has one.
    """
    running = [pod for pod in pods if pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")]
    containers = [container for pod in running for container in _containers(pod)]
    measured = None if metrics is None else _measured(metrics, running)
    told: dict[str, Any] = {"pods": len(running)}
    for resource in RESOURCES:
        requests = [_of(container, "requests", resource, quantity) for container in containers]
        limits = [_of(container, "limits", resource, quantity) for container in containers]
        told[resource] = {
            "requested": sum(request for request in requests if request is not None),
            "limit": None if None in limits else sum(limit for limit in limits if limit is not None),
            "used": None
            if measured is None
            else sum(float(quantity(container["usage"][resource])) for container in measured),
        }
    return told


def _containers(pod: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Those that run beside each other: the others begin and end before."""
    sidecars = [each for each in pod["spec"].get("initContainers", []) if each.get("restartPolicy") == "Always"]
    return [*sidecars, *pod["spec"].get("containers", [])]


def _of(container: Mapping[str, Any], part: str, resource: str, quantity: Quantity) -> Optional[float]:
    text = (container.get("resources") or {}).get(part, {}).get(resource)
    return None if text is None else float(quantity(text))


def _measured(metrics: Iterable[Mapping[str, Any]], pods: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    names = {(pod["metadata"]["namespace"], pod["metadata"]["name"]) for pod in pods}
    return [
        container
        for each in metrics
        if (each["metadata"]["namespace"], each["metadata"]["name"]) in names
        for container in each["containers"]
    ]
