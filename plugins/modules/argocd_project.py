#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: argocd_project
short_description: Declare Argo CD projects
version_added: 0.1.0
author:
  - ai_how.cloud contributors (@ai-how)
description:
  - Declares and deletes Argo CD projects (AppProject) through the Kubernetes API; no API server of Argo CD is needed.
  - What Argo CD's API server would refuse, and the CRD would not (policies, sync windows, what is given twice), is
    refused here, too, before anything is written.
  - A list of projects is one list request, however many they are.
  - It needs the Kubernetes API; only M(ai_how.cloud.argocd_app) and M(ai_how.cloud.argocd_app_info) can use
    Argo CD's own instead.
extends_documentation_fragment:
  - ai_how.cloud.kube_auth
options:
  state:
    description:
      - V(present) declares the project. Options that were given before and are not given any more are removed.
      - V(absent) deletes it. That is refused while applications belong to it, as Argo CD's API server refuses it.
    type: str
    choices: [present, absent]
    default: present
  namespace:
    description: Namespace of the projects, which is where Argo CD runs.
    type: str
    default: argocd
  projects:
    description:
      - Several projects at once, instead of O(name) and the options beside it.
      - Nothing is written if any of them is malformed. After that they go on independently, and the task fails at the
        end if any of them failed.
    type: list
    elements: dict
    suboptions:
      name: &name
        description: Name of the project.
        type: str
      labels: &labels
        description: Labels of the project.
        type: dict
      annotations: &annotations
        description: Annotations of the project.
        type: dict
      finalizers: &finalizers
        description:
          - Finalizers of the project, like V(resources-finalizer.argocd.argoproj.io), with which it is not deleted
            before its applications are.
        type: list
        elements: str
      description: &description
        description: What the project is for; at most 255 characters.
        type: str
      source_repos: &source_repos
        description: URLs that its applications may come from, with V(*), or with V(!) before what they may not.
        type: list
        elements: str
      source_namespaces: &source_namespaces
        description: Namespaces other than Argo CD's own in which its applications may be.
        type: list
        elements: str
      destinations: &destinations
        description: Where its applications may deploy to.
        type: list
        elements: dict
        suboptions:
          server:
            description: URL of the cluster's API server, or V(*).
            type: str
          name:
            description: Name of the cluster, instead of its URL.
            type: str
          namespace:
            description: Namespace, or V(*).
            type: str
            required: true
      destination_service_accounts: &destination_service_accounts
        description: The service accounts as which Argo CD syncs, where impersonation is switched on.
        type: list
        elements: dict
        suboptions:
          server:
            description: URL of the cluster's API server, or V(*).
            type: str
            required: true
          namespace:
            description: Namespace, or V(*).
            type: str
          default_service_account:
            description: The service account, as C(NAME) or C(NAMESPACE:NAME).
            type: str
            required: true
      cluster_resource_whitelist: &cluster_resource_whitelist
        description: Cluster-wide kinds that its applications may deploy; none if not given.
        type: list
        elements: dict
        suboptions: &group_kind_name
          group:
            description: API group; empty for the core group.
            type: str
            default: ""
          kind:
            description: Kind, or V(*).
            type: str
            required: true
          name:
            description: Name, or a pattern of names; all if not given.
            type: str
      cluster_resource_blacklist: &cluster_resource_blacklist
        description: Cluster-wide kinds that its applications may not deploy.
        type: list
        elements: dict
        suboptions: *group_kind_name
      namespace_resource_whitelist: &namespace_resource_whitelist
        description: Kinds in namespaces that its applications may deploy; all if not given.
        type: list
        elements: dict
        suboptions: &group_kind
          group:
            description: API group; empty for the core group.
            type: str
            default: ""
          kind:
            description: Kind, or V(*).
            type: str
            required: true
      namespace_resource_blacklist: &namespace_resource_blacklist
        description: Kinds in namespaces that its applications may not deploy.
        type: list
        elements: dict
        suboptions: *group_kind
      roles: &roles
        description:
          - Roles for people and for tokens. The tokens of a role are not declared, and stay.
        type: list
        elements: dict
        suboptions:
          name:
            description: Name of the role.
            type: str
            required: true
          description:
            description: What the role is for.
            type: str
          policies:
            description: What it may do, like V(p, proj:PROJECT:ROLE, applications, sync, PROJECT/*, allow).
            type: list
            elements: str
          groups:
            description: Groups of the identity provider that have the role.
            type: list
            elements: str
      sync_windows: &sync_windows
        description: When its applications may be synced, and when not.
        type: list
        elements: dict
        suboptions:
          kind:
            description: Whether syncs are allowed or denied then.
            type: str
            choices: [allow, deny]
            required: true
          schedule:
            description: When the window begins, as the five fields of cron, like V(0 22 * * 1-5).
            type: str
            required: true
          duration:
            description: How long it stays open, like V(1h30m).
            type: str
            required: true
          applications:
            description: Names of applications that it is for, or V(*). One of this and the next two must be given.
            type: list
            elements: str
          namespaces:
            description: Namespaces that it is for, or V(*).
            type: list
            elements: str
          clusters:
            description: Names or URLs of clusters that it is for, or V(*).
            type: list
            elements: str
          manual_sync:
            description: Whether syncs that are asked for are allowed nevertheless.
            type: bool
          time_zone:
            description: Time zone of the schedule, like V(Europe/Berlin).
            type: str
            default: UTC
          use_and_operator:
            description: Whether application, namespace and cluster must all match, and not any of them.
            type: bool
          sync_overrun:
            description: Whether a sync may go on that runs when the window closes. Argo CD 3.6 or later.
            type: bool
          description:
            description: What the window is for; at most 255 characters.
            type: str
      signature_keys: &signature_keys
        description:
          - IDs of the GnuPG keys of which one must have signed a commit. Argo CD 3.6 prefers
            O(projects[].source_integrity).
        type: list
        elements: str
      source_integrity: &source_integrity
        description: How commits must be signed. Argo CD 3.6 or later.
        type: dict
        suboptions:
          git:
            description: For Git repositories.
            type: dict
            required: true
            suboptions:
              policies:
                description: Policies for groups of repositories.
                type: list
                elements: dict
                required: true
                suboptions:
                  repos:
                    description: The repositories that the policy is for.
                    type: list
                    elements: dict
                    required: true
                    suboptions:
                      url:
                        description: URL, or a pattern of URLs.
                        type: str
                        required: true
                  gpg:
                    description: What must be signed with GnuPG.
                    type: dict
                    required: true
                    suboptions:
                      mode:
                        description: Nothing, what is deployed, or the whole history.
                        type: str
                        choices: [none, head, strict]
                        required: true
                      keys:
                        description: IDs of the keys of which one must have signed it.
                        type: list
                        elements: str
                        required: true
      orphaned_resources: &orphaned_resources
        description: Look for resources that belong to no application. An empty dictionary is enough.
        type: dict
        suboptions:
          warn:
            description: Whether applications get a warning.
            type: bool
            default: false
          ignore:
            description: Resources that do not count.
            type: list
            elements: dict
            suboptions:
              group:
                description: API group.
                type: str
              kind:
                description: Kind.
                type: str
              name:
                description: Name, or a pattern of names.
                type: str
      permit_only_project_scoped_clusters: &permit_only_project_scoped_clusters
        description: Whether its applications may deploy only to clusters that belong to the project.
        type: bool
  name: *name
  labels: *labels
  annotations: *annotations
  finalizers: *finalizers
  description: *description
  source_repos: *source_repos
  source_namespaces: *source_namespaces
  destinations: *destinations
  destination_service_accounts: *destination_service_accounts
  cluster_resource_whitelist: *cluster_resource_whitelist
  cluster_resource_blacklist: *cluster_resource_blacklist
  namespace_resource_whitelist: *namespace_resource_whitelist
  namespace_resource_blacklist: *namespace_resource_blacklist
  roles: *roles
  sync_windows: *sync_windows
  signature_keys: *signature_keys
  source_integrity: *source_integrity
  orphaned_resources: *orphaned_resources
  permit_only_project_scoped_clusters: *permit_only_project_scoped_clusters
  force_conflicts:
    description:
      - Whether fields of another manager are taken over. Without it a conflict is an error that names the manager.
      - Argo CD's API server owns all the roles once it has made a token for one of them.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode; a change is asked of the API server as a dry run.
    support: full
  diff_mode:
    description: Shows what changes in the declaration.
    support: full
notes:
  - A project with nothing but a name allows nothing. C(default), which Argo CD makes, allows everything.
  - Whether a project has applications is looked up in O(namespace) only, as Argo CD's API server does.
  - The last example has the smallest Role for it.
seealso:
  - module: ai_how.cloud.argocd_app
  - name: Argo CD, projects
    description: What a project restricts.
    link: https://argo-cd.readthedocs.io/en/stable/user-guide/projects/
"""

EXAMPLES = r"""
- name: Let a team deploy into its namespaces, and nothing at night
  ai_how.cloud.argocd_project:
    name: team-a
    description: What team A deploys
    source_repos: [https://git.example.org/team-a/*]
    destinations:
      - server: https://kubernetes.default.svc
        namespace: team-a-*
    cluster_resource_whitelist:
      - kind: Namespace
    roles:
      - name: ci
        policies:
          - p, proj:team-a:ci, applications, sync, team-a/*, allow
        groups: [team-a]
    sync_windows:
      - kind: deny
        schedule: 0 22 * * *
        duration: 8h
        time_zone: Europe/Berlin
        applications: ["*"]
        manual_sync: true

- name: Several projects in one task
  ai_how.cloud.argocd_project:
    projects:
      - name: team-a
        source_repos: ["*"]
        destinations: [{server: "*", namespace: team-a}]
      - name: team-b
        source_repos: ["*"]
        destinations: [{server: "*", namespace: team-b}]

- name: Delete a project that has no applications any more
  ai_how.cloud.argocd_project:
    name: team-a
    state: absent

- name: Grant what this module needs, and no more
  kubernetes.core.k8s:
    definition:
      - apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: argocd-project, namespace: argocd}
        rules:
          - {apiGroups: [argoproj.io], resources: [appprojects], verbs: [list, create, patch, delete]}
          - {apiGroups: [argoproj.io], resources: [applications], verbs: [list]}
"""

RETURN = r"""
results:
  description: One entry for each project, in the order given. A single one stands at the top level, too.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the project.
      returned: always
      type: str
    namespace:
      description: Namespace of the project.
      returned: always
      type: str
    changed:
      description: Whether the declaration changed.
      returned: always
      type: bool
    failed:
      description: Whether this project failed.
      returned: always
      type: bool
    msg:
      description: Why it failed, or in check mode what would be done.
      returned: always
      type: str
"""

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.driver import CONNECTION_ARGUMENTS, connect_projects
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.projects import ARGUMENTS, CONSTRAINTS, Projects
from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_declaration


def main() -> None:
    run_declaration({**CONNECTION_ARGUMENTS, **ARGUMENTS}, Projects, connect_projects, **CONSTRAINTS)


if __name__ == "__main__":
    main()
