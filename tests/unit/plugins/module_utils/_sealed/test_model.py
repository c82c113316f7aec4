# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed.model import (
    ARGUMENTS,
    SECRET,
    SecretKey,
    file_mode,
    wanted_secrets,
)

FILES = {
    "ca.pem": b"\x00\xff",
    "latin.env": b"A=\xe9",
    "some.env": '\ufeff# note\n\n  A=1=2\nB= "quoted" \r\nC=\n'.encode(),
    "lines.env": "A=1\u20282\x0c3\r\nB=4\r".encode(),
    "broken.env": b"A=1\nB\n",
    "secret.yaml": b"kind: Secret\nmetadata: {name: a, namespace: b}\ndata: {x: MQ==}\n",
    "two.yaml": b"kind: Secret\n---\nkind: Secret\n",
}
A = {"name": "a", "namespace": "b"}
SECRET_OBJECT = {
    "kind": "Secret",
    "metadata": {
        "name": "a",
        "namespace": "b",
        "uid": "1",
        "labels": {"app": "web"},
        "ownerReferences": [{}],
        "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": "{hunter2}",
            "sealedsecrets.bitnami.com/namespace-wide": "true",
            "note": "kept",
        },
    },
    "type": "kubernetes.io/basic-auth",
    "immutable": True,
    "data": {"username": "bWU=", "password": "b2xk"},
    "stringData": {"password": "new"},
}


def task(**options):
    """Options as AnsibleModule gives them."""
    return {**{name: spec.get("default") for name, spec in ARGUMENTS.items()}, **options}


def wanted(**options):
    (only,) = wanted_secrets(task(**options), FILES.__getitem__)
    return only


def item(**options):
    return {**dict.fromkeys(SECRET), **options}


def test_values_of_all_sources_and_which_one_wins():
    found = wanted(
        definition=SECRET_OBJECT,
        data={"username": base64.b64encode(b"\xfe").decode(), "d": "Zg==\n"},
        string_data={"d": "ü", "A": "from text"},
        env_files=["some.env"],
        files={"ca.pem": "ca.pem"},
    )
    assert found.values == {
        "username": b"\xfe",
        "password": b"new",
        "d": "ü".encode(),
        "A": b"1=2",
        "B": b' "quoted" ',
        "C": b"",
        "ca.pem": b"\x00\xff",
    }


def test_lines_of_an_environment_end_as_for_kubectl():
    assert wanted(**A, env_files=["lines.env"]).values == {"A": "1\u20282\x0c3".encode(), "B": b"4"}


@pytest.mark.parametrize(("given", "bits"), [("0600", 0o600), ("600", 0o600), (0o600, 0o600), ("0o644", 0o644)])
def test_a_mode_in_quotes_and_without(given, bits):
    assert file_mode(given) == bits


@pytest.mark.parametrize("given", ["rw", "", "0999", "77777", -1, None, [1]])
def test_what_is_no_mode(given):
    with pytest.raises(Invalid, match=r"^mode is .*, expected one in octal"):
        file_mode(given)


def test_what_a_definition_hands_on():
    found = wanted(definition=SECRET_OBJECT)
    assert found.key == SecretKey("b", "a")
    assert (found.type, found.immutable, found.scope) == ("kubernetes.io/basic-auth", True, "namespace-wide")
    assert (found.labels, found.annotations) == ({"app": "web"}, {"note": "kept"})


def test_options_win_over_a_definition():
    found = wanted(
        definition=SECRET_OBJECT, type="Opaque", immutable=False, labels={"app": 1, "x": True}, scope="strict"
    )
    assert (found.type, found.immutable, found.scope) == ("Opaque", False, "strict")
    assert found.labels == {"app": "1", "x": "true"}


def test_a_definition_in_a_file():
    assert wanted(src="secret.yaml").values == {"x": b"1"}


def test_values_are_in_no_representation():
    assert "hunter2" not in repr(wanted(name="a", namespace="b", string_data={"x": "hunter2"}))


def test_what_is_deleted_needs_no_values():
    assert wanted(name="a", namespace="b", state="absent").values == {}


def test_a_secret_for_all_namespaces_needs_none_in_a_file():
    assert wanted(name="a", scope="cluster-wide", path="f", string_data={"x": "1"}).key == SecretKey("", "a", "f")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"secrets": []}, "secrets is an empty list"),
        ({**A}, "sealed secret b/a: it would hold nothing"),
        ({"name": "A", "namespace": "b"}, "name is missing, or one that Kubernetes does not take"),
        ({"name": "a"}, "namespace is missing"),
        ({"name": "a", "scope": "cluster-wide"}, "namespace is missing"),
        ({**A, "string_data": {"a b": "1"}}, "a b is no key of a Secret"),
        ({**A, "string_data": {"a": 123}}, "the value of a is no text; put it into quotes"),
        ({**A, "string_data": {"a": "hunter2\udcff"}}, "the value of a is no Unicode; give binary values by data or"),
        ({**A, "string_data": {"..": "1"}}, ".. is no key of a Secret"),
        ({**A, "string_data": {"..a": "1"}}, "..a is no key of a Secret"),
        ({**A, "string_data": {".": "1"}}, ". is no key of a Secret"),
        ({**A, "name": "a..b", "string_data": {"a": "1"}}, "name is missing, or one that Kubernetes does not take"),
        ({**A, "string_data": {"a": "1"}, "labels": {"l": None}}, "the label l is no text; put it into quotes"),
        ({**A, "string_data": {"a": "1"}, "annotations": {"n": {}}}, "the annotation n is no text"),
        ({**A, "string_data": {"a": "1"}, "hmac_key": ""}, "hmac_key has 0 characters"),
        ({**A, "data": {"a": "hunter2!"}}, "the value of a in data is no base64"),
        ({**A, "data": {"a": 12}}, "the value of a in data is no base64"),
        ({**A, "env_files": ["broken.env"]}, "broken.env, line 2 has no ="),
        ({**A, "env_files": ["latin.env"]}, "latin.env is no text in UTF-8"),
        ({**A, "string_data": {"a": "x" * (2**20 + 1)}}, "more than 1 MiB"),
        ({**A, "string_data": {"a": "1"}, "template": {"metadata": {}}}, "template has metadata"),
        ({**A, "string_data": {"a": "1"}, "remove_keys": ["a"], "merge": True}, "a is given, and in remove_keys"),
        ({**A, "string_data": {"a": "1"}, "remove_keys": ["b"]}, "remove_keys is for merge: true"),
        ({**A, "string_data": {"a": "1"}, "hmac_key": "short"}, "hmac_key has 5 characters"),
        ({**A, "string_data": {"a": "1"}, "path": "f", "cluster": True}, "two places"),
        ({"src": "two.yaml"}, "two.yaml holds 2 objects; expected one Secret"),
        ({"src": "secret.yaml", "definition": {"kind": "Secret"}}, "definition and src are two Secrets"),
        ({"src": "secret.yaml", "name": "x"}, "name is x, and in the definition it is a"),
        ({"definition": {"kind": "ConfigMap"}}, "definition is no Secret"),
        ({"secrets": [item(**A, string_data={"a": "1"})] * 2}, "sealed secret b/a was given 2 times"),
        (
            {
                "secrets": [
                    item(**A, string_data={"a": "1"}, path="f"),
                    item(name="c", namespace="b", string_data={"a": "1"}),
                ]
            },
            "some have a path and some have none",
        ),
        ({"secrets": [item(**A, string_data={"a": "1"}), item(name="c")]}, "secrets[1]: sealed secret c: namespace is"),
    ],
)
def test_options_that_cannot_be_right(options, said):
    with pytest.raises(Invalid) as raised:
        wanted_secrets(task(**options), FILES.__getitem__)
    assert said in str(raised.value)
    assert "hunter2" not in str(raised.value)
