# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A container of a pod of pods.py: one process in bubblewrap, as its image and its manifest want it."""

from __future__ import annotations

import http.client
import re
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pods import Pod

BWRAP, NSENTER, SETPRIV = (str(shutil.which(name)) for name in ("bwrap", "nsenter", "setpriv"))
Fields = dict[str, Any]
T = TypeVar("T")


class Failed(Exception):
    """One sentence, and the last words of the container that it is about."""


class Container:
    process: subprocess.Popen[bytes] | None = None

    def __init__(self, pod: Pod, spec: Fields) -> None:
        self.pod, self.spec, self.name = pod, spec, f"{pod.name}/{spec['name']}"
        self.log = pod.node.folder / "logs" / self.name.replace("/", ".")
        self.image = chosen(self.name, "image", spec["image"], pod.node.images)
        self.ports = {port["name"]: port["containerPort"] for port in spec.get("ports", [])}
        self.mounts = {mount["mountPath"]: mount["name"] for mount in spec.get("volumeMounts", [])}
        for path in ("/proc", "/dev", "/etc", *self.mounts):
            self.image.mount_point(path)
        (self.image.root / "etc/hosts").touch()

    def declared(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for entry in self.spec.get("env", []):
            match entry:
                case {"valueFrom": {"secretKeyRef": {"name": name, "key": key}}}:
                    secret = chosen(self.name, "Secret", name, self.pod.node.secrets)
                    found[entry["name"]] = chosen(self.name, f"key of {name},", key, secret)
                case {"valueFrom": {"fieldRef": _}}:
                    found[entry["name"]] = self.pod.namespace
                case _:
                    found[entry["name"]] = expanded(entry.get("value", ""), found)
        return found

    def environ(self) -> dict[str, str]:
        of_image = dict(entry.split("=", 1) for entry in self.image.config.get("Env", []))
        return {**of_image, "HOSTNAME": self.pod.hostname, **self.declared()}

    def command(self) -> list[str]:
        declared, config = self.declared(), self.image.config
        command, args = ([expanded(word, declared) for word in self.spec.get(key, [])] for key in ("command", "args"))
        return command + args if command else config.get("Entrypoint", []) + (args or config.get("Cmd", []))

    def inside(self, *command: str) -> list[str]:
        """The command line that runs a command in the place of this container. No secret is on it."""
        pod, (user, group, groups) = self.pod, self.pod.ids
        words = [NSENTER, f"--net={pod.network}", SETPRIV, f"--reuid={user}", f"--regid={group}", f"--groups={groups}"]
        words += [BWRAP, "--unshare-user", "--uid", user, "--gid", group, "--unshare-pid", "--unshare-ipc"]
        words += ["--unshare-uts", "--hostname", pod.hostname, "--as-pid-1", "--die-with-parent", "--new-session"]
        words += ["--ro-bind", str(self.image.root), "/", "--proc", "/proc", "--dev", "/dev"]
        words += ["--ro-bind", str(pod.node.hosts), "/etc/hosts"]
        for path, volume in self.mounts.items():
            words += ["--bind", str(chosen(self.name, "volume", volume, pod.volumes)), path]
        return [*words, "--chdir", self.spec.get("workingDir") or self.image.config.get("WorkingDir") or "/", *command]

    def execute(self, *command: str, timeout: float) -> subprocess.CompletedProcess[str]:
        """As ``kubectl exec``, except that the command does not see the container's processes."""
        options: Fields = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": timeout}
        return subprocess.run(self.inside(*command), env=self.environ(), check=False, **options)

    def start(self) -> subprocess.Popen[bytes]:
        words, environ = self.inside(*self.command()), self.environ()
        with self.log.open("w") as log:
            self.process = subprocess.Popen(words, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self.process

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def finish(self) -> None:
        try:
            code = self.start().wait(self.pod.node.patience)
        except subprocess.TimeoutExpired:
            raise self.failed(f"has not ended after {self.pod.node.patience} s") from None
        if code != 0:
            raise self.failed(f"ended with {code}")

    def serve(self) -> None:
        process = self.start()
        for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
            probe = self.spec.get(kind, {})
            for _try in range(probe.get("failureThreshold", 3)):
                if self.passes(probe):
                    break
                with suppress(subprocess.TimeoutExpired):
                    raise self.failed(f"ended with {process.wait(probe.get('periodSeconds', 10))}")
            else:
                raise self.failed(f"does not pass its {kind}")

    def passes(self, probe: Fields) -> bool:
        timeout = probe.get("timeoutSeconds", 1)
        with suppress(OSError, http.client.HTTPException, subprocess.TimeoutExpired):
            if "exec" in probe:
                return self.execute(*probe["exec"]["command"], timeout=timeout).returncode == 0
            if "httpGet" in probe:
                port = chosen(self.name, "port", probe["httpGet"]["port"], self.ports)
                with closing(http.client.HTTPConnection(self.pod.address, port, timeout=timeout)) as connection:
                    connection.request("GET", probe["httpGet"]["path"])
                    return 200 <= connection.getresponse().status < 400
        return not probe

    def failed(self, how: str) -> Failed:
        lines = self.log.read_text(errors="replace").splitlines()
        return Failed("\n".join([f"{self.name} {how}. It said last:", *lines[-20:]]))


def chosen(who: str, kind: str, name: str, among: Mapping[str, T]) -> T:
    if name not in among:
        raise Failed(f"{who} wants the {kind} {name}; there are {', '.join(among)}.")
    return among[name]


def expanded(text: str, variables: dict[str, str]) -> str:
    """$(NAME) as Kubernetes replaces it: what is not declared stays, and $$ is a dollar sign."""
    pattern = r"\$\$|\$\(([-.\w]+)\)"
    return re.sub(pattern, lambda found: "$" if found[0] == "$$" else variables.get(found[1], found[0]), text)
