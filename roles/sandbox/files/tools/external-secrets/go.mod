module ai-how.cloud/tools/external-secrets

go 1.27.3

require github.com/external-secrets/external-secrets v0.20.4 // indirect
