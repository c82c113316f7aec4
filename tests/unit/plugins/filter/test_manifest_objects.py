# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.ai_how.cloud.plugins.filter.manifest_objects import FilterModule

TEXT = """
---
# of a template that made nothing
---
kind: Deployment
metadata: {name: a, annotations: }
spec: {paused: false, replicas: 0, containers: [{name: c, env: , args: [""]}]}
---
kind: Service
metadata: {name: a, labels: {}}
"""


def test_what_is_null_is_left_out_and_nothing_else():
    deployment, service = FilterModule().filters()["manifest_objects"](TEXT)
    assert deployment["metadata"] == {"name": "a"}
    assert deployment["spec"] == {"paused": False, "replicas": 0, "containers": [{"name": "c", "args": [""]}]}
    assert service["metadata"] == {"name": "a", "labels": {}}
