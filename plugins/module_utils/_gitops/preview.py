# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What an application would deploy, as Argo CD would apply it. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid

IN_CLUSTER = "https://kubernetes.default.svc"
# The repository that is previewed, in the place of its URL, which nobody needs to know.
REPOSITORY = "https://preview.invalid"

# Of an application's options for Kustomize, those that a kustomization has in the same words.
_OPTIONS = frozenset("namePrefix nameSuffix namespace patches replicas commonLabels commonAnnotations".split())
_HOOKS = ("argocd.argoproj.io/hook", "helm.sh/hook")
_TRACKING = "argocd.argoproj.io/tracking-id"


def kustomization(name: str, source: Mapping[str, Any], to_top: str) -> dict[str, Any]:
    """What the application asks of Kustomize, as a kustomization of its own; ``to_top`` leads from it to the top."""
    options = dict(source.get("kustomize", {}))
    paths = [posixpath.join(source["path"], path) for path in options.pop("components", [])]
    unknown = set(options) - _OPTIONS
    if unknown:
        raise Invalid(
            f"{name} asks Kustomize for {', '.join(sorted(unknown))}, which cannot be previewed; ask for it in the"
            " kustomization.yaml instead."
        )
    components = [posixpath.normpath(posixpath.join(to_top, path)) for path in paths]
    return {**options, "resources": [posixpath.join(to_top, source["path"])], "components": components}


def not_previewed(app: Mapping[str, Any], source: Mapping[str, Any], branch: str) -> str:
    """Why a source is not what the checkout has; empty if it is."""
    destination = app["spec"]["destination"]
    if destination.get("server", IN_CLUSTER) != IN_CLUSTER or destination.get("name", "in-cluster") != "in-cluster":
        return f"it is for another cluster, {destination.get('name') or destination['server']}"
    if not source:
        return "its source is hydrated"
    if source.get("repoURL") != REPOSITORY:
        return f"its source is {source.get('repoURL')}"
    if source.get("targetRevision") != branch:
        return f"it follows {source.get('targetRevision')}, not {branch}"
    if "plugin" in source:
        return f"a plugin makes its manifests, {source['plugin'].get('name', 'which Argo CD finds')}"
    return ""


def as_applied(app: Mapping[str, Any], objects: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The objects as Argo CD applies them: with its mark, and without hooks, which it makes anew with each sync."""
    namespace = app["spec"]["destination"].get("namespace", "")
    found = []
    for each in objects:
        metadata = each["metadata"]
        annotations = metadata.get("annotations") or {}
        if not any(hook in annotations for hook in _HOOKS):
            group = each["apiVersion"].rpartition("/")[0]
            place = metadata.get("namespace", namespace)
            mark = f"{app['metadata']['name']}:{group}/{each['kind']}:{place}/{metadata['name']}"
            found.append({**each, "metadata": {**metadata, "annotations": {**annotations, _TRACKING: mark}}})
    return found


def named(app: Mapping[str, Any], objects: Sequence[Mapping[str, Any]]) -> list[str]:
    """``group/kind/namespace/name`` of each object; the namespace is the application's where none is said."""
    namespace = app["spec"]["destination"].get("namespace", "")
    return [
        "/".join(
            (
                each["apiVersion"].rpartition("/")[0],
                each["kind"],
                each["metadata"].get("namespace", namespace),
                each["metadata"]["name"],
            )
        )
        for each in objects
    ]
