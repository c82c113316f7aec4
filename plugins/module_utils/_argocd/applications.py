# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The domain of the module argocd_app: how plan, goals, foresight and report are made of the task's options. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.conversation import Conversation
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.deletion import waits_for_confirmation
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import (
    Compare,
    Goal,
    Gone,
    Idle,
    Operate,
    Settle,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import (
    CONFIRMATION_ANNOTATION,
    REQUEST_ANNOTATIONS,
    Desired,
    Key,
    Observed,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.operate import (
    find_deployment,
    foresee_operation,
    is_operating,
    refusal,
    rollback_refusal,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.options import APPLICATION, SPEC
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.planner import (
    CASCADES,
    Action,
    plan_absent,
    plan_present,
    require_existing,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.report import family, state, summary
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.step import foresee, known
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.sync import Sync
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._core.options import argument_spec, to_api

# Added by others: no part of what a task declares.
_NOT_SHOWN = (
    *REQUEST_ANNOTATIONS,
    CONFIRMATION_ANNOTATION,
    "kubectl.kubernetes.io/last-applied-configuration",
)

# What declares an application that is not as it is described; the other states are about one that is there.
_DECLARING = ("present", "synced")

_APPLICATION = argument_spec(APPLICATION)

# The module's arguments beside those of the connection; documented in plugins/modules/argocd_app.py.
ARGUMENTS: Mapping[str, Any] = {
    **_APPLICATION,
    "state": {
        "type": "str",
        "choices": ["present", "absent", "synced", "refreshed", "terminated", "rolled_back"],
        "default": "present",
    },
    "namespace": {"type": "str", "default": "argocd"},
    "applications": {"type": "list", "elements": "dict", "options": {**_APPLICATION, "namespace": {"type": "str"}}},
    "selector": {"type": "str"},
    "refresh": {"type": "str", "choices": ["normal", "hard"], "default": "normal"},
    "cascade": {"type": "str", "choices": list(CASCADES)},
    "confirm_deletion": {"type": "bool", "default": False},
    "force_conflicts": {"type": "bool", "default": False},
    "recurse": {"type": "bool", "default": True},
    "wait": {"type": "bool"},
    "wait_timeout": {"type": "int", "default": 300},
}
# The options of an application that declare nothing; what a selector means can have them, all in the same way.
_OF_SELECTED = ("revision", "revisions", "prune", "sync", "history_id")

CONSTRAINTS: Mapping[str, Any] = {
    "mutually_exclusive": [
        *(["applications", option] for option in _APPLICATION),
        *(["selector", option] for option in ("applications", *_APPLICATION) if option not in _OF_SELECTED),
    ],
    "required_one_of": [["name", "applications", "selector"]],
}


def selected(params: Mapping[str, Any], keys: Sequence[Key]) -> Mapping[str, Any]:
    """``params`` with the applications that its selector means. Raises Invalid if there are none to be worked on."""
    if not keys and params["state"] != "absent":
        raise Invalid(
            f"no application in namespace {params['namespace']} is meant by the selector {params['selector']}; "
            "correct it, or the labels"
        )
    same = {option: params[option] for option in _OF_SELECTED}
    return {**params, "applications": [{**same, "name": key.name, "namespace": key.namespace} for key in sorted(keys)]}


class Applications:
    """The applications of one task. Raises Invalid for options that contradict each other."""

    def __init__(self, params: Mapping[str, Any], token: str) -> None:
        self._params = params
        self._token = token
        self._state: str = params["state"]
        self.items = _parse(params)
        several = [params] if params["applications"] is None else params["applications"]
        self._given = {item.key: to_api(SPEC, one, keep_empty=True) for item, one in zip(self.items, several)}
        for item in self.items:
            _require_state(item, self._state)
        self.wait_timeout = float(params["wait_timeout"])

    @property
    def _wait(self) -> bool:
        wait = self._params["wait"]
        return bool(self._state != "present" if wait is None else wait)

    def plan(self, item: Desired, observed: Optional[Observed]) -> Sequence[Action]:
        if self._state == "absent":
            return plan_absent(item.key, observed, self._params["cascade"])
        if self._state in _DECLARING:
            actions = plan_present(item, observed, self._given[item.key])
            problem = refusal(item.sync, observed) if observed and not actions else None
        else:
            app, actions = require_existing(item, observed, self._state), ()
            problem = rollback_refusal(app) if self._state == "rolled_back" else None
            if self._state == "rolled_back" and not problem:
                find_deployment(app, item.history_id, item.revisions)
        if problem:
            raise problem
        return actions

    def conversation(self, planned: Sequence[tuple[Desired, bool]], before: Mapping[Key, Observed]) -> Conversation:
        """``planned``: the items that were applied, and whether that changed them."""
        goals = [self._goal(item, before.get(item.key), changed) for item, changed in planned]
        return Conversation([goal for goal in goals if goal], before, recurse=self._params["recurse"])

    def _goal(self, item: Desired, before: Optional[Observed], changed: bool) -> Optional[Goal]:
        confirm = self._params["confirm_deletion"]
        if self._state == "absent":
            return Gone(item.key, before.uid, confirm) if before and self._wait else None
        if self._state == "present" and not self._wait:
            return None
        if self._state == "terminated":
            return Idle(item.key, self._wait)
        if self._state == "refreshed" and before:
            return Compare(item.key, before, self._params["refresh"], self._wait)
        operate = self._operate(item, before)
        return operate or Settle(
            key=item.key,
            baseline=before,
            token=self._token,
            fresh=changed or self._state == "synced" or bool(item.revisions),
            may_sync=self._state == "synced",
            prune=item.prune,
            revisions=item.revisions,
            wait=self._wait,
            sync=item.sync,
            confirm=confirm,
        )

    def _operate(self, item: Desired, before: Optional[Observed]) -> Optional[Operate]:
        """The goal of what does not end in Synced; None for all else."""
        deployment = None
        if self._state == "rolled_back" and before:
            deployment = find_deployment(before, item.history_id, item.revisions)
        elif item.sync.settles:
            return None
        return Operate(
            key=item.key,
            baseline=before,
            token=self._token,
            sync=item.sync,
            prune=item.prune,
            deployment=deployment,
            wait=self._wait,
            confirm=self._params["confirm_deletion"],
        )

    def foresee(self, item: Desired, observed: Optional[Observed], changed: bool) -> tuple[bool, str]:
        """Check mode: whether more than the plan would be done, and what Argo CD knew last."""
        if changed:
            verb = "deleted" if self._state == "absent" else "changed" if observed else "created"
            return True, f"would be {verb}"
        if observed is None or (self._state == "present" and not self._wait):
            return False, ""
        if self._state == "absent":
            due = self._wait and self._params["confirm_deletion"] and waits_for_confirmation(observed)
            return due, "its deletion would be confirmed" if due else ""
        if self._state == "terminated":
            due = is_operating(observed)
            return due, "its operation would be ended" if due else "no operation is in progress"
        if observed.deleting:
            return False, f"{item.key} is being deleted"
        if self._state == "refreshed":
            return False, f"would be compared anew; {known(observed)}"
        operate = self._operate(item, observed)
        if operate:
            return foresee_operation(operate, observed)
        goal = Settle(item.key, observed, self._token, revisions=item.revisions, sync=item.sync)
        due, message = foresee(goal, observed)
        return due and self._state == "synced", message

    def view(self, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        """What of an object is declared: the rest changes by itself."""
        metadata = raw["metadata"]
        kept: dict[str, Any] = {name: metadata[name] for name in ("labels", "finalizers") if metadata.get(name)}
        annotations = {name: value for name, value in metadata.get("annotations", {}).items() if name not in _NOT_SHOWN}
        if annotations:
            kept["annotations"] = annotations
        return {"metadata": kept, "spec": raw.get("spec", {})} if kept else {"spec": raw.get("spec", {})}

    def report(
        self, item: Desired, world: Mapping[Key, Observed], conversation: Optional[Conversation]
    ) -> Mapping[str, Any]:
        app = world.get(item.key)
        if app is None:
            return {}

        def row(member: Observed) -> dict[str, Any]:
            return summary(member, conversation.own_failure(member.key) if conversation else "")

        below = [row(member) for member in family(item.key, world) if member.key != item.key]
        return {**row(app), **state(app), "applications": below}


def _parse(params: Mapping[str, Any]) -> Sequence[Desired]:
    namespace = params["namespace"]
    if params["wait_timeout"] < 1:
        raise Invalid(f"wait_timeout is {params['wait_timeout']}; give at least 1 second")
    if params["applications"] is None:
        return [Desired.from_params(params, namespace)]
    if not params["applications"] and params.get("selector") is None:
        raise Invalid("applications is an empty list; name at least one application")
    items = [
        Desired.from_params(item, item.get("namespace") or namespace, where=f"applications[{index}]: ")
        for index, item in enumerate(params["applications"])
    ]
    keys = [item.key for item in items]
    for key in keys:
        if keys.count(key) > 1:
            raise Invalid(
                f'applications: the name "{key.name}" was given {keys.count(key)} times in namespace '
                f"{key.namespace}; give each application once"
            )
    return items


def _require_state(item: Desired, state: str) -> None:
    """Raises Invalid for options that mean nothing in this state."""
    if item.sync != Sync() and state != "synced":
        raise Invalid(f"{item.key}: sync was given with state: {state}; it says how state: synced syncs")
    if item.history_id is not None and state != "rolled_back":
        raise Invalid(f"{item.key}: history_id was given with state: {state}; it is what state: rolled_back goes to")
    if state == "rolled_back" and (item.history_id is None) is not any(item.revisions):
        raise Invalid(f"{item.key}: give either history_id or revision, to say what to roll back to")
