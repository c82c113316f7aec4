# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks of one module, run as a playbook on this machine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

MODULE = "ai_how.cloud.libvirt_gpu_vm"
SYSTEM_PYTHON = "/usr/bin/python3"  # as on a hypervisor: the distribution's libvirt-python belongs to it


def play_tasks(folder: Path, tasks: tuple[dict[str, Any], ...], module: str = MODULE) -> list[dict[str, Any]]:
    """``check_mode`` among the options is that of the task."""
    results = folder / "results.json"
    steps = [
        {
            module: {name: value for name, value in options.items() if name != "check_mode"},
            "check_mode": options.get("check_mode", False),
            "diff": True,
            "ignore_errors": True,
            "register": f"step_{number}",
        }
        for number, options in enumerate(tasks)
    ]
    content = "{{ [" + ", ".join(f"step_{number}" for number in range(len(tasks))) + "] | to_json }}"
    keep = {"ansible.builtin.copy": {"content": content, "dest": str(results), "mode": "0600"}}
    hosts = {"hosts": "localhost", "gather_facts": False, "vars": {"ansible_python_interpreter": SYSTEM_PYTHON}}
    book = folder / "play.json"
    book.write_text(json.dumps([{**hosts, "tasks": [*steps, keep]}]))
    command = [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "-c", "local", str(book)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert results.exists(), done.stdout + done.stderr
    found: list[dict[str, Any]] = json.loads(results.read_text())
    return found
