# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed import envelope
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed.envelope import (
    certificate,
    fault,
    label,
    proof,
    seal,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from .controller import DAY, NOW, elliptic, opened, pem, rsa_key

KEY = b"k" * 32
values = st.binary(max_size=300)
names = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)


@settings(max_examples=30, deadline=None)
@given(values, st.sampled_from(envelope.SCOPES), names, names, st.binary(min_size=32, max_size=32))
def test_what_is_sealed_opens_in_its_scope_and_nowhere_else(value, scope, namespace, name, session_key):
    text = seal(rsa_key().public_key(), value, label(scope, namespace, name), session_key)
    assert opened(text, label(scope, namespace, name)) == value
    assert fault(text) == ""
    for wrong in (f"{namespace}/{name}x", f"{namespace}x", f"{namespace}x/{name}"):
        assert opened(text, wrong.encode()) is None
    assert opened(text, label(scope, namespace, name), rsa_key(1)) is None


def test_several_keys_are_tried():
    text = seal(rsa_key().public_key(), b"v", b"", KEY)
    assert opened(text, b"", rsa_key(1), rsa_key()) == b"v"


def test_empty_and_large_values():
    for value in (b"", bytes(1024 * 1024), "naïve 🔑".encode()):
        assert opened(seal(rsa_key().public_key(), value, b"a/b", KEY), b"a/b") == value


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_one_changed_bit_does_not_open(data):
    envelope_bytes = bytearray(base64.b64decode(seal(rsa_key().public_key(), b"value", b"a/b", KEY)))
    bit = data.draw(st.integers(0, len(envelope_bytes) * 8 - 1))
    envelope_bytes[bit // 8] ^= 1 << bit % 8
    assert opened(base64.b64encode(envelope_bytes).decode(), b"a/b") is None


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 400))
def test_one_that_is_cut_off_is_told(length):
    """2 + 256 bytes of RSA-2048, 5 of the value, 16 of the tag; what is missing of the value cannot be known."""
    whole = base64.b64decode(seal(rsa_key().public_key(), b"value", b"a/b", KEY))
    said = fault(base64.b64encode(whole[:length]).decode())
    assert bool(said) == (length < 2 + 256 + 16)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "is no text"),
        ("", "is no text"),
        ("AgB!", "is no base64"),
        ("bm8gY2lwaGVydGV4dA==", "begins with a length of 28271"),
        ("AAA=", "begins with a length of 0"),
        ("AQA=", "is cut off: 272 bytes or more are missing"),
    ],
)
def test_what_cannot_be_an_item(text, said):
    assert fault(text).startswith(said)


def test_the_first_certificate_counts():
    found = certificate(b"# a note\n" + pem() + pem(rsa_key(1)), "it", NOW)
    assert found.public_key.public_numbers() == rsa_key().public_key().public_numbers()
    assert len(found.fingerprint) == 64


# Of the curve secp112r1, which cryptography does not know, and of 512 bits, which no library makes any more
CURVE = b"""\
-----BEGIN CERTIFICATE-----
MIIBIzCB7qADAgECAhQos9/KbIky++sM0HFcGnAOwLm1xzAKBggqhkjOPQQDAjAM
MQowCAYDVQQDDAF4MCAXDTI2MTEyNTIzMzQ0MloYDzIwNTEwNzE3MjMzNDQyWjAM
MQowCAYDVQQDDAF4MDIwEAYHKoZIzj0CAQYFK4EEAAYDHgAEL517kD/+DqpGLO2W
7cnSRlkusxM2saET6362yaNTMFEwHQYDVR0OBBYEFKnXZojD6rf6dA4cXadTzeV2
eHcRMB8GA1UdIwQYMBaAFKnXZojD6rf6dA4cXadTzeV2eHcRMA8GA1UdEwEB/wQF
MAMBAf8wCgYIKoZIzj0EAwIDJAAwIQIPAJPmGg+QqcY9TW+UYtJuAg4fVPJFBYnb
s+CnxMo5ag==
-----END CERTIFICATE-----
"""
SMALL = b"""\
-----BEGIN CERTIFICATE-----
MIIBcTCCARugAwIBAgIUCARjDZy2sQxXXfmWHJ2CNJJeXYgwDQYJKoZIhvcNAQEL
BQAwDDEKMAgGA1UEAwwBeDAgFw0yNjExMjUyMzM1MjJaGA8yMDUxMDcxNzIzMzUy
MlowDDEKMAgGA1UEAwwBeDBcMA0GCSqGSIb3DQEBAQUAA0sAMEgCQQDE8N00HIpn
EA2fAdtav92ULOp+1nbAT5eSbwzEGhaneuqV3x/r2fyzqieq0tZnKoITmGkVgX8V
D1Eeg/aUerwvAgMBAAGjUzBRMB0GA1UdDgQWBBSW9Opqi3eLPBnf2+hqzHD6U4Iq
VjAfBgNVHSMEGDAWgBSW9Opqi3eLPBnf2+hqzHD6U4IqVjAPBgNVHRMBAf8EBTAD
AQH/MA0GCSqGSIb3DQEBCwUAA0EAnxYBlRIpGPI3pehGxeAGOTbAfTNBgJWAa/vA
xj7csZt7HgcOY2LCwvUEj9OpwRujQJIcM7MniSVfTwKLjfANFg==
-----END CERTIFICATE-----
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CURVE, "it is of a kind of key that is not known here, and sealing needs one of an RSA key"),
        (SMALL, "it is of an RSA key of 512 bits, and the controller takes 1024 or more"),
        (b"", "it holds no certificate in PEM"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "it holds no certificate in PEM"),
        (elliptic(), "it is of ECPublicKey, and sealing needs one of an RSA key"),
        (pem(until=NOW - DAY / 24), "it has expired at 2026-07-01 11:00:00 UTC, and it is 2026-07-01 12:00:00 UTC"),
        (pem(since=NOW + DAY / 24), "it is valid from 2026-07-01 13:00:00 UTC, and here it is 2026-07-01 12:00:00 UTC"),
    ],
    ids=["curve", "small", "empty", "broken", "elliptic", "expired", "early"],  # certificates differ from run to run
)
def test_a_certificate_that_cannot_be_used(text, said):
    with pytest.raises(Invalid, match=f"^{said}.*; "):
        certificate(text, "it", NOW)


def test_without_the_library(monkeypatch):
    monkeypatch.setattr(envelope, "IMPORT_ERROR", "no module")
    with pytest.raises(Invalid, match="pip install cryptography"):
        certificate(pem(), "it", NOW)


parts = st.tuples(
    st.text(max_size=5), st.text(max_size=5), st.text(max_size=5), st.text(max_size=5), st.binary(max_size=5)
)


@given(parts, parts)
def test_a_proof_is_of_one_value_in_one_place(one, other):
    assert (proof("key", *one) == proof("key", *other)) == (one == other)
    assert proof("key", *one) != proof("another", *one)


def test_a_proof_stays_the_same_over_versions():
    """It stands in users' repositories."""
    assert proof("k" * 32, "ns", "name", "item", "AgB", b"v") == "mon7Le6nGEfmNKThB0rpEumKa2932E3klzsECHKVldw="


def test_a_mark_is_of_one_ciphertext():
    assert envelope.mark("ab", "x").startswith("ab:")
    assert envelope.mark("ab", "x") != envelope.mark("ab", "y")
