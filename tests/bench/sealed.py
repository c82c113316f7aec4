# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long it takes to seal N secrets of two values into N files: the pure cryptography, and three ways, in turn.

    python tests/bench/sealed.py KUBESEAL 1 100 1000

``shell`` is kubeseal in a loop of the shell, ``Ansible loop`` the same in a task (of at most 100), ``sealed_secret``
one task of ours. No cluster is needed: the certificate is a file. Ansible's start counts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ansible_collections.ai_how.cloud.plugins.module_utils._sealed import envelope
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

HERE = Path(__file__).resolve().parent
MOST_OF_A_LOOP = 100


def main() -> None:
    kubeseal, sizes = sys.argv[1], [int(word) for word in sys.argv[2:]] or [1, 100, 1000]
    pem = certificate()
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            prepare(Path(folder), size, pem)
            floor = measured(lambda size=size: pure(pem, size))
            # Each line of input is a Secret, and each gives a file
            loop = 'n=0; while read -r line; do n=$((n+1)); printf %s "$line" '
            loop += f"| {kubeseal} --cert=cert.pem --format=yaml > shell-$n.yaml; done < secrets.lines"
            shell = measured(lambda folder=folder, loop=loop: run(["sh", "-c", loop], folder))
            least = min(size, MOST_OF_A_LOOP)
            ansible = measured(lambda folder=folder: playbook("kubeseal_loop.yml", folder, kubeseal)) * size / least
            ours = measured(lambda folder=folder: playbook("sealed.yml", folder, kubeseal))
            rerun = measured(lambda folder=folder: playbook("sealed.yml", folder, kubeseal))
        estimated = " (estimated)" if least < size else ""
        print(f"{size:>5}  cryptography {floor:8.3f} s   sealed_secret {ours:7.2f} s, rerun {rerun:6.2f} s")
        print(
            f"       shell {shell:8.2f} s = {shell / ours:5.1f} times   Ansible loop {ansible:8.1f} s{estimated}",
            end="",
        )
        print(f" = {ansible / ours:5.1f} times", flush=True)


def measured(work: Callable[[], None]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


def certificate() -> bytes:
    key = rsa.generate_private_key(65537, 4096)
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(x509.Name([]), x509.Name([]), key.public_key(), 1, now, now + timedelta(days=1))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def prepare(folder: Path, size: int, pem: bytes) -> None:
    secrets = [
        {
            "name": f"s{number}",
            "namespace": "bench",
            "string_data": {"user": f"user-{number}", "password": f"p-{number}"},
        }
        for number in range(size)
    ]
    plain = [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": each["name"], "namespace": "bench"}}
        | {"stringData": each["string_data"]}
        for each in secrets
    ]
    (folder / "cert.pem").write_bytes(pem)
    (folder / "secrets.lines").write_text("".join(f"{json.dumps(each)}\n" for each in plain))
    files = [{**each, "path": f"{folder}/{each['name']}.yaml"} for each in secrets]
    (folder / "secrets.json").write_text(json.dumps(files))
    loop = [{**each, "metadata": item["metadata"]} for each, item in zip(secrets, plain, strict=True)]
    (folder / "loop.json").write_text(json.dumps(loop[:MOST_OF_A_LOOP]))


def pure(pem: bytes, size: int) -> None:
    key = envelope.certificate(pem, "it", datetime.now(UTC)).public_key
    for number in range(size):
        for value in (f"user-{number}", f"p-{number}"):
            envelope.seal(key, value.encode(), f"bench/s{number}".encode(), os.urandom(32))


def playbook(name: str, folder: str, kubeseal: str) -> None:
    command = [sys.executable, "-m", "ansible", "playbook", str(HERE / name)]
    run([*command, "-e", f"folder={folder}", "-e", f"kubeseal={kubeseal}"], folder)


def run(command: list[str], folder: str) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
