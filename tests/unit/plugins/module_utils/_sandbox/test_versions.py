# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._sandbox.versions import choose, parse_version, satisfies


@pytest.mark.parametrize(
    ("printed", "version"),
    [
        ("etcd Version: 3.7.3\nGit SHA: Not provided\nGo Version: go1.27.3\n", "3.7.3"),
        ("Kubernetes v1.36.3\n", "1.36.3"),
        ("Client Version: v1.36.3\nKustomize Version: v5.8.1\n", "1.36.3"),
        ("kwok version v0.8.0 go1.27.3 (linux/amd64)\n", "0.8.0"),
        ("argocd: v3.6.1+unknown\n", "3.6.1"),
        ("v5.8.1\n", "5.8.1"),
        ("v3.22.0+g7877b45\n", "3.22.0"),
        ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64\n", "7.0.15"),
        ("git version 2.39.5\n", "2.39.5"),
        ("go version go1.27.3 linux/amd64\n", "1.27.3"),
        ("go version go1.28rc1 linux/amd64\n", "1.28"),
        ("v1.37.0-rc.1\n", "1.37.0-rc.1"),
        ("unknown flag: --version\n", None),
        ("", None),
    ],
)
def test_the_version_is_found_in_what_programs_print(printed: str, version: str | None) -> None:
    assert parse_version(printed) == version


@pytest.mark.parametrize(
    ("version", "wanted", "expected"),
    [
        ("1.36.3", "v1.36.3", True),
        ("1.36.3", "1.36.3", True),
        ("1.36.4", "v1.36.3", False),
        (None, "v1.36.3", False),
        (None, "", True),
        ("7.0.15", ">=6.2", True),
        ("6.2", ">=6.2", True),
        ("6.0.16", ">=6.2", False),
        ("1.28.0-rc.1", ">=1.27.3", False),
        ("1.9.0", ">=1.27.3", False),
    ],
)
def test_a_version_satisfies(version: str | None, wanted: str, expected: bool) -> None:
    assert satisfies(version, wanted) is expected


@pytest.mark.parametrize(
    ("given", "on_path", "cached", "expected"),
    [
        ({"helm"}, {"helm"}, {"helm"}, {"helm": ("given/helm", "given")}),
        (set(), {"helm"}, {"helm"}, {"helm": ("path/helm", "path")}),
        (set(), set(), {"helm"}, {"helm": ("cache/helm", "cache")}),
        (set(), set(), set(), {}),
    ],
)
def test_the_given_folder_wins_over_path_and_path_over_the_cache(
    given: set[str], on_path: set[str], cached: set[str], expected: dict[str, tuple[str, str]]
) -> None:
    assert expected == choose(
        ["helm"],
        given=lambda file: f"given/{file}" if file in given else None,
        on_path=lambda file: f"path/{file}" if file in on_path else None,
        cached=lambda file: f"cache/{file}" if file in cached else None,
    )
