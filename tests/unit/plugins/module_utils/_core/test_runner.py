# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import NamedTuple

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core import runner
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import (
    Conflict,
    Failed,
    Invalid,
    Refused,
    TimedOut,
    Unavailable,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._core.redact import MASK
from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import execute
from ansible_collections.ai_how.cloud.plugins.module_utils._core.step import Done, Fail, News, Watch, Write


class Key(NamedTuple):
    namespace: str
    name: str


class Clock:
    """Time passes only while somebody waits."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Server:
    """A driver. ``specs``: what is there; ``broken``: what raises; ``away``: how many writes get no answer."""

    def __init__(self, specs=None, broken=None, away=0, conflicts=0, news=()):
        self.clock = Clock()
        self.specs = {Key("ns", name): spec for name, spec in (specs or {}).items()}
        self.broken = broken or {}
        self.away, self.conflicts = away, conflicts
        self.applied, self.dry, self.written, self.waits = [], [], [], []
        self.closed = False
        self.news = list(news)
        self._lock = threading.Lock()

    @property
    def world(self):
        return {key: SimpleNamespace(raw={"spec": spec}) for key, spec in self.specs.items()}

    def observe(self, namespaces):
        if "observe" in self.broken:
            raise self.broken["observe"]
        return self.world

    def apply(self, action, dry_run):
        name, spec = action
        if (name, spec if spec is None else tuple(spec)) in self.broken:
            raise self.broken[name, spec if spec is None else tuple(spec)]
        with self._lock:
            (self.dry if dry_run else self.applied).append(name)
            if not dry_run:
                self.specs[Key("ns", name)] = spec
        return None if spec is None else {"spec": spec}

    def write(self, action):
        with self._lock:
            self.written.append((self.clock.now, action))
            if self.away:
                self.away -= 1
                raise Unavailable("the API server is away")
            if self.conflicts:
                self.conflicts -= 1
                return False
        if action in self.broken:
            raise self.broken[action]
        return True

    def wait_for_change(self, namespaces, timeout):
        self.waits.append((list(namespaces), timeout))
        if "watch" in self.broken:
            return News(lost={"ns": self.broken["watch"]})
        assert timeout > 0, "a wait of no length would spin"
        self.clock.now += timeout
        return self.news.pop(0) if self.news else News()

    def close(self):
        self.closed = True


class Talk:
    """A conversation that follows a script: per item the steps; a Watch ends when time has passed."""

    def __init__(self, scripts, has_moved):
        self.has_moved = has_moved
        self.scripts = {key: list(script) for key, script in scripts.items()}
        self.failures = {}
        self._seen_at = {}
        self.looked_again = 0

    def advance(self, world, now):
        for key, script in self.scripts.items():
            if isinstance(script[0], Watch) and self._seen_at.setdefault((key, len(script)), now) < now:
                script.pop(0)
            if isinstance(script[0], Fail):
                self.fail(key, script[0].problem)
        return {key: script[0] for key, script in self.scripts.items() if not isinstance(script[0], (Done, Fail))}

    def confirm(self, key):
        self.scripts[key].pop(0)

    def fail(self, key, problem):
        self.scripts[key] = [Fail(problem)]
        self.failures[key] = str(problem)

    def look_again(self):
        self.looked_again += 1

    def time_out(self, seconds, away):
        for key, script in self.scripts.items():
            if not isinstance(script[0], (Done, Fail)):
                self.fail(key, TimedOut(f"{key.name}: timed out after {seconds:g} s" + (f"; {away}" if away else "")))

    def wake_after(self):
        return min(
            (s[0].wake_after for s in self.scripts.values() if isinstance(s[0], Watch) and s[0].wake_after),
            default=None,
        )

    def followed(self):
        return list(self.scripts)

    def failure(self, root):
        return self.failures.get(root, "")

    def moved(self, root, world):
        return root.name in self.has_moved

    def over(self):
        return all(isinstance(script[0], (Done, Fail)) for script in self.scripts.values())


class Domain:
    """``plans``: per item its actions ``(name, spec)``, or the Problem that planning it raises."""

    def __init__(self, plans, scripts=None, moved=(), foreseen=None, wait_timeout=60.0):
        self.items = [SimpleNamespace(key=Key("ns", name)) for name in plans]
        self.wait_timeout = wait_timeout
        self.plans, self.scripts = plans, scripts or {}
        self.has_moved, self.foreseen = moved, foreseen or {}
        self.talked_about = None

    def plan(self, item, observed):
        plan = self.plans[item.key.name]
        if isinstance(plan, Exception):
            raise plan
        return plan

    def conversation(self, planned, before):
        self.talked_about = [(item.key.name, changed) for item, changed in planned]
        scripts = {item.key: self.scripts.get(item.key.name, [Done()]) for item, _changed in planned}
        self.talk = Talk(scripts, self.has_moved)
        return self.talk

    def foresee(self, item, observed, changed):
        return self.foreseen.get(item.key.name, (False, ""))

    def view(self, raw):
        return raw["spec"]

    def report(self, item, world, conversation):
        return {"there": item.key in world}


def run(domain, server=None, check_mode=False):
    server = server or Server()
    return execute(domain, server, check_mode, server.clock)


def by_name(result, field):
    return {item["name"]: item[field] for item in result["results"]}


# The shape of the result


def test_one_item_stands_at_the_top_level_too():
    result = run(Domain({"web": [("web", {"a": 1})]}))
    assert result == {
        "name": "web",
        "namespace": "ns",
        "changed": True,
        "failed": False,
        "msg": "",
        "there": True,
        "results": [
            {"name": "web", "namespace": "ns", "changed": True, "failed": False, "msg": "", "there": True},
        ],
        "diff": [{"before_header": "ns/web", "after_header": "ns/web", "before": {}, "after": {"a": 1}}],
    }


def test_many_items_stand_in_results_alone_and_in_their_order():
    result = run(Domain({"b": [], "a": [("a", {})], "c": []}, moved=["c"]), Server({"b": {}}))
    assert [item["name"] for item in result["results"]] == ["b", "a", "c"]
    assert set(result) == {"changed", "failed", "msg", "results", "diff"}
    assert by_name(result, "changed") == {"b": False, "a": False, "c": True}
    assert result["changed"] is True


def test_what_a_report_warns_of_is_a_warning_of_the_task():
    domain = Domain({"web": [], "db": []})
    domain.report = lambda item, world, conversation: {"warnings": [f"{item.key.name} is old"]}
    result = run(domain)
    assert result["warnings"] == ["web is old", "db is old"]
    assert not any("warnings" in item for item in result["results"])


def test_nothing_to_do_changes_nothing_and_writes_nothing():
    server = Server({"web": {"a": 1}})
    result = run(Domain({"web": []}), server)
    assert (result["changed"], result["failed"], result["diff"]) == (False, False, [])
    assert (server.applied, server.written, server.waits) == ([], [], [])
    assert server.closed


# changed and diff


@pytest.mark.parametrize(
    ("before", "actions", "after"),
    [
        ({"a": 1}, [("web", {"a": 2})], {"a": 2}),
        ({"a": 1}, [("web", {"a": 2}), ("web", None)], {}),
    ],
)
def test_the_diff_shows_before_and_after(before, actions, after):
    result = run(Domain({"web": actions}), Server({"web": before}))
    assert result["changed"] is True
    assert [(diff["before"], diff["after"]) for diff in result["diff"]] == [(before, after)]


def test_a_write_that_changed_nothing_is_no_change():
    result = run(Domain({"web": [("web", {"a": 1})]}), Server({"web": {"a": 1}}))
    assert (result["changed"], result["diff"]) == (False, [])


def test_what_the_conversation_deployed_is_a_change_even_if_it_failed_otherwise():
    domain = Domain({"web": [], "db": []}, {"db": [Fail(Failed("db broke"))]}, moved=["web", "db"])
    result = run(domain, Server({"web": {}, "db": {}}))
    assert by_name(result, "changed") == {"web": True, "db": True}
    assert by_name(result, "failed") == {"web": False, "db": True}


def test_what_was_done_before_a_failure_is_a_change():
    server = Server({"web": {"finalizers": ["a"]}}, broken={("web", None): Refused("not allowed to delete web")})
    result = run(Domain({"web": [("web", {"finalizers": []}), ("web", None)]}), server)
    assert (result["changed"], result["failed"]) == (True, True)
    assert result["diff"][0]["after"] == {"finalizers": []}


# Failures


def test_a_problem_in_the_plan_of_one_item_changes_nothing():
    server = Server()
    with pytest.raises(Invalid, match="db is malformed"):
        run(Domain({"web": [("web", {"a": 1})], "db": Invalid("db is malformed")}), server)
    assert (server.applied, server.written) == ([], [])


def test_a_server_that_cannot_be_observed_changes_nothing():
    server = Server(broken={"observe": Unavailable("the API server is away")})
    with pytest.raises(Unavailable):
        run(Domain({"web": [("web", {"a": 1})]}), server)
    assert server.applied == []


def test_the_other_items_go_on_when_one_is_refused():
    server = Server(broken={("db", ("x",)): Refused("db is refused")})
    domain = Domain({"db": [("db", ("x",))], "web": [("web", {"a": 1})]})
    result = run(domain, server)
    assert by_name(result, "failed") == {"db": True, "web": False}
    assert by_name(result, "changed") == {"db": False, "web": True}
    assert (result["changed"], result["failed"], result["msg"]) == (True, True, "db is refused")
    assert domain.talked_about == [("web", True)]


def test_several_failures_are_all_told():
    scripts = {"a": [Fail(Failed("a broke"))], "b": [Fail(Failed("b broke"))]}
    assert run(Domain({"a": [], "b": [], "c": []}, scripts))["msg"] == "a broke | b broke"


def test_a_failing_conversation_does_not_end_the_others():
    scripts = {"a": [Watch("x", wake_after=1.0), Fail(Failed("a broke"))], "b": [Watch("x", 5.0), Write("b"), Done()]}
    server = Server()
    result = run(Domain({"a": [], "b": []}, scripts), server)
    assert by_name(result, "failed") == {"a": True, "b": False}
    assert [action for _time, action in server.written] == ["b"]


def test_a_refused_write_fails_its_item_alone():
    server = Server(broken={"a": Refused("not allowed to patch a")})
    result = run(Domain({"a": [], "b": []}, {"a": [Write("a"), Done()], "b": [Write("b"), Done()]}), server)
    assert by_name(result, "msg") == {"a": "not allowed to patch a", "b": ""}


def test_a_watch_that_ends_for_good_fails_what_is_open_and_keeps_the_truth():
    server = Server(broken={"watch": Refused("not allowed to watch")})
    domain = Domain({"web": [("web", {"a": 1})], "db": []}, {"web": [Watch("its health"), Done()]})
    result = run(domain, server)
    assert by_name(result, "failed") == {"web": True, "db": False}
    assert (result["changed"], result["msg"]) == (True, "not allowed to watch")
    assert server.closed


def test_the_watch_is_closed_when_the_conversation_is_interrupted():
    class Interrupted(Server):
        def wait_for_change(self, namespaces, timeout):
            raise KeyboardInterrupt

    server = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        run(Domain({"web": []}, {"web": [Watch("x"), Done()]}), server)
    assert server.closed


# Check mode


def test_check_mode_applies_only_dry_runs_and_never_converses():
    server = Server({"web": {"a": 1}, "db": {}})
    domain = Domain({"web": [("web", {"a": 2})], "db": []}, {"db": [Write("db")]}, moved=["db"])
    result = run(domain, server, check_mode=True)
    assert (server.applied, server.written, server.waits) == ([], [], [])
    assert server.dry == ["web"]
    assert domain.talked_about is None
    assert by_name(result, "changed") == {"web": True, "db": False}
    assert result["diff"][0]["after"] == {"a": 2}


def test_check_mode_tells_what_is_foreseen():
    domain = Domain({"web": [], "db": []}, foreseen={"web": (True, "would be synced"), "db": (False, "Synced")})
    result = run(domain, check_mode=True)
    assert by_name(result, "changed") == {"web": True, "db": False}
    assert by_name(result, "msg") == {"web": "would be synced", "db": "Synced"}
    assert result["msg"] == "would be synced; Synced"


def test_check_mode_fails_where_the_server_would_refuse():
    server = Server(broken={("web", ("x",)): Refused("admission denied")})
    result = run(Domain({"web": [("web", ("x",))]}, foreseen={"web": (True, "would")}), server, check_mode=True)
    assert (result["failed"], result["changed"], result["msg"]) == (True, False, "admission denied")


# Time


def test_a_wait_lasts_until_the_next_grace_ends_or_the_deadline():
    server = Server()
    scripts = {"a": [Watch("x", wake_after=3.0), Watch("x"), Done()]}
    run(Domain({"a": []}, scripts, wait_timeout=60.0), server)
    assert server.waits == [(["ns"], 3.0), (["ns"], 57.0)]


def test_what_is_open_at_the_deadline_has_timed_out():
    server = Server()
    domain = Domain({"a": [], "b": []}, {"a": [Watch("x")] * 9 + [Done()]}, wait_timeout=5.0)
    result = run(domain, server)
    assert by_name(result, "msg") == {"a": "a: timed out after 5 s", "b": ""}
    assert server.clock.now == 1005.0


def test_without_time_to_wait_it_still_looks_once():
    assert run(Domain({"a": []}, wait_timeout=0.0))["failed"] is False
    assert run(Domain({"a": []}, {"a": [Watch("x")]}, wait_timeout=0.0))["msg"] == "a: timed out after 0 s"


def test_a_write_to_a_server_that_is_away_is_tried_again_after_a_moment():
    server = Server(away=3)
    result = run(Domain({"a": []}, {"a": [Write("a"), Done()]}), server)
    assert result["failed"] is False
    assert [time - 1000.0 for time, _action in server.written] == [0.0, 1.0, 2.0, 3.0]


def test_a_server_that_stays_away_ends_in_a_timeout():
    server = Server(away=1000)
    result = run(Domain({"a": []}, {"a": [Write("a"), Done()]}, wait_timeout=10.0), server)
    assert result["msg"] == "a: timed out after 10 s; the API server is away"
    assert len(server.written) == 10


def test_a_timeout_tells_that_the_server_is_away_now_but_not_that_it_was():
    away = News(away=Unavailable("the API server is away"))
    scripts = {"a": [Watch("x", 1.0), Watch("y", 1.0), Watch("z", 1.0)] + [Watch("x")] * 9}
    for news, message in (([away] * 9, "; the API server is away"), ([away, News(returned=True), News()], "")):
        result = run(Domain({"a": []}, scripts, wait_timeout=3.0), Server(news=news))
        assert result["msg"] == "a: timed out after 3 s" + message


def test_after_the_server_was_away_everything_is_looked_at_again():
    scripts = {"a": [Watch("x", 1.0), Watch("y", 1.0), Done()]}
    for news, times in (([News(returned=True)], 1), ([News()], 0)):
        domain = Domain({"a": []}, scripts)
        run(domain, Server(news=news))
        assert domain.talk.looked_again == times


def test_a_write_that_lost_a_race_is_done_again_at_once():
    server = Server(conflicts=2)
    result = run(Domain({"a": []}, {"a": [Write("a"), Done()]}), server)
    assert result["failed"] is False
    assert [time for time, _action in server.written] == [1000.0] * 3
    assert server.waits == []


# Secrets


def test_secrets_are_masked_in_diffs_and_messages():
    before = {"parameters": [{"name": "auth.password", "value": "old-s3cret"}]}
    after = {"parameters": [{"name": "auth.password", "value": "new-s3cret"}], "repoURL": "https://me:s3cret@host/a"}
    scripts = {"web": [Fail(Failed("cannot clone https://me:s3cret@host/a"))]}
    result = run(Domain({"web": [("web", after)]}, scripts), Server({"web": before}))
    assert "s3cret" not in str(result)
    assert result["msg"] == result["results"][0]["msg"] == f"cannot clone https://{MASK}@host/a"
    assert result["diff"][0]["before"]["parameters"][0] == {"name": "auth.password", "value": MASK}
    assert result["diff"][0]["after"]["parameters"][0] == {"name": "auth.password", "value": f"{MASK} (changed)"}
    assert result["changed"] is True


# What only declares


class Declarations(Domain):
    def warnings(self, item, observed):
        return [f"{item.key.name} goes, by https://me:s3cret@host"] if observed else []

    def told(self, item, observed):
        return {"there": observed is not None}


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_declaration_is_planned_applied_and_told(check_mode):
    server = Server({"old": {"a": 1}})
    domain = Declarations({"new": [("new", {"a": 2})], "old": [("old", None)]}, foreseen={"new": (True, "would be")})
    result = runner.declare(domain, server, check_mode)
    assert by_name(result, "changed") == {"new": True, "old": True}
    assert by_name(result, "msg") == {"new": "would be" if check_mode else "", "old": ""}
    assert by_name(result, "there") == {"new": not check_mode, "old": True}
    assert sorted(server.dry if check_mode else server.applied) == ["new", "old"]
    assert [(diff["before"], diff["after"]) for diff in result["diff"]] == [({}, {"a": 2}), ({"a": 1}, {})]
    assert result["warnings"] == [f"old goes, by https://{MASK}@host"]


def test_a_declaration_that_changes_nothing_warns_of_nothing():
    result = runner.declare(Declarations({"web": []}), Server(), False)
    assert "warnings" not in result
    assert result["changed"] is False


def test_a_module_that_only_declares_hands_its_options_on(monkeypatch):
    monkeypatch.setattr(runner, "Module", FakeModule)
    with pytest.raises(Exit) as caught:
        runner.run_declaration({"name": {}}, lambda params: Declarations({"web": []}), lambda params: Server())
    assert caught.value.args[0]["results"][0]["name"] == "web"


# run_module


class Exit(Exception):
    pass


class FakeModule:
    def __init__(self, **arguments):
        self.arguments = arguments
        self.run_command = None
        self.params = {"name": "web"}
        self.check_mode = False
        FakeModule.last = self

    def exit_json(self, **result):
        raise Exit(result)

    def fail_json(self, **result):
        raise Exit({"failed": True, **result})


def run_module(monkeypatch, make_domain, make_driver=lambda params: Server(), **constraints):
    monkeypatch.setattr(runner, "Module", FakeModule)
    with pytest.raises(Exit) as caught:
        runner.run_module({"name": {}}, make_domain, make_driver, **constraints)
    return caught.value.args[0]


def test_a_module_hands_its_options_to_domain_and_driver(monkeypatch):
    seen = []
    result = run_module(
        monkeypatch,
        lambda params: seen.append(params) or Domain({"web": [("web", {"a": 1})]}),
        lambda params: seen.append(params) or Server(),
        required_one_of=[["name"]],
    )
    assert seen == [{"name": "web"}] * 2
    assert (result["changed"], result["failed"]) == (True, False)
    assert FakeModule.last.arguments == {
        "argument_spec": {"name": {}},
        "required_one_of": [["name"]],
    }


@pytest.mark.parametrize("problem", [Invalid, Refused, Conflict, Unavailable, Failed, TimedOut])
def test_a_problem_before_anything_was_done_is_one_sentence(monkeypatch, problem):
    def make_domain(params):
        raise problem("bad source")

    assert run_module(monkeypatch, make_domain) == {"failed": True, "msg": "bad source"}


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"apps": "abc"}, "apps is a text, and a list of key: value was expected"),
        ({"apps": [{}, "abc"]}, "apps[1] is a text, and a list of key: value was expected"),
        ({"apps": [["abc"]]}, "apps[0] is a list, and a list of key: value was expected"),
        ({"apps": [{"sync": 1}]}, "apps[0].sync is 1, and key: value was expected"),
        ({"apps": [{"sync": {}}, {"sync": None}], "name": 1}, "dictionary requested"),
        ({"logins": ["s3cret"]}, "logins[0] is a text, and a list of key: value was expected"),
    ],
)
def test_what_should_be_a_structure_is_named(monkeypatch, params, sentence):
    def fail_as_ansible_does(self, argument_spec, **arguments):
        self.argument_spec = argument_spec
        self._load_params()
        self.params = {}
        self.fail_json(msg="dictionary requested")

    def load_params(self):
        self.params = params

    def fail_json(self, text, **result):
        raise Exit(text)

    monkeypatch.setattr(runner.AnsibleModule, "__init__", fail_as_ansible_does)
    monkeypatch.setattr(runner.AnsibleModule, "_load_params", load_params)
    monkeypatch.setattr(runner.AnsibleModule, "fail_json", fail_json)
    sync = {"type": "dict", "options": {"prune": {"type": "bool"}}}
    with pytest.raises(Exit) as caught:
        runner.Module(
            argument_spec={
                "name": {"type": "str"},
                "apps": {"type": "list", "options": {"sync": sync}},
                "logins": {"type": "list", "options": {"tls": {"options": {"key": {"no_log": True}}}}},
            }
        )
    assert caught.value.args == (sentence,)


def test_warnings_are_given_as_ansible_wants_them(monkeypatch):
    warned = []
    monkeypatch.setattr(runner.AnsibleModule, "exit_json", lambda self, **result: warned.append(result))
    monkeypatch.setattr(runner.Module, "warn", lambda self, text: warned.append(text))
    with pytest.raises(AssertionError, match="exit_json returned"):
        module = object.__new__(runner.Module)
        module.argument_spec = {}
        module.exit_json(changed=True, warnings=["a", "b"])
    assert warned == ["a", "b", {"changed": True, "invocation": {"module_args": {}}}]


@pytest.mark.parametrize("end", ["exit_json", "fail_json"])
def test_options_and_messages_are_shown_without_secrets(monkeypatch, end):
    def shown(self, *message, **result):
        raise Exit([message, result])

    monkeypatch.setattr(runner.AnsibleModule, end, shown)
    module = object.__new__(runner.Module)
    module.argument_spec = module._unchecked = {}
    module.params = {
        "kubeconfig": {"users": [{"user": {"token": "s3cret", "client-key-data": "s3cret"}}]},
        "source": {"helm": {"parameters": [{"name": "auth.password", "value": "s3cret"}]}},
    }
    with pytest.raises(Exit) as caught:
        getattr(module, end)(msg="cannot clone https://me:s3cret@host/a")
    assert "invocation" in str(caught.value) and MASK in str(caught.value)
    assert "s3cret" not in str(caught.value.args[0][1]["invocation"]) + str(caught.value.args[0][0])


@pytest.mark.parametrize(
    "config",
    ["bearer_token: s3cret", ["bearer_token: s3cret"], {"tls": "key_data: s3cret"}, {"tls": [1, "key_data: s3cret"]}],
)
def test_what_should_be_a_structure_and_is_none_is_hidden(monkeypatch, config):
    def shown(self, message, **result):
        raise Exit(result["invocation"]["module_args"])

    monkeypatch.setattr(runner.AnsibleModule, "fail_json", shown)
    module = object.__new__(runner.Module)
    tls = {"type": "dict", "options": {"key_data": {}}}
    module.argument_spec = {"name": {}, "config": {"type": "dict", "options": {"tls": tls}}}
    module._unchecked = module.params = {"name": "edge", "config": config}
    with pytest.raises(Exit) as caught:
        module.fail_json(msg="dictionary requested")
    assert "s3cret" not in str(caught.value) and MASK in str(caught.value)
    assert "edge" in str(caught.value)


def test_what_is_no_log_is_hidden_where_ansible_module_gives_up_on_it(monkeypatch):
    def shown(self, message, **result):
        raise Exit(result["invocation"]["module_args"])

    monkeypatch.setattr(runner.AnsibleModule, "fail_json", shown)
    module = object.__new__(runner.Module)
    module.argument_spec = {
        "data": {"type": "dict", "no_log": True},
        "other": {"no_log": True},
        "items": {"type": "list", "options": {"data": {"no_log": True}}},
    }
    module.params = {"data": {"x": "s3cret"}, "other": None, "items": [{"data": "s3cret"}, "s3cret"]}
    module._unchecked = module.params
    with pytest.raises(Exit) as caught:
        module.fail_json(msg="dictionary requested")
    assert "s3cret" not in str(caught.value)
    assert caught.value.args[0]["other"] is None
