# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked of Argo CD's own API, and what is made of its answers; with a real one: tests/integration."""

from __future__ import annotations

import copy
import json

import pytest

pytest.importorskip("kubernetes")

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.api import Silence
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.api_driver import ApiDriver
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.driver import APPLICATION
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import (
    ConfirmDeletion,
    EndOperation,
    LookAtPods,
    Refresh,
    StartSync,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Deployment, Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.planner import SetFinalizers
from ansible_collections.ai_how.cloud.plugins.module_utils._core.applying import APPLIED_ANNOTATION
from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import Apply, Delete
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Conflict, Invalid, Missing, Refused
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.builder import (
    key,
    operation,
    raw_app,
)

RESOURCES = "resources-finalizer.argocd.argoproj.io"


class Argo:
    """An Api: one application, and what else ``answers`` says, by method and path."""

    def __init__(self, raw, **answers):
        self.raw, self.answers, self.asked, self.allowed = raw, answers, [], "yes"
        self.home = "argocd"

    def request(self, method, path, what, query=None, body=None, patience=60.0):
        self.asked.append((method, path, dict(query or {}), body))
        if path == "settings":
            return {"controllerNamespace": self.home}
        if path.startswith("account/can-i/"):
            return {"value": self.allowed}
        name = f"{method} {path.rpartition('/')[2]}"
        if name in self.answers:
            answer = self.answers[name]
            if isinstance(answer, Exception):
                raise answer
            return copy.deepcopy(answer)
        if path == "applications" and method == "GET":
            return {"metadata": {"resourceVersion": "7"}, "items": [copy.deepcopy(self.raw)] if self.raw else None}
        if self.raw is None and method != "POST":
            raise Missing("cannot get it")
        if body and "spec" in body:
            self.raw = {**body, "metadata": {**body["metadata"], "uid": "u", "resourceVersion": "8"}}
        return copy.deepcopy(self.raw)

    def stream(self, path, what, query, patience):
        yield from self.answers["stream"]

    @property
    def writes(self):
        return [(method, path, query, body) for method, path, query, body in self.asked if method != "GET"]


def watching(argo, **options):
    driver = ApiDriver(argo, **options)
    driver.observe(["argocd"])
    return driver


def manifest(**spec):
    raw = raw_app()
    return {"metadata": {"name": "web", "namespace": "argocd"}, "spec": {**raw["spec"], **spec}}


def test_nothing_there():
    driver = ApiDriver(Argo(None))
    assert driver.observe(["argocd"]) == {}


def test_created_with_a_note_that_nobody_sees():
    argo = Argo(None)
    raw = watching(argo).apply(Apply(key(), manifest()), dry_run=False)
    ((method, path, query, body),) = argo.writes
    assert (method, path, query) == ("POST", "applications", {"validate": "false"})
    assert APPLIED_ANNOTATION in body["metadata"]["annotations"]
    assert "annotations" not in raw["metadata"]
    assert raw["metadata"]["managedFields"][-1]["manager"] == "ai_how.cloud"


def test_updated_from_what_is_there_now():
    argo = Argo(raw_app())
    driver = watching(argo)
    argo.raw["spec"]["revisionHistoryLimit"] = 3  # by somebody else, meanwhile
    driver.apply(Apply(key(), manifest(info=[{"name": "a", "value": "b"}])), dry_run=False)
    ((method, path, _query, body),) = argo.writes
    assert (method, path) == ("PUT", "applications/web")
    assert body["spec"]["revisionHistoryLimit"] == 3
    assert body["spec"]["info"] == [{"name": "a", "value": "b"}]


@pytest.mark.parametrize(("there", "right"), [(True, "update"), (False, "create")])
def test_a_dry_run_asks_whether_it_would_be_allowed(there, right):
    argo = Argo(raw_app() if there else None)
    raw = watching(argo).apply(Apply(key(), manifest(info=[{"name": "a", "value": "b"}])), dry_run=True)
    assert raw["spec"]["info"] == [{"name": "a", "value": "b"}]
    assert "annotations" not in raw["metadata"]
    assert argo.asked[-1][1] == f"account/can-i/applications/{right}/default/web"
    assert argo.writes == []


def test_an_application_in_another_namespace_has_that_in_its_name():
    argo = Argo(None)
    argo.home = "argo-system"
    watching(argo).apply(Apply(key(), manifest()), dry_run=True)
    assert argo.asked[-1][1] == "account/can-i/applications/create/default/argocd/web"


def test_a_dry_run_of_what_is_not_allowed():
    argo = Argo(None)
    argo.allowed = "no"
    with pytest.raises(Refused, match=r'^not allowed to create application "web" of the project default; grant it'):
        watching(argo).apply(Apply(key(), manifest()), dry_run=True)


def test_a_refresh_is_answered_when_it_is_done():
    argo = Argo(raw_app())
    assert watching(argo).write(Refresh(key(), "hard"))
    assert argo.asked[-1][2]["refresh"] == "hard"


def test_a_refresh_that_takes_long_is_watched():
    class Slow(Argo):
        def request(self, method, path, what, query=None, body=None, patience=60.0):
            if (query or {}).get("refresh"):
                self.raw["metadata"]["annotations"] = {"argocd.argoproj.io/refresh": "normal"}
                raise Silence("not yet")
            return super().request(method, path, what, query, body, patience)

    driver = watching(Slow(raw_app()))
    assert driver.write(Refresh(key()))
    assert driver.world[key()].refreshing


def start(raw, **options):
    return StartSync(key(), Observed.parse(raw), ("c",), prune=True, token="t", **options)


def test_a_sync_names_the_application_and_carries_the_token():
    argo = Argo(raw_app())
    assert watching(argo).write(start(raw_app()))
    ((method, path, _query, body),) = argo.writes
    assert (method, path) == ("POST", "applications/web/sync")
    assert (body["name"], body["appNamespace"], body["project"]) == ("web", "argocd", "default")
    assert body["infos"][0]["value"] == "t"


def test_an_operation_in_progress_is_looked_at_again():
    argo = Argo(raw_app(), **{"POST sync": Conflict("another operation is already in progress")})
    assert not watching(argo).write(start(raw_app()))


def test_a_closed_window_is_told_as_over_the_kubernetes_api():
    argo = Argo(raw_app(), **{"POST sync": Refused("not allowed: cannot sync: blocked by sync window")})
    with pytest.raises(Refused, match='since a sync window of the project "default" forbids it; wait'):
        watching(argo).write(start(raw_app()))


def test_other_refusals_stay_as_they_are():
    argo = Argo(raw_app(), **{"POST sync": Refused("no")})
    with pytest.raises(Refused, match=r"^no$"):
        watching(argo).write(start(raw_app()))


def test_a_rollback_is_ours_by_what_it_does():
    begun = {"sync": {"revision": "b"}}
    answer = {**raw_app(), "operation": begun}
    argo = Argo(raw_app(), **{"POST rollback": answer})
    driver = watching(argo)
    assert driver.write(start(raw_app(), deployment=Deployment(4, ("b",), ({},), False)))
    assert argo.writes[0][3]["id"] == 4
    done = raw_app()
    done["status"]["operationState"] = {"phase": "Succeeded", "operation": begun}
    argo.raw = done
    assert driver.observe(["argocd"])[key()].operation.token == "t"


def running():
    raw = raw_app(operation=operation(phase="Running"))
    raw["operation"] = {"sync": {}}
    return raw


def test_the_operation_that_was_seen_is_ended():
    argo = Argo(running())
    assert watching(argo).write(EndOperation(key(), Observed.parse(running())))
    assert argo.writes[0][:2] == ("DELETE", "applications/web/operation")


def test_another_operation_is_not_ended():
    argo = Argo(running())
    argo.raw["status"]["operationState"]["startedAt"] = "2030-01-01T00:00:00Z"
    assert not watching(argo).write(EndOperation(key(), Observed.parse(running())))
    assert argo.writes == []


def test_an_operation_that_ends_by_itself():
    gone = Argo(running(), **{"DELETE operation": Invalid("Unable: No operation is in progress")})
    assert not watching(gone).write(EndOperation(key(), Observed.parse(running())))
    other = Argo(running(), **{"DELETE operation": Invalid("else")})
    with pytest.raises(Invalid, match="else"):
        watching(other).write(EndOperation(key(), Observed.parse(running())))


def test_a_confirmation_leaves_all_else_as_it_is():
    argo = Argo(raw_app())
    argo.raw["metadata"]["annotations"] = {"a": "b", "argocd.argoproj.io/refresh": "normal"}
    assert watching(argo).write(ConfirmDeletion(key(), "2026-01-01T00:00:00Z"))
    ((_method, _path, query, body),) = argo.writes
    assert query["validate"] == "false"
    assert body["metadata"]["annotations"] == {
        "a": "b",
        "argocd.argoproj.io/deletion-approved": "2026-01-01T00:00:00Z",
    }
    assert body["spec"] == raw_app()["spec"]


def deleting(*finalizers, **metadata):
    raw = raw_app()
    raw["metadata"].update(finalizers=list(finalizers), **metadata)
    return raw


def test_a_deletion_keeps_to_the_finalizers():
    argo = Argo(deleting(RESOURCES))
    watching(argo).apply(Delete(key(), argo.raw["metadata"]["uid"]), dry_run=False)
    assert argo.writes[0][2] == {
        "appNamespace": "argocd",
        "project": "default",
        "cascade": "true",
        "propagationPolicy": "",
    }


LET_GO = SetFinalizers(key(), "uid-of-web", "orphan", (), "7")


def test_finalizers_are_set_by_the_deletion():
    argo = Argo(deleting(RESOURCES))
    driver = watching(argo)
    raw = driver.apply(LET_GO, dry_run=False)
    assert raw["metadata"]["finalizers"] == []
    assert argo.writes == []
    driver.apply(Delete(key(), argo.raw["metadata"]["uid"]), dry_run=False)
    assert argo.writes[0][2]["cascade"] == "false"


def test_an_application_that_is_stuck_is_let_go_at_once():
    argo = Argo(deleting(RESOURCES, deletionTimestamp="2026-01-01T00:00:00Z"))
    driver = watching(argo)
    driver.apply(LET_GO, dry_run=True)
    assert argo.writes == []
    driver.apply(LET_GO, dry_run=False)
    assert argo.writes[0][:2] == ("DELETE", "applications/web")


def test_what_is_gone_or_another_is_not_deleted():
    for there in (None, deleting(uid="other")):
        argo = Argo(raw_app())
        driver = watching(argo)
        argo.raw = there
        driver.apply(Delete(key(), "u"), dry_run=False)
        assert argo.writes == []


def test_what_goes_while_a_step_is_written_is_not_there_any_more():
    argo = Argo(raw_app())
    driver = watching(argo)
    argo.raw = None
    assert not driver.write(Refresh(key()))
    assert key() not in driver.world


def test_what_goes_while_it_is_deleted():
    argo = Argo(raw_app(), **{"DELETE web": Missing("gone")})
    watching(argo).apply(Delete(key(), argo.raw["metadata"]["uid"]), dry_run=False)
    assert len(argo.writes) == 1


def test_a_stream_tells_of_its_namespace_and_then_asks_to_list():
    other = raw_app()
    other["metadata"]["namespace"] = "other"
    events = [{"type": "ADDED", "application": raw_app()}, {"type": "ADDED", "application": other}]
    changes = ApiDriver(Argo(None, stream=events))._changes(APPLICATION, "argocd", "7")
    assert next(changes)[0] == "ADDED"
    with pytest.raises(Conflict):
        next(changes)


ILL = {
    "metadata": {"namespace": "prod", "name": "web", "uid": "1"},
    "status": {"containerStatuses": [{"name": "web", "state": {"waiting": {"reason": "ImagePullBackOff"}}}]},
}
NODE = {"kind": "Pod", "version": "v1", "namespace": "prod", "name": "web", "health": {"status": "Degraded"}}


def ailing(**answers):
    resource = {"group": "", "kind": "Pod", "namespace": "prod", "name": "web"}
    raw = raw_app(health="Progressing", resources=[resource])
    tree = {"nodes": [NODE, {**NODE, "namespace": "elsewhere"}]}
    return Argo(raw, **{"GET resource-tree": tree, "GET resource": {"manifest": json.dumps(ILL)}, **answers})


def test_pods_are_seen_through_the_tree():
    driver = watching(ailing())
    driver.write(LookAtPods(key()))
    (trouble,) = driver.world[key()].troubles
    assert "ImagePullBackOff" in str(trouble)


def test_a_pod_that_is_gone_meanwhile():
    driver = watching(ailing(**{"GET resource": Invalid("not found as part of application")}))
    driver.write(LookAtPods(key()))
    assert driver.world[key()].troubles == ()


def test_what_a_pod_says():
    entries = [{"content": "boom"}, {"content": "bang"}, {"last": True}]
    driver = watching(ailing(stream=entries, **{"GET events": {"items": [{"reason": "BackOff"}]}}))
    driver.write(LookAtPods(key()))
    app = driver.world[key()]
    (trouble,) = app.troubles
    assert driver.events(app, trouble) == [{"reason": "BackOff"}]
    assert driver.pod(app, trouble) == ILL
    assert driver.log(app, "prod", "web", "web", 5, previous=True) == "boom\nbang\n"


def test_all_pods_of_an_application():
    driver = watching(ailing())
    assert driver.pods(driver.world[key()]) == [ILL, ILL]


def test_applications_with_a_label():
    argo = Argo(raw_app())
    assert watching(argo).select("argocd", "team=ml") == [key()]
    assert argo.asked[-1][2] == {"appNamespace": "argocd", "selector": "team=ml"}


def test_what_only_argocd_knows():
    difference = {"kind": "ConfigMap", "name": "c", "targetState": '{"a": 1}', "normalizedLiveState": "null"}
    answers = {"GET manifests": {"manifests": ['{"a": 1}']}, "GET managed-resources": {"items": [difference]}}
    driver = watching(ailing(**answers))
    app = driver.world[key()]
    assert driver.tree(app)[0]["health"] == "Degraded"
    assert driver.manifests(app) == [{"a": 1}]
    assert driver.differences(app)[0]["after"] == {"a": 1}
