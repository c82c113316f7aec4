# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the driver says on a machine without libvirt; all else of it is tested on a real one, in tests/vm."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Unavailable
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt import driver


@pytest.mark.parametrize("connects", [lambda params: driver.tell(params, True, None), driver.connect])
def test_a_python_without_libvirt_is_told_what_to_do(connects, monkeypatch):
    monkeypatch.setattr(driver, "libvirt", None)
    params = {"uri": "qemu:///system", "all_devices": False, "name": "training", "wait_for": "none", "state": "present"}
    with pytest.raises(Unavailable, match="install python3-libvirt on the hypervisor"):
        connects(params)


class Domain:
    """One that does not run, or that refuses to shut down."""

    def __init__(self, active):
        self._active = active

    def isActive(self):
        return self._active

    def state(self):
        return [1 if self._active else 5]

    def shutdown(self):
        raise RuntimeError("domain is not running")


def test_a_machine_that_ends_by_itself_right_before_it_is_shut_down_is_no_failure(monkeypatch):
    known = SimpleNamespace(libvirtError=RuntimeError, VIR_DOMAIN_PAUSED=3, VIR_DOMAIN_PMSUSPENDED=7)
    monkeypatch.setattr(driver, "libvirt", known)
    gone, refusing = Domain(active=False), Domain(active=True)
    assert driver._end(gone, gone.shutdown) is False
    with pytest.raises(RuntimeError):
        driver._end(refusing, refusing.shutdown)
