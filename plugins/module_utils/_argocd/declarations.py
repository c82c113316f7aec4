# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the modules share that declare something else than applications: the objects of a task, their plans and reports.

What is Argo CD's own of a kind stands in applicationsets.py, projects.py, repositories.py and clusters.py.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional, TypeVar, Union

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import NAMESPACE_NAME, OBJECT_NAME
from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import (
    Apply,
    Delete,
    Observed,
    plan_absent,
    plan_present,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._core.options import Options, argument_spec, camel_case
from ansible_collections.ai_how.cloud.plugins.module_utils._core.redact import Hidden

K = TypeVar("K")

SECRET_TYPE = "argocd.argoproj.io/secret-type"
# With it Argo CD deletes the Secret when its CLI or UI deletes the object; else it only forgets it.
_MANAGED_BY = {"managed-by": "argocd.argoproj.io"}

# Added by others, or always the same: no part of what a task declares.
_NOT_SHOWN = (SECRET_TYPE, "kubectl.kubernetes.io/last-applied-configuration")


def arguments(options: Options, several: str) -> dict[str, Any]:
    """The module's arguments beside those of the connection. ``several``: the option for a list of such objects."""
    spec = argument_spec(options)
    return {
        **spec,
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "namespace": {"type": "str", "default": "argocd"},
        several: {"type": "list", "elements": "dict", "options": spec},
        "force_conflicts": {"type": "bool", "default": False},
    }


def constraints(options: Options, several: str) -> dict[str, Any]:
    """AnsibleModule's constraints: the options of one object, or a list of them. The first option names it."""
    return {
        "mutually_exclusive": [[several, option] for option in options],
        "required_one_of": [[next(iter(options)), several]],
    }


@dataclass(frozen=True)
class Wanted:
    """One object of the task. ``key`` names it, ``manifest`` is what is applied, as far as the options say it.

    ``denied``: what was given as false or empty, which is written only over what is there.
    """

    key: Any
    manifest: Mapping[str, Any]
    denied: Mapping[str, str] = field(default_factory=dict)


class Declarations:
    """The objects of one task; a domain of the runner. Raises Invalid for options that cannot be right."""

    several: str

    def __init__(self, params: Mapping[str, Any]) -> None:
        self._state: str = params["state"]
        self.items = self._parse(params)

    def wanted(self, params: Mapping[str, Any], namespace: str, where: str) -> Wanted:
        """From options as AnsibleModule gives them. ``where`` begins the messages, for items of a list."""
        raise NotImplementedError

    def manifest(self, item: Wanted, observed: Optional[Observed]) -> Mapping[str, Any]:
        """What is applied, given what is there."""
        return item.manifest

    def refusal(self, item: Wanted, observed: Observed) -> str:
        """Why it must not be deleted, in one sentence; empty if it may."""
        return ""

    def warnings(self, item: Wanted, observed: Optional[Observed]) -> Sequence[str]:
        return []

    def view(self, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        """What of an object is declared."""
        raise NotImplementedError

    def told(self, item: Wanted, observed: Optional[Observed]) -> Mapping[str, Any]:
        """What the result tells beside name and namespace."""
        return {}

    def plan(self, item: Wanted, observed: Optional[Observed]) -> Sequence[Union[Apply, Delete]]:
        if observed and observed.twins:
            names = ", ".join([observed.name, *observed.twins])
            raise Refused(
                f"{item.key} is declared by several Secrets in namespace {item.key.namespace} ({names}), of which "
                "Argo CD takes any; delete all but one"
            )
        if self._state == "present":
            return plan_present(item.key, self.manifest(item, observed), observed)
        if observed and (refusal := self.refusal(item, observed)):
            raise Refused(refusal)
        return plan_absent(item.key, observed)

    def foresee(self, item: Wanted, observed: Optional[Observed], changed: bool) -> tuple[bool, str]:
        """Check mode: the plan is all that would be done."""
        verb = "deleted" if self._state == "absent" else "changed" if observed else "created"
        return changed, f"would be {verb}" if changed else ""

    def _parse(self, params: Mapping[str, Any]) -> Sequence[Wanted]:
        namespace, several = params["namespace"], params[self.several]
        if not NAMESPACE_NAME.fullmatch(namespace):
            raise Invalid(
                f'Kubernetes does not take the namespace "{namespace}"; use lower-case letters, digits and - for it'
            )
        if several is None:
            return [self.wanted(params, namespace, "")]
        if not several:
            raise Invalid(f"{self.several} is an empty list; give at least one")
        items = [self.wanted(item, namespace, f"{self.several}[{index}]: ") for index, item in enumerate(several)]
        keys = [item.key for item in items]
        for key in keys:
            if keys.count(key) > 1:
                raise Invalid(f"{self.several}: {key} was given {keys.count(key)} times; give it once")
        return items


def named(
    make_key: Callable[[str, str], K], article: str, what: str, params: Mapping[str, Any], namespace: str, where: str
) -> K:
    """The key of an object that Kubernetes knows by the name that is given. Raises Invalid without a valid one."""
    name = (params.get("name") or "").strip()
    if not name:
        raise Invalid(f"{where}{article} {what}: name is missing; give every {what} a name")
    key = make_key(namespace, name)
    if not OBJECT_NAME.fullmatch(name):
        raise Invalid(f"{where}{key}: Kubernetes does not take this name; use lower-case letters, digits, - and .")
    return key


class SecretDeclarations(Declarations):
    """Objects that Argo CD keeps in Secrets, of which it knows the kind by a label.

    ``plain``: the keys of the Secret whose values are no secrets.
    """

    plain: Collection[str]

    def manifest(self, item: Wanted, observed: Optional[Observed]) -> Mapping[str, Any]:
        """In the Secret that has it already, whatever its name."""
        if observed is None:
            return item.manifest
        there = observed.raw.get("data") or {}
        denied = {name: encoded(value) for name, value in item.denied.items() if name in there}
        return {
            **item.manifest,
            "metadata": {**item.manifest["metadata"], "name": observed.name},
            "data": {**item.manifest["data"], **denied},
        }

    def view(self, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"metadata": shown_metadata(raw), "data": self.shown_data(decoded(raw))}

    def shown_data(self, data: Mapping[str, str]) -> Mapping[str, Any]:
        """The Secret's values, secrets hidden."""
        return {name: value if name in self.plain else Hidden(value) for name, value in data.items()}

    def told(self, item: Wanted, observed: Optional[Observed]) -> Mapping[str, Any]:
        return {"object": observed.name} if observed else {}


def shown_metadata(raw: Mapping[str, Any], not_shown: Collection[str] = ()) -> dict[str, Any]:
    """Labels, annotations and finalizers, without what others add."""
    metadata = raw["metadata"]
    shown = {
        name: {key: value for key, value in metadata.get(name, {}).items() if key not in (*_NOT_SHOWN, *not_shown)}
        for name in ("labels", "annotations")
    }
    finalizers = {"finalizers": metadata["finalizers"]} if metadata.get("finalizers") else {}
    return {**{name: values for name, values in shown.items() if values}, **finalizers}


def secret(
    namespace: str, name: str, kind: str, params: Mapping[str, Any], data: Mapping[str, str], plain: Collection[str]
) -> dict[str, Any]:
    """The manifest of a Secret as Argo CD makes it. All values but ``plain`` ones are hidden."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {**(params.get("labels") or {}), SECRET_TYPE: kind},
            "annotations": {**(params.get("annotations") or {}), **_MANAGED_BY},
        },
        "data": {key: (str if key in plain else Hidden)(encoded(value)) for key, value in data.items()},
    }


def encoded(text: str) -> str:
    """As it stands in a Secret."""
    return base64.b64encode(text.encode()).decode()


def decoded(raw: Mapping[str, Any]) -> dict[str, str]:
    """The values of a Secret as text."""
    data = raw.get("data") or {}
    return {key: base64.b64decode(value).decode(errors="replace") for key, value in data.items()}


def hidden(options: Options, value: Mapping[str, Any]) -> dict[str, Any]:
    """``value``, in the API's names, with all hidden but what the options know as no secret."""
    known = {opt.api or camel_case(name): opt for name, opt in options.items() if not opt.no_log}

    def shown(name: str, item: Any) -> Any:
        if name not in known:
            return _all_hidden(item)
        below = known[name].options
        return hidden(below, item) if below and isinstance(item, Mapping) else item

    return {name: shown(name, item) for name, item in value.items()}


def _all_hidden(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _all_hidden(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_all_hidden(item) for item in value]
    return value if isinstance(value, bool) or value is None else Hidden(value)


def fnv32a(*texts: str) -> int:
    """The hash in the names that Argo CD gives to its Secrets (FNV-1a, 32 bits)."""
    number = 0x811C9DC5
    for byte in "".join(texts).encode():
        number = (number ^ byte) * 0x01000193 & 0xFFFFFFFF
    return number
