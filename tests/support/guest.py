# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A base image for virtual machines: Debian with cloud-init, SSH and the guest agent. ``guest.py`` prints its path.

It is made of Debian's packages without mounts, with SYSLINUX on a partition of its own, so that a BIOS boots it. It is
kept in the per-user cache; the first one takes two minutes.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "images"))
from build import CACHE, apt_proxies, debian_mirrors, locked

SUITE = "bookworm"
PACKAGES = (
    "cloud-guest-utils,cloud-init,dbus,e2fsprogs,iproute2,linux-image-cloud-amd64,netplan.io,openssh-server,python3,"
    "qemu-guest-agent,sudo,systemd-resolved,systemd-sysv,udev"
)
# $1 is the root of the new system, $OUT takes the image
SCRIPT = r"""
echo 'LABEL=rootfs / ext4 defaults 0 1' > "$1/etc/fstab"
echo 'datasource_list: [NoCloud, None]' > "$1/etc/cloud/cloud.cfg.d/90-nocloud.cfg"
rm -f "$1"/etc/ssh/ssh_host_*_key* "$1"/var/cache/apt/*.bin
: > "$1/etc/machine-id"

truncate -s 1600M "$OUT/disk.raw"
printf 'label: dos\nstart=1MiB, size=99MiB, type=c, bootable\nstart=100MiB, type=83\n' | sfdisk --quiet "$OUT/disk.raw"
dd if=/usr/lib/syslinux/mbr/mbr.bin of="$OUT/disk.raw" conv=notrunc status=none
boot="$OUT/disk.raw@@1M"
mformat -i "$boot" -F -T $((99 * 2048)) ::
syslinux --install --offset $((1024 * 1024)) "$OUT/disk.raw"
mcopy -i "$boot" "$1"/boot/vmlinuz-* ::/vmlinuz
mcopy -i "$boot" "$1"/boot/initrd.img-* ::/initrd
cat > "$OUT/syslinux.cfg" <<'END'
DEFAULT linux
LABEL linux
LINUX vmlinuz
INITRD initrd
APPEND root=LABEL=rootfs ro console=ttyS0
END
mcopy -i "$boot" "$OUT/syslinux.cfg" ::/
rm -rf "$1"/boot/* "$1"/var/lib/apt/lists/*
mkfs.ext4 -q -L rootfs -d "$1" -E offset=$((100 * 1024 * 1024)) "$OUT/disk.raw" 1499M
qemu-img convert -c -O qcow2 -o compression_type=zstd "$OUT/disk.raw" "$OUT/image.qcow2"
"""


def image() -> Path:
    """Its path. It is made where it is missing."""
    key = hashlib.sha256(f"{SUITE} {PACKAGES} {SCRIPT}".encode()).hexdigest()[:16]
    folder = CACHE / "images" / "guest"
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"{key}.qcow2"
    with locked(folder):
        if made.exists():
            return made
        print("making an image for virtual machines (minutes, the first time)", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(dir=folder) as out:
            root = Path(out) / "root"
            command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", *apt_proxies()]
            subprocess.run([*command, SUITE, root, f"deb {debian_mirrors()[0]} {SUITE} main"], check=True)
            subprocess.run(["sh", "-euc", SCRIPT, "sh", root], env={**os.environ, "OUT": out}, check=True)
            (Path(out) / "image.qcow2").rename(made)
    return made


if __name__ == "__main__":
    print(image())
