# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is to be sealed anew, and what becomes of a SealedSecret. Pure: certificate and session keys are handed in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional, Union

from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import (
    Delete,
    Observed,
    plan_absent,
    plan_present,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._core.redact import Hidden, Public
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed import document, envelope
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed.model import (
    API_VERSION,
    KIND,
    PROOFS,
    SEALED_FOR,
    SecretKey,
    Wanted,
    blanked,
    part,
    scope_of,
    scoped,
)


@dataclass(frozen=True)
class Seen:
    """What is there. ``raw``: the SealedSecret, empty if there is none; in a file, ``others`` are not ours to read.

    ``opened``: the values of those of its items that the controller has opened into the live Secret. ``unread``: why
    there are none of them.
    """

    raw: Mapping[str, Any] = field(default_factory=dict)
    opened: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    unread: str = ""
    fingerprint: str = ""


@dataclass(frozen=True)
class Seal:
    """Write ``manifest``, after the items in ``values`` are sealed into it. ``proven``: values whose proof is added."""

    key: SecretKey
    manifest: Mapping[str, Any]
    scope: str
    values: Mapping[str, bytes] = field(repr=False)
    proven: Mapping[str, bytes] = field(repr=False)
    hmac_key: str = field(repr=False)


Action = Union[Seal, Delete]


def sealed(action: Seal, certificate: Optional[envelope.Certificate], session_keys: Sequence[bytes]) -> dict[str, Any]:
    """The SealedSecret that is written; a session key for each of ``action.values``, and no certificate without any."""
    key = action.key
    label = envelope.label(action.scope, key.namespace, key.name)
    items = dict(action.manifest["spec"]["encryptedData"])
    annotations = dict(action.manifest["metadata"].get("annotations") or {})
    marks, proofs = entries(annotations, SEALED_FOR), entries(annotations, PROOFS)
    if certificate:
        for (name, value), session_key in zip(action.values.items(), session_keys):
            items[name] = envelope.seal(certificate.public_key, value, label, session_key)
            marks[name] = envelope.mark(certificate.fingerprint, items[name])
            proofs.pop(name, None)
    for name, value in action.proven.items():
        proofs[name] = envelope.proof(action.hmac_key, key.namespace, key.name, name, items[name], value)
    annotations.update({at: as_json(found) for at, found in ((SEALED_FOR, marks), (PROOFS, proofs)) if found})
    metadata = {**action.manifest["metadata"], **({"annotations": annotations} if annotations else {})}
    return {
        **action.manifest,
        "metadata": metadata,
        "spec": {**action.manifest["spec"], "encryptedData": items},
    }


class SealedSecrets:
    """The secrets of one task; a domain of the runner."""

    def __init__(self, params: Mapping[str, Any], items: Sequence[Wanted]) -> None:
        self.items = items
        self._state: str = params["state"]
        self._hmac_key: str = params["hmac_key"] or ""
        self._force: bool = params["force"]
        self._renew: bool = params["renew"]
        self._cluster: bool = params["cluster"]
        self._blanked = list(blanked(params))

    @property
    def returned(self) -> bool:
        """Whether they are written nowhere."""
        return not self._cluster and not self.items[0].key.path

    def plan(self, item: Wanted, seen: Seen) -> Sequence[Action]:
        there = Observed(seen.raw) if seen.raw else None
        if self._state == "absent":
            if not item.key.path:
                return plan_absent(item.key, there)
            return (Delete(item.key, ""),) if there else ()
        scope = self._scope(item, seen)
        action = self._seal(item, seen, scope)
        if not action.values and not _items(action.manifest) and not part(action.manifest, "spec", "template", "data"):
            raise Refused(f"{item.key} would hold nothing; give a key or keep one, or delete it with state: absent")
        as_it_is = action.manifest if action.values else sealed(action, None, ())
        if not action.values and item.key.path:
            return () if as_it_is == seen.raw else (action,)
        if not action.values and there and not set(_items(seen.raw)) - set(_items(as_it_is)):
            return (action,) if plan_present(item.key, as_it_is, there) else ()
        if there:
            plan_present(item.key, as_it_is, there)  # refuses one that is being deleted
        return (action,)

    def foresee(self, item: Wanted, seen: Seen, changed: bool) -> tuple[bool, str]:
        """Check mode: the plan is all that would be done."""
        verb = "deleted" if self._state == "absent" else "changed" if seen.raw else "created"
        return changed, f"would be {verb}" if changed else ""

    def warnings(self, item: Wanted, seen: Seen) -> Sequence[str]:
        """That a value may be another one, and nobody can tell."""
        unknown = self._unknown(item, seen)
        if self._state == "absent" or self._force or not unknown:
            return []
        reason = f" ({seen.unread})" if seen.unread else ""
        return [
            f"secrets[{item.index}] {item.key}: whether {', '.join(unknown)} changed cannot be told{reason}: "
            "it is kept; give hmac_key or live: true, or seal it anew with force: true"
        ]

    def view(self, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is declared, without the ciphertexts; a diff tells which of them change."""
        if self.returned or not raw:
            return {}
        ours = {name: Hidden(value) for name, value in _annotations(raw).items() if name in (SEALED_FOR, PROOFS)}
        return {
            "metadata": {"labels": part(raw, "metadata", "labels"), "annotations": {**_annotations(raw), **ours}},
            "spec": {
                "template": part(raw, "spec", "template"),
                "encryptedData": {name: Hidden(value) for name, value in _items(raw).items()},
            },
        }

    def told(self, item: Wanted, seen: Optional[Seen]) -> Mapping[str, Any]:
        raw = seen.raw if seen else {}
        place = {"path": item.key.path} if item.key.path else {}
        if not seen or not raw:
            return {"index": item.index, **place}
        unknown = self._unknown(item, seen)
        told = {
            "scope": scope_of(raw),
            "data_keys": sorted(_items(raw)),
            "unknown_keys": unknown,
            "index": item.index,
            **place,
        }
        if not self.returned:
            return told
        text = "---\n" + document.dump(raw)
        spoilt = sorted({name for name, value in self._blanked if value in text})
        if spoilt:
            raise Refused(
                f"{item.key}: Ansible blanks the values of {', '.join(spoilt)} wherever they stand in a result, also "
                "in the manifest; give path or cluster: true instead of having it returned"
            )
        return {**told, "manifest": Public(text)}

    def _scope(self, item: Wanted, seen: Seen) -> str:
        there = scope_of(seen.raw)
        if item.merge and seen.raw:
            if item.scope and item.scope != there:
                raise Refused(
                    f"{item.key} has the scope {there}, and its other keys would not open with {item.scope}; "
                    "leave scope out, or give all keys without merge"
                )
            return there
        return item.scope or envelope.STRICT

    def _seal(self, item: Wanted, seen: Seen, scope: str) -> Seal:
        old = _items(seen.raw)
        kept = self._kept(item, seen)
        sealing = {
            name: value
            for name, value in item.values.items()
            if name not in kept or self._force or self._is_unchanged(item, name, seen) is False
        }
        names = [name for name in old if (item.merge or name in item.values) and name not in item.removed]
        items = {name: old[name] for name in names if name not in sealing}
        known = [name for name in items if name in item.values and self._is_unchanged(item, name, seen)]
        proven = {name: item.values[name] for name in [*known, *sealing]} if self._hmac_key else {}
        return Seal(item.key, self._manifest(item, seen, scope, items), scope, sealing, proven, self._hmac_key)

    def _kept(self, item: Wanted, seen: Seen) -> list[str]:
        """The items whose ciphertext may stay if their value is the same."""
        old = _items(seen.raw)
        if not item.merge and scope_of(seen.raw) != (item.scope or envelope.STRICT):
            return []
        marks = entries(_annotations(seen.raw), SEALED_FOR)
        return [
            name
            for name in item.values
            if name in old
            and not envelope.fault(old[name])
            and not (self._renew and marks.get(name) != envelope.mark(seen.fingerprint, old[name]))
        ]

    def _unknown(self, item: Wanted, seen: Seen) -> list[str]:
        return sorted(name for name in self._kept(item, seen) if self._is_unchanged(item, name, seen) is None)

    def _is_unchanged(self, item: Wanted, name: str, seen: Seen) -> Optional[bool]:
        """None if nobody can tell."""
        value, ciphertext = item.values[name], _items(seen.raw)[name]
        given = entries(_annotations(seen.raw), PROOFS).get(name)
        if self._hmac_key:
            expected = envelope.proof(self._hmac_key, item.key.namespace, item.key.name, name, ciphertext, value)
            if envelope.is_proof(given, expected):
                return True
        if name in seen.opened:
            return seen.opened[name] == value
        return False if self._hmac_key and given else None

    def _manifest(self, item: Wanted, seen: Seen, scope: str, items: Mapping[str, str]) -> dict[str, Any]:
        """A file keeps what the options do not say; of an object in a cluster, only what is ours is sent."""
        base: Mapping[str, Any] = seen.raw if item.key.path else {}
        old = seen.raw if item.key.path or item.merge else {}
        old_template = part(old, "spec", "template")
        place = {"name": item.key.name, **({"namespace": item.key.namespace} if item.key.namespace else {})}
        annotations = _annotations(seen.raw)
        ours = {
            SEALED_FOR: {
                name: entry
                for name, entry in entries(annotations, SEALED_FOR).items()
                if name in items and entry == envelope.mark(entry.partition(":")[0], items[name])
            },
            PROOFS: {name: entry for name, entry in entries(annotations, PROOFS).items() if name in items},
        }
        kept = {name: value for name, value in _annotations(base).items() if name not in ours}
        kept.update(item.own_annotations)
        kept = {**scoped(kept, scope), **{name: as_json(found) for name, found in ours.items() if found}}
        labels = {**part(base, "metadata", "labels"), **item.own_labels}
        metadata = _with({**part(base, "metadata"), **place}, annotations=kept, labels=labels)
        said = {"type": item.type, "immutable": item.immutable, **item.template}
        template = {
            **old_template,
            "metadata": _template_metadata(item, part(old_template, "metadata"), place, scope),
            **{name: value for name, value in said.items() if value is not None},
        }
        return {
            "apiVersion": API_VERSION,
            "kind": KIND,
            **base,
            "metadata": metadata,
            "spec": {**part(base, "spec"), "encryptedData": dict(items), "template": template},
        }


def _template_metadata(item: Wanted, old: Mapping[str, Any], place: Mapping[str, str], scope: str) -> dict[str, Any]:
    def merged(name: str, given: Optional[Mapping[str, str]]) -> dict[str, str]:
        there = part(old, name)
        return dict(there) if given is None else {**(there if item.merge else {}), **given}

    annotations = scoped(merged("annotations", item.annotations), scope)
    return _with({**old, **place}, annotations=annotations, labels=merged("labels", item.labels))


def _with(metadata: Mapping[str, Any], **fields: Mapping[str, str]) -> dict[str, Any]:
    """The metadata with these fields, and without those that are empty."""
    rest = {name: value for name, value in metadata.items() if name not in fields or fields[name]}
    return {**rest, **{name: dict(value) for name, value in fields.items() if value}}


def _items(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    return part(raw, "spec", "encryptedData")


def _annotations(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    return part(raw, "metadata", "annotations")


def entries(annotations: Mapping[str, Any], name: str) -> dict[str, str]:
    """An annotation of ours, by key; empty if it is not as we write it."""
    try:
        found = json.loads(annotations.get(name) or "{}")
    except (TypeError, ValueError):
        return {}
    return {key: str(value) for key, value in found.items()} if isinstance(found, Mapping) else {}


def as_json(entries: Mapping[str, str]) -> str:
    return json.dumps(entries, sort_keys=True, separators=(",", ":"))
