# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the store of declared objects asks and tells; with a real API server it is tested in tests/integration."""

from __future__ import annotations

import base64
from typing import NamedTuple

import pytest

pytest.importorskip("kubernetes")

from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import Apply, Delete
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Conflict, Invalid, Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._core.redact import MASK, Hidden
from ansible_collections.ai_how.cloud.plugins.module_utils._kube.client import Kind
from ansible_collections.ai_how.cloud.plugins.module_utils._kube.store import Store

SECRET = Kind("", "v1", "Secret", "secrets")
APPLICATION = Kind("argoproj.io", "v1alpha1", "Application", "applications")


class Key(NamedTuple):
    namespace: str
    name: str

    def __str__(self):
        return f"repository {self.name}"


def key_of(raw):
    return Key(raw["metadata"]["namespace"], raw["url"])


def secret(name, url="u"):
    return {"metadata": {"name": name, "namespace": "argocd", "uid": f"uid-of-{name}"}, "url": url}


class Server:
    """A Client; ``fails``: what a write raises."""

    def __init__(self, *objects, fails=None):
        self.objects, self.fails, self.asked = list(objects), fails, []

    def list(self, kind, namespace, label_selector=""):
        self.asked.append(f"list {kind} {label_selector}".strip())
        return ([{"metadata": {"name": "web"}}] if kind == APPLICATION else self.objects), "7"

    def apply(self, kind, manifest, manager, force, dry_run):
        self.asked.append(("apply", manager, force, dry_run))
        if self.fails:
            raise self.fails
        return manifest

    def delete(self, kind, namespace, name, uid):
        self.asked.append(("delete", namespace, name, uid))


KEY = Key("argocd", "u")


def test_one_list_tells_all_and_who_says_the_same():
    server = Server(secret("a"), secret("b", "v"), secret("c"))
    store = Store(server, SECRET, key_of, "kind=x")
    seen = store.observe(["argocd"])
    assert server.asked == ["list secrets kind=x"]
    assert (seen[KEY].name, seen[KEY].twins, seen[KEY].users) == ("a", ("c",), ())
    assert (seen[Key("argocd", "v")].name, seen[Key("argocd", "v")].twins) == ("b", ())


def test_who_uses_them_is_seen_where_it_matters():
    server = Server(secret("a"))
    assert Store(server, SECRET, key_of, users=APPLICATION).observe(["argocd"])[KEY].users == (
        {"metadata": {"name": "web"}},
    )
    assert server.asked == ["list secrets", "list applications.argoproj.io"]


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_is_applied_is_known_unless_it_was_a_dry_run(dry_run):
    server = Server()
    store = Store(server, SECRET, key_of, force=True)
    assert store.apply(Apply(KEY, secret("new")), dry_run) == secret("new")
    assert server.asked == [("apply", "ai_how.cloud", True, dry_run)]
    assert (KEY in store.world) is not dry_run


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_is_deleted_has_the_name_that_was_seen(dry_run):
    server = Server(secret("a"))
    store = Store(server, SECRET, key_of)
    store.observe(["argocd"])
    assert store.apply(Delete(KEY, "uid-of-a"), dry_run) is None
    assert server.asked[1:] == ([] if dry_run else [("delete", "argocd", "a", "uid-of-a")])
    assert (KEY in store.world) is dry_run


def test_a_conflict_says_what_to_do():
    store = Store(Server(fails=Conflict('conflict with "argocd-server": .data.url')), SECRET, key_of)
    with pytest.raises(Refused) as caught:
        store.apply(Apply(KEY, secret("a")), dry_run=False)
    assert str(caught.value) == (
        'repository u: conflict with "argocd-server": .data.url; take the fields out of the task, or take them over '
        "with force_conflicts: true"
    )


def test_what_the_server_says_is_told_without_secrets():
    encoded = base64.b64encode(b"s3cret").decode()
    store = Store(Server(fails=Invalid(f"webhook: {encoded} is s3cret, and Z2l0 is git")), SECRET, key_of)
    with pytest.raises(Invalid) as caught:
        store.apply(Apply(KEY, {**secret("a"), "data": {"password": Hidden(encoded), "type": "Z2l0"}}), dry_run=True)
    assert str(caught.value) == f"repository u: webhook: {MASK} is {MASK}, and Z2l0 is git"
