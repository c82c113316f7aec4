#!/bin/sh
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# The pre-commit hook plain-secrets; it needs a python3 with PyYAML
exec python3 "$(dirname "$0")/plain_secrets.py" "$@"
