# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.gpus import (
    Device,
    architecture,
    needs_fabric_manager,
    needs_subnet_manager,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.model import described
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._nvidia.machines import (
    A100_SWITCH,
    B200,
    BOARDS,
    H100,
    H100_SWITCH,
    RTX_PRO,
)


@pytest.mark.parametrize(("device", "name"), BOARDS.items())
def test_architecture_of_a_board(device, name):
    assert architecture(device).name == name


@pytest.mark.parametrize(
    ("ids", "fabric", "subnet"),
    [
        ([H100], False, False),
        ([H100] * 8 + [H100_SWITCH] * 4, True, False),
        ([A100_SWITCH], True, False),
        ([B200] * 8, True, True),
        ([B200], False, True),
        ([RTX_PRO] * 8, False, False),
    ],
)
def test_which_boards_need_fabric_manager(ids, fabric, subnet):
    devices = described(ids)
    assert (needs_fabric_manager(devices), needs_subnet_manager(devices)) == (fabric, subnet)


def test_what_is_a_gpu_and_a_switch():
    assert Device("0000:01:00.0", "10de", "2684", 0x0300).is_gpu
    assert not Device("0000:01:00.1", "10de", "22ba", 0x0403).is_gpu  # its audio
    assert not Device("0000:02:00.0", "1002", "73bf", 0x0300).is_gpu
    assert Device("0000:b7:00.0", "10de", "1ac2", 0x0680).is_nvswitch  # of V100, known by its class
    assert not Device("0000:00:1f.0", "8086", "a30d", 0x0680).is_nvswitch
