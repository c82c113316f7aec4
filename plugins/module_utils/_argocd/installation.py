# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Argo CD's own manifests, changed as an installation wants them. No I/O.

What upstream publishes (manifests/*.yaml) is the truth; only what a setting names is changed in it.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.versions import pages_of_upgrade, version_of
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid

with suppress(ImportError):  # where modules run; what needs it runs where Ansible does, which has it
    import yaml

Object = dict[str, Any]

LABEL = "ai-how.cloud/argocd"
CONFIGURATION = "ai-how.cloud/configuration"
_COMPONENT = "app.kubernetes.io/component"
_DEFINITION = "CustomResourceDefinition"
_CLUSTER_WIDE = (_DEFINITION, "ClusterRole", "ClusterRoleBinding", "Namespace")
_WORKLOADS = ("Deployment", "StatefulSet")
_WORKLOAD_KEYS = ("env", "replicas", "resources")
_INGRESS_KEYS = ("annotations", "class_name", "host", "path", "tls_secret")


class Settings(NamedTuple):
    """What an installation wants.

    ``images``: other places, by image or the beginning of its name. ``config``: entries of ConfigMaps, by ConfigMap.
    ``workloads``: ``replicas``, ``resources`` and ``env`` by name without ``argocd-``. ``sidecars``: what pods get
    beside their own ``containers``, ``initContainers`` and ``volumes``, by the same names. ``pods``: fields of every
    pod's spec. ``pull_policy``: of every container. ``without``: components that are left out. ``ingress``: ``host``,
    and ``class_name``, ``tls_secret``, ``annotations``, ``path``. ``more``: objects beside those of the manifest.
    ``installed``: the version that is there.
    """

    namespace: str
    images: Mapping[str, str] = {}
    config: Mapping[str, Mapping[str, Any]] = {}
    workloads: Mapping[str, Mapping[str, Any]] = {}
    sidecars: Mapping[str, Mapping[str, Sequence[Object]]] = {}
    pods: Mapping[str, Any] = {}
    pull_policy: str = ""
    without: Sequence[str] = ()
    ingress: Mapping[str, Any] = {}
    more: Sequence[Object] = ()
    installed: str = ""


def installation(text: str, settings: Settings) -> dict[str, Any]:
    """The objects to apply, in this order: ``definitions``, ``secrets``, ``objects``, which ends with the workloads.

    ``names`` is what all but the definitions are called, ``version`` the manifest's, and ``pages`` what to read before
    this upgrade. Raises Invalid for settings that name what is not there, and for an older minor version.
    """
    documents = _documents(text)
    _check(documents, settings)
    version = version_of(_images(documents))
    pages = pages_of_upgrade(settings.installed, version)
    objects = [document for document in documents if _label(document, _COMPONENT) not in settings.without]
    objects += copy.deepcopy(list(settings.more))
    for item in objects:
        _place(item, settings.namespace)
    for item in objects:
        if item["kind"] == "ConfigMap":
            _configure(item, settings.config.get(item["metadata"]["name"], {}))
    config = {item["metadata"]["name"]: item.get("data", {}) for item in objects if item["kind"] == "ConfigMap"}
    for item in objects:
        if item["kind"] in _WORKLOADS:
            _adapt(item, settings, config)
    if settings.ingress:
        objects.append(_ingress(settings, config.get("argocd-cmd-params-cm", {})))
    objects.sort(key=lambda item: item["kind"] in _WORKLOADS)
    parts: dict[str, Any] = {"definitions": [], "secrets": [], "objects": [], "version": version, "pages": pages}
    for item in objects:
        parts[{_DEFINITION: "definitions", "Secret": "secrets"}.get(item["kind"], "objects")].append(item)
    parts["names"] = [_reference(item) for item in parts["secrets"] + parts["objects"]]
    return parts


def _reference(item: Object) -> Object:
    """As much of an object as names it."""
    metadata = {key: item["metadata"][key] for key in ("name", "namespace") if key in item["metadata"]}
    return {"apiVersion": item["apiVersion"], "kind": item["kind"], "metadata": metadata}


def _documents(text: str) -> list[Object]:
    # The C loader reads the 2 MB of install.yaml in half a second, the other one in three.
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        documents = [document for document in yaml.load_all(text, Loader=loader) if document]
    except yaml.YAMLError as error:
        raise Invalid(f"the manifest is no YAML: {' '.join(str(error).split())}") from error
    for document in documents:
        if not (isinstance(document, dict) and "kind" in document and "name" in document.get("metadata", {})):
            raise Invalid("the manifest is no list of Kubernetes objects: one has no kind or no name")
    if not any(document["kind"] in _WORKLOADS for document in documents):
        raise Invalid("the manifest is none of Argo CD's: it has no Deployment and no StatefulSet")
    return documents


def _check(documents: Sequence[Object], settings: Settings) -> None:
    workloads = sorted(_short(document) for document in documents if document["kind"] in _WORKLOADS)
    components = sorted({_label(document, _COMPONENT) for document in documents} - {""})
    maps = sorted(document["metadata"]["name"] for document in documents if document["kind"] == "ConfigMap")
    for what, given, known in (
        ("workload", [*settings.workloads, *settings.sidecars], workloads),
        ("component", settings.without, components),
        ("ConfigMap", [name for name, data in settings.config.items() if data], maps),
    ):
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise Invalid(f"these manifests have no {what} {', '.join(unknown)}; they have {', '.join(known)}")
    for name, wanted in settings.workloads.items():
        _check_keys(f"the workload {name}", wanted, _WORKLOAD_KEYS)
    if settings.ingress:
        _check_keys("the ingress", settings.ingress, _INGRESS_KEYS)
        if not settings.ingress.get("host"):
            raise Invalid("the ingress has no host; name the one by which Argo CD is reached")
        if "server" not in workloads:
            raise Invalid("these manifests have no argocd-server, so an ingress would lead nowhere; leave it out")


def _check_keys(what: str, given: Any, known: Sequence[str]) -> None:
    unknown = sorted(set(given) - set(known)) if isinstance(given, Mapping) else [repr(given)]
    if unknown:
        raise Invalid(f"{what} has {', '.join(unknown)}; it can have {', '.join(known)}")


def _label(item: Object, name: str) -> str:
    return str(item["metadata"].get("labels", {}).get(name, ""))


def _short(workload: Object) -> str:
    name = str(workload["metadata"]["name"])
    return name[len("argocd-") :] if name.startswith("argocd-") else name


def _place(item: Object, namespace: str) -> None:
    item["metadata"].setdefault("labels", {})[LABEL] = namespace
    if item["kind"] not in _CLUSTER_WIDE:
        item["metadata"]["namespace"] = namespace
    for subject in item.get("subjects", []):
        if "namespace" in subject:
            subject["namespace"] = namespace


def _configure(config_map: Object, entries: Mapping[str, Any]) -> None:
    data = {**config_map.get("data", {}), **{key: text_of(value) for key, value in entries.items()}}
    config_map["data"] = {key: value for key, value in data.items() if value is not None}


def text_of(value: Any) -> Any:
    """A value as a ConfigMap holds it: structures as YAML, ``true`` and numbers as their text; None leaves it out."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (Mapping, list)):
        return yaml.safe_dump(json.loads(json.dumps(value)), sort_keys=False)
    return value if value is None else str(value)


def _adapt(workload: Object, settings: Settings, config: Mapping[str, Mapping[str, str]]) -> None:
    wanted = settings.workloads.get(_short(workload), {})
    template = workload["spec"]["template"]
    pod = template["spec"]
    main = pod["containers"][0]
    if wanted.get("resources") is not None:
        main["resources"] = wanted["resources"]
    env = dict(wanted.get("env") or {})
    if wanted.get("replicas") is not None:
        workload["spec"]["replicas"] = int(wanted["replicas"])
        if workload["kind"] == "StatefulSet" and _short(workload) == "application-controller":
            env.setdefault("ARGOCD_CONTROLLER_REPLICAS", wanted["replicas"])  # it divides the clusters by that
    if env:
        others = [entry for entry in main.get("env", []) if entry["name"] not in env]
        main["env"] = others + [{"name": name, "value": text_of(value)} for name, value in env.items()]
    pod.update(copy.deepcopy(dict(settings.pods)))
    started_with = _read(pod, config)
    for part, items in settings.sidecars.get(_short(workload), {}).items():
        pod[part] = pod.get(part, []) + [_beside(item, part, main["image"]) for item in items]
        if part == "volumes":
            started_with.update(_mounted(items, config))
    for container in _containers(pod):
        container["image"] = image_of(container["image"], settings.images)
        if settings.pull_policy:
            container["imagePullPolicy"] = settings.pull_policy
    annotations = template["metadata"].setdefault("annotations", {})
    annotations[CONFIGURATION] = _digest(started_with)


def _beside(item: Object, part: str, image: str) -> Object:
    """A container that names no image has the one of Argo CD."""
    return copy.deepcopy(item) if part == "volumes" else {"image": image, **copy.deepcopy(item)}


def _images(documents: Sequence[Object]) -> Iterator[str]:
    for document in documents:
        if document["kind"] in _WORKLOADS:
            yield from (container["image"] for container in _containers(document["spec"]["template"]["spec"]))


def _containers(pod: Object) -> Iterator[Object]:
    yield from pod.get("initContainers", [])
    yield from pod["containers"]


def image_of(image: str, places: Mapping[str, str]) -> str:
    """The image with the longest beginning that ``places`` names replaced: a registry, a repository, or all of it."""
    for beginning in sorted(places, key=len, reverse=True):
        rest = image[len(beginning) :]
        if image.startswith(beginning) and (not rest or rest[0] in "/:@"):
            return places[beginning] + rest
    return image


def _read(pod: Object, config: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The entries of ConfigMaps that the environment of the pod comes from; it sees new values when it starts anew."""
    found = {}
    for container in _containers(pod):
        for entry in container.get("env", []):
            source = entry.get("valueFrom", {}).get("configMapKeyRef", {})
            value = config.get(source.get("name"), {}).get(source.get("key"))
            if value is not None:
                found[f"{source['name']}/{source['key']}"] = value
    return found


def _mounted(volumes: Sequence[Object], config: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The entries of ConfigMaps that are mounted for sidecars. Unlike Argo CD, these read them once."""
    names = [volume["configMap"]["name"] for volume in volumes if "configMap" in volume]
    return {f"{name}/{key}": value for name in names for key, value in config.get(name, {}).items()}


def _digest(entries: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()[:16]


def _ingress(settings: Settings, params: Mapping[str, str]) -> Object:
    wanted = settings.ingress
    port = "http" if params.get("server.insecure") == "true" else "https"
    backend = {"service": {"name": "argocd-server", "port": {"name": port}}}
    path = {"path": wanted.get("path") or "/", "pathType": "Prefix", "backend": backend}
    spec: Object = {"rules": [{"host": wanted["host"], "http": {"paths": [path]}}]}
    if wanted.get("class_name"):
        spec["ingressClassName"] = wanted["class_name"]
    if wanted.get("tls_secret"):
        spec["tls"] = [{"hosts": [wanted["host"]], "secretName": wanted["tls_secret"]}]
    metadata = {
        "name": "argocd-server",
        "namespace": settings.namespace,
        "labels": {LABEL: settings.namespace},
        "annotations": dict(wanted.get("annotations") or {}),
    }
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec}
