# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Server-side apply of one object, small but faithful: what the API server keeps, who owns what, what is removed.

As seen in a real one (Kubernetes 1.36, the CRD of Argo CD 3.6): lists are atomic, except finalizers, which are a set;
maps are granular; an applied structure is owned as a whole only while it is empty; empty labels and annotations are
owned, but not kept; an update by others marks the structures on its way with ``.``.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str, ...]
_FINALIZERS = ("metadata", "finalizers")


class Server:
    """One Application (or what has ``part`` beside metadata) and its managers."""

    def __init__(self, part: str = "spec") -> None:
        self._part = part
        self._values: dict[Path, Any] = {}
        self._owned: dict[tuple[str, str], list[Path]] = {}
        self._names: dict[str, str] = {}

    @property
    def object(self) -> dict[str, Any] | None:
        """The object as a client gets it; None before anything was applied."""
        if not self._names:
            return None
        raw: dict[str, Any] = {
            "metadata": {**self._names, "uid": "1", "resourceVersion": "1"},
            self._part: {},
        }
        for path, value in self._values.items():
            if path[:2] == _FINALIZERS:
                raw["metadata"].setdefault("finalizers", []).append(path[2])
            elif not (path[0] == "metadata" and len(path) == 2):
                holder = raw
                for name in path[:-1]:
                    holder = holder.setdefault(name, {})
                holder.setdefault(path[-1], copy.deepcopy(value))
        raw["metadata"]["managedFields"] = [
            {"manager": manager, "operation": operation, "fieldsV1": fields_of(paths, dots=operation == "Update")}
            for (manager, operation), paths in self._owned.items()
            if paths
        ]
        return raw

    def apply(self, manifest: Mapping[str, Any], manager: str) -> None:
        """Server-side apply with force: fields of ours that are not given any more go, unless others own them, too."""
        given = _leaves_of(manifest, self._part)
        mine = (manager, "Apply")
        for path in self._owned.get(mine, []):
            if path not in given and not any(
                _within(path, other) for who, paths in self._owned.items() if who != mine for other in paths
            ):
                self._drop(path)
        self._set(manifest, given)
        self._owned[mine] = list(given)
        for who, paths in self._owned.items():
            if who != mine:
                self._owned[who] = [path for path in paths if path in self._values or path in given]

    def update(self, manifest: Mapping[str, Any], manager: str) -> None:
        """A patch or update by somebody else: sets fields and owns what it changed."""
        given = _leaves_of(manifest, self._part)
        changed = [path for path, value in given.items() if self._values.get(path, _NOTHING) != value]
        self._set(manifest, given)
        self._owned.setdefault((manager, "Update"), []).extend(changed)
        for who, paths in self._owned.items():
            if who[0] != manager:
                self._owned[who] = [path for path in paths if path not in changed]

    def _set(self, manifest: Mapping[str, Any], given: Mapping[Path, Any]) -> None:
        metadata = manifest["metadata"]
        self._names = {"name": metadata["name"], "namespace": metadata["namespace"]}
        for path, value in given.items():
            for end in range(1, len(path)):  # a structure that was empty is not any more
                if self._values.get(path[:end]) == {}:
                    del self._values[path[:end]]
            if value == {} and any(_within(path, other) for other in self._values):
                continue
            self._values[path] = copy.deepcopy(value)

    def _drop(self, path: Path) -> None:
        self._values.pop(path, None)


_NOTHING = object()


def _within(path: Path, other: Path) -> bool:
    return other[: len(path)] == path


def _leaves_of(manifest: Mapping[str, Any], part: str) -> dict[Path, Any]:
    metadata = manifest["metadata"]
    found: dict[Path, Any] = {(*_FINALIZERS, name): {} for name in metadata.get("finalizers", [])}
    for name in ("labels", "annotations"):
        if name in metadata:
            found.update(_leaves(metadata[name], ("metadata", name)))
    found.update(_leaves(manifest.get(part, {}), (part,)))
    return found


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from _leaves(item, (*path, name))
    else:
        yield path, value


def fields_of(paths: list[Path], dots: bool) -> dict[str, Any]:
    """Paths in the form of managedFields."""
    fields: dict[str, Any] = {}
    for path in paths:
        holder = fields
        for depth, name in enumerate(path):
            prefixed = f'v:"{name}"' if path[:2] == _FINALIZERS and depth == 2 else f"f:{name}"
            holder = holder.setdefault(prefixed, {".": {}} if dots and 0 < depth < len(path) - 1 else {})
    return fields
