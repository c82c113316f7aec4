# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.ai_how.cloud.plugins.filter import argocd_password as password_filter
from ansible_collections.ai_how.cloud.plugins.filter.argocd_objects import FilterModule as Objects
from ansible_collections.ai_how.cloud.plugins.filter.argocd_password import FilterModule as Password

argocd_objects = Objects().filters()["argocd_objects"]
argocd_password = Password().filters()["argocd_password"]
MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: argocd-server}
spec: {template: {metadata: {}, spec: {containers: [{name: server, image: "quay.io/a:1"}]}}}
"""


def test_objects_of_a_manifest() -> None:
    parts = argocd_objects(MANIFEST, "argocd", images={"quay.io": "mirror"})
    (deployment,) = parts["objects"]
    assert parts["problem"] == ""
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == "mirror/a:1"


def test_settings_that_cannot_be_are_told() -> None:
    assert "no component dex" in argocd_objects(MANIFEST, "argocd", without=["dex"])["problem"]


class Bcrypt:
    """In place of the library, which is not everywhere."""

    @staticmethod
    def gensalt(rounds: int) -> bytes:
        assert rounds == 10
        return b"salt"

    @staticmethod
    def hashpw(secret: bytes, salt: bytes) -> bytes:
        return salt + b"-" + secret[::-1]

    @staticmethod
    def checkpw(secret: bytes, hashed: bytes) -> bool:
        if b"-" not in hashed:
            raise ValueError("Invalid salt")
        return hashed.partition(b"-")[2] == secret[::-1]


@pytest.fixture(autouse=True)
def bcrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password_filter, "bcrypt", Bcrypt)


@pytest.mark.parametrize(
    ("current", "expected"),
    [("", "salt-nepo"), ("older-nepo", "older-nepo"), ("older-other", "salt-nepo"), ("none", "salt-nepo")],
    ids=["none yet", "of this password", "of another one", "no hash"],
)
def test_a_hash_stays_if_it_is_of_the_password(current: str, expected: str) -> None:
    assert argocd_password("open", current) == expected


@pytest.mark.parametrize("password", ["", "a" * 73, "ü" * 37])
def test_a_password_that_bcrypt_would_cut_is_refused(password: str) -> None:
    with pytest.raises(AnsibleFilterError, match="at most 72"):
        argocd_password(password)


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password_filter, "bcrypt", None)
    with pytest.raises(AnsibleFilterError, match="pip install bcrypt"):
        argocd_password("open")
