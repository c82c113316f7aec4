# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed import envelope
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed.info import entry

from .controller import rsa_key
from .test_planner import CERTIFICATE, run

ITEM = envelope.seal(rsa_key().public_key(), b"1", b"b/a", b"f" * 32)
FINE = {
    "apiVersion": "bitnami.com/v1alpha1",
    "kind": "SealedSecret",
    "metadata": {"name": "a", "namespace": "b"},
    "spec": {"encryptedData": {"x": ITEM}},
}
WIDE = {"sealedsecrets.bitnami.com/cluster-wide": "true"}


def test_of_what_kubeseal_wrote_the_certificate_is_unknown():
    found = entry(FINE, "f")
    assert found["problems"] == []
    assert found["fingerprints"] == {"x": "unknown"}


def test_of_what_we_wrote_it_is_known_until_another_program_changes_it():
    raw = run(string_data={"x": "1"})[0].raw
    assert entry(raw, "f")["fingerprints"] == {"x": CERTIFICATE.fingerprint}
    changed = {**raw, "spec": {"encryptedData": {"x": ITEM}}}
    assert entry(changed, "f")["fingerprints"] == {"x": "unknown"}


@pytest.mark.parametrize("marks", ["{", "[]", '"x"', '{"x": 1}', None])
def test_an_annotation_that_is_not_as_we_write_it(marks):
    metadata = {**FINE["metadata"], "annotations": {"ai-how.cloud/sealed-for": marks}}
    assert entry({**FINE, "metadata": metadata}, "f")["fingerprints"] == {"x": "unknown"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"apiVersion": "v1"}, "its apiVersion is v1"),
        ({"spec": {}}, "it holds nothing"),
        ({"spec": None}, "it holds nothing"),
        ({"spec": {"encryptedData": ["x"]}}, "it holds nothing"),
        ({"spec": {"data": "AgA"}}, "it has the field data of the first format"),
        ({"spec": {"encryptedData": {"x": "!"}}}, "encryptedData.x is no base64"),
        (
            {"spec": {**FINE["spec"], "template": {"metadata": {"name": "c"}}}},
            "its name is a, and that of its template c",
        ),
        (
            {"spec": {**FINE["spec"], "template": {"metadata": {"annotations": WIDE}}}},
            "its annotations say the scope strict, those of its template cluster-wide",
        ),
        ({"metadata": {"generateName": "a-", "namespace": "b"}}, "it has no name; say the name"),
        ({"metadata": {"name": "a"}}, "it has no namespace, and its scope is strict"),
    ],
)
def test_what_cannot_be_right(change, said):
    (problem,) = entry({**FINE, **change}, "f")["problems"]
    assert problem.startswith(said)
