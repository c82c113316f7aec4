# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fails if the unit tests take fewer than 95 % of the branches of the pure files; after ``pytest --cov``.

coverage's own floor counts lines and branches together. Which files count stands in pyproject.toml.
"""

from __future__ import annotations

import json
import subprocess
import sys

FLOOR = 95.0


def main() -> int:
    command = [sys.executable, "-m", "coverage", "json", "--quiet", "-o", "-"]
    report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    for name, file in sorted(report["files"].items()):
        if missing := file["missing_branches"]:
            print(f"{name}: branches not taken (from line, to line): {', '.join(f'{a}->{b}' for a, b in missing)}")
    totals = report["totals"]
    covered, branches = totals["covered_branches"], totals["num_branches"]
    percent = 100.0 * covered / branches if branches else 100.0
    print(f"{covered} of {branches} branches of the pure files taken: {percent:.1f} %, floor {FLOOR} %")
    return 0 if percent >= FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
