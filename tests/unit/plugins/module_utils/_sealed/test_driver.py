# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files, certificates and the controller, with a server on loopback in the place of the API server."""

from __future__ import annotations

import base64
import multiprocessing
import os
import socket
import stat
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import yaml
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Conflict, Invalid, Refused, Unavailable
from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import declare
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed import driver, envelope
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed.driver import Task, examine, reseal

from .._kube.api import Answer, serve, status
from .controller import elliptic, pem, rsa_key, unsealed
from .test_model import task

pytest.importorskip("kubernetes")

DAY = timedelta(days=1)
TODAY = datetime.now(timezone(timedelta(0)))
PEM = pem(since=TODAY - DAY, until=TODAY + DAY).decode()
HMAC = "0123456789abcdef0123456789abcdef"
A = {"name": "a", "namespace": "b", "certificate": PEM, "string_data": {"x": "hunter2"}, "hmac_key": HMAC}
SERVICE = Answer(200, {"spec": {"ports": [{"name": "http", "port": 8080}]}})
LIST = {"metadata": {"resourceVersion": "7"}}


def run(check=False, **options):
    parts, params = Task(), task(**{**A, **options})
    return declare(parts.domain(params), parts.store(params), check)


def read(path: Path) -> dict:
    (only,) = yaml.safe_load_all(path.read_text())
    return only


def test_a_new_file(tmp_path):
    path = tmp_path / "sealed.yaml"
    assert run(check=True, path=str(path))["changed"] is True
    assert not path.exists()
    result = run(path=str(path), mode="0600")
    assert (result["changed"], result["path"], result["data_keys"]) == (True, str(path), ["x"])
    assert unsealed(read(path)) == {"x": b"hunter2"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert run(path=str(path))["changed"] is False
    assert "hunter2" not in str(result) + path.read_text()
    assert os.listdir(tmp_path) == ["sealed.yaml"]


def test_a_file_that_is_there_keeps_mode_link_and_other_documents(tmp_path):
    path, link = tmp_path / "all.yaml", tmp_path / "link.yaml"
    path.write_text("# mine\nkind: ConfigMap\n")
    path.chmod(0o640)
    link.symlink_to(path)
    run(path=str(link))
    assert link.is_symlink()
    assert path.read_text().startswith("# mine\nkind: ConfigMap\n---\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    run(path=str(link), state="absent")
    assert path.read_text() == "# mine\nkind: ConfigMap\n"


def test_many_in_one_file_and_a_file_less(tmp_path):
    path = tmp_path / "all.yaml"
    several = [
        {"name": f"s{number}", "namespace": "b", "string_data": {"x": "1"}, "path": str(path)} for number in range(20)
    ]
    alone = {"name": None, "namespace": None, "string_data": None}
    result = run(secrets=several, **alone)
    assert [entry["index"] for entry in result["results"]] == list(range(20))
    assert len(list(yaml.safe_load_all(path.read_text()))) == 20
    assert run(secrets=several, **alone)["changed"] is False
    assert run(secrets=several, state="absent", check=True, **alone)["changed"] is True
    assert run(secrets=several, state="absent", **alone)["changed"] is True
    assert not path.exists()
    assert run(secrets=several, state="absent", **alone)["changed"] is False


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "sealed.yaml"
    run(path=str(path))
    before = path.read_text()

    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(driver.os, "fsync", full)
    result = run(path=str(path), string_data={"x": "other"})
    assert "sealed.yaml cannot be written: No space left on device" in result["msg"]
    assert path.read_text() == before
    assert os.listdir(tmp_path) == ["sealed.yaml"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"kind: Secret\ndata: {x: aHVudGVyMg==}\n", "the file holds a Secret in plain text"),
        (b"\xff", "is no text in UTF-8"),
        (b"a: b: c", "is no YAML, line 1"),
    ],
)
def test_a_file_that_is_not_for_us(tmp_path, text, said):
    path = tmp_path / "f.yaml"
    path.write_bytes(text)
    with pytest.raises((Invalid, Refused), match=said):
        run(path=str(path))
    assert path.read_bytes() == text


def test_a_folder_that_is_not_there(tmp_path):
    for check in (True, False):
        result = run(check, path=str(tmp_path / "no" / "f.yaml"))
        assert "cannot be written: No such file" in result["msg"]
        assert result["changed"] is False


def test_a_folder_in_which_this_user_may_not_write(tmp_path, monkeypatch):
    monkeypatch.setattr(driver.os, "access", lambda path, mode: False)  # root may write everywhere
    for check in (True, False):
        assert "cannot be written: Permission denied" in run(check, path=str(tmp_path / "f.yaml"))["msg"]
    assert os.listdir(tmp_path) == []


def test_a_link_to_nothing_is_no_file_yet(tmp_path):
    path, link = tmp_path / "f.yaml", tmp_path / "link.yaml"
    link.symlink_to(path)
    assert run(path=str(link))["changed"] is True
    assert unsealed(read(path)) == {"x": b"hunter2"}
    assert run(path=str(link), state="absent")["changed"] is True
    assert run(path=str(link), state="absent")["changed"] is False


def test_a_file_without_end_is_not_read(tmp_path):
    with pytest.raises(Invalid, match="/dev/zero has more than 64 MiB"):
        run(path=str(tmp_path / "f.yaml"), files={"x": "/dev/zero"})


def observed(path, **options):
    """A task that has seen what is there and has written nothing yet: the second half."""
    parts, params = Task(), task(**{**A, "path": str(path), **options})
    domain = parts.domain(params)
    store = parts.store(params)
    (item,) = domain.items
    (action,) = domain.plan(item, store.observe([item.key.namespace])[item.key])
    return lambda: store.apply(action, dry_run=False)


def test_what_others_wrote_in_the_meantime_stays(tmp_path):
    path = tmp_path / "f.yaml"
    write = observed(path, name="late")
    run(path=str(path), name="early")
    write()
    assert [raw["metadata"]["name"] for raw in yaml.safe_load_all(path.read_text())] == ["early", "late"]


def test_the_same_secret_changed_by_others_in_the_meantime_is_told(tmp_path):
    path = tmp_path / "f.yaml"
    run(path=str(path))
    write = observed(path, string_data={"y": "1"}, merge=True)
    run(path=str(path), string_data={"z": "1"}, merge=True)
    before = path.read_text()
    with pytest.raises(Conflict, match="was changed by somebody else in the meantime; run the task again"):
        write()
    assert path.read_text() == before


def test_two_tasks_at_once_lose_nothing(tmp_path):
    """Each in a process of its own, as two hosts of a play that both delegate to the controller."""
    path = tmp_path / "f.yaml"

    def seal(number):
        for turn in range(10):
            run(path=str(path), name=f"s{number}-{turn}")

    context = multiprocessing.get_context("fork")
    tasks = [context.Process(target=seal, args=(number,)) for number in range(3)]
    for each in tasks:
        each.start()
    for each in tasks:
        each.join()
    assert [each.exitcode for each in tasks] == [0, 0, 0]
    assert len(list(yaml.safe_load_all(path.read_text()))) == 30


def test_annotations_of_ours_that_fit_nothing(tmp_path):
    path = tmp_path / "f.yaml"
    path.write_text(
        "kind: SealedSecret\nmetadata: {name: a, namespace: null, annotations: "
        '{ai-how.cloud/sealed-for: \'{"x": "f:1", "y": "f:1"}\', ai-how.cloud/hmac: \'[]\'}}\n'
        "spec: {encryptedData: {x: 5, y: [1]}}\n"
    )
    assert run(path=str(path))["changed"] is True
    assert unsealed(read(path)) == {"x": b"hunter2"}


def test_a_certificate_from_a_file_and_from_a_url(tmp_path):
    file = tmp_path / "cert.pem"
    file.write_text(PEM)
    assert "manifest" in run(certificate=str(file))
    with serve() as api:
        api.answers = [Answer(200, PEM), Answer(404, "no")]
        assert "manifest" in run(certificate=f"{api.url}/v1/cert.pem")
        with pytest.raises(Unavailable, match=r"cert\.pem cannot be fetched: .*404"):
            run(certificate=f"{api.url}/v1/cert.pem")


def test_a_server_that_speaks_no_http():
    with socket.create_server(("127.0.0.1", 0)) as server:
        answering = threading.Thread(target=lambda: server.accept()[0].sendall(b"hello\n"))
        answering.start()
        with pytest.raises(Unavailable, match="cannot be fetched"):
            run(certificate=f"http://127.0.0.1:{server.getsockname()[1]}/cert.pem")
        answering.join()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (elliptic().decode(), "the certificate is of ECPublicKey"),
        (pem(since=TODAY - 2 * DAY, until=TODAY - DAY).decode(), "the certificate has expired at"),
        (pem(since=TODAY + DAY, until=TODAY + 2 * DAY).decode(), "the certificate is valid from"),
        ("/no/such/file", "/no/such/file cannot be read: No such file or directory"),
    ],
    ids=["elliptic", "expired", "early", "missing"],  # certificates differ from run to run
)
def test_a_bad_certificate_changes_nothing(tmp_path, text, said):
    with pytest.raises(Invalid, match=said):
        run(certificate=text, path=str(tmp_path / "f.yaml"))
    assert os.listdir(tmp_path) == []


def test_the_controller_is_asked_for_its_certificate():
    with serve() as api:
        api.answers = [SERVICE, Answer(200, PEM)]
        result = run(certificate=None, live=False, host=api.url)
        assert "manifest" in result
        assert (
            api.requests[-1].path
            == "/api/v1/namespaces/kube-system/services/http:sealed-secrets-controller:http/proxy/v1/cert.pem"
        )


def test_a_controller_that_is_not_there():
    with serve() as api:
        api.answers = [status(404, "services not found", name="sealed-secrets-controller")]
        with pytest.raises(Invalid, match="the controller kube-system/sealed-secrets-controller is not there"):
            run(certificate=None, live=False, host=api.url)


def deployed(raw, synced="True", uid="7"):
    there = {**raw, "metadata": {**raw["metadata"], "uid": "7", "generation": 2}}
    there["status"] = {"observedGeneration": 2, "conditions": [{"type": "Synced", "status": synced}]}
    live = {"metadata": {"name": "a", "ownerReferences": [{"uid": uid}]}}
    live["data"] = {"x": base64.b64encode(b"hunter2").decode()}
    return [Answer(200, {**LIST, "items": [there]}), Answer(200, {**LIST, "items": [live]})]


@pytest.mark.parametrize(
    ("value", "state", "outcome"),
    [
        ("hunter2", {}, (False, False)),
        ("other", {}, (True, False)),
        ("other", {"synced": "False"}, (False, True)),
        ("other", {"uid": "8"}, (False, True)),
    ],
)
def test_a_file_is_compared_with_what_the_controller_made_of_it(tmp_path, value, state, outcome):
    """Whether it changed, and whether it was said that nobody can tell."""
    path = tmp_path / "f.yaml"
    run(path=str(path), hmac_key=None)
    with serve() as api:
        api.answers = deployed(read(path), **state)
        result = run(path=str(path), hmac_key=None, string_data={"x": value}, live=True, host=api.url)
        assert {request.query["fieldSelector"] for request in api.requests} == {"metadata.name=a"}
    assert (result["changed"], "warnings" in result) == outcome


def test_a_file_that_is_not_deployed_yet_is_not_compared_with_the_old_secret(tmp_path):
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    run(path=str(old), hmac_key=None)
    run(path=str(new), hmac_key=None)
    with serve() as api:
        api.answers = deployed(read(old))
        result = run(path=str(new), hmac_key=None, live=True, host=api.url)
    assert "cannot be told" in result["warnings"][0]


def test_secrets_that_may_not_be_read_are_said(tmp_path):
    path = tmp_path / "f.yaml"
    run(path=str(path), hmac_key=None)
    with serve() as api:
        api.answers = [deployed(read(path))[0], status(403, "no")]
        result = run(path=str(path), hmac_key=None, live=True, host=api.url)
    assert result["unknown_keys"] == ["x"]
    assert "(not allowed to list secrets in namespace b" in result["warnings"][0]


def test_what_another_manager_put_there_stays_and_is_said():
    with serve() as api:
        api.answers = [Answer(200, {**LIST, "items": []}), Answer(200, {**LIST, "items": []})]
        foreign = {"metadata": {"name": "a", "namespace": "b"}, "spec": {"encryptedData": {"x": "AgA", "y": "AgB"}}}
        api.answers.append(Answer(200, foreign))
        result = run(cluster=True, host=api.url)
        assert [request.method for request in api.requests] == ["GET", "GET", "PATCH"]
        assert "hunter2" not in str(api.requests[-1].body)
    assert result["failed"] is True
    assert "y stays, since another field manager put it there" in result["msg"]


def test_a_key_that_would_stay_is_told_before_anything_is_changed():
    foreign = {"metadata": {"name": "a", "namespace": "b"}, "spec": {"encryptedData": {"x": "AgA", "y": "AgB"}}}
    with serve() as api:
        api.answers = [Answer(200, {**LIST, "items": [foreign]}), Answer(200, {**LIST, "items": []})]
        api.answers.append(Answer(200, foreign))
        result = run(cluster=True, host=api.url)
        assert [request.query.get("dryRun") for request in api.requests] == [None, None, "All"]
    assert (result["changed"], result["failed"]) == (False, True)
    assert "y stays" in result["msg"]


def test_a_deletion_in_the_cluster():
    there = {"metadata": {"name": "a", "namespace": "b", "uid": "7"}}
    with serve() as api:
        api.answers = [Answer(200, {**LIST, "items": [there]}), Answer(200, {})]
        assert run(cluster=True, state="absent", host=api.url)["changed"] is True
        assert [request.method for request in api.requests] == ["GET", "DELETE"]


def examined(path, **options):
    params = {"path": str(path), "verify": False, "fail": False, "controller_name": "c", "controller_namespace": "n"}
    return examine({**params, **options}, False, None)


def test_a_tree_is_examined(tmp_path):
    (tmp_path / "templates").mkdir()
    (tmp_path / ".git").mkdir()
    run(path=str(tmp_path / "sealed.yaml"))
    (tmp_path / "plain.yml").write_text(
        "kind: List\nitems:\n- kind: Secret\n  metadata: {name: s}\n  data: {x: MQ==}\n"
    )
    (tmp_path / ".git" / "plain.yml").write_text("kind: Secret\nmetadata: {name: s}\ndata: {x: MQ==}\n")
    (tmp_path / "templates" / "t.yaml").write_text("{{ if x }}\n")
    found = examined(tmp_path, fail=True)
    assert found["plain_secrets"] == ["plain.yml: Secret/s: x"]
    assert found["msg"] == "plain.yml: Secret/s: x stands there in plain text; seal it"
    assert found["failed"] is True
    assert [each["path"] for each in found["sealed_secrets"]] == ["sealed.yaml"]
    assert found["unread"][0].startswith("templates/t.yaml is no YAML")
    assert examined(tmp_path / "sealed.yaml", fail=True)["failed"] is False


def test_a_tree_that_is_not_there(tmp_path):
    with pytest.raises(Invalid, match="is not there"):
        examined(tmp_path / "no")


def test_the_controller_verifies_no_more_than_two_a_second(tmp_path, monkeypatch):
    waited = []
    monkeypatch.setattr(driver.time, "sleep", waited.append)
    for name in ("a", "b"):
        run(path=str(tmp_path / "f.yaml"), name=name)
    with serve() as api:
        api.answers = [SERVICE, Answer(200, ""), Answer(409, "")]
        found = examined(tmp_path, verify=True, host=api.url)
        assert api.requests[-1].path == "/api/v1/namespaces/n/services/http:c:http/proxy/v1/verify"
        assert api.requests[-1].body["metadata"]["name"] == "b"
    assert [each["verified"] for each in found["sealed_secrets"]] == [True, False]
    assert "f.yaml: b: the controller has no key that opens it" in found["msg"]
    assert waited == [0, 0.5]


def resealed(path, api, check=False, **options):
    given = {"path": str(path), "force": False, "controller_name": "c", "controller_namespace": "n", "host": api.url}
    return reseal({**given, **options}, check, None)


def rotated(raw, number=1):
    """What the controller answers, whose newest key has this number."""
    label = f"{raw['metadata']['namespace']}/{raw['metadata']['name']}".encode()
    items = {
        name: envelope.seal(rsa_key(number).public_key(), value, label, bytes(32))
        for name, value in unsealed(raw).items()
    }
    return Answer(200, {**raw, "spec": {"encryptedData": items}})


@pytest.fixture
def newest():
    """The answer with the newest certificate, of the key with the number 1."""
    return Answer(200, pem(rsa_key(1), since=TODAY - DAY, until=TODAY + DAY).decode())


@pytest.fixture
def waited(monkeypatch):
    found = []
    monkeypatch.setattr(driver.time, "sleep", found.append)
    return found


def test_a_tree_is_sealed_for_the_newest_key(tmp_path, newest, waited):
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text("# mine\nkind: ConfigMap\n")
    run(path=str(one))
    run(path=str(two), name="c")
    (tmp_path / "template.yaml").write_text("{{ x }}")
    before = one.read_text()
    with serve() as api:
        api.answers = [SERVICE, newest]
        assert resealed(tmp_path, api, check=True)["changed"] is True
        assert one.read_text() == before
        documents = list(yaml.safe_load_all(before))
        api.answers = [SERVICE, newest, rotated(documents[1]), rotated(read(two))]
        result = resealed(tmp_path, api)
        assert api.requests[-1].path == "/api/v1/namespaces/n/services/http:c:http/proxy/v1/rotate"
        assert [(each["path"], each["changed"]) for each in result["results"]] == [
            ("one.yaml", True),
            ("two.yaml", True),
        ]
        assert one.read_text().startswith("# mine\nkind: ConfigMap\n---\n")
        assert unsealed(read(two), rsa_key(1)) == {"x": b"hunter2"}
        assert waited == [0.5, 0.5]
        api.answers = [SERVICE, newest]
        assert resealed(tmp_path, api)["changed"] is False
        api.answers = [SERVICE, newest]
        assert resealed(tmp_path, api, check=True, force=True)["changed"] is True


def test_one_whose_name_the_api_server_makes_has_none(tmp_path, newest):
    """It stands in a tree beside others, and is no reason to stop."""
    path = tmp_path / "one.yaml"
    run(path=str(path))
    raw = read(path)
    raw["metadata"] = {"generateName": "a-", "namespace": "default"}
    path.write_text(yaml.safe_dump(raw))
    with serve() as api:
        api.answers = [SERVICE, newest]
        (result,) = resealed(tmp_path, api, check=True)["results"]
    assert (result["name"], result["changed"]) == ("", True)


def test_what_the_controller_cannot_open_is_told_and_the_others_go_on(tmp_path, newest, waited):
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    run(path=str(one))
    run(path=str(two), name="c")
    before = one.read_text()
    with serve() as api:
        failed = Answer(500, "")
        api.answers = [SERVICE, newest, failed, Answer(409, ""), rotated(read(two))]
        result = resealed(tmp_path, api)
        assert (result["failed"], result["changed"]) == (True, True)
        assert result["msg"].startswith("one.yaml: a: the controller n/c has no key that opens it; seal it anew")
        assert one.read_text() == before
        api.answers = [SERVICE, newest, failed, Answer(200, "")]
        assert "answered 500" in resealed(one, api)["msg"]


def test_one_that_is_changed_in_the_meantime_stays_so_and_one_in_a_list_is_refused(tmp_path, newest, monkeypatch):
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    run(path=str(one))
    two.write_text(yaml.safe_dump({"kind": "List", "items": [read(one)]}))
    raw = read(one)
    monkeypatch.setattr(driver.time, "sleep", lambda _seconds: one.write_text("{}"))
    with serve() as api:
        api.answers = [SERVICE, newest, rotated(raw)]
        result = resealed(tmp_path, api)
    first, second = result["msg"].split(" | ")
    assert first == "one.yaml: a: it was changed by somebody else in the meantime; run the task again"
    assert second == "two.yaml: a: it stands in a list; write it as a document of its own"
    assert one.read_text() == "{}"
