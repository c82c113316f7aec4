# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# What the applications of the stack may do: deploy from this repository into the mlops namespaces.
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata:
  name: mlops
  namespace: argocd
  annotations:
    # Before the applications, and after them when all is deleted: without its project an application cannot be deleted.
    argocd.argoproj.io/sync-wave: "-2"
  finalizers:
    - resources-finalizer.argocd.argoproj.io
spec:
  description: MLOps stack
  sourceRepos:
    - {{ .Values.repoURL | quote }}
  destinations:
    - server: https://kubernetes.default.svc
      namespace: mlops
    - server: https://kubernetes.default.svc
      namespace: mlops-*
  clusterResourceWhitelist:
    # For CreateNamespace and its labels.
    - group: ""
      kind: Namespace
      name: mlops
    - group: ""
      kind: Namespace
      name: mlops-*
  # Not a whitelist of kinds: with one, Argo CD no longer shows the ReplicaSets and Pods that belong to a Deployment.
  namespaceResourceBlacklist:
    # Left to who runs the cluster.
    - group: ""
      kind: LimitRange
    - group: ""
      kind: ResourceQuota
    - group: rbac.authorization.k8s.io
      kind: "*"
