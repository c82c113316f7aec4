# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A sandbox for tests: ``with sandbox("tests") as box``, or ``sandbox.py --with sealed_secrets -- command...``.

It is brought up by the playbook ai_how.cloud.sandbox and taken down in the end, whatever happened. The command finds
it in $KUBECONFIG, $SANDBOX_KUBECONFIG, $SANDBOX_NAME, $SANDBOX_DIR and $SANDBOX_REPO_URL.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Sandbox:
    name: str
    parts: tuple[str, ...] = ()  # that it has as well, such as sealed_secrets

    @property
    def directory(self) -> Path:
        state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        return Path(state) / "ai_how.cloud" / "sandbox" / self.name

    @property
    def kubeconfig(self) -> Path:
        return self.directory / "kubeconfig"

    @property
    def repo_url(self) -> str:
        return f"file://{self.directory}/git/gitops.git"

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a command that works with this sandbox."""
        return {
            **os.environ,
            "KUBECONFIG": str(self.kubeconfig),
            "SANDBOX_KUBECONFIG": str(self.kubeconfig),
            "SANDBOX_NAME": self.name,
            "SANDBOX_DIR": str(self.directory),
            "SANDBOX_REPO_URL": self.repo_url,
        }

    @property
    def variables(self) -> dict[str, str]:
        parts = {f"sandbox_{part}": "true" for part in self.parts}
        return {"sandbox_name": self.name, "sandbox_real_node": "false", **parts}

    def become(self, state: str, **variables: str) -> None:
        playbook("ai_how.cloud.sandbox", **{**self.variables, "sandbox_state": state, **variables})


@contextmanager
def sandbox(purpose: str, *parts: str) -> Iterator[Sandbox]:
    """A sandbox of its own for this process, so that test runs side by side do not meet."""
    box = Sandbox(f"{purpose}-{os.getpid()}", parts)
    try:
        box.become("present")
        yield box
    finally:
        box.become("absent")


def playbook(name: str, **variables: str) -> None:
    """Run a playbook of this checkout's collection with the Ansible of this Python environment."""
    command = [sys.executable, "-m", "ansible", "playbook", name]
    for variable, value in variables.items():
        command += ["-e", f"{variable}={value}"]
    subprocess.run(command, cwd=ROOT, check=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Run a command with a sandbox of its own.")
    parser.add_argument("--purpose", default="tests", help="begins the sandbox's name")
    parser.add_argument("--with", dest="parts", action="append", default=[], help="what it has as well")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    with sandbox(options.purpose, *options.parts) as box:
        return subprocess.run(options.command, env=box.environ, check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}")
