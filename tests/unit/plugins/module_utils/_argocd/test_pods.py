# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.pods import (
    Resource,
    Trouble,
    controller,
    trouble_of,
    troubles,
)
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.builder import CAPTURED_PODS

PODS, CONTROLLED = CAPTURED_PODS["pods"], CAPTURED_PODS["controlled"]
NO_IMAGE = (
    'failed to pull and unpack image "example.org/x:1": failed to resolve image: failed to do request: Head '
    '"https://example.org/v2/x/manifests/1": dial tcp: lookup example.org on 192.0.2.53:53: no such host'
)
NO_PROGRAM = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
    "unable to start container process: error during container init: "
    'exec: "/no/such/program": stat /no/such/program: no such file or directory'
)


# One pod


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ErrImagePull", f"container prepare: ErrImagePull: {NO_IMAGE}"),
        ("ImagePullBackOff", f"container prepare: ErrImagePull: {NO_IMAGE}"),
        (
            "InvalidImageName",
            'container web: InvalidImageName: Failed to apply default image tag "Web:UPPER::x": couldn\'t parse image '
            'name "Web:UPPER::x": invalid reference format: repository name (library/Web) must be lowercase',
        ),
        (
            "ErrImageNeverPull",
            'container web: ErrImageNeverPull: Container image "example.org/x:1" is not present with pull policy of '
            "Never",
        ),
        ("missing Secret", 'container web: CreateContainerConfigError: secret "none" not found'),
        ("missing key", "container web: CreateContainerConfigError: couldn't find key none in Secret default/has"),
        ("RunContainerError", f"container web: RunContainerError: {NO_PROGRAM}"),
        ("RunContainerError, backing off", f"container web: RunContainerError: {NO_PROGRAM}"),
    ],
)
def test_what_does_not_heal_is_lasting_and_comes_with_advice(name, reason):
    trouble = trouble_of(PODS[name])
    assert (trouble.reason, trouble.lasting) == (reason, True)
    advice = "create what it lacks, or correct it in Git"
    if "missing" not in name:
        advice = "correct it in Git, or revert the commit"
    assert str(trouble) == f"pod default/{PODS[name]['metadata']['name']}: {reason}; {advice}"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "CrashLoopBackOff",
            "pod default/crash: container web: CrashLoopBackOff: back-off 40s restarting failed container=web "
            "pod=crash_default(20bd0ea7-6f01-4f16-9f37-34909a284576); last exit code 3 (Error)",
        ),
        ("crashed", "pod default/crash: container web: Error: exit code 3"),
        ("OOMKilled", "pod default/oom: container web: OOMKilled: exit code 137"),
        (
            "Unschedulable",
            "pod default/too-big: Unschedulable: 0/4 nodes are available: 1 Insufficient cpu, 3 node(s) didn't match "
            "Pod's node affinity/selector. no new claims to deallocate, preemption: 0/4 nodes are available: 4 "
            "Preemption is not helpful for scheduling",
        ),
    ],
)
def test_what_may_heal_is_told_and_is_not_lasting(name, told):
    trouble = trouble_of(PODS[name])
    assert (str(trouble), trouble.lasting) == (told, False)


@pytest.mark.parametrize("name", ["runs", "starts"])
def test_a_pod_that_runs_or_starts_is_in_no_trouble(name):
    assert trouble_of(PODS[name]) is None


def changed(pod, **status):
    pod = copy.deepcopy(pod)
    pod["status"].update(status)
    return pod


def container(name="web", **state):
    return {"name": name, "state": state, "lastState": {}}


def test_a_pod_that_is_over_or_is_being_deleted_is_not_judged():
    assert trouble_of(changed(PODS["ErrImagePull"], phase="Failed")) is None
    deleted = copy.deepcopy(PODS["ErrImagePull"])
    deleted["metadata"]["deletionTimestamp"] = "2026-11-25T15:00:00Z"
    assert trouble_of(deleted) is None


def test_a_container_that_did_its_work_or_has_no_state_is_in_no_trouble():
    done = container(terminated={"exitCode": 0, "reason": "Completed"})
    assert trouble_of(changed(PODS["runs"], containerStatuses=[done, container()])) is None
    assert trouble_of({"metadata": PODS["runs"]["metadata"]}) is None


def test_of_several_containers_the_one_that_does_not_heal_is_told():
    crashes = container("one", terminated={"exitCode": 1, "reason": "Error"})
    stuck = container("two", waiting={"reason": "ErrImagePull", "message": "not\n  found"})
    pod = changed(PODS["runs"], containerStatuses=[crashes, stuck])
    assert trouble_of(pod).reason == "container two: ErrImagePull: not found"


def test_an_older_kubelet_does_not_say_why_it_backs_off():
    waiting = {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "example.org/x:1"'}
    trouble = trouble_of(changed(PODS["runs"], containerStatuses=[container(waiting=waiting)]))
    assert trouble.reason == 'container web: ImagePullBackOff: Back-off pulling image "example.org/x:1"'
    assert trouble.lasting


def test_a_reason_without_a_message_is_told_alone():
    pod = changed(PODS["runs"], containerStatuses=[container(waiting={"reason": "CreateContainerError"})])
    assert trouble_of(pod).reason == "container web: CreateContainerError"


def test_the_last_words_of_a_container_are_told_to_nobody():
    ended = {"exitCode": 1, "reason": "Error", "message": "cannot log in with password hunter2"}
    backing_off = {
        **container(waiting={"reason": "CrashLoopBackOff", "message": ""}),
        "lastState": {"terminated": ended},
    }
    for status in (container(terminated=ended), backing_off):
        assert "hunter2" not in str(trouble_of(changed(PODS["runs"], containerStatuses=[status])))


# Pods and who controls them


def owners_of(kind, which="owners"):
    return {
        Resource("apps", owner["kind"], "default", owner["metadata"]["name"]): owner
        for owner in copy.deepcopy(CONTROLLED[kind][which])
    }


def named(kind, name):
    return {Resource("batch" if kind == "Job" else "apps", kind, "default", name)}


DEPLOYED = [
    ("Deployment", "web"),
    ("ReplicaSet", "web-57865ff766"),
    ("StatefulSet", "postgresql"),
    ("DaemonSet", "agent"),
    ("Job", "job"),
]


@pytest.mark.parametrize(("kind", "name"), DEPLOYED)
def test_the_pod_of_what_was_deployed_is_judged(kind, name):
    holder = "Deployment" if kind == "ReplicaSet" else kind
    pod, owners = CONTROLLED[holder]["broken"], owners_of(holder)
    assert troubles([pod], owners, named(kind, name)) == (trouble_of(pod),)
    assert troubles([pod], owners, named(kind, "another")) == ()


def test_a_pod_that_was_deployed_itself_is_judged():
    pod = PODS["ErrImagePull"]
    assert troubles([pod], {}, {Resource("", "Pod", "default", "init-image")}) == (trouble_of(pod),)
    assert troubles([pod], {}, {Resource("", "Pod", "elsewhere", "init-image")}) == ()


def test_pods_that_run_are_no_trouble():
    pods = [CONTROLLED["Deployment"]["running"], PODS["runs"]]
    assert troubles(pods, owners_of("Deployment"), named("Deployment", "web")) == ()


def test_pods_of_the_rollout_before_are_not_the_fault_of_this_one():
    owners = owners_of("Deployment")
    (deployment,) = (owner for name, owner in owners.items() if name.kind == "Deployment")
    pod = CONTROLLED["Deployment"]["broken"]
    deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "3"
    assert troubles([pod], owners, named("Deployment", "web")) == ()


@pytest.mark.parametrize(("kind", "name"), [("Deployment", "web"), ("DaemonSet", "agent")])
def test_what_the_controller_has_not_seen_yet_is_not_judged(kind, name):
    owners = owners_of(kind)
    for owner in owners.values():
        owner["metadata"]["generation"] += 1
    assert troubles([CONTROLLED[kind]["broken"]], owners, named(kind, name)) == ()


def test_a_pod_of_an_older_daemon_set_is_not_judged():
    pod = copy.deepcopy(CONTROLLED["DaemonSet"]["broken"])
    pod["metadata"]["labels"]["pod-template-generation"] = "0"
    assert troubles([pod], owners_of("DaemonSet"), named("DaemonSet", "agent")) == ()


def test_an_older_pod_that_is_in_the_way_of_its_stateful_set_is_told_with_how_to_help():
    pod = CONTROLLED["StatefulSet"]["broken"]
    (trouble,) = troubles([pod], owners_of("StatefulSet", "reverted"), named("StatefulSet", "postgresql"))
    assert (trouble.reason, trouble.lasting) == (trouble_of(pod).reason, True)
    assert trouble.advice == (
        "it is older than what Git says now, and its StatefulSet waits for it before it makes the new one: "
        "kubectl delete pod postgresql-0 -n default"
    )


def test_what_does_not_heal_is_told_first():
    crashes = copy.deepcopy(PODS["crashed"])
    deployed = {Resource("", "Pod", "default", name) for name in ("crash", "init-image")}
    found = troubles([crashes, PODS["ErrImagePull"]], {}, deployed)
    assert [trouble.lasting for trouble in found] == [True, False]


def test_owners_that_own_each_other_come_to_an_end():
    one, two = owners_of("Deployment").values(), {}
    for owner in list(one)[:2]:
        name = Resource("apps", "ReplicaSet", "default", owner["metadata"]["name"])
        other = next(o for o in one if o is not owner)["metadata"]["name"]
        owner["metadata"]["ownerReferences"] = [
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": other, "controller": True}
        ]
        two[name] = owner
    assert troubles([CONTROLLED["Deployment"]["broken"]], two, named("Deployment", "web")) == ()


def test_only_the_owner_that_controls_counts():
    owner = {"apiVersion": "v1", "kind": "Node", "name": "a"}
    assert controller({"metadata": {"namespace": "a", "ownerReferences": [owner]}}) is None
    assert controller({"metadata": {"namespace": "a", "ownerReferences": [owner, {**owner, "controller": True}]}}) == (
        Resource("", "Node", "a", "a")
    )


def test_a_trouble_without_advice():
    assert str(Trouble("u", "a/b", "Unschedulable: no nodes")) == "pod a/b: Unschedulable: no nodes"
