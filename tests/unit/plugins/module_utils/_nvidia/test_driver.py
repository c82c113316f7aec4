# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a machine is read: trees of sysfs, and the answers of programs as they were seen on Debian 12 and 13."""

from __future__ import annotations

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia import driver
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.model import Archive, Offer, Package
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._nvidia.machines import request

KERNEL = "6.12.117+deb13-cloud-amd64"
DPKG = """\
ii  libcuda1 550.163.01-2
hi  nvidia-smi 550.163.01-2
rc  nvidia-tesla-535-smi 535.274.02-1~deb13u1
un  nvidia-driver-any
"""
TARGETS = """\
http://deb.debian.org/debian/|trixie|main
http://deb.debian.org/debian/|trixie|main
http://mirror/debian/|trixie|non-free
"""
POLICY = """\
nvidia-smi:
  Installed: 550.163.01-2
  Candidate: 550.163.01-2
  Version table:
     550.163.01-4~bpo13+1 100
        100 http://deb.debian.org/debian trixie-backports/non-free amd64 Packages
 *** 550.163.01-2 500
        500 http://deb.debian.org/debian trixie/non-free amd64 Packages
        100 /var/lib/dpkg/status
nvidia-tesla-535-smi:
  Installed: (none)
  Candidate: (none)
  Version table:
     535.274.02-1~deb13u1 -1
        100 /var/lib/dpkg/status
"""


class Programs:
    """Answers by the name of the program; those without one are not installed."""

    def __init__(self, monkeypatch, **answers):
        self.answers = {name.replace("_", "-"): answer for name, answer in answers.items()}
        self.asked = []
        monkeypatch.setattr(driver, "_run", self.run)

    def run(self, _run_command, program, *arguments):
        self.asked.append((program, *arguments))
        answer = self.answers.get(program)
        if callable(answer):
            answer = answer(*arguments)
        return (127, "", f"{program} is not installed") if answer is None else (0, answer, "")


@pytest.fixture
def root(tmp_path):
    """A Debian 13 with a GPU that nouveau has, its audio, and a switch."""
    (tmp_path / "etc").mkdir()
    release = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\n'
    (tmp_path / "etc/os-release").write_text(release)
    for address, ids, pci_class, bound in (
        ("0000:41:00.0", "10de:2330", "0x030200", "nouveau"),
        ("0000:41:00.1", "10de:22ba", "0x040300", ""),
        ("0000:b7:00.0", "10de:22a3", "0x068000", ""),
    ):
        folder = tmp_path / "sys/bus/pci/devices" / address
        folder.mkdir(parents=True)
        vendor, device = ids.split(":")
        (folder / "vendor").write_text(f"0x{vendor}\n")
        (folder / "device").write_text(f"0x{device}\n")
        (folder / "class").write_text(f"{pci_class}\n")
        if bound:
            (folder / "driver").symlink_to(f"../../../../bus/pci/drivers/{bound}")
    return tmp_path


def test_devices(root, monkeypatch):
    Programs(monkeypatch)
    machine = driver.look(request(kernel=KERNEL), root, None)
    assert [(device.address, device.driver) for device in machine.devices] == [
        ("0000:41:00.0", "nouveau"),
        ("0000:b7:00.0", ""),
    ]
    assert [gpu.address for gpu in machine.gpus] == ["0000:41:00.0"]
    assert (machine.name, machine.codename, machine.kernel) == ("debian 13", "trixie", KERNEL)


def test_an_image_is_not_asked_for_its_devices(root, monkeypatch):
    Programs(monkeypatch)
    machine = driver.look(request(pci_ids=["10de:1db1"]), root, None)
    assert [(gpu.address, gpu.device, gpu.driver) for gpu in machine.gpus] == [("#1", "1db1", "")]


def test_without_a_gpu_nothing_is_asked(root, monkeypatch):
    programs = Programs(monkeypatch)
    for folder in (root / "sys/bus/pci/devices").iterdir():
        (folder / "vendor").write_text("0x1002\n")
    assert driver.look(request(), root, None).gpus == ()
    assert programs.asked == []


def test_what_apt_says(root, monkeypatch):
    Programs(monkeypatch, dpkg_query=DPKG, apt_get=TARGETS, apt_cache=POLICY)
    (root / "etc/apt").mkdir()
    source = "deb [arch=amd64 signed-by=/usr/share/keyrings/debian.gpg] http://deb.debian.org/debian trixie main\n"
    (root / "etc/apt/sources.list").write_text(source)
    machine = driver.look(request(), root, None)
    assert machine.installed == {
        "libcuda1": Package("550.163.01-2"),
        "nvidia-smi": Package("550.163.01-2", held=True),
    }
    assert machine.archives == (
        Archive("http://deb.debian.org/debian/", "trixie", "main", "/usr/share/keyrings/debian.gpg"),
        Archive("http://mirror/debian/", "trixie", "non-free", ""),
    )
    assert machine.offered == {"nvidia-smi": Offer("550.163.01-2", ("550.163.01-4~bpo13+1", "550.163.01-2"))}


def test_what_dnf_says(root, monkeypatch):
    (root / "etc/os-release").write_text('ID="rhel"\nVERSION_ID="9.6"\n')
    (root / "etc/yum.repos.d").mkdir()
    (root / "etc/yum.repos.d/nvidia-drivers.repo").write_text("[nvidia-drivers]\nbaseurl = https://mirror/rhel9\n")
    Programs(monkeypatch, rpm="bash 5.1.8\nkmod-nvidia-open-dkms 580.95.05\n")
    machine = driver.look(request(source="nvidia"), root, None)
    assert machine.family == "rhel"
    assert machine.installed["kmod-nvidia-open-dkms"] == Package("580.95.05")
    assert machine.archives == (Archive("https://mirror/rhel9", "", "", ""),)


def test_modules_that_are_built(root, monkeypatch):
    folder = root / "lib/modules" / KERNEL / "updates/dkms"
    folder.mkdir(parents=True)
    for name in ("nvidia-current", "nvidia-current-drm", "nvidia-current-uvm"):
        (folder / f"{name}.ko.xz").touch()
    answers = {"version": "550.163.01\n", "license": "NVIDIA\n"}
    programs = Programs(monkeypatch, modinfo=lambda _flag, name, _file: answers[name])
    assert driver.look(request(kernel=KERNEL), root, None).built == {"proprietary": "550.163.01"}
    assert len([asked for asked in programs.asked if asked[0] == "modinfo"]) == 2
    answers["license"] = "Dual MIT/GPL\n"
    assert driver.look(request(kernel=KERNEL), root, None).built == {"open": "550.163.01"}


def test_secure_boot(root, monkeypatch):
    Programs(monkeypatch)
    variable = root / driver._SECURE_BOOT
    assert not driver.look(request(), root, None).secure_boot
    variable.parent.mkdir(parents=True)
    variable.write_bytes(b"\x06\x00\x00\x00\x01")
    assert driver.look(request(), root, None).secure_boot
    assert not driver.look(request(secure_boot=False), root, None).secure_boot
    variable.write_bytes(b"\x06\x00\x00\x00\x00")
    assert not driver.look(request(), root, None).secure_boot


def test_a_key_that_the_firmware_knows(root, monkeypatch):
    monkeypatch.setattr(driver.os.path, "exists", lambda path: path == "/var/lib/dkms/mok.pub")
    Programs(monkeypatch, mokutil="/var/lib/dkms/mok.pub is already enrolled\n")
    assert driver.look(request(secure_boot=True), root, None).key_enrolled
    Programs(monkeypatch, mokutil="/var/lib/dkms/mok.pub is not enrolled\n")
    assert not driver.look(request(secure_boot=True), root, None).key_enrolled


def test_a_driver_of_a_runfile(root, monkeypatch):
    Programs(monkeypatch)
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/lib/x86_64-linux-gnu").mkdir(parents=True)
    (root / "usr/lib/x86_64-linux-gnu/libnvidia-ml.so.580.95.05").touch()
    assert driver.look(request(), root, None).runfile == ""
    (root / "usr/bin/nvidia-uninstall").touch()
    assert driver.look(request(), root, None).runfile == "580.95.05"
