# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Desired, Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.planner import (
    Apply,
    Delete,
    SetFinalizers,
    finalizers_again,
    plan_absent,
    plan_present,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.builder import (
    CAPTURED,
    REPO,
    app,
    key,
    raw_app,
)
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.full import HYDRATED

# The options that the captured application "web" was declared with.
WEB = {
    "name": "web",
    "labels": {"a": "b"},
    "annotations": {"x": "y"},
    "finalizers": ["resources-finalizer.argocd.argoproj.io"],
    "source": {"repo_url": REPO, "target_revision": "main", "path": "web"},
    "destination": {"namespace": "default"},
    "sync_policy": {"automated": {}, "sync_options": ["CreateNamespace=true"]},
}
OURS = "resources-finalizer.argocd.argoproj.io"


def plan(raw=None, **options):
    """What is planned for the captured application (changed as ``raw``) when it is wanted as WEB with ``options``."""
    given = {name: value for name, value in {**WEB, **options}.items() if value is not None}
    return plan_present(Desired.from_params(given, "argocd"), Observed.parse(raw or CAPTURED["web"]))


def captured(change):
    raw = copy.deepcopy(CAPTURED["web"])
    change(raw)
    return raw


# state: present


@pytest.mark.parametrize("revision", ["main", "HEAD", "abc123", "refs/heads/main"])
def test_only_a_commit_can_be_waited_for(revision):
    with pytest.raises(Invalid, match=f'"{revision}" cannot be the revision to wait for, since it is no commit'):
        plan(revision=revision)
    with pytest.raises(Invalid, match="no commit"):
        plan_present(
            Desired.from_params({"name": "web", "revision": revision}, "argocd"), Observed.parse(CAPTURED["web"])
        )


def test_a_chart_has_versions():
    chart = {"repo_url": "https://charts.example.org", "chart": "minio", "target_revision": "5.x"}
    assert len(plan(source=chart, revision="5.1.0")) == 1
    assert len(plan(source={"repo_url": "oci://example.org/x", "path": "."}, revision="5.1.0")) == 1


def test_nothing_is_done_where_everything_is_as_wanted():
    assert plan() == ()


@pytest.mark.parametrize(
    "options",
    [
        {"labels": {"a": "c"}},
        {"labels": {"a": "b", "new": "one"}},
        {"annotations": {"x": "z"}},
        {"finalizers": [f"{OURS}/background"]},
        {"finalizers": [OURS, f"{OURS}/background"]},
        {"project": "mlops"},
        {"source": {"repo_url": REPO, "target_revision": "dev", "path": "web"}},
        {"source": {"repo_url": REPO, "path": "web", "plugin": {}}},
        {"source": None, "source_hydrator": HYDRATED["source_hydrator"]},
        {"destination": {"namespace": "other"}},
        {"destination": {"name": "edge", "namespace": "default"}},
        {"sync_policy": {"automated": {"prune": True}, "sync_options": ["CreateNamespace=true"]}},
        {"sync_policy": {"automated": {}, "sync_options": ["CreateNamespace=true", "ServerSideApply=true"]}},
        {"revision_history_limit": 0},
        {"info": [{"name": "a", "value": ""}]},
    ],
)
def test_what_differs_is_applied(options):
    (action,) = plan(**options)
    assert action == Apply(key(), Desired.from_params({**WEB, **options}, "argocd").manifest)


@pytest.mark.parametrize(
    "options",
    [
        {"labels": None},
        {"labels": {}},
        {"annotations": None},
        {"finalizers": None},
        {"finalizers": []},
        {"sync_policy": None},
        {"sync_policy": {"automated": {}}},
        {"sync_policy": {"sync_options": ["CreateNamespace=true"]}},
        {"source": {"repo_url": REPO, "path": "web"}},
        {"destination": {}},
    ],
)
def test_an_option_that_was_dropped_is_removed(options):
    assert len(plan(**options)) == 1


def told(name, **fields):
    """The captured application, to which we have said this of its sync policy."""

    def change(raw):
        raw["spec"]["syncPolicy"][name] = fields
        (ours,) = (each for each in raw["metadata"]["managedFields"] if each["manager"] == "ai_how.cloud")
        ours["fieldsV1"]["f:spec"]["f:syncPolicy"][f"f:{name}"] = {f"f:{field}": {} for field in fields}

    return captured(change)


@pytest.mark.parametrize(
    ("name", "before", "wanted", "after"),
    [
        ("automated", {"prune": True}, {}, {"enabled": True}),
        ("retry", {"limit": 5}, {"limit": 0}, {"limit": 0}),
        ("retry", {"limit": 5}, {}, {"limit": 0}),
    ],
)
def test_a_structure_stays_while_all_that_it_was_told_is_dropped(name, before, wanted, after):
    """The API server makes null of a structure whose last field is dropped, and refuses it."""
    policy = {**WEB["sync_policy"], name: wanted}
    (action,) = plan(told(name, **before), sync_policy=policy)
    assert action.manifest["spec"]["syncPolicy"][name] == after
    assert plan(told(name, **after), sync_policy=policy) == ()


def test_metadata_of_the_namespace_that_says_nothing_is_dropped():
    policy = {**WEB["sync_policy"], "managed_namespace_metadata": {"labels": {}}}
    (action,) = plan(told("managedNamespaceMetadata", labels={"a": "b"}), sync_policy=policy)
    assert "managedNamespaceMetadata" not in action.manifest["spec"]["syncPolicy"]


def _others(raw):
    raw["metadata"]["labels"]["team"] = "ml"
    raw["metadata"]["annotations"]["notified"] = "true"
    raw["metadata"]["finalizers"].append("example.org/backup")
    raw["spec"]["revisionHistoryLimit"] = 3
    raw["metadata"]["managedFields"].append(
        {
            "manager": "kubectl-edit",
            "operation": "Update",
            "fieldsV1": {
                "f:metadata": {
                    "f:labels": {"f:team": {}},
                    "f:annotations": {"f:notified": {}},
                    "f:finalizers": {'v:"example.org/backup"': {}},
                },
                "f:spec": {"f:revisionHistoryLimit": {}},
            },
        }
    )


def test_what_others_added_stays():
    assert plan(captured(_others)) == ()


def test_what_others_added_is_applied_when_it_is_wanted_differently():
    assert len(plan(captured(_others), revision_history_limit=5)) == 1


def test_what_we_own_no_more_is_not_asked_for():
    def forget(raw):
        del raw["metadata"]["managedFields"]
        raw["metadata"]["labels"]["team"] = "ml"

    assert plan(captured(forget)) == ()


@pytest.mark.parametrize("asked", ["refresh", "hydrate"])
def test_our_own_request_is_no_part_of_the_declaration(asked):
    def refresh(raw):
        raw["metadata"]["annotations"][f"argocd.argoproj.io/{asked}"] = "normal"
        applied = raw["metadata"]["managedFields"][0]["fieldsV1"]
        applied["f:metadata"]["f:annotations"][f"f:argocd.argoproj.io/{asked}"] = {}

    assert plan(captured(refresh)) == ()


def test_the_fields_of_our_patches_do_not_count_as_applied():
    def patched(raw):
        raw["metadata"]["managedFields"].append(
            {"manager": "ai_how.cloud", "operation": "Update", "fieldsV1": {"f:spec": {"f:info": {}}}}
        )
        raw["spec"]["info"] = []

    assert plan(captured(patched)) == ()


def test_what_we_applied_and_others_removed_is_not_missed_once_dropped():
    def removed(raw):
        del raw["spec"]["syncPolicy"]["syncOptions"]

    assert plan(captured(removed), sync_policy={"automated": {}}) == ()


def test_an_empty_structure_is_there_though_others_have_filled_it():
    def fill(raw):
        raw["spec"]["syncPolicy"]["automated"]["prune"] = True

    assert plan(captured(fill)) == ()


@pytest.mark.parametrize("removed", ["automated", "syncOptions"])
def test_what_others_removed_is_applied_again(removed):
    def remove(raw):
        del raw["spec"]["syncPolicy"][removed]

    assert len(plan(captured(remove))) == 1


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ({"a": True}, {"a": True}, True),
        ({"a": True}, {"a": 1}, False),
        ({"a": [{"b": 0}]}, {"a": [{"b": False}]}, False),
        ({"a": [{"b": 1}, 2]}, {"a": [{"b": 1.0}, 2]}, True),
        ({"a": [1]}, {"a": [1, 2]}, False),
        ({"a": [{}]}, {"a": [{"b": 1}]}, False),
        ({"a": None}, {"a": None}, True),
        ({"a": "1"}, {"a": 1}, False),
        ({"a": {}}, {"a": "text"}, False),
        ({"a": "text"}, {"a": {}}, False),
    ],
)
def test_values_are_compared_as_json(before, after, same):
    raw = raw_app()
    raw["metadata"]["managedFields"] = []
    raw["spec"]["source"]["helm"] = {"valuesObject": before}
    assert (plan(raw, source={**WEB["source"], "helm": {"values_object": after}}) == ()) is same


def test_a_name_alone_plans_nothing():
    assert plan_present(Desired.from_params({"name": "web"}, "argocd"), app(deleting=True)) == ()


def test_an_application_that_is_being_deleted_is_not_declared():
    with pytest.raises(Refused, match=r'application "web" is being deleted; wait until it is gone'):
        plan(raw_app(deleting=True))


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ({}, "source and destination are not given"),
        ({"labels": {"a": "b"}}, "source and destination are not given"),
        ({"source": WEB["source"]}, "destination is not given"),
        ({"destination": {}}, "source is not given"),
    ],
)
def test_a_new_application_must_be_complete(options, missing):
    with pytest.raises(Invalid, match=missing) as caught:
        plan_present(Desired.from_params({"name": "web", **options}, "argocd"), None)
    assert 'application "web" does not exist in namespace argocd' in str(caught.value)


@pytest.mark.parametrize("source", [{"source": WEB["source"]}, {"sources": [WEB["source"]]}])
def test_a_new_application_is_applied(source):
    wanted = Desired.from_params({"name": "web", "destination": {}, **source}, "argocd")
    assert plan_present(wanted, None) == (Apply(key(), wanted.manifest),)


# state: absent


def test_what_is_gone_or_going_needs_no_deletion():
    assert plan_absent(key(), None, "foreground") == ()
    assert plan_absent(key(), app(deleting=True), "foreground") == ()
    assert plan_absent(key(), app(deleting=True), None) == ()


def with_finalizers(*finalizers, **changes) -> Observed:
    raw = raw_app(**changes)
    raw["metadata"]["finalizers"] = list(finalizers)
    if not finalizers:
        del raw["metadata"]["finalizers"]
    return Observed.parse(raw)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            [OURS, "example.org/backup"],
            [SetFinalizers(key(), "uid-of-web", "orphan", ("example.org/backup",), "502")],
        ),
        (["example.org/backup"], []),
        ([], []),
    ],
)
def test_a_deletion_that_is_stuck_is_freed_by_orphaning(before, after):
    assert list(plan_absent(key(), with_finalizers(*before, deleting=True), "orphan")) == after


DELETE = Delete(key(), "uid-of-web")


@pytest.mark.parametrize(
    ("before", "cascade", "after"),
    [
        ([OURS], None, None),
        ([], None, None),
        ([OURS], "foreground", [f"{OURS}/foreground"]),
        ([f"{OURS}/foreground"], "foreground", None),
        ([f"{OURS}/foreground"], "background", [f"{OURS}/background"]),
        ([], "background", [f"{OURS}/background"]),
        ([OURS], "orphan", []),
        ([], "orphan", None),
        (["example.org/backup", OURS], "orphan", ["example.org/backup"]),
        (["example.org/backup", OURS], "foreground", ["example.org/backup", f"{OURS}/foreground"]),
        (["post-delete-finalizer.argocd.argoproj.io"], "orphan", None),
    ],
)
def test_a_cascade_is_said_by_finalizers_before_the_deletion(before, cascade, after):
    actions = plan_absent(key(), with_finalizers(*before), cascade)
    finalizers = [] if after is None else [SetFinalizers(key(), "uid-of-web", cascade, tuple(after), "502")]
    assert list(actions) == [*finalizers, DELETE]


@pytest.mark.parametrize(
    ("there", "after"),
    [
        (with_finalizers("example.org/theirs"), ("example.org/theirs", f"{OURS}/foreground")),
        (with_finalizers(f"{OURS}/foreground"), None),
        (with_finalizers(OURS, deleting=True), None),
        (replace(with_finalizers(OURS), uid="of another"), None),
        (None, None),
    ],
)
def test_finalizers_are_planned_anew_for_what_somebody_else_made_of_it(there, after):
    action = SetFinalizers(key(), "uid-of-web", "foreground", (f"{OURS}/foreground",), "501")
    again = finalizers_again(action, there)
    assert (again and again.after) == after
