#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: argocd_app
short_description: Declare Argo CD applications, sync them, roll them back, and wait until a commit is live
version_added: 0.1.0
author:
  - ai_how.cloud contributors (@ai-how)
description:
  - Declares, refreshes, syncs, rolls back and deletes Argo CD applications through the Kubernetes API; no API server
    of Argo CD is needed. With O(argocd_server) it does the same through Argo CD's own API, and no kubeconfig is needed.
  - Waits by watching. A wait can be pinned to a commit, ends as soon as Argo CD reports success or failure or a
    pod says that it cannot start, and follows the applications that an application deploys (app of apps) at any depth.
  - A list of applications is one connection, one list request and one watch, however many they are.
extends_documentation_fragment:
  - ai_how.cloud.kube_auth
  - ai_how.cloud.argocd_auth
options:
  state:
    description:
      - V(present) declares the application. Options that were given before and are not given any more are removed.
      - V(synced) declares it, if more than the name is given, has Argo CD compare it with its source now,
        and syncs it if it is not in sync or not at O(revision). O(sync) says how, or to what else.
      - V(absent) deletes it; see O(cascade) for what becomes of the resources that it deployed.
      - V(refreshed) has Argo CD compare it with its source now, and fails if that is not possible. It declares nothing,
        waits for no sync and no health, and never changes anything.
      - V(terminated) ends the operation that is in progress, as C(argocd app terminate-op) does. Nothing is done where
        none is.
      - V(rolled_back) deploys an entry of its history again, O(history_id) or the last one at O(revision), as
        C(argocd app rollback) does. Nothing is done if that is what was deployed last. Argo CD wants automated sync to
        be off for it, and calls the application OutOfSync afterwards, as Git has something else.
    type: str
    choices: [present, absent, synced, refreshed, terminated, rolled_back]
    default: present
  namespace:
    description:
      - Namespace of the applications, which is where Argo CD runs.
      - Argo CD takes applications of other namespaces, too, if it was told so. Name these in O(applications), and the
        one in which Argo CD runs here, since the projects with their sync windows are there.
    type: str
    default: argocd
  applications:
    description:
      - Several applications at once, instead of O(name) and the options beside it.
      - Nothing is written if any of them is malformed. After that they go on independently, and the task fails at the
        end if any of them failed.
    type: list
    elements: dict
    suboptions:
      name: &name
        description: Name of the application.
        type: str
      namespace:
        description: Namespace of the application, if it is another one than O(namespace).
        type: str
      labels: &labels
        description: Labels of the application.
        type: dict
      annotations: &annotations
        description: Annotations of the application.
        type: dict
      finalizers: &finalizers
        description:
          - Finalizers of the application, like V(resources-finalizer.argocd.argoproj.io), with which the deletion of
            the application deletes what it deployed.
        type: list
        elements: str
      project: &project
        description:
          - The AppProject that the application belongs to.
          - C(default) if it is not given, but a source or destination is.
        type: str
      source: &source
        description: Where the manifests come from.
        type: dict
        suboptions: &source_options
          repo_url:
            description: URL of the Git, Helm or OCI repository.
            type: str
            required: true
          target_revision:
            description: Branch, tag or commit, or the version of the chart; C(HEAD) if not given.
            type: str
          tag_prefix:
            description: Only tags with this prefix count for a O(applications[].source.target_revision) like V(1.2.*).
            type: str
          path:
            description: Folder in the Git repository.
            type: str
          chart:
            description: Name of the chart in the Helm repository.
            type: str
          ref:
            description: Name under which value files of other sources refer to this one.
            type: str
          name:
            description: Name of the source among several.
            type: str
          helm: &helm
            description: Options for a Helm chart.
            type: dict
            suboptions:
              release_name:
                description: Name of the release; the name of the application if not given.
                type: str
              value_files:
                description: Value files, relative to the chart, or C($ref/path).
                type: list
                elements: str
              ignore_missing_value_files:
                description: Whether a value file that does not exist is passed over.
                type: bool
              values:
                description: Values, as the text of a YAML document.
                type: str
              values_object:
                description: Values, as a dictionary; wins over O(applications[].source.helm.values).
                type: dict
              parameters:
                description: Single values, as C(helm --set).
                type: list
                elements: dict
                suboptions: &helm_parameter
                  name:
                    description: Path of the value.
                    type: str
                    required: true
                  value:
                    description: The value; Argo CD replaces its build environment (C($ARGOCD_APP_REVISION)) in it.
                    type: str
                    required: true
                  force_string:
                    description: Whether the value stays a string, as C(helm --set-string).
                    type: bool
              file_parameters:
                description: Single values from files, as C(helm --set-file).
                type: list
                elements: dict
                suboptions:
                  name:
                    description: Path of the value.
                    type: str
                    required: true
                  path:
                    description: Path of the file.
                    type: str
                    required: true
              pass_credentials:
                description: Whether credentials go to all domains.
                type: bool
              skip_crds:
                description: Whether the chart's CRDs are left out.
                type: bool
              skip_schema_validation:
                description: Whether the values are not validated by the chart's schema.
                type: bool
              skip_tests:
                description: Whether the chart's tests are left out.
                type: bool
              namespace:
                description: Namespace of the release, if it is not the destination's.
                type: str
              version:
                description: Version of Helm to render with.
                type: str
              kube_version:
                description: Kubernetes version that the chart sees.
                type: str
              api_versions:
                description: API versions that the chart sees.
                type: list
                elements: str
          kustomize: &kustomize
            description: Options for a kustomization.
            type: dict
            suboptions:
              name_prefix:
                description: Prefix of all names.
                type: str
              name_suffix:
                description: Suffix of all names.
                type: str
              namespace:
                description: Namespace of all resources.
                type: str
              images:
                description: Images to replace, as C(name=new-name:tag) or C(name:tag).
                type: list
                elements: str
              replicas:
                description: Replicas to set.
                type: list
                elements: dict
                suboptions:
                  name:
                    description: Name of the workload.
                    type: str
                    required: true
                  count:
                    description: Number of replicas.
                    type: int
                    required: true
              common_labels:
                description: Labels for all resources.
                type: dict
              force_common_labels:
                description: Whether labels that are there already are overwritten.
                type: bool
              label_without_selector:
                description: Whether the labels stay out of selectors.
                type: bool
              label_include_templates:
                description: Whether labels that stay out of selectors also go to pod templates.
                type: bool
              common_annotations:
                description: Annotations for all resources.
                type: dict
              force_common_annotations:
                description: Whether annotations that are there already are overwritten.
                type: bool
              common_annotations_envsubst:
                description: Whether Argo CD replaces its build environment in the annotations.
                type: bool
              components:
                description: Kustomize components to add.
                type: list
                elements: str
              ignore_missing_components:
                description: Whether a component that does not exist is passed over.
                type: bool
              patches:
                description: Patches, in the words of a C(kustomization.yaml).
                type: list
                elements: dict
              version:
                description: Version of Kustomize to render with.
                type: str
              kube_version:
                description: Kubernetes version for Helm charts in the kustomization.
                type: str
              api_versions:
                description: API versions for Helm charts in the kustomization.
                type: list
                elements: str
          directory: &directory
            description: Options for a folder of plain manifests or Jsonnet.
            type: dict
            suboptions:
              recurse:
                description: Whether folders below are read, too.
                type: bool
              include:
                description: Glob of the files that are read.
                type: str
              exclude:
                description: Glob of the files that are not read.
                type: str
              disable_extension_filter:
                description: Whether O(applications[].source.directory.include) may match files of any extension.
                type: bool
              jsonnet:
                description: Options for Jsonnet.
                type: dict
                suboptions:
                  ext_vars:
                    description: External variables.
                    type: list
                    elements: dict
                    suboptions: &jsonnet_variable
                      name:
                        description: Name of the variable.
                        type: str
                        required: true
                      value:
                        description: Its value.
                        type: str
                        required: true
                      code:
                        description: Whether the value is code.
                        type: bool
                  tlas:
                    description: Top-level arguments.
                    type: list
                    elements: dict
                    suboptions: *jsonnet_variable
                  libs:
                    description: Folders with libraries.
                    type: list
                    elements: str
          plugin: &plugin
            description: Options for a config management plugin. An empty dictionary is enough, where a plugin takes it.
            type: dict
            suboptions:
              name:
                description: Name of the plugin; the one that takes such a source if not given.
                type: str
              env:
                description: Its environment. Secrets belong into the plugin's own.
                type: list
                elements: dict
                suboptions:
                  name:
                    description: Name of the variable.
                    type: str
                    required: true
                  value:
                    description: Its value.
                    type: str
                    required: true
              parameters:
                description: Its parameters, each as one of a text, a list and a dictionary.
                type: list
                elements: dict
                suboptions:
                  name:
                    description: Name of the parameter.
                    type: str
                    required: true
                  string:
                    description: Its value, a text.
                    type: str
                  array:
                    description: Its value, a list of texts.
                    type: list
                    elements: str
                  map:
                    description: Its value, a dictionary of texts.
                    type: dict
      sources: &sources
        description: Several sources, instead of O(applications[].source).
        type: list
        elements: dict
        suboptions: *source_options
      source_hydrator: &source_hydrator
        description:
          - Instead of O(applications[].source), a source whose manifests Argo CD writes into a branch, from which it
            syncs. Argo CD needs its source hydrator for it.
          - A wait has Argo CD hydrate what was pushed, and is over when that is live. O(applications[].revision) is a
            commit of the dry source then.
        type: dict
        suboptions:
          dry_source:
            description: Where the manifests are made of.
            type: dict
            required: true
            suboptions:
              repo_url:
                description: URL of the Git repository.
                type: str
                required: true
              target_revision:
                description: Branch, tag or commit.
                type: str
                required: true
              path:
                description: Folder in the Git repository.
                type: str
                required: true
              helm: *helm
              kustomize: *kustomize
              directory: *directory
              plugin: *plugin
          sync_source:
            description: Where the manifests are synced from.
            type: dict
            required: true
            suboptions:
              repo_url:
                description: URL of the Git repository; that of the dry source if not given.
                type: str
              target_branch:
                description: Branch that is synced.
                type: str
                required: true
              path:
                description: Folder in it.
                type: str
                required: true
          hydrate_to:
            description: Write elsewhere first, so that somebody can look at it before it is merged and synced.
            type: dict
            suboptions:
              target_branch:
                description: Branch that is written.
                type: str
                required: true
      destination: &destination
        description: The cluster and namespace to deploy to; Argo CD's own cluster if neither server nor name is given.
        type: dict
        suboptions:
          server:
            description: URL of the cluster's API server.
            type: str
          name:
            description: Name of the cluster in Argo CD.
            type: str
          namespace:
            description: Namespace for resources that name none.
            type: str
      sync_policy: &sync_policy
        description: When and how Argo CD syncs.
        type: dict
        suboptions:
          automated:
            description: Sync by itself. An empty dictionary is enough.
            type: dict
            suboptions:
              enabled:
                description: V(false) keeps the settings but does not sync automatically.
                type: bool
              prune:
                description: Whether resources that are gone from Git are deleted.
                type: bool
              self_heal:
                description: Whether changes made in the cluster are undone.
                type: bool
              allow_empty:
                description: Whether a sync may delete everything.
                type: bool
          sync_options:
            description: Options like V(CreateNamespace=true) or V(ServerSideApply=true).
            type: list
            elements: str
          retry:
            description: What follows a failed sync.
            type: dict
            suboptions: &retry
              limit:
                description: Number of attempts; negative for no limit.
                type: int
              refresh:
                description: Whether a retry takes a newer commit.
                type: bool
              backoff:
                description: Time between attempts.
                type: dict
                suboptions:
                  duration:
                    description: Before the first retry, like V(5s).
                    type: str
                  factor:
                    description: Factor for each further one.
                    type: int
                  max_duration:
                    description: At most, like V(3m).
                    type: str
          managed_namespace_metadata:
            description: Labels and annotations for the namespace that V(CreateNamespace=true) makes.
            type: dict
            suboptions:
              labels:
                description: Labels of the namespace.
                type: dict
              annotations:
                description: Annotations of the namespace.
                type: dict
      ignore_differences: &ignore_differences
        description: Differences between Git and the cluster that do not count.
        type: list
        elements: dict
        suboptions:
          group:
            description: API group.
            type: str
          kind:
            description: Kind.
            type: str
            required: true
          name:
            description: Name; all if not given.
            type: str
          namespace:
            description: Namespace; all if not given.
            type: str
          json_pointers:
            description: Fields, as JSON pointers.
            type: list
            elements: str
          jq_path_expressions:
            description: Fields, as jq paths.
            type: list
            elements: str
          managed_fields_managers:
            description: All fields that these managers own.
            type: list
            elements: str
      revision_history_limit: &revision_history_limit
        description: Number of deployments that are remembered.
        type: int
      info: &info
        description: Facts for people, shown by Argo CD.
        type: list
        elements: dict
        suboptions: &facts
          name:
            description: Name of the fact.
            type: str
            required: true
          value:
            description: The fact.
            type: str
            required: true
      revision: &revision
        description:
          - The commit (at least 7 digits) or chart version that must be live for the wait to succeed.
            It does not count what was Synced before.
          - It is enough that the commit was deployed since the task began, even if a newer one followed. If Argo CD is
            at another commit instead, the task fails and says which one superseded it.
          - Children that track the same repository and branch are expected at this commit, too.
          - With O(applications[].source_hydrator) it is a commit of the dry source, and the newest one there.
        type: str
      revisions: &revisions
        description: Like O(applications[].revision), one for each of the sources; an empty string expects nothing.
        type: list
        elements: str
      prune: &prune
        description:
          - Whether a sync or rollback that this task starts deletes resources that are gone from Git.
          - As the application's automated sync has it, if not given; V(false) without automated sync.
        type: bool
      sync: &sync
        description:
          - With O(state=synced), how the sync is done that this task starts. What is not given is as the application's
            O(applications[].sync_policy) has it.
          - These options say how, not whether. Without O(applications[].sync.always) a sync starts only if it would
            bring something, so that a second run changes nothing.
        type: dict
        suboptions:
          revision:
            description:
              - What to sync to instead of the source's target revision, a commit, a tag, a branch or the version of a
                chart. Refused for an application that is synced automatically, as Argo CD does.
              - Done if it is what was deployed last and the health is good; the sync status is against the target
                revision and does not count. Which commit a tag or branch is at only Argo CD knows, so that a sync to
                one starts each time.
            type: str
          revisions:
            description:
              - Like O(applications[].sync.revision), one for each of the sources; an empty string for its target
                revision.
            type: list
            elements: str
          resources:
            description:
              - Sync only these, if one of them is OutOfSync, and wait only for their sync. Such a sync runs no hooks,
                and is not in the application's history; with O(applications[].sync.revision) it is due in every run,
                unless the whole application was deployed at that revision last.
              - The result RV(results[].resources) lists what an application has. Their labels are in the manifests that
                M(ai_how.cloud.argocd_app_info) gives.
            type: list
            elements: dict
            suboptions:
              group:
                description: API group, like V(apps), or V(*) for any; not given for the core group.
                type: str
              kind:
                description: Kind, or V(*) for any.
                type: str
                required: true
              name:
                description: Name, or V(*) for any.
                type: str
                required: true
              namespace:
                description: Namespace; any if not given.
                type: str
              exclude:
                description:
                  - Do not sync these, whatever else means them. Where all that is named is excluded, all others are
                    synced.
                type: bool
          always:
            description: Sync also if nothing is out of sync, like C(argocd app sync); hooks run again. Always a change.
            type: bool
          dry_run:
            description:
              - Have Argo CD try the sync without applying anything. RV(results[].operation) tells the outcome, resource
                by resource; it is no change.
              - It takes the place of the last operation, so that automated sync may skip the commit that was tried.
                Check mode starts none.
            type: bool
          force:
            description: Whether resources that cannot be changed are deleted and made anew.
            type: bool
          replace:
            description: Whether resources are replaced rather than applied (C(Replace=true)).
            type: bool
          server_side_apply:
            description: Whether the API server merges what is applied (C(ServerSideApply=true)).
            type: bool
          apply_out_of_sync_only:
            description: Whether only what is OutOfSync is applied (C(ApplyOutOfSyncOnly=true)).
            type: bool
          strategy:
            description: V(hook) runs hooks, V(apply) leaves them out. V(hook) if not given.
            type: str
            choices: [apply, hook]
          retry:
            description: What follows a failed sync. The task waits for the last attempt then.
            type: dict
            suboptions: *retry
          info:
            description: Facts for people about this sync, like a ticket; shown with the operation by Argo CD.
            type: list
            elements: dict
            suboptions: *facts
      history_id: &history_id
        description:
          - With O(state=rolled_back), the id of the deployment to go back to, as RV(results[].history) lists it.
        type: int
  name: *name
  labels: *labels
  annotations: *annotations
  finalizers: *finalizers
  project: *project
  source: *source
  sources: *sources
  source_hydrator: *source_hydrator
  destination: *destination
  sync_policy: *sync_policy
  ignore_differences: *ignore_differences
  revision_history_limit: *revision_history_limit
  info: *info
  revision: *revision
  revisions: *revisions
  prune: *prune
  sync: *sync
  history_id: *history_id
  selector:
    description:
      - Labels of the applications of O(namespace) that the task is about, instead of their names, in the words of
        C(kubectl -l) and C(argocd app sync -l), like V(team=ml,tier!=test).
      - Nothing is declared then, but O(revision), O(prune), O(sync) and the like are for each of them.
      - That there are none is an error, but for O(state=absent).
    type: str
  refresh:
    description:
      - With O(state=refreshed), whether Argo CD may compare with manifests that it made of the same commit before
        (V(normal)), or makes them anew (V(hard)), which also sees a remote base or chart that was published again.
    type: str
    choices: [normal, hard]
    default: normal
  cascade:
    description:
      - With O(state=absent), what becomes of the resources that the application deployed.
      - V(foreground) deletes them, and the application is gone after them. V(background) deletes them afterwards.
        V(orphan) leaves them.
      - The application's own finalizers decide if not given.
    type: str
    choices: [foreground, background, orphan]
  confirm_deletion:
    description:
      - Whether the deletion of resources is approved that wait for it (C(Delete=confirm) and C(Prune=confirm)), as
        C(argocd app confirm-deletion) does. Without it a wait for such a resource fails and names it.
      - It approves what is waiting while this task waits, not what comes later.
    type: bool
    default: false
  force_conflicts:
    description:
      - Whether fields of another manager are taken over. Without it a conflict is an error that names the manager.
      - The children of an app of apps are owned by C(argocd-controller), from Git; change them there.
    type: bool
    default: false
  recurse:
    description:
      - Whether a wait for Synced and Healthy includes the applications that an application deploys (app of apps), at
        any depth.
    type: bool
    default: true
  wait:
    description:
      - Wait until the application is Synced and Healthy, or gone with O(state=absent), compared with
        O(state=refreshed), without operation with O(state=terminated), deployed with O(state=rolled_back).
      - V(false) for O(state=present), V(true) for all others, if not given.
      - An application whose health is Suspended is not Healthy. Use V(false) where it is meant to stay so.
    type: bool
  wait_timeout:
    description: Seconds to wait at most, for all applications together.
    type: int
    default: 300
attributes:
  check_mode:
    description: Can run in check mode and writes nothing then, not even a refresh.
    support: full
    details:
      - A change of the declaration is asked of the API server as a dry run. Argo CD's own API has none; there the
        change is computed here, and Argo CD is only asked whether it would be allowed.
      - Whether a sync is due is told by what Argo CD knew last; RV(results[].reconciled_at) says when that was.
      - Sync windows are not looked at.
  diff_mode:
    description: Shows what changes in the declaration, with secrets masked.
    support: full
notes:
  - An application that does not sync automatically is only synced by O(state=synced).
  - Argo CD calls an application whose pods cannot start Progressing for ten minutes. A wait therefore looks at the pods
    of what is not Healthy after two seconds. One that cannot start for ten seconds (its image cannot be pulled, or a
    Secret that it names is missing) fails the task with its own reason; what may heal, like a crash loop or a lack of
    nodes, is told when the wait times out.
  - Argo CD begins no operation while another one waits for pods, even if a newer commit, like a revert, is there. Where
    the pods of an older commit do not run for ten seconds, the wait ends the operation that waits for them.
  - A sync is not started in a closed sync window of the AppProject, where that can be read.
  - Through Argo CD's own API the fields that a task gave are noted in the annotation C(ai-how.cloud/applied), since
    Argo CD writes for all its users under one name. So options that were dropped are removed there, too, and fields of
    other managers are refused by name. What was declared through one API and is changed through the other belongs to
    another manager, so it needs O(force_conflicts=true) once.
  - Argo CD's own API writes an application as a whole, without looking whether it has changed. It is read again right
    before, but what somebody else changes within these milliseconds is lost. Nor can a deletion or the end of an
    operation be tied to what was seen.
  - Through Argo CD's own API an application that the token may not get looks like one that does not exist.
  - Through Argo CD's own API a token needs C(applications, get) in the RBAC policy; to declare C(create) and C(update);
    for O(state=synced) and O(state=terminated) also C(sync), as for O(state=rolled_back), unless Argo CD is configured
    to ask for C(rollback); and for O(state=absent) C(delete). So
    C(p, role:deployer, applications, *, my-project/*, allow) is enough, and pods are looked at with C(get).
  - The last example has the smallest Role for the Kubernetes API; applications of other namespaces need it there, too.
    O(state=refreshed) and O(state=synced) of what is declared elsewhere need no C(create) and C(delete). AppProjects
    are read for their sync windows. Without the rights to look at pods, and for other clusters than Argo CD's own, a
    wait ends as Argo CD reports.
  - Secrets in Helm parameters and values end up in the Application object; use a Secret instead. Values whose name
    looks like a secret are masked in results and diffs.
seealso:
  - name: Argo CD, declarative setup
    description: The fields of an Application.
    link: https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/
"""

EXAMPLES = r"""
- name: Declare an application and wait until it is live
  ai_how.cloud.argocd_app:
    name: minio
    source:
      repo_url: https://git.example.org/platform/gitops.git
      target_revision: main
      path: k8s-manifests/base/mlops/minio
    destination:
      namespace: mlops
    sync_policy:
      automated:
        prune: true
        self_heal: true
      sync_options: [CreateNamespace=true]
    wait: true

- name: Wait until a pushed commit is live, with everything below an app of apps
  ai_how.cloud.argocd_app:
    name: mlops-stack
    state: synced
    revision: 2f1d5c9a4b6e8f7011223344556677889900aabb

- name: A chart with values from Git
  ai_how.cloud.argocd_app:
    name: monitoring
    sources:
      - repo_url: https://charts.example.org
        chart: kube-prometheus-stack
        target_revision: 75.6.0
        helm:
          value_files: [$values/monitoring/values.yaml]
      - repo_url: https://git.example.org/platform/gitops.git
        target_revision: main
        ref: values
    destination:
      namespace: monitoring

- name: Several applications in one task
  ai_how.cloud.argocd_app:
    applications: "{{ teams | map('combine', {'destination': {'namespace': 'teams'}}) }}"
    wait: true
  vars:
    teams:
      - name: team-a
        source: {repo_url: https://git.example.org/teams.git, path: a}
      - name: team-b
        source: {repo_url: https://git.example.org/teams.git, path: b}

- name: Applications in namespaces of their own
  ai_how.cloud.argocd_app:
    namespace: argocd
    applications:
      - name: web
        namespace: team-a
      - name: web
        namespace: team-b
    state: synced

- name: Manifests that Argo CD writes into a branch, and syncs from there
  ai_how.cloud.argocd_app:
    name: minio
    source_hydrator:
      dry_source:
        repo_url: https://git.example.org/platform/gitops.git
        target_revision: main
        path: k8s-manifests/base/mlops/minio
      sync_source:
        target_branch: environments/prod
        path: minio
    destination:
      namespace: mlops

- name: Sync all applications of a team
  ai_how.cloud.argocd_app:
    selector: team=ml
    state: synced

- name: Sync two resources only
  ai_how.cloud.argocd_app:
    name: minio
    state: synced
    sync:
      resources:
        - {group: apps, kind: Deployment, name: minio}
        - {kind: Service, name: minio}

- name: See what a sync would do, without applying anything
  ai_how.cloud.argocd_app:
    name: minio
    state: synced
    sync:
      dry_run: true
  register: tried

- name: Replace what cannot be changed
  ai_how.cloud.argocd_app:
    name: minio
    state: synced
    sync:
      force: true
      replace: true
      retry: {limit: 2, backoff: {duration: 10s}}

- name: End what runs, and go back to an earlier commit
  ai_how.cloud.argocd_app:
    name: minio
    state: "{{ item.state }}"
    revision: "{{ item.revision | default(omit) }}"
  loop:
    - {state: terminated}
    - {state: rolled_back, revision: 2f1d5c9a4b6e8f7011223344556677889900aabb}

- name: Have Argo CD look at the repository now
  ai_how.cloud.argocd_app:
    name: minio
    state: refreshed
    refresh: hard

- name: Delete an application with a database that wants its deletion to be confirmed
  ai_how.cloud.argocd_app:
    name: postgresql
    state: absent
    cascade: foreground
    confirm_deletion: true

- name: Wait for a commit without a kubeconfig
  ai_how.cloud.argocd_app:
    argocd_server: https://argocd.example.com
    argocd_token: "{{ lookup('ansible.builtin.env', 'CI_ARGOCD_TOKEN') }}"
    name: minio
    state: synced
    revision: 2f1d5c9a4b6e8f7011223344556677889900aabb

- name: Delete an application, keep what it deployed
  ai_how.cloud.argocd_app:
    name: minio
    state: absent
    cascade: orphan

- name: Grant what this module needs, and no more
  kubernetes.core.k8s:
    definition:
      - apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: argocd-app, namespace: argocd}
        rules:
          - {apiGroups: [argoproj.io], resources: [applications], verbs: [get, list, watch, create, patch, delete]}
          - {apiGroups: [argoproj.io], resources: [appprojects], verbs: [get]}
      - apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole # where applications deploy to
        metadata: {name: argocd-app-pods}
        rules:
          - {apiGroups: [""], resources: [pods], verbs: [list]}
          - {apiGroups: [apps], resources: [daemonsets, deployments, replicasets, statefulsets], verbs: [get]}
"""

RETURN = r"""
results:
  description: One entry for each application, in the order given. A single one stands at the top level, too.
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
    changed:
      description: Whether the declaration changed, something was deployed, or an operation was ended.
      returned: always
      type: bool
    failed:
      description: Whether this application failed.
      returned: always
      type: bool
    msg:
      description: Why it failed, or in check mode what would be done.
      returned: always
      type: str
    sync:
      description: Sync status, like V(Synced) or V(OutOfSync).
      returned: if the application exists
      type: str
      sample: Synced
    health:
      description: Health, like V(Healthy), V(Progressing) or V(Degraded).
      returned: if the application exists
      type: str
      sample: Healthy
    revision:
      description: The commit or chart version that it was compared with last; joined by commas for several sources.
      returned: if the application exists
      type: str
      sample: 2f1d5c9a4b6e8f7011223344556677889900aabb
    revisions:
      description: The same as a list.
      returned: if the application exists
      type: list
      elements: str
    message:
      description: What Argo CD says of it, if there is anything to say.
      returned: if the application exists
      type: str
    reconciled_at:
      description: When Argo CD compared it last (RFC 3339).
      returned: if the application exists
      type: str
      sample: "2026-11-23T12:00:00Z"
    hydration:
      description:
        - Where the source hydrator stands, with C(phase), C(message), C(finished_at), C(dry_revision), the commit of
          the dry source that it has seen last, and C(revision), the commit that it wrote. Null without one.
      returned: if the application exists
      type: dict
    operation:
      description:
        - The last operation, with C(phase), C(message), C(started_at), C(finished_at), C(revisions), and C(resources),
          what it did to each of them in Argo CD's words.
      returned: if the application exists
      type: dict
    history:
      description:
        - What was deployed, the last at the end, with C(id), C(revisions), C(deployed_at) and C(initiated_by); see
          O(state=rolled_back).
      returned: if the application exists
      type: list
      elements: dict
    resources:
      description: The resources of the application, with C(group), C(kind), C(namespace), C(name) and C(status).
      returned: if the application exists
      type: list
      elements: dict
    conditions:
      description: Argo CD's conditions, message by type.
      returned: if the application exists
      type: dict
    applications:
      description:
        - The applications below it (app of apps), with C(name), C(namespace), C(sync), C(health), C(revision) and
          C(message).
      returned: if the application exists
      type: list
      elements: dict
"""

import uuid

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.applications import (
    ARGUMENTS,
    CONSTRAINTS,
    Applications,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.transports import (
    TRANSPORT_ARGUMENTS,
    connect,
    select,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_module


def main() -> None:
    run_module(
        {**TRANSPORT_ARGUMENTS, **ARGUMENTS},
        lambda params: Applications(select(params), token=uuid.uuid4().hex),
        connect,
        **CONSTRAINTS,
    )


if __name__ == "__main__":
    main()
