# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.redact import (
    MASK,
    Hidden,
    Public,
    redact,
    redact_change,
    redact_text,
    without,
)


@pytest.mark.parametrize(
    "name",
    "password rootPassword POSTGRES_PASSWD passphrase clientSecret token credentials apiKey api_key access-key".split(),
)
def test_values_are_masked_by_their_name(name):
    assert redact({name: "s3cret"}) == {name: MASK}
    assert redact([{"name": f"auth.{name}", "value": "s3cret"}]) == [{"name": f"auth.{name}", "value": MASK}]
    assert redact({"name": name, "array": ["s3cret"], "map": {"a": "s3cret"}}) == {
        "name": name,
        "array": [MASK],
        "map": {"a": MASK},
    }
    assert redact({"values": f"auth:\n  {name}: s3cret\nreplicas: 2"}) == {"values": MASK}


@pytest.mark.parametrize("secret", [1234, 1.5, ["s3cret", 1], ("s3cret",), [["s3cret"]]])
def test_secrets_need_not_be_text(secret):
    shown = str(redact({"password": secret}))
    assert MASK in shown
    assert "s3cret" not in shown
    assert "1" not in shown


@pytest.mark.parametrize("harmless", ["", None, True, False, [], {"enabled": True, "name": "db"}])
def test_what_cannot_be_a_secret_is_shown(harmless):
    assert redact({"secret": harmless}) == {"secret": harmless}


def test_below_a_secrets_name_only_names_are_shown():
    assert redact({"secrets": {"main": "x", "more": [{"value": 1, "key": "a", "name": "https://me:pw@host"}]}}) == {
        "secrets": {"main": MASK, "more": [{"value": MASK, "key": "a", "name": f"https://{MASK}@host"}]}
    }


@pytest.mark.parametrize("name", ["pwd", "pass", "signingKey", "encryption_key"])
def test_less_usual_names_of_secrets(name):
    assert redact({name: "s3cret", "compass": "north"}) == {name: MASK, "compass": "north"}


@pytest.mark.parametrize(
    "text",
    [
        "auth: {password: s3cret}",
        "password: |\n  s3cret\n  more",
        "- name: DB_PASSWORD\n  value: s3cret",
        "token=s3cret",
    ],
)
def test_a_values_text_that_speaks_of_a_secret_is_masked_as_a_whole(text):
    assert redact({"values": text}) == {"values": MASK}
    assert redact({"values": "user: me"}) == {"values": "user: me"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "clone of https://me:pw@git.example.org/a.git failed",
            f"clone of https://{MASK}@git.example.org/a.git failed",
        ),
        ("https://me:p@ss@git.example.org/a@b.git", f"https://{MASK}@git.example.org/a@b.git"),
        ('"https://a.example","b@c"', '"https://a.example","b@c"'),
        ("ssh://git@git.example.org/a.git", f"ssh://{MASK}@git.example.org/a.git"),
        ("https://git.example.org/a@b", "https://git.example.org/a@b"),
        ("me@example.org", "me@example.org"),
    ],
)
def test_credentials_in_urls_are_masked(text, shown):
    assert redact_text(text) == shown
    assert redact({"msg": text, "list": [text], "value": text, "values": text}) == {
        "msg": shown,
        "list": [shown],
        "value": shown,
        "values": shown,
    }


def test_the_rest_stays_as_it_is():
    shown = {"a": 1, "b": [True, None, 1.5], "c": {"name": "web", "value": "x"}, 5: "five", "values": {"x": 1}}
    assert redact(shown) == shown
    assert redact(("a", "b")) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("serve --db.password=s3cret -v", f"serve --db.password={MASK} -v"),
        ("postgres://h/db?user=me&password=x&a=b", f"postgres://h/db?user=me&password={MASK}&a=b"),
        ("a secret of 3 tokens: name=x", "a secret of 3 tokens: name=x"),
    ],
)
def test_secrets_in_arguments_are_masked(text, shown):
    assert redact_text(text) == shown


def test_what_is_hidden_is_masked_whatever_its_name():
    assert redact({"certificate": Hidden("s3cret"), "list": [Hidden("s3cret"), Hidden("")]}) == {
        "certificate": MASK,
        "list": [MASK, ""],
    }
    assert Hidden("a") == "a"


def test_arguments_and_environment_of_a_program_that_gives_credentials_are_masked():
    program = {"command": "aws", "args": ["--x", "s3cret"], "env": {"A": "s3cret"}, "provideClusterInfo": True}
    assert redact({"execProviderConfig": program}) == {
        "execProviderConfig": {**program, "args": [MASK, MASK], "env": {"A": MASK}}
    }


def test_a_difference_that_is_masked_is_told():
    before = {"same": "a", "password": "old", "url": "https://me:old@host", "list": [Hidden("old"), "x"], "gone": 1}
    after = {"same": "a", "password": "new", "url": "https://me:new@host", "list": [Hidden("new"), "y"], "came": 1}
    assert redact_change(before, after) == (
        {"same": "a", "password": MASK, "url": f"https://{MASK}@host", "list": [MASK, "x"], "gone": 1},
        {
            "same": "a",
            "password": f"{MASK} (changed)",
            "url": f"https://{MASK}@host (changed)",
            "list": [f"{MASK} (changed)", "y"],
            "came": 1,
        },
    )
    assert redact_change({"list": ["a"]}, {"list": ["a", Hidden("b")]}) == ({"list": ["a"]}, {"list": ["a", MASK]})
    assert redact_change({"token": "a"}, {"token": "a"}) == ({"token": MASK}, {"token": MASK})


def test_secrets_are_taken_out_of_a_text():
    assert without("a s3cret-long and s3cret", ["s3cret", "s3cret-long", ""]) == f"a {MASK} and {MASK}"


def test_a_copy_of_the_object_in_an_annotation_is_masked():
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": '{"data":{"a":"hunter2"}}', "note": "shown"}
    assert "hunter2" not in str(redact({"annotations": annotations}))
    assert redact({"annotations": annotations})["annotations"]["note"] == "shown"


def test_what_is_public_is_shown_as_it_is():
    assert redact({"manifest": Public("--token=abc")}) == {"manifest": "--token=abc"}
