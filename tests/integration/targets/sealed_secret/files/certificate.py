# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""certificate.py KIND SINCE UNTIL: a certificate of a new key (rsa or ec), valid between two days from now."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

kind, since, until = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
now = datetime.now(timezone(timedelta(0)))
builder = x509.CertificateBuilder(
    x509.Name([]), x509.Name([]), key.public_key(), 1, now + timedelta(days=since), now + timedelta(days=until)
)
print(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode())
