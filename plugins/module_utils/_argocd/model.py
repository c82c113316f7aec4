# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""An Application as it is wanted (:class:`Desired`) and as it was seen (:class:`Observed`); each parsed once, here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.options import METADATA, SPEC
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.pods import WORKLOADS, Resource, Trouble
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.sync import Sync
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._core.options import to_api

API_VERSION = "argoproj.io/v1alpha1"
REFRESH_ANNOTATION = "argocd.argoproj.io/refresh"
HYDRATE_ANNOTATION = "argocd.argoproj.io/hydrate"
HYDRATE_TIME_ANNOTATION = "argocd.argoproj.io/hydrate-timestamp"
# By which Argo CD is asked to compare; ours, but no part of what is declared
REQUEST_ANNOTATIONS = (REFRESH_ANNOTATION, HYDRATE_ANNOTATION, HYDRATE_TIME_ANNOTATION)
CONFIRMATION_ANNOTATION = "argocd.argoproj.io/deletion-approved"
RESOURCES_FINALIZER = "resources-finalizer.argocd.argoproj.io"
IN_CLUSTER = "https://kubernetes.default.svc"

# The fields of a spec that say where its manifests come from; it has one of them.
SOURCES = ("source", "sources", "sourceHydrator")

# A commit, as Git abbreviates it at least.
_COMMIT = re.compile(r"[0-9a-f]{7,64}", re.IGNORECASE)

# RFC 1123, as the API server wants them.
NAMESPACE_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
OBJECT_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


class Key(NamedTuple):
    """Names one Application."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f'application "{self.name}"'


@dataclass(frozen=True)
class Desired:
    """One application of the task.

    ``manifest`` is what is applied: only what the user gave. It is empty where nothing but the name was given
    (``state: synced`` of an application that somebody else declares).
    ``revisions``: the commits (or chart versions) to wait for, by source; empty for "whatever the source says".
    ``history_id``: the deployment to roll back to.
    """

    key: Key
    manifest: Mapping[str, Any] = field(default_factory=dict)
    revisions: tuple[str, ...] = ()
    prune: Optional[bool] = None
    sync: Sync = field(default_factory=Sync)
    history_id: Optional[int] = None

    @classmethod
    def from_params(cls, params: Mapping[str, Any], namespace: str, where: str = "") -> Desired:
        """From options as AnsibleModule gives them. ``where`` begins the messages, for items of a list."""

        def wrong(text: str) -> Invalid:
            return Invalid(f"{where}{Key(namespace, name) if name else 'an application'}: {text}")

        name = (params.get("name") or "").strip()
        if not name:
            raise wrong("name is missing; give every application a name")
        if not OBJECT_NAME.fullmatch(name):
            raise wrong("Kubernetes does not take this name; use lower-case letters, digits, - and .")
        if not NAMESPACE_NAME.fullmatch(namespace):
            raise wrong(f'Kubernetes does not take the namespace "{namespace}"; use lower-case letters, digits and -')
        given = [name for name in ("source", "sources", "source_hydrator") if params.get(name) is not None]
        if len(given) > 1:
            raise wrong(f"{' and '.join(given)} were both given; give one of them")
        if params.get("sources") == []:
            raise wrong("sources is an empty list; give at least one source, or leave it out")
        if params.get("revision") and params.get("revisions"):
            raise wrong("revision and revisions were both given; revisions is for several sources")
        sources = params.get("sources") or ([params["source"]] if params.get("source") else [])
        for source in sources:
            kinds = [kind for kind in ("path", "chart", "ref") if source.get(kind)]
            if not kinds:
                raise wrong(f"the source {source['repo_url']} has neither path nor chart nor ref; give one of them")
            if {"path", "chart"} <= set(kinds):
                raise wrong(f"the source {source['repo_url']} has both path and chart; give one of them")
        destination = params.get("destination") or {}
        if destination.get("server") and destination.get("name"):
            raise wrong("destination has both server and name; give one of them")
        revisions = tuple(map(_commit, params.get("revisions") or filter(None, [params.get("revision")])))
        count = 1 if params.get("source_hydrator") else len(sources)
        if count and len(revisions) > count:
            raise wrong(f"{len(revisions)} revisions were given for {count} source(s); give at most one for each")
        try:
            sync = Sync.from_params(params.get("sync") or {})
        except Invalid as problem:
            raise wrong(str(problem)) from problem
        if sync.revisions and revisions:
            raise wrong("revision is what to wait for, and sync.revision what to sync to instead; give one of them")
        return cls(
            key=Key(namespace, name),
            manifest=_manifest(params, Key(namespace, name)),
            revisions=revisions,
            prune=params.get("prune"),
            sync=sync,
            history_id=params.get("history_id"),
        )

    @property
    def declares(self) -> bool:
        """Whether the task declares the application, rather than only naming it."""
        return bool(self.manifest)


def _commit(given: str) -> str:
    """Commits in the letters in which Git writes them; versions of charts as they are."""
    return given.lower() if _COMMIT.fullmatch(given) else given


def not_a_commit(revisions: Sequence[str], sources: Sequence[Mapping[str, Any]]) -> str:
    """The first of the revisions at which its source, a Git repository, can never be; empty if there is none."""
    for revision, source in zip(revisions, sources):
        is_git = "chart" not in source and not str(source.get("repoURL", "")).startswith("oci://")
        if revision and is_git and not _COMMIT.fullmatch(revision):
            return revision
    return ""


def _manifest(params: Mapping[str, Any], key: Key) -> dict[str, Any]:
    metadata = to_api(METADATA, params)
    spec = to_api(SPEC, params)
    if not metadata and not spec:
        return {}
    if {*SOURCES, "destination"} & set(spec):
        spec.setdefault("project", "default")
    if spec.get("destination") is not None and not {"server", "name"} & set(spec["destination"]):
        spec["destination"]["server"] = IN_CLUSTER
    return {
        "apiVersion": API_VERSION,
        "kind": "Application",
        "metadata": {"name": key.name, "namespace": key.namespace, **metadata},
        **({"spec": spec} if spec else {}),
    }


# Structures with names of the user's own: in them, false and empty mean something.
_VERBATIM = ("valuesObject", "commonLabels", "commonAnnotations", "map")


def said(value: Any) -> Any:
    """``value`` without fields that are false or empty: Argo CD leaves them out when it writes (omitempty of Go)."""
    if isinstance(value, Mapping):
        items = {name: item if name in _VERBATIM else said(item) for name, item in value.items()}
        return {name: item for name, item in items.items() if item}
    return [said(item) for item in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Operation:
    """``status.operationState``.

    ``applied``: the child applications that it has already applied. ``workloads``: what has pods, hooks with it.
    ``self_heals``: how many in a row it is. ``retries``: how often it failed and was begun again. ``of_spec``: whether
    its source is the application's of now, since it keeps its own, even where it takes the latest commit each time.
    ``resources``: what it did, as the API has it.
    """

    phase: str = ""
    message: str = ""
    started_at: str = ""
    finished_at: str = ""
    token: str = ""
    revisions: tuple[str, ...] = ()
    applied: tuple[Key, ...] = ()
    workloads: frozenset[Resource] = frozenset()
    failures: tuple[str, ...] = ()
    self_heals: int = 0
    retries: int = 0
    of_spec: bool = True
    dry_run: bool = False
    resources: tuple[Mapping[str, Any], ...] = ()

    @property
    def running(self) -> bool:
        return self.phase in ("Running", "Terminating")

    @property
    def failed(self) -> bool:
        return self.phase in ("Failed", "Error")

    @property
    def told(self) -> str:
        """Message and reasons, resource by resource."""
        return self.message + (f" [{'; '.join(self.failures)}]" if self.failures else "")


@dataclass(frozen=True)
class Source:
    """Where one source of an application points to."""

    repo_url: str
    target_revision: str
    place: str = ""

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Source:
        return cls(
            str(raw.get("repoURL", "")), raw.get("targetRevision") or "HEAD", raw.get("path") or raw.get("chart") or ""
        )

    @property
    def ref(self) -> tuple[str, str]:
        """What is the same for two sources that follow the same commits."""
        url = self.repo_url.rstrip("/")
        return url[:-4] if url.endswith(".git") else url, self.target_revision

    def __str__(self) -> str:
        return f"{self.place + ' of ' if self.place else ''}{self.repo_url} at {self.target_revision}"


@dataclass(frozen=True)
class Deployment:
    """An entry of ``status.history``; ``sources`` are as in the API. ``several``: whether the spec had ``sources``."""

    number: int
    revisions: tuple[str, ...]
    sources: tuple[Mapping[str, Any], ...]
    several: bool

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Deployment:
        several = bool(raw.get("sources"))
        return cls(raw["id"], _revisions(raw), tuple(raw["sources"] if several else [raw.get("source", {})]), several)


@dataclass(frozen=True)
class Hydration:
    """Where the source hydrator stands: ``status.sourceHydrator``.

    ``of_spec``: whether it is about the hydrator of the spec as it is now. ``dry``: the commit of the dry source that
    it has seen last. ``made``: the one that it has worked on last; the other is still to come, or changes nothing.
    ``written``: the commit that it made of it, or had made of the same manifests before.
    """

    phase: str
    message: str
    started_at: str
    finished_at: str
    of_spec: bool
    dry: str
    made: str
    written: str

    @classmethod
    def parse(cls, spec: Mapping[str, Any], status: Mapping[str, Any]) -> Optional[Hydration]:
        """None where the spec has no source hydrator."""
        if not spec.get("sourceHydrator"):
            return None
        seen = status.get("sourceHydrator") or {}
        operation = seen.get("currentOperation") or {}
        return cls(
            phase=operation.get("phase", ""),
            message=operation.get("message", ""),
            started_at=operation.get("startedAt", ""),
            finished_at=operation.get("finishedAt") or "",
            of_spec=said(operation.get("sourceHydrator")) == said(spec["sourceHydrator"]),
            dry=seen.get("lastComparedDryRevision") or operation.get("drySHA", ""),
            made=operation.get("drySHA", ""),
            written=(seen.get("lastSuccessfulOperation") or {}).get("hydratedSHA", ""),
        )


@dataclass(frozen=True)
class Observed:
    """An Application as the API server gave it; times are RFC 3339 strings in UTC, as there, so that they compare.

    ``troubles``: what its pods said when they were looked at last.
    """

    key: Key
    raw: Mapping[str, Any]
    uid: str
    resource_version: str
    sources: tuple[Source, ...]
    hydration: Optional[Hydration]
    auto_sync: bool
    auto_prune: bool
    deleting: bool
    refreshing: bool
    operation_pending: bool
    operation: Optional[Operation]
    sync: str
    revisions: tuple[str, ...]
    compared: bool
    health: str
    health_message: str
    reconciled_at: str
    conditions: Mapping[str, str]
    history: tuple[tuple[int, tuple[str, ...]], ...]
    resources: tuple[Mapping[str, Any], ...]
    troubles: tuple[Trouble, ...] = ()

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Observed:
        """From the object of the API. Fields that Argo CD has not written yet are empty."""
        metadata, spec, status = raw["metadata"], raw.get("spec", {}), raw.get("status", {})
        sync, health = status.get("sync", {}), status.get("health", {})
        automated = spec.get("syncPolicy", {}).get("automated")
        return cls(
            key=Key(metadata["namespace"], metadata["name"]),
            raw=raw,
            uid=metadata.get("uid", ""),
            resource_version=metadata.get("resourceVersion", ""),
            sources=tuple(map(Source.parse, raw_sources(spec))),
            hydration=Hydration.parse(spec, status),
            auto_sync=automated is not None and automated.get("enabled") is not False,
            auto_prune=bool(automated and automated.get("prune")),
            deleting="deletionTimestamp" in metadata,
            refreshing=bool(_answered(spec) & metadata.get("annotations", {}).keys()),
            operation_pending="operation" in raw,
            operation=_operation(status.get("operationState"), metadata["namespace"], raw["spec"]),
            sync=sync.get("status", ""),
            revisions=_revisions(sync),
            compared=_compared(spec, sync.get("comparedTo", {})),
            health=health.get("status", ""),
            health_message=health.get("message", ""),
            reconciled_at=status.get("reconciledAt", ""),
            conditions=_conditions(status.get("conditions", [])),
            history=tuple((entry["id"], _revisions(entry)) for entry in status.get("history", [])),
            resources=tuple(status.get("resources", [])),
        )

    @property
    def followed(self) -> tuple[Source, ...]:
        """The sources that people push to, which are not those that are synced where a hydrator stands between."""
        hydrator = self.raw.get("spec", {}).get("sourceHydrator")
        return (Source.parse(hydrator.get("drySource", {})),) if hydrator else self.sources

    @property
    def pushed(self) -> tuple[str, ...]:
        """The commit of each of them that it was made of."""
        return self.revisions if self.hydration is None else tuple(filter(None, [self.hydration.dry]))

    @property
    def hydrating(self) -> bool:
        """Whether a source hydrator has still to make what is compared, or that has still to be compared."""
        seen = self.hydration
        return seen is not None and (
            seen.phase != "Hydrated"
            or not seen.of_spec
            or (seen.written not in self.revisions and self.reconciled_at <= seen.finished_at)
        )

    @property
    def children(self) -> tuple[Key, ...]:
        """The applications that this application deploys (app of apps)."""
        return tuple(_child(resource, self.key.namespace) for resource in self.resources if _is_application(resource))

    @property
    def project(self) -> str:
        """The name of its AppProject."""
        return self.raw.get("spec", {}).get("project") or "default"

    @property
    def raw_sources(self) -> tuple[Mapping[str, Any], ...]:
        """The sources of the spec as in the API."""
        return raw_sources(self.raw.get("spec", {}))

    @property
    def has_several_sources(self) -> bool:
        """Whether the spec has ``sources``, be it only one."""
        return bool(self.raw.get("spec", {}).get("sources"))

    @property
    def deployments(self) -> tuple[Deployment, ...]:
        """What was deployed, the last at the end."""
        return tuple(map(Deployment.parse, self.raw.get("status", {}).get("history", [])))

    @property
    def history_limit(self) -> int:
        """How many of them Argo CD keeps."""
        return int(self.raw["spec"].get("revisionHistoryLimit", 10))

    @property
    def finalizers(self) -> tuple[str, ...]:
        """What must happen before it is gone."""
        return tuple(self.raw["metadata"].get("finalizers", []))

    @property
    def cascades(self) -> bool:
        """Whether its deletion deletes what it deployed."""
        return any(name.split("/")[0] == RESOURCES_FINALIZER for name in self.finalizers)

    @property
    def deleted_at(self) -> str:
        """When its deletion was asked for; empty if it was not."""
        return str(self.raw["metadata"].get("deletionTimestamp", ""))

    @property
    def to_be_confirmed(self) -> tuple[str, ...]:
        """``Kind/name`` of each resource whose deletion somebody must approve; Argo CD keeps what defines others."""
        return tuple(
            f"{resource['kind']}/{resource['name']}"
            for resource in self.resources
            if resource.get("requiresDeletionConfirmation") and resource["kind"] != "CustomResourceDefinition"
        )

    def is_confirmed(self, since: str) -> bool:
        """Whether somebody approved deletions at ``since`` or later."""
        given = self.raw["metadata"].get("annotations", {}).get(CONFIRMATION_ANNOTATION, "")
        try:
            return _time(given) >= _time(since)
        except (TypeError, ValueError):  # without an offset it does not compare
            return False

    @property
    def workloads(self) -> frozenset[Resource]:
        """What it deployed that has pods; empty if that is in another cluster than its own."""
        destination = self.raw["spec"].get("destination", {})
        if destination.get("server") != IN_CLUSTER and destination.get("name") != "in-cluster":
            return frozenset()
        running = self.operation.workloads if self.operation and self.operation.running else frozenset()
        return _workloads(self.resources) | running

    @property
    def out_of_sync(self) -> tuple[str, ...]:
        """``Kind/name`` of each resource that is not as Git has it."""
        return tuple(
            f"{resource.get('kind')}/{resource.get('name')}"
            + (" (to be pruned)" if resource.get("requiresPruning") else "")
            for resource in self.resources
            if resource.get("status") not in ("Synced", None)
        )


def _answered(spec: Mapping[str, Any]) -> set[str]:
    """The annotations that Argo CD takes away. Its API server asks for hydration where there is no hydrator, too."""
    return {REFRESH_ANNOTATION, HYDRATE_ANNOTATION} if spec.get("sourceHydrator") else {REFRESH_ANNOTATION}


def raw_sources(spec: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """What is synced; with a source hydrator that is where it puts the manifests."""
    hydrator = spec.get("sourceHydrator")
    if hydrator:
        dry, hydrated = hydrator.get("drySource", {}), hydrator.get("syncSource", {})
        return (
            {
                "repoURL": hydrated.get("repoURL") or dry.get("repoURL", ""),
                "path": hydrated.get("path", ""),
                "targetRevision": hydrated.get("targetBranch", ""),
            },
        )
    return tuple(spec.get("sources") or [spec.get("source", {})])


def _time(text: str) -> datetime:
    """RFC 3339, which ``argocd`` writes with the offset of its user."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _conditions(conditions: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    """Messages by type; Argo CD writes some types more than once."""
    messages: dict[str, list[str]] = {}
    for condition in conditions:
        messages.setdefault(condition["type"], []).append(condition.get("message", ""))
    return {kind: "; ".join(texts) for kind, texts in messages.items()}


def _revisions(holder: Mapping[str, Any]) -> tuple[str, ...]:
    """Applications with several sources fill ``revisions`` and leave ``revision`` empty."""
    return tuple(holder.get("revisions") or filter(None, [holder.get("revision")]))


def _compared(spec: Mapping[str, Any], compared_to: Mapping[str, Any]) -> bool:
    """Whether ``status.sync`` speaks of the spec as it is now (with ``sources``, ``source`` is there, but empty).

    With a source hydrator Argo CD compares a source that is not in the spec.
    """
    names = ("destination",) if "sourceHydrator" in spec else ("source", "sources", "destination")
    return all(said(spec.get(name, {})) == said(compared_to.get(name, {})) for name in names)


def _operation(state: Optional[Mapping[str, Any]], namespace: str, spec: Mapping[str, Any]) -> Optional[Operation]:
    if not state:
        return None
    result = state.get("syncResult") or {}
    resources = result.get("resources") or []
    sources = result.get("sources") or list(filter(None, [result.get("source")]))
    return Operation(
        phase=state.get("phase", ""),
        message=state.get("message", ""),
        started_at=state.get("startedAt", ""),
        finished_at=state.get("finishedAt") or "",
        token=next(
            (
                info.get("value", "")
                for info in state.get("operation", {}).get("info") or []
                if info.get("name") == TOKEN
            ),
            "",
        ),
        retries=state.get("retryCount", 0),
        dry_run=bool(state.get("operation", {}).get("sync", {}).get("dryRun")),
        resources=tuple(resources),
        of_spec=not sources or said(sources) == said(list(raw_sources(spec))),
        self_heals=state.get("operation", {}).get("sync", {}).get("autoHealAttemptsCount", 0),
        revisions=_revisions(result),
        applied=tuple(
            _child(resource, namespace)
            for resource in resources
            if _is_application(resource) and resource.get("status") == "Synced"
        ),
        workloads=_workloads(resources),
        failures=tuple(
            f"{resource.get('kind')}/{resource.get('name')}: {resource.get('message', '')}"
            for resource in resources
            if resource.get("status") == "SyncFailed" or resource.get("hookPhase") in ("Failed", "Error")
        ),
    )


# The name under which an operation carries the token of the run that asked for it.
TOKEN = "ai_how.cloud/token"


def _is_application(resource: Mapping[str, Any]) -> bool:
    return resource.get("group") == "argoproj.io" and resource.get("kind") == "Application"


def _workloads(resources: Sequence[Mapping[str, Any]]) -> frozenset[Resource]:
    return frozenset(
        Resource(group, resource["kind"], resource["namespace"], resource["name"])
        for resource in resources
        for group in [resource.get("group", "")]
        if (group, resource.get("kind")) in WORKLOADS and resource.get("namespace")
    )


def _child(resource: Mapping[str, Any], namespace: str) -> Key:
    return Key(resource.get("namespace") or namespace, resource["name"])


def at_revisions(expected: tuple[str, ...], seen: tuple[str, ...]) -> bool:
    """Whether each expected revision is the one seen in its place; "" expects nothing, 7 digits of a commit will do."""
    padded = seen + ("",) * (len(expected) - len(seen))
    return all(
        not want or want == have or (len(want) >= 7 and have.startswith(want)) for want, have in zip(expected, padded)
    )
