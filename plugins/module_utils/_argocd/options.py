# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The options of an Application, one line each, in the order of Argo CD's CRD (argoproj.io/v1alpha1, Argo CD 3.6).

Sources: manifests/crds/application-crd.yaml and pkg/apis/application/v1alpha1/types.go of argo-cd.
"""

from __future__ import annotations

from ansible_collections.ai_how.cloud.plugins.module_utils._core.options import Opt, Options

_NAME_VALUE: Options = {
    "name": Opt(required=True, keep_empty=True),
    "value": Opt(required=True, keep_empty=True),
}

_HELM: Options = {
    "release_name": Opt(),
    "value_files": Opt("list", elements="str"),
    "ignore_missing_value_files": Opt("bool"),
    "values": Opt(),
    "values_object": Opt("dict"),
    "parameters": Opt(
        "list",
        elements="dict",
        options={"name": Opt(required=True), "value": Opt(required=True), "force_string": Opt("bool")},
    ),
    "file_parameters": Opt(
        "list", elements="dict", options={"name": Opt(required=True), "path": Opt("str", required=True)}
    ),
    "pass_credentials": Opt("bool"),
    "skip_crds": Opt("bool"),
    "skip_schema_validation": Opt("bool"),
    "skip_tests": Opt("bool"),
    "namespace": Opt(),
    "version": Opt(),
    "kube_version": Opt(),
    "api_versions": Opt("list", elements="str"),
}

_KUSTOMIZE: Options = {
    "name_prefix": Opt(),
    "name_suffix": Opt(),
    "namespace": Opt(),
    "images": Opt("list", elements="str"),
    "replicas": Opt(
        "list",
        elements="dict",
        options={"name": Opt(required=True), "count": Opt("int", required=True, keep_empty=True)},
    ),
    "common_labels": Opt("dict"),
    "force_common_labels": Opt("bool"),
    "label_without_selector": Opt("bool"),
    "label_include_templates": Opt("bool"),
    "common_annotations": Opt("dict"),
    "force_common_annotations": Opt("bool"),
    "common_annotations_envsubst": Opt("bool"),
    "components": Opt("list", elements="str"),
    "ignore_missing_components": Opt("bool"),
    "patches": Opt("list", elements="dict"),
    "version": Opt(),
    "kube_version": Opt(),
    "api_versions": Opt("list", elements="str"),
}

_JSONNET_VARIABLE: Options = {**_NAME_VALUE, "code": Opt("bool")}

_DIRECTORY: Options = {
    "recurse": Opt("bool"),
    "include": Opt(),
    "exclude": Opt(),
    "disable_extension_filter": Opt("bool"),
    "jsonnet": Opt(
        "dict",
        options={
            "ext_vars": Opt("list", elements="dict", options=_JSONNET_VARIABLE),
            "tlas": Opt("list", elements="dict", options=_JSONNET_VARIABLE),
            "libs": Opt("list", elements="str"),
        },
    ),
}

_PLUGIN: Options = {
    "name": Opt(),
    "env": Opt("list", elements="dict", options=_NAME_VALUE),
    "parameters": Opt(
        "list",
        elements="dict",
        options={
            "name": Opt(required=True),
            "string": Opt(keep_empty=True),
            "array": Opt("list", elements="str", keep_empty=True),
            "map": Opt("dict", keep_empty=True),
        },
    ),
}

# How manifests are made of a source; a plugin without a name is the one that says that it is for such a source.
_TOOLS: Options = {
    "helm": Opt("dict", options=_HELM),
    "kustomize": Opt("dict", options=_KUSTOMIZE),
    "directory": Opt("dict", options=_DIRECTORY),
    "plugin": Opt("dict", keep_empty=True, options=_PLUGIN),
}

SOURCE: Options = {
    "repo_url": Opt(required=True, api="repoURL"),
    "target_revision": Opt(),
    "tag_prefix": Opt(),
    "path": Opt(),
    "chart": Opt(),
    "ref": Opt(),
    "name": Opt(),
    **_TOOLS,
}

_HYDRATOR: Options = {
    "dry_source": Opt(
        "dict",
        required=True,
        options={
            "repo_url": Opt(required=True, api="repoURL"),
            "target_revision": Opt(required=True),
            "path": Opt(required=True),
            **_TOOLS,
        },
    ),
    "sync_source": Opt(
        "dict",
        required=True,
        options={
            "repo_url": Opt(api="repoURL"),
            "target_branch": Opt(required=True),
            "path": Opt(required=True),
        },
    ),
    "hydrate_to": Opt("dict", options={"target_branch": Opt(required=True)}),
}

RETRY: Options = {
    "limit": Opt("int"),
    "refresh": Opt("bool"),
    "backoff": Opt(
        # Without any of them it says the same as none at all, of which the API server makes no null.
        "dict",
        options={"duration": Opt(), "factor": Opt("int", keep_empty=True), "max_duration": Opt()},
    ),
}

_SYNC_POLICY: Options = {
    "automated": Opt(
        "dict",
        keep_empty=True,
        options={
            "enabled": Opt("bool", keep_empty=True),
            "prune": Opt("bool"),
            "self_heal": Opt("bool"),
            "allow_empty": Opt("bool"),
        },
    ),
    "sync_options": Opt("list", elements="str"),
    "retry": Opt("dict", keep_empty=True, options=RETRY),
    "managed_namespace_metadata": Opt("dict", options={"labels": Opt("dict"), "annotations": Opt("dict")}),
}

SPEC: Options = {
    "project": Opt(),
    "source": Opt("dict", options=SOURCE),
    "sources": Opt("list", elements="dict", options=SOURCE),
    "source_hydrator": Opt("dict", options=_HYDRATOR),
    "destination": Opt("dict", keep_empty=True, options={"server": Opt(), "name": Opt(), "namespace": Opt()}),
    "sync_policy": Opt("dict", options=_SYNC_POLICY),
    "ignore_differences": Opt(
        "list",
        elements="dict",
        options={
            "group": Opt(),
            "kind": Opt(required=True),
            "name": Opt(),
            "namespace": Opt(),
            "json_pointers": Opt("list", elements="str"),
            "jq_path_expressions": Opt("list", elements="str"),
            "managed_fields_managers": Opt("list", elements="str"),
        },
    ),
    "revision_history_limit": Opt("int", keep_empty=True),
    "info": Opt("list", elements="dict", options=_NAME_VALUE),
}

METADATA: Options = {
    "labels": Opt("dict"),
    "annotations": Opt("dict"),
    "finalizers": Opt("list", elements="str"),
}

# How a sync is done that a task starts: what the API calls an operation (SyncOperation in types.go).
SYNC: Options = {
    "revision": Opt(),
    "revisions": Opt("list", elements="str"),
    "resources": Opt(
        "list",
        elements="dict",
        options={
            "group": Opt(),
            "kind": Opt(required=True),
            "name": Opt(required=True),
            "namespace": Opt(),
            "exclude": Opt("bool"),
        },
    ),
    "always": Opt("bool"),
    "dry_run": Opt("bool"),
    "force": Opt("bool"),
    "replace": Opt("bool"),
    "server_side_apply": Opt("bool"),
    "apply_out_of_sync_only": Opt("bool"),
    "strategy": Opt(choices=("apply", "hook")),
    "retry": Opt("dict", options=RETRY),
    "info": Opt("list", elements="dict", options=_NAME_VALUE),
}

# What may be said of one application, at the top level of the task or in an item of `applications`.
APPLICATION: Options = {
    "name": Opt(),
    **METADATA,
    **SPEC,
    "revision": Opt(),
    "revisions": Opt("list", elements="str"),
    "prune": Opt("bool"),
    "sync": Opt("dict", options=SYNC),
    "history_id": Opt("int"),
}
