# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a task of sealed_secret wants: its options, parsed once. Pure; files are read by a function that is handed in.

What is taken of a Secret and what not: pkg/kubeseal/kubeseal.go (Seal) of sealed-secrets 0.40.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._core.options import Opt, Options, argument_spec
from ansible_collections.ai_how.cloud.plugins.module_utils._core.yaml_text import documents
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed.envelope import (
    CLUSTER_WIDE,
    NAMESPACE_WIDE,
    SCOPES,
    STRICT,
)

API_VERSION, KIND = "bitnami.com/v1alpha1", "SealedSecret"
_SCOPE_ANNOTATIONS = {
    CLUSTER_WIDE: "sealedsecrets.bitnami.com/cluster-wide",
    NAMESPACE_WIDE: "sealedsecrets.bitnami.com/namespace-wide",
}
# JSON: of each key, the certificate it was sealed for, and the proof of its value.
SEALED_FOR = "ai-how.cloud/sealed-for"
PROOFS = "ai-how.cloud/hmac"
# Copies of the whole Secret, in plain text
_COPIES = ("kubectl.kubernetes.io/last-applied-configuration", "kubecfg.ksonnet.io/last-applied-configuration")

# As a structure, so that Ansible blanks its values in results, and not "Secret" and its name as well
_DEFINITION: Options = {
    "apiVersion": Opt(),
    "kind": Opt(),
    "metadata": Opt("dict"),
    "type": Opt(),
    "immutable": Opt("bool"),
    "data": Opt("dict", no_log=True),
    "stringData": Opt("dict", no_log=True),
}
SECRET: Options = {
    "name": Opt(),
    "namespace": Opt(),
    "path": Opt("path"),
    "string_data": Opt("dict", no_log=True),
    "data": Opt("dict", no_log=True),
    "files": Opt("dict"),
    "env_files": Opt("list", elements="path"),
    "definition": Opt("dict", options=_DEFINITION),
    "src": Opt("path"),
    "scope": Opt(choices=SCOPES),
    "type": Opt(),
    "immutable": Opt("bool"),
    "labels": Opt("dict"),
    "annotations": Opt("dict"),
    "own_labels": Opt("dict"),
    "own_annotations": Opt("dict"),
    "template": Opt("dict"),
    "merge": Opt("bool"),
    "remove_keys": Opt("list", elements="str"),
}
CONTROLLER: Mapping[str, Any] = {
    "controller_name": {"type": "str", "default": "sealed-secrets-controller"},
    "controller_namespace": {"type": "str", "default": "kube-system"},
}
ARGUMENTS: Mapping[str, Any] = {
    **argument_spec(SECRET),
    **CONTROLLER,
    "secrets": {"type": "list", "elements": "dict", "options": argument_spec(SECRET), "no_log": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "certificate": {"type": "str"},
    "cluster": {"type": "bool", "default": False},
    "live": {"type": "bool"},
    "hmac_key": {"type": "str", "no_log": True},
    "force": {"type": "bool", "default": False},
    "renew": {"type": "bool", "default": False},
    "mode": {"type": "raw", "default": "0644"},
    "force_conflicts": {"type": "bool", "default": False},
}
CONSTRAINTS: Mapping[str, Any] = {
    "mutually_exclusive": [["secrets", option] for option in SECRET],
    "required_one_of": [["name", "secrets", "definition", "src"]],
}

_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_ITEM = re.compile(r"(?!\.$|\.\.)[-._a-zA-Z0-9]{1,253}")
_MOST_BYTES = 1024 * 1024  # of all values of a Secret, says the API server
_LEAST_KEY = 32  # characters; a proof can be tried against guesses by whoever guesses its key


class SecretKey(NamedTuple):
    """Names one secret of a task. ``path``: the file that it is in, if it is in one."""

    namespace: str
    name: str
    path: str = ""

    def __str__(self) -> str:
        place = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"sealed secret {place}" + (f" in {self.path}" if self.path else "")


@dataclass(frozen=True)
class Wanted:
    """One secret. What is None was not said; ``scope`` is then strict, or with ``merge`` that of what is there."""

    key: SecretKey
    index: int
    values: Mapping[str, bytes] = field(repr=False)
    scope: Optional[str] = None
    type: Optional[str] = None
    immutable: Optional[bool] = None
    labels: Optional[Mapping[str, str]] = None
    annotations: Optional[Mapping[str, str]] = None
    own_labels: Mapping[str, str] = field(default_factory=dict)  # of the SealedSecret itself
    own_annotations: Mapping[str, str] = field(default_factory=dict)
    template: Mapping[str, Any] = field(default_factory=dict)
    merge: bool = False
    removed: frozenset[str] = frozenset()


def wanted_secrets(params: Mapping[str, Any], read: Callable[[str], bytes]) -> list[Wanted]:
    """All secrets of the task. Raises Invalid for options that cannot be right."""
    several = params["secrets"]
    if several == []:
        raise Invalid("secrets is an empty list; give at least one")
    if params["hmac_key"] is not None and len(params["hmac_key"]) < _LEAST_KEY:
        raise Invalid(
            f"hmac_key has {len(params['hmac_key'])} characters, so that it could be guessed, and with it the values; "
            f"give {_LEAST_KEY} random ones or more, as of: openssl rand -base64 32"
        )
    secrets = [
        _wanted(item, params, index, f"secrets[{index}]: " if several else "", read)
        for index, item in enumerate(several or [params])
    ]
    keys = [secret.key for secret in secrets]
    for key in {key for key in keys if keys.count(key) > 1} if len(set(keys)) < len(keys) else ():
        raise Invalid(f"secrets: {key} was given {keys.count(key)} times; give it once")
    if len({bool(key.path) for key in keys}) > 1:
        raise Invalid("secrets: some have a path and some have none; give all of them one, or none")
    if params["cluster"] and keys[0].path:
        raise Invalid("cluster: true and path are two places; give one of them, and use two tasks for both")
    return secrets


def _wanted(
    given: Mapping[str, Any], params: Mapping[str, Any], index: int, where: str, read: Callable[[str], bytes]
) -> Wanted:
    definition = _definition(given, where, read)
    metadata = part(definition, "metadata")
    named = [_agreed(given, metadata, name, where) for name in ("name", "namespace")]
    key = SecretKey(named[1], named[0], given.get("path") or "")
    where = f"{where}{key}: "
    annotations = part(metadata, "annotations")
    scope = given.get("scope") or (scope_of(definition) if scope_of(definition) != STRICT else None)
    if not _NAME.fullmatch(key.name):
        raise Invalid(
            f"{where}name is missing, or one that Kubernetes does not take; use small letters, digits, - and ."
        )
    if not _NAMESPACE.fullmatch(key.namespace) and (key.namespace or scope != CLUSTER_WIDE or not key.path):
        raise Invalid(
            f"{where}namespace is missing, or one that Kubernetes does not take; only a secret of the scope "
            "cluster-wide in a file may do without"
        )
    values: dict[str, bytes] = {}
    if params["state"] == "present":
        values = dict(_values(given, definition, where, read))
        template = given.get("template") or {}
        if not values and not template.get("data") and not given.get("merge"):
            raise Invalid(f"{where}it would hold nothing; give string_data, data, files, env_files, definition or src")
        if "metadata" in template:
            raise Invalid(f"{where}template has metadata; say it by labels and annotations")
        if sum(map(len, values.values())) > _MOST_BYTES:
            raise Invalid(f"{where}its values have more than 1 MiB, which is the most that a Secret may hold")
        if given.get("remove_keys") and not given.get("merge"):
            raise Invalid(f"{where}remove_keys is for merge: true; without it the keys that are given are all")
        reserved = sorted({*_SCOPE_ANNOTATIONS.values(), SEALED_FOR, PROOFS} & set(given.get("own_annotations") or ()))
        if reserved:
            raise Invalid(f"{where}own_annotations has {', '.join(reserved)}, which scope and this module itself write")
        both = sorted(set(values) & set(given.get("remove_keys") or ()))
        if both:
            raise Invalid(f"{where}{', '.join(both)} is given, and in remove_keys as well; keep it in one of them")
    return Wanted(
        key,
        index,
        values,
        scope=scope,
        type=given.get("type") or definition.get("type"),
        immutable=definition.get("immutable") if given.get("immutable") is None else given["immutable"],
        labels=_texts("label", given.get("labels"), part(metadata, "labels"), where),
        annotations=_texts(
            "annotation",
            given.get("annotations"),
            {name: value for name, value in annotations.items() if name not in not_kept()},
            where,
        ),
        own_labels=_texts("label", given.get("own_labels"), {}, where) or {},
        own_annotations=_texts("annotation", given.get("own_annotations"), {}, where) or {},
        template=given.get("template") or {},
        merge=bool(given.get("merge")),
        removed=frozenset(given.get("remove_keys") or ()),
    )


def _definition(given: Mapping[str, Any], where: str, read: Callable[[str], bytes]) -> Mapping[str, Any]:
    if given.get("definition") and given.get("src"):
        raise Invalid(f"{where}definition and src are two Secrets; give one of them")
    if given.get("src"):
        found = [each for each in documents(_text(given["src"], read), given["src"]) if each is not None]
        if len(found) != 1:
            raise Invalid(f"{where}{given['src']} holds {len(found)} objects; expected one Secret")
        definition: Mapping[str, Any] = found[0]
    else:
        definition = given.get("definition") or {}
    if definition and (not isinstance(definition, Mapping) or definition.get("kind") != "Secret"):
        raise Invalid(f"{where}{given.get('src') or 'definition'} is no Secret (kind: Secret of apiVersion: v1)")
    return definition


def _agreed(given: Mapping[str, Any], metadata: Mapping[str, Any], name: str, where: str) -> str:
    said, defined = given.get(name), metadata.get(name)
    if said and defined and said != defined:
        raise Invalid(
            f"{where}{name} is {said}, and in the definition it is {defined}; say the same, or leave one of them out"
        )
    return str(said or defined or "")


def _values(
    given: Mapping[str, Any], definition: Mapping[str, Any], where: str, read: Callable[[str], bytes]
) -> Iterator[tuple[str, bytes]]:
    """Keys and values; what comes later wins, as stringData does over data."""
    for source in (definition, {"data": given.get("data"), "stringData": given.get("string_data")}):
        for name, value in part(source, "data").items():
            yield _item(name, where), _decoded(name, value, where)
        for name, value in part(source, "stringData").items():
            yield _item(name, where), _encoded(name, value, where)
    for path in given.get("env_files") or ():
        for name, text in _environment(path, _text(path, read), where):
            yield _item(name, where), text.encode()
    for name, path in (given.get("files") or {}).items():
        yield _item(name, where), read(str(path))


def _item(name: Any, where: str) -> str:
    if not isinstance(name, str) or not _ITEM.fullmatch(name):
        raise Invalid(f"{where}{name} is no key of a Secret; use letters, digits, -, _ and .")
    return name


def _encoded(name: str, value: Any, where: str) -> bytes:
    if not isinstance(value, str):
        raise Invalid(f"{where}the value of {name} is no text; put it into quotes")
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise Invalid(f"{where}the value of {name} is no Unicode; give binary values by data or files") from None


def _decoded(name: str, value: Any, where: str) -> bytes:
    try:
        return base64.b64decode("".join(value.split()) if isinstance(value, str) else value, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise Invalid(f"{where}the value of {name} in data is no base64; plain text goes into string_data") from None


def _environment(path: str, text: str, where: str) -> Iterator[tuple[str, str]]:
    """As kubectl reads ``--from-env-file``: no quotes, no expansion; it takes a lone name from its environment."""
    for number, line in enumerate(text.lstrip("\ufeff").split("\n"), 1):
        name, equals, value = line.removesuffix("\r").lstrip().partition("=")
        if name and not name.startswith("#"):
            if not equals:
                raise Invalid(f"{where}{path}, line {number} has no =; write each as NAME=value")
            yield name, value


def _text(path: str, read: Callable[[str], bytes]) -> str:
    try:
        return read(path).decode()
    except UnicodeDecodeError:
        raise Invalid(f"{path} is no text in UTF-8; give binary values by files") from None


def _texts(
    what: str, given: Optional[Mapping[str, Any]], defined: Mapping[str, Any], where: str
) -> Optional[Mapping[str, str]]:
    """Labels or annotations, which are texts; Ansible makes booleans and numbers of some."""
    if given is None and not defined:
        return None
    both = {**defined, **(given or {})}
    for name, value in both.items():
        if not isinstance(value, (str, bool, int, float)):
            raise Invalid(f"{where}the {what} {name} is no text; put it into quotes")
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in both.items()}


def file_mode(given: Any) -> int:
    """A mode in octal; one without quotes is a number already, as in Ansible's own modules."""
    try:
        mode = given if isinstance(given, int) else int(str(given), 8)
    except ValueError:
        mode = -1
    if not 0 <= mode <= 0o7777:
        raise Invalid(f"mode is {given}, expected one in octal; give it in quotes, as '0644'")
    return mode


def not_kept() -> frozenset[str]:
    """Annotations that do not go from a Secret into its template."""
    return frozenset((*_COPIES, *_SCOPE_ANNOTATIONS.values()))


def blanked(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What Ansible blanks wherever it stands in a result (its options are no_log), with its key."""
    for given in params["secrets"] or [params]:
        for holder in (given, given.get("definition") or {}):
            for option in ("string_data", "data", "stringData"):
                yield from ((name, str(value)) for name, value in part(holder, option).items() if value)


def scope_of(raw: Mapping[str, Any]) -> str:
    """The scope of a Secret or a SealedSecret; unsealing reads it in the metadata of the latter."""
    annotations = part(raw, "metadata", "annotations")
    return next((scope for scope, name in _SCOPE_ANNOTATIONS.items() if annotations.get(name) == "true"), STRICT)


def scoped(annotations: Mapping[str, str], scope: str) -> dict[str, str]:
    """The annotations, with those of this scope and of no other."""
    rest = {name: value for name, value in annotations.items() if name not in _SCOPE_ANNOTATIONS.values()}
    return {**rest, **({_SCOPE_ANNOTATIONS[scope]: "true"} if scope in _SCOPE_ANNOTATIONS else {})}


def part(raw: Any, *names: str) -> Mapping[str, Any]:
    """A structure within an object, empty if there is none."""
    for name in names:
        raw = raw.get(name) if isinstance(raw, Mapping) else None
    return raw if isinstance(raw, Mapping) else {}


def is_sealed(raw: Any) -> bool:
    return isinstance(raw, Mapping) and raw.get("kind") == KIND


def is_of(raw: Any, key: SecretKey) -> bool:
    """Whether a document is the SealedSecret of this name. Kustomize may be what gives it its namespace."""
    metadata = part(raw, "metadata") if is_sealed(raw) else {}
    return metadata.get("name") == key.name and (metadata.get("namespace") or key.namespace) == key.namespace
