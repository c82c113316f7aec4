# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every option of an application, given: as Ansible hands them to the module, and as Argo CD's API takes them."""

from __future__ import annotations

HELM = {
    "release_name": "minio",
    "value_files": ["values.yaml", "$values/prod.yaml"],
    "ignore_missing_value_files": True,
    "values": "replicas: 2\n",
    "values_object": {"image": {"tag": "1.2"}, "resources": [], "enabled": True, "empty": {}},
    "parameters": [{"name": "service.port", "value": "9000", "force_string": True}],
    "file_parameters": [{"name": "config", "path": "files/config.json"}],
    "pass_credentials": True,
    "skip_crds": True,
    "skip_schema_validation": True,
    "skip_tests": True,
    "namespace": "release",
    "version": "v3",
    "kube_version": "1.36.0",
    "api_versions": ["monitoring.coreos.com/v1"],
}

KUSTOMIZE = {
    "name_prefix": "dev-",
    "name_suffix": "-a",
    "namespace": "mlops",
    "images": ["minio=quay.io/minio/minio:1"],
    "replicas": [{"name": "minio", "count": 3}],
    "common_labels": {"team": "ml"},
    "force_common_labels": True,
    "label_without_selector": True,
    "label_include_templates": True,
    "common_annotations": {"owner": "ml"},
    "force_common_annotations": True,
    "common_annotations_envsubst": True,
    "components": ["../components/tls"],
    "ignore_missing_components": True,
    "patches": [{"target": {"kind": "Deployment"}, "patch": "- op: remove\n  path: /spec/replicas\n"}],
    "version": "v5",
    "kube_version": "1.36.0",
    "api_versions": ["policy/v1"],
}

DIRECTORY = {
    "recurse": True,
    "include": "*.yaml",
    "exclude": "test/*",
    "disable_extension_filter": True,
    "jsonnet": {
        "ext_vars": [{"name": "a", "value": "1", "code": True}],
        "tlas": [{"name": "b", "value": "2", "code": False}],
        "libs": ["vendor"],
    },
}

PLUGIN = {
    "name": "cue",
    "env": [{"name": "STAGE", "value": ""}],
    "parameters": [
        {"name": "stage", "string": ""},
        {"name": "hosts", "array": ["a", "b"]},
        {"name": "labels", "map": {"team": "ml"}},
    ],
}

GIT = {
    "repo_url": "https://git.example.org/gitops.git",
    "target_revision": "main",
    "tag_prefix": "gitops/",
    "path": "k8s-manifests",
    "ref": "values",
    "name": "manifests",
    "kustomize": KUSTOMIZE,
    "directory": DIRECTORY,
    "plugin": PLUGIN,
}

CHART = {"repo_url": "https://charts.example.org", "target_revision": "5.1.0", "chart": "minio", "helm": HELM}

OPTIONS = {
    "name": "minio",
    "labels": {"team": "ml"},
    "annotations": {"notifications.example.org/channel": "ml"},
    "finalizers": ["resources-finalizer.argocd.argoproj.io"],
    "project": "mlops",
    "source": None,
    "sources": [CHART, GIT],
    "destination": {"server": "https://kubernetes.default.svc", "namespace": "mlops"},
    "sync_policy": {
        "automated": {"enabled": True, "prune": True, "self_heal": True, "allow_empty": False},
        "sync_options": ["CreateNamespace=true"],
        "retry": {
            "limit": 5,
            "refresh": True,
            "backoff": {"duration": "5s", "factor": 2, "max_duration": "3m"},
        },
        "managed_namespace_metadata": {"labels": {"team": "ml"}, "annotations": {"owner": "ml"}},
    },
    "ignore_differences": [
        {
            "group": "apps",
            "kind": "Deployment",
            "name": "minio",
            "namespace": "mlops",
            "json_pointers": ["/spec/replicas"],
            "jq_path_expressions": [".spec.template"],
            "managed_fields_managers": ["kube-controller-manager"],
        }
    ],
    "revision_history_limit": 5,
    "info": [{"name": "docs", "value": "https://docs.example.org"}],
    "revision": None,
    "revisions": ["5.1.0", "2f1d5c9a4b6e8f7011223344556677889900aabb"],
    "prune": True,
    "sync": {
        "resources": [
            {"group": "apps", "kind": "Deployment", "name": "minio", "namespace": "mlops"},
            {"group": "*", "kind": "Service", "name": "*", "exclude": True},
        ],
        "always": True,
        "dry_run": True,
        "force": True,
        "replace": True,
        "server_side_apply": True,
        "apply_out_of_sync_only": False,
        "strategy": "apply",
        "retry": {"limit": 2, "refresh": True, "backoff": {"duration": "1s", "factor": 3, "max_duration": "1m"}},
        "info": [{"name": "ticket", "value": "OPS-1"}],
    },
}

# What stands in the way of the above: one source, and a cluster by its name.
OTHER_OPTIONS = {
    "name": "minio",
    "source": GIT,
    "destination": {"name": "edge"},
    "revision": "2f1d5c9a4b6e8f7011223344556677889900aabb",
    "history_id": 3,
}

# A source whose manifests are written into a branch.
HYDRATED = {
    "name": "minio",
    "source_hydrator": {
        "dry_source": {
            "repo_url": GIT["repo_url"],
            "target_revision": "main",
            "path": "k8s-manifests",
            "helm": HELM,
            "kustomize": KUSTOMIZE,
            "directory": DIRECTORY,
            "plugin": PLUGIN,
        },
        "sync_source": {
            "repo_url": "https://git.example.org/hydrated.git",
            "target_branch": "prod",
            "path": "minio",
        },
        "hydrate_to": {"target_branch": "prod-next"},
    },
}

# And a sync to something else than what is declared.
SYNCED_TO = {"name": "minio", "sync": {"revision": "v1"}}
SYNCED_TO_SEVERAL = {"name": "minio", "sync": {"revisions": ["5.0.0", ""]}}

MANIFEST = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Application",
    "metadata": {
        "name": "minio",
        "namespace": "argocd",
        "labels": {"team": "ml"},
        "annotations": {"notifications.example.org/channel": "ml"},
        "finalizers": ["resources-finalizer.argocd.argoproj.io"],
    },
    "spec": {
        "project": "mlops",
        "sources": [
            {
                "repoURL": "https://charts.example.org",
                "targetRevision": "5.1.0",
                "chart": "minio",
                "helm": {
                    "releaseName": "minio",
                    "valueFiles": ["values.yaml", "$values/prod.yaml"],
                    "ignoreMissingValueFiles": True,
                    "values": "replicas: 2\n",
                    "valuesObject": {"image": {"tag": "1.2"}, "resources": [], "enabled": True, "empty": {}},
                    "parameters": [{"name": "service.port", "value": "9000", "forceString": True}],
                    "fileParameters": [{"name": "config", "path": "files/config.json"}],
                    "passCredentials": True,
                    "skipCrds": True,
                    "skipSchemaValidation": True,
                    "skipTests": True,
                    "namespace": "release",
                    "version": "v3",
                    "kubeVersion": "1.36.0",
                    "apiVersions": ["monitoring.coreos.com/v1"],
                },
            },
            {
                "repoURL": "https://git.example.org/gitops.git",
                "targetRevision": "main",
                "tagPrefix": "gitops/",
                "path": "k8s-manifests",
                "ref": "values",
                "name": "manifests",
                "kustomize": {
                    "namePrefix": "dev-",
                    "nameSuffix": "-a",
                    "namespace": "mlops",
                    "images": ["minio=quay.io/minio/minio:1"],
                    "replicas": [{"name": "minio", "count": 3}],
                    "commonLabels": {"team": "ml"},
                    "forceCommonLabels": True,
                    "labelWithoutSelector": True,
                    "labelIncludeTemplates": True,
                    "commonAnnotations": {"owner": "ml"},
                    "forceCommonAnnotations": True,
                    "commonAnnotationsEnvsubst": True,
                    "components": ["../components/tls"],
                    "ignoreMissingComponents": True,
                    "patches": [{"target": {"kind": "Deployment"}, "patch": "- op: remove\n  path: /spec/replicas\n"}],
                    "version": "v5",
                    "kubeVersion": "1.36.0",
                    "apiVersions": ["policy/v1"],
                },
                "directory": {
                    "recurse": True,
                    "include": "*.yaml",
                    "exclude": "test/*",
                    "disableExtensionFilter": True,
                    "jsonnet": {
                        "extVars": [{"name": "a", "value": "1", "code": True}],
                        "tlas": [{"name": "b", "value": "2"}],
                        "libs": ["vendor"],
                    },
                },
                "plugin": {
                    "name": "cue",
                    "env": [{"name": "STAGE", "value": ""}],
                    "parameters": [
                        {"name": "stage", "string": ""},
                        {"name": "hosts", "array": ["a", "b"]},
                        {"name": "labels", "map": {"team": "ml"}},
                    ],
                },
            },
        ],
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "mlops"},
        "syncPolicy": {
            "automated": {"enabled": True, "prune": True, "selfHeal": True},
            "syncOptions": ["CreateNamespace=true"],
            "retry": {
                "limit": 5,
                "refresh": True,
                "backoff": {"duration": "5s", "factor": 2, "maxDuration": "3m"},
            },
            "managedNamespaceMetadata": {"labels": {"team": "ml"}, "annotations": {"owner": "ml"}},
        },
        "ignoreDifferences": [
            {
                "group": "apps",
                "kind": "Deployment",
                "name": "minio",
                "namespace": "mlops",
                "jsonPointers": ["/spec/replicas"],
                "jqPathExpressions": [".spec.template"],
                "managedFieldsManagers": ["kube-controller-manager"],
            }
        ],
        "revisionHistoryLimit": 5,
        "info": [{"name": "docs", "value": "https://docs.example.org"}],
    },
}
