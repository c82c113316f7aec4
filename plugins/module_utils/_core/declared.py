# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Objects of the Kubernetes API that are declared by server-side apply: the actions, and whether one is as declared.

No discovery and no schema: the server compares, and here only what was declared is compared with what is there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Refused

# Under this name the server remembers which fields are ours, so that an option that was dropped is removed.
FIELD_MANAGER = "ai_how.cloud"

Path = tuple[str, ...]
ABSENT = object()


@dataclass(frozen=True)
class Apply:
    """Server-side apply of a manifest. ``key`` names the object to the user."""

    key: Any
    manifest: Mapping[str, Any]


@dataclass(frozen=True)
class Delete:
    """Delete the object with this uid."""

    key: Any
    uid: str


@dataclass(frozen=True)
class Observed:
    """One object as the API server gave it.

    ``twins``: the names of other objects that say the same thing. ``users``: the objects that may refer to it.
    """

    raw: Mapping[str, Any]
    twins: tuple[str, ...] = ()
    users: tuple[Mapping[str, Any], ...] = ()

    @property
    def name(self) -> str:
        return str(self.raw["metadata"]["name"])


def plan_present(key: Any, manifest: Mapping[str, Any], observed: Optional[Observed]) -> tuple[Apply, ...]:
    """Nothing, or one Apply."""
    if observed and "deletionTimestamp" in observed.raw["metadata"]:
        raise Refused(f"{key} is being deleted; wait until it is gone, then declare it again")
    return () if observed and is_applied(manifest, observed.raw) else (Apply(key, manifest),)


def plan_absent(key: Any, observed: Optional[Observed]) -> tuple[Delete, ...]:
    """Nothing where it is gone or going, else its deletion."""
    if observed is None or "deletionTimestamp" in observed.raw["metadata"]:
        return ()
    return (Delete(key, observed.raw["metadata"]["uid"]),)


def is_applied(manifest: Mapping[str, Any], live: Mapping[str, Any], not_ours: Collection[Path] = ()) -> bool:
    """Whether applying would change nothing: every value is there, and we own nothing beyond them but ``not_ours``."""
    wanted = dict(leaves(applied_part(manifest)))
    if not all(is_there(value, lookup(live, path)) for path, value in wanted.items()):
        return False
    owned = [path for path in owned_paths(live) if path not in not_ours]
    return all(path in wanted for path in owned if lookup(live, path) is not ABSENT)


def applied_part(manifest: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {name: manifest["metadata"][name] for name in ("labels", "annotations") if name in manifest["metadata"]}
    finalizers: dict[str, Any] = {name: {} for name in manifest["metadata"].get("finalizers", [])}
    if finalizers:
        metadata["finalizers"] = finalizers
    return {**{name: manifest[name] for name in manifest if name not in ("apiVersion", "kind")}, "metadata": metadata}


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Paths and values; a list is one value (lists of these kinds are atomic), and so is an empty structure."""
    if isinstance(value, Mapping) and value and not is_finalizer(path):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif path != ("metadata",):
        yield path, value


def is_finalizer(path: Path) -> bool:
    return len(path) == 3 and path[:2] == ("metadata", "finalizers")


def lookup(live: Mapping[str, Any], path: Path) -> Any:
    if is_finalizer(path):
        return {} if path[2] in live["metadata"].get("finalizers", []) else ABSENT
    value: Any = live
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return ABSENT
        value = value[key]
    return value


def is_there(wanted: Any, live: Any) -> bool:
    """Whether ``live`` is the leaf ``wanted``. An empty structure is, too, if others have put something into it."""
    return isinstance(live, Mapping) if wanted == {} else equal(wanted, live)


def equal(one: Any, other: Any) -> bool:
    """Equal as JSON is: unlike in Python, ``true`` is not 1."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(equal(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def owned_paths(live: Mapping[str, Any]) -> Sequence[Path]:
    """The leaves that we applied, says managedFields (fieldsV1: ``f:name`` a field, ``v:"x"`` an item of a set)."""
    entries: list[Path] = []
    for manager in live["metadata"].get("managedFields", []):
        if manager.get("manager") == FIELD_MANAGER and manager.get("operation") == "Apply":
            entries.extend(field_paths(manager.get("fieldsV1", {})))
    return entries


def field_paths(fields: Mapping[str, Any], path: Path = ()) -> Iterator[Path]:
    names = {name: below for name, below in fields.items() if name[:2] in ("f:", "v:")}
    if not names and path:
        yield path
    for name, below in names.items():
        yield from field_paths(below, (*path, name[2:] if name[0] == "f" else name[2:].strip('"')))
