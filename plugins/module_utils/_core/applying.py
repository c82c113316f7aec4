# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What server-side apply makes of an object, for a server that has none. No I/O.

Such a server writes for all its users under one name, so managedFields do not tell which fields are ours. They are
noted in an annotation of the object, in the form of managedFields, and shown to the rest of this collection as an
entry of them.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import (
    ABSENT,
    FIELD_MANAGER,
    Path,
    applied_part,
    field_paths,
    is_finalizer,
    is_there,
    leaves,
    lookup,
    owned_paths,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Refused

# Kubernetes takes no underscore in the prefix.
APPLIED_ANNOTATION = "ai-how.cloud/applied"


def noted(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The object with the fields that are ours in managedFields, and without the annotation that says so."""
    annotations = dict(raw["metadata"].get("annotations", {}))
    note = annotations.pop(APPLIED_ANNOTATION, "")
    if not note:
        return dict(raw)
    metadata = {name: value for name, value in raw["metadata"].items() if name != "annotations"}
    if annotations:
        metadata["annotations"] = annotations
    try:
        fields = json.loads(note)
    except ValueError:  # somebody has written it: nothing is known then
        fields = {}
    ours = {"manager": FIELD_MANAGER, "operation": "Apply", "fieldsV1": fields if isinstance(fields, dict) else {}}
    metadata["managedFields"] = [*metadata.get("managedFields", []), ours]
    return {**raw, "metadata": metadata}


def merged(key: Any, manifest: Mapping[str, Any], live: Optional[Mapping[str, Any]], force: bool) -> dict[str, Any]:
    """The object that applying makes of ``live`` (as :func:`noted` gives it), to be written as a whole.

    Raises Refused where that would change fields of other managers, unless ``force``.
    """
    wanted = dict(leaves(applied_part(manifest)))
    ours = set(owned_paths(live)) if live else set()
    others = _others(live["metadata"].get("managedFields", []), ours) if live else {}
    if live and not force:
        _refuse_conflicts(key, wanted, live, others)
    metadata = live["metadata"] if live else {}
    kept = {name: metadata[name] for name in ("labels", "annotations", "finalizers") if name in metadata}
    body: dict[str, Any] = copy.deepcopy(
        {
            **{name: manifest[name] for name in ("apiVersion", "kind") if name in manifest},
            "metadata": {"name": manifest["metadata"]["name"], "namespace": manifest["metadata"]["namespace"], **kept},
            "spec": live.get("spec", {}) if live else {},
        }
    )
    for path in ours - wanted.keys() - others.keys():
        _remove(body, path)
    for path, value in wanted.items():
        if not is_there(value, lookup(body, path)):
            _put(body, path, value)
    note = json.dumps(_fields(wanted), sort_keys=True, separators=(",", ":"))
    body["metadata"].setdefault("annotations", {})[APPLIED_ANNOTATION] = note
    return body


def _refuse_conflicts(
    key: Any, wanted: Mapping[Path, Any], live: Mapping[str, Any], others: Mapping[Path, str]
) -> None:
    conflicts = [
        f'conflict with "{others[path]}": .{".".join(path)}'
        for path, value in wanted.items()
        if path in others and not is_there(value, lookup(live, path))
    ]
    if conflicts:
        raise Refused(
            f"{key}: {'; '.join(conflicts)}; take the fields out of the task, or take them over with "
            "force_conflicts: true"
        )


def _others(managers: Iterable[Mapping[str, Any]], ours: Collection[Path]) -> dict[Path, str]:
    """The fields of other managers.

    What is ours is also the server's, which wrote it for us; the server is who owns the annotation.
    """
    found: dict[Path, str] = {}
    for manager in managers:
        if manager.get("manager") == FIELD_MANAGER and manager.get("operation") == "Apply":
            continue
        paths = set(field_paths(manager.get("fieldsV1", {})))
        wrote_ours = ("metadata", "annotations", APPLIED_ANNOTATION) in paths
        found.update({path: str(manager.get("manager")) for path in paths if not (wrote_ours and path in ours)})
    return found


def _put(body: dict[str, Any], path: Path, value: Any) -> None:
    if is_finalizer(path):
        body["metadata"].setdefault("finalizers", []).append(path[2])
        return
    holder = body
    for name in path[:-1]:
        if not isinstance(holder.get(name), dict):
            holder[name] = {}
        holder = holder[name]
    holder[path[-1]] = copy.deepcopy(value)


def _remove(body: dict[str, Any], path: Path) -> None:
    """The field, and what is empty without it."""
    if is_finalizer(path):
        left = [name for name in body["metadata"].get("finalizers", []) if name != path[2]]
        body["metadata"]["finalizers"] = left
        return
    if lookup(body, path) is ABSENT:
        return
    holders = [body]
    for name in path[:-1]:
        holders.append(holders[-1][name])
    del holders[-1][path[-1]]
    for name, holder in reversed(list(zip(path[1:-1], holders[1:]))):
        if holder[name]:
            return
        del holder[name]


def _fields(paths: Iterable[Path]) -> dict[str, Any]:
    """Paths in the form of managedFields (fieldsV1)."""
    fields: dict[str, Any] = {}
    for path in paths:
        below = fields
        for name in _names(path):
            below = below.setdefault(name, {})
    return fields


def _names(path: Path) -> Iterator[str]:
    for name in path[:2] if is_finalizer(path) else path:
        yield f"f:{name}"
    if is_finalizer(path):
        yield f"v:{json.dumps(path[2])}"
