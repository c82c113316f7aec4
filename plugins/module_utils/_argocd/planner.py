# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What must be written so that an Application is as wanted: a pure function of what is wanted and what was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional, Union

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import (
    REQUEST_ANNOTATIONS,
    RESOURCES_FINALIZER,
    SOURCES,
    Desired,
    Key,
    Observed,
    not_a_commit,
    raw_sources,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import Apply, Delete, is_applied
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Refused

_NOT_DECLARED = tuple(("metadata", "annotations", name) for name in REQUEST_ANNOTATIONS)

# What means the same to Argo CD as an empty structure of the sync policy.
_EMPTY: Mapping[str, Mapping[str, Any]] = {"automated": {"enabled": True}, "retry": {"limit": 0}}

CASCADES: Mapping[str, Optional[str]] = {
    "foreground": f"{RESOURCES_FINALIZER}/foreground",
    "background": f"{RESOURCES_FINALIZER}/background",
    "orphan": None,
}


@dataclass(frozen=True)
class SetFinalizers:
    """Say what becomes of the deployed resources (``cascade``), before the application with this uid is deleted."""

    key: Key
    uid: str
    cascade: str
    after: tuple[str, ...]
    resource_version: str


Action = Union[Apply, SetFinalizers, Delete]


def plan_present(
    desired: Desired, observed: Optional[Observed], given: Optional[Mapping[str, Any]] = None
) -> tuple[Action, ...]:
    """Nothing, or one Apply. ``given``: the spec with what is false or empty, which the manifest leaves out."""
    _require_commits(desired, observed)
    if observed is None:
        _require_complete(desired)
    elif observed.deleting and desired.declares:
        raise Refused(
            f"{desired.key} is being deleted; wait until it is gone (state: absent with wait), then declare it again"
        )
    if not desired.declares:
        return ()
    manifest = desired.manifest
    if observed and "spec" in manifest:
        manifest = {**manifest, "spec": _with_denied(manifest["spec"], given or {}, observed.raw["spec"])}
    manifests = (manifest, _still_there(manifest, observed))
    if observed and any(is_applied(manifest, observed.raw, _NOT_DECLARED) for manifest in manifests):
        return ()
    return (Apply(desired.key, manifests[-1]),)


def _with_denied(wanted: Mapping[str, Any], given: Mapping[str, Any], live: Mapping[str, Any]) -> Mapping[str, Any]:
    """``wanted``, with the false of ``given`` where the live object says something of it."""
    kept = dict(wanted)
    for name in given.keys() & live.keys():
        if given[name] is False:
            kept[name] = False
        elif isinstance(given[name], Mapping) and isinstance(live[name], Mapping):
            below = _with_denied(wanted.get(name, {}), given[name], live[name])
            if below:
                kept[name] = below
    return kept


def _still_there(manifest: Mapping[str, Any], observed: Optional[Observed]) -> Mapping[str, Any]:
    """Empty structures of the sync policy said in another way, where something is in them that may be dropped.

    The API server makes null of a structure whose last field is dropped, and refuses it then.
    """
    policy = manifest.get("spec", {}).get("syncPolicy", {})
    there = observed.raw["spec"].get("syncPolicy", {}) if observed else {}
    said = {name: value for name, value in _EMPTY.items() if policy.get(name) == {} and there.get(name)}
    return {**manifest, "spec": {**manifest["spec"], "syncPolicy": {**policy, **said}}} if said else manifest


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
    return (SetFinalizers(key, observed.uid, cascade, after, observed.resource_version), *deletion)


def finalizers_again(action: SetFinalizers, observed: Optional[Observed]) -> Optional[SetFinalizers]:
    """The action for what is there now, since somebody was faster; None if nothing is left to be said.

    A deletion that has begun meanwhile takes no more finalizers, and what is there may be another application.
    """
    there = observed if observed and observed.uid == action.uid else None
    return next((one for one in plan_absent(action.key, there, action.cascade) if isinstance(one, SetFinalizers)), None)


def require_existing(desired: Desired, observed: Optional[Observed], state: str) -> Observed:
    """The application, for a state that does not declare it. Raises Invalid where it cannot be meant."""
    if desired.declares:
        raise Invalid(f"{desired.key}: state: {state} declares nothing; leave out all options but those of that state")
    if observed is None:
        raise Invalid(f"{desired.key} does not exist in namespace {desired.key.namespace}; correct the name")
    return observed


def _require_commits(desired: Desired, observed: Optional[Observed]) -> None:
    spec = desired.manifest.get("spec", {})
    if observed and not set(SOURCES) & set(spec):
        spec = observed.raw.get("spec", {})
    wrong = not_a_commit(desired.revisions, raw_sources(spec))
    if wrong:
        raise Invalid(
            f'{desired.key}: "{wrong}" cannot be the revision to wait for, since it is no commit; give 7 or more '
            "digits of one (git rev-parse), and branches and tags as target_revision of the source"
        )


def _require_complete(desired: Desired) -> None:
    spec = desired.manifest.get("spec", {})
    missing = [name for name in ("destination",) if name not in spec]
    if not set(SOURCES) & set(spec):
        missing.insert(0, "source")
    if missing:
        raise Invalid(
            f"{desired.key} does not exist in namespace {desired.key.namespace}, and {' and '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not given; give what is missing to create it, or correct the name"
        )
