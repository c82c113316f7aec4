# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.gpus import Device
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.smi import mig_devices, mig_differs, unseen

GPUS = (Device("0000:41:00.0", "10de", "2330", 0x0302), Device("0000:c1:00.0", "10de", "2330", 0x0302))
LIST = """\
GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-2b2b3f0c-5a2c-0a7e-5b4c-111111111111)
  MIG 3g.40gb     Device  0: (UUID: MIG-aaaaaaaa-0000-5555-8888-000000000001)
  MIG 3g.40gb     Device  1: (UUID: MIG-aaaaaaaa-0000-5555-8888-000000000002)
GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-2b2b3f0c-5a2c-0a7e-5b4c-222222222222)
"""


def test_gpus_that_the_driver_does_not_have():
    assert unseen(GPUS, "00000000:41:00.0\n00000000:C1:00.0\n") == []
    assert unseen(GPUS, "00000000:41:00.0\n") == ["0000:c1:00.0 (10de:2330, Hopper)"]
    assert len(unseen(GPUS, "No devices were found\n")) == 2


def test_mig_devices():
    assert mig_devices(LIST) == {"0": ["3g.40gb", "3g.40gb"], "1": []}
    assert mig_devices("  MIG 1g.10gb     Device  0: (UUID: MIG-1)\n") == {}


def test_a_layout_is_held_against_them():
    wanted = ("3g.40gb", "3g.40gb")
    assert mig_differs({"0": wanted}, LIST) == []
    assert mig_differs({"all": wanted}, LIST) == ["GPU 1 has no MIG devices, and 3g.40gb, 3g.40gb was expected"]
    assert mig_differs({"0": (), "1": ()}, LIST) == ["GPU 0 has 3g.40gb, 3g.40gb, and none was expected"]
