# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the pods of rendered manifests as processes, without a cluster or a container runtime; only inside apart.py.

As in a cluster: the files and commands of the images, read-only; arguments and environment, Secrets included; users and
groups, without capabilities; volumes and their fsGroup; init containers first; probes; a network for each pod. Not as
in a cluster: the name of a Service is the address of its pod, and a container that ends, or whose probe fails for good,
is a failure and not started again. What is not there at all, fields.py says.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from contextlib import closing, contextmanager
from pathlib import Path

from apart import MARK
from container import Container, Failed, Fields, chosen
from fields import SPECS, check
from oci import Unpacked

IP, NSENTER, UNSHARE = (str(shutil.which(name)) for name in ("ip", "nsenter", "unshare"))


class Pod:
    volumes: dict[str, Path]

    def __init__(self, node: Node, workload: Fields, number: int) -> None:
        self.node, self.is_job = node, workload["kind"] == "Job"
        self.name, self.namespace = workload["metadata"]["name"], workload["metadata"]["namespace"]
        self.hostname, self.address, self.network = f"{self.name}-0", f"10.0.0.{number}", node.folder / f"net{number}"
        self.labels = workload["spec"]["template"]["metadata"]["labels"]
        self.spec = workload["spec"]["template"]["spec"]
        context = self.spec["securityContext"]
        user, group, self.volume_group = context["runAsUser"], context["runAsGroup"], context.get("fsGroup", -1)
        self.ids = (str(user), str(group), f"{group},{self.volume_group}".removesuffix(",-1"))
        self.init = [Container(self, spec) for spec in self.spec.get("initContainers", [])]
        self.containers = [Container(self, spec) for spec in self.spec["containers"]]
        self.ports = {name: port for container in self.containers for name, port in container.ports.items()}
        # A file that holds the pod's network, and a cable from there to the node's bridge
        self.network.touch()
        run(UNSHARE, f"--net={self.network}", IP, "link", "set", "lo", "up")
        run(IP, *f"link add pod{number} type veth peer name eth0 netns {self.network}".split())
        run(IP, *f"link set pod{number} master node up".split())
        run(NSENTER, f"--net={self.network}", IP, *f"address add {self.address}/24 dev eth0".split())
        run(NSENTER, f"--net={self.network}", IP, *"link set eth0 up".split())

    def run(self) -> None:
        """In place of the one that has run before."""
        self.kill()
        self.volumes = {volume["name"]: self.volume(volume) for volume in self.spec.get("volumes", [])}
        for container in self.init:
            container.finish()
        for container in self.containers:
            container.finish() if self.is_job else container.serve()

    def kill(self) -> None:
        for container in self.init + self.containers:
            container.kill()

    def volume(self, spec: Fields) -> Path:
        """A folder as the kubelet makes it: writable for root alone, unless it is empty or the pod has an fsGroup."""
        if "emptyDir" in spec:
            folder, mode = Path(tempfile.mkdtemp(dir=self.node.folder)), 0o777
        else:
            name, mode = spec["persistentVolumeClaim"]["claimName"], 0o755
            folder = chosen(self.name, "claim", name, self.node.claims)
        os.chown(folder, -1, self.volume_group)
        folder.chmod(mode if self.volume_group == -1 else mode | 0o2070)
        return folder


class Node:
    """Where the pods run; its folder is in memory."""

    patience = 120.0  # seconds, for what has to end

    def __init__(self, folder: Path, objects: list[Fields], archives: list[Path], secrets: dict[str, Fields]) -> None:
        self.folder, self.secrets, self.hosts = folder, secrets, folder / "hosts"
        self.runs: list[Future[None]] = []
        self.pool = ThreadPoolExecutor()  # bubblewrap ends with the thread that has started it, so they must stay
        kinds: dict[str, dict[str, Fields]] = {kind: {} for kind in SPECS}
        for item in objects:
            kind, name = item["kind"], item["metadata"]["name"]
            check(f"{kind} {name}", item["spec"], chosen(name, "kind", kind, SPECS))
            kinds[kind][name] = item
        self.images = {image.reference: image for image in (Unpacked(file, folder / file.stem) for file in archives)}
        self.claims = {name: folder / "claims" / name for name in kinds["PersistentVolumeClaim"]}
        for made in (folder / "logs", folder / "claims", *self.claims.values()):
            made.mkdir()
        run(IP, *"link add node type bridge".split())
        run(IP, *"address add 10.0.0.1/24 dev node".split())
        run(IP, *"link set node up".split())
        workloads = {**kinds["Deployment"], **kinds["StatefulSet"], **kinds["Job"]}
        self.pods = {name: Pod(self, workloads[name], number) for number, name in enumerate(workloads, 2)}
        lines = ["127.0.0.1 localhost", *(f"{pod.address} {pod.hostname}" for pod in self.pods.values())]
        self.hosts.write_text("\n".join([*lines, *map(self.service, kinds["Service"].values()), ""]))

    def service(self, item: Fields) -> str:
        """Its line in /etc/hosts."""
        name, namespace, spec = item["metadata"]["name"], item["metadata"]["namespace"], item["spec"]
        pods = [pod for pod in self.pods.values() if spec["selector"].items() <= pod.labels.items()]
        ports = {port["targetPort"]: port["port"] for port in spec["ports"]}
        if len(pods) != 1 or not ports.items() <= pods[0].ports.items():
            raise Failed(f"The Service {name} does not lead to ports of the same numbers in one pod.")
        long = (f"{name}.{namespace}{end}" for end in ("", ".svc", ".svc.cluster.local"))
        return " ".join([pods[0].address, name, *long])

    def run(self, *names: str) -> None:
        """All at once: a Job to its end, the others until they are ready."""
        self.runs = [self.pool.submit(self.pods[name].run) for name in names]
        for done in as_completed(self.runs):
            done.result()

    def close(self) -> None:
        """Again and again, where pods are on their way."""
        while self.runs:
            for pod in self.pods.values():
                pod.kill()
            self.runs = list(wait(self.runs, timeout=0.5).not_done)
        self.pool.shutdown()


@contextmanager
def node(objects: list[Fields], archives: list[Path], secrets: dict[str, Fields]) -> Iterator[Node]:
    if MARK not in os.environ:
        raise Failed("What runs pods makes mounts and a bridge; do it in namespaces of its own: tox -e containers.")
    os.umask(0o022)  # what all users of containers must read
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # where they get
        run("mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", folder)
        try:
            with closing(Node(Path(folder), objects, archives, secrets)) as found:
                yield found
        finally:
            run("umount", "--lazy", folder)


def run(*command: str) -> None:
    subprocess.run(command, check=True)
