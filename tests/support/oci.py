# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Container images: one of a few files of this machine, as an OCI archive or served by a registry on loopback; and
the files of an archive."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


class Image:
    """One program with the libraries it needs, run with ``arguments``."""

    def __init__(self, program: Path, *arguments: str) -> None:
        self.blobs: dict[str, bytes] = {}
        layer = _layer(program)
        config = {
            "architecture": ARCHITECTURE,
            "os": "linux",
            "config": {"Entrypoint": [str(program), *arguments], "User": "65535"},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self._add("application/vnd.oci.image.config.v1+json", json.dumps(config).encode()),
            "layers": [self._add("application/vnd.oci.image.layer.v1.tar", layer)],
        }
        self.manifest = self._add(MANIFEST, json.dumps(manifest).encode())

    def _add(self, media_type: str, data: bytes) -> dict[str, object]:
        self.blobs[_digest(data)] = data
        return {"mediaType": media_type, "digest": _digest(data), "size": len(data)}

    def write(self, path: Path, name: str) -> None:
        """An OCI archive that holds the image under its full ``name``."""
        index = {
            "schemaVersion": 2,
            "manifests": [{**self.manifest, "annotations": {"io.containerd.image.name": name}}],
        }
        files = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}', "index.json": json.dumps(index).encode()}
        files.update({f"blobs/{digest.replace(':', '/')}": data for digest, data in self.blobs.items()})
        with tarfile.open(path, "w") as archive:
            for file, data in files.items():
                member = tarfile.TarInfo(file)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))

    @contextmanager
    def registry(self) -> Iterator[str]:
        """The URL of a registry that has this image under every name."""
        image = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self._answer(body=False)

            def do_GET(self) -> None:
                self._answer(body=True)

            def _answer(self, body: bool) -> None:
                kind, wanted = self.path.partition("?")[0].rsplit("/", 2)[-2:]
                manifest = str(image.manifest["digest"])
                digest = manifest if kind == "manifests" and wanted not in image.blobs else wanted
                data = image.blobs.get(digest, b"")
                self.send_response(200 if data else 404)
                self.send_header("Content-Type", MANIFEST if digest == manifest else "application/octet-stream")
                self.send_header("Content-Length", str(len(data)))
                self.send_header("Docker-Content-Digest", digest)
                self.end_headers()
                if body:
                    self.wfile.write(data)

            def log_message(self, *_arguments: object) -> None:
                return

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()


class Unpacked:
    """The image of an OCI archive, with its files in a folder ``root``."""

    def __init__(self, archive: Path, root: Path) -> None:
        self.root = root
        with tarfile.open(archive) as files:
            (entry,) = json.load(_member(files, "index.json"))["manifests"]
            self.reference: str = entry["annotations"]["org.opencontainers.image.ref.name"]
            manifest = json.load(_blob(files, entry))
            self.config: dict[str, Any] = json.load(_blob(files, manifest["config"]))["config"]
            (only,) = manifest["layers"]  # a second one could delete files of the first
            with tarfile.open(fileobj=_blob(files, only), mode="r|*") as layer:
                layer.extraction_filter = lambda file, _root: file  # with its owner, which newer Pythons would drop
                # Devices are for root alone, and a container gets its own
                layer.extractall(root, (file for file in layer if not file.isdev()), numeric_owner=True)

    def mount_point(self, path: str) -> None:
        """As a container runtime makes it, before the root becomes read-only."""
        folder = self.root / path.lstrip("/")
        assert folder.resolve() == folder, f"{path} of {self.reference} leads over a symbolic link"
        folder.mkdir(parents=True, exist_ok=True)


def _member(archive: tarfile.TarFile, path: str) -> IO[bytes]:
    found = archive.extractfile(path)
    assert found, f"{path} in {archive.name!r} is not a file"
    return found


def _blob(archive: tarfile.TarFile, descriptor: dict[str, Any]) -> IO[bytes]:
    return _member(archive, f"blobs/{descriptor['digest'].replace(':', '/')}")


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _layer(program: Path) -> bytes:
    libraries = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout.split()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as layer:
        for path in [str(program), *(word for word in libraries if word.startswith("/"))]:
            layer.add(Path(path).resolve(), arcname=path.lstrip("/"))
    return buffer.getvalue()
