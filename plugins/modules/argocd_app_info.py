#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: argocd_app_info
short_description: State, history and troubles of Argo CD applications
version_added: 0.1.0
author:
  - ai_how.cloud contributors (@ai-how)
description:
  - Tells what Argo CD knows of applications, with one list request however many they are, through the Kubernetes API
    or, with O(argocd_server), through Argo CD's own.
  - Says of each what is wrong with it, why, and what to do.
extends_documentation_fragment:
  - ai_how.cloud.kube_auth
  - ai_how.cloud.argocd_auth
options:
  namespace:
    description: Namespace of the applications.
    type: str
    default: argocd
  names:
    description:
      - Names of the applications; all of the namespace if not given.
      - Those that do not exist are missing in the result.
    type: list
    elements: str
    aliases: [name]
  recurse:
    description:
      - Whether the applications of this namespace that they deploy (app of apps) are told of, too, at any depth.
    type: bool
    default: false
  pods:
    description:
      - Whether the pods of applications that are not Healthy are looked at, with their warnings and, of containers that
        ended badly, the end of their logs. Only for applications in Argo CD's own cluster.
      - What looks like a password in a log is masked, which cannot be relied on.
    type: bool
    default: false
  usage:
    description:
      - Whether it is told what the pods of the applications ask for, may have, and use now. Through the Kubernetes API
        only for applications in Argo CD's own cluster.
      - What they use is known where something measures it (C(metrics.k8s.io), like metrics-server), and not through
        Argo CD's own API.
    type: bool
    default: false
  logs:
    description:
      - Whether the end of the log of each container of each pod is told, of those that are well, too. Through the
        Kubernetes API only for applications in Argo CD's own cluster.
      - What looks like a password in a log is masked, which cannot be relied on.
    type: bool
    default: false
  log_lines:
    description: How many lines of a log are told at most; with V(0) none of O(pods) is read.
    type: int
    default: 20
  tree:
    description:
      - Whether all resources of the applications are told, those below the deployed ones with them, each with its
        health. Only through Argo CD's own API (O(argocd_server)).
    type: bool
    default: false
  orphaned:
    description:
      - Whether what is in the namespace of an application and belongs to none is told. Argo CD looks for it where the
        AppProject monitors it (O(ai_how.cloud.argocd_project#module:orphaned_resources)). Only through Argo CD's own
        API; the Kubernetes API has how many they are, in RV(applications[].conditions).
    type: bool
    default: false
  manifests:
    description: Whether the manifests are told that the sources make now. Only through Argo CD's own API.
    type: bool
    default: false
  differences:
    description:
      - Whether what is otherwise in the cluster than in the sources is told, as Argo CD compared it last
        (RV(applications[].reconciled_at)). Only through Argo CD's own API.
    type: bool
    default: false
attributes:
  check_mode:
    description: Writes nothing, with or without it.
    support: full
  diff_mode:
    description: Nothing changes.
    support: none
notes:
  - The last example has the smallest Role for the Kubernetes API; the right to look at pods is for O(pods), O(logs)
    and O(usage), and the ClusterRole C(view) has it, too.
  - Through Argo CD's own API it needs C(p, role:viewer, applications, get, */*, allow) in the RBAC policy, and for
    logs also C(p, role:viewer, logs, get, */*, allow); or a project's name for the first star. Applications that the
    token may not get are missing in the result, as if they did not exist.
  - Argo CD keeps the health of single resources and the tree below them to itself since version 3.0, and never puts
    manifests into the Application. So the Kubernetes API has the health of an application, and what its pods say; for
    more, O(tree), O(orphaned), O(manifests) and O(differences) are refused without O(argocd_server).
seealso:
  - module: ai_how.cloud.argocd_app
"""

EXAMPLES = r"""
- name: Look at all applications
  ai_how.cloud.argocd_app_info:
  register: found

- name: Show them
  ansible.builtin.debug:
    msg: "{{ found.applications | ai_how.cloud.table(['name', 'sync', 'health', 'revision', 'message']) }}"

- name: Look for what is wrong below an app of apps
  ai_how.cloud.argocd_app_info:
    name: mlops-stack
    recurse: true
    pods: true

- name: Read the last lines of what an application writes
  ai_how.cloud.argocd_app_info:
    name: mlflow
    logs: true
    log_lines: 50

- name: See what a sync would change, and which resource is not healthy
  ai_how.cloud.argocd_app_info:
    argocd_server: https://argocd.example.com
    argocd_token: "{{ lookup('ansible.builtin.env', 'CI_ARGOCD_TOKEN') }}"
    name: minio
    tree: true
    orphaned: true
    differences: true

- name: Grant what this module needs, and no more
  kubernetes.core.k8s:
    definition:
      - apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: argocd-app-info, namespace: argocd}
        rules:
          - {apiGroups: [argoproj.io], resources: [applications], verbs: [list]}
      - apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole # where applications deploy to
        metadata: {name: argocd-app-info-pods}
        rules:
          - {apiGroups: [""], resources: [pods], verbs: [get, list]}
          - {apiGroups: [metrics.k8s.io], resources: [pods], verbs: [list]}
          - {apiGroups: [""], resources: [events], verbs: [list]}
          - {apiGroups: [""], resources: [pods/log], verbs: [get]}
          - {apiGroups: [apps], resources: [daemonsets, deployments, replicasets, statefulsets], verbs: [get]}
"""

RETURN = r"""
applications:
  description: One entry for each, in the order of their names.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the application.
      type: str
      returned: always
    namespace:
      description: Namespace of the application.
      type: str
      returned: always
    project:
      description: Its AppProject.
      type: str
      returned: always
    labels:
      description: Its labels.
      type: dict
      returned: always
    sources:
      description: Its sources, as Argo CD has them.
      type: list
      elements: dict
      returned: always
    destination:
      description: Where it deploys to, with C(server) or C(name), and C(namespace).
      type: dict
      returned: always
    automated:
      description: Whether it syncs by itself.
      type: bool
      returned: always
    sync:
      description: Sync status.
      type: str
      returned: always
      sample: Synced
    health:
      description: Health.
      type: str
      returned: always
      sample: Healthy
    revision:
      description: The commit or chart version that it was compared with last; joined by commas for several sources.
      type: str
      returned: always
    revisions:
      description: The same as a list.
      type: list
      elements: str
      returned: always
    message:
      description: What Argo CD says of it, if there is anything to say.
      type: str
      returned: always
    reconciled_at:
      description: When Argo CD compared it last (RFC 3339), so how old this knowledge is.
      type: str
      returned: always
    hydration:
      description:
        - Where the source hydrator stands, with C(phase), C(message), C(finished_at), C(dry_revision), the commit of
          the dry source that it has seen last, and C(revision), the commit that it wrote. Null without one.
      type: dict
      returned: always
    operation:
      description:
        - The last operation, with C(phase), C(message), C(started_at), C(finished_at), C(revisions), and C(resources),
          what it did to each.
      type: dict
      returned: always
    conditions:
      description: Argo CD's conditions, message by type.
      type: dict
      returned: always
    resources:
      description: What it deploys, with C(group), C(kind), C(namespace), C(name) and C(status).
      type: list
      elements: dict
      returned: always
    images:
      description: The images that it runs.
      type: list
      elements: str
      returned: always
    history:
      description:
        - Its deployments, the newest last, with C(id), C(revisions), C(deployed_at) and C(initiated_by).
      type: list
      elements: dict
      returned: always
    children:
      description: The applications that it deploys, with C(namespace) and C(name).
      type: list
      elements: dict
      returned: always
    problems:
      description:
        - What is wrong with it, causes first. Empty if nothing is.
        - Each has C(kind) (like V(OutOfSync), V(SyncFailed), V(ComparisonError), V(Degraded)), C(cause) in the words of
          Argo CD and Kubernetes, and C(fix).
      type: list
      elements: dict
      returned: always
      sample:
        - kind: SyncFailed
          cause: 'Job/migrate: Job.batch "migrate" is invalid: spec.template: field is immutable'
          fix: delete the object and sync again, or give it the sync options Replace=true and Force=true
    pods:
      description:
        - Its pods that do not run, with C(namespace), C(name), C(reason), C(advice), C(events) (C(at), C(reason) and
          C(message) of each) and C(logs) (C(container) and C(text) of each).
      type: list
      elements: dict
      returned: with O(pods)
    hidden_namespaces:
      description:
        - Namespaces that it deploys to and whose pods may not be listed, so that RV(applications[].pods) and
          RV(applications[].logs) lack them.
      type: list
      elements: str
      returned: with O(pods), O(logs) or O(usage)
    logs:
      description:
        - The end of the log of each container, with C(namespace), C(pod), C(container) and C(text), which says why
          where it cannot be read.
      type: list
      elements: dict
      returned: with O(logs)
    usage:
      description:
        - C(pods), how many there are, and C(cpu) (in cores) and C(memory) (in bytes), each with C(requested), C(limit),
          null if a container has none, and C(used), null if it is not known.
      type: dict
      returned: with O(usage)
      sample:
        pods: 2
        cpu: {requested: 0.5, limit: 2.0, used: 0.12}
        memory: {requested: 536870912.0, limit: null, used: 301989888.0}
    tree:
      description:
        - All its resources, with C(group), C(kind), C(namespace), C(name), C(health) (empty for what has none),
          C(message) of the health, and C(parents), what each belongs to.
      type: list
      elements: dict
      returned: with O(tree)
    orphaned:
      description:
        - What belongs to no application, with C(group), C(kind), C(namespace) and C(name).
      type: list
      elements: dict
      returned: with O(orphaned)
    manifests:
      description: What its sources make now, with secrets masked.
      type: list
      elements: dict
      returned: with O(manifests)
    differences:
      description:
        - What a sync would change, with C(group), C(kind), C(namespace), C(name), C(before) (the live object, empty if
          there is none) and C(after) (empty if it would be pruned), with secrets masked.
      type: list
      elements: dict
      returned: with O(differences)
    untold:
      description: Which of them Argo CD could not tell of this application (they are null then), and why.
      type: dict
      returned: if something is missing
      sample:
        manifests: 'cannot get application "minio": rpc error: code = Unknown desc = nowhere: app path does not exist'
"""

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.info import ARGUMENTS
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.look import tell
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.transports import TRANSPORT_ARGUMENTS
from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_task


def main() -> None:
    run_task({**TRANSPORT_ARGUMENTS, **ARGUMENTS}, tell)


if __name__ == "__main__":
    main()
