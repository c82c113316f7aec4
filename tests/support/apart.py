# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""``apart.py COMMAND...`` runs a command as root of namespaces of its own: users, network, mounts and processes.

Whoever is not root gets the users from the subordinate ids of the account, by buildah, as tests/images/build.py does.
When the command or what has started it ends, however that is, the kernel ends all that it has started and mounted.
"""

from __future__ import annotations

import os
import sys

MARK = "AI_HOW_TESTS_APART"


def apart(*command: str) -> list[str]:
    with_parent = ["setpriv", "--pdeathsig=KILL"]
    users = [] if os.geteuid() == 0 else [*with_parent, "buildah", "unshare"]
    namespaces = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "env", f"{MARK}=1"]
    return [*users, *with_parent, *namespaces, *command]


if __name__ == "__main__":
    words = apart(*sys.argv[1:])
    os.execvp(words[0], words)
