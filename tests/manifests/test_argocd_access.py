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
    lines = access(tmp_path, config=config, secret=secret)
    assert [admin in lines[-2], login in lines[-1]] == [True, True], lines


def access(
    folder: Path, config: Any = None, secret: Any = None, params: Any = None, labels: Any = None, name: str = ""
) -> Any:
    """What the role makes of the answers of a cluster: these entries of ConfigMaps, this Secret, this namespace."""
    found = [[{}], [], [{"data": config or {}}], None, [{"data": params or {}}], [{"metadata": {"labels": labels}}]]
    ways = [{"resources": resources} for resources in found]
    ways[3] = secret or {"resources": []}
    return value_of_role("argocd", name or "argocd__access", folder, argocd__ways={"results": ways})


@pytest.mark.parametrize(
    ("params", "scheme", "option"),
    [({"server.insecure": "true"}, "http", " --plaintext "), ({"server.insecure": "false"}, "https", " ")],
)
def test_a_server_without_tls_is_reached_without(tmp_path: Path, params: Any, scheme: str, option: str) -> None:
    lines = access(tmp_path, params=params)
    assert f", then {scheme}://localhost:8080" in lines[0]
    assert f"argocd login localhost:8080{option}--username" in lines[-1]
    told = value_of_role("argocd", "argocd__how_to_use", tmp_path, argocd_params=params)
    assert f", then {scheme}://localhost:8080" in told[0]


def test_where_a_sandbox_runs_it_nobody_is_sent_to_install_it(tmp_path: Path) -> None:
    told = access(tmp_path, labels={"ai-how.cloud/sandbox": "default"}, name="argocd__no_pages")
    assert "run ai_how.cloud.sandbox again" in told and "install" not in told
    assert "install it with argocd_variant standard" in access(tmp_path, labels={}, name="argocd__no_pages")
