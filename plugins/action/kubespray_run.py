# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Runs Kubespray from the controller and shows what happens while it does. What is run is decided in _kubespray."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ansible import constants, context
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import connection_loader
from ansible.template import is_trusted_as_template
from ansible.utils.display import Display
from ansible.vars.manager import VariableManager
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Problem
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray import progress, run
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.inventory import (
    document,
    for_kubespray,
    members,
    plain,
    summary,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.model import (
    VERBS,
    Inventory,
    Live,
    Node,
    Request,
    parse_stamp,
    stamp_data,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.plan import (
    Plan,
    Run,
    cordons,
    make_plan,
    unfinished,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.preflight import KINDS, findings, unanswered
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.release import Release
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.versions import plain as without_v
from ansible_collections.ai_how.cloud.plugins.plugin_utils import kubespray as driver

# Of the variables for Kubespray those that the role itself needs, rendered
_READ = (
    "allow_unsupported_distribution_setup eviction_hard ip kube_version minimal_master_memory_mb minimal_node_memory_mb"
    " override_system_hostname"
).split()
_SPEC: Mapping[str, Any] = {
    "state": {"type": "str", "choices": ["prepared", "planned", "done", "confirmed", "failed"], "required": True},
    "tree": {"type": "path", "required": True},
    "venv": {"type": "path", "required": True},
    "python": {"type": "path", "default": "python3"},
    "state_dir": {"type": "path", "default": ""},
    "callbacks": {"type": "path", "default": ""},
    "name": {"type": "str", "default": ""},
    "verb": {"type": "str", "choices": list(VERBS), "default": "deploy"},
    "nodes": {"type": "list", "elements": "str", "default": []},
    "confirm": {"type": "str", "default": ""},
    "force": {"type": "bool", "default": False},
    "gone": {"type": "bool", "default": False},
    "variables": {"type": "dict", "default": {}},
    "left_out": {"type": "list", "elements": "str", "default": []},
    "ignored": {"type": "list", "elements": "str", "choices": list(KINDS), "default": []},
    "looks": {"type": "dict", "default": {}},
    "cordoned_before": {"type": "list", "elements": "str", "default": []},
    "failure": {"type": "str", "default": ""},
    "wait_for_ready": {"type": "bool", "default": True},
}
_display = Display()


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: Optional[str] = None, task_vars: Optional[dict[str, Any]] = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        validate: Any = self.validate_argument_spec
        _validation, args = validate(_SPEC)
        for name in ("tree", "venv", "state_dir", "callbacks"):
            args[name] = args[name] and os.path.abspath(args[name])
        states = {
            "prepared": self._prepare,
            "planned": self._plan,
            "done": self._do,
            "confirmed": self._confirm,
            "failed": self._fail,
        }
        try:
            return {**result, **states[args["state"]](args, task_vars or {})}
        except Problem as problem:
            raise AnsibleActionFail(str(problem)) from None

    def _prepare(self, args: Mapping[str, Any], _task_vars: Mapping[str, Any]) -> dict[str, Any]:
        release = driver.release_of(args["tree"])
        missing = not driver.venv_is_ready(args["tree"], args["venv"])
        if missing and not self._task.check_mode:
            driver.make_venv(args["tree"], args["venv"], args["python"], release, self._show)
        core = "" if missing and self._task.check_mode else driver.check_venv(release, args["venv"])
        return {
            "changed": missing,
            "release": release.identity,
            "ansible_core": core,
            "kubernetes": list(release.known),
        }

    def _plan(self, args: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        release = driver.release_of(args["tree"])
        cluster = Cluster(args, task_vars, self._loader)
        request = cluster.request(release)
        plan = make_plan(request, cluster.summary, release, cluster.live)
        found = findings(plan.hosts, args["looks"], cluster.read, cluster.summary, release, time.time())
        passed = [each.text for each in found if each.kind in args["ignored"]]
        reasons = [each.text for each in found if each.kind not in args["ignored"]]
        for reason in reasons:
            self._show(reason)
        if reasons:
            raise AnsibleActionFail(
                f"Nothing was run, since Kubespray would fail on {_count(reasons, 'thing')}: {' | '.join(reasons)}"
            )
        return {
            "changed": False,
            "msg": _told(plan),
            "runs": [_command(each) for each in plan.runs],
            "kubernetes": request.version,
            "stamp": stamp_data(plan.stamp) if plan.stamp else None,
            "cordoned": cluster.live.cordoned,
            "warnings": [*plan.warnings, *passed],
        }

    def _do(self, args: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        release = driver.release_of(args["tree"])
        cluster = Cluster(args, task_vars, self._loader)
        plan = make_plan(cluster.request(release), cluster.summary, release, cluster.live)
        if self._task.check_mode:
            return {"changed": bool(plan.runs), "msg": _told(plan)}
        driver.make_folder(f"{args['state_dir']}/facts")
        config = f"{args['state_dir']}/ansible.cfg"
        text = run.configuration(_settings(), args["tree"], args["state_dir"], args["callbacks"])
        driver.write(config, text)
        done = []
        with driver.in_memory(cluster.document(self._play_context)) as inventory:
            for each in plan.runs:
                done.append(self._run(each, args, config, inventory))
        return {"changed": bool(done), "msg": "; ".join(done)}

    def _run(self, each: Run, args: Mapping[str, Any], config: str, inventory: int) -> str:
        log = driver.new_log(f"{args['state_dir']}/logs", each.playbook)
        self._show(f"{_command(each)}, log {log}")
        command = driver.Command(
            argv=run.arguments(each, args["venv"], args["tree"], f"/proc/self/fd/{inventory}"),
            environment=run.environment(os.environ, config, args["venv"]),
            chdir=args["tree"],
            log=log,
            keep=[inventory],
        )
        status, seconds, seen = driver.stream(command, self._show)
        if status:
            text = progress.failure(each.playbook, status, seconds, seen, log, driver.tail(log))
            raise AnsibleActionFail(f"{text}. Correct that and run the same again; it goes on from there.")
        self._show(progress.summary(each.playbook, seconds, seen))
        return progress.summary(each.playbook, seconds, seen)

    def _confirm(self, args: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        release = driver.release_of(args["tree"])
        cluster = Cluster(args, task_vars, self._loader)
        problem = unfinished(cluster.request(release), cluster.summary, cluster.live, args["wait_for_ready"])
        return {
            "changed": False,
            "failed": bool(problem),
            "msg": problem,
            "warnings": cordons(cluster.live, args["cordoned_before"]),
        }

    def _fail(self, args: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        live = Cluster(args, task_vars, self._loader).live
        left = cordons(live, live.cordoned if live.problem else args["cordoned_before"])
        reason = args["failure"].removeprefix("Task failed: ").removeprefix("Action failed: ")
        return {"changed": False, "failed": True, "msg": " ".join([reason, *left])}

    def _show(self, text: str) -> None:
        _display.display(f"kubespray | {text}", color="dark gray")


class Cluster:
    """The inventory of this playbook, as far as it is of the cluster, and what its hosts have said of themselves."""

    def __init__(self, args: Mapping[str, Any], task_vars: Mapping[str, Any], loader: Any) -> None:
        self._args = args
        self._groups: Mapping[str, Sequence[str]] = task_vars["groups"]
        self._own = members(self._groups, args["left_out"])
        names = list(dict.fromkeys(host for group in self._own.values() for host in group))
        hostvars = task_vars["hostvars"]
        # A manager of its own: this one has what tasks have registered, and facts
        manager = VariableManager(loader=loader, inventory=hostvars._inventory)
        given = plain(args["variables"], lambda _text: True)
        self._hosts = {}
        for name in names:
            host = hostvars._inventory.get_host(name)
            variables = manager.get_vars(host=host, include_hostvars=False, stage="all")
            self._hosts[name] = {**plain(for_kubespray(variables), is_trusted_as_template), **given}
        self.read = {name: {**_needed(hostvars[name]), **_needed(args["variables"])} for name in names}
        self.summary: Inventory = summary(self._own, self._hosts)
        self.live = self._live()

    def request(self, release: Release) -> Request:
        args = self._args
        first = self.read.get(next(iter(self.summary.control_planes), ""), {})
        return Request(
            verb=args["verb"],
            name=args["name"],
            version=without_v(first.get("kube_version") or release.known[0]),
            nodes=tuple(args["nodes"]),
            confirm=args["confirm"],
            force=args["force"],
            gone=args["gone"],
        )

    def document(self, play: Any) -> dict[str, Any]:
        """The inventory for Kubespray. Passwords that were asked for at the start are in it."""
        asked = {"ansible_password": play.password, "ansible_become_password": play.become_pass}
        folders = {name: f"{self._args['state_dir']}/{name}" for name in ("artifacts", "credentials")}
        defaults = {f"{name}_dir": folder for name, folder in folders.items()}
        return document(self._groups, self._hosts, {**defaults, **{name: text for name, text in asked.items() if text}})

    def _live(self) -> Live:
        looks = self._args["looks"]
        first = looks.get(next(iter(self.summary.control_planes), ""), {})
        return Live(
            nodes={each["name"]: Node(**each) for each in first.get("nodes", ())},
            stamp=parse_stamp(first.get("stamp")),
            traces=tuple(host for host in self.summary.hosts if looks.get(host, {}).get("traces")),
            problem=first.get("api_problem", ""),
            silent={host: why for host in self.summary.hosts if (why := unanswered(host, looks.get(host, {})))},
        )


def _needed(variables: Any) -> dict[str, Any]:
    return {name: variables[name] for name in _READ if name in variables}


def _settings() -> run.Settings:
    """Of the command line, else of the configuration of the Ansible that runs this."""
    config: Any = constants.config
    connection_loader.get("ssh", class_only=True)  # its settings are known from then on
    return run.Settings(
        forks=context.CLIARGS.get("forks") or config.get_config_value("DEFAULT_FORKS"),
        timeout=config.get_config_value("DEFAULT_TIMEOUT"),
        remote_user=context.CLIARGS.get("remote_user") or config.get_config_value("DEFAULT_REMOTE_USER"),
        private_key_file=context.CLIARGS.get("private_key_file") or config.get_config_value("DEFAULT_PRIVATE_KEY_FILE"),
        host_key_checking=config.get_config_value("HOST_KEY_CHECKING"),
        ssh_args=config.get_config_value("ssh_args", plugin_type="connection", plugin_name="ssh"),
        become_method=context.CLIARGS.get("become_method") or config.get_config_value("DEFAULT_BECOME_METHOD"),
    )


def _command(each: Run) -> str:
    limit = f" --limit {','.join(each.limit)}" if each.limit else ""
    return f"{each.playbook}{limit}"


def _told(plan: Plan) -> str:
    if not plan.runs:
        return f"Nothing to run: {plan.reason}."
    return f"To run, since {plan.reason}: {', '.join(_command(each) for each in plan.runs)}."


def _count(things: Sequence[str], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"
