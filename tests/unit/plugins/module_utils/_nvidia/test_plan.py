# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which driver a machine gets, by its GPUs, distribution and source; and which it does not get, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.gpus import Device
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.model import Archive, Offer, Package, described
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.plan import Plan, make_plan, mig_commands
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.report import lines
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._nvidia.machines import (
    A40,
    A100,
    B200,
    BUILDING,
    FREE,
    GH200,
    H100,
    H100_SWITCH,
    K80,
    KEYRING,
    L40S,
    MAIN,
    NON_FREE,
    RTX_PRO,
    T4,
    TRIXIE,
    V100,
    after,
    debian,
    offers,
    request,
    rocky,
    trixie,
    ubuntu,
)


def refusal(wanted, machine):
    with pytest.raises(Refused) as told:
        make_plan(wanted, machine)
    return str(told.value)


def test_nothing_without_a_gpu():
    assert make_plan(request(), debian()) == Plan()
    assert lines(request(), debian(), Plan()) == ["no GPU of NVIDIA: left as it is"]


def test_a_gpu_that_the_inventory_gives_and_that_is_not_there():
    told = refusal(request(expected_gpus=2), debian(H100))
    assert "2 GPUs of NVIDIA were expected" in told and "#1 (10de:2330, Hopper) can be seen" in told
    assert "none can be seen" in refusal(request(expected_gpus=1), debian())


@pytest.mark.parametrize(
    ("ids", "options", "branch", "modules"),
    [
        ([V100], {}, 580, "proprietary"),
        ([T4], {}, 580, "open"),
        ([T4, A100, L40S], {}, 580, "open"),
        ([V100, T4], {}, 580, "proprietary"),
        ([H100], {"version": "550"}, 550, "proprietary"),
        ([H100], {"version": "550", "kernel_modules": "open"}, 550, "open"),
        ([GH200], {"version": "550"}, 550, "open"),
        ([H100], {"kernel_modules": "proprietary"}, 580, "proprietary"),
        ([H100], {"version": "620"}, 620, "open"),
        ([RTX_PRO], {}, 580, "open"),
        ([K80], {"version": "470"}, 470, "proprietary"),
        (["10de:3080"], {}, 580, "open"),
    ],
)
def test_branch_and_modules(ids, options, branch, modules):
    plan = make_plan(request(source="nvidia", **options), ubuntu(*ids))
    assert (plan.branch, plan.kernel_modules) == (branch, modules)


@pytest.mark.parametrize(
    ("ids", "options", "complaint"),
    [
        ([K80], {}, "10de:102d, Kepler) is not supported by the branch 580 of the driver, only by branches up to 470"),
        ([V100], {"version": "620"}, "only by branches up to 580"),
        ([B200], {"version": "535"}, "only by 570 and newer"),
        ([V100, B200], {}, "no kernel modules of the branch 580 serve all GPUs"),
        ([H100], {"version": "620", "kernel_modules": "proprietary"}, "this machine needs open"),
        (
            [V100],
            {"kernel_modules": "open"},
            "this machine needs proprietary (#1 (10de:1db1, Volta) takes proprietary)",
        ),
        ([A100], {"version": "470", "kernel_modules": "open"}, "this machine needs proprietary"),
    ],
)
def test_what_a_gpu_does_not_take(ids, options, complaint):
    assert complaint in refusal(request(source="nvidia", **options), ubuntu(*ids))


def test_debian_gets_the_rest_of_its_own_archive():
    plan = make_plan(request(), debian(H100, archives=FREE))
    assert not plan.ready
    assert plan.repositories == [
        {
            "name": "nvidia-drivers-deb.debian.org-debian",
            "uris": [MAIN],
            "suites": ["trixie", "trixie-updates"],
            "components": ["contrib", "non-free", "non-free-firmware"],
            "signed_by": KEYRING,
        }
    ]
    security = Archive("http://deb.debian.org/debian-security", "trixie-security", "main", KEYRING)
    both = make_plan(request(), debian(H100, archives=(*FREE, *NON_FREE[:2], security)))
    assert [entry["name"] for entry in both.repositories] == [
        "nvidia-drivers-deb.debian.org-debian",
        "nvidia-drivers-deb.debian.org-debian-security",
    ]
    assert make_plan(request(), trixie(H100)).ready
    assert not make_plan(request(), trixie(H100, offered={})).ready  # lists that were never read


def test_packages_of_debian():
    plan = make_plan(request(), trixie(H100))
    assert plan.install == [
        "nvidia-smi=550.163.01-2",
        "nvidia-kernel-dkms=550.163.01-2",
        "libcuda1=550.163.01-2",
        "libnvidia-cfg1=550.163.01-2",
        "libnvidia-ml1=550.163.01-2",
        "nvidia-persistenced",
    ]
    assert plan.prerequisites == ["linux-headers-6.12.1-cloud-amd64", "dkms"]
    assert plan.services == ["nvidia-persistenced"]
    assert make_plan(request(persistence=False), trixie(H100)).services == []
    opened = make_plan(request(kernel_modules="open"), trixie(H100))
    assert "nvidia-open-kernel-dkms=550.163.01-2" in opened.install


def test_older_branches_of_debian():
    plan = make_plan(request(version="535"), trixie(V100))
    assert plan.install[:3] == [
        f"{name}=535.274.02-1~deb13u1"
        for name in ("nvidia-tesla-535-smi", "nvidia-tesla-535-kernel-dkms", "libnvidia-tesla-535-cuda1")
    ]
    assert make_plan(request(), debian(K80, release="12", archives=FREE)).branch == 470
    told = refusal(request(version="535", kernel_modules="open"), trixie(H100))
    assert "no open modules of the branch 535" in told and "the branch 550" in told


@pytest.mark.parametrize(
    ("machine", "options", "complaint"),
    [
        (debian(H100, release="12"), {"version": "580"}, "debian 12 has the branches 535, 470: take one of these"),
        (debian(B200, release="12"), {}, "is not supported by the branch 535"),
        (debian(H100, release="14"), {}, "the branches of Debian 12 and 13 are known"),
        (debian(H100, H100_SWITCH), {}, "Debian has no Fabric Manager"),
        (rocky(H100), {}, "rocky 9.6 has no driver of NVIDIA in its own repositories"),
        (ubuntu(*[B200] * 8), {}, "need nvlsm, which Ubuntu does not have"),
        (replace(debian(H100), distribution="gentoo"), {}, "this machine has gentoo 13"),
        (trixie(H100), {"version": "550.54.14"}, "nvidia-smi 550.54.14 is not in the package lists"),
        (replace(trixie(H100), runfile="580.95.05"), {}, "a driver 580.95.05 of a runfile is installed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_distribution_does_not_have(machine, options, complaint):
    assert complaint in refusal(request(**options), machine)


UBUNTU = BUILDING | offers(
    "580.95.05-0ubuntu0.24.04.1",
    *"nvidia-utils-580-server nvidia-headless-no-dkms-580-server-open nvidia-headless-580-server-open".split(),
    *"nvidia-headless-no-dkms-580-server nvidia-headless-580-server nvidia-fabricmanager-580".split(),
)
NVIDIA = BUILDING | offers("580.95.05-1", "nvidia-open-580", "nvidia-driver-pinning-580")
SIGNED = offers("6.8.0-88.89", "linux-modules-nvidia-580-server-open-generic")


def test_ubuntu_has_signed_modules():
    plan = make_plan(request(), ubuntu(H100, offered={**UBUNTU, **SIGNED}, secure_boot=True))
    assert plan.install == [
        "nvidia-utils-580-server=580.95.05-0ubuntu0.24.04.1",
        "nvidia-headless-no-dkms-580-server-open=580.95.05-0ubuntu0.24.04.1",
        "linux-modules-nvidia-580-server-open-generic",
    ]
    assert plan.prerequisites == ()
    assert (plan.build, plan.ready) == (False, True)


def test_ubuntu_with_a_kernel_without_signed_modules():
    custom = {**UBUNTU, **offers("1", "linux-headers-6.8.0-1-custom")}
    plan = make_plan(request(), ubuntu(H100, offered=custom, kernel="6.8.0-1-custom"))
    assert "nvidia-headless-580-server-open=580.95.05-0ubuntu0.24.04.1" in plan.install
    assert plan.prerequisites == ["linux-headers-6.8.0-1-custom", "dkms"]
    hwe = offers("6.14.0-1", "linux-modules-nvidia-580-server-open-generic-hwe-24.04")
    newer = {"linux-image-generic-hwe-24.04": Package("6.14.0-1")}
    plan = make_plan(request(), ubuntu(H100, offered={**UBUNTU, **hwe}, installed=newer))
    assert "linux-modules-nvidia-580-server-open-generic-hwe-24.04" in plan.install


def test_fabric_manager_has_the_version_of_the_driver():
    board = [*[H100] * 8, *[H100_SWITCH] * 4]
    newer = Offer("580.105.08-1", ("580.105.08-1", "580.95.05-0ubuntu0.24.04.1"))
    offered = {**UBUNTU, **SIGNED, "nvidia-utils-580-server": newer}
    offered["nvidia-headless-no-dkms-580-server-open"] = newer
    plan = make_plan(request(), ubuntu(*board, offered=offered))
    assert "nvidia-fabricmanager-580=580.95.05-0ubuntu0.24.04.1" in plan.install
    assert plan.version == "580.95.05"  # the newest driver that has a Fabric Manager
    assert plan.services == ["nvidia-persistenced", "nvidia-fabricmanager"]
    assert make_plan(request(fabric_manager="false"), ubuntu(*board, offered=offered)).version == "580.105.08"


def test_nvidias_repository_for_apt():
    keyring = "https://developer.download.nvidia.com/compute/cuda/repos/ubuntu2404/x86_64/cuda-keyring_1.1-1_all.deb"
    plan = make_plan(request(source="nvidia"), ubuntu(H100))
    assert plan.repositories == [{"keyring": keyring}]
    ready = ubuntu(H100, installed={"cuda-keyring": Package("1.1-1")}, offered=NVIDIA)
    plan = make_plan(request(source="nvidia"), ready)
    assert (plan.first, plan.install) == (["nvidia-driver-pinning-580"], ["nvidia-open-580=580.95.05-1"])
    mirror = request(source="nvidia", repository_url="https://mirror/ubuntu2404/", repository_key="/etc/key.gpg")
    (entry,) = make_plan(mirror, ready).repositories
    assert (entry["uris"], entry["signed_by"]) == (["https://mirror/ubuntu2404"], "/etc/key.gpg")


def test_a_mirror_that_is_there_is_not_added_again():
    url = "https://mirror/ubuntu2404"
    there = ubuntu(H100, archives=(Archive(url, "./", "", ""),), offered=NVIDIA)
    assert make_plan(request(source="nvidia", repository_url=url), there).ready


def test_names_without_a_branch_from_590_on():
    board = [B200] * 8
    names = ("nvidia-open", "nvidia-fabricmanager", "nvlsm", "nvidia-driver-pinning-590.48.01")
    offered = BUILDING | offers("590.48.01-1", *names)
    ready = ubuntu(*board, installed={"cuda-keyring": Package("1.1-1")}, offered=offered)
    plan = make_plan(request(source="nvidia", version="590.48.01"), ready)
    assert plan.first == ["nvidia-driver-pinning-590.48.01"]
    assert plan.install == ["nvidia-open=590.48.01-1", "nvidia-fabricmanager=590.48.01-1", "nvlsm"]


@pytest.mark.parametrize(
    ("ids", "options", "stream", "install"),
    [
        ([H100], {}, "nvidia-driver:580-open", ["nvidia-open"]),
        ([V100], {"version": "580"}, "nvidia-driver:580-dkms", ["cuda-drivers"]),
        ([H100], {"version": "580.95.05"}, "nvidia-driver:580-open", ["nvidia-open-580.95.05"]),
        (
            [*[B200] * 8],
            {"version": "590"},
            "nvidia-driver:590-open",
            ["nvidia-open", "nvidia-fabricmanager", "nvlsm"],
        ),
    ],
)
def test_module_streams_of_red_hat(ids, options, stream, install):
    url = "https://developer.download.nvidia.com/compute/cuda/repos/rhel9/x86_64"
    there = rocky(*ids, archives=(Archive(url, "", "", ""),))
    plan = make_plan(request(source="nvidia", **options), there)
    assert (plan.stream, plan.install) == (stream, install)
    assert plan.prerequisites[0] == "kernel-devel-5.14.0-570.el9.x86_64"


def test_red_hat_10_has_no_streams():
    plan = make_plan(request(source="nvidia"), rocky(H100, release="10.0"))
    assert plan.stream == ""
    assert plan.repositories == [
        {
            "name": "nvidia-drivers",
            "baseurl": "https://developer.download.nvidia.com/compute/cuda/repos/rhel10/x86_64",
            "gpgkey": "https://developer.download.nvidia.com/compute/cuda/repos/rhel10/x86_64/D42D0685.pub",
        }
    ]


def test_a_driver_is_not_removed_for_one_that_cannot_be_built():
    """The headers of an older kernel are gone from the archive."""
    older = trixie(V100, kernel="6.12.0-old", installed={"nvidia-tesla-535-kernel-dkms": Package("535.274.02-1")})
    complaint = refusal(request(version="550"), older)
    assert complaint.startswith("the driver needs linux-headers-6.12.0-old, and the package lists")
    done = replace(
        older, installed=after(make_plan(request(), trixie(V100)), TRIXIE), built={"proprietary": "550.163.01"}
    )
    assert make_plan(request(), done).install == []


def test_what_dnf_does_not_change_by_itself_is_refused_and_not_passed_over():
    there = rocky(
        H100,
        archives=(Archive("https://mirror/rhel9", "", "", ""),),
        installed={"nvidia-open": Package("570.86.15"), "kmod-nvidia-open-dkms": Package("570.86.15")},
        built={"open": "570.86.15"},
    )
    mirror = {"source": "nvidia", "repository_url": "https://mirror/rhel9"}
    same = make_plan(request(version="570", **mirror), there)
    assert (same.install, same.hold) == ([], [])
    assert make_plan(request(version="570.86.16", **mirror), there).install == ["nvidia-open-570.86.16"]
    for version in ("580", "580.95.05"):
        complaint = refusal(request(version=version, **mirror), there)
        assert complaint.startswith("nvidia-open 570.86.15 is installed, and the branch 580 is wanted")
    assert "upgrade is set" in refusal(request(version="570", upgrade=True, **mirror), there)


def test_done_means_nothing_to_do():
    fresh = trixie(H100)
    first = make_plan(request(), fresh)
    done = replace(fresh, installed=after(first, TRIXIE), built={"proprietary": "550.163.01"})
    second = make_plan(request(), done)
    assert (second.install, second.remove, second.build) == ([], [], False)
    assert set(second.hold) == set(done.installed)
    held = replace(done, installed={name: Package(one.version, True) for name, one in done.installed.items()})
    assert make_plan(request(), held).hold == []
    assert make_plan(request(hold=False), done).hold == []


def test_a_new_kernel_gets_its_modules():
    done = trixie(H100, installed=after(make_plan(request(), trixie(H100)), TRIXIE))
    assert make_plan(request(), done).build
    other = replace(done, built={"open": "550.163.01"})
    assert make_plan(request(), other).build  # the other kind does not count


def test_an_upgrade_within_the_branch():
    newer = {name: Offer("550.163.01-4", ("550.163.01-4", "550.163.01-2")) for name in TRIXIE if "535" not in name}
    held = {name: Package(one.version, True) for name, one in after(make_plan(request(), trixie(H100)), TRIXIE).items()}
    there = trixie(H100, installed=held, offered=newer)
    assert make_plan(request(), there).install == []
    plan = make_plan(request(upgrade=True), there)
    assert "nvidia-smi=550.163.01-4" in plan.install
    assert "nvidia-smi" in plan.release


def test_an_upgrade_to_another_branch():
    old = after(make_plan(request(version="535"), trixie(V100)), TRIXIE)
    plan = make_plan(request(version="550"), trixie(V100, installed=old))
    assert set(plan.remove) == {name for name in old if "535" in name}
    assert "nvidia-kernel-dkms=550.163.01-2" in plan.install
    assert "nvidia-persistenced" in plan.install  # apt removes it with the libraries that it was installed with


def test_the_other_modules_make_room():
    there = trixie(H100, installed=after(make_plan(request(), trixie(H100)), TRIXIE))
    plan = make_plan(request(kernel_modules="open"), there)
    assert (plan.remove, plan.install) == (["nvidia-kernel-dkms"], ["nvidia-open-kernel-dkms=550.163.01-2"])


def test_what_is_not_the_driver_stays():
    mine = {"nvidia-container-toolkit": Package("1.18"), "nvidia-cuda-toolkit": Package("12.4"), "tree": Package("2")}
    assert make_plan(request(), trixie(H100, installed=mine)).remove == []
    assert make_plan(request(state="absent"), trixie(installed=mine)).remove == []


def test_removal():
    old = {"nvidia-smi": Package("550.163.01-2", True), "libcuda1": Package("550.163.01-2")}
    machine = trixie(H100, installed=old, loaded="550.163.01")
    plan = make_plan(request(state="absent"), machine)
    assert (plan.remove, plan.release) == (["nvidia-smi", "libcuda1"], ["nvidia-smi"])
    assert plan.reboot == "the module 550.163.01 is still loaded"
    assert lines(request(state="absent"), machine, plan) == ["would remove nvidia-smi, libcuda1"]
    runfile = make_plan(request(state="absent"), trixie(H100, runfile="580.95.05"))
    assert runfile.runfile == {"uninstall": True}
    assert lines(request(state="absent"), machine, runfile) == ["would run the runfile's uninstaller"]
    assert make_plan(request(state="absent"), debian()) == Plan(remove=[], release=[])


def test_secure_boot_is_told_clearly():
    told = refusal(request(), trixie(H100, secure_boot=True))
    for word in ("Secure Boot is on", "dkms generate_mok", "mokutil --import /var/lib/dkms/mok.pub", "reboot"):
        assert word in told
    assert make_plan(request(), trixie(H100, secure_boot=True, key_enrolled=True)).install
    custom = ubuntu(H100, offered=UBUNTU, kernel="6.8.0-1-custom", secure_boot=True)
    told = refusal(request(), custom)
    assert "/var/lib/shim-signed/mok/MOK.der" in told and "signed modules" in told


def test_reasons_for_a_reboot():
    gpu = Device("0000:41:00.0", "10de", "2330", 0x0302, "nouveau")
    there = trixie(installed=after(make_plan(request(), trixie(H100)), TRIXIE), built={"proprietary": "550.163.01"})
    with_nouveau = replace(there, devices=(gpu,))
    assert make_plan(request(), with_nouveau).reboot == "0000:41:00.0 (10de:2330, Hopper) is bound to nouveau"
    old = replace(there, devices=(replace(gpu, driver="nvidia"),), loaded="535.274.02")
    plan = make_plan(request(), old)
    assert plan.reboot == "the module 535.274.02 is loaded, and 550.163.01 is installed"
    assert lines(request(), old, plan)[-1].startswith("would reboot, since the module 535.274.02")
    assert any(line.startswith("would hold nvidia-smi, ") for line in lines(request(), old, plan))
    assert make_plan(request(), replace(old, loaded="550.163.01")).reboot == ""
    image = request(pci_ids=[H100])
    assert make_plan(image, replace(old, devices=described([H100]))).reboot == ""


RUN = request(source="runfile", version="580.95.05")


def test_a_runfile():
    plan = make_plan(RUN, rocky(H100))
    assert plan.runfile["url"].endswith("/tesla/580.95.05/NVIDIA-Linux-x86_64-580.95.05.run")
    assert "--kernel-module-type=open" in plan.runfile["options"]
    assert "would run https" in lines(RUN, rocky(H100), plan)[-1]
    done = rocky(H100, runfile="580.95.05", built={"open": "580.95.05"})
    assert make_plan(RUN, done).runfile == {}
    older = request(source="runfile", version="535.274.02", kernel_modules="open", runfile_url="https://mirror/a.run")
    plan = make_plan(older, rocky(H100))
    assert plan.runfile["url"] == "https://mirror/a.run"
    assert "--kernel-module-build-directory=kernel-open" in plan.runfile["options"]
    assert (
        make_plan(replace(older, kernel_modules="auto"), rocky(H100)).runfile["options"][-1].startswith("--kernel-name")
    )


def test_when_a_runfile_is_refused():
    packages = {"nvidia-smi": Package("550.163.01-2")}
    assert "drivers are installed as packages (nvidia-smi)" in refusal(RUN, trixie(H100, installed=packages))
    assert "a runfile has no Fabric Manager" in refusal(RUN, rocky(H100, H100_SWITCH))
    assert "Secure Boot is on" in refusal(RUN, rocky(H100, secure_boot=True))


def test_how_gpus_are_divided():
    gpus = described([H100, A100])
    assert mig_commands({"all": ("1g.10gb", "2g.20gb")}, gpus) == [
        "/usr/bin/nvidia-smi -mig 1",
        "-/usr/bin/nvidia-smi mig -dci",
        "-/usr/bin/nvidia-smi mig -dgi",
        "/usr/bin/nvidia-smi mig -cgi 1g.10gb,2g.20gb -C",
    ]
    assert mig_commands({"1": ()}, gpus)[0] == "/usr/bin/nvidia-smi -i 1 -mig 0"
    assert len(mig_commands({"1": ()}, gpus)) == 3
    with pytest.raises(Invalid, match="mig names the GPU 2, and this machine has 2"):
        mig_commands({"2": ("1g.10gb",)}, gpus)
    with pytest.raises(Refused, match="Ampere\\) cannot be divided"):
        mig_commands({"all": ("1g.10gb",)}, described([A40]))


def test_the_report_of_a_fresh_machine():
    machine = debian(H100, archives=FREE)
    assert lines(request(), machine, make_plan(request(), machine)) == [
        "#1 (10de:2330, Hopper)",
        "driver 550 with proprietary kernel modules, source distribution",
        "would look for packages of 550",
    ]
