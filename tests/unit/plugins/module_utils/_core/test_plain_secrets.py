# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.plain_secrets import objects, plain_secrets

HARMLESS = [
    ("TOKENIZERS_PARALLELISM", "false"),
    ("MAX_TOKENS", "4096"),
    ("TOKEN_FILE", "/run/token"),
    ("API_KEY", ""),
    ("PASSWORD", "$(PGPASSWORD)"),
    ("USE_TOKEN", "true"),
]


def thing(kind: str = "ConfigMap", api: str = "v1", **fields: Any) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": "x"}, **fields}


def deployment(*env: dict[str, Any]) -> dict[str, Any]:
    containers = [{"name": "web", "image": "web", "env": list(env)}]
    return thing("Deployment", "apps/v1", spec={"template": {"spec": {"containers": containers}}})


@pytest.mark.parametrize(
    ("found", "where"),
    [
        (thing("Secret", stringData={"b": "1", "a": "2"}), "Secret/x: a, b"),
        (thing("Secret", data={"key": "MQ=="}), "Secret/x: key"),
        (thing("Secret", data={"key": "MQ==", 1: "Mg=="}, stringData=["broken"]), "Secret/x: 1, key"),
        ({"kind": "Secret", "metadata": {"generateName": "x-"}, "data": {"a": "MQ=="}}, "Secret/x-: a"),
        (
            {"kind": "Kustomization", "secretGenerator": [{"name": "s", "literals": ["user=", "password=hunter2"]}]},
            "Kustomization/kustomization: secretGenerator.password",
        ),
        (
            thing("SealedSecret", spec={"template": {"data": {"url": "pg://me:hunter2@db"}}}),
            "SealedSecret/x: spec.template.data.url",
        ),
        (thing(data={"db-password": "hunter2"}), "ConfigMap/x: data.db-password"),
        (thing(data={"tls.pem": "-----BEGIN RSA PRIVATE KEY-----\nA"}), "ConfigMap/x: data.tls.pem"),
        (thing(data={"run.sh": "server --admin-password=hunter2"}), "ConfigMap/x: data.run.sh"),
        (
            deployment({"name": "DB_PASS", "value": "my pass"}),
            "Deployment/x: spec.template.spec.containers.env.DB_PASS",
        ),
        (
            deployment({"name": "API_TOKEN", "value": "abc"}),
            "Deployment/x: spec.template.spec.containers.env.API_TOKEN",
        ),
        (
            deployment({"name": "DB", "value": "postgresql://me:hunter2@db/x"}),
            "Deployment/x: spec.template.spec.containers.env.DB",
        ),
    ],
)
def test_secrets_that_stand_in_git(found: dict[str, Any], where: str) -> None:
    assert plain_secrets([found]) == [where]


@pytest.mark.parametrize(
    "fine",
    [
        thing("Secret"),
        thing("Secret", stringData={"to-be-filled": ""}),
        thing("Secret", stringData={"password": "ENC[AES256_GCM,data:abc=,iv:def=,tag:ghi=,type:str]"}),
        thing("SealedSecret", "bitnami.com/v1alpha1", spec={"encryptedData": {"password": "AgB"}}),
        thing("SealedSecret", spec={"template": {"data": {"url": "pg://me:{{.password}}@db, pg://me:{{ .p }}@db"}}}),
        {"kind": "Kustomization", "secretGenerator": [{"name": "s", "envs": ["s.env"]}, "broken"]},
        thing(data={"user": "mlflow", "motto": "no secret at all"}),
        deployment({"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "a", "key": "password"}}}),
        deployment(*({"name": name, "value": value} for name, value in HARMLESS)),
        deployment({"name": "URL", "value": "postgresql+psycopg2://"}, {"name": "DB", "value": "pg://me:$(PW)@db"}),
    ],
)
def test_what_is_none(fine: dict[str, Any]) -> None:
    assert plain_secrets([fine]) == []


def test_the_objects_among_documents():
    fine = {"kind": "A", "metadata": {"name": "a"}}
    found = [
        None,
        "text",
        {"kind": 1},
        {"kind": "A"},
        {"kind": "A", "metadata": {}},
        fine,
        {"kind": "List", "items": [fine]},
    ]
    assert list(objects(found)) == [fine, fine]


def test_a_kustomization_needs_no_kind():
    (found,) = objects([{"secretGenerator": [{"literals": ["a=b"]}]}])
    assert plain_secrets([found]) == ["Kustomization/kustomization: secretGenerator.a"]
