# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.ai_how.cloud.plugins.filter.table import FilterModule

COMMIT = "2f1d5c9a4b6e8f7011223344556677889900aabb"
table = FilterModule().filters()["table"]


def test_columns_are_aligned_and_nothing_trails() -> None:
    rows = [{"name": "mlops-stack", "sync": "Synced"}, {"name": "minio", "sync": "OutOfSync", "more": "not asked for"}]
    assert table(rows, ["name", "sync"]) == [
        "NAME         SYNC",
        "mlops-stack  Synced",
        "minio        OutOfSync",
    ]


def test_missing_values_are_empty_cells() -> None:
    assert table([{"name": "minio", "health": None}], ["name", "sync", "health", "message"]) == [
        "NAME   SYNC  HEALTH  MESSAGE",
        "minio",
    ]


def test_commits_are_shortened_and_versions_are_not() -> None:
    assert table([{"revision": f"{COMMIT},75.6.0"}], ["revision"])[1] == "2f1d5c9a,75.6.0"


def test_long_texts_are_one_line_and_cut() -> None:
    assert table([{"message": "failed:\n  at line 1"}], ["message"], width=12)[1] == "failed: at …"


def test_no_rows_is_the_header() -> None:
    assert table([], ["name"]) == ["NAME"]


@pytest.mark.parametrize("rows", ["minio", {"name": "minio"}, ["minio"]])
def test_anything_but_rows_is_refused(rows: object) -> None:
    with pytest.raises(AnsibleFilterError, match="list of dictionaries"):
        table(rows, ["name"])
