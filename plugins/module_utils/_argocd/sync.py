# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How an operation of ours syncs, and what, parsed once from the options of a task. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.options import RETRY
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._core.options import to_api

# The options that are one of Argo CD's sync options each.
_SYNC_OPTIONS = {
    "replace": "Replace",
    "server_side_apply": "ServerSideApply",
    "apply_out_of_sync_only": "ApplyOutOfSyncOnly",
}


@dataclass(frozen=True)
class Selected:
    """Resources to sync, or with ``exclude`` not to; ``*`` is any, and so is a namespace that is not given."""

    group: str
    kind: str
    name: str
    namespace: str = ""
    exclude: bool = False

    def matches(self, resource: Mapping[str, Any]) -> bool:
        """Whether it is about this entry of ``status.resources``."""
        said = (self.group, self.kind, self.name, self.namespace or "*")
        seen = (resource.get(part, "") for part in ("group", "kind", "name", "namespace"))
        return all(one in ("*", other) for one, other in zip(said, seen))

    def __str__(self) -> str:
        return f"{self.group}:{self.kind}:{self.namespace + '/' if self.namespace else ''}{self.name}"


@dataclass(frozen=True)
class Sync:
    """What is not given is as the application's own sync policy has it.

    ``revisions``: what to sync to instead of the spec's target, by source. ``options``: Argo CD's sync options by name.
    ``retry`` and ``info``: as in the API. ``always``: also if nothing is out of sync.
    """

    revisions: tuple[str, ...] = ()
    resources: tuple[Selected, ...] = ()
    dry_run: bool = False
    always: bool = False
    force: bool = False
    strategy: str = ""
    options: Mapping[str, bool] = field(default_factory=dict)
    retry: Optional[Mapping[str, Any]] = None
    info: tuple[Mapping[str, str], ...] = ()

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Sync:
        """From the option ``sync``. Raises Invalid for options that contradict each other."""
        if params.get("revision") and params.get("revisions"):
            raise Invalid("sync.revision and sync.revisions were both given; revisions is for several sources")
        if params.get("resources") == []:
            raise Invalid("sync.resources is an empty list; name at least one resource, or leave it out to sync all")
        retry = params.get("retry")
        return cls(
            revisions=tuple(params.get("revisions") or filter(None, [params.get("revision")])),
            resources=tuple(
                Selected(
                    item.get("group") or "",
                    item["kind"],
                    item["name"],
                    item.get("namespace") or "",
                    bool(item.get("exclude")),
                )
                for item in params.get("resources") or ()
            ),
            dry_run=bool(params.get("dry_run")),
            always=bool(params.get("always")),
            force=bool(params.get("force")),
            strategy=params.get("strategy") or "",
            options={api: params[name] for name, api in _SYNC_OPTIONS.items() if params.get(name) is not None},
            retry=None if retry is None else to_api(RETRY, retry),
            info=tuple(params.get("info") or ()),
        )

    @property
    def settles(self) -> bool:
        """Whether it brings all of the application to what its spec says, so that it is Synced afterwards."""
        return not (self.revisions or self.resources or self.dry_run)

    def selects(self, resource: Mapping[str, Any]) -> bool:
        """Whether ``resources`` mean this entry of ``status.resources``; all are meant where only some are excluded."""
        wanted = [one for one in self.resources if not one.exclude]
        unwanted = [one for one in self.resources if one.exclude]
        return (not wanted or any(one.matches(resource) for one in wanted)) and not any(
            one.matches(resource) for one in unwanted
        )

    def sync_options(self, of_spec: list[str]) -> list[str]:
        """The spec's sync options with those of the task put over them."""
        kept = [option for option in of_spec if option.split("=")[0] not in self.options]
        return kept + [f"{name}=true" for name, on in self.options.items() if on]

    def strategy_in_api(self) -> Optional[dict[str, Any]]:
        """``syncStrategy``; None where Argo CD's own default will do."""
        if not (self.strategy or self.force):
            return None
        return {self.strategy or "hook": {"force": True} if self.force else {}}
