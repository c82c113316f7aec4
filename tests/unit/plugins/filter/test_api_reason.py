# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The messages are those of kubernetes.core 6.2."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ai_how.cloud.plugins.filter.api_reason import FilterModule

api_reason = FilterModule().filters()["api_reason"]
STATUS = '{"kind":"Status","status":"Failure","message":"secrets \\"x\\" is forbidden: a \\u003e b","code":403}'


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"msg": f"Failed to create object: {STATUS}\n"}, 'secrets "x" is forbidden: a > b'),
        ({"msg": f"Failed to create object: {STATUS.encode()!r}"}, 'secrets "x" is forbidden: a > b'),
        ({"msg": 'body: b\'{"message":"it\\\'s gone","code":404}\''}, "it's gone"),
        ({"msg": "Could not connect:\nTraceback ..."}, "Could not connect:"),
        ({"msg": "Invalid kube-config file. None found."}, "Invalid kube-config file. None found"),
        ({}, "no reason given"),
    ],
)
def test_why_a_module_failed(answer: dict[str, Any], reason: str) -> None:
    assert api_reason(answer) == reason
