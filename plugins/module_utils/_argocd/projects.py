# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The domain of the module argocd_project: AppProjects, with what Argo CD's API server checks and the CRD does not.

Sources: manifests/crds/appproject-crd.yaml, and of pkg/apis/application/v1alpha1 the functions ValidateProject,
validatePolicy, validateGroupName, SyncWindow.Validate and NormalizePolicies (argo-cd 3.6).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.declarations import (
    Declarations,
    Wanted,
    arguments,
    constraints,
    named,
    shown_metadata,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import API_VERSION
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.options import METADATA
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.windows import parse_duration, parse_schedule
from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._core.options import Opt, Options, to_api

_GROUP_KIND: Options = {"group": Opt(default="", keep_empty=True), "kind": Opt(required=True)}
_GROUP_KIND_NAME: Options = {**_GROUP_KIND, "name": Opt()}

_GIT_POLICY: Options = {
    "repos": Opt("list", elements="dict", options={"url": Opt(required=True)}, required=True, keep_empty=True),
    "gpg": Opt(
        "dict",
        required=True,
        options={
            "mode": Opt(required=True, choices=("none", "head", "strict")),
            "keys": Opt("list", elements="str", required=True, keep_empty=True),
        },
    ),
}

SPEC: Options = {
    "description": Opt(),
    "source_repos": Opt("list", elements="str"),
    "source_namespaces": Opt("list", elements="str"),
    "destinations": Opt(
        "list", elements="dict", options={"server": Opt(), "name": Opt(), "namespace": Opt(required=True)}
    ),
    "destination_service_accounts": Opt(
        "list",
        elements="dict",
        options={
            "server": Opt(required=True),
            "namespace": Opt(),
            "default_service_account": Opt(required=True),
        },
    ),
    "cluster_resource_whitelist": Opt("list", elements="dict", options=_GROUP_KIND_NAME),
    "cluster_resource_blacklist": Opt("list", elements="dict", options=_GROUP_KIND_NAME),
    "namespace_resource_whitelist": Opt("list", elements="dict", options=_GROUP_KIND),
    "namespace_resource_blacklist": Opt("list", elements="dict", options=_GROUP_KIND),
    "roles": Opt(
        "list",
        elements="dict",
        options={
            "name": Opt(required=True),
            "description": Opt(),
            "policies": Opt("list", elements="str"),
            "groups": Opt("list", elements="str"),
        },
    ),
    "sync_windows": Opt(
        "list",
        elements="dict",
        options={
            "kind": Opt(required=True, choices=("allow", "deny")),
            "schedule": Opt(required=True),
            "duration": Opt(required=True),
            "applications": Opt("list", elements="str"),
            "namespaces": Opt("list", elements="str"),
            "clusters": Opt("list", elements="str"),
            "manual_sync": Opt("bool"),
            "time_zone": Opt(default="UTC"),
            "use_and_operator": Opt("bool", api="andOperator"),
            "sync_overrun": Opt("bool"),
            "description": Opt(),
        },
    ),
    "signature_keys": Opt("list", elements="str"),
    "source_integrity": Opt(
        "dict",
        options={
            "git": Opt(
                "dict",
                required=True,
                options={"policies": Opt("list", elements="dict", options=_GIT_POLICY, required=True)},
            )
        },
    ),
    "orphaned_resources": Opt(
        "dict",
        options={
            "warn": Opt("bool", default=False, keep_empty=True),
            "ignore": Opt("list", elements="dict", options={"group": Opt(), "kind": Opt(), "name": Opt()}),
        },
    ),
    "permit_only_project_scoped_clusters": Opt("bool"),
}

_ONLY_OWN_CLUSTERS = "permit_only_project_scoped_clusters"

PROJECT: Options = {"name": Opt(), **METADATA, **SPEC}
ARGUMENTS: Mapping[str, Any] = arguments(PROJECT, "projects")
CONSTRAINTS: Mapping[str, Any] = constraints(PROJECT, "projects")


class ProjectKey(NamedTuple):
    """Names one AppProject."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f'project "{self.name}"'


def project_key(raw: Mapping[str, Any]) -> ProjectKey:
    return ProjectKey(raw["metadata"]["namespace"], raw["metadata"]["name"])


class Projects(Declarations):
    """The projects of one task."""

    several = "projects"

    def wanted(self, params: Mapping[str, Any], namespace: str, where: str) -> Wanted:
        key = named(ProjectKey, "a", "project", params, namespace, where)
        spec = _spec(params)
        problem = next(_problems(key.name, spec), "")
        if problem:
            raise Invalid(f"{where}{key}: {problem}")
        metadata = {"name": key.name, "namespace": namespace, **to_api(METADATA, params)}
        manifest = {"apiVersion": API_VERSION, "kind": "AppProject", "metadata": metadata, "spec": spec}
        return Wanted(
            key, manifest, {} if params.get(_ONLY_OWN_CLUSTERS) is not False else {_ONLY_OWN_CLUSTERS: "false"}
        )

    def manifest(self, item: Wanted, observed: Optional[Observed]) -> Mapping[str, Any]:
        """With the tokens of each role as they are: they stand in the same list, and are not declared."""
        live: Mapping[str, Any] = observed.raw["spec"] if observed else {}
        tokens = {
            role["name"]: {"jwtTokens": role["jwtTokens"]} for role in live.get("roles", []) if "jwtTokens" in role
        }
        spec = dict(item.manifest["spec"])
        if item.denied and "permitOnlyProjectScopedClusters" in live:
            spec["permitOnlyProjectScopedClusters"] = False
        if tokens and "roles" in spec:
            spec["roles"] = [{**role, **tokens.get(role["name"], {})} for role in spec["roles"]]
        return {**item.manifest, "spec": spec}

    def refusal(self, item: Wanted, observed: Observed) -> str:
        name = item.key.name
        if name == "default":
            return 'project "default" cannot be deleted, since Argo CD needs it; narrow it with state: present instead'
        users = [app["metadata"]["name"] for app in observed.users if app["spec"].get("project", "default") == name]
        if not users:
            return ""
        return (
            f"{item.key} cannot be deleted while applications belong to it ({', '.join(sorted(users))}); give them "
            "another project, or delete them first"
        )

    def view(self, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        metadata = shown_metadata(raw)
        return {**({"metadata": metadata} if metadata else {}), "spec": raw.get("spec", {})}


def _spec(params: Mapping[str, Any]) -> dict[str, Any]:
    """The spec as Argo CD's API server would write it."""
    spec = to_api(SPEC, params)
    if "signatureKeys" in spec:
        spec["signatureKeys"] = [{"keyID": key} for key in spec["signatureKeys"]]
    for role in spec.get("roles", []):
        if "policies" in role:
            role["policies"] = [_normalized(policy) for policy in role["policies"]]
    # None is empty, for the API server makes null of a structure whose last field is dropped, and then refuses it.
    return spec or {"sourceRepos": []}


def _normalized(policy: str) -> str:
    first, *others = policy.split(",")
    return ", ".join([first, *(part.strip(" ") for part in others)])


def _problems(project: str, spec: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each thing that Argo CD's API server would refuse."""
    yield from _destinations(spec.get("destinations", []))
    for option, name in (("source_namespaces", "sourceNamespaces"), ("source_repos", "sourceRepos")):
        yield from _twice(option, spec.get(name, []))
    if "!*" in spec.get("sourceRepos", []):
        yield 'source_repos has "!*", which denies everything; leave it out'
    yield from _twice("roles", [role.get("name", "") for role in spec.get("roles", [])])
    for role in spec.get("roles", []):
        yield from _role(project, role)
    windows = spec.get("syncWindows", [])
    for number, window in enumerate(windows):
        yield from _window(f"sync_windows[{number}]", window)
    yield from _twice("sync_windows", [_identity(window) for window in windows])
    yield from _service_accounts(spec.get("destinationServiceAccounts", []))


def _twice(option: str, values: Sequence[str]) -> Iterator[str]:
    for value in values:
        if values.count(value) > 1:
            yield f"{option} has {value} {values.count(value)} times; give it once"


def _destinations(destinations: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    places = []
    for number, destination in enumerate(destinations):
        if not destination.get("server") and not destination.get("name"):
            yield f'destinations[{number}] has neither server nor name; give one, or server: "*" for every cluster'
        for option, value in destination.items():
            if value == "!*":
                yield f'destinations[{number}].{option} is "!*", which denies everything; leave the destination out'
        cluster = destination.get("server") or destination.get("name")
        places.append(f"{cluster}/{destination.get('namespace', '')}")
    yield from _twice("destinations", places)


def _service_accounts(accounts: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    places = []
    for number, account in enumerate(accounts):
        where = f"destination_service_accounts[{number}]"
        for option in ("server", "namespace"):
            if "!" in account.get(option, ""):
                yield f"{where}.{option} is {account[option]}, and Argo CD takes no ! there"
        name = account.get("defaultServiceAccount", "")
        if not name.strip(" ") or set(name) & set("!*[]{}\\/"):
            yield f'{where}.default_service_account is "{name}", which is no name; give NAME or NAMESPACE:NAME'
        places.append(f"{account.get('server', '')}/{account.get('namespace', '')}")
    yield from _twice("destination_service_accounts", places)


_ROLE_NAME = re.compile(r"[a-zA-Z0-9]([-_a-zA-Z0-9]*[a-zA-Z0-9])?")


def _role(project: str, role: Mapping[str, Any]) -> Iterator[str]:
    name = role.get("name", "")
    if not _ROLE_NAME.fullmatch(name):
        yield f'the role "{name}" has a name that Argo CD does not take; use letters, digits, - and _ between them'
    yield from _twice(f'policies of the role "{name}"', role.get("policies", []))
    for policy in role.get("policies", []):
        problem = _policy_problem(project, name, policy)
        if problem:
            yield f'the policy "{policy}" of the role "{name}" is not valid: {problem}'
    yield from _twice(f'groups of the role "{name}"', role.get("groups", []))
    for group in role.get("groups", []):
        problem = _group_problem(group)
        if problem:
            yield f'the group "{group}" of the role "{name}" is not valid: {problem}'


_RESOURCES = ("applications", "applicationsets", "repositories", "exec", "logs", "clusters")
_ACTION = re.compile(r"get|create|update|delete|sync|override|rollback|\*|.*(action|update|delete)/.*")


def _policy_problem(project: str, role: str, policy: str) -> str:
    parts = [part.strip(" ") for part in policy.split(",")]
    if len(parts) != 6 or parts[0] != "p":
        return 'it must have the form "p, subject, resource, action, object, effect"'
    _p, subject, resource, action, target, effect = parts
    if subject != f"proj:{project}:{role}":
        return f"its subject must be proj:{project}:{role}, not {subject}"
    if resource not in _RESOURCES:
        return f"its resource must be one of {', '.join(_RESOURCES)}, not {resource}"
    if not _ACTION.fullmatch(action):
        return f"there is no action {action}; give get, create, update, delete, sync, override, action/... or *"
    if not re.fullmatch(rf"{re.escape(project)}(/[*\w.-]+)?/[*\w.-]+", target, re.ASCII):
        return f"its object must be {project}/*, {project}/APPLICATION or {project}/NAMESPACE/APPLICATION, not {target}"
    if effect not in ("allow", "deny"):
        return f"its effect must be allow or deny, not {effect}"
    return ""


def _group_problem(group: str) -> str:
    name = group.strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = name[1:-1]
    elif "," in name:
        return "a group with a comma must be in double quotes, within the text ('\"a,b\"')"
    if not name:
        return "it is empty"
    if re.search(r'["\n\r\t]', name):
        return "it must not have quotes, tabs or line breaks in it"
    return "it must not begin or end with a space" if group != group.strip() else ""


def _window(where: str, window: Mapping[str, Any]) -> Iterator[str]:
    schedule, duration = window.get("schedule", ""), window.get("duration", "")
    try:
        parse_schedule(schedule)
    except ValueError as problem:
        yield f'{where}.schedule is "{schedule}", and {problem}'
    try:
        parse_duration(duration)
    except ValueError:
        yield f'{where}.duration is "{duration}"; give a number and s, m or h, like 90m or 1h30m'
    if len(window.get("description", "")) > 255:
        yield f"{where}.description has more than 255 characters; shorten it"
    if not any(window.get(name) for name in ("applications", "namespaces", "clusters")):
        yield f'{where} is for nothing; give applications, namespaces or clusters (["*"] is all)'


def _identity(window: Mapping[str, Any]) -> str:
    """What makes two windows the same for Argo CD (SyncWindow.HashIdentity)."""
    names = (
        "kind",
        "schedule",
        "duration",
        "applications",
        "namespaces",
        "clusters",
        "timeZone",
        "andOperator",
    )
    return ", ".join(f"{name} {window[name]}" for name in names if window.get(name))
