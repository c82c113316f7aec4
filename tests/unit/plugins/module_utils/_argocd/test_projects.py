# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""AppProjects. Policies, groups and destinations are those of Argo CD's own tests (types_test.go)."""

from __future__ import annotations

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.projects import PROJECT, Projects, project_key
from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import (
    FIELD_MANAGER,
    Apply,
    Delete,
    Observed,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.paths import given, leaves
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.server import Server

WINDOW = {"kind": "deny", "schedule": "0 22 * * 1-5", "duration": "8h", "applications": ["*"], "time_zone": "UTC"}
OPTIONS = {
    "labels": {"a": "b"},
    "annotations": {"c": "d"},
    "finalizers": ["resources-finalizer.argocd.argoproj.io"],
    "description": "What team A deploys",
    "source_repos": ["https://git.example.org/*", "!https://git.example.org/secret"],
    "source_namespaces": ["team-a-*"],
    "destinations": [
        {"server": "*", "name": None, "namespace": "team-a"},
        {"server": None, "name": "edge", "namespace": "*"},
    ],
    "destination_service_accounts": [{"server": "*", "namespace": "team-a", "default_service_account": "ops:deploy"}],
    "cluster_resource_whitelist": [{"group": "", "kind": "Namespace", "name": "team-a-*"}],
    "cluster_resource_blacklist": [{"group": "*", "kind": "*", "name": "x"}],
    "namespace_resource_whitelist": [{"group": "apps", "kind": "*"}],
    "namespace_resource_blacklist": [{"group": "", "kind": "ResourceQuota"}],
    "roles": [
        {
            "name": "ci",
            "description": "for pipelines",
            "policies": ["p,proj:team-a:ci,applications,  sync, team-a/*, allow"],
            "groups": ["team-a"],
        }
    ],
    "sync_windows": [
        {
            **WINDOW,
            "namespaces": ["x"],
            "clusters": ["y"],
            "manual_sync": True,
            "use_and_operator": True,
            "sync_overrun": True,
            "description": "nights",
        }
    ],
    "signature_keys": ["4AEE18F83AFDEB23"],
    "source_integrity": {"git": {"policies": [{"repos": [{"url": "*"}], "gpg": {"mode": "none", "keys": []}}]}},
    "orphaned_resources": {"warn": False, "ignore": [{"group": "apps", "kind": "ReplicaSet", "name": "x"}]},
    "permit_only_project_scoped_clusters": True,
}
SPEC = {
    "description": "What team A deploys",
    "sourceRepos": ["https://git.example.org/*", "!https://git.example.org/secret"],
    "sourceNamespaces": ["team-a-*"],
    "destinations": [{"server": "*", "namespace": "team-a"}, {"name": "edge", "namespace": "*"}],
    "destinationServiceAccounts": [{"server": "*", "namespace": "team-a", "defaultServiceAccount": "ops:deploy"}],
    "clusterResourceWhitelist": [{"group": "", "kind": "Namespace", "name": "team-a-*"}],
    "clusterResourceBlacklist": [{"group": "*", "kind": "*", "name": "x"}],
    "namespaceResourceWhitelist": [{"group": "apps", "kind": "*"}],
    "namespaceResourceBlacklist": [{"group": "", "kind": "ResourceQuota"}],
    "roles": [
        {
            "name": "ci",
            "description": "for pipelines",
            "policies": ["p, proj:team-a:ci, applications, sync, team-a/*, allow"],
            "groups": ["team-a"],
        }
    ],
    "syncWindows": [
        {
            "kind": "deny",
            "schedule": "0 22 * * 1-5",
            "duration": "8h",
            "applications": ["*"],
            "namespaces": ["x"],
            "clusters": ["y"],
            "manualSync": True,
            "timeZone": "UTC",
            "andOperator": True,
            "syncOverrun": True,
            "description": "nights",
        }
    ],
    "signatureKeys": [{"keyID": "4AEE18F83AFDEB23"}],
    "sourceIntegrity": {"git": {"policies": [{"repos": [{"url": "*"}], "gpg": {"mode": "none", "keys": []}}]}},
    "orphanedResources": {"warn": False, "ignore": [{"group": "apps", "kind": "ReplicaSet", "name": "x"}]},
    "permitOnlyProjectScopedClusters": True,
}


def projects(state="present", several=None, **options):
    given = {"name": "team-a", **options} if several is None else {}
    return Projects({**dict.fromkeys(PROJECT), **given, "state": state, "namespace": "argocd", "projects": several})


def wanted(**options):
    (item,) = projects(**options).items
    return item.manifest


def observed(spec, users=(), **metadata):
    raw = {"metadata": {"name": "team-a", "namespace": "argocd", "uid": "u", **metadata}, "spec": spec}
    return Observed(raw, users=tuple({"metadata": {"name": name}, "spec": spec} for name, spec in users))


def plan(domain, there):
    return tuple(domain.plan(domain.items[0], there))


def test_every_option_in_the_words_of_the_api():
    assert {path for path in leaves(PROJECT) if path != ("name",)} <= set(given(OPTIONS))
    assert wanted(**OPTIONS) == {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {
            "name": "team-a",
            "namespace": "argocd",
            **{name: OPTIONS[name] for name in ("labels", "annotations", "finalizers")},
        },
        "spec": SPEC,
    }


def test_a_name_alone_is_a_project_that_allows_nothing():
    assert wanted()["spec"] == {"sourceRepos": []}


@pytest.mark.parametrize("before", [None, {}, OPTIONS, {**OPTIONS, "roles": None, "orphaned_resources": None}])
@pytest.mark.parametrize("after", [{}, OPTIONS, {"description": "new"}])
def test_applying_converges_and_what_was_dropped_goes(before, after):
    server, fresh = Server(), Server()
    for options in filter(lambda one: one is not None, [before, after]):
        server.apply(wanted(**options), FIELD_MANAGER)
    fresh.apply(wanted(**after), FIELD_MANAGER)
    domain = projects(**after)
    assert plan(domain, Observed(server.object)) == ()
    assert domain.view(server.object) == domain.view(fresh.object)


def test_a_project_is_known_by_its_name():
    (item,) = projects().items
    assert project_key(item.manifest) == item.key
    assert str(item.key) == 'project "team-a"'


def test_what_is_denied_is_written_over_what_others_said_and_else_not_at_all():
    denied = projects(description="x", permit_only_project_scoped_clusters=False)
    assert "permitOnlyProjectScopedClusters" not in denied.manifest(denied.items[0], None)["spec"]
    (action,) = plan(denied, observed({"description": "x", "permitOnlyProjectScopedClusters": True}))
    assert action.manifest["spec"] == {"description": "x", "permitOnlyProjectScopedClusters": False}
    assert plan(denied, observed({"description": "x", "permitOnlyProjectScopedClusters": False})) == ()


# The tokens of roles


def test_the_tokens_of_a_role_stay_and_are_no_difference():
    tokens = [{"iat": 1, "id": "x"}]
    there = observed({"roles": [{"name": "ci", "jwtTokens": tokens}, {"name": "gone", "jwtTokens": tokens}]})
    (action,) = plan(projects(roles=[{"name": "ci"}, {"name": "new"}]), there)
    assert action.manifest["spec"]["roles"] == [{"name": "ci", "jwtTokens": tokens}, {"name": "new"}]
    assert plan(projects(roles=[{"name": "ci"}]), observed({"roles": [{"name": "ci", "jwtTokens": tokens}]})) == ()
    (action,) = plan(projects(description="x"), there)
    assert "roles" not in action.manifest["spec"]


# state: absent


def test_a_project_without_applications_is_deleted():
    domain = projects("absent")
    there = observed({}, users=[("web", {"project": "other"}), ("db", {})])
    assert plan(domain, there) == (Delete(domain.items[0].key, "u"),)
    assert plan(domain, None) == ()


def test_a_project_with_applications_is_not():
    with pytest.raises(Refused) as caught:
        plan(projects("absent"), observed({}, users=[("web", {"project": "team-a"}), ("db", {"project": "team-a"})]))
    assert str(caught.value) == (
        'project "team-a" cannot be deleted while applications belong to it (db, web); give them another project, or '
        "delete them first"
    )


def test_the_default_project_stays():
    with pytest.raises(Refused, match="Argo CD needs it"):
        plan(projects("absent", name="default"), observed({}))


def test_check_mode_tells_what_would_be_done():
    domain = projects()
    (item,) = domain.items
    assert domain.foresee(item, None, True) == (True, "would be created")
    assert domain.foresee(item, observed({}), True) == (True, "would be changed")
    assert domain.foresee(item, observed({}), False) == (False, "")
    assert projects("absent").foresee(item, observed({}), True) == (True, "would be deleted")
    assert domain.warnings(item, None) == []
    assert domain.told(item, None) == {}


# What Argo CD would refuse


def role(**fields):
    return {"roles": [{"name": "ci", **fields}]}


@pytest.mark.parametrize(
    "policy",
    [
        "p,proj:team-a:ci,applications,get,team-a/*,allow",
        "p, proj:team-a:ci, applications, get, team-a/*, deny",
        "p, proj:team-a:ci, applications, get, team-a/foo-*, allow",
        "p, proj:team-a:ci, applications, get, team-a/ns/*.*, allow",
        "p, proj:team-a:ci, applications, *, team-a/foo, allow",
        "p, proj:team-a:ci, applications, update/*/Pod/*, team-a/foo, allow",
        "p, proj:team-a:ci, applications, action/apps/Deployment/restart, team-a/foo, allow",
        "p, proj:team-a:ci, logs, get, team-a/foo, allow",
    ],
)
def test_good_policies(policy):
    normalized = ", ".join(part.strip() for part in policy.split(","))
    assert wanted(**role(policies=[policy]))["spec"] == {"roles": [{"name": "ci", "policies": [normalized]}]}


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        ("g, proj:team-a:ci, applications, get, team-a/*, allow", "it must have the form"),
        ("p, not, enough, parts", "it must have the form"),
        ("p, , applications, get, team-a/*, allow", "its subject must be proj:team-a:ci"),
        ("p, proj:other:ci, applications, get, team-a/*, allow", "its subject must be proj:team-a:ci"),
        ("p, proj:team-a:ci, projects, get, team-a, allow", "its resource must be one of"),
        ("p, proj:team-a:ci, applications, foo, team-a/*, allow", "there is no action foo"),
        ("p, proj:team-a:ci, applications, get, team-a/, allow", r"its object must be team-a/\*"),
        ("p, proj:team-a:ci, applications, get, other/*, allow", r"its object must be team-a/\*"),
        ("p, proj:team-a:ci, applications, get, team-a/*, foo", "its effect must be allow or deny, not foo"),
    ],
)
def test_bad_policies(policy, problem):
    with pytest.raises(Invalid, match=rf'^project "team-a": the policy ".*" of the role "ci" is not valid: {problem}'):
        wanted(**role(policies=[policy]))


@pytest.mark.parametrize("group", ["my:group", '"a,b"', "x"])
def test_good_groups(group):
    assert wanted(**role(groups=[group]))["spec"] == {"roles": [{"name": "ci", "groups": [group]}]}


@pytest.mark.parametrize("group", ["", " ", "my, group", "my,group", "my\ngroup", " a", "a ", '""', 'a"b'])
def test_bad_groups(group):
    with pytest.raises(Invalid, match='of the role "ci" is not valid'):
        wanted(**role(groups=[group]))


@pytest.mark.parametrize(
    "schedule", ["* * * * *", "*/5 0-6/2 1,15 jan-mar MON", "? 23 ? 12 0-6", "TZ=UTC 0 0 1 1 *", "5/10 * * * *"]
)
@pytest.mark.parametrize("duration", ["8h", "1h30m", "90m", "1.5h", "0"])
def test_good_windows(schedule, duration):
    (window,) = wanted(sync_windows=[{**WINDOW, "schedule": schedule, "duration": duration}])["spec"]["syncWindows"]
    assert (window["schedule"], window["duration"]) == (schedule, duration)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"schedule": "0 22 * *"}, "a schedule has five fields .*, not 4"),
        ({"schedule": ""}, "a schedule has five fields .*, not 0"),
        ({"schedule": "@daily"}, "a schedule has five fields .*, not 1"),
        ({"schedule": "60 * * * *"}, "its minute cannot be 60; give .* from 0 to 59"),
        ({"schedule": "* 5-3 * * *"}, "its hour cannot be 5-3"),
        ({"schedule": "* * 0 * *"}, "its day of the month cannot be 0"),
        ({"schedule": "* * * foo *"}, "its month cannot be foo"),
        ({"schedule": "* * * * 7"}, "its day of the week cannot be 7"),
        ({"schedule": "*/0 * * * *"}, r"its minute cannot be \*/0"),
        ({"schedule": "1, * * * *"}, "its minute cannot be 1,"),
        ({"duration": "8 hours"}, 'duration is "8 hours"; give a number and s, m or h'),
        ({"duration": "1d"}, 'duration is "1d"'),
        ({"duration": ""}, 'duration is ""'),
        ({"duration": "9999999h"}, 'duration is "9999999h"'),
        ({"description": "x" * 256}, "more than 255 characters"),
        ({"applications": []}, "is for nothing; give applications, namespaces or clusters"),
    ],
)
def test_bad_windows(change, problem):
    with pytest.raises(Invalid, match=rf'^project "team-a": sync_windows\[0\].*{problem}'):
        wanted(sync_windows=[{**WINDOW, **change}])


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"destinations": [{"namespace": "x"}]}, r"destinations\[0\] has neither server nor name"),
        ({"destinations": [{"server": "!*", "namespace": "x"}]}, r'destinations\[0\].server is "!\*"'),
        ({"destinations": [{"server": "a", "namespace": "x"}] * 2}, "destinations has a/x 2 times; give it once"),
        ({"source_repos": ["a", "a"]}, "source_repos has a 2 times"),
        ({"source_repos": ["!*"]}, "which denies everything"),
        ({"source_namespaces": ["a", "a"]}, "source_namespaces has a 2 times"),
        ({"roles": [{"name": "a"}, {"name": "a"}]}, "roles has a 2 times"),
        ({"roles": [{"name": "-a"}]}, 'the role "-a" has a name'),
        ({"roles": [{"name": ""}]}, 'the role "" has a name'),
        (role(groups=["a", "a"]), 'groups of the role "ci" has a 2 times'),
        (role(policies=["p, x", "p, x"]), 'policies of the role "ci" has p, x 2 times'),
        ({"sync_windows": [WINDOW, {**WINDOW, "manual_sync": True}]}, "sync_windows has kind deny, .* 2 times"),
        (
            {"destination_service_accounts": [{"server": "!a", "default_service_account": "x"}]},
            r"destination_service_accounts\[0\].server is !a, and Argo CD takes no ! there",
        ),
        (
            {"destination_service_accounts": [{"server": "a", "default_service_account": "x*"}]},
            r'default_service_account is "x\*", which is no name',
        ),
        (
            {"destination_service_accounts": [{"server": "a", "default_service_account": "x"}] * 2},
            "destination_service_accounts has a/ 2 times",
        ),
        ({"name": "Team_A"}, "Kubernetes does not take this name"),
    ],
)
def test_what_argo_cd_would_refuse(options, problem):
    with pytest.raises(Invalid, match=problem):
        wanted(**options)


@pytest.mark.parametrize(
    ("several", "problem"),
    [
        ([], "projects is an empty list; give at least one"),
        ([{"name": "a"}, {}], r"^projects\[1\]: a project: name is missing"),
        ([{"name": "a"}, {"name": "a"}], 'projects: project "a" was given 2 times; give it once'),
        ([{"name": "a"}, {"name": "b", "source_repos": ["!*"]}], r'^projects\[1\]: project "b": source_repos has'),
    ],
)
def test_bad_lists(several, problem):
    with pytest.raises(Invalid, match=problem):
        projects(several=several)


def test_a_bad_namespace():
    with pytest.raises(Invalid, match='does not take the namespace "no/namespace"'):
        Projects({"state": "present", "namespace": "no/namespace", "projects": None, "name": "a"})


def test_a_list_of_projects():
    domain = projects(several=[{"name": "a"}, {"name": "b"}])
    assert [item.key.name for item in domain.items] == ["a", "b"]
    assert plan(domain, None) == (Apply(domain.items[0].key, domain.items[0].manifest),)
