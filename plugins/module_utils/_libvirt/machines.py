# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The virtual machines of one task: a domain of the runner, pure.

They are planned one after the other, each with what those before it will have, so that two of them do not get the same
GPU, CPU or address; after that they are independent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.actions import Action, Define
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.model import Key, Vm
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.planner import (
    Plan,
    Policy,
    plan_absent,
    plan_present,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.power import Goal, PowerConversation
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.seen import Other, Seen

_POWER = {"running": "running", "restarted": "running", "stopped": "stopped"}


def parse_vms(params: Mapping[str, Any]) -> list[Vm]:
    """Raises Invalid, also for what two of them must not have in common."""
    given, uri = params["vms"], params["uri"]
    if given is None:
        return [Vm.from_params(params, uri)]
    if not given:
        raise Invalid("vms is an empty list; give at least one")
    vms = [Vm.from_params(item, uri, f"vms[{index}]: ") for index, item in enumerate(given)]
    _refuse_twins("the name", [(vm, vm.key.name) for vm in vms])
    nics = [(vm, nic) for vm in vms for nic in vm.networks or ()]
    _refuse_twins("the MAC address", [(vm, nic.mac) for vm, nic in nics])
    _refuse_twins("the address", [(vm, nic.address) for vm, nic in nics if nic.address])
    disks = [(vm, disk.path or f"{disk.pool}/{disk.volume}") for vm in vms for disk in vm.disks or ()]
    _refuse_twins("the disk", disks)
    return vms


def _refuse_twins(what: str, owners: Sequence[tuple[Vm, str]]) -> None:
    first: dict[str, Vm] = {}
    for vm, value in owners:
        if value in first:
            raise Invalid(f"{first[value].key} and {vm.key} both have {what} {value}; give each its own")
        first[value] = vm


class VirtualMachines:
    """The items with their plans. Raises Invalid for options that cannot be right."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.items: Sequence[Vm] = parse_vms(params)
        self.wait_timeout = float(params["wait_timeout"])
        self._policy = Policy(params["state"], params["restart"], params["delete_disks"])
        self._params = params
        self._plans: dict[Key, Plan] = {}
        self._others: dict[str, Other] = {}  # what the VMs planned so far will have

    def plan(self, item: Vm, observed: Seen) -> Sequence[Action]:
        domains = {**observed.hypervisor.domains, **self._others}
        seen = replace(observed, hypervisor=replace(observed.hypervisor, domains=domains))
        policy = self._policy_of(item)
        plan = plan_absent(seen, policy) if policy.state == "absent" else plan_present(item, seen, policy)
        self._plans[item.key] = plan
        if plan.other:
            self._others[item.key.name] = plan.other
        return plan.actions

    def _policy_of(self, item: Vm) -> Policy:
        return replace(self._policy, state=item.state or self._policy.state)

    def foresee(self, item: Vm, observed: Seen, changed: bool) -> tuple[bool, str]:
        """Check mode: what would be done to the VM's power comes on top."""
        plan, on = self._plans[item.key], observed.is_on
        power = _POWER.get(self._policy_of(item).state, "")
        move = "restarted" if plan.cycles else ""
        if power == "running" and observed.state != "running":
            move = "started"
        elif power == "stopped" and on:
            move = "stopped"
        told = [f"{action.what} [{action.impact.value}]" for action in plan.actions]
        msg = f"would {', '.join(told)}" if told else ""
        return changed or bool(move), "; ".join(filter(None, [msg, f"would be {move}" if move else ""]))

    def view(self, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        return raw

    def _warnings(self, item: Vm, seen: Optional[Seen]) -> list[str]:
        """``seen``: how it is after all was done, where libvirt may have left something out of a definition."""
        plan, dropped = self._plans[item.key], []
        if seen and any(isinstance(action, Define) for action in plan.actions):
            again = plan_present(item, seen, replace(self._policy, state="present"))
            left = [action.what for action in again.actions if isinstance(action, Define)]
            dropped = [f"{item.key}: libvirt did not take all of its definition: {what}" for what in left]
        pending = [f"{item.key} runs with something older than declared; restart it"] if plan.restart_required else []
        return [*plan.warnings, *dropped, *pending]

    def conversation(self, planned: Sequence[tuple[Vm, bool]], before: Mapping[Key, Seen]) -> PowerConversation:
        return PowerConversation(
            [
                Goal(
                    item.key,
                    _POWER.get(self._policy_of(item).state, ""),
                    self._plans[item.key].cycles,
                    self._params["wait_for"],
                    self._params["shutdown_timeout"],
                    self._params["force_stop"],
                )
                for item, _changed in planned
            ]
        )

    def report(
        self, item: Vm, world: Mapping[Key, Seen], conversation: Optional[PowerConversation]
    ) -> Mapping[str, Any]:
        seen, plan = world[item.key], self._plans[item.key]
        done = conversation is not None and item.key in conversation.followed()
        return {
            "state": seen.state,
            "actions": [{"what": action.what, "impact": action.impact.value} for action in plan.actions],
            "restart_required": plan.restart_required,
            "macs": list(plan.other.macs) if plan.other else [],
            "gpus": list(plan.other.host_devices) if plan.other else [],
            "addresses": list(seen.addresses),
            "warnings": self._warnings(item, seen if done else None),
        }
