# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Desired
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.options import APPLICATION
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.full import (
    HYDRATED,
    MANIFEST,
    OPTIONS,
    OTHER_OPTIONS,
    SYNCED_TO,
    SYNCED_TO_SEVERAL,
)
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.paths import given, leaves

EXAMPLES = (OPTIONS, OTHER_OPTIONS, HYDRATED, SYNCED_TO, SYNCED_TO_SEVERAL)


@pytest.mark.parametrize("path", list(leaves(APPLICATION)), ids=".".join)
def test_every_option_is_in_the_full_example(path):
    if path[0] == "source":  # the example gives the same options in sources
        path = ("sources", *path[1:])
    exercised = {path for options in EXAMPLES for path in given(options)}
    assert path in exercised, "give the new option in full.py, and its API field in the manifest there"


def test_the_full_example_in_the_words_of_the_api():
    wanted = Desired.from_params(OPTIONS, "argocd")
    assert wanted.manifest == MANIFEST
    assert wanted.revisions == tuple(OPTIONS["revisions"])
    assert wanted.prune is True


def test_the_other_example_in_the_words_of_the_api():
    wanted = Desired.from_params(OTHER_OPTIONS, "argocd")
    assert wanted.manifest["spec"] == {
        "project": "default",
        "source": MANIFEST["spec"]["sources"][1],
        "destination": {"name": "edge"},
    }
    assert wanted.revisions == (OTHER_OPTIONS["revision"],)


def test_a_hydrated_source_in_the_words_of_the_api():
    """Its tools are those of any source."""
    chart, git = MANIFEST["spec"]["sources"]
    tools = {"helm": chart["helm"], **{name: git[name] for name in ("kustomize", "directory", "plugin")}}
    assert Desired.from_params(HYDRATED, "argocd").manifest["spec"] == {
        "project": "default",
        "sourceHydrator": {
            "drySource": {
                "repoURL": git["repoURL"],
                "targetRevision": "main",
                "path": "k8s-manifests",
                **tools,
            },
            "syncSource": {
                "repoURL": "https://git.example.org/hydrated.git",
                "targetBranch": "prod",
                "path": "minio",
            },
            "hydrateTo": {"targetBranch": "prod-next"},
        },
    }
