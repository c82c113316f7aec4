# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Objects of one kind for modules that declare them: one list for each namespace, server-side apply, deletion."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, Optional, Union

from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import FIELD_MANAGER, Apply, Delete, Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Conflict, Problem, Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._core.redact import Hidden, without
from ansible_collections.ai_how.cloud.plugins.module_utils._kube.client import Client, Kind


def declare(
    client: Client,
    kind: Kind,
    manifest: Mapping[str, Any],
    force: bool,
    dry_run: bool,
    yielding: Collection[str] = (),
) -> dict[str, Any]:
    """Server-side apply; a conflict with another manager says what to do, unless that is one of ``yielding``."""
    try:
        return client.apply(kind, manifest, FIELD_MANAGER, force, dry_run)
    except Conflict as conflict:
        managers = re.findall(r'conflicts? with "([^"]+)"', str(conflict))
        if managers and set(managers) <= set(yielding):
            return client.apply(kind, manifest, FIELD_MANAGER, True, dry_run)
        raise Refused(
            f"{conflict}; take the fields out of the task, or take them over with force_conflicts: true"
        ) from conflict


class Store:
    """``world`` is the latest that was seen of the objects.

    ``key_of`` names an object as the user does. Where several have the same name, the first counts and knows of the
    others. ``users``: the kind of what refers to them, if that is to be seen, too.
    """

    def __init__(
        self,
        client: Client,
        kind: Kind,
        key_of: Callable[[Mapping[str, Any]], Any],
        label_selector: str = "",
        users: Optional[Kind] = None,
        force: bool = False,
    ) -> None:
        self._client = client
        self._kind = kind
        self._key_of = key_of
        self._selector = label_selector
        self._users = users
        self._force = force
        self._seen: dict[Any, Observed] = {}

    @property
    def world(self) -> Mapping[Any, Observed]:
        return self._seen

    def observe(self, namespaces: Iterable[str]) -> Mapping[Any, Observed]:
        """List the namespaces; the answer does not change later, unlike ``world``."""
        for namespace in namespaces:
            selected = {"label_selector": self._selector} if self._selector else {}
            objects, _version = self._client.list(self._kind, namespace, **selected)
            users = tuple(self._client.list(self._users, namespace)[0]) if self._users else ()
            for raw in objects:
                key = self._key_of(raw)
                first = self._seen.setdefault(key, Observed(raw, users=users))
                if first.raw is not raw:
                    self._seen[key] = replace(first, twins=(*first.twins, raw["metadata"]["name"]))
        return dict(self._seen)

    def apply(self, action: Union[Apply, Delete], dry_run: bool) -> Optional[Mapping[str, Any]]:
        """Do one action of a plan; the object after it, None after a deletion. A dry run reaches the server, too."""
        try:
            if isinstance(action, Apply):
                raw = declare(self._client, self._kind, action.manifest, self._force, dry_run)
                if not dry_run:
                    self._seen[action.key] = Observed(raw)
                return raw
            if not dry_run:
                gone = self._seen.pop(action.key)
                self._client.delete(self._kind, action.key.namespace, gone.name, uid=action.uid)
            return None
        except Problem as problem:
            secrets = _secrets(action.manifest) if isinstance(action, Apply) else []
            raise type(problem)(without(f"{action.key}: {problem}", secrets)) from None


def _secrets(manifest: Mapping[str, Any]) -> list[str]:
    """What a server that complains of a Secret must not tell: what is hidden in it, and what that is in base64."""
    hidden = [value for value in manifest.get("data", {}).values() if isinstance(value, Hidden)]
    return [*hidden, *(base64.b64decode(value).decode() for value in hidden)]
