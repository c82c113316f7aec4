# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys, certificates, and what the controller does: opens items, written from its source and not from our code."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

NOW = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(0)))
DAY = timedelta(days=1)


@lru_cache
def rsa_key(number: int = 0) -> rsa.RSAPrivateKey:
    """``number`` tells keys apart."""
    return rsa.generate_private_key(65537, 2048)


def pem(key: Any = None, since: datetime = NOW - DAY, until: datetime = NOW + DAY) -> bytes:
    key = key or rsa_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sealed-secrets")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, since, until)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def elliptic() -> bytes:
    return pem(ec.generate_private_key(ec.SECP256R1()))


def opened(text: str, label: bytes, *keys: rsa.RSAPrivateKey) -> bytes | None:
    """HybridDecrypt: every key is tried; None if none opens it."""
    envelope = base64.b64decode(text, validate=True)
    length = int.from_bytes(envelope[:2], "big")
    for key in keys or (rsa_key(),):
        try:
            oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label)
            session_key = key.decrypt(envelope[2 : 2 + length], oaep)
            return AESGCM(session_key).decrypt(bytes(12), envelope[2 + length :], None)
        except (ValueError, InvalidTag):
            continue
    return None


def unsealed(raw: Mapping[str, Any], *keys: rsa.RSAPrivateKey) -> dict[str, bytes | None]:
    """The values of a SealedSecret, by the label that its own metadata says."""
    metadata = raw["metadata"]
    annotations = metadata.get("annotations", {})
    label = f"{metadata.get('namespace', '')}/{metadata['name']}"
    if annotations.get("sealedsecrets.bitnami.com/cluster-wide") == "true":
        label = ""
    elif annotations.get("sealedsecrets.bitnami.com/namespace-wide") == "true":
        label = metadata["namespace"]
    return {name: opened(text, label.encode(), *keys) for name, text in raw["spec"]["encryptedData"].items()}
