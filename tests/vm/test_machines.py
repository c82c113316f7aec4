# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""libvirt_gpu_vm on a real libvirt and QEMU, with machines that have no system on their disks."""

from __future__ import annotations

import subprocess
import threading
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from hypervisor import IMAGES, Libvirt, Play
from tasks import play_tasks

WEB: dict[str, Any] = {
    "name": "web",
    "type": "qemu",
    "description": "for a test",
    "vcpus": 1,
    "memory": "128M",
    "disks": [{"size": "64M"}, {"size": "32M", "format": "raw"}],
    "networks": [{"address": "192.168.122.50"}],
    "cloud_init": {"user_data": "#cloud-config\npassword: hunter2\n", "ssh_keys": ["ssh-ed25519 AAAA me"]},
    "autostart": True,
}
PULL_THE_PLUG = {"force_stop": True, "shutdown_timeout": 1}


def changes(results: list[dict[str, Any]]) -> list[bool]:
    assert not any(result.get("failed") for result in results), [result.get("msg") for result in results]
    return [result["changed"] for result in results]


def capacity(libvirt: Libvirt, volume: str) -> int:
    text = libvirt.virsh("vol-dumpxml", "--pool", "default", volume)
    return int(ET.fromstring(text).findtext("capacity") or 0)


def test_each_state_is_reached_once(play: Play, libvirt: Libvirt) -> None:
    """Check mode tells the same change as the run, and what was done is not done again."""
    for state in ("present", "running", "stopped", "absent"):
        options = {**WEB, **PULL_THE_PLUG, "state": state}
        check, run, again = play({**options, "check_mode": True}, options, options)
        assert changes([check, run, again]) == [True, True, False], state
        assert check["diff"] == run["diff"], state
        assert check["actions"] == run["actions"], state
        assert not again["restart_required"], state
    assert {path.name for path in IMAGES.iterdir()} >= {"web-vda.qcow2", "web-vdb.raw"}
    assert not (IMAGES / "web-seed.iso").exists()
    assert "192.168.122.50" not in libvirt.virsh("net-dumpxml", "default")


def test_disks_that_were_kept_come_back(play: Play, libvirt: Libvirt) -> None:
    changes(play(WEB, {"name": "web", "state": "absent"}))
    (IMAGES / "web-vdb.raw").write_bytes(b"data" + bytes(32 * 1024**2 - 4))
    changes(play(WEB))
    assert (IMAGES / "web-vdb.raw").read_bytes()[:4] == b"data"
    changes(play({"name": "web", "state": "absent", "delete_disks": True}))
    assert not list(IMAGES.glob("web-*"))


def test_a_vm_that_runs_gets_what_it_can_get(play: Play, libvirt: Libvirt) -> None:
    """Disks grow and come, networks come, and go where the guest releases them; memory waits for the next start."""
    more = {
        **WEB,
        "state": "running",
        "memory": "160M",
        "disks": [{"size": "96M"}, {"size": "32M", "format": "raw"}, {"size": "16M"}],
        "networks": [{"address": "192.168.122.50"}, {}],
    }
    first, check, run, again = play({**WEB, "state": "running"}, {**more, "check_mode": True}, more, more)
    assert changes([first, check, run, again]) == [True, True, True, False]
    assert check["diff"] == run["diff"]
    assert run["restart_required"] and again["restart_required"]
    assert {action["impact"] for action in run["actions"]} == {"LIVE", "POWER_CYCLE"}
    assert libvirt.virsh("domstate", "web") == "running"
    assert "100663296" in libvirt.virsh("domblkinfo", "web", "vda")
    running = ET.fromstring(libvirt.virsh("dumpxml", "web"))
    assert running.findtext("memory") == str(128 * 1024)
    assert {target.get("dev") for target in running.iterfind("devices/disk/target")} == {"vda", "vdb", "vdc", "vdz"}
    assert len(running.findall("devices/interface")) == 2

    fewer = {**more, "networks": [{"address": "192.168.122.50"}]}
    restart = {**fewer, **PULL_THE_PLUG, "restart": "if_required"}
    kept, restarted, again = play(fewer, restart, restart)
    assert "its guest does not release it; it goes when the VM is restarted" in kept["msg"]  # nothing runs in it
    assert sum(name.startswith("running with networks") for name in kept["diff"][0]["after"]) == 2
    assert changes([restarted, again]) == [True, False]
    assert not again["restart_required"]
    running = ET.fromstring(libvirt.virsh("dumpxml", "web"))
    assert running.findtext("memory") == str(160 * 1024)
    assert len(running.findall("devices/interface")) == 1


def test_a_disk_grows_while_its_vm_is_off(play: Play, libvirt: Libvirt) -> None:
    grown = {**WEB, "disks": [{"size": "96M"}, {"size": "32M", "format": "raw"}]}
    first, run, again = play(WEB, grown, grown)
    assert changes([first, run, again])[1:] == [True, False]
    assert capacity(libvirt, "web-vda.qcow2") == 96 * 1024**2
    (refused,) = play(WEB)
    assert "disks are never shrunk" in refused["msg"]
    assert capacity(libvirt, "web-vda.qcow2") == 96 * 1024**2


def test_the_seed_is_written_anew_when_its_content_changes(play: Play, libvirt: Libvirt) -> None:
    other = {**WEB, "cloud_init": {"user_data": "#cloud-config\npassword: swordfish\n"}}
    results = play({**WEB, "state": "running"}, other, other)
    assert changes(results)[1:] == [True, False]
    assert [result["restart_required"] for result in results] == [False, True, True]
    image = IMAGES / "web-seed.iso"
    assert image.stat().st_mode & 0o777 == 0o600
    shown = subprocess.run(
        ["isoinfo", "-i", str(image), "-x", "/USER-DATA.;1"], capture_output=True, text=True, check=True
    )
    assert shown.stdout == other["cloud_init"]["user_data"]
    assert "hunter2" not in str(results) and "swordfish" not in str(results)


def test_what_others_did_to_a_vm_stays(play: Play, libvirt: Libvirt) -> None:
    changes(play(WEB))
    text = libvirt.virsh("dumpxml", "--inactive", "web")
    mine = "<metadata><a:note xmlns:a='http://example.org/a'>keep me</a:note></metadata>"
    text = text.replace("<memory", f"{mine}<memory", 1).replace("</devices>", "<sound model='ich9'/></devices>")
    file = libvirt.folder / "web.xml"
    file.write_text(text)
    libvirt.virsh("define", str(file))
    before = ET.fromstring(libvirt.virsh("dumpxml", "--inactive", "web"))
    assert changes(play(WEB, {**WEB, "vcpus": 2})) == [False, True]
    after = ET.fromstring(libvirt.virsh("dumpxml", "--inactive", "web"))
    before.find("vcpu").text = "2"  # type: ignore[union-attr]
    assert ET.canonicalize(ET.tostring(before)) == ET.canonicalize(ET.tostring(after))


def test_uefi_with_secure_boot(play: Play, libvirt: Libvirt) -> None:
    options = {**WEB, "firmware": "uefi", "secure_boot": True, "state": "running"}
    first, again = play(options, options)
    assert changes([first, again]) == [True, False]
    assert not again["restart_required"]
    loader = ET.fromstring(libvirt.virsh("dumpxml", "web")).find("os/loader")
    assert loader is not None and loader.get("secure") == "yes"
    (refused,) = play({"name": "web", "firmware": "bios"})
    assert "RECREATE" in refused["msg"]
    changes(play({"name": "web", "state": "absent"}))


def test_two_vms_in_one_task(play: Play, libvirt: Libvirt) -> None:
    """On one base image, as overlays; a full copy on request."""
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(IMAGES / "base.qcow2"), "64M"], check=True)
    vms = [
        {"name": "a", "type": "qemu", "vcpus": 1, "memory": "128M", "disks": [{"base": "base.qcow2", "size": "80M"}]},
        {
            "name": "b",
            "type": "qemu",
            "vcpus": 1,
            "memory": "128M",
            "disks": [{"base": "base.qcow2", "copy": True}, {"base": str(IMAGES / "base.qcow2")}],
        },
    ]
    first, again = play({"vms": vms}, {"vms": vms})
    assert changes([first, again]) == [True, False]
    assert [result["name"] for result in first["results"]] == ["a", "b"]
    backing = {
        name: "base.qcow2" in libvirt.virsh("vol-dumpxml", "--pool", "default", name)
        for name in ("a-vda.qcow2", "b-vda.qcow2", "b-vdb.qcow2")
    }
    assert backing == {"a-vda.qcow2": True, "b-vda.qcow2": False, "b-vdb.qcow2": True}
    (lost,) = play({"vms": [{"name": "c", "vcpus": 1, "memory": "128M", "disks": [{"base": "lost.qcow2"}]}, vms[0]]})
    assert "lost.qcow2, which is neither a volume of pool default nor a file" in lost["msg"]
    changes(play({"vms": [{"name": "a"}, {"name": "b"}], "state": "absent", "delete_disks": True}))
    assert [path.name for path in IMAGES.iterdir()] == ["base.qcow2"]


def test_what_cannot_be_leaves_nothing_behind(play: Play, libvirt: Libvirt, tmp_path: Path) -> None:
    """One sentence, no VM and no disk: what libvirt refuses, a pool that is full, and what another VM has."""
    full = tmp_path / "full"
    full.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(full)], check=True)
    libvirt.virsh("pool-define-as", "full", "dir", "--target", str(full))
    libvirt.virsh("pool-start", "full")
    there = {**WEB, "networks": [{"mac": "52:54:00:00:00:01"}]}
    wrong = {
        "cannot define: ": {"machine": "pc-q35-99"},
        "the storage pool full has": {"disks": [{"size": "1M"}, {"size": "1M", "pool": "full"}]},
        'is one of VM "web"': {"networks": [{"mac": "52:54:00:00:00:01"}]},
        "is the hypervisor's, or that of all": {"networks": [{"address": "192.168.122.1"}]},
        "this hypervisor has no NUMA node 99": {"numa_node": "99"},
        "which is in no pool": {"disks": [{"base": "/etc/hostname", "copy": True}]},
    }
    _other, *refused = play(there, *({**WEB, "networks": [], "name": "bad", **options} for options in wrong.values()))
    for sentence, result in zip(wrong, refused, strict=True):
        assert sentence in result["msg"]
        assert "\n" not in result["msg"]
        assert (result["failed"], result["changed"], result.get("warnings")) == (True, False, None), sentence
    assert not list(IMAGES.glob("bad*"))
    assert libvirt.virsh("list", "--all", "--name") == "web"
    libvirt.virsh("pool-destroy", "full")
    libvirt.virsh("pool-undefine", "full")


def test_a_disk_that_another_is_made_on_is_kept(play: Play, libvirt: Libvirt) -> None:
    on_it = {**WEB, "name": "on-it", "networks": [], "disks": [{"base": "web-vda.qcow2"}]}
    _first, _other, refused = play(WEB, on_it, {"name": "web", "state": "absent", "delete_disks": True})
    assert "on-it-vda.qcow2 is made on" in refused["msg"]
    assert (IMAGES / "web-vda.qcow2").exists()
    names = ("on-it", "web")
    changes(play(*({"name": name, "state": "absent", "delete_disks": True} for name in names)))


def test_two_tasks_at_once(libvirt: Libvirt, play: Play, tmp_path: Path) -> None:
    """Each does what is left, or says what came in between; afterwards nothing is left."""
    options = {**WEB, "state": "running"}
    folders = [tmp_path / "one", tmp_path / "two"]
    results: list[dict[str, Any]] = []
    threads = []
    for folder in folders:
        folder.mkdir()
        threads.append(threading.Thread(target=lambda to=folder: results.extend(play_tasks(to, (options,)))))
        threads[-1].start()
    for thread in threads:
        thread.join()
    assert any(not result["failed"] for result in results), results
    assert not any("Traceback" in str(result.get("msg")) for result in results), results
    assert changes(play(options)) == [False]


def test_a_run_after_libvirtd_was_killed_carries_on(play: Play, libvirt: Libvirt, tmp_path: Path) -> None:
    vms = [{**WEB, "name": f"vm{number}", "networks": [], "autostart": False} for number in range(12)]
    folder = tmp_path / "killed"
    folder.mkdir()
    results: list[dict[str, Any]] = []
    run = threading.Thread(target=lambda: results.extend(play_tasks(folder, ({"vms": vms},))))
    run.start()
    while run.is_alive() and not (IMAGES / "vm0-vda.qcow2").exists():
        time.sleep(0.005)
    libvirt.kill("libvirtd")
    run.join()
    assert results[0]["failed"]
    made = {path: path.stat().st_ino for path in IMAGES.glob("vm*-vd*")}
    libvirt.start("libvirtd")
    libvirt.wait()
    assert changes(play({"vms": vms}, {"vms": vms})) == [True, False]
    assert {path: path.stat().st_ino for path in made} == made


def test_a_guest_that_does_not_shut_down_is_left_alone(play: Play, libvirt: Libvirt) -> None:
    _other, refused = play({**WEB, "state": "running"}, {"name": "web", "state": "stopped", "shutdown_timeout": 1})
    assert "did not shut down within 1 s" in refused["msg"]
    assert libvirt.virsh("domstate", "web") == "running"


def test_without_libvirt_one_sentence(libvirt: Libvirt, tmp_path: Path) -> None:
    (result,) = play_tasks(tmp_path, ({**WEB, "uri": "qemu+unix:///system?socket=/nowhere"},))
    assert "libvirt at qemu+unix:///system?socket=/nowhere does not answer" in result["msg"]


def test_the_devices_of_the_hypervisor_are_told(play: Play) -> None:
    (told,) = play({"all_devices": True}, module="ai_how.cloud.libvirt_gpu_info")
    assert not told["changed"]
    assert {"address", "driver", "iommu_group", "numa_node", "bars_mib", "defined_in"} <= set(told["gpus"][0])
