# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed import envelope
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed.model import SCOPES
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed.resealing import request, resealed, stale

from .controller import rsa_key, unsealed
from .test_planner import CERTIFICATE, OTHER, run

LABELS = {"strict": b"b/a", "namespace-wide": b"b", "cluster-wide": b""}


def rotated(raw, scope="strict"):
    """What a controller makes of it, whose newest key is another one."""
    label = LABELS[scope]
    items = {
        name: envelope.seal(rsa_key(1).public_key(), value, label, bytes(31) + name.encode())
        for name, value in unsealed(raw).items()
    }
    return {**raw, "spec": {"encryptedData": items, "template": {"metadata": {"name": "a"}}}}


@pytest.mark.parametrize("scope", SCOPES)
def test_it_opens_with_the_new_key_and_is_as_it_was(scope):
    options = {"string_data": {"x": "1", "y": "2"}, "scope": scope, "template": {"data": {"url": "{{ .x }}"}}}
    raw = run(own_labels={"team": "a"}, **options)[0].raw
    new = resealed(raw, rotated(request(raw), scope), OTHER.fingerprint)
    assert unsealed(new, rsa_key(1)) == {"x": b"1", "y": b"2"}
    assert new["spec"]["template"] == raw["spec"]["template"]
    assert new["metadata"]["labels"] == {"team": "a"}
    assert stale(raw, OTHER.fingerprint) == ["x", "y"]
    assert stale(new, OTHER.fingerprint) == stale(raw, CERTIFICATE.fingerprint) == []


def test_proofs_are_of_ciphertexts_and_go_with_them():
    raw = run(string_data={"x": "1"})[0].raw
    assert "ai-how.cloud/hmac" in raw["metadata"]["annotations"]
    new = resealed(raw, rotated(raw), OTHER.fingerprint)
    assert set(new["metadata"]["annotations"]) == {"ai-how.cloud/sealed-for"}


def test_what_others_sealed_is_stale():
    raw = run(string_data={"x": "1"})[0].raw
    assert stale({**raw, "metadata": {"name": "a"}}, CERTIFICATE.fingerprint) == ["x"]


def test_no_template_is_sent_that_a_controller_could_fill_in():
    raw = run(string_data={"x": "1"}, labels={"a": "b"}, template={"data": {"url": "{{ .x }}"}})[0].raw
    sent = request(raw)
    assert sent["spec"]["template"] == {"metadata": {"name": "a", "namespace": "b"}}
    assert sent["metadata"] == {"name": "a", "namespace": "b"}


def without(raw, **items):
    return {**raw, "spec": {"encryptedData": items}}


@pytest.mark.parametrize("change", [{}, {"x": "!"}, {"x": "same"}, {"x": "new", "url": "new"}])
def test_an_answer_that_is_not_just_new_ciphertexts_is_refused(change):
    raw = run(string_data={"x": "1"})[0].raw
    new = rotated(raw)["spec"]["encryptedData"]["x"]
    known = {"same": raw["spec"]["encryptedData"]["x"], "new": new}
    with pytest.raises(Failed, match="expected new ciphertexts of x; seal it anew"):
        resealed(raw, without(raw, **{name: known.get(text, text) for name, text in change.items()}), "f")
