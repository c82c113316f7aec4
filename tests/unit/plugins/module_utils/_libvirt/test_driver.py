# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the driver says on a machine without libvirt; all else of it is tested on a real one, in tests/vm."""

from __future__ import annotations

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Unavailable
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt import driver


@pytest.mark.parametrize("connects", [lambda params: driver.tell(params, True, None), driver.connect])
def test_a_python_without_libvirt_is_told_what_to_do(connects, monkeypatch):
    monkeypatch.setattr(driver, "libvirt", None)
    params = {"uri": "qemu:///system", "all_devices": False, "name": "training", "wait_for": "none", "state": "present"}
    with pytest.raises(Unavailable, match="install python3-libvirt on the hypervisor"):
        connects(params)
