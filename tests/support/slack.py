# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""As much of Slack's API as takes messages: ``with slack("127.0.0.1") as server``."""

from __future__ import annotations

import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Slack(ThreadingHTTPServer):
    """``messages``: what was posted, as ``(token, channel, text)``."""

    def __init__(self, address: str) -> None:
        super().__init__((address, 0), _Handler)
        self.messages: list[tuple[str, str, str]] = []

    @property
    def api_url(self) -> str:
        return f"http://{self.server_address[0]!s}:{self.server_port}/api/"


class _Handler(BaseHTTPRequestHandler):
    server: Slack

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in urllib.parse.parse_qs(body).items()}
        token = form.get("token") or self.headers.get("Authorization", "").removeprefix("Bearer ")
        self.server.messages.append((token, form.get("channel", ""), form.get("text", "")))
        answer = json.dumps({"ok": True, "channel": form.get("channel", ""), "ts": "1"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_words: object) -> None:
        pass


@contextmanager
def slack(address: str) -> Iterator[Slack]:
    with Slack(address) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
