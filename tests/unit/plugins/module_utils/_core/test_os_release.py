# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.os_release import parsed


@pytest.mark.parametrize("line", ["ID=debian", 'ID="debian"', "ID='debian'", "  ID=debian \r"])
def test_quotes_and_spaces_are_none_of_a_value(line: str) -> None:
    assert parsed(f"# a comment\n\n{line}\nno assignment\n") == {"ID": "debian"}


def test_what_is_in_a_value_stays() -> None:
    text = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nBUG_REPORT_URL="https://bugs.example.org/?a=b"\nVARIANT=""\n'
    assert parsed(text) == {
        "PRETTY_NAME": "Debian GNU/Linux 13 (trixie)",
        "BUG_REPORT_URL": "https://bugs.example.org/?a=b",
        "VARIANT": "",
    }
