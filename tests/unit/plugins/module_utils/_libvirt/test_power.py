# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed, Unavailable
from ansible_collections.ai_how.cloud.plugins.module_utils._core.step import Done, Fail, Watch, Write
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.actions import PowerOff, Shutdown, Start
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.model import Key
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.power import (
    Goal,
    Memory,
    PowerConversation,
    next_step,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.seen import Hypervisor, Seen

KEY = Key("qemu:///system", "web")
SEEN = Seen(KEY, Hypervisor(), "<domain/>", state="stopped")


def seen(state, **more):
    return dataclasses.replace(SEEN, state=state, **more)


def step(goal, now_seen, memory=None, now=100.0):
    return next_step(Goal(KEY, **goal), now_seen, memory or Memory(), now)


@pytest.mark.parametrize(
    ("goal", "state", "action"),
    [
        ({"state": "running"}, "stopped", Start),
        ({"state": "running"}, "paused", Start),
        ({"state": "stopped"}, "running", Shutdown),
        ({"state": "stopped"}, "paused", Shutdown),
        ({"state": "running", "cycles": True}, "running", Shutdown),
    ],
)
def test_what_is_done_first(goal, state, action):
    found = step(goal, seen(state))
    assert isinstance(found, Write) and isinstance(found.action, action)


@pytest.mark.parametrize(
    ("goal", "state"), [({"state": ""}, "absent"), ({"state": "running"}, "running"), ({"state": "stopped"}, "stopped")]
)
def test_what_needs_nothing(goal, state):
    assert step(goal, seen(state)) == Done()


def test_the_power_button_is_pressed_again():
    pressed = Memory(asked_at=80.0, pressed_at=95.0)
    assert step({"state": "stopped"}, seen("running"), pressed) == Watch("it is shutting down", 10.0)
    pressed = Memory(asked_at=80.0, pressed_at=90.0)
    assert isinstance(step({"state": "stopped"}, seen("running"), pressed), Write)


def test_the_plug_is_pulled_only_if_told():
    late = Memory(asked_at=70.0, pressed_at=99.0)
    refused = step({"state": "stopped", "shutdown_timeout": 30.0}, seen("running"), late)
    assert "did not shut down within 30 s" in str(refused.problem)
    pulled = step({"state": "stopped", "shutdown_timeout": 30.0, "force_stop": True}, seen("running"), late)
    assert isinstance(pulled.action, PowerOff)


def test_a_vm_that_ends_at_once_or_is_gone():
    ended = step({"state": "running"}, seen("stopped"), Memory(started=True))
    assert "ended right after its start" in str(ended.problem)
    assert "was undefined by somebody else" in str(step({"state": "running"}, seen("absent")).problem)


@pytest.mark.parametrize(
    ("wait_for", "reason"), [("ip", "has no address"), ("ssh", "at port 22"), ("agent", "guest agent does not answer")]
)
def test_what_is_waited_for(wait_for, reason):
    goal = {"state": "running", "wait_for": wait_for}
    assert reason in step(goal, seen("running")).reason
    assert "(192.168.122.9)" in step(goal, seen("running", addresses=("192.168.122.9",))).reason
    assert step(goal, seen("running", ready=frozenset([wait_for]))) == Done()


# the conversation


def converse(goal, states):
    """The actions that were written while the VM went through the states, one a second."""
    conversation, written = PowerConversation([goal]), []
    for now, state in enumerate(states):
        steps = conversation.advance({KEY: seen(state)}, float(now))
        if KEY in steps and isinstance(steps[KEY], Write):
            written.append(type(steps[KEY].action).__name__)
            conversation.confirm(KEY)
    return conversation, written


def test_a_restart():
    conversation, written = converse(Goal(KEY, "running", cycles=True), ["running", "running", "stopped", "running"])
    assert written == ["Shutdown", "Start"]
    assert conversation.over() and conversation.moved(KEY, {}) and conversation.failure(KEY) == ""


def test_a_stop_by_force():
    goal = Goal(KEY, "stopped", force_stop=True, shutdown_timeout=2)
    conversation, written = converse(goal, ["running", "running", "running", "stopped"])
    assert written == ["Shutdown", "PowerOff"]
    assert conversation.over()


def test_nothing_to_do():
    conversation, written = converse(Goal(KEY, "running"), ["running"])
    assert (written, conversation.moved(KEY, {})) == ([], False)
    assert conversation.failure(Key("", "other")) == "" and not conversation.moved(Key("", "other"), {})


def test_time_is_over():
    conversation, _other = converse(Goal(KEY, "running", wait_for="ip"), ["running"])
    assert conversation.wake_after() is None
    assert conversation.followed() == [KEY]
    conversation.look_again()
    conversation.time_out(30, None)
    assert 'VM "web" was waited for 30 s: it has no address' in conversation.failure(KEY)


@pytest.mark.parametrize(
    ("away", "text"), [(Unavailable("libvirt is away"), "libvirt is away"), (None, "being started")]
)
def test_time_is_over_while_it_is_started(away, text):
    conversation = PowerConversation([Goal(KEY, "running")])
    conversation.advance({KEY: SEEN}, 0.0)
    conversation.time_out(30, away)
    assert text in conversation.failure(KEY)


def test_a_failure_ends_it():
    conversation = PowerConversation([Goal(KEY, "running"), Goal(Key("", "b"), "running")])
    world = {KEY: SEEN, Key("", "b"): dataclasses.replace(seen("running"), key=Key("", "b"))}
    conversation.advance(world, 0.0)
    conversation.fail(KEY, Failed("no"))
    conversation.time_out(1, None)
    assert conversation.failure(KEY) == "no"
    assert conversation.over()
    assert conversation.advance(world, 1.0) == {}
    assert isinstance(step({"state": "running"}, seen("absent")), Fail)


def test_the_next_look_at_one_that_shuts_down():
    conversation, _other = converse(Goal(KEY, "stopped", shutdown_timeout=5), ["running", "running"])
    assert conversation.wake_after() == 4.0
