# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.surroundings import (
    Seen,
    Surroundings,
    parse_network,
    parse_pool,
)

NETWORK = {
    "uri": "test:///default",
    "name": "cluster",
    "state": "present",
    "subnet": "10.1.0.0/24",
    "bridge": "virbr1",
    "forward": "nat",
}
POOL = {"uri": "test:///default", "name": "default", "state": "present", "path": "/images"}

# As libvirt 9 gives back what it was told, with a reservation.
THERE = """<network>
  <name>cluster</name>
  <uuid>5a3b2a3c-6f3e-4d0c-9d65-64a2b7a4a5d1</uuid>
  <forward mode='nat'><nat><port start='1024' end='65535'/></nat></forward>
  <bridge name='virbr1' stp='on' delay='0'/>
  <mac address='52:54:00:11:22:33'/>
  <ip address='10.1.0.1' netmask='255.255.255.0'>
    <dhcp><range start='10.1.0.200' end='10.1.0.210'/><host mac='52:54:00:00:00:01' name='a' ip='10.1.0.10'/></dhcp>
  </ip>
</network>"""
IMAGES = "<pool type='dir'><name>default</name><target><path>/images</path></target></pool>"


def apply(seen, actions):
    """What libvirt would make of them."""
    for action in actions:
        if action.do == "define":
            seen = replace(seen, xml=action.xml)
        elif action.do == "start":
            seen = replace(seen, active=True, live_xml=seen.xml)
        elif action.do == "stop":
            seen = replace(seen, active=False, live_xml="")
        elif action.do == "autostart":
            seen = replace(seen, autostart=True)
        else:
            seen = replace(seen, xml="", live_xml="", autostart=False)
        assert seen.raw == action.after
    return seen


def plan(item, seen):
    domain = Surroundings(item)
    return domain, domain.plan(item, seen)


def network(**options):
    return parse_network({**NETWORK, **options})


def there(**changes):
    return Seen(network().key, THERE, THERE, True, True, **changes)


@pytest.mark.parametrize("item", [network(), network(forward="route"), network(forward="none"), parse_pool(POOL)])
def test_it_is_made_once_and_removed_once(item):
    domain, actions = plan(item, Seen(item.key))
    assert [action.do for action in actions] == ["define", "start", "autostart"]
    assert domain.foresee(item, Seen(item.key), True) == (False, f"{item.key} would be made")
    assert domain.told(item, Seen(item.key)) == {"existed": False, "restart_required": False}
    seen = apply(Seen(item.key), actions)
    domain, actions = plan(item, seen)
    assert list(actions) == [] and domain.foresee(item, seen, False) == (False, "")
    gone = replace(item, absent=True)
    _other, actions = plan(gone, seen)
    seen = apply(seen, actions)
    assert seen.raw == {} and list(plan(gone, seen)[1]) == []


def test_what_is_as_declared_stays_to_the_letter():
    assert list(plan(network(), there())[1]) == []


def test_a_prefix_says_the_same_as_a_netmask():
    same = THERE.replace("netmask='255.255.255.0'", "prefix='24'")
    assert list(plan(network(), replace(there(), xml=same, live_xml=same))[1]) == []


def test_what_is_off_is_started():
    _other, actions = plan(network(), replace(there(), active=False, live_xml="", autostart=False))
    assert [action.do for action in actions] == ["start", "autostart"]


def test_a_change_restarts_a_network_in_which_nothing_runs():
    wanted = network(subnet="10.2.0.0/16", bridge="virbr2", forward="route")
    _other, actions = plan(wanted, there(users={"a": False}))
    assert [action.do for action in actions] == ["define", "stop", "start"]
    seen = apply(there(users={"a": False}), actions)
    assert "5a3b2a3c" in seen.xml and "10.1.0." not in seen.xml and "<nat>" not in seen.xml
    assert list(plan(wanted, seen)[1]) == []


def test_addresses_that_fit_stay():
    _other, actions = plan(network(subnet="10.1.0.0/16"), there())
    assert 'ip="10.1.0.10"' in actions[0].xml and 'start="10.1.0.200"' in actions[0].xml


def test_a_change_waits_for_vms_that_run():
    wanted, seen = network(bridge="virbr2"), there(users={"a": True, "b": False})
    domain, actions = plan(wanted, seen)
    assert [action.do for action in actions] == ["define"]
    assert domain.told(wanted, seen)["restart_required"]
    (warning,) = domain.warnings(wanted, seen)
    assert warning.startswith('network "cluster" is changed at its next start, since a runs in it')
    seen = apply(seen, actions)
    domain, actions = plan(wanted, seen)
    assert list(actions) == [] and domain.warnings(wanted, seen)

    off = replace(seen, users={"a": False})
    domain, actions = plan(wanted, off)
    assert [action.do for action in actions] == ["stop", "start"]
    assert apply(off, actions).raw != off.raw
    assert domain.warnings(wanted, off) == ()


def test_a_network_with_vms_is_not_removed():
    with pytest.raises(Refused, match=r'network "cluster" cannot be removed while VMs are in it \(a, b\)'):
        plan(network(state="absent"), there(users={"b": False, "a": True}))


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ("<network><bridge name='virbr1'/></network>", 'the network "other" has the bridge virbr1'),
        (
            "<network><forward/><ip family='ipv6' address='fd00::1' prefix='64'/>"
            "<ip address='10.1.0.65' prefix='26'/></network>",
            'the network "other" has 10.1.0.65/26, within 10.1.0.0/24',
        ),
    ],
)
def test_what_two_networks_must_not_have_in_common(other, sentence):
    with pytest.raises(Refused, match=sentence):
        plan(network(), Seen(network().key, others={"other": other}))


def test_networks_that_have_nothing_in_common():
    apart = {"a": "<network><bridge name='b'/><ip address='10.3.0.1'/></network>", "b": "<network/>"}
    assert plan(network(), there(others=apart))[1] == []


def test_a_pool_does_not_move():
    with pytest.raises(Refused, match='storage pool "default" is /images, and /other was given'):
        plan(parse_pool({**POOL, "path": "/other/"}), Seen(parse_pool(POOL).key, IMAGES, IMAGES, True, True))
    elsewhere = "<pool type='rbd'><name>default</name></pool>"
    with pytest.raises(Refused, match="is no folder"):
        plan(parse_pool(POOL), Seen(parse_pool(POOL).key, elsewhere, elsewhere, True, True))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"name": "a b"}, '"a b" cannot name a network'),
        ({"bridge": "a-bridge-too-long"}, "bridge is 'a-bridge-too-long'; give a name of up to 15"),
        ({"subnet": "10.1.0.5/24"}, "subnet is no IPv4 network .*has host bits set"),
        ({"subnet": "fd00::/64"}, "subnet is no IPv4 network"),
        ({"subnet": "10.1.0.0/31"}, "subnet 10.1.0.0/31 has no room"),
    ],
)
def test_options_that_cannot_be_right(options, sentence):
    with pytest.raises(Invalid, match=sentence):
        network(**options)


def test_a_path_from_nowhere():
    with pytest.raises(Invalid, match="path is images; give a path from the root"):
        parse_pool({**POOL, "path": "images"})
    assert parse_pool({**POOL, "state": "absent", "path": None}).absent
