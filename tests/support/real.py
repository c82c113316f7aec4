# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A sandbox with a real node, and what of this machine it must leave as it was."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path

from gitops import Run
from runs import parents_of_processes, present
from sandbox import ROOT, Sandbox

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ai_how.cloud"


class Real(Sandbox):
    @property
    def images(self) -> Path:
        """The folder of its archives, beside it."""
        return self.directory.parent / f"{self.name}-images"

    def present(self, *options: str, **settings: str) -> Run:
        given = {"sandbox_real_node": "auto", "sandbox_images_dir": str(self.images), **settings}
        return present(self, *options, **given)

    def build_images(self, *names: str) -> None:
        """Make images that no registry gives here; those of the applications if none is named."""
        build = [sys.executable, ROOT / "tests/images/build.py", "--folder", self.images, *names]
        subprocess.run(build, check=True, stdout=subprocess.DEVNULL)

    @contextmanager
    def up(self, **settings: str) -> Iterator[Real]:
        """Bring it up, and remove it in the end."""
        try:
            run = self.present(**settings)
            assert run.returncode == 0, run.output
            yield self
        finally:
            self.remove()

    def remove(self) -> None:
        self.become("absent")
        shutil.rmtree(self.images, ignore_errors=True)

    @cached_property
    def kubectl_command(self) -> list[str]:
        program = shutil.which("kubectl") or next(CACHE.glob("tools/kubernetes/*/kubectl"))
        return [str(program), f"--kubeconfig={self.kubeconfig}"]

    def kubectl(self, *arguments: str, text: str | None = None, check: bool = True) -> str:
        command = [*self.kubectl_command, *arguments]
        output = subprocess.PIPE if check else subprocess.STDOUT
        done = subprocess.run(command, check=False, text=True, input=text, stdout=subprocess.PIPE, stderr=output)
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout

    def apply(self, *objects: object) -> None:
        self.kubectl("apply", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))

    def address(self, namespace: str, service: str) -> str:
        return self.kubectl("get", "service", service, "-n", namespace, "-o", "jsonpath={.spec.clusterIP}")

    def programs(self, name: str) -> list[int]:
        """The process ids of a program of the sandbox itself."""
        return [int(pid) for pid in parents_of_processes(self) if _name(int(pid)) == name[:15]]

    def in_pods(self, name: str) -> list[int]:
        """The process ids of a program in pods."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                inside = f"/{self.group}" in (process / "cgroup").read_text()
            except OSError:
                continue  # it has ended
            if inside and _name(int(process.name)) == name:
                found.append(int(process.name))
        return found

    @cached_property
    def group(self) -> str:
        """The name of its cgroup and of its link."""
        config = (self.directory / "node/kubelet.yaml").read_text()
        return next(line.split("/")[1] for line in config.splitlines() if line.startswith("cgroupRoot:"))


def kill(pids: Iterable[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):  # it ended with another one, as all do with the first of a container
            os.kill(pid, signal.SIGKILL)


def machine(own: str = "") -> dict[str, set[str]]:
    """What of this machine the real node ``own`` must leave as it was; when a cgroup is gone, no process is left in it.

    What belongs to other real nodes does not count, since test runs may stand side by side.
    """

    def said(*command: str) -> set[str]:
        return set(subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout.splitlines())

    kernel = ["net/ipv4/ip_forward", "kernel/panic", "kernel/panic_on_oops", "vm/overcommit_memory", "vm/panic_on_oom"]
    found = {
        "cgroups": {str(path) for path in Path("/sys/fs/cgroup").glob("**/ahc-*")},
        "kernel": {f"{name} {Path('/proc/sys', name).read_text()}" for name in kernel},
        "links": {link["ifname"] for link in json.loads("".join(said("ip", "-json", "link")))},
        "mounts": set(Path("/proc/mounts").read_text().splitlines()),
        "nftables": said("nft", "list", "ruleset"),
        "routes": said("ip", "route"),
    }
    return {
        what: {line for line in lines if "ahc-" not in line or (own and own in line)} for what, lines in found.items()
    }


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""  # it has ended
