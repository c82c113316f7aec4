# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Runs one supervisord over its XML-RPC socket, and finds the processes that a killed one left behind."""

from __future__ import annotations

import contextlib
import http.client
import os
import select
import signal
import socket
import ssl
import time
import urllib.request
import xmlrpc.client
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._core.command import RunCommand
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed, TimedOut, Unavailable

MARK = "AI_HOW_CLOUD_SANDBOX"
_UP = ("RUNNING", "STARTING", "BACKOFF")
_PATIENCE = 15.0  # seconds to end, and again after SIGKILL


def ensure(params: Mapping[str, Any], dry_run: bool, run_command: RunCommand) -> dict[str, Any]:
    """The result of the module supervised."""
    actions = _end(params, dry_run) if params["state"] != "started" else []
    if params["state"] != "stopped":
        actions += _run(params, dry_run, run_command, ended=bool(actions))
    return {"changed": bool(actions), "actions": actions}


def owned(directory: str) -> list[int]:
    """The processes whose environment carries the mark of ``directory``."""
    mark = f"{MARK}={directory}".encode()
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            with contextlib.suppress(OSError), open(f"/proc/{entry}/environ", "rb") as environ:
                if mark in environ.read().split(b"\0"):
                    found.append(int(entry))
    return found


def _end(params: Mapping[str, Any], dry_run: bool) -> list[str]:
    """Asks every process of the directory to end, those that depend on others first, and kills what is left."""
    pids = owned(params["directory"])
    if not pids:
        return []
    if not dry_run:
        # supervisord itself would end them one a second
        with contextlib.suppress(OSError, http.client.HTTPException, xmlrpc.client.Error):
            os.kill(_client(params["socket"]).getPID(), signal.SIGKILL)
        deadline = time.monotonic() + _PATIENCE
        for number in (signal.SIGTERM, signal.SIGKILL):
            # More than one round, since supervisord may start a program again before it ends itself
            while (left := owned(params["directory"])) and time.monotonic() < deadline:
                for pid in sorted(left, reverse=True):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, number)
                    _await([pid], deadline)
            deadline = time.monotonic() + _PATIENCE
        if left := owned(params["directory"]):
            raise TimedOut(f"Processes {left} do not end {_PATIENCE:.0f} s after SIGKILL; look at them with ps.")
    return [f"end {len(pids)} processes"]


def _await(pids: Sequence[int], deadline: float) -> None:
    """Until the processes have ended, or the deadline."""
    fds = set()
    try:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                fds.add(os.pidfd_open(pid))
        waiting = set(fds)
        while waiting and (left := deadline - time.monotonic()) > 0:
            waiting -= set(select.select(list(waiting), [], [], left)[0])
    finally:
        for fd in fds:
            os.close(fd)


def _run(params: Mapping[str, Any], dry_run: bool, run_command: RunCommand, ended: bool) -> list[str]:
    alive = not ended and _answers(params["socket"])
    actions = []
    if not alive:
        actions += [] if ended else _end(params, dry_run)
        actions.append("start supervisord")
        if dry_run:
            return actions + [f"start {name}" for name in params["programs"]]
        _start(params, run_command)
    client = _client(params["socket"])
    try:
        if alive:
            actions += _reload(client, dry_run)
        states = _states(client)
        for name in params["programs"]:
            if f"replace {name}" in actions or states.get(name) not in _UP:
                actions.append(f"start {name}")
                if not dry_run:
                    client.startProcess(name, False)
        if not dry_run:
            _wait(client, params)
    except xmlrpc.client.Fault as fault:
        raise Failed(
            f"supervisord refuses: {fault.faultString}; expected the programs of {params['config']}."
        ) from fault
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"supervisord stopped answering on {params['socket']} ({error}); run this again.") from error
    return actions


def _start(params: Mapping[str, Any], run_command: RunCommand) -> None:
    environment = {**params["environment"], MARK: params["directory"]}
    # Nothing of our own environment is for the programs
    clean = ["env", "-i", *(f"{name}={value}" for name, value in environment.items())]
    status, stdout, stderr = run_command(
        [*clean, *params["argv"], "--configuration", params["config"]], cwd=params["directory"]
    )
    said = (stdout + stderr).strip() or f"it ended with status {status}"
    if not _answers(params["socket"]):
        raise Failed(f"supervisord does not start with {params['config']}: {said}")


def _reload(client: Any, dry_run: bool) -> list[str]:
    """Takes over the configuration file as it is now; programs that differ are ended and added again."""
    # It has supervisord read the file and compare, no more
    added, changed, removed = client.reloadConfig()[0]
    if not dry_run:
        for name in removed + changed:
            client.stopProcessGroup(name)
            client.removeProcessGroup(name)
        for name in added + changed:
            client.addProcessGroup(name)
    verbs = {"add": added, "replace": changed, "remove": removed}
    return [f"{verb} {name}" for verb, names in verbs.items() for name in names]


def _wait(client: Any, params: Mapping[str, Any]) -> None:
    """Until each URL has answered once with a status below 400."""
    deadline = time.monotonic() + params["timeout"]
    waiting = list(params["health"])
    pause = 0.05
    while True:
        answers = [(check, _problem(check["url"], check["ca_path"])) for check in waiting]
        waiting = [check for check, problem in answers if problem]
        if not waiting:
            return
        if time.monotonic() >= deadline:
            check, problem = next((check, problem) for check, problem in answers if problem)
            info = client.getProcessInfo(check["program"])
            raise TimedOut(
                f"{check['program']} does not answer at {check['url']} after {params['timeout']} s ({problem};"
                f" supervisord says {info['statename']} {info['spawnerr'] or info['description']});"
                f" see {info['stdout_logfile']}."
            )
        time.sleep(min(pause, max(0.0, deadline - time.monotonic())))
        pause = min(pause * 1.5, 1.0)


def _problem(url: str, ca_path: Optional[str]) -> str:
    context = ssl.create_default_context(cafile=ca_path) if ca_path else None
    handlers: list[Any] = [urllib.request.ProxyHandler({})]
    if context:
        handlers.append(urllib.request.HTTPSHandler(context=context))
    try:
        with urllib.request.build_opener(*handlers).open(url, timeout=5):
            return ""
    except (OSError, http.client.HTTPException) as error:
        return str(error)


def _states(client: Any) -> dict[str, str]:
    return {info["name"]: info["statename"] for info in client.getAllProcessInfo()}


def _answers(path: str) -> bool:
    try:
        return bool(_client(path).getState()["statename"] == "RUNNING")
    except (OSError, http.client.HTTPException, xmlrpc.client.Error):
        return False


def _client(path: str) -> Any:
    return xmlrpc.client.ServerProxy("http://localhost", transport=_UnixTransport(path)).supervisor


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        return _UnixConnection(self._path, timeout=30)


class _UnixConnection(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.host)
