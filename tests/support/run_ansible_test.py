# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs ansible-test on a copy of the collection: ``run_ansible_test.py sanity --python 3.13``.

ansible-test wants the collection at .../ansible_collections/<namespace>/<name> inside a Git work tree, and looks at
the files that Git knows. A checkout may lie anywhere, so the files that Git tracks or would track go into
``<directory>/ansible_collections/ai_how/cloud``, with a repository of their own. The directory is $ANSIBLE_TEST_DIR.

With a sandbox (see sandbox.py), its kubeconfig and repository go into tests/integration/integration_config.yml.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ansible_test
from pythons import path_with_pyenv

ROOT = Path(__file__).resolve().parents[2]

# What ansible-test's own bootstrap script does, from the copy of pip that Python carries. It is started with pip's
# arguments for the version that ansible-test asks for. ensurepip runs as a process: called here it turns off pip's
# configuration (index, certificates) for what follows.
GET_PIP = """\
import subprocess
import sys

packages = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
subprocess.run([sys.executable, "-m", "ensurepip"], check=True)
subprocess.run([sys.executable, "-m", "pip", "install", *packages], check=True)
"""


def main() -> int:
    base = Path(os.environ["ANSIBLE_TEST_DIR"])
    collection = base / "ansible_collections" / "ai_how" / "cloud"
    shutil.rmtree(base, ignore_errors=True)
    copy_collection(collection)
    write_integration_config(collection / "tests" / "integration")
    provide_get_pip(Path.home() / ".ansible" / "test" / "cache")
    command = [Path(sys.executable).with_name("ansible-test"), *sys.argv[1:]]
    environ = {**os.environ, "PATH": path_with_pyenv()}
    with alone_in(Path.home() / ".ansible" / "test"):
        return subprocess.run(command, cwd=collection, env=environ, check=False).returncode


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """ansible-test makes the environments of its sanity tests in one folder of the user, and locks nothing there."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        if sys.argv[1] == "sanity":
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def copy_collection(target: Path) -> None:
    """Copy what Git tracks or would track, links as links, and make it a repository."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    for name in filter(None, os.fsdecode(listed).split("\0")):
        source = ROOT / name
        if source.is_symlink() or source.exists():  # a deleted file is still listed until the deletion is committed
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name, follow_symlinks=False)
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=target, check=True)


def write_integration_config(folder: Path) -> None:
    """Variables of the integration targets, where a sandbox is there. JSON is YAML."""
    if "SANDBOX_KUBECONFIG" in os.environ:
        variables = {name.lower(): value for name, value in os.environ.items() if name.startswith("SANDBOX_")}
        (folder / "integration_config.yml").write_text(json.dumps(variables))


def provide_get_pip(cache: Path) -> None:
    """Without ansible-test's download server, put a pip bootstrap script where ansible-test looks first."""
    setup = Path(ansible_test.__file__).parent
    asked = set(re.findall(r"pip='([\d.]+)'", (setup / "_internal" / "python_requirements.py").read_text()))
    (url,) = re.findall(r"url = '(http\S+)' % ", (setup / "_util/target/setup/requirements.py").read_text())
    for version in asked:
        script = cache / f"get_pip_{version.replace('.', '_')}.py"
        if not script.exists() and not reachable(url % version):
            print(f"{url % version} is not reachable; {script} takes its place", flush=True)
            cache.mkdir(parents=True, exist_ok=True)
            script.write_text(GET_PIP)


def reachable(url: str) -> bool:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=10):
            return True
    except (urllib.error.URLError, TimeoutError):
        return False


if __name__ == "__main__":
    sys.exit(main())
