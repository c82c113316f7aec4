# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which images OCI archives hold, and which of them a container runtime has not got yet. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid

# containerd's own annotation wins, since the other one may be no more than a tag
_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")


def images_of(path: str, index: str) -> dict[str, str]:
    """Name and digest of each image in an archive, from the text of its ``index.json``."""
    images = {}
    try:
        for manifest in json.loads(index)["manifests"]:
            annotations = manifest.get("annotations", {})
            name = next((annotations[key] for key in _NAMES if key in annotations), "")
            if "/" not in name or ":" not in name:
                raise Invalid(
                    f"{path} holds an image named {name!r}; expected a full name such as docker.io/library/debian:12 in"
                    f" the annotation {_NAMES[0]}. Make the archive anew with it, or take it away."
                )
            images[name] = manifest["digest"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Invalid(f"{path} is no OCI archive: its index.json cannot be read ({error}).") from error
    return images


def present_images(listing: str) -> dict[str, str]:
    """Name and digest of each image in what ``ctr images list`` prints."""
    rows = [line.split() for line in listing.splitlines()[1:]]
    return {row[0]: row[2] for row in rows if len(row) > 2}


def missing(archives: Mapping[str, Mapping[str, str]], present: Mapping[str, str]) -> list[str]:
    """The archives that hold an image that is not there, or another one of its name."""
    return [
        path for path, images in archives.items() if any(present.get(name) != digest for name, digest in images.items())
    ]


def by_registry(images: Collection[str]) -> dict[str, list[str]]:
    """Sorted names of images by the registry that they begin with."""
    found: dict[str, list[str]] = {}
    for name in sorted(images):
        registry, slash, _rest = name.partition("/")
        if not slash or not ("." in registry or ":" in registry or registry == "localhost"):
            raise Invalid(
                f"the image {name} is named without its registry; give the full name, as docker.io/library/debian:12"
            )
        found.setdefault(registry, []).append(name)
    return found
