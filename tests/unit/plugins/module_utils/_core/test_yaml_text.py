# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core import yaml_text
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._core.yaml_text import documents


def test_all_documents() -> None:
    assert documents("a: 1\n---\n---\n- b\n", "f") == [{"a": 1}, None, ["b"]]


@pytest.mark.parametrize("text", ["a: b: hunter2", "{{ hunter2 }}: a", "- !secret hunter2", "a: 2026-99-99"])
def test_what_is_no_yaml_is_told_without_its_text(text):
    with pytest.raises(Invalid, match=r"^f is no YAML") as raised:
        documents(text, "f")
    assert "hunter2" not in str(raised.value)


def test_without_the_library(monkeypatch):
    monkeypatch.setattr(yaml_text, "IMPORT_ERROR", "no module")
    with pytest.raises(Invalid, match="pip install PyYAML"):
        documents("", "f")
