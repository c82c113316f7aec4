# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Applications through Argo CD's own API.

It writes applications as a whole and without compare-and-swap, so each is read again right before it is written, and
tells as "permission denied" what does not exist, unless the project is named.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Optional, Union

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.api import Api, Silence, in_path
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.asking import (
    ailing_pods,
    cascade,
    differences,
    manifests,
    orphaned,
    pods_of,
    sync_request,
    tree,
    with_token,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.driver import Driver
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import (
    ConfirmDeletion,
    EndOperation,
    Refresh,
    StartSync,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import (
    CONFIRMATION_ANNOTATION,
    REQUEST_ANNOTATIONS,
    Key,
    Observed,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.planner import SetFinalizers
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.pods import Resource, Trouble
from ansible_collections.ai_how.cloud.plugins.module_utils._core.applying import merged, noted
from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import Apply, Delete
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Conflict, Invalid, Missing, Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._kube.client import Kind

# Seconds after which a silent stream is given up and everything is listed again. Argo CD begins to tell of changes a
# moment after it has sent what is there, and drops what a slow reader does not take, so that a change may be missed.
_SILENCE = 3.0
# Seconds for which the request for a refresh is waited for: it is answered when the refresh is done.
_REFRESH = 5.0

_WINDOW = "blocked by sync window"
_NO_OPERATION = "No operation is in progress"


class ApiDriver(Driver):
    """Through Argo CD's own API."""

    def __init__(self, api: Api, force_conflicts: bool = False) -> None:
        super().__init__(force_conflicts)
        self._api = api
        self._home = ""  # the namespace of Argo CD, which is no part of the names in its RBAC policy
        self._finalizers: dict[Key, tuple[str, ...]] = {}
        self._rollbacks: dict[Key, tuple[Mapping[str, Any], str]] = {}

    def tree(self, app: Observed) -> list[dict[str, Any]]:
        """Everything that belongs to it, with health."""
        return tree(self._about(app, "resource-tree"))

    def orphaned(self, app: Observed) -> list[dict[str, Any]]:
        """What its project monitors in its namespace and belongs to no application."""
        return orphaned(self._about(app, "resource-tree"))

    def manifests(self, app: Observed) -> list[Any]:
        """What its sources render to now; secrets are masked."""
        return manifests(self._about(app, "manifests").get("manifests") or [])

    def differences(self, app: Observed) -> list[dict[str, Any]]:
        """What is otherwise in the cluster than in the sources; secrets are masked."""
        return differences(self._about(app, "managed-resources").get("items") or [])

    def events(self, app: Observed, trouble: Trouble) -> list[dict[str, Any]]:
        about = {
            "resourceNamespace": trouble.namespace,
            "resourceName": trouble.name,
            "resourceUID": trouble.uid,
        }
        return self._about(app, "events", **about).get("items") or []

    def pod(self, app: Observed, trouble: Trouble) -> dict[str, Any]:
        return self._resource(app, "", "Pod", trouble.namespace, trouble.name) or {}

    def pods(self, app: Observed) -> list[Mapping[str, Any]]:
        nodes = pods_of(self._about(app, "resource-tree"))
        found = [self._resource(app, "", "Pod", node["namespace"], node["name"]) for node in nodes]
        return [pod for pod in found if pod]

    def metrics(self, app: Observed) -> Optional[list[dict[str, Any]]]:
        """Argo CD does not measure."""
        return None

    def log(self, app: Observed, namespace: str, pod: str, container: str, lines: int, previous: bool) -> str:
        query = {
            **_of(app),
            "namespace": namespace,
            "container": container,
            "tailLines": lines,
            "previous": str(previous).lower(),
        }
        path = f"{_path(app.key)}/pods/{in_path(pod)}/logs"
        entries = self._api.stream(path, f"read the logs of {app.key} (logs, get)", query, patience=10.0)
        return "".join(f"{entry.get('content', '')}\n" for entry in entries if not entry.get("last"))

    def select(self, namespace: str, selector: str) -> list[Key]:
        query = {"appNamespace": namespace, "selector": selector}
        answer = self._api.request("GET", "applications", "list applications", query)
        return [Key(namespace, raw["metadata"]["name"]) for raw in answer.get("items") or []]

    def _list(self, kind: Kind, namespace: str) -> tuple[list[dict[str, Any]], str]:
        query = {"appNamespace": namespace}
        answer = self._api.request("GET", "applications", "list applications", query)
        items = [self._known(raw) for raw in answer.get("items") or []]
        return items, answer["metadata"].get("resourceVersion") or "0"

    def _get(self, key: Key) -> Optional[dict[str, Any]]:
        seen = self._seen.get(key)
        query = {"appNamespace": key.namespace, "project": seen.project if seen else ""}
        try:
            return self._known(self._api.request("GET", _path(key), f"get {key}", query))
        except Missing:
            return None

    def _changes(self, kind: Kind, namespace: str, version: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """From what is there now on: Argo CD cannot tell what was since ``version``."""
        events = self._api.stream("stream/applications", "watch applications", {}, patience=_SILENCE)
        for event in events:
            raw = event["application"]
            if raw["metadata"]["namespace"] == namespace:
                yield event["type"], self._known(raw)
        raise Conflict("the stream of applications ended")

    def _declare(self, action: Apply, dry_run: bool) -> dict[str, Any]:
        """As server-side apply would; a dry run only asks Argo CD whether it would be allowed."""
        key = action.key
        live = self._get(key) if key in self._seen else None
        body = merged(key, action.manifest, live, self._force)
        project = body["spec"].get("project") or "default"
        if dry_run:
            self._require_right("update" if live else "create", project, key)
            return noted(body)
        query = {"validate": "false"}
        if live:
            body["metadata"].setdefault("finalizers", [])
            query["project"] = Observed.parse(live).project
            raw = self._api.request("PUT", _path(key), f"update {key}", query, body)
        else:
            raw = self._api.request("POST", "applications", f"create {key}", query, body)
        return self._known(raw)

    def _require_right(self, action: str, project: str, key: Key) -> None:
        if not self._home:
            self._home = self._api.request("GET", "settings", "read the settings").get("controllerNamespace", "")
        elsewhere = [key.namespace] if key.namespace != self._home else []
        name = "/".join(in_path(part) for part in (project, *elsewhere, key.name))
        path = f"account/can-i/applications/{action}/{name}"
        if self._api.request("GET", path, f"ask what is allowed for {key}").get("value") != "yes":
            raise Refused(
                f"not allowed to {action} {key} of the project {project}; grant it in Argo CD's RBAC policy, or use "
                "another token"
            )

    def _delete(self, action: Delete) -> None:
        raw = self._get(action.key)
        if raw is None or raw["metadata"].get("uid") != action.uid:
            return
        finalizers = self._finalizers.get(action.key, tuple(raw["metadata"].get("finalizers", [])))
        self._send_deletion(action.key, finalizers)

    def _set_finalizers(self, action: SetFinalizers, dry_run: bool) -> Optional[Mapping[str, Any]]:
        """Argo CD sets them with the deletion; of an application that is being deleted it takes them at once."""
        seen = self._seen[action.key]
        self._finalizers[action.key] = action.after
        if seen.deleting and not dry_run:
            self._send_deletion(action.key, action.after)
        return {**seen.raw, "metadata": {**seen.raw["metadata"], "finalizers": list(action.after)}}

    def _send_deletion(self, key: Key, finalizers: tuple[str, ...]) -> None:
        query = {**_of(self._seen[key]), **cascade(finalizers)}
        try:
            self._api.request("DELETE", _path(key), f"delete {key}", query)
        except Missing:
            return

    def _send(self, action: Union[Refresh, StartSync, EndOperation, ConfirmDeletion]) -> Mapping[str, Any]:
        if isinstance(action, Refresh):
            return self._refresh(action)
        if isinstance(action, ConfirmDeletion):
            return self._confirm(action)
        if isinstance(action, EndOperation):
            return self._end_operation(action)
        return self._start(action)

    def _refresh(self, action: Refresh) -> Mapping[str, Any]:
        """Argo CD answers when it has compared; where that takes long the application shows that it is asked for."""
        query = {**_of(self._seen[action.key]), "refresh": action.kind}
        try:
            return self._known(
                self._api.request("GET", _path(action.key), f"refresh {action.key}", query, patience=_REFRESH)
            )
        except Silence:
            return self._there(action.key)

    def _confirm(self, action: ConfirmDeletion) -> Mapping[str, Any]:
        raw = dict(self._api.request("GET", _path(action.key), f"get {action.key}", _of(self._seen[action.key])))
        metadata = raw["metadata"]
        annotations = {
            name: text for name, text in metadata.get("annotations", {}).items() if name not in REQUEST_ANNOTATIONS
        }
        annotations[CONFIRMATION_ANNOTATION] = action.since
        kept = {name: metadata[name] for name in ("name", "namespace", "labels", "finalizers") if name in metadata}
        body = {"metadata": {**kept, "annotations": annotations}, "spec": raw["spec"]}
        query = {"project": self._seen[action.key].project, "validate": "false"}
        return self._known(self._api.request("PUT", _path(action.key), f"update {action.key}", query, body))

    def _end_operation(self, action: EndOperation) -> Mapping[str, Any]:
        """Argo CD ends whatever runs; so only if it is still what was seen."""
        there = Observed.parse(self._there(action.key))
        seen = action.observed.operation
        if seen is None or there.operation is None or there.operation.started_at != seen.started_at:
            raise Conflict(f"{action.key}: another operation is in progress now")
        try:
            self._api.request(
                "DELETE", f"{_path(action.key)}/operation", f"end the operation of {action.key}", _of(action.observed)
            )
        except Invalid as problem:
            if _NO_OPERATION in str(problem):
                raise Conflict(str(problem)) from problem
            raise
        return self._there(action.key)

    def _start(self, action: StartSync) -> Mapping[str, Any]:
        key, app = action.key, action.observed
        names = {"name": key.name, **_of(app)}
        try:
            if action.deployment is None:
                body = {**names, **sync_request(action)}
                return self._known(self._api.request("POST", f"{_path(key)}/sync", f"sync {key}", body=body))
            body = {**names, "id": action.deployment.number, "prune": action.prune}
            raw = self._api.request("POST", f"{_path(key)}/rollback", f"roll {key} back", body=body)
        except Refused as problem:
            if _WINDOW in str(problem):
                raise Refused(
                    f'{key} cannot be synced now, since a sync window of the project "{app.project}" forbids it; wait '
                    "until it lets it, or allow manual syncs in it (manualSync: true)"
                ) from problem
            raise
        self._rollbacks[key] = (raw["operation"], action.token)
        return self._known(raw)

    def _there(self, key: Key) -> dict[str, Any]:
        raw = self._get(key)
        if raw is None:
            raise Conflict(f"{key} is gone")
        return raw

    def _known(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """An object as the rest of this domain knows it."""
        told = noted(raw)
        rollback = self._rollbacks.get(Key(raw["metadata"]["namespace"], raw["metadata"]["name"]))
        return dict(with_token(told, *rollback)) if rollback else told

    def _pods(self, app: Observed, namespace: str) -> list[dict[str, Any]]:
        nodes = [node for node in ailing_pods(self._about(app, "resource-tree")) if node.get("namespace") == namespace]
        found = [self._resource(app, "", "Pod", namespace, node["name"]) for node in nodes]
        return [pod for pod in found if pod]

    def _object(self, app: Observed, kind: Kind, name: Resource) -> Optional[dict[str, Any]]:
        return self._resource(app, kind.group, kind.kind, name.namespace, name.name)

    def _resource(self, app: Observed, group: str, kind: str, namespace: str, name: str) -> Optional[dict[str, Any]]:
        """A live object of the application, None if it is not there (any more)."""
        about = {"group": group, "kind": kind, "version": "v1", "namespace": namespace, "resourceName": name}
        try:
            manifest: dict[str, Any] = json.loads(self._about(app, "resource", **about)["manifest"])
            return manifest
        except (Invalid, Missing):
            return None

    def _about(self, app: Observed, what: str, **query: Any) -> dict[str, Any]:
        return self._api.request("GET", f"{_path(app.key)}/{what}", f"get {app.key}", {**_of(app), **query})


def _path(key: Key) -> str:
    return f"applications/{in_path(key.name)}"


def _of(app: Observed) -> dict[str, str]:
    """What names an application beside its name."""
    return {"appNamespace": app.key.namespace, "project": app.project}
