# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Repositories and credential templates.

Names and URLs are those of Argo CD's own tests (repository_test.go, git_test.go).
"""

from __future__ import annotations

import base64

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.declarations import decoded
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.repositories import (
    DATA,
    REPOSITORY,
    Repositories,
    repository_key,
    same_url,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import FIELD_MANAGER, Apply, Delete, Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._core.redact import MASK, Hidden, redact, redact_change
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.paths import leaves
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.server import Server

URL = "https://github.com/argoproj/argo-cd.git"
LABEL = "argocd.argoproj.io/secret-type"
# Every option of a credential template; some go together in no real one.
CREDENTIALS = {
    "type": "git",
    "username": "me",
    "password": "s3cret-password",
    "ssh_private_key": "s3cret-ssh",
    "tls_client_cert_data": "certificate",
    "tls_client_cert_key": "s3cret-tls",
    "github_app_id": 1,
    "github_app_installation_id": 2,
    "github_app_enterprise_base_url": "https://ghe.example.org",
    "github_app_private_key": "s3cret-app",
    "gcp_service_account_key": "s3cret-gcp",
    "azure_service_principal_client_id": "client",
    "azure_service_principal_client_secret": "s3cret-azure",
    "azure_service_principal_tenant_id": "tenant",
    "azure_active_directory_endpoint": "https://login.example.org",
    "use_azure_workload_identity": True,
    "insecure_oci_force_http": True,
    "force_http_basic_auth": True,
    "proxy": "http://proxy:3128",
    "no_proxy": "a,b",
}
ONLY_REPOSITORY = {
    "name": "charts",
    "project": "team-a",
    "insecure": True,
    "enable_lfs": True,
    "depth": 1,
    "webhook_manifest_cache_warm_disabled": True,
}
DATA_OF_BOTH = {
    "type": "git",
    "username": "me",
    "password": "s3cret-password",
    "sshPrivateKey": "s3cret-ssh",
    "tlsClientCertData": "certificate",
    "tlsClientCertKey": "s3cret-tls",
    "githubAppID": "1",
    "githubAppInstallationID": "2",
    "githubAppEnterpriseBaseUrl": "https://ghe.example.org",
    "githubAppPrivateKey": "s3cret-app",
    "gcpServiceAccountKey": "s3cret-gcp",
    "azureServicePrincipalClientSecret": "s3cret-azure",
    "azureActiveDirectoryEndpoint": "https://login.example.org",
    "useAzureWorkloadIdentity": "true",
    "insecureOCIForceHttp": "true",
    "forceHttpBasicAuth": "true",
    "proxy": "http://proxy:3128",
    "noProxy": "a,b",
}
DATA_OF_A_REPOSITORY = {
    "azureServicePrincipalClientId": "client",
    "azureServicePrincipalTenantId": "tenant",
    "name": "charts",
    "project": "team-a",
    "insecure": "true",
    "enableLfs": "true",
    "depth": "1",
    "webhookManifestCacheWarmDisabled": "true",
}
DATA_OF_A_TEMPLATE = {"azureServicePrincipalClientID": "client", "azureServicePrincipalTenantID": "tenant"}


@pytest.fixture
def anything_goes(monkeypatch):
    """Options that go together in no real repository."""
    module = "ansible_collections.ai_how.cloud.plugins.module_utils._argocd.repositories._problems"
    monkeypatch.setattr(module, lambda *_arguments: iter(()))


def repositories(state="present", several=None, **options):
    single = {"url": URL, **options} if several is None else {}
    params = {**dict.fromkeys(REPOSITORY), **single, "state": state, "namespace": "argocd", "repositories": several}
    return Repositories(params)


def wanted(**options):
    return repositories(**options).items[0].manifest


def secret(name="of-others", label="repository", twins=(), managed=(), **data):
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    metadata = {"name": name, "namespace": "argocd", "uid": "u", "labels": {LABEL: label}, "managedFields": managed}
    return Observed({"metadata": metadata, "data": encoded}, twins=tuple(twins))


def plan(domain, there):
    return tuple(domain.plan(domain.items[0], there))


# The Secret


def test_every_option_of_a_repository_in_the_words_of_argo_cd(anything_goes):
    options = {**CREDENTIALS, **ONLY_REPOSITORY, "bearer_token": "s3cret-bearer", "enable_oci": True}
    assert {name for (name,) in leaves(DATA)} == {*options, "url"}
    manifest = wanted(**options)
    assert decoded(manifest) == {
        **DATA_OF_BOTH,
        **DATA_OF_A_REPOSITORY,
        "bearerToken": "s3cret-bearer",
        "enableOCI": "true",
        "url": URL,
    }


def test_a_credential_template_has_letters_of_its_own(anything_goes):
    manifest = wanted(credential_template=True, **CREDENTIALS)
    assert decoded(manifest) == {**DATA_OF_BOTH, **DATA_OF_A_TEMPLATE, "url": URL}
    assert manifest["metadata"]["labels"] == {LABEL: "repo-creds"}


def test_it_is_labelled_and_annotated_as_argo_cd_does():
    manifest = wanted(labels={"a": "b", LABEL: "x"}, annotations={"c": "d"})
    assert (manifest["apiVersion"], manifest["kind"]) == ("v1", "Secret")
    assert manifest["metadata"] == {
        "name": "repo-821842295",
        "namespace": "argocd",
        "labels": {"a": "b", LABEL: "repository"},
        "annotations": {"c": "d", "managed-by": "argocd.argoproj.io"},
    }


def test_what_is_false_or_empty_is_not_there():
    assert decoded(wanted(insecure=False, depth=0, username="", project="")) == {"url": URL}


@pytest.mark.parametrize(
    ("url", "project", "name"),
    [
        ("git://git@github.com:argoproj/ARGO-cd.git", "", "repo-83273445"),
        ("git://git@github.com:argoproj/ARGO-cd.git", "foobar", "repo-2733415816"),
        ("https://github.com/argoproj/ARGO-cd", "", "repo-1890113693"),
        ("https://github.com/argoproj/argo-cd", "foobar", "repo-1894545728"),
        ("ssh://git@github.com/argoproj/argo-cd.git", "", "repo-3569564120"),
        ("ssh://git@github.com/argoproj/argo-cd.git", "foobar", "repo-754834421"),
    ],
)
def test_a_new_one_has_the_name_that_argo_cd_would_give(url, project, name):
    assert wanted(url=url, project=project)["metadata"]["name"] == name


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("git://git@github.com:argoproj", "creds-2483499391"),
        ("git@github.com:argoproj/", "creds-346879876"),
    ],
)
def test_a_new_template_has_the_name_that_argo_cd_would_give(url, name):
    assert wanted(url=url, credential_template=True)["metadata"]["name"] == name


# Which one it is


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("git@GITHUB.com:argoproj/test", "git@github.com:argoproj/test.git"),
        ("https://GITHUB.com/argoproj/test", "https://github.com/argoproj/test.git"),
        ("https://github.com:4443/TEST.git", "https://github.com:4443/TEST"),
        ("ssh://git@GITHUB.com/argoproj/test.git", "git@github.com:argoproj/test.git"),
        ("ssh://git@github.com/test", "git@github.com:test.git"),
        ("\thttps://github.com/argoproj/test\n", "https://github.com/argoproj/test.git"),
    ],
)
def test_urls_of_the_same_repository(one, other):
    assert same_url(one) == same_url(other)


def test_urls_of_other_repositories():
    urls = [URL, "https://github.com/argoproj/argo-cd/", "https://a@b/x", "git@github.com:a", "git@github.com:b"]
    assert len(set(map(same_url, urls))) == len(urls)


def test_a_repository_is_known_by_url_and_project():
    (item,) = repositories(project="team-a").items
    assert repository_key(item.manifest) == item.key
    assert str(item.key) == 'repository https://github.com/argoproj/argo-cd of project "team-a"'
    assert repository_key(secret(url=URL.upper()).raw) == repositories().items[0].key != item.key
    (template,) = repositories(credential_template=True).items
    assert repository_key(secret(label="repo-creds", url=URL, project="ignored").raw) == template.key
    assert str(template.key) == "credential template https://github.com/argoproj/argo-cd"
    assert repository_key(secret().raw).name == ""


def test_one_that_is_there_under_another_name_is_taken_over():
    domain = repositories(username="me")
    (action,) = plan(domain, secret(url=URL))
    assert action.manifest["metadata"]["name"] == "of-others"
    assert plan(domain, None) == (Apply(domain.items[0].key, domain.items[0].manifest),)
    assert domain.told(domain.items[0], secret()) == {"object": "of-others"}
    assert domain.told(domain.items[0], None) == {}


def test_two_secrets_for_one_repository_are_refused():
    with pytest.raises(Refused) as caught:
        plan(repositories(), secret("a", twins=["b"]))
    assert str(caught.value) == (
        "repository https://github.com/argoproj/argo-cd is declared by several Secrets in namespace argocd (a, b), of "
        "which Argo CD takes any; delete all but one"
    )


def test_absent_deletes_it():
    domain = repositories("absent")
    assert plan(domain, secret()) == (Delete(domain.items[0].key, "u"),)
    assert plan(domain, None) == ()


@pytest.mark.parametrize("before", [{"username": "me", "password": "old", "labels": {"a": "b"}}, {"insecure": True}])
@pytest.mark.parametrize("after", [{}, {"username": "me", "password": "new"}])
def test_applying_converges_and_what_was_dropped_goes(before, after):
    server = Server("data")
    server.apply(wanted(**before), FIELD_MANAGER)
    domain = repositories(**after)
    (action,) = plan(domain, Observed(server.object))
    server.apply(action.manifest, FIELD_MANAGER)
    assert plan(domain, Observed(server.object)) == ()
    assert decoded(server.object) == {"url": URL, **after}


def test_what_is_denied_is_written_over_what_others_said():
    server = Server("data")
    server.update(wanted(insecure=True, depth=1, username="me", project="x"), "argocd-server")
    domain = repositories(project="x", insecure=False, depth=0, username="", enable_lfs=False)
    (action,) = plan(domain, Observed(server.object))
    server.apply(action.manifest, FIELD_MANAGER)
    denied = {"insecure": "false", "depth": "0", "username": ""}
    assert decoded(server.object) == {"url": URL, "project": "x", **denied}
    assert plan(domain, Observed(server.object)) == ()


# Secrets


def test_secrets_are_hidden_and_the_diff_tells_that_they_change(anything_goes):
    domain = repositories(**CREDENTIALS, **ONLY_REPOSITORY)
    before = domain.items[0].manifest
    view = domain.view({**before, "data": {**before["data"], "unknown": before["data"]["password"]}})
    assert "s3cret" in str(view)
    shown = redact(view)
    assert "s3cret" not in str(shown)
    assert shown["data"]["unknown"] == shown["data"]["password"] == MASK
    assert {shown["data"][name] for name in ("url", "username", "depth", "tlsClientCertData")} == {
        URL,
        "me",
        "1",
        "certificate",
    }
    assert shown["metadata"] == {"annotations": {"managed-by": "argocd.argoproj.io"}}
    after = domain.view(wanted(**{**CREDENTIALS, **ONLY_REPOSITORY, "tls_client_cert_key": "s3cret-new"}))
    assert redact_change(domain.view(before), after)[1]["data"]["tlsClientCertKey"] == f"{MASK} (changed)"


def test_what_is_no_secret_is_shown_of_a_template_too(anything_goes):
    domain = repositories(credential_template=True, **CREDENTIALS)
    shown = redact(domain.view(domain.items[0].manifest))["data"]
    assert {**shown, **DATA_OF_A_TEMPLATE} == shown


def test_secrets_are_hidden_in_the_manifest():
    data = wanted(username="me", password="s3cret")["data"]
    assert {name: isinstance(value, Hidden) for name, value in data.items()} == {
        "url": False,
        "username": False,
        "password": True,
    }


def test_the_argument_spec_knows_the_secrets():
    assert {name for name, opt in REPOSITORY.items() if opt.no_log} == {
        "password",
        "bearer_token",
        "ssh_private_key",
        "tls_client_cert_key",
        "github_app_private_key",
        "gcp_service_account_key",
        "azure_service_principal_client_secret",
    }


# What cannot be right


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"url": " "}, "a repository: url is missing"),
        ({"credential_template": True, "project": "x"}, "credential template .*: project is of a repository"),
        ({"credential_template": True, "depth": 1}, "depth is of a repository"),
        ({"tls_client_cert_data": "x"}, "tls_client_cert_data and tls_client_cert_key go together"),
        ({"github_app_private_key": "x"}, "github_app_id and github_app_private_key go together"),
        ({"azure_service_principal_client_id": "x"}, "go together; give both or none"),
        ({"ssh_private_key": "s3cret"}, "ssh_private_key is for SSH"),
        ({"url": "http://a", "bearer_token": "s3cret"}, "bearer_token is for HTTPS"),
        ({"url": "git@a:b", "gcp_service_account_key": "s3cret"}, "gcp_service_account_key is for HTTPS"),
        ({"bearer_token": "s3cret", "username": "x"}, "bearer_token is for Git and instead of username"),
        ({"bearer_token": "s3cret", "type": "helm", "name": "x"}, "bearer_token is for Git and instead of username"),
        ({"enable_oci": True}, "enable_oci is for type: helm"),
        ({"type": "helm"}, "a repository of type helm must have a name"),
        ({"depth": -1}, "depth is -1; give the number of commits"),
    ],
)
def test_what_does_not_go_together(options, problem):
    with pytest.raises(Invalid, match=problem) as caught:
        wanted(**options)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {"username": "me", "password": "x", "insecure": True, "depth": 1},
        {"bearer_token": "x"},
        {"url": "git@github.com:a/b", "ssh_private_key": "x"},
        {"url": "ssh://host/a", "ssh_private_key": "x"},
        {"github_app_id": 1, "github_app_private_key": "x"},
        {"url": "registry.example.org/charts", "type": "helm", "name": "charts", "enable_oci": True},
        {"url": "oci://registry.example.org/x", "type": "oci", "insecure_oci_force_http": True},
        {"url": "https://charts.example.org", "type": "helm", "credential_template": True},
    ],
)
def test_what_goes_together(options):
    assert wanted(**options)


def test_a_list_with_one_that_is_given_twice():
    with pytest.raises(Invalid, match=r"repositories: repository https://a was given 2 times"):
        repositories(several=[{"url": "https://a"}, {"url": "https://A.git"}])
    others = [{"project": "x"}, {"credential_template": True}, {}]
    assert len(repositories(several=[{"url": "https://a", **other} for other in others]).items) == 3
