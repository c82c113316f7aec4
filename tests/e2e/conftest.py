# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every end-to-end test uses one sandbox, brought up for the session and taken down after it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sandbox import Sandbox
from sandbox import sandbox as running_sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox("e2e") as box:
        yield box
