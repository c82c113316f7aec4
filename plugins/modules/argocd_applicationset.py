#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: argocd_applicationset
short_description: Declare Argo CD application sets and wait for what they generate
version_added: 0.1.0
author:
  - ai_how.cloud contributors (@ai-how)
description:
  - Declares and deletes ApplicationSets of Argo CD through the Kubernetes API; no API server of Argo CD is needed.
  - With O(wait) it has Argo CD generate the applications now, rather than within minutes, and waits until every one of
    them is Synced and Healthy, with all that they deploy in turn.
  - A list of sets is two list requests and one wait, however many they are.
  - It needs the Kubernetes API; only M(ai_how.cloud.argocd_app) and M(ai_how.cloud.argocd_app_info) can use
    Argo CD's own instead.
extends_documentation_fragment:
  - ai_how.cloud.kube_auth
options:
  state:
    description:
      - V(present) declares the set. Options that were given before and are not given any more are removed.
      - V(absent) deletes it. What becomes of its applications is what Argo CD does then. It deletes them, with what
        they deployed unless O(sync_policy.preserve_resources_on_deletion); with an O(sync_policy.applications_sync)
        without deletion it keeps them.
    type: str
    choices: [present, absent]
    default: present
  namespace:
    description: Namespace of the sets and of the applications that they generate.
    type: str
    default: argocd
  application_sets:
    description:
      - Several sets at once, instead of O(name) and the options beside it.
      - Nothing is written if any of them is malformed. After that they go on independently, and the task fails at the
        end if any of them failed.
    type: list
    elements: dict
    suboptions:
      name: &name
        description: Name of the application set.
        type: str
      labels: &labels
        description: Labels of the application set.
        type: dict
      annotations: &annotations
        description: Annotations of the application set.
        type: dict
      finalizers: &finalizers
        description: Finalizers of the application set.
        type: list
        elements: str
      go_template: &go_template
        description: Whether the template is one of Go, with C(.) before the names of parameters.
        type: bool
      go_template_options: &go_template_options
        description: Options of Go templates, like C(missingkey=error).
        type: list
        elements: str
      generators: &generators
        description:
          - Where the parameters come from, in the API's own form. Each has exactly one of C(list), C(clusters), C(git),
            C(scmProvider), C(clusterDecisionResource), C(pullRequest), C(matrix), C(merge), C(plugin), C(oci).
          - Needed with O(state=present). An empty list generates nothing.
        type: list
        elements: dict
      template: &template
        description:
          - The applications, as C(metadata) and C(spec) of an Application's manifest in the API's own form.
          - Needed with O(state=present).
          - Write C(!unsafe) before texts whose double braces are Argo CD's and not Ansible's.
        type: dict
      template_patch: &template_patch
        description: A patch over the template as text, in YAML, with parameters. Needs O(go_template).
        type: str
      sync_policy: &sync_policy
        description: What Argo CD may do with the applications.
        type: dict
        suboptions:
          preserve_resources_on_deletion:
            description: Whether what the applications deployed stays when these are deleted.
            type: bool
          applications_sync:
            description: What Argo CD does with applications that are there; all that is due if not given.
            type: str
            choices: [create-only, create-update, create-delete, sync]
      strategy: &strategy
        description:
          - The order in which the applications are updated, in the API's own form, like C(type) V(RollingSync) with
            C(rollingSync.steps). Argo CD must have progressive syncs switched on.
        type: dict
      preserved_fields: &preserved_fields
        description: What of the applications Argo CD leaves as others have written it.
        type: dict
        suboptions:
          annotations:
            description: Names of annotations.
            type: list
            elements: str
          labels:
            description: Names of labels.
            type: list
            elements: str
      ignore_application_differences: &ignore_application_differences
        description: Fields of the applications that others may change.
        type: list
        elements: dict
        suboptions:
          name:
            description: Name of the application; all if not given.
            type: str
          json_pointers:
            description: Paths of fields, like V(/spec/syncPolicy).
            type: list
            elements: str
          jq_path_expressions:
            description: Paths of fields as jq expressions.
            type: list
            elements: str
  name: *name
  labels: *labels
  annotations: *annotations
  finalizers: *finalizers
  go_template: *go_template
  go_template_options: *go_template_options
  generators: *generators
  template: *template
  template_patch: *template_patch
  sync_policy: *sync_policy
  strategy: *strategy
  preserved_fields: *preserved_fields
  ignore_application_differences: *ignore_application_differences
  confirm_deletion:
    description:
      - Whether the deletion of resources is approved that wait for it (C(Delete=confirm) and C(Prune=confirm)).
    type: bool
    default: false
  force_conflicts:
    description:
      - Whether fields of another manager are taken over. Without it a conflict is an error that names the manager.
      - Argo CD's own controller is none, which writes a set anew without deciding anything.
    type: bool
    default: false
  wait:
    description:
      - Wait until the applications that Argo CD generates from the set now are Synced and Healthy, or gone with
        O(state=absent).
      - V(false) for O(state=present), V(true) for O(state=absent), if not given.
    type: bool
  wait_timeout:
    description: Seconds to wait at most, for all application sets together.
    type: int
    default: 300
attributes:
  check_mode:
    description: Can run in check mode and writes nothing then.
    support: full
    details:
      - A change of the declaration is asked of the API server as a dry run. Which applications would come of it only
        Argo CD could tell.
  diff_mode:
    description: Returns what changed.
    support: full
notes:
  - The last example has the smallest Role for it; applications that are generated into other namespaces need it there,
    too. Without the rights to look at pods a wait ends as Argo CD reports.
seealso:
  - module: ai_how.cloud.argocd_app
  - name: Argo CD, ApplicationSets
    description: Generators and templates.
    link: https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/
"""

EXAMPLES = r"""
- name: An application for each team, and wait until all of them are live
  ai_how.cloud.argocd_applicationset:
    name: teams
    go_template: true
    go_template_options: [missingkey=error]
    generators:
      - list:
          elements:
            - {team: alpha}
            - {team: beta}
    template:
      metadata:
        name: !unsafe "team-{{ .team }}"
      spec:
        project: default
        source:
          repoURL: https://git.example.org/platform/teams.git
          targetRevision: main
          path: !unsafe "{{ .team }}"
        destination:
          server: https://kubernetes.default.svc
          namespace: !unsafe "team-{{ .team }}"
        syncPolicy:
          automated: {prune: true}
          syncOptions: [CreateNamespace=true]
    wait: true

- name: An application for each folder of a repository, which stays when its folder goes
  ai_how.cloud.argocd_applicationset:
    name: folders
    go_template: true
    generators:
      - git:
          repoURL: https://git.example.org/platform/apps.git
          revision: main
          directories: [{path: "apps/*"}]
    template:
      metadata:
        name: !unsafe "{{ .path.basename }}"
      spec:
        project: default
        source:
          repoURL: https://git.example.org/platform/apps.git
          targetRevision: main
          path: !unsafe "{{ .path.path }}"
        destination:
          server: https://kubernetes.default.svc
          namespace: apps
    sync_policy:
      applications_sync: create-update

- name: Delete a set, its applications, and what they deployed
  ai_how.cloud.argocd_applicationset:
    name: teams
    state: absent

- name: Grant what this module needs, and no more
  kubernetes.core.k8s:
    definition:
      - apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: argocd-applicationset, namespace: argocd}
        rules:
          - {apiGroups: [argoproj.io], resources: [applicationsets], verbs: [get, list, watch, create, patch, delete]}
          - {apiGroups: [argoproj.io], resources: [applications], verbs: [get, list, watch, patch]}
      - apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole # where applications deploy to
        metadata: {name: argocd-applicationset-pods}
        rules:
          - {apiGroups: [""], resources: [pods], verbs: [list]}
          - {apiGroups: [apps], resources: [daemonsets, deployments, replicasets, statefulsets], verbs: [get]}
"""

RETURN = r"""
results:
  description: One entry for each set, in the order given. A single one stands at the top level, too.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the set.
      returned: always
      type: str
    namespace:
      description: Namespace of the set.
      returned: always
      type: str
    changed:
      description: Whether the declaration changed.
      returned: always
      type: bool
    failed:
      description: Whether this set, or an application of it, failed.
      returned: always
      type: bool
    msg:
      description: Why it failed, or in check mode what would be done.
      returned: always
      type: str
    applications:
      description: The applications that it generated, with all that these deploy in turn, in the order of their names.
      returned: always
      type: list
      elements: dict
      contains:
        name:
          description: Name of the application.
          returned: always
          type: str
        namespace:
          description: Namespace of the application.
          returned: always
          type: str
        sync:
          description: Sync status.
          returned: always
          type: str
        health:
          description: Health status.
          returned: always
          type: str
        revision:
          description: Revision that it was compared with.
          returned: always
          type: str
        message:
          description: Why it failed, or what Argo CD says of it.
          returned: always
          type: str
"""

import uuid

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.applicationsets import (
    ARGUMENTS,
    CONSTRAINTS,
    ApplicationSets,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.driver import CONNECTION_ARGUMENTS, connect_sets
from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_module


def main() -> None:
    run_module(
        {**CONNECTION_ARGUMENTS, **ARGUMENTS},
        lambda params: ApplicationSets(params, token=uuid.uuid4().hex),
        connect_sets,
        **CONSTRAINTS,
    )


if __name__ == "__main__":
    main()
