# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The domain of the module argocd_applicationset: options, checks, plan, goals and report. No I/O.

Generators and the template are handed on in the API's own form: they are Go templates of what Argo CD's pages show,
and nest into each other. Source: manifests/crds/applicationset-crd.yaml of argo-cd 3.6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.declarations import (
    Declarations,
    Wanted,
    arguments,
    constraints,
    named,
    shown_metadata,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.generation import (
    SET_REFRESH_ANNOTATION,
    Generate,
    ObservedSet,
    SetConversation,
    SetGoal,
    SetKey,
    Ungenerate,
    generated_by,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import API_VERSION, said
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.options import METADATA
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.report import family, summary
from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._core.options import Opt, Options, to_api

SPEC: Options = {
    "go_template": Opt("bool"),
    "go_template_options": Opt("list", elements="str"),
    "generators": Opt("list", elements="dict", keep_empty=True),
    "template": Opt("dict"),
    "template_patch": Opt(),
    "sync_policy": Opt(
        "dict",
        options={
            "preserve_resources_on_deletion": Opt("bool"),
            "applications_sync": Opt(choices=("create-only", "create-update", "create-delete", "sync")),
        },
    ),
    "strategy": Opt("dict"),
    "preserved_fields": Opt(
        "dict", options={"annotations": Opt("list", elements="str"), "labels": Opt("list", elements="str")}
    ),
    "ignore_application_differences": Opt(
        "list",
        elements="dict",
        options={
            "name": Opt(),
            "json_pointers": Opt("list", elements="str", api="jsonPointers"),
            "jq_path_expressions": Opt("list", elements="str"),
        },
    ),
}

APPLICATION_SET: Options = {"name": Opt(), **METADATA, **SPEC}
ARGUMENTS: Mapping[str, Any] = {
    **arguments(APPLICATION_SET, "application_sets"),
    "confirm_deletion": {"type": "bool", "default": False},
    "wait": {"type": "bool"},
    "wait_timeout": {"type": "int", "default": 300},
}
CONSTRAINTS: Mapping[str, Any] = constraints(APPLICATION_SET, "application_sets")

_GENERATORS = frozenset(
    "list clusters git scmProvider clusterDecisionResource pullRequest matrix merge plugin oci".split()
)


class ApplicationSets(Declarations):
    """The application sets of one task."""

    several = "application_sets"

    def __init__(self, params: Mapping[str, Any], token: str) -> None:
        super().__init__(params)
        if params["wait_timeout"] < 1:
            raise Invalid(f"wait_timeout is {params['wait_timeout']}; give at least 1 second")
        self.wait_timeout = float(params["wait_timeout"])
        self._token = token
        self._confirm: bool = params["confirm_deletion"]
        self._wait: bool = self._state == "absent" if params["wait"] is None else params["wait"]

    def wanted(self, params: Mapping[str, Any], namespace: str, where: str) -> Wanted:
        key = named(SetKey, "an", "application set", params, namespace, where)
        spec = to_api(SPEC, params)
        if self._state == "present" and (problem := _problem(spec)):
            raise Invalid(f"{where}{key}: {problem}")
        metadata = {"name": key.name, "namespace": namespace, **to_api(METADATA, params)}
        return Wanted(key, {"apiVersion": API_VERSION, "kind": "ApplicationSet", "metadata": metadata, "spec": spec})

    def manifest(self, item: Wanted, observed: Optional[Observed]) -> Mapping[str, Any]:
        """With what Argo CD has written anew as it is there, where it says the same (empty templates come to it)."""
        spec, live = item.manifest["spec"], observed.raw["spec"] if observed else {}
        same = {name: live[name] for name in spec if name in live and said(live[name]) == said(spec[name])}
        return {**item.manifest, "spec": {**spec, **same}}

    def conversation(self, planned: Sequence[tuple[Wanted, bool]], before: Mapping[Any, Any]) -> SetConversation:
        goals = [self._goal(item.key, changed, before) for item, changed in planned if self._wait]
        return SetConversation([goal for goal in goals if goal], before)

    def _goal(self, key: SetKey, changed: bool, before: Mapping[Any, Any]) -> Optional[SetGoal]:
        observed: Optional[ObservedSet] = before.get(key)
        if self._state == "present":
            return Generate(key, observed, self._token, changed, self._confirm)
        if observed is None:
            return None
        applications = () if observed.keeps_applications else tuple(generated_by(observed, before))
        return Ungenerate(key, observed.uid, applications, self._confirm)

    def view(self, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        metadata = shown_metadata(raw, (SET_REFRESH_ANNOTATION,))
        return {**({"metadata": metadata} if metadata else {}), "spec": raw.get("spec", {})}

    def report(
        self, item: Wanted, world: Mapping[Any, Any], conversation: Optional[SetConversation]
    ) -> Mapping[str, Any]:
        """``applications``: what it generated, with all that these deploy in turn."""
        seen: Optional[ObservedSet] = world.get(item.key)
        if seen is None:
            return {"applications": []}
        members = {app.key: app for own in generated_by(seen, world) for app in family(own.key, world)}
        rows = [summary(members[key], conversation.own_failure(key) if conversation else "") for key in sorted(members)]
        return {"applications": rows}


def _problem(spec: Mapping[str, Any]) -> str:
    """Why Argo CD can generate nothing from it; empty if it may."""
    missing = [name for name in ("generators", "template") if name not in spec]
    if missing:
        return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not given; an application set has both"
    for number, generator in enumerate(spec["generators"]):
        kinds = sorted(generator.keys() & _GENERATORS)
        if len(kinds) != 1:
            seen = ", ".join(kinds or sorted(generator)) or "nothing"
            return f"generators[{number}] has {seen}; give it exactly one of {', '.join(sorted(_GENERATORS))}"
    template = spec["template"]
    if not (template.get("metadata") or {}).get("name") or not template.get("spec"):
        return "template must have metadata.name and spec, in the form of an Application's manifest"
    return ""
