# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The seed of cloud-init (datasource NoCloud) as a small ISO 9660 image, made here of plain bytes.

No program for it is on every hypervisor (Debian has genisoimage, RHEL xorriso), and all of them put the time into the
image; this one is the same for the same content, so whether it is to be rewritten is a comparison. One directory,
names in upper case as ECMA-119 has them, which Linux shows in lower case: user-data, meta-data, network-config.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping

from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.model import Seed

_SECTOR = 2048
_NO_DATE = bytes(7)
_NO_LONG_DATE = b"0" * 16 + b"\0"
_LABEL = "cidata"


def image(seed: Seed, name: str) -> bytes:
    """The whole image."""
    files = {"user-data": seed.user_data or "#cloud-config\n", "meta-data": _meta_data(seed, name)}
    if seed.network_config:
        files["network-config"] = seed.network_config
    return _iso({file: text.encode() for file, text in files.items()})


def digest(content: bytes) -> str:
    """What a diff shows of a seed; the content may hold secrets."""
    return hashlib.sha256(content).hexdigest()[:16]


def _meta_data(seed: Seed, name: str) -> str:
    """JSON, which is YAML. cloud-init runs once for each instance-id, so it carries what it was run with."""
    content = json.dumps([seed.user_data, seed.network_config, seed.ssh_keys]).encode()
    data = {"instance-id": f"{name}-{digest(content)}", "local-hostname": name}
    return json.dumps({**data, "public-keys": seed.ssh_keys} if seed.ssh_keys else data)


def _iso(files: Mapping[str, bytes]) -> bytes:
    """Sectors: 16 volume descriptor, 17 its end, 18 and 19 path tables, 20 root directory, then the files."""
    start, records, data = 21, b"", b""
    for file, content in sorted(files.items()):
        records += _record(f"{file.upper()}.;1".encode(), start, len(content), 0)
        data += _padded(content)
        start += -(-len(content) // _SECTOR)
    root = _record(b"\0", 20, _SECTOR, 2)
    directory = _padded(root + _record(b"\1", 20, _SECTOR, 2) + records)
    tables = b"".join(
        _padded(struct.pack(f"{order}BBIH", 1, 0, 20, 1) + b"\0\0")
        for order in ("<", ">")  # of the root alone
    )
    end = _padded(b"\xffCD001\1")
    return bytes(16 * _SECTOR) + _descriptor(root, start) + end + tables + directory + data


def _descriptor(root: bytes, sectors: int) -> bytes:
    """The primary volume descriptor (ECMA-119, 8.4)."""
    parts = [
        b"\1CD001\1\0" + b" " * 32,
        _LABEL.ljust(32).encode() + bytes(8),
        _both("I", sectors) + bytes(32),
        _both("H", 1) + _both("H", 1) + _both("H", _SECTOR) + _both("I", 10),
        struct.pack("<II", 18, 0) + struct.pack(">II", 19, 0),
        root + b" " * (4 * 128 + 3 * 37),
        _NO_LONG_DATE * 4 + b"\1\0",
    ]
    return _padded(b"".join(parts))


def _record(identifier: bytes, sector: int, size: int, flags: int) -> bytes:
    """A directory record (ECMA-119, 9.1), of an even length."""
    body = b"\0" + _both("I", sector) + _both("I", size) + _NO_DATE + bytes([flags, 0, 0]) + _both("H", 1)
    body += bytes([len(identifier)]) + identifier
    body += bytes((len(body) + 1) % 2)
    return bytes([len(body) + 1]) + body


def _both(kind: str, number: int) -> bytes:
    """In both byte orders, as the standard wants it."""
    return struct.pack(f"<{kind}", number) + struct.pack(f">{kind}", number)


def _padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % _SECTOR)
