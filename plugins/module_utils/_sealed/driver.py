# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Certificates, files and the cluster: the I/O of sealed_secret, sealed_secret_info and sealed_secret_reseal."""

from __future__ import annotations

import base64
import errno
import fcntl
import json
import os
import secrets
import stat
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timezone
from http.client import HTTPException
from typing import Any, Optional
from urllib.error import URLError

from ansible.module_utils.urls import open_url
from ansible_collections.ai_how.cloud.plugins.module_utils._core.command import RunCommand
from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import Delete
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import (
    Conflict,
    Invalid,
    Problem,
    Refused,
    Unavailable,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._core.plain_secrets import objects, plain_secrets
from ansible_collections.ai_how.cloud.plugins.module_utils._core.yaml_text import documents
from ansible_collections.ai_how.cloud.plugins.module_utils._kube.client import Client, Kind
from ansible_collections.ai_how.cloud.plugins.module_utils._kube.connection import connect as open_client
from ansible_collections.ai_how.cloud.plugins.module_utils._kube.connection import connection_argument_spec
from ansible_collections.ai_how.cloud.plugins.module_utils._kube.store import declare
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed import envelope, info, resealing
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed.document import with_document, without_document
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed.model import (
    CONTROLLER,
    SecretKey,
    Wanted,
    file_mode,
    is_of,
    is_sealed,
    part,
    wanted_secrets,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed.planner import (
    Action,
    Seal,
    SealedSecrets,
    Seen,
    sealed,
)

CONNECTION_ARGUMENTS = connection_argument_spec()
INFO_ARGUMENTS: Mapping[str, Any] = {
    **CONNECTION_ARGUMENTS,
    **CONTROLLER,
    "path": {"type": "path", "required": True},
    "verify": {"type": "bool", "default": False},
    "fail": {"type": "bool", "default": False},
}
RESEAL_ARGUMENTS: Mapping[str, Any] = {
    **CONNECTION_ARGUMENTS,
    **CONTROLLER,
    "path": {"type": "path", "required": True},
    "force": {"type": "bool", "default": False},
}

_SEALED_SECRET = Kind("bitnami.com", "v1alpha1", "SealedSecret", "sealedsecrets")
_SECRET = Kind("", "v1", "Secret", "secrets")
_SERVICE = Kind("", "v1", "Service", "services")
# Of a file, and more than an API server takes or a Secret may hold
_MOST_BYTES = 64 * 1024 * 1024
# The controller answers two such requests a second, and two more at once.
_VERIFICATIONS = 0.5


class _Controller:
    """The controller, through the API server, as kubeseal talks to it: by the first port of its Service."""

    def __init__(self, client: Client, params: Mapping[str, Any]) -> None:
        self._client = client
        self._namespace: str = params["controller_namespace"]
        self._name: str = params["controller_name"]
        service = client.get(_SERVICE, self._namespace, self._name)
        if service is None:
            raise Invalid(
                f"{self} is not there: there is no Service of this name; install Sealed Secrets, or correct "
                "controller_name and controller_namespace"
            )
        first = service["spec"]["ports"][0]
        self._port: str = first.get("name") or str(first["port"])

    def __str__(self) -> str:
        return f"the controller {self._namespace}/{self._name}"

    def ask(self, path: str, body: Optional[Mapping[str, Any]] = None) -> bytes:
        return self._client.proxy(self._namespace, self._name, self._port, path, body)

    def certificate(self) -> envelope.Certificate:
        """The newest."""
        return envelope.certificate(self.ask("/v1/cert.pem"), f"the certificate of {self}", datetime.now(timezone.utc))

    def opens(self, raw: Mapping[str, Any]) -> bool:
        try:
            self.ask("/v1/verify", raw)
            return True
        except Conflict:
            return False

    def reseal(self, raw: Mapping[str, Any], fingerprint: str) -> dict[str, Any]:
        """``raw`` for its newest certificate. Raises Refused for one that it cannot open."""
        sent = resealing.request(raw)
        try:
            answer = json.loads(self.ask("/v1/rotate", sent))
        except Unavailable:
            # Its answer to one that it cannot open is that of any error.
            time.sleep(_VERIFICATIONS)
            if self.opens(sent):
                raise
            raise Refused(f"{self} has no key that opens it; seal it anew with sealed_secret") from None
        return resealing.resealed(raw, answer, fingerprint)


class Task:
    """The two halves of one task of sealed_secret, as the runner takes them."""

    def __init__(self) -> None:
        self._items: Sequence[Wanted] = ()

    def domain(self, params: Mapping[str, Any]) -> SealedSecrets:
        self._items = wanted_secrets(params, _read)
        return SealedSecrets(params, self._items)

    def store(self, params: Mapping[str, Any]) -> SealedStore:
        return SealedStore(params, self._items)


class SealedStore:
    """SealedSecrets in files, in a cluster, or nowhere yet."""

    def __init__(self, params: Mapping[str, Any], items: Sequence[Wanted]) -> None:
        self._params = params
        self._items = items
        self._certificate: Optional[envelope.Certificate] = None
        self._client: Optional[Client] = None
        self._mode = file_mode(params["mode"])
        self._writing = threading.Lock()
        self._texts: dict[str, str] = {}
        self._seen: dict[SecretKey, Seen] = {}

    @property
    def world(self) -> Mapping[SecretKey, Seen]:
        return self._seen

    def observe(self, namespaces: Iterable[str]) -> Mapping[SecretKey, Seen]:
        """Everything that is asked of a cluster is a list for each namespace."""
        present = self._params["state"] == "present"
        if present and any(item.values for item in self._items):
            self._certificate = self._fetch_certificate()
        unread = ""
        deployed: Mapping[SecretKey, Mapping[str, Any]] = {}
        live: Mapping[SecretKey, Mapping[str, Any]] = {}
        if self._params["cluster"] or (present and self._asks_live()):
            deployed = self._list(_SEALED_SECRET, namespaces)
        if present and self._asks_live():
            try:
                live = self._list(_SECRET, namespaces)
            except Refused as refused:
                unread = str(refused)
        self._texts = {path: _text(path) for path in {item.key.path for item in self._items} if path}
        found = {path: documents(text, path) for path, text in self._texts.items()}
        for item in self._items:
            here = item.key._replace(path="")
            raw = _in_file(found[item.key.path], item.key) if item.key.path else deployed.get(here, {})
            self._seen[item.key] = Seen(
                raw if self._params["cluster"] or item.key.path else {},
                _opened(raw, deployed.get(here, {}), live.get(here, {})),
                unread,
                self._certificate.fingerprint if self._certificate else "",
            )
        return dict(self._seen)

    def apply(self, action: Action, dry_run: bool) -> Optional[Mapping[str, Any]]:
        try:
            if isinstance(action, Delete):
                self._delete(action, dry_run)
                return None
            session_keys = [secrets.token_bytes(envelope.SESSION_KEY_BYTES) for _value in action.values]
            raw = sealed(action, self._certificate, session_keys)
            if self._params["cluster"]:
                there, wanted = part(self._seen[action.key].raw, "spec", "encryptedData"), raw["spec"]["encryptedData"]
                if not dry_run and set(there) - set(wanted):
                    self._declare(raw, dry_run=True)  # one that is refused changes nothing
                raw = self._declare(raw, dry_run)
            elif action.key.path:
                self._write(action, raw, dry_run)
            before = self._seen[action.key]
            self._seen[action.key] = replace(before, raw=raw, opened={**before.opened, **action.values})
            return raw
        except Problem as problem:
            raise type(problem)(f"{action.key}: {problem}") from None

    def _declare(self, manifest: Mapping[str, Any], dry_run: bool) -> dict[str, Any]:
        raw = declare(self._kube(), _SEALED_SECRET, manifest, self._params["force_conflicts"], dry_run)
        foreign = sorted(set(raw["spec"]["encryptedData"]) - set(manifest["spec"]["encryptedData"]))
        if foreign:
            raise Refused(
                f"{', '.join(foreign)} stays, since another field manager put it there; delete the object, or apply it "
                "with that manager"
            )
        return raw

    def _write(self, action: Seal, raw: Mapping[str, Any], dry_run: bool) -> None:
        path = action.key.path
        with self._writing, _only_writer(path):
            text = _text(path)
            if text != self._texts[path] and _in_file(documents(text, path), action.key) != self._seen[action.key].raw:
                raise Conflict(f"{path} was changed by somebody else in the meantime; run the task again")
            new = with_document(text, lambda found: is_of(found, action.key), raw, path)
            if not dry_run:
                _replace(path, new, self._mode)
                self._texts[path] = new

    def _delete(self, action: Delete, dry_run: bool) -> None:
        key = action.key
        if key.path:
            with self._writing, _only_writer(key.path):
                text = without_document(_text(key.path), lambda found: is_of(found, key), key.path)
                if not dry_run:
                    _replace(key.path, text, self._mode)
        elif not dry_run:
            self._kube().delete(_SEALED_SECRET, key.namespace, key.name, action.uid)
        if not dry_run:
            self._seen.pop(key)

    def _asks_live(self) -> bool:
        if self._params["live"] is None:
            return bool(self._params["cluster"]) or not self._params["certificate"]
        return bool(self._params["live"])

    def _list(self, kind: Kind, namespaces: Iterable[str]) -> dict[SecretKey, Mapping[str, Any]]:
        found: dict[SecretKey, Mapping[str, Any]] = {}
        for namespace in namespaces:
            names = {item.key.name for item in self._items if item.key.namespace == namespace}
            only = {"field_selector": f"metadata.name={next(iter(names))}"} if len(names) == 1 else {}
            for raw in self._kube().list(kind, namespace, **only)[0] if namespace else ():
                name = raw["metadata"]["name"]
                if name in names:
                    found[SecretKey(namespace, name)] = {"apiVersion": "bitnami.com/v1alpha1", "kind": kind.kind, **raw}
        return found

    def _fetch_certificate(self) -> envelope.Certificate:
        origin = self._params["certificate"]
        if not origin:
            return _Controller(self._kube(), self._params).certificate()
        what = "the certificate" if "\n" in origin else f"the certificate {origin}"
        return envelope.certificate(_pem(origin), what, datetime.now(timezone.utc))

    def _kube(self) -> Client:
        if self._client is None:
            self._client = open_client(self._params)
        return self._client


def _pem(origin: str) -> bytes:
    if "\n" in origin:
        return origin.encode()
    if "://" not in origin:
        return _read(origin)
    try:
        with open_url(origin, timeout=30) as answer:
            body: bytes = answer.read(_MOST_BYTES)
            return body
    except (URLError, HTTPException, OSError, ValueError) as error:
        raise Unavailable(
            f"the certificate {origin} cannot be fetched: {error}; correct certificate, or give a file"
        ) from error


def _in_file(found: Sequence[Any], key: SecretKey) -> Mapping[str, Any]:
    for each in found:
        if isinstance(each, Mapping) and each.get("kind") == "Secret":
            raise Refused(f"{key}: the file holds a Secret in plain text; take it out of the file, and out of Git")
    return next((each for each in found if is_of(each, key)), {})


def _opened(raw: Mapping[str, Any], deployed: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, bytes]:
    """The values of the items of ``raw``, as far as the controller has opened these very ciphertexts."""
    status = part(deployed, "status")
    synced = any(each["type"] == "Synced" and each["status"] == "True" for each in status.get("conditions") or ())
    if not synced or status.get("observedGeneration") != deployed["metadata"].get("generation"):
        return {}
    if not any(
        owner.get("uid") == deployed["metadata"]["uid"] for owner in part(live, "metadata").get("ownerReferences", ())
    ):
        return {}
    items = part(raw, "spec", "encryptedData")
    same = [name for name, text in part(deployed, "spec", "encryptedData").items() if items.get(name) == text]
    data = part(live, "data")
    return {name: base64.b64decode(data[name]) for name in same if name in data}


def _read(path: str) -> bytes:
    try:
        with open(os.path.expanduser(path), "rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}; name a file that this user may read") from error
    if len(content) > _MOST_BYTES:
        raise Invalid(f"{path} has more than {_MOST_BYTES >> 20} MiB; name a smaller file")
    return content


def _text(path: str) -> str:
    """A file that may not be there yet."""
    try:
        return _read(path).decode() if os.path.exists(path) else ""
    except UnicodeDecodeError:
        raise Invalid(f"{path} is no text in UTF-8; name a file of manifests") from None


@contextmanager
def _only_writer(path: str) -> Iterator[None]:
    """Tasks that change files of one folder do it in turn, so that none undoes what another one has written.

    A file system without locks for folders has no turns.
    """
    folder = os.path.dirname(os.path.realpath(path))
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        if not os.access(folder, os.W_OK):
            raise _unwritable(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _unwritable(path: str, error: OSError) -> Invalid:
    return Invalid(
        f"{path} cannot be written: {error.strerror}; see that the folder is there, has space left, and lets this "
        "user write in it"
    )


def _replace(path: str, text: str, mode: int) -> None:
    """The file is the old one or the new one at any time; mode and owner stay, and so does a link to it."""
    path = os.path.realpath(path)
    try:
        there = os.stat(path) if os.path.exists(path) else None
        if not text:
            os.unlink(path)
            return
        handle, new = tempfile.mkstemp(dir=os.path.dirname(path), prefix=f".{os.path.basename(path)}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fchmod(file.fileno(), stat.S_IMODE(there.st_mode) if there else mode)
                if there and (there.st_uid, there.st_gid) != (os.geteuid(), os.getegid()):
                    os.fchown(file.fileno(), there.st_uid, there.st_gid)
                os.fsync(file.fileno())
            os.replace(new, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(new)
            raise
    except OSError as error:
        raise _unwritable(path, error) from error


def examine(params: Mapping[str, Any], _dry_run: bool, _run_command: RunCommand) -> dict[str, Any]:
    """The result of the module sealed_secret_info."""
    _must_be_there(params["path"])
    report = info.Report()
    controller = _Controller(open_client(params), params) if params["verify"] else None
    for _path, shown, found in _read_tree(params["path"], report.unread):
        manifests = list(objects(found))
        report.plain += [f"{shown}: {line}" for line in plain_secrets(manifests)]
        for raw in filter(is_sealed, manifests):
            entry = info.entry(raw, shown)
            if controller:
                time.sleep(_VERIFICATIONS if report.sealed else 0)
                entry["verified"] = controller.opens(raw)
            report.sealed.append(entry)
    return report.result(params["fail"])


def _must_be_there(path: str) -> None:
    if not os.path.exists(path):
        raise Invalid(f"{path} is not there; name a file of manifests, or a folder of them")


def reseal(params: Mapping[str, Any], dry_run: bool, _run_command: RunCommand) -> dict[str, Any]:
    """The result of the module sealed_secret_reseal. One that fails is told, and the others go on."""
    _must_be_there(params["path"])
    controller = _Controller(open_client(params), params)
    fingerprint = controller.certificate().fingerprint
    results: list[dict[str, Any]] = []
    for path, shown, found in _read_tree(params["path"], unread=[]):
        for raw in filter(is_sealed, objects(found)):
            keys = resealing.stale(raw, fingerprint)
            keys = sorted(part(raw, "spec", "encryptedData")) if params["force"] else keys
            name = raw["metadata"].get("name", "")
            result = {"path": shown, "name": name, "changed": False, "failed": False, "msg": ""}
            results.append(result)
            try:
                if keys and not any(raw is document for document in found):
                    raise Refused("it stands in a list; write it as a document of its own")
                if keys and not dry_run:
                    _reseal_in(path, raw, controller, fingerprint)
                result["changed"] = bool(keys)
            except Problem as problem:
                result.update(failed=True, msg=f"{shown}: {result['name']}: {problem}")
    failures = [result["msg"] for result in results if result["failed"]]
    changed = any(result["changed"] for result in results)
    return {"changed": changed, "failed": bool(failures), "msg": " | ".join(failures), "results": results}


def _reseal_in(path: str, raw: Mapping[str, Any], controller: _Controller, fingerprint: str) -> None:
    time.sleep(_VERIFICATIONS)
    new = controller.reseal(raw, fingerprint)
    with _only_writer(path):
        text = _text(path)
        if raw not in documents(text, path):
            raise Conflict("it was changed by somebody else in the meantime; run the task again")
        _replace(path, with_document(text, lambda document: bool(document == raw), new, path), 0)


def _read_tree(root: str, unread: list[str]) -> Iterator[tuple[str, str, list[Any]]]:
    """Each file of manifests, how it is called, and its documents. One that is no YAML, as a template of a chart, is
    told in ``unread``."""
    for path in _manifests(root):
        shown = os.path.relpath(path, root) if os.path.isdir(root) else path
        try:
            found = documents(_text(path), shown)
        except Invalid as problem:
            unread.append(str(problem))
            continue
        yield path, shown, found


def _manifests(path: str) -> Iterator[str]:
    if not os.path.isdir(path):
        yield path
        return
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (os.path.join(folder, name) for name in sorted(files) if name.endswith((".yaml", ".yml", ".json")))
