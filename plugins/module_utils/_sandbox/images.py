# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Imports OCI archives into containerd, and says where images could be had."""

from __future__ import annotations

import glob
import http.client
import os
import tarfile
import urllib.error
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.urls import open_url
from ansible_collections.ai_how.cloud.plugins.module_utils._core.command import RunCommand
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed, Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._sandbox.archives import (
    by_registry,
    images_of,
    missing,
    present_images,
)

_PATIENCE = 5.0  # seconds for a registry to answer
# A proxy's refusal, or what stands in front of a registry that is away. Any other answer is the registry's own, which
# mostly wants a token first.
_NO_ANSWER = (403, 407, 500, 502, 503, 504)


def bring(params: Mapping[str, Any], dry_run: bool, run_command: RunCommand) -> dict[str, Any]:
    """The result of the module imported_images."""
    ctr = [params["ctr"], f"--address={params['socket']}", "--namespace=k8s.io", "images"]

    def run(*arguments: str) -> str:
        status, stdout, stderr = run_command([*ctr, *arguments])
        if status:
            raise Failed(f"{' '.join([*ctr, *arguments])} failed: {(stderr or stdout).strip()}")
        return str(stdout)

    archives = _archives(params["directory"])
    wanted = missing(archives, present_images(run("list"))) if archives else []
    if not dry_run:
        for path in wanted:
            run("import", "--local", path)
    return {"changed": bool(wanted), "imported": sorted(name for path in wanted for name in archives[path])}


def unobtainable(params: Mapping[str, Any], _dry_run: bool, _run_command: RunCommand) -> dict[str, Any]:
    """The result of the module image_info."""
    directory = params["directory"]
    archived = {name for names in _archives(directory).values() for name in names}
    lacking = []
    for registry, names in by_registry(set(params["images"]) - archived).items():
        own = "registry-1.docker.io" if registry == "docker.io" else registry
        error = ""
        for url in [*params["mirrors"].get(registry, []), f"https://{own}"]:
            error = _error(url)
            if not error:
                break
        if error:
            lacking.append(
                f"no image {' and '.join(names)}, since no archive in {directory} has it and {registry} does not answer"
                f" ({error})"
            )
    return {"changed": False, "lacking": lacking}


def _error(url: str) -> str:
    """Why a registry does not answer; empty if it does."""
    try:
        open_url(f"{url.rstrip('/')}/v2/", timeout=_PATIENCE).close()
    except urllib.error.HTTPError as error:
        return f"HTTP {error.code}" if error.code in _NO_ANSWER else ""
    except urllib.error.URLError as error:
        return str(error.reason)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return str(error)
    return ""


def _archives(directory: str) -> dict[str, dict[str, str]]:
    paths = sorted(glob.glob(os.path.join(glob.escape(directory), "*.tar")))
    return {path: images_of(path, _index(path)) for path in paths}


def _index(path: str) -> str:
    try:
        with tarfile.open(path) as archive:
            member = archive.extractfile("index.json")
            return member.read().decode() if member else ""
    except (OSError, KeyError, UnicodeDecodeError, tarfile.TarError) as error:
        reason = str(error).partition("\n")[0].rstrip(":")  # tarfile goes on with a line for each compression
        raise Invalid(
            f"{path} is no OCI archive ({reason}); make it anew, as with buildah push oci-archive:, or take it away."
        ) from error
