# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests to Argo CD's own API, against a server that answers as it does."""

from __future__ import annotations

import json
import socket
import threading

import pytest

pytest.importorskip("urllib3")

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.api import Api, Silence, connect_api
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import (
    Conflict,
    Failed,
    Invalid,
    Missing,
    Refused,
    Unavailable,
)
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._kube.api import Answer, serve, serve_tls


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    monkeypatch.delenv("ARGOCD_AUTH_TOKEN", raising=False)


@pytest.fixture
def server():
    with serve() as running:
        yield running


def error(status, code, message="why"):
    return Answer(status, {"error": message, "code": code, "message": message})


def ask(server, *answers, **options):
    server.answers = list(answers)
    api = connect_api({"argocd_server": server.url, "argocd_token": "t", **options})
    return api.request("GET", "applications/a", "get it", {"project": "p", "none": None, "empty": ""})


def test_a_request_has_the_token_and_what_is_given(server):
    assert ask(server, Answer(200, {"a": 1})) == {"a": 1}
    (request,) = server.requests
    assert (request.method, request.path, request.query) == ("GET", "/api/v1/applications/a", {"project": "p"})
    assert request.headers["Authorization"] == "Bearer t"


def test_a_path_before_the_api(server):
    assert ask(server, Answer(200, {}), argocd_server=f"{server.url}/argo/") == {}
    assert server.requests[0].path == "/argo/api/v1/applications/a"


def test_a_login_gives_the_token(server):
    answers = Answer(200, {"token": "of-session"}), Answer(200, {})
    ask(server, *answers, argocd_token=None, argocd_username="u", argocd_password="p")
    login, request = server.requests
    assert (login.path, login.body) == ("/api/v1/session", {"username": "u", "password": "p"})
    assert "Authorization" not in login.headers
    assert request.headers["Authorization"] == "Bearer of-session"


def test_a_token_from_a_file_ends_with_a_newline(server):
    ask(server, Answer(200, {}), argocd_token="of-file\n")
    assert server.requests[0].headers["Authorization"] == "Bearer of-file"


def test_the_token_of_the_environment(server, monkeypatch):
    monkeypatch.setenv("ARGOCD_AUTH_TOKEN", "of-env")
    ask(server, Answer(200, {}), argocd_token=None)
    assert server.requests[0].headers["Authorization"] == "Bearer of-env"


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (error(400, 3), Invalid, r"^cannot get it: why$"),
        (error(404, 5), Missing, r"^cannot get it: why$"),
        (error(403, 7), Refused, r"^not allowed to get it: why; grant it in Argo CD's RBAC policy"),
        (error(401, 16), Refused, "does not accept the credentials"),
        (error(400, 9), Refused, r"^cannot get it: why$"),
        (error(400, 9, "x: another operation is already in progress"), Conflict, "in progress"),
        (error(409, 10), Conflict, "why"),
        (error(500, 2), Failed, r"^cannot get it: why$"),
        (error(503, 14), Unavailable, "cannot get it now: why; try again"),
        (Answer(502, "<html>bad gateway</html>"), Unavailable, "not as Argo CD's API; correct argocd_server"),
        (Answer(200, "[]"), Unavailable, "not as Argo CD's API"),
        (Answer(307, "<a href=x>"), Invalid, r"redirect \(307\)"),
    ],
)
def test_each_error_is_one_sentence_of_its_kind(server, answer, kind, text):
    with pytest.raises(kind, match=text) as raised:
        ask(server, answer)
    assert raised.type is kind
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"argocd_token": None}, "wants to know who asks"),
        ({"argocd_token": None, "argocd_username": "u"}, "belong together"),
        ({"argocd_username": "u", "argocd_password": "p"}, "argocd_token and argocd_username were both given"),
        ({"argocd_token": "secret-word\nand more"}, "blanks or letters that no token has"),
        ({"argocd_token": "secret-wörd"}, "blanks or letters that no token has"),
        ({"argocd_server": "ftp://a"}, "is no URL like https://"),
        ({"argocd_server": "https://[::1"}, "is no URL like https://"),
        ({"argocd_server": "https://a/#b"}, "is no URL like https://"),
        ({"argocd_server": "https://:secret-word@a"}, "is no URL like https://"),
        ({"argocd_server": "https://me:secret-word@a"}, "is no URL like https://"),
        ({"argocd_ca_cert": "/nowhere"}, "argocd_ca_cert: no such file"),
    ],
)
def test_options_that_cannot_be_right(options, text):
    with pytest.raises(Invalid, match=text) as raised:
        connect_api({"argocd_server": "https://a", "argocd_token": "t", **options})
    assert "secret-w" not in str(raised.value)


@pytest.mark.parametrize("status", [302, 307, 308])
def test_a_redirect_gets_neither_token_nor_password(server, status):
    with serve() as other:
        redirect = Answer(status, "", headers={"Location": f"{other.url}/api/v1/session"})
        with pytest.raises(Invalid, match=rf"answers with a redirect \({status}\)"):
            ask(server, redirect)
        with pytest.raises(Invalid, match="answers with a redirect"):
            ask(server, redirect, argocd_token=None, argocd_username="u", argocd_password="p")
        assert other.requests == []


def test_a_server_that_is_busy_is_told_in_its_own_words(server):
    busy = error(503, 14, "too much to do")
    with pytest.raises(Unavailable, match="too much to do"):
        ask(server, busy._replace(headers={"Retry-After": "1"}))


def test_a_server_without_a_scheme_is_https():
    assert Api("argocd.example.com:8443").url == "https://argocd.example.com:8443"


def test_a_server_that_is_not_there():
    with pytest.raises(Unavailable, match=r"^Argo CD's API at http://127.0.0.1:1 cannot be reached \(.*refused\): "):
        Api("http://127.0.0.1:1").request("GET", "a", "get it")


def test_https_where_http_is_spoken(server):
    with pytest.raises(Unavailable, match=r"WRONG_VERSION_NUMBER.*: is it up, and argocd_server right \(http or https"):
        Api(server.url.replace("http:", "https:")).request("GET", "a", "get it")


def test_a_server_that_hangs_up():
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def hang_up():
            listening.accept()[0].close()

        threading.Thread(target=hang_up, daemon=True).start()
        with pytest.raises(Unavailable, match=r"cannot be reached \([^('\"]*\): is it up"):
            Api(f"http://127.0.0.1:{listening.getsockname()[1]}").request("GET", "a", "get it")


def test_a_certificate_is_verified(tmp_path):
    with serve_tls(tmp_path) as tls:
        with pytest.raises(Unavailable, match=r"certificate.*: give the right argocd_ca_cert$"):
            ask(tls)
        assert ask(tls, Answer(200, {}), argocd_ca_cert=tls.certificate) == {}
        assert ask(tls, Answer(200, {}), argocd_validate_certs=False) == {}
        assert len(tls.requests) == 2


def lines(*events):
    return [json.dumps(event).encode() + b"\n" for event in events]


def stream(server, *answers):
    server.answers = list(answers)
    return Api(server.url).stream("stream/a", "watch", {}, patience=1.0)


def test_a_stream_comes_line_by_line(server):
    first, second = lines({"result": {"n": 1}}, {"result": {"n": 2}})
    pieces = [first[:5], first[5:] + second]
    assert list(stream(server, Answer(200, pieces))) == [{"n": 1}, {"n": 2}]


def test_a_stream_that_breaks_and_one_that_is_refused(server):
    with pytest.raises(Unavailable):
        list(stream(server, Answer(200, lines({"result": {}}), broken=True)))
    with pytest.raises(Refused, match="not allowed to watch: why"):
        list(stream(server, error(403, 7)))
    with pytest.raises(Refused, match="not allowed to watch: no"):
        list(stream(server, Answer(200, lines({"error": {"grpc_code": 7, "message": "no"}}))))
    for body in ("no JSON", "[1]"):
        with pytest.raises(Unavailable, match="not as Argo CD's API"):
            list(stream(server, Answer(502, body)))


def test_silence_is_told_apart(silent):
    with pytest.raises(Silence):
        Api(silent).request("GET", "a", "get it", patience=0.1)
    assert list(Api(silent).stream("a", "watch", {}, patience=0.1)) == []


@pytest.fixture
def silent():
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
