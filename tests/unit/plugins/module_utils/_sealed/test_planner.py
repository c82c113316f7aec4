# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import Delete
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._core.redact import redact_change
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed import envelope
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed.model import (
    PROOFS,
    SCOPES,
    SEALED_FOR,
    wanted_secrets,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed.planner import SealedSecrets, Seen, sealed
from hypothesis import given, settings
from hypothesis import strategies as st

from .controller import NOW, pem, rsa_key, unsealed
from .test_model import task

CERTIFICATE = envelope.certificate(pem(), "it", NOW)
OTHER = envelope.certificate(pem(rsa_key(1)), "it", NOW)
HMAC = "0123456789abcdef0123456789abcdef"
A = {"name": "a", "namespace": "b", "path": "f", "hmac_key": HMAC}


def domain(**options):
    params = task(**{**A, **options})
    return SealedSecrets(params, wanted_secrets(params, {}.__getitem__))


NOTHING = Seen()


def run(seen=NOTHING, certificate=CERTIFICATE, **options):
    """The task on what is there: what is there afterwards, and which items were sealed."""
    secrets = domain(**options)
    (item,) = secrets.items
    seen = replace(seen, fingerprint=certificate.fingerprint)
    actions = secrets.plan(item, seen)
    if not actions:
        return seen, None
    keys = [bytes([number + 1]) * 32 for number in range(len(actions[0].values))]
    return Seen(sealed(actions[0], certificate, keys)), set(actions[0].values)


def entries(seen, name):
    return json.loads(seen.raw["metadata"]["annotations"].get(name, "{}"))


@pytest.mark.parametrize("scope", SCOPES)
def test_sealed_opens_and_a_second_run_changes_nothing(scope):
    options = {"string_data": {"x": "1", "y": ""}, "scope": scope, "labels": {"l": "m"}, "type": "Opaque"}
    seen, sealing = run(**options)
    assert unsealed(seen.raw) == {"x": b"1", "y": b""}
    assert sealing == {"x", "y"}
    assert run(seen, **options)[1] is None
    template = seen.raw["spec"]["template"]
    assert (template["type"], template["metadata"]["labels"]) == ("Opaque", {"l": "m"})
    wide = {f"sealedsecrets.bitnami.com/{scope}": "true"} if scope != "strict" else {}
    assert template["metadata"].get("annotations", {}) == wide
    assert {name: value for name, value in seen.raw["metadata"]["annotations"].items() if "ai-how" not in name} == wide


def test_its_own_labels_and_annotations_are_not_those_of_the_secret():
    own = {"own_labels": {"team": "a"}, "own_annotations": {"argocd.argoproj.io/sync-wave": -1}}
    seen, _sealing = run(string_data={"x": "1"}, labels={"app": "web"}, **own)
    assert seen.raw["metadata"]["labels"] == {"team": "a"}
    assert seen.raw["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] == "-1"
    assert seen.raw["spec"]["template"]["metadata"] == {"name": "a", "namespace": "b", "labels": {"app": "web"}}
    assert run(seen, string_data={"x": "1"}, **own)[1] is None
    other, sealing = run(seen, string_data={"x": "1"}, own_labels={"team": "b"})
    assert (other.raw["metadata"]["labels"], sealing) == ({"team": "b"}, set())
    assert other.raw["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] == "-1"


@pytest.mark.parametrize("name", ["sealedsecrets.bitnami.com/cluster-wide", SEALED_FOR, PROOFS])
def test_annotations_that_are_written_by_other_options_are_refused(name):
    with pytest.raises(Invalid, match="which scope and this module itself write"):
        domain(string_data={"x": "1"}, own_annotations={name: "true"})


def test_only_what_changed_is_sealed_anew():
    seen, _sealing = run(string_data={"x": "1", "y": "2"})
    again, sealing = run(seen, string_data={"x": "1", "y": "3"})
    assert sealing == {"y"}
    assert again.raw["spec"]["encryptedData"]["x"] == seen.raw["spec"]["encryptedData"]["x"]
    assert unsealed(again.raw) == {"x": b"1", "y": b"3"}


def test_a_ciphertext_that_another_program_put_there_is_not_trusted():
    """Its proof is of the one before, and so is the certificate that is noted."""
    seen, _sealing = run(string_data={"x": "1"})
    foreign = envelope.seal(rsa_key(1).public_key(), b"1", b"b/a", b"f" * 32)
    raw = {**seen.raw, "spec": {**seen.raw["spec"], "encryptedData": {"x": foreign}}}
    assert run(Seen(raw), string_data={"x": "1"})[1] == {"x"}
    kept, sealing = run(Seen(raw), string_data={"y": "2"}, merge=True)
    assert sealing == {"y"}
    assert set(entries(kept, SEALED_FOR)) == {"y"}


def test_what_is_no_item_is_sealed_anew():
    seen, _sealing = run(string_data={"x": "1"})
    raw = {**seen.raw, "spec": {**seen.raw["spec"], "encryptedData": {"x": None}}}
    assert run(Seen(raw), string_data={"x": "1"})[1] == {"x"}


def test_without_proof_the_live_secret_tells():
    seen, _sealing = run(string_data={"x": "1"}, hmac_key=None)
    assert PROOFS not in seen.raw["metadata"]["annotations"]
    assert run(replace(seen, opened={"x": b"1"}), string_data={"x": "1"}, hmac_key=None)[1] is None
    assert run(replace(seen, opened={"x": b"2"}), string_data={"x": "1"}, hmac_key=None)[1] == {"x"}


def test_what_nobody_can_tell_is_kept_and_said():
    seen, _sealing = run(string_data={"x": "1"}, hmac_key=None)
    seen = replace(seen, unread="not allowed")
    assert run(seen, string_data={"x": "2"}, hmac_key=None)[1] is None
    secrets = domain(string_data={"x": "2"}, hmac_key=None)
    (said,) = secrets.warnings(secrets.items[0], seen)
    assert said.startswith("secrets[0] sealed secret b/a in f: whether x changed cannot be told (not allowed)")
    assert run(seen, string_data={"x": "2"}, hmac_key=None, force=True)[1] == {"x"}


def test_a_proof_is_added_to_what_the_live_secret_tells():
    seen, _sealing = run(string_data={"x": "1"}, hmac_key=None)
    proven, sealing = run(replace(seen, opened={"x": b"1"}), string_data={"x": "1"})
    assert sealing == set()
    assert run(proven, string_data={"x": "1"})[1] is None


def test_another_hmac_key_seals_once():
    seen, _sealing = run(string_data={"x": "1"})
    again, sealing = run(seen, string_data={"x": "1"}, hmac_key=HMAC[::-1])
    assert sealing == {"x"}
    assert run(again, string_data={"x": "1"}, hmac_key=HMAC[::-1])[1] is None


def test_equal_values_have_different_proofs():
    seen, _sealing = run(string_data={"x": "1", "y": "1"})
    proofs = entries(seen, PROOFS)
    assert proofs["x"] != proofs["y"]


def test_another_scope_seals_all():
    seen, _sealing = run(string_data={"x": "1", "y": "2"})
    again, sealing = run(seen, string_data={"x": "1", "y": "2"}, scope="cluster-wide")
    assert sealing == {"x", "y"}
    assert unsealed(again.raw) == {"x": b"1", "y": b"2"}
    assert run(again, string_data={"x": "1", "y": "2"}, scope="cluster-wide")[1] is None


@pytest.mark.parametrize("scope", SCOPES)
def test_a_merge_honours_the_scope_of_what_is_there(scope):
    seen, _sealing = run(string_data={"x": "1", "y": "2"}, scope=scope, labels={"l": "m"})
    merged, sealing = run(seen, string_data={"z": "3"}, merge=True, remove_keys=["y"], labels={"n": "o"})
    assert sealing == {"z"}
    assert unsealed(merged.raw) == {"x": b"1", "z": b"3"}
    assert merged.raw["spec"]["template"]["metadata"]["labels"] == {"l": "m", "n": "o"}
    assert set(entries(merged, PROOFS)) == {"x", "z"}
    assert run(merged, string_data={"z": "3"}, merge=True, remove_keys=["y"], labels={"n": "o"})[1] is None


def test_a_merge_into_nothing_makes_it():
    assert unsealed(run(string_data={"x": "1"}, merge=True)[0].raw) == {"x": b"1"}


def test_a_merge_into_what_kubeseal_wrote_without_annotations():
    """kubeseal --merge-into panics on some of these."""
    text = envelope.seal(CERTIFICATE.public_key, b"1", b"b/a", b"f" * 32)
    raw = {"kind": "SealedSecret", "metadata": {"name": "a", "namespace": "b"}, "spec": {"encryptedData": {"x": text}}}
    merged, _sealing = run(Seen({"apiVersion": "bitnami.com/v1alpha1", **raw}), string_data={"y": "2"}, merge=True)
    assert unsealed(merged.raw) == {"x": b"1", "y": b"2"}


@pytest.mark.parametrize("cluster", [False, True])
def test_a_merge_that_would_leave_nothing_is_refused(cluster):
    place = {"path": None, "cluster": True} if cluster else {}
    seen, _sealing = run(string_data={"x": "1"}, **place)
    for there in (seen, NOTHING):
        with pytest.raises(Refused, match="would hold nothing; give a key or keep one"):
            run(there, merge=True, remove_keys=["x"], **place)


def test_a_merge_of_another_scope_is_refused():
    seen, _sealing = run(string_data={"x": "1"})
    with pytest.raises(Refused, match="has the scope strict, and its other keys would not open with cluster-wide"):
        run(seen, string_data={"y": "1"}, merge=True, scope="cluster-wide")


def test_renewal_seals_what_is_not_of_the_present_certificate():
    seen, _sealing = run(string_data={"x": "1"})
    assert run(seen, OTHER, string_data={"x": "1"})[1] is None
    assert run(seen, CERTIFICATE, string_data={"x": "1"}, renew=True)[1] is None
    renewed, sealing = run(seen, OTHER, string_data={"x": "1"}, renew=True)
    assert sealing == {"x"}
    assert unsealed(renewed.raw, rsa_key(1)) == {"x": b"1"}
    assert run(renewed, OTHER, string_data={"x": "1"}, renew=True)[1] is None


def test_a_file_keeps_what_the_options_do_not_say():
    seen, _sealing = run(string_data={"x": "1"}, template={"data": {"url": "{{ .x }}"}})
    metadata = {**seen.raw["metadata"], "labels": {"mine": "yes"}}
    raw = {**seen.raw, "metadata": {**metadata, "annotations": {**metadata["annotations"], "wave": "1"}}}
    again, _sealing = run(Seen(raw), string_data={"x": "2"})
    assert again.raw["metadata"]["labels"] == {"mine": "yes"}
    assert again.raw["metadata"]["annotations"]["wave"] == "1"
    assert again.raw["spec"]["template"]["data"] == {"url": "{{ .x }}"}


def test_in_a_cluster_only_ours_is_sent():
    options = {"string_data": {"x": "1"}, "path": None, "cluster": True}
    seen, _sealing = run(**options)
    live = {**seen.raw, "status": {}, "metadata": {**seen.raw["metadata"], "uid": "7", "labels": {"other": "1"}}}
    assert run(Seen(live), **options)[1] is None
    again, _sealing = run(Seen(live), **{**options, "string_data": {"x": "2"}})
    assert set(again.raw["metadata"]) == {"name", "namespace", "annotations"}


def test_a_key_that_another_manager_put_there_is_tried_each_time():
    """So that the driver can say that it stays."""
    options = {"string_data": {"x": "1"}, "path": None, "cluster": True}
    seen, _sealing = run(**options)
    items = {**seen.raw["spec"]["encryptedData"], "foreign": "AgB"}
    live = {**seen.raw, "spec": {**seen.raw["spec"], "encryptedData": items}}
    assert run(Seen(live), **options)[1] == set()


def test_one_that_is_being_deleted_is_refused():
    options = {"path": None, "cluster": True}
    seen, _sealing = run(string_data={"x": "1"}, **options)
    live = {**seen.raw, "metadata": {**seen.raw["metadata"], "deletionTimestamp": "now"}}
    with pytest.raises(Refused, match="is being deleted"):
        run(Seen(live), string_data={"x": "2"}, **options)


@pytest.mark.parametrize(("path", "uid"), [("f", ""), (None, "7")])
def test_a_deletion(path, uid):
    secrets = domain(state="absent", path=path, cluster=not path)
    (item,) = secrets.items
    there = Seen({"metadata": {"name": "a", "namespace": "b", "uid": "7"}})
    assert secrets.plan(item, Seen()) == ()
    assert secrets.plan(item, there) == (Delete(item.key, uid),)
    assert secrets.foresee(item, there, True) == (True, "would be deleted")
    assert secrets.warnings(item, there) == []


def test_the_diff_tells_keys_and_no_ciphertexts():
    secrets = domain(string_data={"x": "1"})
    before, _sealing = run(string_data={"x": "1", "y": "1"})
    after, _sealing = run(before, string_data={"x": "2", "z": "1"})
    shown = redact_change(secrets.view(before.raw), secrets.view(after.raw))
    assert shown[0]["spec"]["encryptedData"] == {"x": "********", "y": "********"}
    assert shown[1]["spec"]["encryptedData"] == {"x": "******** (changed)", "z": "********"}
    assert "Ag" not in str(shown)


def test_what_is_returned_is_no_change_and_whole():
    secrets = domain(string_data={"x": "long enough"}, path=None)
    seen, _sealing = run(string_data={"x": "long enough"}, path=None)
    assert secrets.view(seen.raw) == {}
    told = secrets.told(secrets.items[0], seen)
    assert told["manifest"].startswith("---\napiVersion: bitnami.com/v1alpha1\n")
    assert secrets.told(secrets.items[0], None) == {"index": 0}


def test_what_ansible_would_spoil_is_not_returned():
    options = {"string_data": {"user": "a", "empty": ""}, "definition": {"kind": "Secret", "data": {"x": "MQ=="}}}
    secrets = domain(**options, path=None)
    seen, _sealing = run(**options, path=None)
    with pytest.raises(Refused, match="Ansible blanks the values of user wherever"):
        secrets.told(secrets.items[0], seen)


values = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.text(max_size=3), min_size=1)
tasks = st.fixed_dictionaries(
    {"string_data": values},
    optional={
        "scope": st.sampled_from(SCOPES),
        "labels": st.dictionaries(st.sampled_from(["l", "m"]), st.text(max_size=2)),
        "annotations": st.dictionaries(st.sampled_from(["l", "m"]), st.text(max_size=2)),
        "immutable": st.booleans(),
        "renew": st.booleans(),
        "hmac_key": st.sampled_from([HMAC, HMAC[::-1]]),
    },
)


@settings(max_examples=60, deadline=None)
@given(st.lists(tasks, min_size=1, max_size=4), st.booleans())
def test_after_any_tasks_the_last_one_holds_and_changes_nothing_more(several, cluster):
    place = {"path": None, "cluster": True} if cluster else {}
    seen = Seen()
    for options in several:
        seen, _sealing = run(seen, **options, **place)
        assert unsealed(seen.raw) == {name: value.encode() for name, value in options["string_data"].items()}
    assert run(seen, **several[-1], **place)[1] is None
