# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import socket

import pytest

pytest.importorskip("kubernetes")

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Conflict, Invalid, Refused, Unavailable
from ansible_collections.ai_how.cloud.plugins.module_utils._kube.client import Kind
from ansible_collections.ai_how.cloud.plugins.module_utils._kube.connection import connect
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._kube.api import Answer, serve, serve_tls, status

APPLICATION = Kind("argoproj.io", "v1alpha1", "Application", "applications")
COLLECTION = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications"
WEB = {"metadata": {"name": "web", "namespace": "argocd"}, "spec": {"project": "default"}}
WHAT = 'Application "web" in namespace argocd'


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr("ansible_collections.ai_how.cloud.plugins.module_utils._kube.client._COME_AGAIN_AFTER", 0)


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for name in ("KUBERNETES_SERVICE_HOST", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def api():
    with serve() as running:
        yield running


def client(api, **options):
    return connect({"host": api.url, **options})


# Requests


def test_list_gives_the_objects_and_where_to_watch_from(api):
    api.answers = [Answer(200, {"metadata": {"resourceVersion": "7"}, "items": [WEB]})]
    assert client(api).list(APPLICATION, "argocd") == ([WEB], "7")
    assert [(request.method, request.path, request.query) for request in api.requests] == [("GET", COLLECTION, {})]


def test_a_list_can_be_of_those_with_a_label(api):
    api.answers = [Answer(200, {"metadata": {"resourceVersion": "7"}, "items": []})]
    client(api).list(APPLICATION, "argocd", label_selector="kind in (a,b)")
    assert api.requests[0].query == {"labelSelector": "kind in (a,b)"}


def test_the_core_group_has_a_path_and_a_name_of_its_own(api):
    pods = Kind("", "v1", "Pod", "pods")
    api.answers = [Answer(200, {"metadata": {"resourceVersion": "7"}, "items": []}), status(403, "forbidden")]
    client(api).list(pods, "mlops")
    assert api.requests[0].path == "/api/v1/namespaces/mlops/pods"
    with pytest.raises(Refused, match="not allowed to list pods in namespace mlops: forbidden"):
        client(api).list(pods, "mlops")


def test_list_of_what_is_about_something(api):
    api.answers = [Answer(200, {"metadata": {"resourceVersion": "7"}, "items": []})]
    client(api).list(Kind("", "v1", "Event", "events"), "mlops", field_selector="involvedObject.uid=1")
    assert api.requests[0].query == {"fieldSelector": "involvedObject.uid=1"}


def test_log_gives_text(api):
    api.answers = [Answer(200, "one\ntwo\n"), status(400, "container is waiting to start")]
    assert client(api).log("mlops", "web-0", "web", 20, previous=True) == "one\ntwo\n"
    (request,) = api.requests
    assert request.path == "/api/v1/namespaces/mlops/pods/web-0/log"
    assert request.query == {"container": "web", "tailLines": "20", "previous": "true"}
    with pytest.raises(Invalid, match='Log "web-0" in namespace mlops was rejected: container is waiting'):
        client(api).log("mlops", "web-0", "web", 20, previous=False)


def test_a_service_is_asked_through_the_api_server(api):
    api.answers = [Answer(200, "text"), Answer(200, ""), status(409, "no"), status(503, "no endpoints")]
    proxied = "/api/v1/namespaces/kube-system/services/http:web:http/proxy/v1/it"
    assert client(api).proxy("kube-system", "web", "http", "/v1/it") == b"text"
    assert client(api).proxy("kube-system", "web", "http", "/v1/it", {"a": "b"}) == b""
    assert [(request.method, request.path, request.body) for request in api.requests] == [
        ("GET", proxied, None),
        ("POST", proxied, {"a": "b"}),
    ]
    with pytest.raises(Conflict, match='Service "web" in namespace kube-system'):
        client(api).proxy("kube-system", "web", "http", "/v1/it", {})


def test_get_gives_the_object_or_none(api):
    api.answers = [Answer(200, WEB), status(404, 'applications "web" not found', name="web")]
    assert client(api).get(APPLICATION, "argocd", "web") == WEB
    assert client(api).get(APPLICATION, "argocd", "web") is None
    assert {request.path for request in api.requests} == {f"{COLLECTION}/web"}


@pytest.mark.parametrize(
    ("options", "query"),
    [
        ({}, {}),
        ({"force": True}, {"force": "true"}),
        ({"dry_run": True}, {"dryRun": "All"}),
    ],
)
def test_apply_is_server_side_with_our_field_manager(api, options, query):
    api.answers = [Answer(200, WEB)]
    assert client(api).apply(APPLICATION, WEB, "me", **options) == WEB
    (request,) = api.requests
    assert (request.method, request.path, request.body) == ("PATCH", f"{COLLECTION}/web", WEB)
    assert request.headers["Content-Type"] == "application/apply-patch+yaml; charset=utf-8"
    assert {**request.query, "force": request.query.get("force", "false").lower()} == {
        "fieldManager": "me",
        "force": "false",
        **query,
    }


def test_merge_patch_sends_the_patch(api):
    api.answers = [Answer(200, WEB)]
    patch = {"metadata": {"resourceVersion": "5"}, "operation": None}
    assert client(api).merge_patch(APPLICATION, "argocd", "web", patch, "me") == WEB
    (request,) = api.requests
    assert (request.method, request.path, request.body) == ("PATCH", f"{COLLECTION}/web", patch)
    assert request.headers["Content-Type"] == "application/merge-patch+json"
    assert request.query == {"fieldManager": "me"}


def test_delete_means_this_very_object(api):
    api.answers = [Answer(200, {"kind": "Status", "status": "Success"})]
    client(api).delete(APPLICATION, "argocd", "web", uid="u")
    (request,) = api.requests
    assert (request.method, request.path) == ("DELETE", f"{COLLECTION}/web")
    assert request.body["preconditions"] == {"uid": "u"}


def test_to_delete_what_is_gone_is_no_error(api):
    api.answers = [status(404, 'applications "web" not found', name="web")]
    client(api).delete(APPLICATION, "argocd", "web", uid="u")
    assert [request.method for request in api.requests] == ["DELETE"]


def test_token_and_impersonation_are_sent(api):
    api.answers = [Answer(200, WEB)]
    client(api, api_key="t0ken", impersonate_user="jane").get(APPLICATION, "argocd", "web")
    headers = {name.lower(): value for name, value in api.requests[0].headers.items()}
    assert headers["authorization"] == "Bearer t0ken"
    assert headers["impersonate-user"] == "jane"


# Answers that are errors


@pytest.mark.parametrize(
    ("answer", "kind", "sentence"),
    [
        (
            status(401, "Unauthorized"),
            Refused,
            "does not accept the credentials (401 Unauthorized): they are wrong or expired; "
            "renew the kubeconfig, api_key or client_cert",
        ),
        (
            status(403, 'applications "web" is forbidden: User "jane" cannot patch', name="web"),
            Refused,
            f'not allowed to patch {WHAT}: applications "web" is forbidden: User "jane" cannot patch; '
            "grant the verb, or use other credentials",
        ),
        (
            Answer(404, "404 page not found\n"),
            Refused,
            "does not know applications.argoproj.io: install what brings it (Argo CD for argoproj.io), "
            "or point to the cluster that has it",
        ),
        (
            status(404, 'namespaces "argocd" not found', name="argocd", kind="namespaces"),
            Refused,
            f'{WHAT}: namespaces "argocd" not found',
        ),
        (
            status(409, 'Apply failed with 1 conflict: conflict with "argocd-controller": .spec.project', name="web"),
            Conflict,
            f'{WHAT}: Apply failed with 1 conflict: conflict with "argocd-controller": .spec.project',
        ),
        (status(400, "malformed patch"), Invalid, f"{WHAT} was rejected: malformed patch"),
        (status(413, "too large"), Invalid, f"{WHAT} was rejected: too large"),
        (status(422, "spec.project: Required value"), Invalid, f"{WHAT} was rejected: spec.project: Required value"),
        (status(429, "too many requests"), Unavailable, f"answered 429 for {WHAT}: too many requests; try again"),
        (status(500, "etcdserver: leader changed"), Unavailable, f"500 for {WHAT}: etcdserver: leader changed; try"),
        (Answer(503, "<html>proxy</html>"), Unavailable, f"answered 503 for {WHAT}: Service Unavailable; try again"),
        (Answer(500, "[]"), Unavailable, f"answered 500 for {WHAT}: Internal Server Error; try again"),
        (status(405, "not allowed here"), Refused, f"{WHAT}: 405 not allowed here"),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Answer) else "",
)
def test_an_error_of_the_server_is_one_clear_sentence(api, answer, kind, sentence):
    api.answers = [answer] * 6
    with pytest.raises(kind) as caught:
        client(api).apply(APPLICATION, WEB, "me")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(api.requests) == (6 if answer.status in (429, 503) else 1)


@pytest.mark.parametrize(
    ("request_of", "verb"),
    [
        (lambda to: to.list(APPLICATION, "argocd"), "list applications.argoproj.io in namespace argocd"),
        (lambda to: list(to.watch(APPLICATION, "argocd", "1")), "watch applications.argoproj.io in namespace argocd"),
        (lambda to: to.get(APPLICATION, "argocd", "web"), f"get {WHAT}"),
        (lambda to: to.merge_patch(APPLICATION, "argocd", "web", {}, "me"), f"patch {WHAT}"),
        (lambda to: to.delete(APPLICATION, "argocd", "web", uid="u"), f"delete {WHAT}"),
    ],
    ids=["list", "watch", "get", "merge_patch", "delete"],
)
def test_what_is_not_allowed_is_named(api, request_of, verb):
    api.answers = [status(403, "forbidden")]
    with pytest.raises(Refused, match=f"^not allowed to {verb}: forbidden"):
        request_of(client(api))


def test_a_kind_that_is_not_there_is_an_error_for_a_list(api):
    api.answers = [Answer(404, "404 page not found\n")]
    with pytest.raises(Refused, match=r"does not know applications\.argoproj\.io"):
        client(api).list(APPLICATION, "argocd")


def test_what_the_schema_rejects_is_the_users_mistake(api):
    message = "failed to create typed patch object (argocd/web): .metadata.labels.a: expected string"
    api.answers = [status(500, message)]
    with pytest.raises(Invalid, match="expected string"):
        client(api).apply(APPLICATION, WEB, "me")


def test_a_host_that_is_no_api_server_is_told(api):
    api.answers = [Answer(200, "<html>welcome</html>")]
    with pytest.raises(Unavailable, match=api.url):
        client(api).list(APPLICATION, "argocd")


# No answer


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize(
    "request_of",
    [lambda to: to.list(APPLICATION, "argocd"), lambda to: list(to.watch(APPLICATION, "argocd", "1"))],
    ids=["list", "watch"],
)
def test_a_server_that_is_not_up(request_of):
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(Unavailable) as caught:
        request_of(connect({"host": url}))
    text = str(caught.value)
    assert text.startswith(f"the Kubernetes API at {url} cannot be reached (")
    assert text.endswith("): is the server up, and host or kubeconfig right?")
    assert "refused" in text
    assert "Pool" not in text
    assert "0x" not in text


@pytest.fixture
def tls_api(tmp_path):
    with serve_tls(tmp_path) as running:
        yield running


def test_a_certificate_that_nobody_vouches_for(tls_api):
    with pytest.raises(Unavailable) as caught:
        client(tls_api).list(APPLICATION, "argocd")
    text = str(caught.value)
    assert "certificate" in text
    assert text.endswith("give the right ca_cert, or a kubeconfig of this very cluster")
    assert tls_api.requests == []


@pytest.mark.parametrize("vouched", [True, False], ids=["with ca_cert", "without validate_certs"])
def test_a_certificate_that_is_trusted_or_not_looked_at(tls_api, vouched):
    tls_api.answers = [Answer(200, WEB)]
    options = {"ca_cert": tls_api.certificate} if vouched else {"validate_certs": False}
    assert client(tls_api, **options).get(APPLICATION, "argocd", "web") == WEB


@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize("method", ["list", "apply"])
def test_a_server_that_starts_or_is_busy_is_asked_again(api, code, method):
    empty = Answer(200, {"items": [], "metadata": {"resourceVersion": "1"}})
    api.answers = [status(code, "storage is (re)initializing")] * 3 + [empty]
    if method == "list":
        client(api).list(APPLICATION, "argocd")
    else:
        client(api).apply(APPLICATION, WEB, "me")
    assert len(api.requests) == 4


def test_a_server_that_stays_busy_is_told_by_its_own_words(api):
    api.answers = [status(429, "storage is (re)initializing")] * 20
    with pytest.raises(Unavailable, match=r"answered 429 for .*: storage is \(re\)initializing; try again"):
        client(api).list(APPLICATION, "argocd")


# Watch


def event(kind, version):
    return json.dumps({"type": kind, "object": {"metadata": {"name": "web", "resourceVersion": version}}}).encode()


def watched(api):
    return [(kind, raw["metadata"]["resourceVersion"]) for kind, raw in client(api).watch(APPLICATION, "argocd", "3")]


STREAM = event("ADDED", "4") + b"\n" + event("MODIFIED", "5") + b"\n" + event("DELETED", "6") + b"\n"


@pytest.mark.parametrize("size", [1, 7, 50, len(STREAM) - 1, len(STREAM)])
def test_events_come_however_the_stream_is_cut(api, size):
    api.answers = [Answer(200, [STREAM[start : start + size] for start in range(0, len(STREAM), size)])]
    assert watched(api) == [("ADDED", "4"), ("MODIFIED", "5"), ("DELETED", "6")]
    query = api.requests[0].query
    assert (query["watch"].lower(), query["resourceVersion"]) == ("true", "3")


def test_a_stream_without_events_just_ends(api):
    api.answers = [Answer(200, [b"\n"])]
    assert watched(api) == []


def test_a_resource_version_that_is_too_old_asks_for_a_new_list(api):
    expired = {"type": "ERROR", "object": {"code": 410, "reason": "Expired", "message": "too old resource version: 3"}}
    api.answers = [Answer(200, [event("ADDED", "4") + b"\n", json.dumps(expired).encode() + b"\n"])]
    events = client(api).watch(APPLICATION, "argocd", "3")
    assert next(events)[0] == "ADDED"
    with pytest.raises(Conflict, match=r"watch of applications\.argoproj\.io ended: too old resource version: 3"):
        next(events)


@pytest.mark.parametrize("content", [{"reason": "Expired"}, {}])
def test_an_error_event_may_say_little(api, content):
    api.answers = [Answer(200, [json.dumps({"type": "ERROR", "object": content}).encode() + b"\n"])]
    with pytest.raises(Conflict, match=str(content.get("reason"))):
        watched(api)


def test_a_server_that_goes_away_in_the_middle_of_a_stream(api):
    api.answers = [Answer(200, [event("ADDED", "4") + b"\n"], broken=True)]
    events = client(api).watch(APPLICATION, "argocd", "3")
    assert next(events)[0] == "ADDED"
    with pytest.raises(Unavailable, match="cannot be reached"):
        next(events)
