# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The domain of the module argocd_app: how plan, goals, foresight and report are made of the task's options. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.conversation import Conversation
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import (
    REFRESH_ANNOTATION,
    Desired,
    Key,
    Observed,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.options import APPLICATION
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.planner import (
    CASCADES,
    Action,
    plan_absent,
    plan_present,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.report import family, state, summary
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.step import Goal, Gone, Settle, foresee
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._core.options import argument_spec

# Added by others: no part of what a task declares.
_NOT_SHOWN = (REFRESH_ANNOTATION, "kubectl.kubernetes.io/last-applied-configuration")

_APPLICATION = argument_spec(APPLICATION)

# The module's arguments beside those of the connection; documented in plugins/modules/argocd_app.py.
ARGUMENTS: Mapping[str, Any] = {
    **_APPLICATION,
    "state": {"type": "str", "choices": ["present", "absent", "synced"], "default": "present"},
    "namespace": {"type": "str", "default": "argocd"},
    "applications": {"type": "list", "elements": "dict", "options": _APPLICATION},
    "cascade": {"type": "str", "choices": list(CASCADES)},
    "force_conflicts": {"type": "bool", "default": False},
    "recurse": {"type": "bool", "default": True},
    "wait": {"type": "bool"},
    "wait_timeout": {"type": "int", "default": 300},
}
CONSTRAINTS: Mapping[str, Any] = {
    "mutually_exclusive": [["applications", option] for option in _APPLICATION],
    "required_one_of": [["name", "applications"]],
}


class Applications:
    """The applications of one task. Raises Invalid for options that contradict each other."""

    def __init__(self, params: Mapping[str, Any], token: str) -> None:
        self._params = params
        self._token = token
        self._state: str = params["state"]
        self.items = _parse(params)
        self.wait_timeout = float(params["wait_timeout"])

    @property
    def _wait(self) -> bool:
        wait = self._params["wait"]
        return bool(self._state != "present" if wait is None else wait)

    def plan(self, item: Desired, observed: Optional[Observed]) -> Sequence[Action]:
        if self._state == "absent":
            return plan_absent(item.key, observed, self._params["cascade"])
        return plan_present(item, observed)

    def conversation(self, planned: Sequence[tuple[Desired, bool]], before: Mapping[Key, Observed]) -> Conversation:
        """``planned``: the items that were applied, and whether that changed them."""
        goals = [self._goal(item, before.get(item.key), changed) for item, changed in planned]
        return Conversation([goal for goal in goals if goal], before, recurse=self._params["recurse"])

    def _goal(self, item: Desired, before: Optional[Observed], changed: bool) -> Optional[Goal]:
        if self._state == "absent":
            return Gone(item.key, before.uid) if before and self._wait else None
        if self._state == "present" and not self._wait:
            return None
        return Settle(
            key=item.key,
            baseline=before,
            token=self._token,
            fresh=changed or self._state == "synced" or bool(item.revisions),
            may_sync=self._state == "synced",
            prune=item.prune,
            revisions=item.revisions,
            wait=self._wait,
        )

    def foresee(self, item: Desired, observed: Optional[Observed], changed: bool) -> tuple[bool, str]:
        """Check mode: whether more than the plan would be done, and what Argo CD knew last."""
        if changed:
            verb = "deleted" if self._state == "absent" else "changed" if observed else "created"
            return True, f"would be {verb}"
        if observed is None or self._state == "absent" or (self._state == "present" and not self._wait):
            return False, ""
        due, message = foresee(Settle(item.key, observed, self._token, revisions=item.revisions), observed)
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
    if not params["applications"]:
        raise Invalid("applications is an empty list; name at least one application")
    items = [
        Desired.from_params(item, namespace, where=f"applications[{index}]: ")
        for index, item in enumerate(params["applications"])
    ]
    names = [item.key.name for item in items]
    for name in names:
        if names.count(name) > 1:
            raise Invalid(
                f'applications: the name "{name}" was given {names.count(name)} times; give each application once'
            )
    return items
