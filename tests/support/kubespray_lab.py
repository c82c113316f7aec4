# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts for the role kubespray that are reached over SSH, and each believe to be a machine of their own.

    python tests/support/kubespray_lab.py FOLDER

A host is one command: ssh starts an sshd that talks over its standard input, and that runs each command in namespaces
in which files, hostname, ports and file systems are the host's. So nothing listens, nothing is left running, and no
root is needed. FOLDER gets two inventories: hosts.yml with a cluster, faulty.yml with hosts that have all faults.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubespray_tree

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")

_SSHD = """\
#!/bin/sh
# Talks SSH over standard input and output, as the host whose folder is $1.
[ "$(id -u)" = 0 ] && mkdir -p /run/sshd
exec {sshd} -i -f /dev/null -o HostKey={folder}/host_key -o AuthorizedKeysFile={folder}/id.pub -o StrictModes=no \\
  -o UsePAM=no -o PidFile=none -o ForceCommand="{folder}/enter.sh $1"
"""

_ENTER = """\
#!/bin/sh
# Runs the command of an SSH session as root of the host whose folder is $1.
exec unshare --map-root-user --mount --net --uts sh -c '
hostname "$(cat "$1/hostname")"
ip link set lo up
mount --bind "$1/machine-id" /etc/machine-id
mount --bind "$1/os-release" "$(readlink -f /etc/os-release)"
mount --bind "$1/init" /proc/1/comm
[ ! -e "$1/enter" ] || . "$1/enter"
if [ -n "$SSH_ORIGINAL_COMMAND" ]; then exec sh -c "$SSH_ORIGINAL_COMMAND"; fi
' sh "$1"
"""

# In the place of sudo: the one who comes in is root already
_SUDO = """\
#!/bin/sh
while [ "$1" != /bin/sh ]; do shift; done
exec "$@"
"""

_NO_SUDO = """\
#!/bin/sh
echo "sudo: a password is required" >&2
exit 1
"""

# A Python whose clock is a quarter of an hour behind
_LATE_PYTHON = """\
#!/bin/sh
PYTHONPATH={folder}/late exec {python} "$@"
"""

_LATE = "import time\n_now = time.time\ntime.time = lambda: _now() - 900\n"

# /var/lib is a small file system that is nearly full, and somebody listens on the kubelet's port
_FAULTS = """\
mount -t tmpfs -o size=10m tmpfs /var/lib
head -c 10400000 /dev/zero > /var/lib/full
{python} -c "
import socket, time
listener = socket.create_server((\\"127.0.0.1\\", 10250))
time.sleep(20)" > /dev/null 2>&1 < /dev/null &
{python} -c "
import socket, time
for _ in range(100):
    try:
        socket.create_connection((\\"127.0.0.1\\", 10250))
        break
    except OSError:
        time.sleep(0.1)" 2> /dev/null
"""


def make(folder: Path) -> None:
    kubespray_tree.make(folder / "tree")
    for name in ("id", "host_key"):
        if not (folder / name).exists():
            keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(keygen, check=True)
    places = {"folder": folder, "sshd": SSHD, "python": sys.executable}
    for name, text in {
        "sshd.sh": _SSHD.format(**places),
        "enter.sh": _ENTER,
        "sudo": _SUDO,
        "refusing-sudo": _NO_SUDO,
        "late-python": _LATE_PYTHON.format(**places),
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)
    (folder / "late").mkdir(exist_ok=True)
    (folder / "late" / "sitecustomize.py").write_text(_LATE, encoding="utf-8")
    _cluster(folder)
    _faulty(folder)


def _cluster(folder: Path) -> None:
    for name in ("cp-1", "worker-1", "worker-2"):
        _host(folder, name)
    groups = {"kube_control_plane": ["cp-1"], "etcd": ["cp-1"], "kube_node": ["cp-1", "worker-1", "worker-2"]}
    _inventory(folder, "hosts.yml", groups, {name: {} for name in groups["kube_node"]})


def _faulty(folder: Path) -> None:
    faults: dict[str, dict[str, Any]] = {
        "away": {"ansible_ssh_common_args": "-o ProxyCommand=false"},
        "no-sudo": {"ansible_become_exe": f"{folder}/refusing-sudo"},
        "no-python": {"ansible_python_interpreter": "/opt/no/python3"},
        "broken": {"ip": "10.9.9.9", "minimal_node_memory_mb": 100_000_000},
        "late": {"ansible_python_interpreter": f"{folder}/late-python"},
        "twin-1": {"override_system_hostname": False},
        "twin-2": {"override_system_hostname": False},
        "not_a_name": {},
        "good": {},
    }
    for name in faults:
        _host(folder, name)
    for name in ("twin-1", "twin-2"):
        (folder / name / "machine-id").write_text("0" * 31 + "1\n", encoding="utf-8")
        (folder / name / "hostname").write_text("template\n", encoding="utf-8")
    (folder / "not_a_name" / "machine-id").write_text("", encoding="utf-8")
    (folder / "broken" / "os-release").write_text("ID=slackware\n", encoding="utf-8")
    (folder / "broken" / "init").write_text("runit\n", encoding="utf-8")
    (folder / "broken" / "enter").write_text(_FAULTS.format(python=sys.executable), encoding="utf-8")
    groups = {"kube_control_plane": ["good"], "etcd": ["good"], "kube_node": list(faults)}
    _inventory(folder, "faulty.yml", groups, faults)


def _host(folder: Path, name: str) -> None:
    own = folder / name
    own.mkdir(parents=True, exist_ok=True)
    files = {
        "hostname": name,
        "machine-id": hashlib.sha256(name.encode()).hexdigest()[:32],
        "os-release": 'NAME="Debian GNU/Linux"\nID=debian',
        "init": "systemd",
    }
    for file, text in files.items():
        (own / file).write_text(f"{text}\n", encoding="utf-8")


def _inventory(folder: Path, name: str, groups: dict[str, list[str]], hosts: dict[str, dict[str, Any]]) -> None:
    everywhere = {
        "ansible_ssh_common_args": f"-o ProxyCommand='{folder}/sshd.sh {folder}/%h' -o StrictHostKeyChecking=no"
        " -o UserKnownHostsFile=/dev/null",
        "ansible_ssh_private_key_file": f"{folder}/id",
        "ansible_ssh_transfer_method": "piped",  # each command has a command of its own on the other side
        "ansible_pipelining": True,
        "ansible_become_exe": f"{folder}/sudo",
        "ansible_python_interpreter": sys.executable,
        "kube_config_dir": f"{folder}/{{{{ inventory_hostname }}}}/kubernetes",
        "bin_dir": f"{folder}/{{{{ inventory_hostname }}}}/bin",
        "kube_version": "1.34.7",
        "a_password": "hunter2-of-the-inventory",
        # What the machine has free is none of this test's business
        "eviction_hard": {"nodefs.available": "2%", "imagefs.available": "2%"},
        "kubespray_tree": f"{folder}/tree",
        "kubespray_state_dir": f"{folder}/state",
    }
    members = {group: {"hosts": dict.fromkeys(names, None)} for group, names in groups.items()}
    inventory = {"all": {"vars": everywhere, "hosts": hosts, "children": members}}
    (folder / name).write_text(json.dumps(inventory, indent=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit("There is no sshd on this machine.") if SSHD is None else make(Path(sys.argv[1]).resolve())
