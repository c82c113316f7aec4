# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets the tests import rendering.py beside them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
