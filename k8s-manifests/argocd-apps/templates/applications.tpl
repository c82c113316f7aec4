{{- /*
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
*/}}
{{- $repoURL := required "repoURL is missing. mlops-stack-app.yaml sets it; to render by hand add --set repoURL=... --set targetRevision=..." .Values.repoURL }}
{{- $components := .Values.components | default dict }}
{{- $environments := list }}
{{- range $file, $_ := .Files.Glob "*-app.yaml" }}
{{- if ne $file "mlops-stack-app.yaml" }}
{{- range $document := regexSplit "(?m)^---" ($.Files.Get $file) -1 }}
{{- $app := fromYaml $document }}
{{- with $app.Error }}
{{- fail (printf "%s is not valid YAML: %s" $file .) }}
{{- end }}
{{- $environment := get (($app.metadata).labels | default dict) "ai-how.cloud/environment" }}
{{- $environments = append $environments $environment }}
{{- if and $app (or (not $environment) (has $environment $.Values.environments)) }}
{{- range $source := concat (list ($app.spec).source) (($app.spec).sources | default list) }}
{{- if and $source (not $source.repoURL) }}
{{- $_ := set $source "repoURL" $repoURL }}
{{- if not $source.targetRevision }}
{{- $_ := set $source "targetRevision" (get $.Values.branches $environment | default $.Values.targetRevision) }}
{{- end }}
{{- if and $source.path (get $components $environment) }}
{{- $kustomize := $source.kustomize | default dict }}
{{- $all := $kustomize.components | default list }}
{{- range get $components $environment }}
{{- $all = append $all (printf "%s/%s" (regexReplaceAll "[^/]+" (clean $source.path) "..") .) }}
{{- end }}
{{- $_ := set $source "kustomize" (set $kustomize "components" $all) }}
{{- end }}
{{- end }}
{{- end }}
---
{{ toYaml $app }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- $named := .Values.environments | default list }}
{{- range $environment, $paths := $components }}
{{- if $paths }}
{{- $named = append $named $environment }}
{{- end }}
{{- end }}
{{- range $named }}
{{- if not (has . $environments) }}
{{- fail (printf "values.yaml names the environment %q, but no *-app.yaml has the label ai-how.cloud/environment: %s" . .) }}
{{- end }}
{{- end }}
