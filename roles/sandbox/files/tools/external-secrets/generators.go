// SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package register has the generators that need no cloud, as providers.go has the providers.
package register

import (
	_ "github.com/external-secrets/external-secrets/pkg/generator/fake"
	_ "github.com/external-secrets/external-secrets/pkg/generator/password"
	_ "github.com/external-secrets/external-secrets/pkg/generator/uuid"
)
