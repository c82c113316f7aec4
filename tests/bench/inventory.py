# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long the inventory of a cluster file takes, against what cannot be saved: Ansible's start and reading the YAML.

    python tests/bench/inventory.py 1000

Each figure is the median of several runs in turn. One worker in four has a GPU. ``--graph`` reads the inventory and
prints names; ``--list`` prints all variables as well. Ansible's plugin yaml reads the same hosts and variables from a
file that ansible-inventory wrote.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

ROUNDS = 7
AIM = 2.0
ANSIBLE_INVENTORY = [sys.executable, "-m", "ansible", "inventory"]
HEAD = """\
version: "1.0"
clusters:
  cloud:
    name: big
    network: {subnet: 10.0.0.0/16, bridge: virbr200}
    kubernetes_config: {cni: calico, ingress: nginx, storage_class: local-path}
"""
GPU = """\
        pcie_passthrough:
          enabled: true
          devices:
            - {pci_address: "0000:01:00.0", device_type: gpu, vendor_id: "10de", device_id: "2789"}
            - {pci_address: "0000:01:00.1", device_type: audio, vendor_id: "10de", device_id: "2299"}
"""


def main() -> None:
    nodes = int(sys.argv[1]) if sys.argv[1:] else 1000
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name), nodes)
        seconds = bench.measure()
    floor = seconds["Ansible's start"] + seconds["reading the YAML"]
    print(f"{nodes} nodes, {bench.size // 1000} kB, floor {floor:.2f} s")
    for what, value in seconds.items():
        print(f"  {what:<32}{value:>7.2f} s{value / floor:>7.2f}")
    print(f"  aim: cluster file, --graph below {AIM}")


def cluster_file(nodes: int) -> str:
    lines = [HEAD, "    hypervisors:\n"]
    for number in range(1, nodes // 50 + 1):
        lines.append(f'      - {{name: hv-{number}, cpu_cores: 512, memory_gb: 2048, gpus: ["0000:01:00.0"]}}\n')
    lines.append("    control_plane:\n")
    for number in range(3):
        lines.append(f"      - {{cpu_cores: 4, memory_gb: 8, disk_gb: 100, ip: 10.0.0.{10 + number}}}\n")
    lines.append("    worker_nodes:\n")
    for number in range(nodes - 3):
        address = f"10.0.{1 + number // 250}.{1 + number % 250}"
        lines.append(f"      - cpu_cores: 8\n        memory_gb: 16\n        disk_gb: 200\n        ip: {address}\n")
        if number % 4 == 0:
            lines.append(f"        auto_start: false\n{GPU}")
    return "".join(lines)


class Bench:
    def __init__(self, folder: Path, nodes: int) -> None:
        self.folder = folder
        text = cluster_file(nodes)
        self.size = len(text)
        (folder / "ansible.cfg").write_text(
            "[inventory]\nenable_plugins = ai_how.cloud.cluster, host_list, script, auto, yaml, ini\n"
        )
        (folder / "cloud-cluster.yaml").write_text(text)
        (folder / "empty.ini").write_text("[none]\n")
        (folder / "static.yaml").write_text(self.run("cloud-cluster.yaml", "--list", "--yaml"))

    def run(self, source: str, *options: str) -> str:
        environ = {**os.environ, "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg")}
        command = [*ANSIBLE_INVENTORY, "-i", source, *options]
        done = subprocess.run(command, cwd=self.folder, env=environ, check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout

    def read(self) -> None:
        yaml.load((self.folder / "cloud-cluster.yaml").read_text(), Loader=yaml.CSafeLoader)

    def measure(self) -> dict[str, float]:
        ways: dict[str, Callable[[], object]] = {
            "Ansible's start": lambda: self.run("empty.ini", "--graph"),
            "reading the YAML": self.read,
            "cluster file, --graph": lambda: self.run("cloud-cluster.yaml", "--graph"),
            "plugin yaml, --graph": lambda: self.run("static.yaml", "--graph"),
            "cluster file, --list": lambda: self.run("cloud-cluster.yaml", "--list"),
            "plugin yaml, --list": lambda: self.run("static.yaml", "--list"),
        }
        taken: dict[str, list[float]] = {what: [] for what in ways}
        for _round in range(ROUNDS):
            for what, way in ways.items():
                start = time.perf_counter()
                way()
                taken[what].append(time.perf_counter() - start)
        return {what: statistics.median(each) for what, each in taken.items()}


if __name__ == "__main__":
    main()
