{{- /*
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# One application for each environment that is deployed and has sealed secrets in credentials/<environment>/. They are sealed
# for a cluster and not for a branch, so all of them follow the branch of mlops-stack-app.yaml.
*/}}
{{- range $environment := .Values.environments }}
{{- if $.Files.Get (printf "credentials/%s/kustomization.yaml" $environment) }}
{{- $suffix := eq $environment "main" | ternary "" (printf "-%s" $environment) }}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: credentials{{ $suffix }}
  namespace: argocd
  annotations:
    # Before the applications that need them, and after their project
    argocd.argoproj.io/sync-wave: "-1"
  labels:
    ai-how.cloud/environment: {{ $environment }}
  finalizers:
    - resources-finalizer.argocd.argoproj.io
spec:
  project: mlops
  source:
    repoURL: {{ $.Values.repoURL | quote }}
    targetRevision: {{ $.Values.targetRevision | quote }}
    path: k8s-manifests/argocd-apps/credentials/{{ $environment }}
  destination:
    server: https://kubernetes.default.svc
    namespace: mlops{{ $suffix }}
  syncPolicy:
    automated:
      prune: true
      selfHeal: true
    retry:
      limit: 5
      refresh: true
      backoff:
        duration: 5s
        factor: 2
        maxDuration: 1m
    syncOptions:
      - CreateNamespace=true
      - ServerSideApply=true
    managedNamespaceMetadata:
      labels:
        pod-security.kubernetes.io/enforce: restricted
        pod-security.kubernetes.io/enforce-version: latest
{{- end }}
{{- end }}
