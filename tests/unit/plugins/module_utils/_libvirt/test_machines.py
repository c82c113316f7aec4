# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.machines import VirtualMachines
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.model import Key
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._libvirt.simulated import (
    URI,
    WEB,
    Simulated,
    params,
)

DB = {**WEB, "name": "db", "disks": [{"size": "1G"}]}
NIC = {"network": "default", "address": "192.168.122.9"}


@pytest.mark.parametrize(
    ("vms", "sentence"),
    [
        ([WEB, WEB], 'VM "web" and VM "web" both have the name web'),
        (
            [{**WEB, "networks": [NIC]}, {**DB, "networks": [NIC]}],
            'VM "web" and VM "db" both have the address 192.168.122.9',
        ),
        (
            [{**WEB, "networks": [{"mac": "52:54:00:00:00:01"}]}, {**DB, "networks": [{"mac": "52:54:00:00:00:01"}]}],
            "both have the MAC address 52:54:00:00:00:01",
        ),
        ([{**WEB, "disks": [{"path": "/a"}]}, {**DB, "disks": [{"path": "/a"}]}], "both have the disk /a"),
    ],
)
def test_what_two_vms_must_not_have_in_common(vms, sentence):
    with pytest.raises(Invalid, match=sentence):
        VirtualMachines(params(*vms))


def test_an_empty_list():
    with pytest.raises(Invalid, match="vms is an empty list"):
        VirtualMachines({**params(WEB), "vms": []})


@pytest.mark.parametrize(
    ("before", "task", "told"),
    [
        (None, {"state": "running"}, (True, "would define .LIVE., create /images/web-vda.qcow2 .*; would be started")),
        ("running", {"state": "running"}, (False, "")),
        ("stopped", {"state": "running"}, (True, "would be started")),
        ("running", {"state": "stopped"}, (True, "would be stopped")),
        ("stopped", {"state": "stopped"}, (False, "")),
        ("running", {"state": "restarted"}, (True, "would be restarted")),
        ("running", {"state": "absent"}, (False, "would power off .POWER_CYCLE., undefine .RECREATE.")),
        ("stopped", {"state": "present"}, (False, "")),
    ],
)
def test_what_check_mode_foresees(before, task, told):
    box = Simulated()
    if before:
        box.run(WEB, state=before)
    domain, _other = box.plan(WEB, **task)
    more, msg = domain.foresee(domain.items[0], box.see("web"), False)
    assert more == told[0]
    assert re.fullmatch(told[1], msg)


def test_what_libvirt_left_out_is_told():
    box = Simulated()
    domain, _other = box.plan({**WEB, "description": "for a test"})
    box.run(WEB)
    item = domain.items[0]
    talk = domain.conversation([(item, True)], {})
    told = domain.report(item, {item.key: box.see("web")}, talk)
    assert told["warnings"] == ['VM "web": libvirt did not take all of its definition: change description']
    box.run({**WEB, "description": "for a test"})
    assert domain.report(item, {item.key: box.see("web")}, talk)["warnings"] == []


def test_the_goals_of_a_task():
    box = Simulated()
    domain, _other = box.plan(WEB, state="restarted", wait_for="ip", shutdown_timeout=9)
    box.run(WEB, state="running")
    domain, _other = box.plan(WEB, state="restarted", wait_for="ip", shutdown_timeout=9)
    (goal,) = domain.conversation([(domain.items[0], False)], {})._goals.values()
    assert (goal.state, goal.cycles, goal.wait_for, goal.shutdown_timeout) == ("running", True, "ip", 9)


def test_what_a_result_tells():
    box = Simulated()
    domain, _other = box.plan({**WEB, "networks": [NIC]}, state="running")
    told = domain.report(domain.items[0], {Key(URI, "web"): box.see("web")}, None)
    assert told["state"] == "absent"
    assert [action["impact"] for action in told["actions"]] == ["LIVE"] * 3
    assert told["macs"][0].startswith("52:54:00:") and told["gpus"] == []
    domain, _other = box.plan({"name": "web"}, state="absent")
    assert domain.report(domain.items[0], {Key(URI, "web"): box.see("web")}, None)["macs"] == []


def test_a_vm_has_a_state_of_its_own():
    box = Simulated()
    domain, _other = box.plan(WEB, {**DB, "state": "running"})
    domain_goals = domain.conversation([(item, False) for item in domain.items], {})._goals
    assert {key.name: goal.state for key, goal in domain_goals.items()} == {"web": "", "db": "running"}
    assert domain.foresee(domain.items[1], box.see("db"), False)[0]
    box.run(WEB, DB)
    gone, _other = box.plan({**WEB, "state": "absent"}, DB)
    assert [gone._plans[item.key].actions[-1:] != () for item in gone.items] == [True, False]
