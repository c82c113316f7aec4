# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The envelope of Sealed Secrets, the certificate it is made for, and what proves that a value is unchanged. Pure.

Source of the format: pkg/crypto/crypto.go of sealed-secrets 0.40. One item is the base64 of

    2 bytes, big endian: length of R | R = RSA-OAEP(SHA-256, MGF1 with SHA-256, label, session key of 32 bytes)
    | AES-256-GCM(session key, a nonce of 12 zero bytes, value), with its tag of 16 bytes
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid

try:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    IMPORT_ERROR = ""
except ImportError as error:
    IMPORT_ERROR = str(error)

STRICT, NAMESPACE_WIDE, CLUSTER_WIDE = SCOPES = ("strict", "namespace-wide", "cluster-wide")
SESSION_KEY_BYTES = 32
# A session key is used once, so upstream needs no other nonce.
_NONCE = bytes(12)
_TAG_BYTES = 16
_LEAST_BITS = 1024  # of an RSA key that Go works with
_PEM_BEGIN, _PEM_END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"


@dataclass(frozen=True)
class Certificate:
    """What is sealed for. ``fingerprint``: SHA-256 of the certificate, in hexadecimal."""

    public_key: rsa.RSAPublicKey
    fingerprint: str


def certificate(pem: bytes, origin: str, now: datetime) -> Certificate:
    """The first certificate of ``pem``, as kubeseal takes it. ``origin`` begins the messages.

    Raises Invalid if there is none, it is not of an RSA key, or ``now`` is outside of its time.
    """
    if IMPORT_ERROR:
        raise Invalid(
            f"the Python library cryptography is needed on the host that runs this module ({IMPORT_ERROR}): "
            "pip install cryptography"
        )
    begin, end = pem.find(_PEM_BEGIN), pem.find(_PEM_END)
    try:
        found = x509.load_pem_x509_certificate(pem[begin : end + len(_PEM_END)])
        key = found.public_key()
    except UnsupportedAlgorithm as error:
        raise Invalid(
            f"{origin} is of a kind of key that is not known here, and sealing needs one of an RSA key; fetch the "
            "controller's"
        ) from error
    except ValueError as error:
        raise Invalid(
            f"{origin} holds no certificate in PEM; give what kubeseal --fetch-cert or the controller's "
            "/v1/cert.pem writes"
        ) from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise Invalid(
            f"{origin} is of {type(key).__name__}, and sealing needs one of an RSA key; fetch the controller's"
        )
    if key.key_size < _LEAST_BITS:
        raise Invalid(
            f"{origin} is of an RSA key of {key.key_size} bits, and the controller takes {_LEAST_BITS} or more; fetch "
            "the controller's"
        )
    until = found.not_valid_after_utc
    if now > until:
        raise Invalid(
            f"{origin} has expired at {_time(until)}, and it is {_time(now)}; fetch the controller's present one"
        )
    since = found.not_valid_before_utc
    if now < since:
        raise Invalid(
            f"{origin} is valid from {_time(since)}, and here it is {_time(now)}; set the clock of this host or of the "
            "controller's"
        )
    return Certificate(key, found.fingerprint(hashes.SHA256()).hex())


def _time(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


def label(scope: str, namespace: str, name: str) -> bytes:
    """What RSA-OAEP binds an item to, so that it opens in no other place."""
    return {STRICT: f"{namespace}/{name}", NAMESPACE_WIDE: namespace, CLUSTER_WIDE: ""}[scope].encode()


def seal(key: rsa.RSAPublicKey, value: bytes, bound_to: bytes, session_key: bytes) -> str:
    """One item. ``session_key``: 32 random bytes, never used before; the padding's own randomness is the library's."""
    sealed_key = key.encrypt(session_key, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), bound_to))
    envelope = len(sealed_key).to_bytes(2, "big") + sealed_key + AESGCM(session_key).encrypt(_NONCE, value, None)
    return base64.b64encode(envelope).decode()


def fault(text: object) -> str:
    """Why ``text`` cannot be an item, as far as it can be told without the private key; empty if it can."""
    if not isinstance(text, str) or not text:
        return "is no text"
    try:
        envelope = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return "is no base64"
    length = int.from_bytes(envelope[:2], "big")
    # Keys of 1024 to 16384 bits
    if not 128 <= length <= 2048 or length % 8:
        return f"begins with a length of {length}, which is that of no RSA key"
    missing = 2 + length + _TAG_BYTES - len(envelope)
    return f"is cut off: {missing} bytes or more are missing" if missing > 0 else ""


def proof(key: str, namespace: str, name: str, item: str, sealed: str, value: bytes) -> str:
    """That ``sealed`` holds ``value``, for whoever has ``key``; it tells nothing to others.

    HMAC-SHA256 over all of them, each with its length before it, so that no two sets of them read the same. The
    ciphertext is random and is part of it: equal values have different proofs, in other items and in later commits,
    and a proof does not fit a ciphertext that another program has put there.
    """
    parts = (b"ai_how.cloud sealed_secret 1", *(text.encode() for text in (namespace, name, item, sealed)), value)
    message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return base64.b64encode(hmac.new(key.encode(), message, hashlib.sha256).digest()).decode()


def is_proof(given: Optional[str], expected: str) -> bool:
    return hmac.compare_digest((given or "").encode(), expected.encode())


def mark(fingerprint: str, sealed: str) -> str:
    """For which certificate ``sealed`` was made. A ciphertext that others put there is not the one that is named."""
    return f"{fingerprint}:{hashlib.sha256(sealed.encode()).hexdigest()[:16]}"
