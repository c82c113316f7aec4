# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What argocd_access says, by what it could see. With a real Argo CD: tests/node/test_argocd_role.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rendering import value_of_role

SECRET = {"metadata": {"name": "argocd-initial-admin-secret"}}


@pytest.mark.parametrize(
    ("config", "secret", "admin", "login"),
    [
        ({}, {"resources": [SECRET]}, "get secret argocd-initial-admin-secret", "--username admin"),
        ({}, {"resources": []}, "with the password that was set", "--username admin"),
        ({}, {"msg": "Forbidden"}, "only who may read Secrets there can see", "--username admin"),
        ({"admin.enabled": "false"}, {"resources": [SECRET]}, "is locked out", "--sso"),
    ],
)
def test_how_to_log_in(tmp_path: Path, config: Any, secret: Any, admin: str, login: str) -> None:
    ways = [{"resources": [{}]}, {"resources": []}, {"resources": [{"data": config}]}, secret]
    lines = value_of_role("argocd", "argocd__access", tmp_path, argocd__ways={"results": ways})
    assert [admin in lines[-2], login in lines[-1]] == [True, True], lines
