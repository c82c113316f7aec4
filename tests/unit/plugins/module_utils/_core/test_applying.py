# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Server-side apply without a server that can; that it converges is tested in _argocd/test_convergence.py."""

from __future__ import annotations

import json

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.applying import APPLIED_ANNOTATION, merged, noted
from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import is_applied
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Refused

NAMES = {"name": "a", "namespace": "x"}


def manifest(spec, **metadata):
    return {"apiVersion": "v1", "kind": "Thing", "metadata": {**NAMES, **metadata}, "spec": spec}


def written(body, others=(), **changes):
    """What the server has after a write: all fields are its own, but for those of others."""
    fields = {"f:metadata": {"f:annotations": {f"f:{APPLIED_ANNOTATION}": {}}}}
    fields["f:spec"] = {f"f:{name}": {} for name in body["spec"]}
    managers = [{"manager": "server", "operation": "Update", "fieldsV1": fields}, *others]
    return noted({**body, **changes, "metadata": {**body["metadata"], "uid": "u", "managedFields": managers}})


def owned_by(manager, *names):
    return {"manager": manager, "operation": "Update", "fieldsV1": {"f:spec": {f"f:{name}": {} for name in names}}}


def test_a_new_object_is_the_manifest_and_a_note():
    wanted = manifest({"size": 1, "of": {"b": [1]}}, labels={"l": "1"}, finalizers=["example.org/f"])
    body = merged("a", wanted, None, force=False)
    note = json.loads(body["metadata"]["annotations"].pop(APPLIED_ANNOTATION))
    assert body == {**wanted, "metadata": {**wanted["metadata"], "annotations": {}}}
    assert note == {
        "f:metadata": {"f:labels": {"f:l": {}}, "f:finalizers": {'v:"example.org/f"': {}}},
        "f:spec": {"f:size": {}, "f:of": {"f:b": {}}},
    }


def test_the_note_is_seen_as_managed_fields_and_not_as_an_annotation():
    live = written(merged("a", manifest({"size": 1}), None, force=False))
    assert "annotations" not in live["metadata"]
    assert is_applied(manifest({"size": 1}), live)
    assert not is_applied(manifest({}), live)


def test_other_annotations_stay():
    live = written(merged("a", manifest({"size": 1}, annotations={"n": "1"}), None, force=False))
    assert live["metadata"]["annotations"] == {"n": "1"}


@pytest.mark.parametrize("note", ["no JSON", "[]"])
def test_a_note_of_somebody_else_says_nothing(note):
    live = noted(manifest({"size": 1}, annotations={APPLIED_ANNOTATION: note}))
    assert is_applied(manifest({}), live)


def test_what_was_dropped_goes_with_what_is_empty_then_and_what_others_set_stays():
    first = manifest(
        {"size": 1, "of": {"b": {"c": 1}}}, labels={"l": "1"}, finalizers=["example.org/f", "example.org/g"]
    )
    body = merged("a", first, None, force=False)
    live = written(body, spec={**body["spec"], "theirs": True})
    after = merged("a", manifest({"size": 1}, finalizers=["example.org/g"]), live, force=False)
    assert after["spec"] == {"size": 1, "theirs": True}
    assert "labels" not in after["metadata"]
    assert after["metadata"]["finalizers"] == ["example.org/g"]


def test_what_was_dropped_stays_where_it_is_anothers_too():
    live = written(merged("a", manifest({"size": 1, "big": 2}), None, force=False), [owned_by("kubectl", "big")])
    assert merged("a", manifest({"size": 1}), live, force=False)["spec"] == {"size": 1, "big": 2}


def test_what_was_dropped_and_is_gone_already():
    body = merged("a", manifest({"size": 1, "big": 2}), None, force=False)
    live = written(body, spec={"size": 1})
    assert merged("a", manifest({"size": 1}), live, force=False)["spec"] == {"size": 1}


def test_a_field_of_another_manager_is_refused_by_name_unless_forced():
    live = written(merged("a", manifest({"size": 1}), None, force=False), [owned_by("kubectl", "big")])
    live["spec"]["big"] = 2
    assert merged("a", manifest({"big": 2}), live, force=False)["spec"] == {"big": 2}
    with pytest.raises(Refused, match=r'^a: conflict with "kubectl": \.spec\.big; .*force_conflicts: true$'):
        merged("a", manifest({"big": 3}), live, force=False)
    assert merged("a", manifest({"big": 3}), live, force=True)["spec"] == {"big": 3}


def test_a_field_that_somebody_set_through_the_same_server_is_anothers():
    live = written(merged("a", manifest({"size": 1}), None, force=False))
    live["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:big"] = {}
    live["spec"]["big"] = 2
    with pytest.raises(Refused, match=r'conflict with "server": \.spec\.big'):
        merged("a", manifest({"size": 1, "big": 3}), live, force=False)
    assert merged("a", manifest({"size": 2}), live, force=False)["spec"] == {"size": 2, "big": 2}
