# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The real thing: an environment, runs as processes, and their ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed, Invalid, Refused
from ansible_collections.ai_how.cloud.plugins.plugin_utils import kubespray as driver
from ansible_collections.ai_how.cloud.tests.support import kubespray_tree

TELL = """
import json, os, sys
def tell(event, **more):
    os.write(int(os.environ["KUBESPRAY_EVENTS"]), json.dumps({"event": event, **more}).encode() + b"\\n")
"""


def command(tmp_path: Path, script: str, **more: Any) -> driver.Command:
    path = tmp_path / "script.py"
    path.write_text(TELL + textwrap.dedent(script), encoding="utf-8")
    log = str(tmp_path / "log")
    return driver.Command([sys.executable, str(path)], dict(os.environ), str(tmp_path), log, **more)


def test_events_are_shown_and_output_is_in_the_log(tmp_path: Path) -> None:
    shown: list[str] = []
    script = """
        tell("start", plays=1)
        tell("play", name="Install", hosts=2)
        print("output", flush=True)
        print("trouble", file=sys.stderr)
        tell("recap", hosts={"a": {"ok": 1}})
        sys.exit(3)
        """
    status, seconds, progress = driver.stream(command(tmp_path, script), shown.append)
    assert status == 3
    assert 0 < seconds < 60
    assert [line[5:] for line in shown] == ["  play 1 of 1: Install (2 hosts)"]
    assert progress.recap == {"a": {"ok": 1}}
    assert sorted(driver.tail(str(tmp_path / "log")).split()) == ["output", "trouble"]
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600


def test_an_inventory_in_memory_is_read_by_its_number(tmp_path: Path) -> None:
    with driver.in_memory({"secret": "x"}) as number:
        run = command(tmp_path, "print(open(f'/proc/self/fd/{sys.argv[1]}').read())", keep=[number])
        driver.stream(driver.Command([*run.argv, str(number)], run.environment, run.chdir, run.log, run.keep), print)
    assert json.loads(driver.tail(run.log)) == {"secret": "x"}


def test_a_child_that_keeps_the_pipe_does_not_keep_us(tmp_path: Path) -> None:
    """As an ssh that stays for the next connection would."""
    script = """
        import subprocess
        number = int(os.environ["KUBESPRAY_EVENTS"])
        print(subprocess.Popen(["sleep", "60"], pass_fds=[number]).pid, flush=True)
        """
    status, seconds, _progress = driver.stream(command(tmp_path, script), print)
    os.kill(int(driver.tail(str(tmp_path / "log"))), signal.SIGKILL)
    assert (status, seconds < 50) == (0, True)


def test_what_cannot_be_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"/no/python cannot be run: .*No such file"):
        driver.stream(driver.Command(["/no/python"], {}, str(tmp_path), str(tmp_path / "log")), print)


def test_it_ends_when_the_one_who_waits_is_killed(tmp_path: Path) -> None:
    """By an interrupt, so that Ansible ends what it has begun."""
    script = """
        import time
        try:
            print("begun", flush=True)
            time.sleep(120)
        except KeyboardInterrupt:
            print("ended", flush=True)
        """
    run = command(tmp_path, script)
    waiting = f"""
        from ansible_collections.ai_how.cloud.plugins.plugin_utils import kubespray as driver
        driver.stream(driver.Command({list(run.argv)!r}, {dict(run.environment)!r}, {run.chdir!r}, {run.log!r}), print)
        """
    # ansible-test finds collections by an importer of its own, which another process does not have
    places = [str(Path(driver.__file__).parents[5]), os.environ.get("PYTHONPATH", "")]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, places))}
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(waiting)], env=environ) as waiter:
        _until(lambda: "begun" in _text(run.log))
        waiter.kill()
    _until(lambda: "ended" in _text(run.log))


def _text(path: str) -> str:
    return Path(path).read_text(encoding="utf-8") if os.path.exists(path) else ""


def _until(done: Any) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_logs_do_not_overwrite_each_other(tmp_path: Path) -> None:
    folder = str(tmp_path / "logs")
    paths = []
    for _run in range(3):
        paths.append(driver.new_log(folder, "cluster.yml"))
        Path(paths[-1]).touch()
    assert len(set(paths)) == 3
    assert all(path.startswith(f"{folder}/2") and "-cluster" in path for path in paths)


def test_files_are_for_this_user_alone(tmp_path: Path) -> None:
    driver.write(str(tmp_path / "state" / "ansible.cfg"), "text")
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "state" / "ansible.cfg").stat().st_mode) == 0o600
    assert os.listdir(tmp_path / "state") == ["ansible.cfg"]


def test_a_tree_and_its_commit(tmp_path: Path) -> None:
    kubespray_tree.make(tmp_path)
    assert driver.release_of(str(tmp_path)).identity == "v2.31.0"
    git = ["git", "-C", str(tmp_path), "-c", "user.name=me", "-c", "user.email=me@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run([*git, *words], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    assert driver.release_of(str(tmp_path)).identity == f"v2.31.0 {head}"
    with pytest.raises(Invalid, match="is no tree of Kubespray"):
        driver.release_of(str(tmp_path / "roles"))


# Making a real one takes half a minute; the Molecule scenario does
FAKE_PYTHON = """\
#!/bin/sh
case "$*" in
*python_version*) echo {version} ;;
"-m venv --clear "*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
"-m pip install "*)
  {pip}
  mkdir -p "${{0%/bin/python}}/lib/python3.12/site-packages/ansible_core-2.18.19.dist-info" ;;
esac
"""


def python(tmp_path: Path, version: str = "3.12.4", pip: str = "") -> str:
    path = tmp_path / "python-of-the-test"
    path.write_text(FAKE_PYTHON.format(version=version, pip=pip), encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_an_environment_is_made_once_for_what_is_asked_for(tmp_path: Path) -> None:
    tree, venv = tmp_path / "tree", str(tmp_path / "cache" / "venv")
    kubespray_tree.make(tree)
    release = driver.release_of(str(tree))
    assert not driver.venv_is_ready(str(tree), venv)
    shown: list[str] = []
    driver.make_venv(str(tree), venv, python(tmp_path), release, shown.append)
    assert shown == [f"making {venv} with Python 3.12.4: ansible-core==2.18.19"]
    assert driver.venv_is_ready(str(tree), venv)
    assert driver.check_venv(release, venv) == "2.18.19"
    (tree / "requirements.txt").write_text("something-else\n", encoding="utf-8")
    assert not driver.venv_is_ready(str(tree), venv)
    shutil.rmtree(venv)
    kubespray_tree.make(tree)
    assert not driver.venv_is_ready(str(tree), venv)


def test_an_environment_of_the_user_is_taken_as_it_is(tmp_path: Path) -> None:
    kubespray_tree.make(tmp_path)
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").touch()
    assert driver.venv_is_ready(str(tmp_path), str(tmp_path / "venv"))
    with pytest.raises(Refused, match="has no ansible-core"):
        driver.check_venv(driver.release_of(str(tmp_path)), str(tmp_path / "venv"))


def test_a_python_that_is_too_new_makes_none(tmp_path: Path) -> None:
    kubespray_tree.make(tmp_path)
    release = driver.release_of(str(tmp_path))
    with pytest.raises(Refused, match=r"runs on Python 3\.11 to 3\.13"):
        driver.make_venv(str(tmp_path), str(tmp_path / "venv"), python(tmp_path, "3.14.0"), release, print)
    assert not (tmp_path / "venv").exists()


def test_requirements_that_cannot_be_had_are_told(tmp_path: Path) -> None:
    kubespray_tree.make(tmp_path)
    venv = str(tmp_path / "venv")
    failing = python(tmp_path, pip="echo No matching distribution; exit 1")
    with pytest.raises(Failed, match=r"pip install .* failed: No matching distribution; correct that"):
        driver.make_venv(str(tmp_path), venv, failing, driver.release_of(str(tmp_path)), print)
    assert not driver.venv_is_ready(str(tmp_path), venv)


def test_an_environment_that_is_half_made_is_made_anew(tmp_path: Path) -> None:
    """As after the kill of a run that was making it."""
    kubespray_tree.make(tmp_path)
    venv, release = str(tmp_path / "venv"), driver.release_of(str(tmp_path))
    killed = tmp_path / "killed"
    whole = FAKE_PYTHON.format(version="3.12.4", pip="")
    killed.write_text(whole.replace('bin/python" ;;', 'bin/python"; exit 137 ;;'), encoding="utf-8")
    killed.chmod(0o755)
    with pytest.raises(Failed, match="venv --clear"):
        driver.make_venv(str(tmp_path), venv, str(killed), release, print)
    assert os.path.exists(f"{venv}/bin/python")
    assert not driver.venv_is_ready(str(tmp_path), venv)
    driver.make_venv(str(tmp_path), venv, python(tmp_path), release, print)
    assert driver.venv_is_ready(str(tmp_path), venv)


def test_a_python_that_is_none_is_told(tmp_path: Path) -> None:
    kubespray_tree.make(tmp_path)
    release = driver.release_of(str(tmp_path))
    with pytest.raises(Invalid, match="/no/python of kubespray_python cannot be run"):
        driver.make_venv(str(tmp_path), str(tmp_path / "venv"), "/no/python", release, print)
    with pytest.raises(Invalid, match=r"false of kubespray_python failed"):
        driver.make_venv(str(tmp_path), str(tmp_path / "venv"), "false", release, print)
