# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Requests to Argo CD's own API (grpc-gateway: JSON over HTTP), from connection options on, each error as a Problem."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, Optional
from urllib.parse import quote, urlencode, urlsplit

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import (
    Conflict,
    Failed,
    Invalid,
    Missing,
    Problem,
    Refused,
    Unavailable,
)

try:
    import urllib3

    IMPORT_ERROR = ""
except ImportError as error:
    IMPORT_ERROR = str(error)

# Seconds to connect, and seconds without a byte of an answer.
_CONNECT, _READ = 5.0, 60.0

# What the codes of gRPC mean here (google.golang.org/grpc/codes); others say that the server tried and failed.
_CODES: Mapping[int, type[Problem]] = {
    3: Invalid,  # INVALID_ARGUMENT
    4: Unavailable,  # DEADLINE_EXCEEDED
    6: Conflict,  # ALREADY_EXISTS
    8: Unavailable,  # RESOURCE_EXHAUSTED
    9: Refused,  # FAILED_PRECONDITION
    10: Conflict,  # ABORTED
    14: Unavailable,  # UNAVAILABLE
}
_NOT_FOUND, _DENIED, _UNKNOWN_USER = 5, 7, 16
_BUSY = "another operation is already in progress"


class Silence(Unavailable):
    """The server took the request, and has not answered it within the time that was given."""


def argocd_argument_spec() -> dict[str, Any]:
    """Documented in doc_fragments/argocd_auth.py, also what the environment says where they are not given."""
    return {
        "argocd_server": {"type": "str"},
        "argocd_token": {"type": "str", "no_log": True},
        "argocd_username": {"type": "str"},
        "argocd_password": {"type": "str", "no_log": True},
        "argocd_ca_cert": {"type": "path"},
        "argocd_validate_certs": {"type": "bool", "default": True},
    }


def connect_api(params: Mapping[str, Any]) -> Api:
    """The API that the options name; it logs in, where a username is given.

    Raises Invalid for options that do not suffice, Refused where the password is wrong.
    """
    if IMPORT_ERROR:
        raise Invalid(
            f"the Python library urllib3 is needed on the host that runs this module ({IMPORT_ERROR}): "
            "pip install kubernetes"
        )
    ca_cert = params.get("argocd_ca_cert")
    if ca_cert and not os.path.isfile(ca_cert):
        raise Invalid(f"argocd_ca_cert: no such file: {ca_cert}")
    username, password = params.get("argocd_username"), params.get("argocd_password")
    if bool(username) is not bool(password):
        raise Invalid("argocd_username and argocd_password belong together; give both, or argocd_token instead")
    if username and params.get("argocd_token"):
        raise Invalid("argocd_token and argocd_username were both given; give one of them")
    # What is read from a file ends with a newline.
    token = "" if username else (params.get("argocd_token") or os.environ.get("ARGOCD_AUTH_TOKEN", "")).strip()
    if not username and not token:
        raise Invalid(
            "Argo CD's API wants to know who asks; give argocd_token (or ARGOCD_AUTH_TOKEN), or argocd_username and "
            "argocd_password"
        )
    if not re.fullmatch(r"[!-~]*", token):
        raise Invalid(
            "argocd_token (or ARGOCD_AUTH_TOKEN) has blanks or letters that no token has; give it as Argo CD gave it"
        )
    api = Api(
        params["argocd_server"],
        ca_cert=ca_cert,
        validate_certs=params.get("argocd_validate_certs") is not False,
    )
    api.token = token or api.login(str(username), str(password))
    return api


class Api:
    """One Argo CD. Every method raises a Problem of the tree; objects are plain dictionaries as the API gives them."""

    def __init__(self, server: str, ca_cert: Optional[str] = None, validate_certs: bool = True) -> None:
        self.url = (server if "://" in server else f"https://{server}").rstrip("/")
        if not _is_address(self.url):
            raise Invalid("argocd_server is no URL like https://argocd.example.com; correct it")
        self.token = ""
        if not validate_certs:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        # A server that is not reached may be asked again; what was answered never is, for it may have been done.
        self._pool = urllib3.PoolManager(
            maxsize=16,
            retries=urllib3.Retry(connect=1, read=0, status=0, other=0, raise_on_status=False),
            cert_reqs="CERT_REQUIRED" if validate_certs else "CERT_NONE",
            ca_certs=ca_cert,
        )

    def login(self, username: str, password: str) -> str:
        """A token for a local user. Raises Refused where the password is wrong."""
        return str(
            self.request("POST", "session", "log in", body={"username": username, "password": password})["token"]
        )

    def request(
        self,
        method: str,
        path: str,
        what: str,
        query: Optional[Mapping[str, Any]] = None,
        body: Optional[Mapping[str, Any]] = None,
        patience: float = _READ,
    ) -> dict[str, Any]:
        """The answer to a request; ``what`` it is for, at the end of "not allowed to". ``patience``: see Silence."""
        response = self._send(method, path, query, body, patience, stream=False)
        return self._answer(response.status, response.data, what)

    def stream(self, path: str, what: str, query: Mapping[str, Any], patience: float) -> Iterator[dict[str, Any]]:
        """The results of a stream, until it ends or nothing came for ``patience`` seconds."""
        try:
            response = self._send("GET", path, query, None, patience, stream=True)
        except Silence:
            return
        try:
            yield from self._results(response, what)
        finally:
            response.close()

    def _answer(self, status: int, text: bytes, what: str) -> dict[str, Any]:
        answer = _json(text)
        if not isinstance(answer, dict):
            raise self._no_api(status)
        if status >= 300:
            raise self._problem(answer, what, status)
        return answer

    def _results(self, response: Any, what: str) -> Iterator[dict[str, Any]]:
        buffer = b""
        try:
            if response.status >= 300:
                self._answer(response.status, response.data, what)
            for chunk in response.stream(amt=None, decode_content=True):
                *lines, buffer = (buffer + chunk).split(b"\n")
                for line in filter(None, lines):
                    event = _json(line)
                    if not event or "result" not in event:
                        raise self._problem((event or {}).get("error") or {}, what, 500)
                    yield event["result"]
        except urllib3.exceptions.ReadTimeoutError:
            return
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._unreachable(error) from error

    def _send(
        self,
        method: str,
        path: str,
        query: Optional[Mapping[str, Any]],
        body: Optional[Mapping[str, Any]],
        patience: float,
        stream: bool,
    ) -> Any:
        given = {name: value for name, value in (query or {}).items() if value not in (None, "")}
        headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            return self._pool.request(
                method,
                f"{self.url}/api/v1/{path}{'?' + urlencode(given) if given else ''}",
                body=None if body is None else json.dumps(body).encode(),
                headers=headers,
                timeout=urllib3.Timeout(connect=_CONNECT, read=patience),
                preload_content=not stream,
                redirect=False,  # token and password are for this server only
            )
        except urllib3.exceptions.MaxRetryError as error:
            if isinstance(error.reason, urllib3.exceptions.ReadTimeoutError):
                raise Silence(f"Argo CD at {self.url} has not answered") from error
            raise self._unreachable(error) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> Unavailable:
        cause = getattr(error, "reason", None) or error
        told = cause.args[-1] if isinstance(cause, urllib3.exceptions.ProtocolError) else cause
        reason = re.sub(r"<[^>]*>[,:]? ?|\w*Connection(Pool)?\([^)]*\): ?", "", str(told))
        hint = "is it up, and argocd_server right (http or https, the port)?"
        if "certificate" in reason.lower():
            hint = "give the right argocd_ca_cert"
        return Unavailable(f"Argo CD's API at {self.url} cannot be reached ({reason.strip()}): {hint}")

    def _no_api(self, status: int) -> Problem:
        if status in (301, 302, 303, 307, 308):
            return Invalid(f"{self.url} answers with a redirect ({status}); give the URL that it leads to (https, say)")
        return Unavailable(f"{self.url} answers ({status}), but not as Argo CD's API; correct argocd_server")

    def _problem(self, answer: Mapping[str, Any], what: str, status: int) -> Problem:
        code = answer.get("code", answer.get("grpc_code", 0))
        message = str(answer.get("message") or answer.get("error") or f"HTTP {status}").strip()
        if code == _UNKNOWN_USER or status == 401:
            return Refused(
                f"Argo CD's API at {self.url} does not accept the credentials ({message}): they are wrong or expired; "
                "renew argocd_token, or correct argocd_username and argocd_password"
            )
        if code == _DENIED or status == 403:
            return Refused(f"not allowed to {what}: {message}; grant it in Argo CD's RBAC policy, or use another token")
        if code == _NOT_FOUND:
            return Missing(f"cannot {what}: {message}")
        if _BUSY in message:
            return Conflict(f"cannot {what}: {message}")
        if status in (429, 502, 503, 504):
            return Unavailable(f"Argo CD's API at {self.url} cannot {what} now: {message}; try again")
        return _CODES.get(code, Failed)(f"cannot {what}: {message}")


def _is_address(url: str) -> bool:
    """Whether it is the URL of a server, and has no user, whom messages would show with the password."""
    try:
        address = urlsplit(url)
    except ValueError:
        return False
    plain = not (address.query or address.fragment or "@" in address.netloc)
    return address.scheme in ("http", "https") and bool(address.hostname) and plain


def in_path(name: str) -> str:
    """A name as a part of a path."""
    return quote(name, safe="")


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
