{{- /*
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
*/}}
{{- $repoURL := required "repoURL is missing. mlops-stack-app.yaml sets it; to render by hand add --set repoURL=... --set targetRevision=..." .Values.repoURL }}
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
{{- range concat (list ($app.spec).source) (($app.spec).sources | default list) }}
{{- if and . (not .repoURL) }}
{{- $_ := set . "repoURL" $repoURL }}
{{- if not .targetRevision }}
{{- $_ := set . "targetRevision" (get $.Values.branches $environment | default $.Values.targetRevision) }}
{{- end }}
{{- end }}
{{- end }}
---
{{ toYaml $app }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- range .Values.environments }}
{{- if not (has . $environments) }}
{{- fail (printf "values.yaml names the environment %q, but no *-app.yaml has the label ai-how.cloud/environment: %s" . .) }}
{{- end }}
{{- end }}
