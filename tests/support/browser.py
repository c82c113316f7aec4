# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""As much of a browser as logs in: it follows redirects and keeps cookies. It takes any certificate."""

from __future__ import annotations

import http.cookiejar
import json
import ssl
import urllib.parse
import urllib.request
from typing import Any


class Browser:
    """``address``: that of the page which was loaded last."""

    def __init__(self) -> None:
        self.address = ""
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=ssl._create_unverified_context()),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
        )

    def get(self, url: str) -> str:
        return self._load(urllib.request.Request(url))

    def post(self, url: str, body: Any, **headers: str) -> str:
        given = {"Content-Type": "application/json", **headers}
        return self._load(urllib.request.Request(url, json.dumps(body).encode(), given))

    def send_form(self, url: str, **fields: str) -> str:
        return self._load(urllib.request.Request(url, urllib.parse.urlencode(fields).encode()))

    def _load(self, request: urllib.request.Request) -> str:
        with self._opener.open(request, timeout=20) as answer:
            self.address = answer.url
            return str(answer.read().decode())
