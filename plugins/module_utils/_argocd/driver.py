# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Applications and their sets, seen by a list and a watch for each namespace; and all through the Kubernetes API."""

from __future__ import annotations

import queue
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any, Optional, Union
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.clusters import CLUSTER_SECRETS, cluster_key
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.generation import (
    SET_REFRESH_ANNOTATION,
    ListApplications,
    ObservedSet,
    Regenerate,
    SetKey,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import Action as Written
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import (
    ConfirmDeletion,
    EndOperation,
    LookAtPods,
    Refresh,
    StartSync,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import (
    CONFIRMATION_ANNOTATION,
    HYDRATE_ANNOTATION,
    HYDRATE_TIME_ANNOTATION,
    REFRESH_ANNOTATION,
    Key,
    Observed,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.operate import operation_patch
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.planner import (
    Action,
    SetFinalizers,
    finalizers_again,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.pods import (
    Resource,
    Trouble,
    belonging,
    controller,
    trouble_of,
    troubles,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.projects import project_key
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.repositories import (
    REPOSITORY_SECRETS,
    repository_key,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.windows import closed_window
from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import FIELD_MANAGER, Apply, Delete
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import (
    Conflict,
    Missing,
    Problem,
    Refused,
    Unavailable,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._core.step import News
from ansible_collections.ai_how.cloud.plugins.module_utils._kube.client import Client, Kind
from ansible_collections.ai_how.cloud.plugins.module_utils._kube.connection import connect as open_client
from ansible_collections.ai_how.cloud.plugins.module_utils._kube.connection import connection_argument_spec
from ansible_collections.ai_how.cloud.plugins.module_utils._kube.store import Store, declare

CONNECTION_ARGUMENTS = connection_argument_spec()

APPLICATION = Kind("argoproj.io", "v1alpha1", "Application", "applications")
APPLICATION_SET = Kind("argoproj.io", "v1alpha1", "ApplicationSet", "applicationsets")
_POD = Kind("", "v1", "Pod", "pods")
_POD_METRICS = Kind("metrics.k8s.io", "v1beta1", "PodMetrics", "pods")
_EVENT = Kind("", "v1", "Event", "events")
_PROJECT = Kind("argoproj.io", "v1alpha1", "AppProject", "appprojects")
_SECRET = Kind("", "v1", "Secret", "secrets")
# What controls pods, and whose generation says whether a pod is of what was deployed last.
_CONTROLLERS = {
    "DaemonSet": Kind("apps", "v1", "DaemonSet", "daemonsets"),
    "Deployment": Kind("apps", "v1", "Deployment", "deployments"),
    "ReplicaSet": Kind("apps", "v1", "ReplicaSet", "replicasets"),
    "StatefulSet": Kind("apps", "v1", "StatefulSet", "statefulsets"),
}

# Seconds for which the API server may be away (it is restarted, say) before a wait gives up.
_AWAY_GRACE = 60.0

# Who owns what we have declared without having decided it: the controller of the sets writes them anew, with all that
# its types have, when it takes the refresh annotation away. (In the sandbox all parts of Argo CD are one program.)
_WRITES_ANEW = {APPLICATION_SET: ("argocd-applicationset-controller", "argocd")}

# What a watch tells: the kind and namespace that it is of, what happened, and with what.
_Event = tuple[Kind, str, str, Any]

_AnyKey = Union[Key, SetKey]


def connect(params: Mapping[str, Any]) -> ApplicationDriver:
    """The driver for the options of a task."""
    return ApplicationDriver(open_client(params), bool(params.get("force_conflicts")), home=params["namespace"])


def connect_sets(params: Mapping[str, Any]) -> ApplicationDriver:
    """The driver for application sets; it sees the applications, too."""
    return ApplicationDriver(open_client(params), params["force_conflicts"], kinds=(APPLICATION_SET, APPLICATION))


def connect_projects(params: Mapping[str, Any]) -> Store:
    """The store of the AppProjects; for a deletion it sees the applications, too."""
    return _store(params, _PROJECT, project_key, users=APPLICATION)


def connect_repositories(params: Mapping[str, Any]) -> Store:
    """The store of the Secrets of repositories and of credential templates."""
    return _store(params, _SECRET, repository_key, REPOSITORY_SECRETS)


def connect_clusters(params: Mapping[str, Any]) -> Store:
    """The store of the Secrets of clusters; for a deletion it sees the applications, too."""
    return _store(params, _SECRET, cluster_key, CLUSTER_SECRETS, users=APPLICATION)


def _store(
    params: Mapping[str, Any],
    kind: Kind,
    key_of: Callable[[Mapping[str, Any]], Any],
    label_selector: str = "",
    users: Optional[Kind] = None,
) -> Store:
    return Store(
        open_client(params),
        kind,
        key_of,
        label_selector,
        users=users if params["state"] == "absent" else None,
        force=params["force_conflicts"],
    )


class Driver(ABC):
    """``world`` is the latest that was seen of every object of ``kinds`` in the namespaces that were observed.

    What both transports have in common; the requests below are theirs. Objects are as the Kubernetes API has them.
    """

    def __init__(self, force_conflicts: bool = False, kinds: Sequence[Kind] = (APPLICATION,)) -> None:
        self._force = force_conflicts
        self._kinds = kinds
        self._seen: dict[Any, Any] = {}
        self._versions: dict[tuple[Kind, str], str] = {}
        self._events: queue.Queue[_Event] = queue.Queue()
        self._watching: set[str] = set()
        self._away: Optional[Unavailable] = None
        self._lost: dict[str, Problem] = {}
        self._hidden: set[str] = set()
        self._stop = threading.Event()

    @property
    def world(self) -> Mapping[Any, Any]:
        return self._seen

    @property
    def hidden(self) -> frozenset[str]:
        """Namespaces whose pods this user may not see, as far as they were looked at."""
        return frozenset(self._hidden)

    def observe(self, namespaces: Iterable[str]) -> Mapping[Any, Any]:
        """List the namespaces; the answer does not change later, unlike ``world``."""
        for namespace in namespaces:
            for kind in self._kinds:
                self._take_list(kind, namespace, *self._list(kind, namespace))
        return dict(self._seen)

    def apply(self, action: Action, dry_run: bool) -> Optional[Mapping[str, Any]]:
        """Do one action of a plan; the object after it, None after a deletion. A dry run reaches the server, too."""
        if isinstance(action, Apply):
            raw = self._declare(action, dry_run)
            if not dry_run:
                self._take(_kind(action.key), raw)
            return raw
        if isinstance(action, SetFinalizers):
            return self._set_finalizers(action, dry_run)
        if not dry_run:
            self._delete(action)
        return None

    def write(self, action: Union[Written, Regenerate, ListApplications]) -> bool:
        """Do the Write of a step. False if somebody was faster: look again at what is there now."""
        if isinstance(action, LookAtPods):
            self._look_at_pods(self._seen[action.key])
            return True
        if isinstance(action, ListApplications):
            self._take_list(APPLICATION, action.key.namespace, *self._list(APPLICATION, action.key.namespace))
            return True
        kind = _kind(action.key)
        try:
            self._take(kind, self._send(action))
        except (Conflict, Missing):
            raw = self._get(action.key)
            if raw is None:
                del self._seen[action.key]
            else:
                self._take(kind, raw)
            return False
        return True

    def wait_for_change(self, namespaces: Iterable[str], timeout: float) -> News:
        """Return after ``timeout`` seconds, or when something was seen."""
        returned = False
        for namespace in namespaces:
            if namespace not in self._watching:
                self._watching.add(namespace)
                for kind in self._kinds:
                    version = self._versions.get((kind, namespace), "")
                    threading.Thread(target=self._watch, args=(kind, namespace, version), daemon=True).start()
        try:
            event = self._events.get(timeout=max(0.0, timeout))
            while True:
                kind, namespace, happened, content = event
                if happened == "LOST":
                    self._lost[namespace] = content
                elif happened == "AWAY":
                    self._away = content
                else:
                    returned, self._away = returned or self._away is not None, None
                    self._take_event(kind, namespace, happened, content)
                event = self._events.get_nowait()
        except queue.Empty:
            return News(self._lost, self._away, returned)

    def close(self) -> None:
        """Let the watches end."""
        self._stop.set()

    # The requests of a transport, which raise Problems. A Conflict of _send asks to look again at what is there now,
    # one of _changes to list again.

    @abstractmethod
    def _list(self, kind: Kind, namespace: str) -> tuple[list[dict[str, Any]], str]:
        """All objects of the kind, and the resourceVersion to watch from."""

    @abstractmethod
    def _get(self, key: Any) -> Optional[dict[str, Any]]: ...

    @abstractmethod
    def _changes(self, kind: Kind, namespace: str, version: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """``(ADDED|MODIFIED|DELETED, object)`` since a resourceVersion."""

    @abstractmethod
    def _declare(self, action: Apply, dry_run: bool) -> dict[str, Any]:
        """The object as it then is, or would be."""

    @abstractmethod
    def _delete(self, action: Delete) -> None:
        """Nothing happens if it is gone already."""

    @abstractmethod
    def _set_finalizers(self, action: SetFinalizers, dry_run: bool) -> Optional[Mapping[str, Any]]:
        """The object after it; None if it is gone."""

    @abstractmethod
    def _send(self, action: Any) -> Mapping[str, Any]:
        """The object after the write."""

    @abstractmethod
    def _pods(self, app: Observed, namespace: str) -> list[dict[str, Any]]:
        """Pods of the namespace, at least those of the application that do not run."""

    @abstractmethod
    def _object(self, app: Observed, kind: Kind, name: Resource) -> Optional[dict[str, Any]]: ...

    @abstractmethod
    def events(self, app: Observed, trouble: Trouble) -> list[dict[str, Any]]:
        """The events of a pod."""

    @abstractmethod
    def pod(self, app: Observed, trouble: Trouble) -> dict[str, Any]:
        """The pod, empty if it is gone."""

    @abstractmethod
    def pods(self, app: Observed) -> list[Mapping[str, Any]]:
        """All pods of the application, the healthy ones with them."""

    @abstractmethod
    def metrics(self, app: Observed) -> Optional[list[dict[str, Any]]]:
        """What its namespaces' pods use (PodMetrics); None where nobody measures, or this user may not know."""

    @abstractmethod
    def log(self, app: Observed, namespace: str, pod: str, container: str, lines: int, previous: bool) -> str:
        """The last lines of a container's log. ``previous``: of the one that ran before the present one."""

    @abstractmethod
    def select(self, namespace: str, selector: str) -> list[Key]:
        """The applications whose labels the selector means."""

    def _look_at_pods(self, app: Observed) -> None:
        """Keep what its pods say. Where this user may not see them nothing is known of them, and it goes on without."""
        pods: list[Mapping[str, Any]] = []
        owners: dict[Resource, Mapping[str, Any]] = {}
        for namespace in sorted({resource.namespace for resource in app.workloads} - self._hidden):
            try:
                listed = self._pods(app, namespace)
                owners.update(self._controllers(app, [pod for pod in listed if trouble_of(pod)]))
                pods += listed
            except Refused:
                self._hidden.add(namespace)
        self._seen[app.key] = replace(app, troubles=troubles(pods, owners, app.workloads))

    def _controllers(self, app: Observed, objects: list[Mapping[str, Any]]) -> Mapping[Resource, Mapping[str, Any]]:
        """What controls the objects, and what controls that."""
        owners: dict[Resource, Mapping[str, Any]] = {}
        while objects:
            name = controller(objects.pop())
            if name and name not in owners and name.kind in _CONTROLLERS:
                owner = self._object(app, _CONTROLLERS[name.kind], name)
                if owner:
                    owners[name] = owner
                    objects.append(owner)
        return owners

    def _watch(self, kind: Kind, namespace: str, version: str) -> None:
        """Runs in its own thread; everything goes through the queue. Without a version it begins with a list."""
        pause = 0.2
        away_since: Optional[float] = None
        while not self._stop.is_set():
            quiet = True
            try:
                if not version:
                    listed = self._list(kind, namespace)
                    version, away_since = listed[1], None
                    self._events.put((kind, namespace, "LIST", listed))
                for happened, raw in self._changes(kind, namespace, version):
                    version, pause, quiet = raw["metadata"]["resourceVersion"], 0.2, False
                    self._events.put((kind, namespace, happened, raw))
            except Conflict:
                version = ""
            except Unavailable as away:
                version, away_since = "", away_since or time.monotonic()
                self._events.put((kind, namespace, "AWAY", away))
                if time.monotonic() - away_since > _AWAY_GRACE:
                    self._events.put((kind, namespace, "LOST", away))
                    return
            except Problem as problem:
                self._events.put((kind, namespace, "LOST", problem))
                return
            if quiet:
                self._stop.wait(pause)
                pause = min(2 * pause, 3.0)

    def _take_event(self, kind: Kind, namespace: str, happened: str, content: Any) -> None:
        if happened == "LIST":
            self._take_list(kind, namespace, *content)
        elif happened == "DELETED":
            gone = _PARSE[kind](content)
            if gone.key in self._seen and self._seen[gone.key].uid == gone.uid:
                del self._seen[gone.key]
        elif happened in ("ADDED", "MODIFIED"):
            self._take(kind, content)

    def _take_list(self, kind: Kind, namespace: str, items: Iterable[Mapping[str, Any]], version: str) -> None:
        self._versions[kind, namespace] = version
        for key, seen in list(self._seen.items()):
            if _kind(key) == kind and key.namespace == namespace and int(seen.resource_version) <= int(version):
                del self._seen[key]
        for raw in items:
            self._take(kind, raw)

    def _take(self, kind: Kind, raw: Mapping[str, Any]) -> None:
        """Remember an object, unless a newer one is known (events come after the answers to our own writes)."""
        new = _PARSE[kind](raw)
        known = self._seen.get(new.key)
        if known is None or int(known.resource_version) <= int(new.resource_version):
            self._seen[new.key] = replace(new, troubles=known.troubles) if isinstance(known, Observed) else new


_PARSE: Mapping[Kind, Callable[[Mapping[str, Any]], Any]] = {
    APPLICATION: Observed.parse,
    APPLICATION_SET: ObservedSet,
}


def _kind(key: _AnyKey) -> Kind:
    return APPLICATION_SET if isinstance(key, SetKey) else APPLICATION


class ApplicationDriver(Driver):
    """Through the Kubernetes API. ``home``: the namespace in which Argo CD runs, and has its projects."""

    def __init__(
        self,
        client: Client,
        force_conflicts: bool = False,
        kinds: Sequence[Kind] = (APPLICATION,),
        home: str = "argocd",
    ) -> None:
        super().__init__(force_conflicts, kinds)
        self._client = client
        self._home = home
        self._listed: dict[str, tuple[list[dict[str, Any]], Mapping[Resource, Mapping[str, Any]]]] = {}
        self._measured: dict[str, list[dict[str, Any]]] = {}

    def events(self, app: Observed, trouble: Trouble) -> list[dict[str, Any]]:
        about = {"field_selector": f"involvedObject.uid={trouble.uid}"}
        return self._client.list(_EVENT, trouble.namespace, **about)[0]

    def pod(self, app: Observed, trouble: Trouble) -> dict[str, Any]:
        return self._client.get(_POD, trouble.namespace, trouble.name) or {}

    def pods(self, app: Observed) -> list[Mapping[str, Any]]:
        """Each namespace is listed once, also for several applications."""
        found: list[Mapping[str, Any]] = []
        for namespace in self._namespaces(app):
            if namespace not in self._listed:
                try:
                    listed = self._pods(app, namespace)
                    self._listed[namespace] = (listed, self._controllers(app, list(listed)))
                except Refused:
                    self._hidden.add(namespace)
                    continue
            found += belonging(*self._listed[namespace], app.workloads)
        return found

    def metrics(self, app: Observed) -> Optional[list[dict[str, Any]]]:
        found: list[dict[str, Any]] = []
        try:
            for namespace in self._namespaces(app):
                if namespace not in self._measured:
                    self._measured[namespace] = self._client.list(_POD_METRICS, namespace)[0]
                found += self._measured[namespace]
        except (Refused, Unavailable):
            return None
        return found

    def _namespaces(self, app: Observed) -> list[str]:
        return sorted({resource.namespace for resource in app.workloads} - self._hidden)

    def log(self, app: Observed, namespace: str, pod: str, container: str, lines: int, previous: bool) -> str:
        return self._client.log(namespace, pod, container, lines, previous)

    def select(self, namespace: str, selector: str) -> list[Key]:
        found, _version = self._client.list(APPLICATION, namespace, label_selector=selector)
        return [Key(namespace, raw["metadata"]["name"]) for raw in found]

    def _list(self, kind: Kind, namespace: str) -> tuple[list[dict[str, Any]], str]:
        return self._client.list(kind, namespace)

    def _get(self, key: _AnyKey) -> Optional[dict[str, Any]]:
        return self._client.get(_kind(key), key.namespace, key.name)

    def _changes(self, kind: Kind, namespace: str, version: str) -> Iterator[tuple[str, dict[str, Any]]]:
        return self._client.watch(kind, namespace, version)

    def _declare(self, action: Apply, dry_run: bool) -> dict[str, Any]:
        kind = _kind(action.key)
        return declare(self._client, kind, action.manifest, self._force, dry_run, _WRITES_ANEW.get(kind, ()))

    def _delete(self, action: Delete) -> None:
        self._client.delete(_kind(action.key), action.key.namespace, action.key.name, uid=action.uid)

    def _send(self, action: Union[Refresh, StartSync, EndOperation, ConfirmDeletion, Regenerate]) -> Mapping[str, Any]:
        if isinstance(action, Refresh):
            annotations = {REFRESH_ANNOTATION: action.kind}
            if self._seen[action.key].hydration:  # the time, so that no answer to another request takes ours away
                annotations.update(
                    {HYDRATE_ANNOTATION: action.kind, HYDRATE_TIME_ANNOTATION: datetime.now(timezone.utc).isoformat()}
                )
            patch: dict[str, Any] = {"metadata": {"annotations": annotations}}
        elif isinstance(action, Regenerate):
            patch = {"metadata": {"annotations": {SET_REFRESH_ANNOTATION: "true"}}}
        elif isinstance(action, ConfirmDeletion):
            patch = {"metadata": {"annotations": {CONFIRMATION_ANNOTATION: action.since}}}
        elif isinstance(action, EndOperation):
            patch = {
                "metadata": {"resourceVersion": action.observed.resource_version},
                "status": {"operationState": {"phase": "Terminating"}},
            }
        else:
            self._refuse_closed_window(action.observed)
            patch = operation_patch(action)
        return self._patch(action.key, patch)

    def _pods(self, app: Observed, namespace: str) -> list[dict[str, Any]]:
        return self._client.list(_POD, namespace)[0]

    def _object(self, app: Observed, kind: Kind, name: Resource) -> Optional[dict[str, Any]]:
        return self._client.get(kind, name.namespace, name.name)

    def _set_finalizers(self, action: SetFinalizers, dry_run: bool) -> Optional[Mapping[str, Any]]:
        """Compare-and-swap on the finalizers alone: Argo CD writes the status of the object all the time.

        It changes them, too, where it deletes a parent and its children while we do; so each conflict is planned anew.
        """
        if dry_run:
            seen = self._seen[action.key].raw
            return {**seen, "metadata": {**seen["metadata"], "finalizers": list(action.after)}}
        due: Optional[SetFinalizers] = action
        there: Optional[dict[str, Any]] = None
        while due:
            metadata = {"finalizers": list(due.after), "resourceVersion": due.resource_version}
            try:
                there, due = self._patch(due.key, {"metadata": metadata}), None
            except (Conflict, Missing):
                there = self._get(action.key)
                due = finalizers_again(action, Observed.parse(there) if there else None)
        if there:
            self._take(APPLICATION, there)
        return there

    def _refuse_closed_window(self, app: Observed) -> None:
        """As Argo CD's API server does; its controller would keep the operation and begin it when the window opens."""
        try:
            project = self._client.get(_PROJECT, self._home, app.project)
        except Refused:  # this user may not read it
            return
        windows = project.get("spec", {}).get("syncWindows") if project else None
        closed = closed_window(windows, app.raw, _time_in) if windows else ""
        if closed:
            raise Refused(
                f'{app.key} cannot be synced now, since a sync window of the project "{app.project}" forbids it '
                f"({closed}); wait until it lets it, or allow manual syncs in it (manualSync: true)"
            )

    def _patch(self, key: _AnyKey, patch: Mapping[str, Any]) -> dict[str, Any]:
        return self._client.merge_patch(_kind(key), key.namespace, key.name, patch, FIELD_MANAGER)


def _time_in(zone: str) -> datetime:
    """What the clocks of a time zone show. Raises ValueError for one that this host does not know."""
    try:
        return datetime.now(timezone.utc if zone == "UTC" else ZoneInfo(zone)).replace(tzinfo=None)
    except (ZoneInfoNotFoundError, OSError) as problem:
        raise ValueError(f"no time zone {zone} is known here") from problem
