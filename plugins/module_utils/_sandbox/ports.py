# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Chooses free TCP ports on loopback once, and keeps them in a file."""

from __future__ import annotations

import errno
import fcntl
import glob
import itertools
import json
import os
import socket
import zlib
from collections.abc import Mapping
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Refused, Unavailable
from ansible_collections.ai_how.cloud.plugins.module_utils._sandbox.files import write

# Up to where Linux' default range for outgoing connections begins.
_START, _END = 21000, 32768


def keep(params: Mapping[str, Any], dry_run: bool, _run_command: object = None) -> dict[str, Any]:
    """The result of the module sandbox_ports. Runs side by side for folders side by side choose one after the other."""
    path = params["path"]
    if dry_run:
        before, ports = _choose(params)
    else:
        lock = _lock(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(path))), ".ports.lock"))
        try:
            before, ports = _choose(params)
            if ports != before:
                _write(path, ports)
        finally:
            os.close(lock)
    return {"changed": ports != before, "ports": ports}


def _lock(path: str) -> int:
    """Held until the file is closed. It is open for writing, since flock on NFS asks for that."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError as error:
        raise Unavailable(
            f"{path} cannot be locked ({error}); its folder must be there and writable for this user."
        ) from error
    return file


def _choose(params: Mapping[str, Any]) -> tuple[dict[str, int], dict[str, int]]:
    """What the file holds, and what it should hold."""
    path = params["path"]
    before = _read(path)
    others = [other for other in glob.glob(params["avoid"]) if os.path.realpath(other) != os.path.realpath(path)]
    taken = {port for other in others for port in _of_neighbour(other).values()}
    fixed = _fixed(params["fixed"])
    ports = {**before, **fixed}
    for name, port in fixed.items():
        if before.get(name) == port:
            continue
        if name in before and name in params["lasting"]:
            raise Refused(
                f"{name} has port {before[name]} for as long as its sandbox exists, and {port} was given; give"
                f" {before[name]} or 0, or remove the sandbox (absent) and create it anew (present) with port {port}."
            )
        fault = "is in use" if port in taken or list(ports.values()).count(port) > 1 else _fault(port)
        if fault:
            raise Refused(f"Port {port}, given for {name}, {fault}; give another one, or 0 to have a free one chosen.")
    taken.update(ports.values())
    for name in params["names"]:
        if name not in ports:
            ports[name] = _next(path, taken)
            taken.add(ports[name])
    return before, ports


def _fixed(given: Mapping[str, Any]) -> dict[str, int]:
    ports = {}
    for name, text in given.items():
        if not str(text).isdecimal() or int(text) >= 65536:
            raise Invalid(
                f"Port {text!r}, given for {name}, is none; give a number below 65536, or 0 to have one chosen."
            )
        if int(text):
            ports[name] = int(text)
    return ports


def _next(path: str, taken: set[int]) -> int:
    """Sandboxes of other users, which are not seen until they listen, begin elsewhere."""
    middle = _START + zlib.crc32(path.encode()) % (_END - _START)
    for port in itertools.chain(range(middle, _END), range(_START, middle)):
        if port not in taken and not _fault(port):
            return port
    raise Unavailable(f"No TCP port from {_START} to {_END - 1} is free on 127.0.0.1.")


def _fault(port: int) -> str:
    """Why a server could not listen there; empty if it could."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do it: a past connection in TIME_WAIT does not make a port busy
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return "is in use"
            if error.errno == errno.EACCES:
                return "is not for this user (Linux keeps those below 1024 for root)"
            raise
        return ""


def _of_neighbour(path: str) -> dict[str, int]:
    """None if the file is no file of ports: it is not ours to judge."""
    try:
        return _read(path)
    except (Invalid, Unavailable):
        return {}


def _read(path: str) -> dict[str, int]:
    try:
        with open(path, encoding="utf-8") as file:
            return {str(name): int(port) for name, port in json.load(file).items()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Unavailable(f"{path} cannot be read ({error}); its folder must be one of this user.") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise Invalid(f"{path} is not a file of ports ({error}); remove the sandbox that it belongs to.") from error


def _write(path: str, ports: Mapping[str, int]) -> None:
    try:
        write(path, json.dumps(ports, indent=2, sort_keys=True))
    except OSError as error:
        raise Unavailable(
            f"{path} cannot be written ({error}); its folder must be there and writable for this user."
        ) from error
