# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What must be written so that an Application is as wanted: a pure function of what is wanted and what was seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, Union

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import (
    REFRESH_ANNOTATION,
    RESOURCES_FINALIZER,
    Desired,
    Key,
    Observed,
    not_a_commit,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Refused

# Under this name the server remembers which fields are ours, so that an option that was dropped is removed.
FIELD_MANAGER = "ai_how.cloud"

CASCADES: Mapping[str, Optional[str]] = {
    "foreground": f"{RESOURCES_FINALIZER}/foreground",
    "background": f"{RESOURCES_FINALIZER}/background",
    "orphan": None,
}


@dataclass(frozen=True)
class Apply:
    """Server-side apply of a manifest."""

    key: Key
    manifest: Mapping[str, Any]


@dataclass(frozen=True)
class SetFinalizers:
    """Say what becomes of the deployed resources, before the application is deleted."""

    key: Key
    before: tuple[str, ...]
    after: tuple[str, ...]
    resource_version: str


@dataclass(frozen=True)
class Delete:
    """Delete the application with this uid."""

    key: Key
    uid: str


Action = Union[Apply, SetFinalizers, Delete]


def plan_present(desired: Desired, observed: Optional[Observed]) -> tuple[Action, ...]:
    """Nothing, or one Apply."""
    _require_commits(desired, observed)
    if observed is None:
        _require_complete(desired)
    elif observed.deleting and desired.declares:
        raise Refused(
            f"{desired.key} is being deleted; wait until it is gone (state: absent with wait), then declare it again"
        )
    if not desired.declares or (observed is not None and _is_applied(desired.manifest, observed.raw)):
        return ()
    return (Apply(desired.key, desired.manifest),)


def plan_absent(key: Key, observed: Optional[Observed], cascade: Optional[str]) -> tuple[Action, ...]:
    """Nothing where it is gone; else the finalizers that ``cascade`` asks for, then the deletion.

    Of an application that is being deleted finalizers can only be taken, which frees one that is stuck.
    """
    if observed is None or (observed.deleting and cascade != "orphan"):
        return ()
    deletion = () if observed.deleting else (Delete(key, observed.uid),)
    if cascade is None:
        return deletion
    before = tuple(observed.raw["metadata"].get("finalizers", []))
    wanted = CASCADES[cascade]
    after = tuple(name for name in before if name.split("/")[0] != RESOURCES_FINALIZER) + ((wanted,) if wanted else ())
    if before == after:
        return deletion
    return (SetFinalizers(key, before, after, observed.resource_version), *deletion)


def require_existing(desired: Desired, observed: Optional[Observed], state: str) -> Observed:
    """The application, for a state that does not declare it. Raises Invalid where it cannot be meant."""
    if desired.declares:
        raise Invalid(f"{desired.key}: state: {state} declares nothing; leave out all options but those of that state")
    if observed is None:
        raise Invalid(f"{desired.key} does not exist in namespace {desired.key.namespace}; correct the name")
    return observed


def _require_commits(desired: Desired, observed: Optional[Observed]) -> None:
    spec = desired.manifest.get("spec", {})
    if observed and not {"source", "sources"} & set(spec):
        spec = observed.raw.get("spec", {})
    wrong = not_a_commit(desired.revisions, spec.get("sources") or [spec.get("source", {})])
    if wrong:
        raise Invalid(
            f'{desired.key}: "{wrong}" cannot be the revision to wait for, since it is no commit; give 7 or more '
            "digits of one (git rev-parse), and branches and tags as target_revision of the source"
        )


def _require_complete(desired: Desired) -> None:
    spec = desired.manifest.get("spec", {})
    missing = [name for name in ("destination",) if name not in spec]
    if not {"source", "sources"} & set(spec):
        missing.insert(0, "source")
    if missing:
        raise Invalid(
            f"{desired.key} does not exist in namespace {desired.key.namespace}, and {' and '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not given; give what is missing to create it, or correct the name"
        )


def _is_applied(manifest: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    """Whether applying would change nothing: every value is there, and we own nothing beyond them."""
    wanted = dict(_leaves(_applied_part(manifest)))
    if not all(_is_there(value, _lookup(live, path)) for path, value in wanted.items()):
        return False
    return all(path in wanted for path in _owned(live) if _lookup(live, path) is not _ABSENT)


def _applied_part(manifest: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {name: manifest["metadata"][name] for name in ("labels", "annotations") if name in manifest["metadata"]}
    finalizers: dict[str, Any] = {name: {} for name in manifest["metadata"].get("finalizers", [])}
    if finalizers:
        metadata["finalizers"] = finalizers
    return {"metadata": metadata, "spec": manifest.get("spec", {})}


Path = tuple[str, ...]
_ABSENT = object()


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Paths and values; a list is one value (lists of this CRD are atomic), and so is an empty structure."""
    if isinstance(value, Mapping) and value and not _is_finalizer(path):
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif path != ("metadata",):
        yield path, value


def _is_finalizer(path: Path) -> bool:
    return len(path) == 3 and path[:2] == ("metadata", "finalizers")


def _lookup(live: Mapping[str, Any], path: Path) -> Any:
    if _is_finalizer(path):
        return {} if path[2] in live["metadata"].get("finalizers", []) else _ABSENT
    value: Any = live
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return _ABSENT
        value = value[key]
    return value


def _is_there(wanted: Any, live: Any) -> bool:
    """Whether ``live`` is the leaf ``wanted``. An empty structure is, too, if others have put something into it."""
    return isinstance(live, Mapping) if wanted == {} else _equal(wanted, live)


def _equal(one: Any, other: Any) -> bool:
    """Equal as JSON is: unlike in Python, ``true`` is not 1."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_equal(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _owned(live: Mapping[str, Any]) -> Sequence[Path]:
    """The leaves that we applied, says managedFields (fieldsV1: ``f:name`` a field, ``v:"x"`` an item of a set)."""
    entries: list[Path] = []
    for manager in live["metadata"].get("managedFields", []):
        if manager.get("manager") == FIELD_MANAGER and manager.get("operation") == "Apply":
            entries.extend(_field_paths(manager.get("fieldsV1", {})))
    refresh = ("metadata", "annotations", REFRESH_ANNOTATION)
    return [path for path in entries if path != refresh]


def _field_paths(fields: Mapping[str, Any], path: Path = ()) -> Iterator[Path]:
    names = {name: below for name, below in fields.items() if name[:2] in ("f:", "v:")}
    if not names and path:
        yield path
    for name, below in names.items():
        yield from _field_paths(below, (*path, name[2:] if name[0] == "f" else name[2:].strip('"')))
