#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: argocd_repository
short_description: Declare repositories and credential templates of Argo CD
version_added: 0.1.0
author:
  - ai_how.cloud contributors (@ai-how)
description:
  - Declares and deletes the repositories that Argo CD knows, and credential templates for many of them, through the
    Kubernetes API; no API server of Argo CD is needed.
  - They are Secrets with the name, label and keys that Argo CD's own API server gives them, so that its CLI and UI mean
    the same object. One that is there already, under whatever name, is found by its URL and project, as Argo CD does.
  - A list of repositories is one list request, however many they are.
  - It needs the Kubernetes API; only M(ai_how.cloud.argocd_app) and M(ai_how.cloud.argocd_app_info) can use
    Argo CD's own instead.
extends_documentation_fragment:
  - ai_how.cloud.kube_auth
options:
  state:
    description:
      - V(present) declares the repository. Options that were given before and are not given any more are removed.
      - V(absent) deletes it.
    type: str
    choices: [present, absent]
    default: present
  namespace:
    description: Namespace of Argo CD.
    type: str
    default: argocd
  repositories:
    description:
      - Several repositories at once, instead of O(url) and the options beside it.
      - Nothing is written if any of them is malformed. After that they go on independently, and the task fails at the
        end if any of them failed.
    type: list
    elements: dict
    suboptions:
      url: &url
        description: URL of the repository; of a credential template the beginning of the URLs that it is for.
        type: str
      credential_template: &credential_template
        description:
          - Whether this is a credential template, whose credentials go to all repositories without their own below
            O(repositories[].url).
        type: bool
      type: &type
        description: Kind of repository; Argo CD takes it as V(git) if not given.
        type: str
        choices: [git, helm, oci]
      name: &name
        description: Name of the repository; a Helm repository must have one.
        type: str
      project: &project
        description: Project that the repository belongs to. It is another one than that of the same URL without it.
        type: str
      username: &username
        description: User name.
        type: str
      password: &password
        description: Password or access token.
        type: str
      bearer_token: &bearer_token
        description: Bearer token, for Git over HTTPS, instead of user name and password.
        type: str
      ssh_private_key: &ssh_private_key
        description: Private key for Git over SSH (PEM).
        type: str
      tls_client_cert_data: &tls_client_cert_data
        description: Client certificate (PEM).
        type: str
      tls_client_cert_key: &tls_client_cert_key
        description: Key of the client certificate (PEM).
        type: str
      github_app_id: &github_app_id
        description: ID of a GitHub App.
        type: int
      github_app_installation_id: &github_app_installation_id
        description: ID of its installation; Argo CD finds it by itself if not given.
        type: int
      github_app_enterprise_base_url: &github_app_enterprise_base_url
        description: API URL of GitHub Enterprise; C(https://api.github.com) if not given.
        type: str
      github_app_private_key: &github_app_private_key
        description: Private key of the GitHub App (PEM).
        type: str
      gcp_service_account_key: &gcp_service_account_key
        description: Key of a Google service account (JSON), for Cloud Source Repositories.
        type: str
      azure_service_principal_client_id: &azure_service_principal_client_id
        description: Client ID of an Azure service principal.
        type: str
      azure_service_principal_client_secret: &azure_service_principal_client_secret
        description: Its client secret.
        type: str
      azure_service_principal_tenant_id: &azure_service_principal_tenant_id
        description: Its tenant.
        type: str
      azure_active_directory_endpoint: &azure_active_directory_endpoint
        description: Where it logs in; C(https://login.microsoftonline.com) if not given.
        type: str
      use_azure_workload_identity: &use_azure_workload_identity
        description: Whether Argo CD logs in by its Azure workload identity.
        type: bool
      enable_oci: &enable_oci
        description: Whether a Helm repository is an OCI registry.
        type: bool
      insecure: &insecure
        description: Whether TLS certificates and SSH host keys are not verified.
        type: bool
      insecure_oci_force_http: &insecure_oci_force_http
        description: Whether an OCI repository is read without TLS.
        type: bool
      force_http_basic_auth: &force_http_basic_auth
        description: Whether basic authentication is sent before the server asks for it.
        type: bool
      proxy: &proxy
        description: URL of an HTTP proxy.
        type: str
      no_proxy: &no_proxy
        description: Hosts without the proxy, separated by commas.
        type: str
      enable_lfs: &enable_lfs
        description: Whether files of Git LFS are fetched.
        type: bool
      depth: &depth
        description: Number of commits that are fetched; all if not given. Argo CD 3.3 or later.
        type: int
      webhook_manifest_cache_warm_disabled: &webhook_manifest_cache_warm_disabled
        description:
          - Whether a webhook leaves the cached manifests of applications that a commit does not touch. Argo CD 3.5 or
            later.
        type: bool
      labels: &labels
        description: Further labels of the Secret.
        type: dict
      annotations: &annotations
        description: Further annotations of the Secret.
        type: dict
  url: *url
  credential_template: *credential_template
  type: *type
  name: *name
  project: *project
  username: *username
  password: *password
  bearer_token: *bearer_token
  ssh_private_key: *ssh_private_key
  tls_client_cert_data: *tls_client_cert_data
  tls_client_cert_key: *tls_client_cert_key
  github_app_id: *github_app_id
  github_app_installation_id: *github_app_installation_id
  github_app_enterprise_base_url: *github_app_enterprise_base_url
  github_app_private_key: *github_app_private_key
  gcp_service_account_key: *gcp_service_account_key
  azure_service_principal_client_id: *azure_service_principal_client_id
  azure_service_principal_client_secret: *azure_service_principal_client_secret
  azure_service_principal_tenant_id: *azure_service_principal_tenant_id
  azure_active_directory_endpoint: *azure_active_directory_endpoint
  use_azure_workload_identity: *use_azure_workload_identity
  enable_oci: *enable_oci
  insecure: *insecure
  insecure_oci_force_http: *insecure_oci_force_http
  force_http_basic_auth: *force_http_basic_auth
  proxy: *proxy
  no_proxy: *no_proxy
  enable_lfs: *enable_lfs
  depth: *depth
  webhook_manifest_cache_warm_disabled: *webhook_manifest_cache_warm_disabled
  labels: *labels
  annotations: *annotations
  force_conflicts:
    description:
      - Whether fields of another manager are taken over. Without it a conflict is an error that names the manager,
        which is C(argocd-server) for what Argo CD's CLI or UI wrote.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode; a change is asked of the API server as a dry run.
    support: full
  diff_mode:
    description: Shows which keys change, and their values where they are no secrets.
    support: full
notes:
  - Whether Argo CD can connect is known to Argo CD only, and this module does not guess. C(argocd repo get URL) and the
    UI show it (C(Successful), or why not). So does an application that uses the repository, declared by
    M(ai_how.cloud.argocd_app) with O(ai_how.cloud.argocd_app#module:wait).
  - What Argo CD's CLI set and the task does not give stays, as with every field of another manager.
  - What was last declared with another O(project) or O(credential_template) is another object; delete it by its own.
  - The last example has the smallest Role for it. Kubernetes cannot
    grant single Secrets by their labels, so it is for all of the namespace.
seealso:
  - module: ai_how.cloud.argocd_app
  - name: Argo CD, repositories
    description: The keys of the Secrets.
    link: https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#repositories
"""

EXAMPLES = r"""
- name: A private Git repository
  ai_how.cloud.argocd_repository:
    url: https://git.example.org/platform/gitops.git
    username: argocd
    password: "{{ vault_git_token }}"

- name: By SSH, for one project only
  ai_how.cloud.argocd_repository:
    url: git@git.example.org:team-a/deploy.git
    project: team-a
    ssh_private_key: "{{ lookup('ansible.builtin.file', '~/.ssh/argocd') }}"

- name: The same credentials for everything of an organization, and charts from a registry
  ai_how.cloud.argocd_repository:
    repositories:
      - url: https://github.com/example/
        credential_template: true
        github_app_id: 12345
        github_app_installation_id: 67890
        github_app_private_key: "{{ vault_github_app_key }}"
      - url: registry.example.org/charts
        type: helm
        name: charts
        enable_oci: true
        username: argocd
        password: "{{ vault_registry_token }}"

- name: Forget a repository
  ai_how.cloud.argocd_repository:
    url: https://git.example.org/platform/gitops.git
    state: absent

- name: Grant what this module needs, and no more
  kubernetes.core.k8s:
    definition:
      - apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: argocd-repository, namespace: argocd}
        rules:
          - {apiGroups: [""], resources: [secrets], verbs: [list, create, patch, delete]}
"""

RETURN = r"""
results:
  description: One entry for each repository, in the order given. A single one stands at the top level, too.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: URL of the repository as Argo CD compares it, in small letters and without C(.git).
      returned: always
      type: str
    namespace:
      description: Namespace of Argo CD.
      returned: always
      type: str
    object:
      description: Name of the Secret.
      returned: if it exists
      type: str
    changed:
      description: Whether the declaration changed.
      returned: always
      type: bool
    failed:
      description: Whether this repository failed.
      returned: always
      type: bool
    msg:
      description: Why it failed, or in check mode what would be done.
      returned: always
      type: str
"""

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.driver import (
    CONNECTION_ARGUMENTS,
    connect_repositories,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.repositories import (
    ARGUMENTS,
    CONSTRAINTS,
    Repositories,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_declaration


def main() -> None:
    run_declaration({**CONNECTION_ARGUMENTS, **ARGUMENTS}, Repositories, connect_repositories, **CONSTRAINTS)


if __name__ == "__main__":
    main()
