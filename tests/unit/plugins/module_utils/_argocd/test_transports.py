# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which API a task means."""

from __future__ import annotations

import pytest

pytest.importorskip("kubernetes")

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd import transports
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.api_driver import ApiDriver
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.driver import ApplicationDriver
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Key
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.transports import TRANSPORT_ARGUMENTS, connect
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid

NOTHING = {"namespace": "argocd", **{name: spec.get("default") for name, spec in TRANSPORT_ARGUMENTS.items()}}
KUBERNETES = {"host": "https://kube.example.org"}
ARGOCD = {"argocd_server": "https://argocd.example.org", "argocd_token": "t"}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for name in ("ARGOCD_SERVER", "ARGOCD_AUTH_TOKEN", "K8S_AUTH_HOST"):
        monkeypatch.delenv(name, raising=False)


def chosen(**options):
    return connect({**NOTHING, **options})


def test_the_options_say_which():
    assert isinstance(chosen(**KUBERNETES), ApplicationDriver)
    driver = chosen(**ARGOCD, force_conflicts=True)
    assert isinstance(driver, ApiDriver)
    assert driver._force is True


def test_both_cannot_be_meant():
    with pytest.raises(Invalid, match="argocd_server and host were both given"):
        chosen(**KUBERNETES, **ARGOCD)


def test_an_option_of_the_environment_gives_way_to_one_of_the_task(monkeypatch):
    monkeypatch.setenv("K8S_AUTH_HOST", KUBERNETES["host"])
    assert isinstance(chosen(**KUBERNETES, **ARGOCD), ApiDriver)
    monkeypatch.setenv("ARGOCD_SERVER", ARGOCD["argocd_server"])
    assert isinstance(chosen(**KUBERNETES), ApplicationDriver)


def test_the_environment_of_the_cli_will_do_where_it_is_whole(monkeypatch):
    kubernetes = object()
    monkeypatch.setattr(transports.driver, "connect", lambda params: kubernetes)
    monkeypatch.setenv("ARGOCD_SERVER", "argocd.example.org")
    assert chosen() is kubernetes
    assert chosen(argocd_token="t")._api.url == "https://argocd.example.org"
    monkeypatch.setenv("ARGOCD_AUTH_TOKEN", "t")
    assert chosen()._api.url == "https://argocd.example.org"


class Selecting:
    """A driver that knows what a selector means."""

    def __init__(self, *names):
        self.names = names

    def select(self, namespace, selector):
        assert selector == "team=ml"
        return [Key(namespace, name) for name in self.names]


LABELLED = {"state": "synced", "selector": "team=ml", "prune": True, "applications": None, "name": None}
NOT_GIVEN = dict.fromkeys(("revision", "revisions", "sync", "history_id"))


def by_label(monkeypatch, *names, **options):
    monkeypatch.setattr(transports, "connect", lambda params: Selecting(*names))
    return transports.select({**NOTHING, **NOT_GIVEN, **LABELLED, **options})


def test_names_or_a_selector(monkeypatch):
    params = {**NOTHING, "selector": None, "name": "web"}
    assert transports.select(params) is params
    chosen_by_label = by_label(monkeypatch, "web", "api")["applications"]
    assert [(item["name"], item["namespace"], item["prune"]) for item in chosen_by_label] == [
        ("api", "argocd", True),
        ("web", "argocd", True),
    ]


def test_a_selector_that_means_nothing(monkeypatch):
    with pytest.raises(Invalid, match="no application in namespace argocd is meant by the selector team=ml"):
        by_label(monkeypatch)
    assert by_label(monkeypatch, state="absent")["applications"] == []


@pytest.mark.parametrize("more", [{}, KUBERNETES])
def test_a_token_without_a_server(more):
    with pytest.raises(Invalid, match="argocd_token was given, and argocd_server was not"):
        chosen(argocd_token="t", **more)
