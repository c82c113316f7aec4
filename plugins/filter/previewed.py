# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: previewed
short_description: What a dry run of kubernetes.core.k8s would change, object by object
version_added: 0.1.0
author:
  - ai_how.cloud contributors (@ai-how)
description:
  - Makes lines for a person of what M(kubernetes.core.k8s) answers to a list of objects in check mode, with C(diff) and
    C(continue_on_error).
  - Made for the role P(ai_how.cloud.gitops_apps#role). It may change or go without notice; use it in no other place.
options:
  _input:
    description: The answer of the module.
    type: dict
    required: true
  objects:
    description: The objects that it was asked to apply, in the same order.
    type: list
    elements: dict
    required: true
  new_namespace:
    description: A namespace that Argo CD makes, so that it need not be there.
    type: str
    default: ""
positional: objects, new_namespace
"""

EXAMPLES = r"""
- name: Show what would change
  ansible.builtin.debug:
    msg: "{{ answer | ai_how.cloud.previewed(objects) | map(attribute='lines') | flatten }}"
  # PersistentVolumeClaim/minio-storage spec.resources.requests.storage: 100Gi -> 200Gi
"""

RETURN = r"""
_value:
  description:
    - One entry for each object that would change or is refused, with C(change) (V(new), V(changed) or V(refused)) and
      C(lines).
  type: list
  elements: dict
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._core.answers import api_message
from ansible_collections.ai_how.cloud.plugins.module_utils._core.redact import Hidden, redact_change

# Written by the API server with each apply, whatever it changes; and by controllers, as they come.
_NOISE = frozenset(("metadata.managedFields", "metadata.generation", "metadata.resourceVersion", "status"))
_WIDTH = 100


def previewed(
    answer: Mapping[str, Any], objects: Sequence[Mapping[str, Any]], new_namespace: str = ""
) -> list[dict[str, Any]]:
    """``[{"change": "changed", "lines": ["Service/web spec.type: ClusterIP -> NodePort"]}]``"""
    if "result" not in answer:
        return [{"change": "refused", "lines": [_reason(str(answer.get("msg", "no answer")))]}]
    found = []
    for each, entry in zip(objects, answer["result"].get("results", [answer])):
        name = f"{each['kind']}/{each['metadata']['name']}"
        if entry.get("error"):
            reason = _reason(entry["error"]["msg"])
            change = "new" if reason == f'namespaces "{new_namespace}" not found' else "refused"
            found.append({"change": change, "lines": [f"{name}: {reason if change == 'refused' else 'new'}"]})
            continue
        before, after = _without_secrets(each["kind"], entry.get("diff", {}))
        if after and not before:
            found.append({"change": "new", "lines": [f"{name}: new"]})
        else:
            lines = [f"{name} {path}: {_shown(old)} -> {_shown(new)}" for path, old, new in _leaves(before, after)]
            found += [{"change": "changed", "lines": lines}] if lines else []
    return found


def _without_secrets(kind: str, diff: Mapping[str, Any]) -> tuple[Any, Any]:
    """Before and after, masked: what is taken out of Git may be a secret of before."""
    before, after = diff.get("before", {}), diff.get("after", {})
    if kind == "Secret":
        before, after = _hidden(before), _hidden(after)
    shown: tuple[Any, Any] = redact_change(before, after)
    return shown


def _hidden(secret: Mapping[str, Any]) -> dict[str, Any]:
    values = {key: secret[key] for key in ("data", "stringData") if isinstance(secret.get(key), Mapping)}
    return {**secret, **{key: {name: Hidden(value) for name, value in data.items()} for key, data in values.items()}}


def _leaves(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The innermost places that differ."""
    if before == after or path in _NOISE:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({**before, **after}):
            yield from _leaves(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after)):
            yield from _leaves(old, new, f"{path}[{number}]")
    else:
        yield path, before, after


def _shown(value: Any) -> str:
    text = "none" if value is None else value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    text = " ".join(text.split())
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def _reason(message: str) -> str:
    """What the API server says, out of the words of the module."""
    return api_message(message) or " ".join(message.split())


class FilterModule:
    def filters(self) -> dict[str, Callable[..., list[dict[str, Any]]]]:
        return {"previewed": previewed}
