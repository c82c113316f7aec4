# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Renders the applications of a checkout with Helm and Kustomize, as Argo CD's repo-server would."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._core.command import RunCommand
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed, Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._core.plain_secrets import plain_secrets
from ansible_collections.ai_how.cloud.plugins.module_utils._gitops.preview import (
    REPOSITORY,
    as_applied,
    kustomization,
    named,
    not_previewed,
)

try:
    import yaml
except ImportError:
    _HAS_YAML = False
else:
    _HAS_YAML = True

_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")


def render(params: Mapping[str, Any], _dry_run: bool, run_command: RunCommand) -> dict[str, Any]:
    """The result of the module gitops_rendering."""
    top, path = params["dir"], params["path"]
    if not _HAS_YAML:
        raise Failed("PyYAML is missing for the Python that runs this module; install it (pip install PyYAML).")
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

    def build(name: str, source: Mapping[str, Any]) -> list[Any]:
        with tempfile.TemporaryDirectory() as folder:
            to_top = os.path.relpath(os.path.realpath(top), os.path.realpath(folder))
            with open(os.path.join(folder, "kustomization.yaml"), "w", encoding="utf-8") as file:
                json.dump(kustomization(name, source, to_top), file)
            return run(name, params["kustomize"], "build", folder)

    values = [f"--set-string=repoURL={REPOSITORY}", f"--set-string=targetRevision={params['target_revision']}"]
    objects = run(path, params["helm"], "template", "preview", os.path.join(top, path), *values)
    applications = []
    for app in (each for each in objects if each["kind"] == "Application"):
        name, found, elsewhere = app["metadata"]["name"], [], []
        for source in app["spec"].get("sources") or [app["spec"].get("source") or {}]:
            reason = not_previewed(app, source, params["branch"])
            if not reason and source.get("path"):
                if any(os.path.isfile(os.path.join(top, source["path"], file)) for file in _KUSTOMIZATIONS):
                    found += build(name, source)
                else:
                    reason = f"{source['path']} is no kustomization"
            if reason:
                elsewhere.append(reason)
        secrets = plain_secrets(found)
        options = app["spec"].get("syncPolicy", {}).get("syncOptions", [])
        applications.append(
            {
                "name": name,
                "namespace": app["spec"]["destination"].get("namespace", ""),
                "creates_namespace": "CreateNamespace=true" in options,
                # not even to who looks closely (-v)
                "objects": [] if secrets else as_applied(app, found),
                "resources": named(app, found),
                "plain_secrets": secrets,
                "elsewhere": elsewhere,
            }
        )
    root = {"metadata": {"name": params["name"]}, "spec": {"destination": {"namespace": params["namespace"]}}}
    return {
        "changed": False,
        "applications": sorted(applications, key=lambda each: str(each["name"])),
        "app_of_apps": as_applied(root, objects),
    }
