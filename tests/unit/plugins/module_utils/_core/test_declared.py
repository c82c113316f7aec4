# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans of one object; what of it is ours and as wanted is tested with Applications, in _argocd/test_planner.py."""

from __future__ import annotations

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import (
    Apply,
    Delete,
    Observed,
    equal,
    plan_absent,
    plan_present,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Refused

WANTED = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "namespace": "x"}, "data": {"k": "dg=="}}


def there(managed=("k",), deleting=False, **data):
    fields = {"f:data": {f"f:{name}": {} for name in managed}}
    metadata = {"name": "a", "namespace": "x", "uid": "u", "labels": {"of": "others"}}
    metadata["managedFields"] = [{"manager": "ai_how.cloud", "operation": "Apply", "fieldsV1": fields}]
    if deleting:
        metadata["deletionTimestamp"] = "2026-11-23T12:00:00Z"
    return Observed({"metadata": metadata, "data": {"k": "dg==", **data}})


@pytest.mark.parametrize(
    ("observed", "applied"),
    [
        (None, True),
        (there(), False),
        (there(k="bmV3"), True),
        (there(other="dg=="), False),
        (there(managed=("k", "dropped"), dropped="dg=="), True),
        (there(managed=("k", "dropped")), False),
    ],
)
def test_what_differs_or_was_dropped_is_applied(observed, applied):
    assert plan_present("a", WANTED, observed) == ((Apply("a", WANTED),) if applied else ())


def test_what_is_being_deleted_is_not_declared():
    with pytest.raises(Refused, match=r"^a is being deleted; wait until it is gone"):
        plan_present("a", WANTED, there(deleting=True))


def test_a_deletion_means_this_very_object_and_once():
    assert plan_absent("a", there()) == (Delete("a", "u"),)
    assert plan_absent("a", there(deleting=True)) == plan_absent("a", None) == ()


def test_values_are_equal_as_in_json():
    assert equal({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]})
    assert not equal({"a": True}, {"a": 1})
