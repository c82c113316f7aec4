# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes docs/cluster-file.schema.json, which editors read, of the table of the cluster file."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.schema import json_schema

FILE = Path(__file__).parents[2] / "docs" / "cluster-file.schema.json"

if __name__ == "__main__":
    FILE.write_text(json.dumps(json_schema(), indent=2) + "\n", encoding="utf-8")
