# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: restarts
short_description: Workloads that run with old values of Secrets
version_added: 0.1.0
author:
  - ai_how.cloud contributors (@ai-how)
description:
  - Of Deployments and StatefulSets, those whose environment comes from a Secret that was written after one of their
    pods was made. Kubernetes hands new values to new pods only.
  - Servers come before their clients, which are known by a label C(ai-how.cloud/<server>-client) of their pods.
  - Made for the role P(ai_how.cloud.gitops_apps#role). It may change or go without notice; use it in no other place.
options:
  _input:
    description: Deployments, StatefulSets and Pods, as the API server has them.
    type: list
    elements: dict
    required: true
  secrets:
    description: The Secrets that count, as the API server has them. Their data is not needed.
    type: list
    elements: dict
    required: true
  rotated:
    description: Names of those Secrets that are going to be written, and so are newer than any pod.
    type: list
    elements: str
    default: []
positional: secrets, rotated
"""

EXAMPLES = r"""
- name: Say what runs with an old password
  ansible.builtin.debug:
    msg: "{{ (workloads + pods) | ai_how.cloud.restarts(secrets) | map(attribute='name') }}"
"""

RETURN = r"""
_value:
  description: One entry for each workload, with C(kind), C(namespace) and C(name).
  type: list
  elements: dict
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.pods import selects

Object = Mapping[str, Any]


def restarts(objects: Sequence[Object], secrets: Sequence[Object], rotated: Sequence[str] = ()) -> list[dict[str, str]]:
    """``[{"kind": "Deployment", "namespace": "mlops", "name": "mlflow"}]``, servers before their clients."""
    written = {_key(secret): _written(secret) for secret in secrets}
    pods = [each for each in objects if each["kind"] == "Pod" and _runs(each)]
    found = []
    for workload in objects:
        if workload["kind"] == "Pod":
            continue
        namespace, name = _key(workload)
        used = {secret for secret in _secrets(workload) if (namespace, secret) in written}
        made = [pod["metadata"]["creationTimestamp"] for pod in pods if selects(workload, pod)]
        if any(secret in rotated or any(time <= written[namespace, secret] for time in made) for secret in used):
            found.append((_is_client(workload), {"kind": workload["kind"], "namespace": namespace, "name": name}))
    return [workload for _is_last, workload in sorted(found, key=lambda pair: pair[0])]


def _runs(pod: Object) -> bool:
    over = pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
    return not over and "deletionTimestamp" not in pod["metadata"]


def _key(thing: Object) -> tuple[str, str]:
    return thing["metadata"]["namespace"], thing["metadata"]["name"]


def _written(secret: Object) -> str:
    """When its data was last changed, as RFC 3339 in UTC: such times compare as texts."""
    times: list[str] = [secret["metadata"]["creationTimestamp"]]
    for entry in secret["metadata"].get("managedFields", []):
        if "f:data" in entry.get("fieldsV1", {}) and "time" in entry:
            times.append(entry["time"])
    return max(times)


def _secrets(workload: Object) -> Iterator[str]:
    """The names of the Secrets from which the environment of its containers comes."""
    pod = workload["spec"]["template"]["spec"]
    for container in [*pod["containers"], *pod.get("initContainers", [])]:
        references = [entry.get("valueFrom", {}).get("secretKeyRef") for entry in container.get("env", [])]
        references += [entry.get("secretRef") for entry in container.get("envFrom", [])]
        yield from (reference["name"] for reference in references if reference)


def _is_client(workload: Object) -> bool:
    labels = workload["spec"]["template"]["metadata"].get("labels", {})
    return any(label.startswith("ai-how.cloud/") and label.endswith("-client") for label in labels)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., list[dict[str, str]]]]:
        return {"restarts": restarts}
