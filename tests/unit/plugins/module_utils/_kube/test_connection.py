# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._kube import connection
from ansible_collections.ai_how.cloud.plugins.module_utils._kube.connection import connect, connection_argument_spec

KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "dev",
    "contexts": [
        {"name": "dev", "context": {"cluster": "dev", "user": "me"}},
        {"name": "prod", "context": {"cluster": "prod", "user": "me"}},
    ],
    "clusters": [
        {"name": "dev", "cluster": {"server": "https://dev.example.org:6443"}},
        {"name": "prod", "cluster": {"server": "https://prod.example.org:6443"}},
    ],
    "users": [{"name": "me", "user": {"token": "s3cret"}}],
}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch, tmp_path):
    for name in ("KUBERNETES_SERVICE_HOST", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


needs_kubernetes = pytest.mark.skipif(bool(connection.IMPORT_ERROR), reason="the kubernetes client is not installed")


def refused(**params) -> str:
    with pytest.raises(Invalid) as caught:
        connect(params)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def kubeconfig(tmp_path):
    path = tmp_path / "config"
    path.write_text(json.dumps(KUBECONFIG), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("option", "variable"),
    [
        ("kubeconfig", "K8S_AUTH_KUBECONFIG"),
        ("context", "K8S_AUTH_CONTEXT"),
        ("host", "K8S_AUTH_HOST"),
        ("api_key", "K8S_AUTH_API_KEY"),
        ("client_cert", "K8S_AUTH_CERT_FILE"),
        ("client_key", "K8S_AUTH_KEY_FILE"),
        ("ca_cert", "K8S_AUTH_SSL_CA_CERT"),
        ("validate_certs", "K8S_AUTH_VERIFY_SSL"),
        ("proxy", "K8S_AUTH_PROXY"),
        ("impersonate_user", "K8S_AUTH_IMPERSONATE_USER"),
    ],
)
def test_every_option_falls_back_to_its_environment_variable(option, variable, monkeypatch):
    fallback, names = connection_argument_spec()[option]["fallback"]
    monkeypatch.setenv(variable, "from the environment")
    assert fallback(*names) == "from the environment"


def test_the_token_is_kept_out_of_logs():
    assert connection_argument_spec()["api_key"]["no_log"] is True


def test_a_missing_library_is_told(monkeypatch):
    monkeypatch.setattr(connection, "IMPORT_ERROR", "No module named 'kubernetes'")
    assert refused() == (
        "the Python library kubernetes is needed on the host that runs this module "
        "(No module named 'kubernetes'): pip install kubernetes"
    )


@needs_kubernetes
@pytest.mark.parametrize("option", ["ca_cert", "client_cert", "client_key"])
def test_a_missing_file_is_named(option):
    assert refused(host="https://a", **{option: "/none.pem"}) == f"{option}: no such file: /none.pem"


@needs_kubernetes
@pytest.mark.parametrize(
    ("params", "host"),
    [
        ({}, "https://dev.example.org:6443"),
        ({"context": "prod"}, "https://prod.example.org:6443"),
        ({"host": "https://other:6443/"}, "https://other:6443"),
    ],
)
def test_the_host_is_the_contexts_unless_given(params, host, kubeconfig):
    assert connect({"kubeconfig": kubeconfig, **params}).host == host
    assert connect({"kubeconfig": KUBECONFIG, **params}).host == host


@needs_kubernetes
def test_a_host_alone_needs_no_kubeconfig():
    assert connect({"host": "https://a:6443", "api_key": "t"}).host == "https://a:6443"


@needs_kubernetes
def test_the_home_folder_may_be_written_short(kubeconfig):
    assert connect({"kubeconfig": "~/config"}).host == "https://dev.example.org:6443"


@needs_kubernetes
def test_several_files_are_one_kubeconfig(kubeconfig, tmp_path):
    other = tmp_path / "other"
    other.write_text(json.dumps({"contexts": [{"name": "edge", "context": {"cluster": "prod", "user": "me"}}]}))
    connected = connect({"kubeconfig": f"{kubeconfig}:{other}:{tmp_path}/none", "context": "edge"})
    assert connected.host == "https://prod.example.org:6443"


@needs_kubernetes
@pytest.mark.parametrize("by_variable", [True, False])
def test_the_default_kubeconfig_is_the_one_of_kubectl(by_variable, kubeconfig, tmp_path, monkeypatch):
    if by_variable:
        monkeypatch.setenv("KUBECONFIG", kubeconfig)
    else:
        (tmp_path / ".kube").mkdir()
        (tmp_path / "config").rename(tmp_path / ".kube" / "config")
    assert connect({}).host == "https://dev.example.org:6443"
    assert connect({"context": "prod"}).host == "https://prod.example.org:6443"


@needs_kubernetes
def test_outside_of_a_pod_its_variables_do_not_lead_astray(monkeypatch, kubeconfig):
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    monkeypatch.setenv("KUBECONFIG", kubeconfig)
    monkeypatch.setattr("kubernetes.config.incluster_config.SERVICE_TOKEN_FILENAME", "/none/token")
    assert connect({}).host == "https://dev.example.org:6443"


@needs_kubernetes
def test_inside_of_a_pod_its_own_account_is_used(monkeypatch, tmp_path):
    for name in ("token", "ca.crt"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    loader = "kubernetes.config.incluster_config."
    monkeypatch.setattr(loader + "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(loader + "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    assert connect({}).host == "https://10.96.0.1:443"


@needs_kubernetes
def test_a_kubeconfig_that_is_not_there(tmp_path):
    path = tmp_path / "none"
    assert refused(kubeconfig=str(path)) == (
        f"kubeconfig: no such file: {path}; name one that exists, or give host and api_key"
    )


@needs_kubernetes
def test_without_any_kubeconfig(tmp_path):
    assert refused().startswith(f"kubeconfig: no such file: {tmp_path}/.kube/config; ")


@needs_kubernetes
def test_a_context_that_is_not_there(kubeconfig):
    assert "staging" in refused(kubeconfig=kubeconfig, context="staging")
    assert refused(kubeconfig=KUBECONFIG, context="staging").startswith("kubeconfig (given as a dictionary) cannot be")


@needs_kubernetes
def test_a_context_that_is_not_there_names_those_that_are(kubeconfig):
    assert "dev, prod" in refused(kubeconfig=kubeconfig, context="staging")


@needs_kubernetes
@pytest.mark.parametrize(
    "text",
    [
        "",
        "just a sentence",
        "[]",
        "apiVersion: v1\nkind: Config\n",
        "current-context: dev\ncontexts: 5\n",
        "a: b: c",
        "{",
    ],
)
def test_a_broken_kubeconfig_is_one_sentence(text, tmp_path):
    path = tmp_path / "config"
    path.write_text(text, encoding="utf-8")
    assert refused(kubeconfig=str(path)).startswith(f"kubeconfig ({path}) cannot be used: ")


@needs_kubernetes
def test_a_text_is_no_kubeconfig(tmp_path):
    path = tmp_path / "config"
    path.write_text("hello world", encoding="utf-8")
    assert "it is no kubeconfig (YAML with clusters, users and contexts); name a readable one" in refused(
        kubeconfig=str(path)
    )


HAS_DEV = [{"name": "dev", "context": {"cluster": "dev", "user": "me"}}]


@needs_kubernetes
@pytest.mark.parametrize("contexts", [[], None, HAS_DEV])
@pytest.mark.parametrize(
    "as_file",
    [
        True,
        False,
    ],
)
def test_a_missing_context_is_one_sentence_without_a_current_one_too(contexts, as_file, tmp_path):
    given = {**KUBECONFIG, "contexts": contexts}
    del given["current-context"]
    path = tmp_path / "config"
    path.write_text(json.dumps(given), encoding="utf-8")
    assert refused(kubeconfig=str(path) if as_file else given, context="staging").startswith("kubeconfig (")


@needs_kubernetes
@pytest.mark.parametrize("given", [{"a": 1}, {**KUBECONFIG, "clusters": []}, {**KUBECONFIG, "contexts": None}])
def test_a_broken_dictionary_is_one_sentence_without_secrets(given):
    text = refused(kubeconfig=given)
    assert text.startswith("kubeconfig (given as a dictionary) cannot be used: ")
    assert "s3cret" not in text
