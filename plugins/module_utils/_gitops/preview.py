# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What an application would deploy: as Argo CD would apply it, and whether a secret stands in it. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._core.redact import SECRET

IN_CLUSTER = "https://kubernetes.default.svc"
# The repository that is previewed, in the place of its URL, which nobody needs to know.
REPOSITORY = "https://preview.invalid"

# Of an application's options for Kustomize, those that a kustomization has in the same words.
_OPTIONS = frozenset("namePrefix nameSuffix namespace patches replicas commonLabels commonAnnotations".split())
_HOOKS = ("argocd.argoproj.io/hook", "helm.sh/hook")
_TRACKING = "argocd.argoproj.io/tracking-id"
_NAMES = rf"{SECRET}|pass|credentials|secret[-_]?key"
_SECRET_NAME = re.compile(rf"(?:{_NAMES})$", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|://[^/\s:@$]+:[^/\s@$]+@"
    rf"|(?<![\w-])--?[\w-]*(?:{_NAMES})=(?!\$)\S",
    re.IGNORECASE,
)
# What cannot be one, whatever its name says: nothing, a reference to another variable, a switch, a number.
_NO_SECRET = re.compile(r"|\$\(\w+\)|true|false|\d+(?:\.\d+)?", re.IGNORECASE)


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


def plain_secrets(objects: Sequence[Mapping[str, Any]]) -> list[str]:
    """One line for each place where a secret stands as it is. The value is not told."""
    return [f"{each['kind']}/{each['metadata']['name']}: {where}" for each in objects for where in _plain(each)]


def _plain(each: Mapping[str, Any]) -> Iterator[str]:
    if each["kind"] == "Secret":
        data = {**(each.get("data") or {}), **(each.get("stringData") or {})}
        filled = sorted(name for name, value in data.items() if value)
        if filled:
            yield ", ".join(filled)
        return
    for path, name, text in _texts(each):
        if _SECRET_TEXT.search(text) or (_SECRET_NAME.search(name) and not _NO_SECRET.fullmatch(text)):
            yield path


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str, str]]:
    """All texts, with where they stand, and the name of those that are an environment variable or in a ConfigMap."""
    if isinstance(value, Mapping):
        named_value = isinstance(value.get("name"), str)
        for key, item in value.items():
            below = f"{path}.{key}" if path else str(key)
            if isinstance(item, str) and key == "value" and named_value:
                yield f"{path}.{value['name']}", value["name"], item
            elif isinstance(item, str):
                yield below, str(key) if path == "data" else "", item
            else:
                yield from _texts(item, below)
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, str):
                yield path, "", item
            else:
                yield from _texts(item, path)
