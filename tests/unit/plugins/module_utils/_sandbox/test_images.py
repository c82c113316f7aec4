# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import io
import json
import socket
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._sandbox.images import unobtainable

NAME = "registry.invalid/some/image:1"  # a name that no resolver knows (RFC 6761)


@contextmanager
def registry(status: int) -> Iterator[str]:
    """The URL of a server on loopback that answers everything with one status."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/v2/" else 500)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def lacking(directory: Path, *mirrors: str) -> list[str]:
    def no_command(*_arguments: Any, **_options: Any) -> tuple[int, str, str]:
        raise AssertionError("no command is needed")

    params = {"images": [NAME], "directory": str(directory), "mirrors": {"registry.invalid": list(mirrors)}}
    result = unobtainable(params, False, no_command)
    assert result["changed"] is False
    reasons: list[str] = result["lacking"]
    return reasons


def test_an_archive_has_it(tmp_path: Path) -> None:
    index = json.dumps({"manifests": [{"digest": "sha256:aa", "annotations": {"io.containerd.image.name": NAME}}]})
    with tarfile.open(tmp_path / "some.tar", "w") as archive:
        member = tarfile.TarInfo("index.json")
        member.size = len(index)
        archive.addfile(member, io.BytesIO(index.encode()))
    assert lacking(tmp_path) == []


def test_a_file_that_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "some.tar").write_text("nothing")
    with pytest.raises(
        Invalid, match=r"some\.tar is no OCI archive \(file could not be opened successfully\); make it"
    ):
        lacking(tmp_path)


def test_a_registry_that_wants_a_token_answers(tmp_path: Path) -> None:
    for status in (200, 401, 404, 429):
        with registry(status) as url:
            assert lacking(tmp_path, url) == []


def test_nobody_has_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with registry(503) as url:
        (reason,) = lacking(tmp_path, url, f"http://127.0.0.1:{port}", "no URL")
    assert reason.startswith(
        f"no image {NAME}, since no archive in {tmp_path} has it and registry.invalid does not answer ("
    )
    assert not reason.endswith("()")
