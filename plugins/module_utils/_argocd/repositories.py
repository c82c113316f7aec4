# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The domain of the module argocd_repository: Secrets of repositories and credential templates, as Argo CD writes them.

Sources: util/db/repository_secrets.go (keys of the Secret), util/db/repository.go (its name), util/git/git.go (which
URLs are the same), cmd/argocd/commands/repo.go (what goes together) of argo-cd 3.6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.declarations import (
    SECRET_TYPE,
    SecretDeclarations,
    Wanted,
    arguments,
    constraints,
    decoded,
    fnv32a,
    secret,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._core.options import Opt, Options, camel_case, to_api

_REPOSITORY, _TEMPLATE = "repository", "repo-creds"
REPOSITORY_SECRETS = f"{SECRET_TYPE} in ({_REPOSITORY},{_TEMPLATE})"

# What a credential template has as well.
_CREDENTIALS: Options = {
    "url": Opt(),
    "type": Opt(choices=("git", "helm", "oci")),
    "username": Opt(),
    "password": Opt(no_log=True),
    "bearer_token": Opt(no_log=True),
    "ssh_private_key": Opt(no_log=True),
    "tls_client_cert_data": Opt(),
    "tls_client_cert_key": Opt(no_log=True),
    "github_app_id": Opt("int", api="githubAppID"),
    "github_app_installation_id": Opt("int", api="githubAppInstallationID"),
    "github_app_enterprise_base_url": Opt(api="githubAppEnterpriseBaseUrl"),
    "github_app_private_key": Opt(api="githubAppPrivateKey", no_log=True),
    "gcp_service_account_key": Opt(no_log=True),
    "azure_service_principal_client_id": Opt(),
    "azure_service_principal_client_secret": Opt(no_log=True),
    "azure_service_principal_tenant_id": Opt(),
    "azure_active_directory_endpoint": Opt(),
    "use_azure_workload_identity": Opt("bool"),
    "enable_oci": Opt("bool", api="enableOCI"),
    "insecure_oci_force_http": Opt("bool", api="insecureOCIForceHttp"),
    "force_http_basic_auth": Opt("bool"),
    "proxy": Opt(),
    "no_proxy": Opt(),
}
_ONLY_OF_A_REPOSITORY: Options = {
    "name": Opt(),
    "project": Opt(),
    "insecure": Opt("bool"),
    "enable_lfs": Opt("bool"),
    "depth": Opt("int"),
    "webhook_manifest_cache_warm_disabled": Opt("bool"),
}
DATA: Options = {**_CREDENTIALS, **_ONLY_OF_A_REPOSITORY}
# In a template Argo CD has other letters for these two.
_TEMPLATE_DATA: Options = {
    **_CREDENTIALS,
    "azure_service_principal_client_id": Opt(api="azureServicePrincipalClientID"),
    "azure_service_principal_tenant_id": Opt(api="azureServicePrincipalTenantID"),
}

REPOSITORY: Options = {
    **DATA,
    "credential_template": Opt("bool"),
    "labels": Opt("dict"),
    "annotations": Opt("dict"),
}
ARGUMENTS: Mapping[str, Any] = arguments(REPOSITORY, "repositories")
CONSTRAINTS: Mapping[str, Any] = constraints(REPOSITORY, "repositories")

_PLAIN = {opt.api or camel_case(name) for name, opt in [*DATA.items(), *_TEMPLATE_DATA.items()] if not opt.no_log}


class RepositoryKey(NamedTuple):
    """Names one repository or credential template, as Argo CD finds it: by URL and project. ``name`` is that URL."""

    namespace: str
    name: str
    project: str = ""
    template: bool = False

    def __str__(self) -> str:
        kind = "credential template" if self.template else "repository"
        return f"{kind} {self.name}" + (f' of project "{self.project}"' if self.project else "")


def repository_key(raw: Mapping[str, Any]) -> RepositoryKey:
    """Of a Secret with the label of a repository or a credential template."""
    data = decoded(raw)
    template = raw["metadata"]["labels"][SECRET_TYPE] == _TEMPLATE
    project = "" if template else data.get("project", "")
    return RepositoryKey(raw["metadata"]["namespace"], same_url(data.get("url", "")), project, template)


_SSH_URL = re.compile(r"(ssh://)?([^/:]*?)@[^@]+")


def same_url(url: str) -> str:
    """The text that is the same for two URLs of the same repository (NormalizeGitURL of Argo CD)."""
    url = url.strip().lower()
    if _SSH_URL.fullmatch(url) and not url.startswith("ssh://"):
        url = url.replace(":", "/", 1)
    url = url[: -len(".git")] if url.endswith(".git") else url
    return url[len("ssh://") :] if url.startswith("ssh://") else url


class Repositories(SecretDeclarations):
    """The repositories and credential templates of one task."""

    several = "repositories"
    plain = _PLAIN

    def wanted(self, params: Mapping[str, Any], namespace: str, where: str) -> Wanted:
        url = (params.get("url") or "").strip()
        if not url:
            raise Invalid(f"{where}a repository: url is missing; give every repository a URL")
        template = bool(params.get("credential_template"))
        project = "" if template else params.get("project") or ""
        key = RepositoryKey(namespace, same_url(url), project, template)
        problem = next(_problems(params, url, template), "")
        if problem:
            raise Invalid(f"{where}{key}: {problem}")
        options, prefix, kind = (_TEMPLATE_DATA, "creds", _TEMPLATE) if template else (DATA, "repo", _REPOSITORY)
        given = to_api(options, {**params, "url": url}, keep_empty=True)
        data = {name: _text(value) for name, value in given.items() if value}
        denied = {name: _text(value) for name, value in given.items() if not value}
        name = f"{prefix}-{fnv32a(url, project)}"
        return Wanted(key, secret(namespace, name, kind, params, data, _PLAIN), denied)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _problems(params: Mapping[str, Any], url: str, template: bool) -> Iterator[str]:
    """A sentence for each combination that Argo CD's command line refuses, or that Argo CD would not look at."""
    given = {name for name in DATA if params.get(name) not in (None, "", False, 0)}
    https = url.lower().startswith("https://")
    for option in _ONLY_OF_A_REPOSITORY if template else ():
        if option in given:
            yield f"{option} is of a repository, and a credential template has none; leave it out"
    for one, other in (
        ("tls_client_cert_data", "tls_client_cert_key"),
        ("github_app_id", "github_app_private_key"),
        ("azure_service_principal_client_id", "azure_service_principal_client_secret"),
    ):
        if len({one, other} & given) == 1:
            yield f"{one} and {other} go together; give both or none"
    if "ssh_private_key" in given and not (_SSH_URL.fullmatch(url) or url.lower().startswith("ssh://")):
        yield "ssh_private_key is for SSH, and the URL is none of it; give git@host:path or ssh://..., or a password"
    for option in ("tls_client_cert_data", "github_app_id", "gcp_service_account_key", "bearer_token"):
        if option in given and not https:
            yield f"{option} is for HTTPS, and the URL does not begin with https://; correct the URL"
    kind = params.get("type") or "git"
    if "bearer_token" in given and (kind != "git" or given & {"username", "password"}):
        yield "bearer_token is for Git and instead of username and password; give one of them"
    if "enable_oci" in given and kind != "helm":
        yield "enable_oci is for type: helm (charts in an OCI registry); set it, or use type: oci"
    if kind == "helm" and not template and "name" not in given:
        yield "a repository of type helm must have a name; give one"
    if params.get("depth") is not None and params["depth"] < 0:
        yield f"depth is {params['depth']}; give the number of commits to fetch, or 0 for all"
