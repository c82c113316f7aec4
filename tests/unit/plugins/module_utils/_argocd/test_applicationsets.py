# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.applicationsets import (
    APPLICATION_SET,
    ApplicationSets,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.generation import (
    Generate,
    ObservedSet,
    SetKey,
    Ungenerate,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import FIELD_MANAGER, Apply, Delete
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.builder import raw_app
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.paths import given, leaves
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.server import Server

TEAMS = SetKey("argocd", "teams")
ELEMENTS = [{"team": "a"}, {"team": "b"}]
TEMPLATE = {"metadata": {"name": "{{ .team }}"}, "spec": {"project": "default", "source": {"path": "{{ .team }}"}}}
OPTIONS = {
    "labels": {"a": "b"},
    "annotations": {"c": "d"},
    "finalizers": ["resources-finalizer.argocd.argoproj.io"],
    "go_template": True,
    "go_template_options": ["missingkey=error"],
    "generators": [{"list": {"elements": ELEMENTS}}],
    "template": TEMPLATE,
    "template_patch": "spec: {}",
    "sync_policy": {"preserve_resources_on_deletion": True, "applications_sync": "sync"},
    "strategy": {"type": "RollingSync", "rollingSync": {"steps": []}},
    "preserved_fields": {"annotations": ["x"], "labels": ["y"]},
    "ignore_application_differences": [{"name": "a", "json_pointers": ["/spec"], "jq_path_expressions": [".spec"]}],
}


def domain(*, state="present", wait=None, several=None, **options):
    params = {
        **dict.fromkeys(APPLICATION_SET),
        "name": None if several else "teams",
        "namespace": "argocd",
        "application_sets": several,
        "state": state,
        "confirm_deletion": False,
        "wait": wait,
        "wait_timeout": 300,
        **options,
    }
    return ApplicationSets(params, "token")


def declared(**options):
    sets = domain(**{"generators": OPTIONS["generators"], "template": TEMPLATE, **options})
    return sets, sets.items[0]


def observed(raw):
    return ObservedSet({**raw, "metadata": {"uid": "uid-of-teams", "resourceVersion": "1", **raw["metadata"]}})


def owned(name):
    raw = raw_app(name)
    raw["metadata"]["ownerReferences"] = [{"uid": "uid-of-teams"}]
    return Observed.parse(raw)


def written_anew(raw):
    """As the controller of the sets writes it, with empty fields that its types have."""
    raw = copy.deepcopy(raw)
    raw["spec"]["generators"][0]["list"]["template"] = {"metadata": {}, "spec": {"destination": {}, "project": ""}}
    raw["spec"]["template"].setdefault("spec", {})["destination"] = {}
    return raw


def test_every_option_reaches_its_field():
    _sets, item = declared(**OPTIONS)
    assert {path for path in leaves(APPLICATION_SET) if path != ("name",)} <= set(given(OPTIONS))
    assert item.manifest["spec"] == {
        "goTemplate": True,
        "goTemplateOptions": ["missingkey=error"],
        "generators": [{"list": {"elements": ELEMENTS}}],
        "template": TEMPLATE,
        "templatePatch": "spec: {}",
        "syncPolicy": {"preserveResourcesOnDeletion": True, "applicationsSync": "sync"},
        "strategy": {"type": "RollingSync", "rollingSync": {"steps": []}},
        "preservedFields": {"annotations": ["x"], "labels": ["y"]},
        "ignoreApplicationDifferences": [
            {"name": "a", "jsonPointers": ["/spec"], "jqPathExpressions": [".spec"]},
        ],
    }
    assert item.manifest["metadata"] == {
        "name": "teams",
        "namespace": "argocd",
        "labels": {"a": "b"},
        "annotations": {"c": "d"},
        "finalizers": ["resources-finalizer.argocd.argoproj.io"],
    }


def test_once_applied_there_is_nothing_to_do_even_if_argo_cd_wrote_it_anew():
    sets, item = declared(**OPTIONS)
    server = Server()
    server.apply(item.manifest, FIELD_MANAGER)
    raw = server.object
    assert sets.plan(item, observed(raw)) == ()
    assert sets.plan(item, observed(written_anew(raw))) == ()


def test_what_changed_is_applied_with_the_rest_as_it_is():
    sets, item = declared()
    server = Server()
    server.apply(item.manifest, FIELD_MANAGER)
    live = observed(written_anew(server.object))
    sets, item = declared(go_template=True)
    (action,) = sets.plan(item, live)
    assert isinstance(action, Apply)
    assert action.manifest["spec"]["generators"] == live.raw["spec"]["generators"]
    assert action.manifest["spec"]["goTemplate"] is True
    sets, item = declared(generators=[{"list": {"elements": []}}])
    (action,) = sets.plan(item, live)
    assert action.manifest["spec"]["generators"] == [{"list": {"elements": []}}]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"name": " "}, "an application set: name is missing; give every application set a name"),
        ({"name": "Teams"}, 'application set "Teams": Kubernetes does not take this name'),
        ({"wait_timeout": 0}, "wait_timeout is 0; give at least 1 second"),
        ({"template": None}, 'application set "teams": template is not given; an application set has both'),
        ({"generators": None, "template": None}, "generators and template are not given"),
        ({"generators": [{}]}, r"generators\[0\] has nothing; give it exactly one of"),
        ({"generators": [{"list": {}, "git": {}}]}, r"generators\[0\] has git, list; give it exactly one of"),
        ({"template": {"spec": TEMPLATE["spec"]}}, "template must have metadata.name and spec"),
        ({"template": {"metadata": {"name": "x"}}}, "template must have metadata.name and spec"),
    ],
)
def test_bad_input_is_refused(options, complaint):
    with pytest.raises(Invalid, match=complaint):
        declared(**options)


def test_goals_of_a_declaration():
    sets, item = declared(wait=True)
    assert sets.conversation([(item, True)], {}).followed() == [TEAMS]
    assert sets._goal(TEAMS, True, {}) == Generate(TEAMS, None, "token", True, False)
    sets, item = declared()
    assert sets.conversation([(item, True)], {}).over()


def test_where_it_is_and_how_it_is_waited_for():
    sets, item = declared(namespace="teams", wait=True, wait_timeout=7, confirm_deletion=True)
    assert item.key == SetKey("teams", "teams")
    assert item.manifest["metadata"]["namespace"] == "teams"
    assert sets.wait_timeout == 7.0
    assert sets._goal(item.key, True, {}) == Generate(item.key, None, "token", True, True)


def test_goals_of_a_deletion():
    sets = domain(state="absent")
    live = observed({"metadata": {"name": "teams", "namespace": "argocd"}, "spec": {}})
    before = {live.key: live, **{app.key: app for app in [owned("a")]}}
    assert sets.plan(sets.items[0], live) == (Delete(TEAMS, "uid-of-teams"),)
    assert sets._goal(TEAMS, True, before) == Ungenerate(TEAMS, "uid-of-teams", (owned("a"),))
    kept = observed({**live.raw, "spec": {"syncPolicy": {"applicationsSync": "create-only"}}})
    assert sets._goal(TEAMS, True, {**before, TEAMS: kept}) == Ungenerate(TEAMS, "uid-of-teams")
    assert sets._goal(TEAMS, False, {}) is None


def test_a_result_tells_of_the_applications():
    sets, item = declared()
    live = observed({"metadata": {"name": "teams", "namespace": "argocd"}, "spec": {}})
    world = {live.key: live, **{app.key: app for app in [owned("b"), owned("a")]}}
    rows = sets.report(item, world, None)["applications"]
    assert [(row["name"], row["sync"], row["health"]) for row in rows] == [
        ("a", "Synced", "Healthy"),
        ("b", "Synced", "Healthy"),
    ]
    assert sets.report(item, world, sets.conversation([], {}))["applications"] == rows
    assert sets.report(item, {}, None) == {"applications": []}


def test_what_is_shown():
    sets, _item = declared()
    raw = {"metadata": {"annotations": {"argocd.argoproj.io/application-set-refresh": "true"}}, "spec": {"x": 1}}
    assert sets.view(raw) == {"spec": {"x": 1}}
    assert sets.view({**raw, "metadata": {"labels": {"a": "b"}}}) == {
        "metadata": {"labels": {"a": "b"}},
        "spec": {"x": 1},
    }
