# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Renders the applications of a checkout with Helm and Kustomize, as Argo CD's repo-server would."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._core.command import RunCommand
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed, Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._gitops.preview import (
    REPOSITORY,
    as_applied,
    kustomization,
    plain_secrets,
)

with suppress(ImportError):  # ansible-test imports modules where it is not
    import yaml


def render(params: Mapping[str, Any], _dry_run: bool, run_command: RunCommand) -> dict[str, Any]:
    """The result of the module gitops_rendering."""
    top, path = params["dir"], params["path"]
    if not os.path.isdir(os.path.join(top, path)):
        raise Invalid(f"{top} has no folder {path}; give the top of a checkout, or the folder of the applications.")

    def run(what: str, *argv: str) -> list[Any]:
        try:
            status, stdout, stderr = run_command([*argv], cwd=top, handle_exceptions=False)
        except OSError as error:
            raise Failed(f"{argv[0]} cannot be run ({error.strerror}); install it, or give its path.") from error
        if status != 0:
            raise Failed(f"{what} cannot be rendered: {' '.join((stderr or stdout).split())}")
        return [document for document in yaml.safe_load_all(stdout) if document]

    values = [f"--set-string=repoURL={REPOSITORY}", "--set-string=targetRevision=preview"]
    objects = run(path, params["helm"], "template", "preview", os.path.join(top, path), *values)
    applications = []
    for app in (each for each in objects if each["kind"] == "Application"):
        name, found, elsewhere = app["metadata"]["name"], [], []
        for source in app["spec"].get("sources") or [app["spec"]["source"]]:
            if source.get("repoURL") != REPOSITORY or not source.get("path"):
                elsewhere.append(str(source.get("repoURL")))
                continue
            with tempfile.TemporaryDirectory() as folder:
                to_top = os.path.relpath(os.path.realpath(top), os.path.realpath(folder))
                with open(os.path.join(folder, "kustomization.yaml"), "w", encoding="utf-8") as file:
                    json.dump(kustomization(name, source, to_top), file)
                found += run(name, params["kustomize"], "build", folder)
        applications.append(
            {
                "name": name,
                "namespace": app["spec"]["destination"].get("namespace", ""),
                "objects": as_applied(app, found),
                "plain_secrets": plain_secrets(found),
                "elsewhere": elsewhere,
            }
        )
    return {"changed": False, "applications": sorted(applications, key=lambda each: str(each["name"]))}
