# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A SealedSecret sealed anew by its controller, which alone can open it. Pure.

The controller's /v1/rotate answers with a SealedSecret that has new ciphertexts, and whose template is not ours any
more: its metadata are those of the SealedSecret, and older controllers seal template.data, filled in, with it. So only
what has ciphertexts is sent, and only ciphertexts are taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed import envelope
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed.model import (
    API_VERSION,
    KIND,
    PROOFS,
    SEALED_FOR,
    part,
    scope_of,
    scoped,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed.planner import as_json, entries


def stale(raw: Mapping[str, Any], fingerprint: str) -> list[str]:
    """The keys that are not known to be sealed for the certificate with this fingerprint."""
    marks = entries(part(raw, "metadata", "annotations"), SEALED_FOR)
    items = part(raw, "spec", "encryptedData")
    return sorted(name for name, text in items.items() if marks.get(name) != envelope.mark(fingerprint, str(text)))


def request(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What the controller is asked to seal anew: the ciphertexts, and where they open."""
    metadata = part(raw, "metadata")
    place = {name: metadata[name] for name in ("name", "namespace") if metadata.get(name)}
    annotations = scoped({}, scope_of(raw))
    place.update({"annotations": annotations} if annotations else {})
    spec = {"encryptedData": part(raw, "spec", "encryptedData"), "template": {"metadata": place}}
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": place, "spec": spec}


def resealed(raw: Mapping[str, Any], answer: Mapping[str, Any], fingerprint: str) -> dict[str, Any]:
    """``raw`` with the ciphertexts of the answer. Proofs of values are gone: they are of the ciphertexts before.

    Raises Failed for an answer that has not just these keys, all of them sealed anew.
    """
    before, after = part(raw, "spec", "encryptedData"), part(answer, "spec", "encryptedData")
    if set(before) != set(after) or any(envelope.fault(text) or text == before[name] for name, text in after.items()):
        raise Failed(
            f"the controller answered with the keys {', '.join(sorted(after)) or 'none'}, expected new ciphertexts of "
            f"{', '.join(sorted(before))}; seal it anew with sealed_secret"
        )
    marks = {name: envelope.mark(fingerprint, text) for name, text in after.items()}
    annotations = {name: text for name, text in part(raw, "metadata", "annotations").items() if name != PROOFS}
    metadata = {**part(raw, "metadata"), "annotations": {**annotations, SEALED_FOR: as_json(marks)}}
    items = {name: after[name] for name in before}
    return {**raw, "metadata": metadata, "spec": {**part(raw, "spec"), "encryptedData": items}}
