// SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package register has the providers that a sandbox can use. With all of them, and the libraries of their makers, 2,270 packages
// were to be compiled; so it is half as many.
package register

import (
	_ "github.com/external-secrets/external-secrets/pkg/provider/fake"
	_ "github.com/external-secrets/external-secrets/pkg/provider/kubernetes"
	_ "github.com/external-secrets/external-secrets/pkg/provider/vault"
	_ "github.com/external-secrets/external-secrets/pkg/provider/webhook"
)
