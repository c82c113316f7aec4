# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core import yaml_text
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._core.yaml_text import documents


def test_all_documents() -> None:
    assert documents("a: 1\n---\n---\n- b\n", "f") == [{"a": 1}, None, ["b"]]


def test_dates_are_texts_as_for_kubernetes() -> None:
    assert documents("{a: 2026-01-02, b: 2026-01-02T03:04:05Z, c: 2026-99-99}", "f") == [
        {"a": "2026-01-02", "b": "2026-01-02T03:04:05Z", "c": "2026-99-99"}
    ]


BOMB = "\n".join(["- &0 [x, x]", *(f"- &{n} [{', '.join([f'*{n - 1}'] * 9)}]" for n in range(1, 9))])


@pytest.mark.parametrize("text", ["&a [*a]", "kind: List\nitems: &l\n- {kind: List, items: *l}", BOMB])
def test_aliases_without_end_are_refused(text):
    with pytest.raises(Invalid, match=r"^f has aliases that make an endless structure"):
        documents(text, "f")


def test_aliases_are_followed():
    assert documents("- &a {x: [1, 2]}\n- *a\n- {<<: *a, y: 3}", "f") == [
        [{"x": [1, 2]}, {"x": [1, 2]}, {"x": [1, 2], "y": 3}]
    ]


# Values that PyYAML cannot make what their tag says, and fails at in ways of its own
TAGS = ["!!int 'hunter2'", '!!int ""', '!!float ""', "!!bool hunter2", "!!timestamp hunter2", "!!binary é"]


@pytest.mark.parametrize("text", ["a: b: hunter2", "{{ hunter2 }}: a", "- !secret hunter2", *TAGS])
def test_what_is_no_yaml_is_told_without_its_text(text):
    with pytest.raises(Invalid, match=r"^f is no YAML") as raised:
        documents(text, "f")
    assert "hunter2" not in str(raised.value)


def test_without_the_library(monkeypatch):
    monkeypatch.setattr(yaml_text, "IMPORT_ERROR", "no module")
    with pytest.raises(Invalid, match="pip install PyYAML"):
        documents("", "f")
