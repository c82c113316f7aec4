# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What nvidia-smi says, held against what was expected; pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.gpus import Device

QUERY = ("--query-gpu=pci.bus_id", "--format=csv,noheader")
LIST = ("-L",)


def addresses(answer: str) -> list[str]:
    """PCI addresses as sysfs has them, of the answer to ``QUERY``: nvidia-smi writes the domain with eight digits."""
    found = re.findall(r"^([0-9a-fA-F]{8}):([0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7])\s*$", answer, re.MULTILINE)
    return [f"{int(domain, 16):04x}:{rest.lower()}" for domain, rest in found]


def unseen(gpus: Sequence[Device], answer: str) -> list[str]:
    """The GPUs of the PCI bus that the driver does not have."""
    seen = addresses(answer)
    return [str(gpu) for gpu in gpus if gpu.address not in seen]


def mig_devices(answer: str) -> dict[str, list[str]]:
    """Profiles by the number of the GPU, of the answer to ``nvidia-smi -L``."""
    found: dict[str, list[str]] = {}
    gpu = ""
    for line in answer.splitlines():
        start = re.match(r"GPU (\d+):", line)
        part = re.match(r"\s+MIG (\S+)\s+Device", line)
        if start:
            gpu = start[1]
            found[gpu] = []
        elif part and gpu:
            found[gpu].append(part[1])
    return found


def mig_differs(layout: Mapping[str, Sequence[str]], answer: str) -> list[str]:
    """A sentence for each GPU that is not divided as wanted."""
    there = mig_devices(answer)
    wanted = {gpu: layout.get("all", layout.get(gpu)) for gpu in there}
    return [
        f"GPU {gpu} has {', '.join(there[gpu]) or 'no MIG devices'}, and {', '.join(profiles) or 'none'} was expected"
        for gpu, profiles in wanted.items()
        if profiles is not None and Counter(profiles) != Counter(there[gpu])
    ]
