# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""watched.py PROGRAM COMMAND...: runs the command, and fails if a word stood in the arguments of any process meanwhile.

The word comes by standard input, so that it does not stand in those of this one. PROGRAM must have been among them, or
nothing was seen.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path


def main() -> None:
    word = sys.stdin.read().strip().encode()
    program = sys.argv[1].encode()
    seen: set[bytes] = set()
    running = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL)
    while running.poll() is None:
        seen.update(arguments())
        time.sleep(0.002)
    if running.returncode:
        sys.exit(f"the command failed with {running.returncode}")
    # The name of this file stands before PROGRAM in the arguments of this process
    if not any(program in line and b"watched.py" not in line for line in seen):
        sys.exit(f"no process of {sys.argv[1]} was seen")
    if any(word in line for line in seen):
        sys.exit("the word stood in the arguments of a process")


def arguments() -> list[bytes]:
    """Of all processes, and their environments."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                found.append((process / name).read_bytes())
            except OSError:  # it has ended, or belongs to another user
                continue
    return found


if __name__ == "__main__":
    main()
