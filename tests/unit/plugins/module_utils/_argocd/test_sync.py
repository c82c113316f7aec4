# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.sync import Selected, Sync
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid

WEB = {"group": "apps", "kind": "Deployment", "namespace": "mlops", "name": "web"}


def test_what_is_not_said_is_as_the_application_has_it():
    assert Sync.from_params({}) == Sync()
    assert Sync.from_params({"force": None, "replace": None, "resources": None, "retry": None}) == Sync()
    assert Sync().sync_options(["CreateNamespace=true"]) == ["CreateNamespace=true"]
    assert Sync().strategy_in_api() is None


@pytest.mark.parametrize(
    ("params", "settles"),
    [
        ({"force": True, "always": True, "retry": {"limit": 1}, "strategy": "apply"}, True),
        ({"revision": "v1"}, False),
        ({"revisions": ["", "v1"]}, False),
        ({"dry_run": True}, False),
        ({"resources": [{"kind": "Service", "name": "web"}]}, False),
    ],
)
def test_what_ends_in_synced_and_what_does_not(params, settles):
    assert Sync.from_params(params).settles is settles


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        ({"revision": "v1", "revisions": ["v1"]}, "sync.revision and sync.revisions were both given"),
        ({"resources": []}, "sync.resources is an empty list; name at least one resource, or leave it out to sync all"),
    ],
)
def test_what_contradicts_itself_is_refused(params, complaint):
    with pytest.raises(Invalid, match=complaint):
        Sync.from_params(params)


def test_sync_options_are_put_over_those_of_the_spec():
    how = Sync.from_params({"replace": True, "server_side_apply": False, "apply_out_of_sync_only": True})
    of_spec = ["CreateNamespace=true", "ServerSideApply=true", "Replace=false"]
    assert how.sync_options(of_spec) == ["CreateNamespace=true", "Replace=true", "ApplyOutOfSyncOnly=true"]


@pytest.mark.parametrize(
    ("params", "api"),
    [
        ({"strategy": "apply"}, {"apply": {}}),
        ({"strategy": "apply", "force": True}, {"apply": {"force": True}}),
        ({"force": True}, {"hook": {"force": True}}),
        ({"force": False}, None),
    ],
)
def test_the_strategy_in_the_words_of_the_api(params, api):
    assert Sync.from_params(params).strategy_in_api() == api


def test_the_retry_in_the_words_of_the_api():
    how = Sync.from_params({"retry": {"limit": 2, "backoff": {"duration": "1s", "factor": 3, "max_duration": "1m"}}})
    assert how.retry == {"limit": 2, "backoff": {"duration": "1s", "factor": 3, "maxDuration": "1m"}}
    assert Sync.from_params({"retry": {"limit": 0}}).retry == {}


def test_the_facts_of_the_operation():
    facts = [{"name": "ticket", "value": "OPS-1"}]
    assert list(Sync.from_params({"info": facts}).info) == facts


@pytest.mark.parametrize(
    ("selected", "matches"),
    [
        (Selected("apps", "Deployment", "web"), True),
        (Selected("apps", "Deployment", "web", "mlops"), True),
        (Selected("apps", "Deployment", "web", "elsewhere"), False),
        (Selected("", "Deployment", "web"), False),
        (Selected("apps", "Deployment", "db"), False),
        (Selected("*", "*", "web"), True),
        (Selected("apps", "*", "*", "*"), True),
        (Selected("", "*", "*"), False),
    ],
)
def test_which_resource_is_selected(selected, matches):
    assert selected.matches(WEB) is matches


def test_a_selected_resource_is_named_as_argocd_names_it():
    assert str(Selected("apps", "Deployment", "web", "mlops")) == "apps:Deployment:mlops/web"
    assert str(Selected("", "Service", "web")) == ":Service:web"


@pytest.mark.parametrize(
    ("resources", "selects"),
    [
        ([{"group": "*", "kind": "*", "name": "*"}], True),
        ([{"kind": "Service", "name": "*"}], False),
        ([{"group": "*", "kind": "Service", "name": "*", "exclude": True}], True),
        ([{"group": "apps", "kind": "Deployment", "name": "*", "exclude": True}], False),
        (
            [{"group": "*", "kind": "*", "name": "*"}, {"group": "apps", "kind": "*", "name": "web", "exclude": True}],
            False,
        ),
        ([{"group": "apps", "kind": "*", "name": "*"}, {"kind": "Service", "name": "*", "exclude": True}], True),
    ],
)
def test_what_is_excluded_is_not_selected_whatever_else_means_it(resources, selects):
    assert Sync.from_params({"resources": resources}).selects(WEB) is selects
