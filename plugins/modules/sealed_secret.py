#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: sealed_secret
short_description: Seal secrets, so that they may live in Git
version_added: 0.1.0
author:
  - ai_how.cloud contributors (@ai-how)
description:
  - Makes SealedSecrets as C(kubeseal) does, in Python and without the program, and writes them into files of a Git
    tree, into a cluster, or only returns them. The controller of Sealed Secrets makes Secrets of them.
  - A file that is there keeps its comments, the order of its keys, its mode, and its other documents.
  - A value that is the same changes nothing. What it is compared with stands at O(hmac_key) and O(live).
  - Many secrets are one task with one certificate.
  - Tasks that change one file at the same time do it in turn, and one that would undo what another one has just written
    fails instead.
extends_documentation_fragment:
  - ai_how.cloud.kube_auth
options:
  state:
    description:
      - V(present) writes the SealedSecret.
      - V(absent) takes it out of the file, and deletes a file that holds nothing else, or deletes it in the cluster.
        The controller then has its Secret deleted.
    type: str
    choices: [present, absent]
    default: present
  secrets:
    description:
      - Several secrets at once, instead of O(name) and the options beside it.
      - Nothing is written if any of them is malformed. After that they go on independently, and the task fails at the
        end if any of them failed.
    type: list
    elements: dict
    suboptions:
      name: &name
        description: Name of the Secret, and of the SealedSecret. That of O(definition) or O(src) if not given.
        type: str
      namespace: &namespace
        description:
          - Its namespace. That of O(definition) or O(src) if not given. Only a secret of O(scope=cluster-wide) in a
            file may do without.
        type: str
      path: &path
        description:
          - File for the SealedSecret, in a folder that is there. Other documents in it stay.
          - Without it and without O(cluster) the SealedSecret is returned as RV(results[].manifest), and made anew in
            every run.
        type: path
      string_data: &string_data
        description: Keys and values, as text.
        type: dict
      data: &data
        description: Keys and values, in base64. What stands in O(string_data) as well is taken from there.
        type: dict
      files: &files
        description: Keys, and files whose content, text or binary, is their value. These win over all others.
        type: dict
      env_files: &env_files
        description:
          - Files with lines of C(NAME=value), as C(kubectl create secret --from-env-file) reads them, so without
            quotes. These win over O(string_data) and O(data).
        type: list
        elements: path
      definition: &definition
        description:
          - A Secret as Kubernetes has it, say of C(kubernetes.core.k8s_info). Its values, labels, annotations, type,
            immutability and scope are taken, where no other option says them.
        type: dict
        suboptions:
          apiVersion:
            description: V(v1).
            type: str
          kind:
            description: V(Secret).
            type: str
          metadata:
            description: Name, namespace, labels and annotations; all else is left.
            type: dict
          type:
            description: Type of the Secret.
            type: str
          immutable:
            description: Whether the Secret is immutable.
            type: bool
          data:
            description: Keys and values, in base64.
            type: dict
          stringData:
            description: Keys and values, as text.
            type: dict
      src: &src
        description: File with one Secret, taken as O(definition).
        type: path
      scope: &scope
        description:
          - Where it opens. V(strict) under this name in this namespace, V(namespace-wide) under any name in it,
            V(cluster-wide) everywhere.
          - V(strict) if neither this nor O(definition) nor O(src) says it. With O(merge) that of what is there, and
            another one is refused, since the other keys would not open any more.
        type: str
        choices: [strict, namespace-wide, cluster-wide]
      type: &type
        description: Type of the Secret, as C(kubernetes.io/tls).
        type: str
      immutable: &immutable
        description: Whether the Secret is immutable.
        type: bool
      labels: &labels
        description: Labels of the Secret. They are all that it has; with O(merge) they are added.
        type: dict
      annotations: &annotations
        description: Annotations of the Secret. They are all that it has; with O(merge) they are added.
        type: dict
      own_labels: &own_labels
        description:
          - Labels of the SealedSecret itself. The controller gives the Secret those of O(labels) only.
          - In a file, others that it has stay.
        type: dict
      own_annotations: &own_annotations
        description:
          - Annotations of the SealedSecret itself, as C(argocd.argoproj.io/sync-wave). In a file, others that it has
            stay.
        type: dict
      template: &template
        description:
          - Further fields of C(spec.template), above all C(data), which the controller fills in with the values.
          - It is written as it is, so no secret belongs into it.
        type: dict
      merge: &merge
        description:
          - Whether keys that are there and not given stay. Without it the keys that are given are all.
        type: bool
      remove_keys: &remove_keys
        description: With O(merge), keys that are removed.
        type: list
        elements: str
  name: *name
  namespace: *namespace
  path: *path
  string_data: *string_data
  data: *data
  files: *files
  env_files: *env_files
  definition: *definition
  src: *src
  scope: *scope
  type: *type
  immutable: *immutable
  labels: *labels
  annotations: *annotations
  own_labels: *own_labels
  own_annotations: *own_annotations
  template: *template
  merge: *merge
  remove_keys: *remove_keys
  cluster:
    description: Whether SealedSecrets are applied to the cluster, on the server's side. Not with O(path).
    type: bool
    default: false
  certificate:
    description:
      - What is sealed for, a file, a URL, or the text in PEM.
      - Without it the controller is asked, through the API server.
      - One that has expired, is not valid yet, or is not of an RSA key is refused.
    type: str
  controller_name:
    description: Name of the controller's Service.
    type: str
    default: sealed-secrets-controller
  controller_namespace:
    description: Its namespace.
    type: str
    default: kube-system
  hmac_key:
    description:
      - Key of at least 32 random characters, kept in a vault. With it each value gets a proof (HMAC-SHA256) in the
        annotation C(ai-how.cloud/hmac) of the SealedSecret, by which a later task with this key, and nobody else, tells
        whether the value is the same. No cluster is needed for that.
      - A proof is of one value in one ciphertext of one key of one secret. So it tells nothing of equal values, and
        does not fit what another program seals.
    type: str
  live:
    description:
      - Whether a value is compared with the live Secret, where O(hmac_key) proves nothing. It counts only where the
        cluster has the same ciphertext, and the controller has opened it.
      - If not given, it is done where the task talks to a cluster anyway, with O(cluster) or without O(certificate).
    type: bool
  force:
    description:
      - Whether all values are sealed anew. A value of which nobody can tell whether it changed is kept otherwise, with
        a warning.
    type: bool
    default: false
  renew:
    description:
      - Whether values are sealed anew that were sealed for another certificate than the present one, or for one that is
        not known. It is noted in the annotation C(ai-how.cloud/sealed-for).
    type: bool
    default: false
  mode:
    description: Mode of a new file, in octal and in quotes. One that is there keeps its own.
    type: raw
    default: "0644"
  force_conflicts:
    description:
      - Whether fields of another manager in the cluster are taken over. Without it a conflict is an error that names
        the manager.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode; what would be applied to a cluster is asked of the API server as a dry run.
    support: full
  diff_mode:
    description: Shows which keys change, and never their values.
    support: full
requirements:
  - cryptography >= 42.0
notes:
  - Ansible blanks the given values wherever they stand in a result, also in a name or a path. So results have an
    C(index), and a manifest in which one of them stands is not returned but refused.
  - What the options do not say stays in a file, also labels. In a cluster, what was applied before and is not said any
    more is removed.
seealso:
  - module: ai_how.cloud.sealed_secret_info
  - module: ai_how.cloud.sealed_secret_reseal
  - name: Sealed Secrets
    description: The controller, and scopes.
    link: https://github.com/bitnami-labs/sealed-secrets
"""

EXAMPLES = r"""
- name: A secret into the Git tree, for the cluster's controller
  ai_how.cloud.sealed_secret:
    name: minio-credentials
    namespace: mlops
    string_data:
      accesskey: minioadmin
      secretkey: "{{ vault_minio_secretkey }}"
    path: "{{ gitops_dir }}/base/mlops/minio/sealed-secret.yaml"
    kubeconfig: ~/.kube/config

- name: Many of them, without a cluster
  ai_how.cloud.sealed_secret:
    secrets:
      - name: minio-credentials
        namespace: mlops
        string_data: {accesskey: minioadmin, secretkey: "{{ vault_minio_secretkey }}"}
        path: "{{ gitops_dir }}/base/mlops/minio/sealed-secret.yaml"
      - name: postgresql-credentials
        namespace: mlops
        string_data: {password: "{{ vault_postgresql_password }}"}
        template: {data: {url: "postgresql://mlflow:{% raw %}{{ .password }}{% endraw %}@postgresql/mlflow"}}
        path: "{{ gitops_dir }}/base/mlops/postgresql/sealed-secret.yaml"
    certificate: "{{ gitops_dir }}/sealed-secrets.pem"
    hmac_key: "{{ vault_hmac_key }}"

- name: One more key, and one less, in a SealedSecret that is there
  ai_how.cloud.sealed_secret:
    name: minio-credentials
    namespace: mlops
    merge: true
    string_data: {kmskey: "{{ vault_minio_kmskey }}"}
    remove_keys: [oldkey]
    path: "{{ gitops_dir }}/base/mlops/minio/sealed-secret.yaml"
    certificate: "{{ gitops_dir }}/sealed-secrets.pem"
    hmac_key: "{{ vault_hmac_key }}"

- name: A TLS secret, straight into the cluster
  ai_how.cloud.sealed_secret:
    name: registry-tls
    namespace: registry
    type: kubernetes.io/tls
    files: {tls.crt: /etc/ssl/registry.crt, tls.key: /etc/ssl/private/registry.key}
    cluster: true
"""

RETURN = r"""
results:
  description: One entry for each secret, in the order given. A single one stands at the top level, too.
  returned: always
  type: list
  elements: dict
  contains:
    index:
      description: Its place in O(secrets).
      returned: always
      type: int
    name:
      description: Name of the secret.
      returned: always
      type: str
    namespace:
      description: Its namespace.
      returned: always
      type: str
    path:
      description: The file that it is in.
      returned: with O(path)
      type: str
    scope:
      description: Where it opens.
      returned: if it is there
      type: str
    data_keys:
      description: The keys that it has.
      returned: if it is there
      type: list
      elements: str
    unknown_keys:
      description: The keys of which nobody can tell whether they have the value that was given, so that they were kept.
      returned: if it is there
      type: list
      elements: str
    manifest:
      description: The SealedSecret, as YAML.
      returned: without O(path) and O(cluster)
      type: str
    changed:
      description: Whether it changed. What is only returned is no change.
      returned: always
      type: bool
    failed:
      description: Whether it failed.
      returned: always
      type: bool
    msg:
      description: Why it failed, or in check mode what would be done.
      returned: always
      type: str
"""

from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_declaration
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed.driver import CONNECTION_ARGUMENTS, Task
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed.model import ARGUMENTS, CONSTRAINTS


def main() -> None:
    task = Task()
    run_declaration({**CONNECTION_ARGUMENTS, **ARGUMENTS}, task.domain, task.store, **CONSTRAINTS)


if __name__ == "__main__":
    main()
