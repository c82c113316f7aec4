# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.model import upstream
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._nvidia.machines import request


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"version": "latest"}, "version is latest, and a branch like 580 or a version"),
        ({"source": "runfile"}, "version is not given, and a runfile has a whole one"),
        ({"source": "runfile", "version": "580"}, "version is 580, and a runfile has a whole one"),
        ({"pci_ids": ["H100"]}, "pci_ids has H100, and vendor:device like 10de:2330"),
        ({"mig": {"first": []}}, "mig has the GPU first"),
        ({"mig": {"0": "1g"}}, "mig[0] has 1g, and a list of profiles like 1g.10gb"),
        ({"mig": {"0": ["half"]}}, "mig[0] has ['half']"),
        ({"mig": {"all": "1g.10gb"}}, "mig[all] has 1g.10gb, and a list of profiles"),
        ({"mig": {"all": [], "0": []}}, "the key all and single GPUs"),
    ],
)
def test_what_is_wrong_is_told(options, complaint):
    with pytest.raises(Invalid) as told:
        request(**options)
    assert complaint in str(told.value)


def test_what_is_right():
    parsed = request(version="580.95.05", pci_ids=["10DE:2330"], mig={0: ["3g.40gb", "3g.40gb"], 1: []})
    assert (parsed.branch, parsed.exact) == ("580", True)
    assert parsed.pci_ids == ("10de:2330",)
    assert parsed.mig == {"0": ("3g.40gb", "3g.40gb"), "1": ()}
    assert request(source="runfile", state="absent").version == ""


@pytest.mark.parametrize(
    "full", ["580.95.05", "580.95.05-1", "580.95.05-0ubuntu0.24.04.1", "580.95.05-1~deb13u1", "3:580.95.05-1.el9"]
)
def test_the_version_of_the_driver_in_that_of_a_package(full):
    assert upstream(full) == "580.95.05"
