# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the driver makes of answers that come late; with a real API server it is tested in tests/integration."""

from __future__ import annotations

import copy
import threading

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.driver import (
    APPLICATION,
    APPLICATION_SET,
    ApplicationDriver,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.generation import (
    ListApplications,
    Regenerate,
    SetKey,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.goals import (
    ConfirmDeletion,
    EndOperation,
    LookAtPods,
    Refresh,
    StartSync,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.planner import SetFinalizers
from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import Apply
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Conflict, Missing, Refused, Unavailable
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.builder import (
    CAPTURED_PODS,
    key,
    raw_app,
)

OF_A_DEPLOYMENT = CAPTURED_PODS["controlled"]["Deployment"]


def at_version(version, **changes):
    raw = raw_app(**changes)
    raw["metadata"]["resourceVersion"] = str(version)
    return raw


class Server:
    """A Client: one application, a version for each write, and watches that do what ``watches`` says."""

    def __init__(self, raw, watches=()):
        self.raw, self.watches, self.watched = raw, list(watches), 0
        self.conflicts, self.patched, self.selectors = 0, [], []
        self.quiet = threading.Event()

    @property
    def version(self):
        return int(self.raw["metadata"]["resourceVersion"])

    def list(self, kind, namespace, **selectors):
        self.selectors += [selectors] if selectors else []
        return [copy.deepcopy(self.raw)], str(self.version)

    def get(self, kind, namespace, name):
        return copy.deepcopy(self.raw)

    def merge_patch(self, kind, namespace, name, patch, field_manager):
        if self.raw is None:
            raise Missing("it is not there")
        asked = patch["metadata"].get("resourceVersion")
        if self.conflicts:
            self.conflicts -= 1
            self.raw["metadata"]["resourceVersion"] = str(self.version + 1)  # Argo CD writes in between
        if asked and int(asked) != self.version:
            raise Conflict("the object has been modified")
        self.patched.append(patch)
        self.raw["metadata"].update(patch["metadata"], resourceVersion=str(self.version + 1))
        return copy.deepcopy(self.raw)

    def watch(self, kind, namespace, version):
        self.watched += 1
        if self.watches:
            yield from self.watches.pop(0)()
        else:
            self.quiet.wait(10)


class Cluster(Server):
    """One with pods and what controls them; ``asked``: each request for one of them."""

    def __init__(self, raw, pods=(), owners=(), forbidden=()):
        super().__init__(raw)
        self.pods, self.forbidden = list(pods), forbidden
        self.owners = {(owner["kind"], owner["metadata"]["name"]): owner for owner in owners}
        self.asked = []

    def list(self, kind, namespace):
        if kind.plural != "pods":
            return super().list(kind, namespace)
        self._ask(kind, namespace)
        return copy.deepcopy(self.pods), "99"

    def get(self, kind, namespace, name):
        self._ask(kind, f"{namespace}/{name}")
        return copy.deepcopy(self.owners.get((kind.kind, name)))

    def _ask(self, kind, what):
        self.asked.append(f"{kind} {what}")
        if kind.plural in self.forbidden:
            raise Refused(f"not allowed to read {kind}")


def look(server):
    """What its pods say once they were looked at."""
    driver = ApplicationDriver(server)
    driver.observe(["argocd"])
    assert driver.write(LookAtPods(key()))
    return driver


def broken(problem):
    def watch():
        yield from ()
        raise problem

    return watch


def test_a_list_that_is_older_than_our_write_does_not_undo_it():
    server = Server(at_version(10))
    driver = ApplicationDriver(server)
    driver.observe(["argocd"])
    older = server.list(None, "argocd")
    assert driver.write(Refresh(key()))
    driver._take_event(APPLICATION, "argocd", "LIST", older)
    assert driver.world[key()].refreshing
    driver._take_event(APPLICATION, "argocd", "LIST", ([], "99"))
    assert key() not in driver.world


def test_an_event_that_is_older_than_our_write_does_not_undo_it():
    server = Server(at_version(10))
    driver = ApplicationDriver(server)
    driver.observe(["argocd"])
    driver.write(Refresh(key()))
    driver._take_event(APPLICATION, "argocd", "MODIFIED", at_version(9))
    assert driver.world[key()].refreshing


FOREGROUND = "resources-finalizer.argocd.argoproj.io/foreground"
CASCADE = SetFinalizers(key(), "uid-of-web", "foreground", (FOREGROUND,), "10")


def test_finalizers_are_set_though_argo_cd_writes_in_between():
    server = Server(at_version(10))
    server.conflicts = 2
    ApplicationDriver(server).apply(CASCADE, dry_run=False)
    assert server.raw["metadata"]["finalizers"] == [FOREGROUND]


@pytest.mark.parametrize(
    ("action", "annotation"),
    [
        (Refresh(key()), {"argocd.argoproj.io/refresh": "normal"}),
        (Refresh(key(), "hard"), {"argocd.argoproj.io/refresh": "hard"}),
        (
            ConfirmDeletion(key(), "2026-11-23T12:00:00Z"),
            {"argocd.argoproj.io/deletion-approved": "2026-11-23T12:00:00Z"},
        ),
    ],
)
def test_what_argo_cd_is_asked_by_an_annotation(action, annotation):
    server = Server(at_version(10))
    driver = ApplicationDriver(server)
    driver.observe(["argocd"])
    assert driver.write(action)
    assert server.patched == [{"metadata": {"annotations": annotation}}]


def test_a_hydrator_is_asked_as_well():
    raw = at_version(10)
    raw["spec"]["sourceHydrator"] = {"drySource": raw["spec"].pop("source")}
    server = Server(raw)
    driver = ApplicationDriver(server)
    driver.observe(["argocd"])
    assert driver.write(Refresh(key(), "hard"))
    assert driver.write(Refresh(key(), "hard"))
    first, second = (patch["metadata"]["annotations"] for patch in server.patched)
    assert first["argocd.argoproj.io/refresh"] == first["argocd.argoproj.io/hydrate"] == "hard"
    when = "argocd.argoproj.io/hydrate-timestamp"
    assert first[when] != second[when]


CLOSED = {"kind": "deny", "schedule": "* * * * *", "duration": "1h", "applications": ["*"]}


def test_no_sync_is_started_in_a_closed_window():
    server = Cluster(at_version(10))
    server.owners["AppProject", "default"] = {"spec": {"syncWindows": [CLOSED]}}
    action = StartSync(key(), Observed.parse(at_version(10)), (), prune=False, token="t")
    with pytest.raises(Refused, match=r'a sync window of the project "default" forbids it \(deny'):
        ApplicationDriver(server).write(action)
    assert server.patched == []


@pytest.mark.parametrize("zone", ["Nowhere", "Europe", "x" * 5000, "../x"])
def test_a_window_of_a_time_zone_that_is_not_known_here_is_left_to_argo_cd(zone):
    server = Cluster(at_version(10))
    server.owners["AppProject", "default"] = {"spec": {"syncWindows": [{**CLOSED, "timeZone": zone}]}}
    assert ApplicationDriver(server).write(StartSync(key(), Observed.parse(at_version(10)), (), prune=False, token="t"))


@pytest.mark.parametrize("forbidden", [(), ("appprojects",)])
def test_without_windows_or_the_right_to_read_them_the_sync_is_started(forbidden):
    server = Cluster(at_version(10), forbidden=forbidden)
    action = StartSync(key(), Observed.parse(at_version(10)), (), prune=False, token="t")
    assert ApplicationDriver(server).write(action)
    assert "operation" in server.patched[0]


def test_the_windows_are_those_of_the_project_in_argo_cds_own_namespace():
    server = Cluster(at_version(10, namespace="team"))
    server.owners["AppProject", "default"] = {"spec": {"syncWindows": [CLOSED]}}
    action = StartSync(key(), Observed.parse(server.raw), (), prune=False, token="t")
    with pytest.raises(Refused, match="a sync window"):
        ApplicationDriver(server, home="gitops").write(action)
    assert server.asked == ["appprojects.argoproj.io gitops/default"]


class Sets(Server):
    """One with an application set and an application; ``owners`` of the set's fields make conflicts."""

    def __init__(self, owners=()):
        super().__init__(at_version(10))
        self.owners, self.applied = owners, []
        self.set = {"metadata": {"name": "teams", "namespace": "argocd", "uid": "u", "resourceVersion": "4"}}

    def list(self, kind, namespace):
        return ([copy.deepcopy(self.set)], "10") if kind == APPLICATION_SET else super().list(kind, namespace)

    def apply(self, kind, manifest, field_manager, force, dry_run):
        self.applied.append((kind, force))
        if self.owners and not force:
            names = " ".join(f'conflict with "{owner}" using v1: .spec' for owner in self.owners)
            raise Conflict(f"Apply failed with {len(self.owners)} conflicts: {names}")
        return copy.deepcopy(self.set)

    def merge_patch(self, kind, namespace, name, patch, field_manager):
        self.patched.append((kind, name, patch))
        return copy.deepcopy(self.set)


TEAMS = SetKey("argocd", "teams")


def test_application_sets_are_seen_beside_the_applications():
    driver = ApplicationDriver(Sets(), kinds=(APPLICATION_SET, APPLICATION))
    assert set(driver.observe(["argocd"])) == {TEAMS, key()}
    driver._take_event(APPLICATION_SET, "argocd", "LIST", ([], "99"))
    assert set(driver.world) == {key()}


def test_argo_cd_is_asked_to_generate_by_an_annotation():
    server = Sets()
    driver = ApplicationDriver(server, kinds=(APPLICATION_SET, APPLICATION))
    assert driver.write(Regenerate(TEAMS))
    annotation = {"argocd.argoproj.io/application-set-refresh": "true"}
    assert server.patched == [(APPLICATION_SET, "teams", {"metadata": {"annotations": annotation}})]
    assert driver.write(ListApplications(TEAMS))
    assert set(driver.world) == {TEAMS, key()}


@pytest.mark.parametrize(
    ("owners", "applied"),
    [((), [False]), (("argocd-applicationset-controller",), [False, True]), (("argocd", "kubectl-edit"), [False])],
)
def test_what_only_the_controller_of_sets_wrote_anew_is_taken_over(owners, applied):
    server = Sets(owners)
    driver = ApplicationDriver(server, kinds=(APPLICATION_SET, APPLICATION))
    if "kubectl-edit" in owners:
        with pytest.raises(Refused, match=r"kubectl-edit.*force_conflicts"):
            driver.apply(Apply(TEAMS, {}), dry_run=False)
    else:
        driver.apply(Apply(TEAMS, {}), dry_run=False)
    assert server.applied == [(APPLICATION_SET, force) for force in applied]


def test_an_operation_is_ended_as_it_was_seen_or_not_at_all():
    server = Server(at_version(10))
    driver = ApplicationDriver(server)
    seen = driver.observe(["argocd"])[key()]
    server.conflicts = 1
    assert not driver.write(EndOperation(key(), seen))
    assert server.raw.get("status", {}).get("operationState") != {"phase": "Terminating"}
    assert driver.world[key()].resource_version == "11"
    assert driver.write(EndOperation(key(), driver.world[key()]))
    assert server.patched[-1]["status"] == {"operationState": {"phase": "Terminating"}}


def test_finalizers_that_somebody_else_changes_are_kept_beside_ours():
    server = Server(at_version(11))
    server.raw["metadata"]["finalizers"] = ["example.org/theirs"]
    assert ApplicationDriver(server).apply(CASCADE, dry_run=False)
    assert server.raw["metadata"]["finalizers"] == ["example.org/theirs", FOREGROUND]


def test_one_whose_deletion_somebody_else_has_begun_takes_no_more_finalizers():
    server = Server(at_version(11, deleting=True))
    raw = ApplicationDriver(server).apply(CASCADE, dry_run=False)
    assert raw == server.raw
    assert server.patched == []


def test_one_that_somebody_else_has_deleted_needs_no_finalizers():
    server = Server(at_version(10))
    server.raw = None
    assert ApplicationDriver(server).apply(CASCADE, dry_run=False) is None


def test_one_that_goes_while_a_step_is_written_is_not_there_any_more():
    server = Server(at_version(10))
    driver = ApplicationDriver(server)
    driver.observe(["argocd"])
    server.raw = None
    assert not driver.write(ConfirmDeletion(key(), "2026-11-23T12:00:00Z"))
    assert key() not in driver.world


def test_what_ends_a_watch_for_good_is_told_by_namespace():
    server = Server(at_version(10), [broken(Refused("not allowed to watch"))])
    driver = ApplicationDriver(server)
    driver.observe(["argocd"])
    news = driver.wait_for_change(["argocd"], 10)
    assert str(news.lost["argocd"]) == "not allowed to watch"
    assert "argocd" in driver.wait_for_change(["argocd"], 0).lost


def test_a_dry_run_shows_the_finalizers_and_writes_nothing():
    server = Server(at_version(10))
    driver = ApplicationDriver(server)
    driver.observe(["argocd"])
    raw = driver.apply(CASCADE, dry_run=True)
    assert raw["metadata"]["finalizers"] == [FOREGROUND]
    assert server.version == 10
    assert driver.world[key()].raw == server.raw


def test_an_outage_is_told_while_it_lasts_and_once_when_it_is_over():
    server = Server(at_version(10), [broken(Unavailable("connection refused"))])
    driver = ApplicationDriver(server)
    driver.observe(["argocd"])
    news = driver.wait_for_change(["argocd"], 10)
    assert str(news.away) == "connection refused" and not news.returned and not news.lost
    news = driver.wait_for_change(["argocd"], 10)
    assert news.returned and news.away is None
    assert not driver.wait_for_change(["argocd"], 0).returned
    driver.close()
    server.quiet.set()


def test_a_server_that_stays_away_ends_the_wait(monkeypatch):
    monkeypatch.setattr("ansible_collections.ai_how.cloud.plugins.module_utils._argocd.driver._AWAY_GRACE", 0.3)
    server = Server(at_version(10), [broken(Unavailable("connection refused"))])
    driver = ApplicationDriver(server)
    driver.observe(["argocd"])
    server.list = lambda kind, namespace: next(broken(Unavailable("still refused"))())
    news = [driver.wait_for_change(["argocd"], 10)]
    while not news[-1].lost:
        news.append(driver.wait_for_change(["argocd"], 10))
    assert str(news[-1].lost["argocd"]) == "still refused"
    assert str(news[0].away) == "connection refused"


def test_watches_that_end_at_once_are_not_opened_in_a_storm():
    server = Server(at_version(10), [lambda: iter(())] * 1000)
    driver = ApplicationDriver(server)
    driver.observe(["argocd"])
    driver.wait_for_change(["argocd"], 0.5)
    driver.close()
    assert 1 <= server.watched < 10


def test_a_watch_that_breaks_begins_again_with_a_list():
    server = Server(at_version(10), [broken(Conflict("too old resource version"))])
    driver = ApplicationDriver(server)
    driver.observe(["argocd"])
    server.raw = at_version(20, sync="OutOfSync")
    driver.wait_for_change(["argocd"], 10)
    driver.close()
    server.quiet.set()
    assert driver.world[key()].sync == "OutOfSync"


# Pods


def test_pods_that_run_cost_one_request():
    server = Cluster(at_version(10), [OF_A_DEPLOYMENT["running"]])
    assert look(server).world[key()].troubles == ()
    assert server.asked == ["pods default"]


def test_of_a_pod_that_does_not_start_the_owners_are_looked_up_each_once():
    broken_pod = OF_A_DEPLOYMENT["broken"]
    again = copy.deepcopy(broken_pod)
    again["metadata"].update(name="web-again", uid="again")
    server = Cluster(at_version(10), [broken_pod, again], OF_A_DEPLOYMENT["owners"])
    driver = look(server)
    replica_set = broken_pod["metadata"]["ownerReferences"][0]["name"]
    assert server.asked == [
        "pods default",
        f"replicasets.apps default/{replica_set}",
        "deployments.apps default/web",
    ]
    assert [trouble.lasting for trouble in driver.world[key()].troubles] == [True, True]
    driver._take_event(APPLICATION, "argocd", "MODIFIED", at_version(11))
    assert len(driver.world[key()].troubles) == 2, "an event says nothing of pods"
    server.pods = []
    driver.write(LookAtPods(key()))
    assert driver.world[key()].troubles == ()


@pytest.mark.parametrize("forbidden", ["pods", "replicasets"])
def test_pods_that_this_user_may_not_see_are_asked_for_once(forbidden):
    server = Cluster(at_version(10), [OF_A_DEPLOYMENT["broken"]], OF_A_DEPLOYMENT["owners"], [forbidden])
    driver = look(server)
    asked = list(server.asked)
    driver.write(LookAtPods(key()))
    assert (driver.world[key()].troubles, server.asked) == ((), asked)


def test_all_pods_of_an_application_and_no_others():
    stranger = copy.deepcopy(OF_A_DEPLOYMENT["running"])
    stranger["metadata"].update(name="stranger", uid="stranger", ownerReferences=[])
    server = Cluster(at_version(10), [OF_A_DEPLOYMENT["running"], stranger], OF_A_DEPLOYMENT["owners"])
    driver = ApplicationDriver(server)
    driver.observe(["argocd"])
    assert [pod["metadata"]["name"] for pod in driver.pods(driver.world[key()])] == [
        OF_A_DEPLOYMENT["running"]["metadata"]["name"]
    ]


def test_pods_that_this_user_may_not_see_are_none():
    driver = ApplicationDriver(Cluster(at_version(10), forbidden=["pods"]))
    driver.observe(["argocd"])
    assert (driver.pods(driver.world[key()]), driver.hidden) == ([], {"default"})


def test_applications_with_a_label():
    server = Server(at_version(10))
    driver = ApplicationDriver(server)
    assert driver.select("argocd", "team=ml") == [key()]
    assert server.selectors == [{"label_selector": "team=ml"}]


def test_an_owner_that_is_gone_meanwhile_says_nothing():
    server = Cluster(at_version(10), [OF_A_DEPLOYMENT["broken"]])
    assert look(server).world[key()].troubles == ()


def test_a_look_at_a_server_that_is_away_is_tried_again():
    server = Cluster(at_version(10))
    driver = ApplicationDriver(server)
    driver.observe(["argocd"])
    server.list = lambda kind, namespace: next(broken(Unavailable("connection refused"))())
    with pytest.raises(Unavailable):
        driver.write(LookAtPods(key()))
