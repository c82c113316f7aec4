# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The tree of Kubespray, its Python environment, and its runs as processes of this machine."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed, Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray import progress as telling
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.release import (
    FILES,
    Release,
    check_ansible,
    check_python,
    read_release,
)

Show = Callable[[str], None]

_GRACE = 15.0  # seconds that a run has to end itself when it is told to
_PR_SET_PDEATHSIG = 1
_TAIL = 20_000  # bytes at the end of a log
_MARK = ".json"  # beside an environment that we have made: what is in it, or nothing while it is not complete


def release_of(tree: str) -> Release:
    texts = {}
    for name in FILES:
        try:
            with open(os.path.join(tree, name), encoding="utf-8") as file:
                texts[name] = file.read()
        except OSError:
            continue  # read_release says what is missing
    return read_release(texts, tree, _commit(tree))


def _commit(tree: str) -> str:
    """Empty for a tree that is no checkout of its own; the one around it does not count."""
    if not os.path.exists(os.path.join(tree, ".git")):
        return ""
    done = subprocess.run(["git", "-C", tree, "rev-parse", "HEAD"], check=False, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def venv_is_ready(tree: str, venv: str) -> bool:
    """Whether the environment has what this tree asks for. One without our mark is the user's, and taken as it is."""
    mark = venv + _MARK
    if not os.path.exists(os.path.join(venv, "bin", "python")):
        return False
    if not os.path.exists(mark):
        return True
    with open(mark, encoding="utf-8") as file:
        return bool(json.load(file) == _requirements(tree))


def make_venv(tree: str, venv: str, python: str, release: Release, show: Show) -> None:
    has = _output([python, "-c", "import platform; print(platform.python_version())"], "kubespray_python")
    check_python(release, python, has)
    show(f"making {venv} with Python {has}: {' '.join(_requirements(tree)['lines'])}")
    # Before anything is there: an environment without this mark would be taken for the user's
    write(venv + _MARK, json.dumps({}))
    _quietly([python, "-m", "venv", "--clear", venv])
    pip = [f"{venv}/bin/python", "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet"]
    _quietly([*pip, "--requirement", os.path.join(tree, "requirements.txt")])
    write(venv + _MARK, json.dumps(_requirements(tree)))


def check_venv(release: Release, venv: str) -> str:
    """The version of ansible-core there, which must be one that the release takes."""
    found = ""
    for folder, _folders, _files in os.walk(os.path.join(venv, "lib")):
        if os.path.basename(folder) == "site-packages":
            names = [re.fullmatch(r"ansible_core-(.+)\.dist-info", name) for name in os.listdir(folder)]
            found = next((name.group(1) for name in names if name), found)
            break
    check_ansible(release, venv, found)
    return found


def _requirements(tree: str) -> dict[str, Any]:
    path = os.path.join(tree, "requirements.txt")
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        raise Invalid(f"The tree of Kubespray has no {path} that can be read ({error.strerror}).") from None
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return {"lines": lines, "sha256": hashlib.sha256(text.encode()).hexdigest()}


def _output(argv: Sequence[str], option: str) -> str:
    try:
        done = subprocess.run(argv, check=False, capture_output=True, text=True)
    except OSError as error:
        raise Invalid(f"{argv[0]} of {option} cannot be run: {error.strerror}.") from None
    if done.returncode:
        raise Invalid(f"{argv[0]} of {option} failed: {telling.short(done.stderr)}.")
    return done.stdout.strip()


def _quietly(argv: Sequence[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        argv, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
    )
    if done.returncode:
        raise Failed(f"{' '.join(argv)} failed: {telling.short(done.stdout[-600:])}; correct that and run this again.")


@contextmanager
def in_memory(data: Any) -> Iterator[int]:
    """``data`` as JSON in a file that has no name: variables may be secrets, and no disk sees them."""
    descriptor = os.memfd_create("inventory")
    try:
        with os.fdopen(os.dup(descriptor), "w", encoding="utf-8") as file:
            json.dump(data, file)
        yield descriptor
    finally:
        os.close(descriptor)


@dataclass(frozen=True)
class Command:
    argv: Sequence[str]
    environment: Mapping[str, str]
    chdir: str
    log: str
    keep: Sequence[int] = ()  # descriptors that it inherits


def stream(command: Command, show: Show) -> tuple[int, float, telling.Progress]:
    """Runs it to its end, with its output in its log, and shows what its events say. It ends with this process."""
    start = time.monotonic()
    progress = telling.Progress()
    reading, writing = os.pipe()
    try:
        with open(os.open(command.log, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as log:
            process = subprocess.Popen(
                command.argv,
                cwd=command.chdir,
                env={**command.environment, "KUBESPRAY_EVENTS": str(writing)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[writing, *command.keep],
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
    except OSError as error:
        os.close(reading)
        raise Failed(f"{command.argv[0]} cannot be run: {error}.") from None
    finally:
        os.close(writing)
    try:
        _follow(process, reading, progress, show, start)
    finally:
        os.close(reading)
        _end(process)
    return process.returncode, time.monotonic() - start, progress


def _follow(process: subprocess.Popen[bytes], pipe: int, progress: telling.Progress, show: Show, start: float) -> None:
    parent = os.getppid()
    rest = b""
    while True:
        ready = select.select([pipe], [], [], 0.5)[0]
        data = os.read(pipe, 65536) if ready else b""
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            event = telling.parse_event(line.decode(errors="replace"), json.loads)
            if event:
                _each(show, progress.see(event, time.monotonic() - start))
        if not data and (ready or process.poll() is not None):
            break
        if os.getppid() != parent:
            _end(process)  # the playbook that waits for this was killed
        _each(show, progress.beat(time.monotonic() - start))
    process.wait()


def _each(show: Show, lines: Sequence[str]) -> None:
    for line in lines:
        show(line)


def _end_with_parent() -> None:
    """An interrupt, when the process that waits is killed: Ansible ends its workers then.

    A shell has what it runs in the background ignore interrupts, and that would be inherited.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def tail(log: str) -> str:
    with open(log, "rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
        return file.read().decode(errors="replace")


def make_folder(path: str) -> None:
    os.makedirs(path, mode=0o700, exist_ok=True)


def new_log(folder: str, playbook: str) -> str:
    make_folder(folder)
    name = f"{time.strftime('%Y%m%dT%H%M%S')}-{playbook.partition('.')[0]}"
    path, count = os.path.join(folder, f"{name}.log"), 1
    while os.path.exists(path):
        count += 1
        path = os.path.join(folder, f"{name}-{count}.log")
    return path


def write(path: str, text: str) -> None:
    """Atomically, for this user alone."""
    make_folder(os.path.dirname(path))
    temporary = f"{path}.{os.getpid()}"
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)
