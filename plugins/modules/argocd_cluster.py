#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: argocd_cluster
short_description: Declare clusters to which Argo CD deploys
version_added: 0.1.0
author:
  - ai_how.cloud contributors (@ai-how)
description:
  - Declares and deletes the clusters that Argo CD knows, through the Kubernetes API of the cluster in which Argo CD is;
    no API server of Argo CD is needed.
  - They are Secrets with the name, label and keys that Argo CD's own API server gives them, so that its CLI and UI mean
    the same object. One that is there already, under whatever name, is found by the URL of its API server.
  - A list of clusters is one list request, however many they are.
  - It needs the Kubernetes API; only M(ai_how.cloud.argocd_app) and M(ai_how.cloud.argocd_app_info) can use
    Argo CD's own instead.
extends_documentation_fragment:
  - ai_how.cloud.kube_auth
options:
  state:
    description:
      - V(present) declares the cluster. Options that were given before and are not given any more are removed.
      - V(absent) deletes it, also if applications deploy to it, as Argo CD does; a warning names them.
    type: str
    choices: [present, absent]
    default: present
  namespace:
    description: Namespace of Argo CD.
    type: str
    default: argocd
  clusters:
    description:
      - Several clusters at once, instead of O(server) and the options beside it.
      - Nothing is written if any of them is malformed. After that they go on independently, and the task fails at the
        end if any of them failed.
    type: list
    elements: dict
    suboptions:
      server: &server
        description: URL of the cluster's API server.
        type: str
      name: &name
        description: Name by which applications can refer to it; its URL if not given.
        type: str
      config: &config
        description: How Argo CD connects.
        type: dict
        suboptions:
          username:
            description: User name, for basic authentication.
            type: str
          password:
            description: Password, for basic authentication.
            type: str
          bearer_token:
            description: Bearer token, like that of a service account.
            type: str
          tls_client_config:
            description: TLS settings. Certificates and keys are PEM, or the base64 of it that stands in a kubeconfig.
            type: dict
            suboptions:
              insecure:
                description: Whether the server's certificate is not verified.
                type: bool
              server_name:
                description: Name that is expected in the server's certificate, if it is not the URL's.
                type: str
              ca_data:
                description: Certificate authority of the server.
                type: str
              cert_data:
                description: Client certificate.
                type: str
              key_data:
                description: Key of the client certificate.
                type: str
          aws_auth_config:
            description: For a cluster of Amazon EKS.
            type: dict
            suboptions:
              cluster_name:
                description: Name of the cluster.
                type: str
              role_arn:
                description: Role that Argo CD takes.
                type: str
              profile:
                description: Profile that Argo CD takes.
                type: str
          exec_provider_config:
            description: A program of Argo CD's image that gives the credentials.
            type: dict
            suboptions:
              command:
                description: The program.
                type: str
              args:
                description: Its arguments; not shown in diffs.
                type: list
                elements: str
              env:
                description: Its environment; not shown in diffs.
                type: dict
              api_version:
                description: Version of the API by which it answers, like V(client.authentication.k8s.io/v1).
                type: str
              install_hint:
                description: What is said where the program is not there.
                type: str
              provide_cluster_info:
                description: Whether it is told about the cluster.
                type: bool
          disable_compression:
            description: Whether answers are not compressed.
            type: bool
          proxy_url:
            description: URL of a proxy.
            type: str
      namespaces: &namespaces
        description: Namespaces that Argo CD sees there; all, and what is cluster-wide, if not given.
        type: list
        elements: str
      cluster_resources: &cluster_resources
        description: Whether what is cluster-wide is seen although O(clusters[].namespaces) is given.
        type: bool
      shard: &shard
        description: Number of the application controller that works for it.
        type: int
      project: &project
        description: Project that the cluster belongs to.
        type: str
      labels: &labels
        description: Labels of the Secret, which an ApplicationSet can select by.
        type: dict
      annotations: &annotations
        description: Annotations of the Secret.
        type: dict
  server: *server
  name: *name
  config: *config
  namespaces: *namespaces
  cluster_resources: *cluster_resources
  shard: *shard
  project: *project
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
  - Whether Argo CD can connect is known to Argo CD only, and only once an application deploys there;
    C(argocd cluster get SERVER) and the UI show it. This module does not guess.
  - The config is one value of the Secret. With O(clusters[].config) left out, Argo CD connects without credentials.
  - Argo CD's own cluster, C(https://kubernetes.default.svc), needs no declaration; one gives it another name or labels.
  - The last example has the smallest Role for it. Kubernetes cannot
    grant single Secrets by their labels, so it is for all of the namespace.
seealso:
  - module: ai_how.cloud.argocd_app
  - name: Argo CD, clusters
    description: The keys of the Secrets.
    link: https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#clusters
"""

EXAMPLES = r"""
- name: A cluster, by the token of a service account in it
  ai_how.cloud.argocd_cluster:
    server: https://edge.example.org:6443
    name: edge
    labels:
      site: berlin
    config:
      bearer_token: "{{ vault_edge_token }}"
      tls_client_config:
        ca_data: "{{ lookup('ansible.builtin.file', 'edge-ca.pem') }}"

- name: Clusters of Amazon EKS
  ai_how.cloud.argocd_cluster:
    clusters:
      - server: https://0123456789abcdef.gr7.eu-central-1.eks.amazonaws.com
        name: eu
        config:
          aws_auth_config:
            cluster_name: eu
            role_arn: arn:aws:iam::123456789012:role/argocd

- name: Forget a cluster
  ai_how.cloud.argocd_cluster:
    server: https://edge.example.org:6443
    state: absent

- name: Grant what this module needs, and no more
  kubernetes.core.k8s:
    definition:
      - apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: argocd-cluster, namespace: argocd}
        rules:
          - {apiGroups: [""], resources: [secrets], verbs: [list, create, patch, delete]}
          - {apiGroups: [argoproj.io], resources: [applications], verbs: [list]}
"""

RETURN = r"""
results:
  description: One entry for each cluster, in the order given. A single one stands at the top level, too.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: URL of the API server.
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
      description: Whether this cluster failed.
      returned: always
      type: bool
    msg:
      description: Why it failed, or in check mode what would be done.
      returned: always
      type: str
"""

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.clusters import ARGUMENTS, CONSTRAINTS, Clusters
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.driver import (
    CONNECTION_ARGUMENTS,
    connect_clusters,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_declaration


def main() -> None:
    run_declaration({**CONNECTION_ARGUMENTS, **ARGUMENTS}, Clusters, connect_clusters, **CONSTRAINTS)


if __name__ == "__main__":
    main()
