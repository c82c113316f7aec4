# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Imports OCI archives into containerd."""

from __future__ import annotations

import glob
import os
import tarfile
from collections.abc import Mapping
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._core.command import RunCommand
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed, Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._sandbox.archives import images_of, missing, present_images


def bring(params: Mapping[str, Any], dry_run: bool, run_command: RunCommand) -> dict[str, Any]:
    """The result of the module imported_images."""
    ctr = [params["ctr"], f"--address={params['socket']}", "--namespace=k8s.io", "images"]

    def run(*arguments: str) -> str:
        status, stdout, stderr = run_command([*ctr, *arguments])
        if status:
            raise Failed(f"{' '.join([*ctr, *arguments])} failed: {(stderr or stdout).strip()}")
        return str(stdout)

    paths = sorted(glob.glob(os.path.join(glob.escape(params["directory"]), "*.tar")))
    archives = {path: images_of(path, _index(path)) for path in paths}
    wanted = missing(archives, present_images(run("list"))) if archives else []
    if not dry_run:
        for path in wanted:
            run("import", "--local", path)
    return {"changed": bool(wanted), "imported": sorted(name for path in wanted for name in archives[path])}


def _index(path: str) -> str:
    try:
        with tarfile.open(path) as archive:
            member = archive.extractfile("index.json")
            return member.read().decode() if member else ""
    except (OSError, KeyError, UnicodeDecodeError, tarfile.TarError) as error:
        raise Invalid(
            f"{path} is no OCI archive ({error}); make it anew, as with buildah push oci-archive:, or take it away."
        ) from error
