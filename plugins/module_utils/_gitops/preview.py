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

# The repository that is previewed, in the place of its URL, which nobody needs to know.
REPOSITORY = "https://preview.invalid"

# Of an application's options for Kustomize, those that a kustomization has in the same words.
_OPTIONS = frozenset("namePrefix nameSuffix namespace patches replicas commonLabels commonAnnotations".split())
_HOOKS = ("argocd.argoproj.io/hook", "helm.sh/hook")
_TRACKING = "argocd.argoproj.io/tracking-id"
_SECRET_NAME = re.compile(r"pass(?:word|wd|phrase)|secret|token|(?:api|access|private)[-_]?key", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----|://[^/\s:@$]+:[^/\s@$]+@")


def kustomization(name: str, source: Mapping[str, Any], to_top: str) -> dict[str, Any]:
    """What the application asks of Kustomize, as a kustomization of its own; ``to_top`` leads from it to the top."""
    options = dict(source.get("kustomize", {}))
    paths = [posixpath.join(source["path"], path) for path in options.pop("components", [])]
    unknown = set(options) - _OPTIONS
    if unknown:
        raise Invalid(
            f"{name} asks Kustomize for {', '.join(sorted(unknown))}, which is not previewed; ask for it in the"
            " kustomization.yaml, or leave the application out of the preview."
        )
    components = [posixpath.normpath(posixpath.join(to_top, path)) for path in paths]
    return {**options, "resources": [posixpath.join(to_top, source["path"])], "components": components}


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


def plain_secrets(objects: Sequence[Mapping[str, Any]]) -> list[str]:
    """One line for each place where a secret stands as it is. The value is not told."""
    return [f"{each['kind']}/{each['metadata']['name']}: {where}" for each in objects for where in _plain(each)]


def _plain(each: Mapping[str, Any]) -> Iterator[str]:
    if each["kind"] == "Secret" and (each.get("data") or each.get("stringData")):
        yield ", ".join(sorted({**(each.get("data") or {}), **(each.get("stringData") or {})}))
        return
    for path, name, value in _texts(each):
        if (_SECRET_NAME.search(name) and " " not in value) or _SECRET_VALUE.search(value):
            yield path


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Texts that a person gave a name: of environment variables, and of the data of a ConfigMap."""
    if isinstance(value, Mapping):
        if isinstance(value.get("value"), str) and isinstance(value.get("name"), str):
            yield f"{path}.{value['name']}", value["name"], value["value"]
        for key, item in value.items():
            below = f"{path}.{key}" if path else str(key)
            if path == "data" and isinstance(item, str):
                yield below, str(key), item
            yield from _texts(item, below)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, path)
