# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""plain_secrets.py FILE...: the pre-commit hook. It says where a secret stands in plain text, and is 1 if there is one.

It runs in a checkout that Ansible need not know: the names of the collection are made to lead into it.
"""

from __future__ import annotations

import sys
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

for name in ("ansible_collections", "ansible_collections.ai_how", "ansible_collections.ai_how.cloud"):
    package = types.ModuleType(name)
    package.__path__ = [str(ROOT)] if name.endswith("cloud") else []
    sys.modules[name] = package

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._core.plain_secrets import objects, plain_secrets
from ansible_collections.ai_how.cloud.plugins.module_utils._core.yaml_text import documents


def main(paths: list[str]) -> int:
    found = []
    for path in paths:
        try:
            found += [f"{path}: {line}" for line in plain_secrets(list(objects(documents(text(path), path))))]
        except Invalid:  # no YAML, as the templates of a chart
            continue
    for line in found:
        print(f"{line} stands there in plain text; seal it", file=sys.stderr)
    return 1 if found else 0


def text(path: str) -> str:
    return Path(path).read_bytes().decode(errors="replace")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
