# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Machines for tests: what a fresh Debian, Ubuntu or Red Hat has, and boards by the ids of their devices."""

from __future__ import annotations

from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.model import (
    Archive,
    Machine,
    Offer,
    Package,
    described,
    parse_request,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.options import ARGUMENTS

# The names are those of the database of PCI ids
BOARDS = {
    "102d": "Kepler",  # GK210GL [Tesla K80]
    "118f": "Kepler",  # GK104GL [Tesla K10]
    "1180": "Kepler",  # GK104 [GeForce GTX 680]
    "1091": "Fermi or older",  # GF110GL [Tesla M2090]
    "06d1": "Fermi or older",  # GF100GL [Tesla C2050 / C2070]
    "13bd": "Maxwell",  # GM107GL [Tesla M10]
    "13f2": "Maxwell",  # GM204GL [Tesla M60]
    "17fd": "Maxwell",  # GM200GL [Tesla M40]
    "1617": "Maxwell",  # GM204M [GeForce GTX 980M]
    "15f7": "Pascal",  # GP100GL [Tesla P100 PCIe 12GB]
    "1b38": "Pascal",  # GP102GL [Tesla P40]
    "1bb3": "Pascal",  # GP104GL [Tesla P4]
    "172f": "Pascal",  # GP100
    "1db1": "Volta",  # GV100GL [Tesla V100 SXM2 16GB]
    "1df6": "Volta",  # GV100GL [Tesla V100S PCIe 32GB]
    "1eb8": "Turing",  # TU104GL [Tesla T4]
    "1e02": "Turing",  # TU102 [TITAN RTX]
    "2184": "Turing",  # TU116 [GeForce GTX 1660]
    "20b2": "Ampere",  # GA100 [A100 SXM4 80GB]
    "20b7": "Ampere",  # GA100 [A30 PCIe]
    "2235": "Ampere",  # GA102GL [A40]
    "2482": "Ampere",  # GA104 [GeForce RTX 3070 Ti]
    "2684": "Ada Lovelace",  # AD102 [GeForce RTX 4090]
    "26b9": "Ada Lovelace",  # AD102GL [L40S]
    "27b8": "Ada Lovelace",  # AD104GL [L4]
    "2330": "Hopper",  # GH100 [H100 SXM5 80GB]
    "2331": "Hopper",  # GH100 [H100 PCIe]
    "2335": "Hopper",  # GH100 [H200 SXM 141GB]
    "2342": "Grace Hopper",  # GH100 [GH200 120GB / 480GB]
    "2901": "Blackwell",  # GB100 [B200]
    "2941": "Blackwell",  # GB100 [HGX GB200]
    "2b85": "Blackwell",  # GB202 [GeForce RTX 5090]
    "2bb5": "Blackwell",  # GB202GL [RTX PRO 6000 Blackwell Server Edition]
    "3182": "Blackwell",  # GB110 [B300 SXM6 AC]
    "3080": "unknown (newer than this collection)",
}
K80, V100, T4, A100, A40, L40S, H100, GH200, B200, RTX_PRO = (
    f"10de:{device}" for device in "102d 1db1 1eb8 20b2 2235 26b9 2330 2342 2901 2bb5".split()
)
A100_SWITCH, H100_SWITCH = "10de:1af1", "10de:22a3"

MAIN = "http://deb.debian.org/debian"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
FREE = tuple(Archive(MAIN, suite, "main", KEYRING) for suite in ("trixie", "trixie-updates", "trixie-backports"))
NON_FREE = tuple(
    Archive(MAIN, suite, part, KEYRING)
    for suite in ("trixie", "trixie-updates")
    for part in ("contrib", "non-free", "non-free-firmware")
)


def request(**options):
    """As the module has it: its defaults, and what is given."""
    return parse_request({name: options.get(name, option.get("default")) for name, option in ARGUMENTS.items()})


def debian(*ids, release="13", **more):
    codename = {"12": "bookworm", "13": "trixie"}.get(release, "forky")
    given = {"kernel": "6.12.1-cloud-amd64", "devices": described(ids), **more}
    return Machine("debian", release, codename, "x86_64", **given)


def ubuntu(*ids, **more):
    given = {"kernel": "6.8.0-88-generic", "devices": described(ids), **more}
    return Machine("ubuntu", "24.04", "noble", "x86_64", **given)


def rocky(*ids, release="9.6", **more):
    given = {"kernel": "5.14.0-570.el9.x86_64", "devices": described(ids), **more}
    return Machine("rocky", release, "", "x86_64", **given)


def offers(version, *names):
    return {name: Offer(version, (version,)) for name in names}


# What builds modules on these machines
BUILDING = offers("1", "dkms", "linux-headers-6.12.1-cloud-amd64", "linux-headers-6.8.0-88-generic")

# What apt-cache policy tells of Debian 13 with non-free
TRIXIE = {
    **BUILDING,
    **offers(
        "550.163.01-2",
        *"nvidia-smi nvidia-kernel-dkms nvidia-open-kernel-dkms libcuda1 libnvidia-cfg1 libnvidia-ml1".split(),
    ),
    **offers(
        "535.274.02-1~deb13u1",
        *"nvidia-tesla-535-smi nvidia-tesla-535-kernel-dkms libnvidia-tesla-535-cuda1 libnvidia-tesla-535-cfg1".split(),
        "libnvidia-tesla-535-ml1",
    ),
    **offers("550.163.01-1", "nvidia-persistenced"),
}


def trixie(*ids, **more):
    """With its archives complete and read."""
    return debian(*ids, **{"archives": FREE + NON_FREE, "offered": TRIXIE, **more})


def after(plan, offered):
    """The packages that are there when a plan has been done, by name and version."""
    wanted = dict([*item.split("="), ""][:2] for item in plan.install)
    return {name: Package(version or offered[name].candidate) for name, version in wanted.items()}
