# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._sandbox.archives import (
    by_registry,
    images_of,
    missing,
    present_images,
)

LISTING = """\
REF                       TYPE                                       DIGEST      SIZE    PLATFORMS   LABELS
docker.io/library/one:1   application/vnd.oci.image.manifest.v1+json sha256:aaaa 1.3 MiB linux/amd64 io.cri=managed
docker.io/library/two:2   application/vnd.oci.image.manifest.v1+json sha256:bbbb 1.3 MiB linux/amd64 -
"""


def index(*annotations: dict[str, str]) -> str:
    return json.dumps({"manifests": [{"digest": "sha256:aaaa", "annotations": names} for names in annotations]})


def test_names_and_digests() -> None:
    ours, theirs = "io.containerd.image.name", "org.opencontainers.image.ref.name"
    text = index({ours: "docker.io/library/one:1", theirs: "1"}, {theirs: "example/two:2"})
    assert images_of("a.tar", text) == {"docker.io/library/one:1": "sha256:aaaa", "example/two:2": "sha256:aaaa"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "a.tar is no OCI archive"),
        ("[]", "a.tar is no OCI archive"),
        ("{}", "a.tar is no OCI archive"),
        (index({}), "a.tar holds an image named ''; expected a full name"),
        (index({"org.opencontainers.image.ref.name": "latest"}), "an image named 'latest'; expected a full name"),
    ],
)
def test_bad_archives(text: str, fault: str) -> None:
    with pytest.raises(Invalid, match=fault):
        images_of("a.tar", text)


def test_only_what_is_not_there_is_imported() -> None:
    present = present_images(LISTING)
    assert present == {"docker.io/library/one:1": "sha256:aaaa", "docker.io/library/two:2": "sha256:bbbb"}
    archives = {
        "one.tar": {"docker.io/library/one:1": "sha256:aaaa"},
        "two.tar": {"docker.io/library/two:2": "sha256:cccc"},
        "three.tar": {"docker.io/library/three:3": "sha256:aaaa"},
    }
    assert missing(archives, present) == ["two.tar", "three.tar"]
    assert present_images("") == {}


def test_registries_of_images() -> None:
    names = ["ghcr.io/b:1", "localhost:5000/c:1", "ghcr.io/a:1", "localhost/d:1"]
    assert by_registry(names) == {
        "ghcr.io": ["ghcr.io/a:1", "ghcr.io/b:1"],
        "localhost": ["localhost/d:1"],
        "localhost:5000": ["localhost:5000/c:1"],
    }


@pytest.mark.parametrize("name", ["debian", "debian:12", "library/debian:12"])
def test_an_image_without_registry(name: str) -> None:
    with pytest.raises(Invalid, match=f"the image {name} is named without its registry; give the full name"):
        by_registry([name])
