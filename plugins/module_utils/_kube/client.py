# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The few requests that the drivers need of the Kubernetes API, without discovery, each error told as a Problem."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import (
    Conflict,
    Invalid,
    Missing,
    Problem,
    Refused,
    Unavailable,
)

try:
    import urllib3
    from kubernetes.client import ApiClient
    from kubernetes.client.rest import ApiException
    from kubernetes.dynamic import DynamicClient
    from kubernetes.dynamic.resource import Resource
except ImportError:  # connection.connect() says so before anything here is used
    pass

# Seconds to connect, and seconds without a byte of an answer.
_TIMEOUT = (5, 60)
# How often to come again to a server that starts or is busy, and the seconds after which, doubled each time: 15 in all.
_COME_AGAIN = 5
_COME_AGAIN_AFTER = 0.5


@dataclass(frozen=True)
class Kind:
    """A namespaced kind of the API: ``Kind("argoproj.io", "v1alpha1", "Application", "applications")``."""

    group: str
    version: str
    kind: str
    plural: str

    def __str__(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural


_POD = Kind("", "v1", "Pod", "pods")
_SERVICE = Kind("", "v1", "Service", "services/proxy")
_LOG = Kind("", "v1", "Log", "pods/log")


class Client:
    """Requests to one API server. Objects are plain dictionaries as the API gives them.

    Every method raises Unavailable (no answer), Refused (401, 403, admission), Conflict (409), Invalid (400, 422).
    """

    def __init__(self, configuration: Any, impersonate_user: str = "") -> None:
        self.host: str = configuration.host
        configuration.retries = urllib3.Retry(
            connect=1,
            read=0,
            other=0,
            status=_COME_AGAIN,
            status_forcelist=(429, 503),
            backoff_factor=_COME_AGAIN_AFTER,
            respect_retry_after_header=False,
            allowed_methods=None,
            raise_on_status=False,
        )
        if not configuration.verify_ssl:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        api_client = ApiClient(configuration)
        if impersonate_user:
            api_client.set_default_header("Impersonate-User", impersonate_user)
        self._dynamic = DynamicClient(api_client, discoverer=_NoDiscovery)

    def list(self, kind: Kind, namespace: str, **selectors: str) -> tuple[list[dict[str, Any]], str]:
        """All objects of a kind in a namespace, and the resourceVersion to watch from. None where there are none.

        ``selectors``: ``field_selector`` and ``label_selector``, in the words of the API.
        """
        answer = self._request("list", kind, namespace, "get", **selectors)
        return answer["items"], answer["metadata"]["resourceVersion"]

    def get(self, kind: Kind, namespace: str, name: str) -> Optional[dict[str, Any]]:
        """One object, or None."""
        try:
            return self._request("get", kind, namespace, "get", name=name)
        except Missing:
            return None

    def log(self, namespace: str, pod: str, container: str, lines: int, previous: bool) -> str:
        """The last lines of a container's log. ``previous``: of the one that ran before the present one."""
        query = [("container", container), ("tailLines", lines), ("previous", str(previous).lower())]
        path = f"{_resource(_POD, self._dynamic).path(namespace=namespace, name=pod)}/log"
        return self._send(
            "get",
            _LOG,
            namespace,
            pod,
            lambda: self._dynamic.request("get", path, query_params=query, serialize=False, _request_timeout=_TIMEOUT),
        ).decode(errors="replace")

    def proxy(
        self, namespace: str, service: str, port: str, path: str, body: Optional[Mapping[str, Any]] = None
    ) -> bytes:
        """What a port of a Service answers to a GET, or to a POST of ``body``, through the API server."""
        target = f"/api/v1/namespaces/{namespace}/services/http:{service}:{port}/proxy{path}"
        method = "get" if body is None else "post"
        return self._send(
            method,
            _SERVICE,
            namespace,
            service,
            lambda: self._dynamic.request(
                method,
                target,
                body=body,
                content_type="application/json",
                serialize=False,
                _request_timeout=_TIMEOUT,
            ),
        )

    def apply(
        self, kind: Kind, body: Mapping[str, Any], field_manager: str, force: bool = False, dry_run: bool = False
    ) -> dict[str, Any]:
        """Server-side apply; the object as it then is (as it would be, with ``dry_run``)."""
        namespace, name = body["metadata"]["namespace"], body["metadata"]["name"]
        return self._answer(
            "patch",
            kind,
            namespace,
            name,
            lambda: self._dynamic.request(
                "patch",
                _resource(kind, self._dynamic).path(namespace=namespace, name=name),
                # JSON is YAML, but not with the pairs of escapes in which the client writes characters beyond the BMP.
                # The charset lets every version of it send text as it is.
                body=json.dumps(body, ensure_ascii=False).encode(),
                content_type="application/apply-patch+yaml; charset=utf-8",
                field_manager=field_manager,
                force_conflicts=force,
                dry_run="All" if dry_run else None,
                serialize=False,
                _request_timeout=_TIMEOUT,
            ),
        )

    def merge_patch(
        self, kind: Kind, namespace: str, name: str, patch: Mapping[str, Any], field_manager: str
    ) -> dict[str, Any]:
        """JSON merge patch. Put ``metadata.resourceVersion`` into it to make it compare-and-swap."""
        return self._request(
            "patch",
            kind,
            namespace,
            "patch",
            name=name,
            body=patch,
            field_manager=field_manager,
            content_type="application/merge-patch+json",
        )

    def delete(self, kind: Kind, namespace: str, name: str, uid: str) -> None:
        """Delete the object with this uid; nothing happens if it is gone already."""
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}}
        with contextlib.suppress(Missing):
            self._request("delete", kind, namespace, "delete", name=name, body=body)

    def watch(self, kind: Kind, namespace: str, resource_version: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Events ``(ADDED|MODIFIED|DELETED, object)`` since a resourceVersion, until the server ends the stream.

        Raises Conflict when the resourceVersion is too old: list again.
        """
        resource = _resource(kind, self._dynamic)
        try:
            response = self._dynamic.get(
                resource,
                namespace=namespace,
                watch=True,
                resource_version=resource_version,
                timeout_seconds=300,
                serialize=False,
                _request_timeout=(_TIMEOUT[0], 330),
            )
            buffer = b""
            for chunk in response.stream(amt=None, decode_content=False):
                *lines, buffer = (buffer + chunk).split(b"\n")
                for line in filter(None, lines):
                    event = self._json(line)
                    if event["type"] == "ERROR":
                        status = event["object"]
                        raise Conflict(f"watch of {kind} ended: {status.get('message', status.get('reason'))}")
                    yield event["type"], event["object"]
        except ApiException as error:
            raise self._problem("watch", kind, namespace, "", error) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._unreachable(error) from error

    def _request(self, verb: str, kind: Kind, namespace: str, method: str, **arguments: Any) -> dict[str, Any]:
        send = getattr(self._dynamic, method)
        return self._answer(
            verb,
            kind,
            namespace,
            arguments.get("name", ""),
            lambda: send(
                _resource(kind, self._dynamic),
                namespace=namespace,
                serialize=False,
                _request_timeout=_TIMEOUT,
                **arguments,
            ),
        )

    def _answer(self, verb: str, kind: Kind, namespace: str, name: str, send: Callable[[], Any]) -> dict[str, Any]:
        return self._json(self._send(verb, kind, namespace, name, send))

    def _send(self, verb: str, kind: Kind, namespace: str, name: str, send: Callable[[], Any]) -> bytes:
        try:
            body: bytes = send().data
            return body
        except ApiException as error:
            raise self._problem(verb, kind, namespace, name, error) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._unreachable(error) from error

    def _json(self, text: bytes) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = json.loads(text)
            return answer
        except ValueError as error:
            raise Unavailable(
                f"{self.host} answers, but not as a Kubernetes API; correct host or kubeconfig"
            ) from error

    def _unreachable(self, error: Exception) -> Unavailable:
        reason = re.sub(
            r"<[^>]*>[,:]? ?|\w*Connection(Pool)?\([^)]*\): ?", "", str(getattr(error, "reason", "") or error)
        )
        hint = "is the server up, and host or kubeconfig right?"
        if "certificate" in reason.lower():
            hint = "give the right ca_cert, or a kubeconfig of this very cluster"
        return Unavailable(f"the Kubernetes API at {self.host} cannot be reached ({reason.strip()}): {hint}")

    def _problem(self, verb: str, kind: Kind, namespace: str, name: str, error: Any) -> Problem:
        status = _status(error)
        message = str(status.get("message") or error.reason or "").strip()
        what = f'{kind.kind} "{name}" in namespace {namespace}' if name else f"{kind} in namespace {namespace}"
        if error.status == 401:
            return Refused(
                f"the Kubernetes API at {self.host} does not accept the credentials (401 Unauthorized): they are wrong "
                "or expired; renew the kubeconfig, api_key or client_cert"
            )
        if error.status == 403:
            return Refused(f"not allowed to {verb} {what}: {message}; grant the verb, or use other credentials")
        if error.status == 404:
            if not (status.get("details") or {}).get("name"):
                return Missing(
                    f"the Kubernetes API at {self.host} does not know {kind}: install what brings it "
                    "(Argo CD for argoproj.io), or point to the cluster that has it"
                )
            return Missing(f"{what}: {message}")
        if error.status == 409:
            return Conflict(f"{what}: {message}")
        if error.status in (400, 413, 415, 422) or "failed to create typed patch object" in message:
            return Invalid(f"{what} was rejected: {message}")
        if error.status == 429 or error.status >= 500:
            return Unavailable(
                f"the Kubernetes API at {self.host} answered {error.status} for {what}: {message}; try again"
            )
        return Refused(f"{what}: {error.status} {message}")


class _NoDiscovery:
    """The kinds are known: discovery would cost two requests a run and a cache file in /tmp."""

    def __init__(self, client: Any, cache_file: Any) -> None:
        pass


def _resource(kind: Kind, client: Any) -> Any:
    return Resource(
        prefix="apis" if kind.group else "api",
        group=kind.group,
        api_version=kind.version,
        kind=kind.kind,
        name=kind.plural,
        namespaced=True,
        client=client,
    )


def _status(error: Any) -> dict[str, Any]:
    try:
        status = json.loads(error.body)
    except (TypeError, ValueError):
        return {}
    return status if isinstance(status, dict) else {}
