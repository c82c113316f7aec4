# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A proxy before the Kubernetes API of a sandbox that counts requests, and in which a test can interfere."""

from __future__ import annotations

import contextlib
import http.client
import re
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import kubernetes

# Gets method, path with its query, and body of each request before it goes on; the path to ask for in its place.
Interfere = Callable[[str, str, bytes], str]


@dataclass
class Proxy:
    """``url`` needs no credentials: it has the administrator's."""

    url: str = ""
    requests: Counter[str] = field(default_factory=Counter)
    answers: list[bytes] = field(default_factory=list)
    interfere: Interfere | None = None


@contextmanager
def proxy(kubeconfig: Path) -> Iterator[Proxy]:
    configuration = kubernetes.client.Configuration()
    kubernetes.config.load_kube_config(str(kubeconfig), client_configuration=configuration)
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
    context.load_cert_chain(configuration.cert_file, configuration.key_file)
    found, counting = Proxy(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with counting:
                found.requests[f"{self.command} {kind_of(self.path)}"] += 1
            path = found.interfere(self.command, self.path, body) if found.interfere else self.path
            server = http.client.HTTPSConnection(str(urlsplit(configuration.host).netloc), context=context)
            headers = {name: text for name, text in self.headers.items() if name not in ("Host", "Connection")}
            server.request(self.command, path, body, headers)
            answer = server.getresponse()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.send_header("Transfer-Encoding", "chunked")
            self.send_header("Connection", "close")
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # who watched has seen enough
                while chunk := answer.read1(1 << 16):
                    if "watch=" in path or answer.status >= 400:
                        found.answers.append(chunk)
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                    self.wfile.flush()
                self.wfile.write(b"0\r\n\r\n")
            server.close()

        do_GET = do_PATCH = do_POST = do_PUT = do_DELETE = forward

        def log_message(self, *_words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield found
        finally:
            server.shutdown()


def kind_of(path: str) -> str:
    """``applications (watch)`` of a path of the API."""
    parts = urlsplit(path)
    named = re.search(r"/namespaces/[^/]+/([^/?]+)", parts.path)
    return (named[1] if named else parts.path) + (" (watch)" if "watch=" in parts.query else "")
