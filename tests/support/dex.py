# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Dex as a process of this machine, from its image: ``with dex(archive, folder, address, callback) as provider``.

One user may log in, by the connector mockPassword, which calls everybody Kilgore Trout.
"""

from __future__ import annotations

import json
import socket
import subprocess
import tarfile
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from browser import Browser
from gitops import until

USER, PASSWORD = "ada", "what-ada-knows"
CLIENT, CLIENT_SECRET = "argo-cd", "what-dex-knows-of-argo-cd"


@dataclass(frozen=True)
class Provider:
    issuer: str

    def answers(self) -> bool:
        try:
            return self.issuer in Browser().get(f"{self.issuer}/.well-known/openid-configuration")
        except urllib.error.URLError:
            return False


@contextmanager
def dex(archive: Path, folder: Path, address: str, callback: str) -> Iterator[Provider]:
    """``callback``: where the client of the one who logs in is sent back to."""
    with socket.socket() as free:
        free.bind((address, 0))
        port = free.getsockname()[1]
    provider = Provider(f"http://{address}:{port}/dex")
    config: dict[str, Any] = {
        "issuer": provider.issuer,
        "storage": {"type": "memory"},
        "web": {"http": f"{address}:{port}"},
        "oauth2": {"skipApprovalScreen": True},
        "staticClients": [{"id": CLIENT, "name": CLIENT, "secret": CLIENT_SECRET, "redirectURIs": [callback]}],
        "connectors": [
            {
                "type": "mockPassword",
                "id": "staff",
                "name": "Staff",
                "config": {"username": USER, "password": PASSWORD},
            }
        ],
    }
    file = folder / "dex.json"
    file.write_text(json.dumps(config))
    program = _program(archive, folder)
    with (folder / "dex.log").open("w") as log:
        process = subprocess.Popen([program, "serve", file], stdout=log, stderr=log)
    try:
        until(provider.answers, 60, "Dex answers")
        yield provider
    finally:
        process.terminate()
        process.wait()


def _program(archive: Path, folder: Path) -> Path:
    """Out of the only layer of the image."""
    with tarfile.open(archive) as image:

        def blob(digest: str) -> Any:
            return image.extractfile(f"blobs/{digest.replace(':', '/')}")

        index = json.load(image.extractfile("index.json"))  # type: ignore[arg-type]
        (layer,) = json.load(blob(index["manifests"][0]["digest"]))["layers"]
        with tarfile.open(fileobj=blob(layer["digest"])) as files:
            files.extract("usr/local/bin/dex", folder, filter="data")
    return folder / "usr/local/bin/dex"
