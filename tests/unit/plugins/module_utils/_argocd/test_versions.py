# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.versions import pages_of_upgrade, version_of
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid

PAGES = "https://argo-cd.readthedocs.io/en/stable/operator-manual/upgrading"


@pytest.mark.parametrize(
    ("images", "version"),
    [
        (["ghcr.io/dexidp/dex:v2.46.0", "quay.io/argoproj/argocd:v3.6.1"], "v3.6.1"),
        (["argocd:v3.7.0-rc1@sha256:0123"], "v3.7.0-rc1"),
        (["quay.io/argoproj/argocd:latest", "quay.io/argoproj/my-argocd:v3.6.1"], ""),
        ([], ""),
    ],
)
def test_the_version_is_the_tag_of_the_image(images: list[str], version: str) -> None:
    assert version_of(images) == version


@pytest.mark.parametrize(
    ("installed", "wanted", "pages"),
    [
        ("v3.5.7", "v3.6.1", ["3.5-3.6/"]),
        ("v3.4.0", "v3.6.1", ["3.4-3.5/", "3.5-3.6/"]),
        ("v3.9.0", "v3.10.0", ["3.9-3.10/"]),
        ("v2.14.9", "v3.6.1", ["overview/"]),
        ("v3.6.1", "v3.6.0", []),
        ("", "v3.6.1", []),
        ("/srv/install.yaml", "v3.6.1", []),
        ("v3.6.1", "", []),
    ],
)
def test_each_minor_version_on_the_way_has_a_page(installed: str, wanted: str, pages: list[str]) -> None:
    assert pages_of_upgrade(installed, wanted) == [f"{PAGES}/{page}" for page in pages]


@pytest.mark.parametrize(("installed", "wanted"), [("v3.6.1", "v3.5.7"), ("v3.10.0", "v3.9.1"), ("v4.0.0", "v3.6.1")])
def test_an_older_minor_version_is_refused(installed: str, wanted: str) -> None:
    with pytest.raises(Invalid, match=f"{installed} is installed, and {wanted} is of an older minor version"):
        pages_of_upgrade(installed, wanted)
