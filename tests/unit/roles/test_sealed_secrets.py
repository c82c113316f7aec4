# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands in two places of the role sealed_secrets, or in two roles, is the same; and what a backup holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROLES = Path(__file__).resolve().parents[3] / "roles"


def load(path: str) -> Any:
    return yaml.safe_load((ROLES / path).read_text(encoding="utf-8"))


def test_the_versions_are_those_of_the_sandbox_and_the_checksum_is_known() -> None:
    defaults = load("sealed_secrets/defaults/main.yml")
    versions = load("sandbox/vars/main/tools.yml")["sandbox__versions"]
    assert defaults["sealed_secrets_kubeseal_version"] == versions["sealed-secrets"]
    assert defaults["sealed_secrets_sops_version"] == versions["sops"]
    operator = load("../docs/examples/external-secrets/operator-app.yaml")
    assert f"v{operator['spec']['source']['targetRevision']}" == versions["external-secrets"]
    assert f"/sops:{versions['sops']}-" in load("argocd/defaults/main.yml")["argocd_sops_image"]
    assert defaults["sealed_secrets_chart_version"] in load("sealed_secrets/vars/main.yml")["sealed_secrets__checksums"]


def test_defaults_and_argument_specs_agree() -> None:
    options = load("sealed_secrets/meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    defaults = load("sealed_secrets/defaults/main.yml")
    assert set(options) == set(defaults)
    for name, option in options.items():
        # Those of the connection are the role gitops_apps', where it has any.
        elsewhere = "{{ " + name.replace("sealed_secrets_", "gitops_apps_") + " | default('') }}"
        if "default" in option and defaults[name] != elsewhere:
            assert option["default"] == defaults[name], name


def key(name: str, data: str = "YQ==", **metadata: Any) -> dict[str, Any]:
    """A Secret with a key, as a backup holds it."""
    labels = {"sealedsecrets.bitnami.com/sealed-secrets-key": "active"}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": name, "labels": labels, **metadata},
        "data": {"tls.key": data},
    }


def live(*names: str) -> list[dict[str, Any]]:
    """The same in a cluster."""
    return [key(name, namespace="kube-system", uid=name, resourceVersion="7") for name in names]


def value(name: str, saved: list[Any], found: list[Any]) -> Any:
    variables = {
        variable: trust_as_template(text) if isinstance(text, str) else text
        for variable, text in load("sealed_secrets/vars/main.yml").items()
        if variable != "sealed_secrets__backup"
    }
    variables |= {
        "sealed_secrets__saved": {"items": saved} if saved else {},
        "sealed_secrets__keys": {"resources": found},
    }
    return Templar(loader=DataLoader(), variables=variables).template(trust_as_template("{{ " + name + " }}"))


@pytest.mark.parametrize(
    ("saved", "found", "expected"),
    [
        ([], live("a"), ["a"]),
        ([key("a")], live("a", "b"), ["a", "b"]),
        ([key("gone")], live("b"), ["gone", "b"]),
    ],
)
def test_a_backup_keeps_what_the_cluster_has_no_longer_and_nothing_of_the_cluster_itself(
    saved: list[Any], found: list[Any], expected: list[str]
) -> None:
    assert value("sealed_secrets__all_keys", saved, found) == {name: key(name) for name in expected}


def test_only_missing_keys_are_restored_and_others_of_the_same_name_are_told() -> None:
    saved = [key("a"), key("b"), key("c", data="Yg==")]
    assert value("sealed_secrets__missing", saved, live("a", "c")) == [key("b")]
    assert value("sealed_secrets__other", saved, live("a", "c")) == ["c"]
    assert value("sealed_secrets__other", saved, live("a")) == []
