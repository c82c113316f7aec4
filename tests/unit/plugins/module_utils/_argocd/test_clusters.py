# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clusters. The names of Secrets are those of Argo CD's own tests (secrets_test.go)."""

from __future__ import annotations

import base64
import json

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.clusters import (
    CLUSTER,
    Clusters,
    cluster_key,
    secret_name,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.declarations import decoded
from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import FIELD_MANAGER, Delete, Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._core.redact import MASK, Hidden, redact, redact_change
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.paths import given, leaves
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.server import Server

SERVER = "https://edge.example.org:6443"
PEM = "-----BEGIN SOMETHING-----\ns3cret\n-----END SOMETHING-----\n"
PEM64 = base64.b64encode(PEM.encode()).decode()
CONFIG = {
    "username": "me",
    "password": "s3cret-password",
    "bearer_token": "s3cret-token",
    "tls_client_config": {
        "insecure": True,
        "server_name": "edge",
        "ca_data": PEM.replace("s3cret", "authority"),
        "cert_data": PEM.replace("s3cret", "certificate"),
        "key_data": PEM64,
    },
    "aws_auth_config": {"cluster_name": "edge", "role_arn": "arn:x", "profile": "ops"},
    "exec_provider_config": {
        "command": "aws",
        "args": ["--key", "s3cret-arg"],
        "env": {"A": "s3cret-env"},
        "api_version": "client.authentication.k8s.io/v1",
        "install_hint": "install it",
        "provide_cluster_info": True,
    },
    "disable_compression": True,
    "proxy_url": "http://proxy:3128",
}
OPTIONS = {
    "server": SERVER,
    "name": "edge",
    "config": CONFIG,
    "namespaces": ["a", "b"],
    "cluster_resources": True,
    "shard": 0,
    "project": "team-a",
    "labels": {"site": "berlin"},
    "annotations": {"c": "d"},
}


@pytest.fixture
def anything_goes(monkeypatch):
    """Options that go together in no real cluster."""
    module = "ansible_collections.ai_how.cloud.plugins.module_utils._argocd.clusters._problems"
    monkeypatch.setattr(module, lambda *_arguments: iter(()))


def clusters(state="present", several=None, **options):
    single = {"server": SERVER, **options} if several is None else {}
    params = {**dict.fromkeys(CLUSTER), **single, "state": state, "namespace": "argocd", "clusters": several}
    return Clusters(params)


def wanted(**options):
    return clusters(**options).items[0].manifest


def config(**options):
    return json.loads(decoded(wanted(config=options))["config"])


def plan(domain, there):
    return tuple(domain.plan(domain.items[0], there))


def observed(manifest, *apps):
    raw = {**manifest, "metadata": {**manifest["metadata"], "uid": "u"}}
    users = tuple({"metadata": {"name": name}, "spec": {"destination": place}} for name, place in apps)
    return Observed(raw, users=users)


# The Secret


def test_every_option_in_the_words_of_argo_cd(anything_goes):
    assert set(leaves(CLUSTER)) <= set(given(OPTIONS))
    manifest = wanted(**OPTIONS)
    assert manifest["metadata"] == {
        "name": secret_name(SERVER),
        "namespace": "argocd",
        "labels": {"site": "berlin", "argocd.argoproj.io/secret-type": "cluster"},
        "annotations": {"c": "d", "managed-by": "argocd.argoproj.io"},
    }
    data = decoded(manifest)
    assert json.loads(data.pop("config")) == {
        "username": "me",
        "password": "s3cret-password",
        "bearerToken": "s3cret-token",
        "tlsClientConfig": {
            "insecure": True,
            "serverName": "edge",
            "caData": base64.b64encode(CONFIG["tls_client_config"]["ca_data"].encode()).decode(),
            "certData": base64.b64encode(CONFIG["tls_client_config"]["cert_data"].encode()).decode(),
            "keyData": PEM64,
        },
        "awsAuthConfig": {"clusterName": "edge", "roleARN": "arn:x", "profile": "ops"},
        "execProviderConfig": {
            "command": "aws",
            "args": ["--key", "s3cret-arg"],
            "env": {"A": "s3cret-env"},
            "apiVersion": "client.authentication.k8s.io/v1",
            "installHint": "install it",
            "provideClusterInfo": True,
        },
        "disableCompression": True,
        "proxyUrl": "http://proxy:3128",
    }
    assert data == {
        "server": SERVER,
        "name": "edge",
        "namespaces": "a,b",
        "clusterResources": "true",
        "shard": "0",
        "project": "team-a",
    }


def test_a_server_alone():
    assert decoded(wanted(server=f"{SERVER}/")) == {
        "server": SERVER,
        "name": f"{SERVER}/",
        "config": '{"tlsClientConfig":{"insecure":false}}',
    }


@pytest.mark.parametrize(
    ("server", "name"),
    [
        ("http://foo", "cluster-foo-752281925"),
        (
            "http://thelongestdomainnameintheworld.argocd-project.com:3000",
            "cluster-thelongestdomainnameintheworld.argocd-project.com-2721640553",
        ),
        ("http://[fe80::1ff:fe23:4567:890a]", "cluster-fe80--1ff-fe23-4567-890a-3877258831"),
        ("http://[fe80::1ff:fe23:4567:890a]:8000", "cluster-fe80--1ff-fe23-4567-890a-664858999"),
        ("http://[FE80::1FF:FE23:4567:890A]:8000", "cluster-fe80--1ff-fe23-4567-890a-682802007"),
        ("http://:/abc", "cluster--1969338796"),
    ],
)
def test_a_new_one_has_the_name_that_argo_cd_would_give(server, name):
    assert secret_name(server) == name


def test_a_cluster_is_known_by_its_server():
    (item,) = clusters(server=f"{SERVER}/").items
    assert cluster_key(item.manifest) == item.key == clusters().items[0].key
    assert str(item.key) == f"cluster {SERVER}"


@pytest.mark.parametrize("text", [PEM, PEM64, f"{PEM64[:20]}\n{PEM64[20:]}\n"])
def test_certificates_are_pem_or_what_a_kubeconfig_has(text):
    assert config(tls_client_config={"ca_data": text})["tlsClientConfig"] == {"insecure": False, "caData": PEM64}


# Plans


def rewritten(manifest, **data):
    """As another program writes it, say one in Go with an order of its own."""
    texts = {**decoded(manifest), **data}
    encoded = {name: base64.b64encode(text.encode()).decode() for name, text in texts.items()}
    return observed({**manifest, "metadata": {**manifest["metadata"], "name": "of-others"}, "data": encoded})


def test_a_config_that_says_the_same_is_no_difference():
    domain = clusters(name="edge", config={"bearer_token": "x"})
    same = '{ "tlsClientConfig": {"insecure": false}, "bearerToken": "x" }'
    assert plan(domain, rewritten(domain.items[0].manifest, config=same)) == ()
    (action,) = plan(domain, rewritten(domain.items[0].manifest, config=same, name="other"))
    assert decoded(action.manifest)["config"] == same
    assert isinstance(action.manifest["data"]["config"], Hidden)
    assert action.manifest["metadata"]["name"] == "of-others"
    other = '{"tlsClientConfig":{"insecure":true}}'
    for text in (other, "no JSON", ""):
        (action,) = plan(domain, rewritten(domain.items[0].manifest, config=text))
        assert action.manifest["data"] == domain.items[0].manifest["data"]


@pytest.mark.parametrize("after", [{}, {"name": "edge", "shard": 1, "config": {"bearer_token": "x"}}])
def test_applying_converges_and_what_was_dropped_goes(after):
    server = Server("data")
    server.apply(wanted(name="edge", project="x", shard=0, config={"bearer_token": "old"}), FIELD_MANAGER)
    domain = clusters(**after)
    (action,) = plan(domain, Observed(server.object))
    server.apply(action.manifest, FIELD_MANAGER)
    assert plan(domain, Observed(server.object)) == ()
    assert decoded(server.object) == decoded(domain.items[0].manifest)


def test_what_is_denied_is_written_over_what_others_said():
    server = Server("data")
    server.update(wanted(namespaces=["a"], cluster_resources=True, project="x"), "argocd-server")
    domain = clusters(namespaces=[], cluster_resources=False, project="")
    (action,) = plan(domain, Observed(server.object))
    server.apply(action.manifest, FIELD_MANAGER)
    denied = {"namespaces": "", "clusterResources": "false", "project": ""}
    assert decoded(server.object) == {**decoded(domain.items[0].manifest), **denied}
    assert plan(domain, Observed(server.object)) == ()


def test_absent_deletes_it_and_warns_of_applications():
    domain = clusters("absent")
    apps = [
        ("by-server", {"server": f"{SERVER}/"}),
        ("by-name", {"name": "edge"}),
        ("other", {"server": "https://kubernetes.default.svc"}),
        ("nowhere", {}),
    ]
    there = observed(wanted(name="edge"), *apps)
    assert plan(domain, there) == (Delete(domain.items[0].key, "u"),)
    assert domain.warnings(domain.items[0], there) == [
        f"cluster {SERVER} is the destination of applications (by-name, by-server), which Argo CD can neither sync nor "
        "delete without it; declare it again, or give them another destination"
    ]
    assert domain.warnings(domain.items[0], observed(wanted(name="edge"), apps[2])) == []
    assert domain.warnings(domain.items[0], None) == []
    assert clusters().warnings(domain.items[0], there) == []


# Secrets


def test_secrets_are_hidden_and_the_diff_tells_that_they_change(anything_goes):
    domain = clusters(**OPTIONS)
    before = domain.view(domain.items[0].manifest)
    shown = redact(before)
    assert "s3cret" not in str(shown) and PEM64 not in str(shown)
    assert shown["data"]["server"] == SERVER
    assert shown["data"]["config"]["username"] == "me"
    assert shown["data"]["config"]["tlsClientConfig"]["serverName"] == "edge"
    assert shown["data"]["config"]["tlsClientConfig"]["keyData"] == MASK
    assert shown["metadata"]["labels"] == {"site": "berlin"}
    after = domain.view(wanted(**{**OPTIONS, "config": {**CONFIG, "bearer_token": "s3cret-new"}}))
    config_after = redact_change(before, after)[1]["data"]["config"]
    assert (config_after["bearerToken"], config_after["password"]) == (f"{MASK} (changed)", MASK)


def test_what_is_no_config_and_unknown_keys_are_hidden():
    view = clusters().view(rewritten(wanted(), config="s3cret", unknown="s3cret").raw)
    assert redact(view)["data"] == {"server": SERVER, "name": SERVER, "config": MASK, "unknown": MASK}
    odd = '{"bearerToken": {"x": ["s3cret", 7, true, null]}, "awsAuthConfig": "text"}'
    view = clusters().view(rewritten(wanted(), config=odd).raw)
    assert redact(view)["data"]["config"] == {
        "bearerToken": {"x": [MASK, MASK, True, None]},
        "awsAuthConfig": "text",
    }


def test_the_argument_spec_knows_the_secrets():
    options = CLUSTER["config"].options
    below = options["tls_client_config"].options
    assert {name for name, opt in {**options, **below}.items() if opt.no_log} == {
        "password",
        "bearer_token",
        "key_data",
    }


# What cannot be right


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"server": ""}, "a cluster: server is missing"),
        ({"server": "edge"}, "cluster edge: server is no URL"),
        ({"server": "https://"}, "server is no URL"),
        ({"server": "https://[::1"}, "server is no URL"),
        ({"server": "https://[bad]:6443"}, "server is no URL"),
        ({"config": {"tls_client_config": {"ca_data": "s3cret"}}}, "ca_data is neither PEM nor the base64 of it"),
        ({"config": {"tls_client_config": {"ca_data": "czNjcmV0"}}}, "ca_data is neither PEM nor the base64 of it"),
        ({"config": {"tls_client_config": {"insecure": True, "ca_data": PEM}}}, "has ca_data, and insecure"),
        ({"config": {"tls_client_config": {"cert_data": PEM}}}, "needs both cert_data and key_data"),
        ({"config": {"bearer_token": "s3cret", "username": "x", "password": "y"}}, "has bearer_token and username"),
        ({"config": {"username": "x"}}, "needs both username and password"),
        ({"config": {"aws_auth_config": {"profile": "x"}}}, "aws_auth_config has no cluster_name"),
        ({"config": {"exec_provider_config": {"args": ["s3cret"]}}}, "exec_provider_config has no command"),
    ],
)
def test_with_what_argo_cd_could_not_connect(options, problem):
    with pytest.raises(Invalid, match=problem) as caught:
        wanted(**options)
    assert "s3cret" not in str(caught.value)


def test_a_list_with_one_that_is_given_twice():
    with pytest.raises(Invalid, match=f"clusters: cluster {SERVER} was given 2 times"):
        clusters(several=[{"server": SERVER}, {"server": f"{SERVER}/"}])
