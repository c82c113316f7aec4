# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from real import machine


@pytest.fixture(scope="module")
def before() -> dict[str, set[str]]:
    """What the machine has before a sandbox is there."""
    return machine()
