# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What scripts of a single image have in common. Not in build.py, whose change makes every image anew."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from build import Failed, Image, link, provide


def make(name: str, image: Image, folder: Path | None) -> None:
    """Print the path of the archive, and put a link to it into the folder."""
    os.umask(0o022)  # what the image's user must be able to read
    archive = provide(name, image)
    if folder:
        link(folder, name, archive)
    print(archive)


def run(main: Callable[[], None]) -> None:
    try:
        main()
    except Failed as error:
        sys.exit(str(error))
