# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.model import Seed
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.seed import digest, image

SECTOR = 2048


def seed(**changes):
    given = {"user_data": "#cloud-config\nx: 1\n", "network_config": "", "ssh_keys": (), "pool": "p", "volume": "v"}
    return Seed(**{**given, **changes})


def files(content):
    """By the directory at sector 20; each record begins with its length (ECMA-119, 9.1)."""
    found, at = {}, 20 * SECTOR
    while content[at]:
        record = content[at : at + content[at]]
        name = record[33 : 33 + record[32]].decode()
        start, size = int.from_bytes(record[2:6], "little"), int.from_bytes(record[10:14], "little")
        assert record[6:10] == record[2:6][::-1] and record[14:18] == record[10:14][::-1]
        found[name] = content[start * SECTOR : start * SECTOR + size].decode(errors="replace")
        at += len(record)
    return {name: text for name, text in found.items() if name not in ("\0", "\1")}


def test_an_image_that_cloud_init_finds():
    content = image(seed(network_config="version: 2\n", ssh_keys=("ssh-ed25519 A",)), "web")
    assert len(content) % SECTOR == 0
    descriptor = content[16 * SECTOR :]
    assert descriptor[:6] == b"\1CD001"
    assert descriptor[40:72].decode().strip() == "cidata"
    assert int.from_bytes(descriptor[80:84], "little") * SECTOR == len(content)
    assert content[17 * SECTOR : 17 * SECTOR + 6] == b"\xffCD001"
    found = files(content)
    assert sorted(found) == ["META-DATA.;1", "NETWORK-CONFIG.;1", "USER-DATA.;1"]
    assert found["USER-DATA.;1"] == "#cloud-config\nx: 1\n"
    assert found["NETWORK-CONFIG.;1"] == "version: 2\n"
    data = json.loads(found["META-DATA.;1"])
    assert data["local-hostname"] == "web"
    assert data["public-keys"] == ["ssh-ed25519 A"]


def test_files_of_several_sectors():
    long = "#cloud-config\n# " + "x" * 5000 + "\n"
    found = files(image(seed(user_data=long), "web"))
    assert found["USER-DATA.;1"] == long
    assert "META-DATA.;1" in found


def test_without_user_data_there_is_an_empty_one():
    assert files(image(seed(user_data=""), "web"))["USER-DATA.;1"] == "#cloud-config\n"


def test_the_same_content_is_the_same_image_and_another_one_another_instance():
    one, other = image(seed(), "web"), image(seed(user_data="#cloud-config\nx: 2\n"), "web")
    assert image(seed(), "web") == one
    assert digest(one) != digest(other)
    ids = [json.loads(files(content)["META-DATA.;1"])["instance-id"] for content in (one, other)]
    assert len(set(ids)) == 2
