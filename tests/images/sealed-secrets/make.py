# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the images of `make demo`: those of ../build.py, and the controller of Sealed Secrets from the sandbox's own.

``make.py [--folder DIR]``; with ``--only`` the controller alone.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from alone import make, run
from build import PATH, TOOLS, Build, Image, from_sandbox

PINS = TOOLS / "sealed-secrets"


def version() -> str:
    """What the sandbox compiles."""
    (found,) = re.findall(r"^\s*github.com/bitnami/sealed-secrets (v\S+)", (PINS / "go.mod").read_text(), re.MULTILINE)
    return str(found)


def controller(build: Build) -> None:
    folder = build.root / "usr" / "local" / "bin"
    folder.mkdir(parents=True)
    shutil.copy2(from_sandbox("sealed-secrets", version(), "sealed-secrets-controller"), folder / "controller")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="put links to the archives here")
    parser.add_argument("--only", action="store_true", help="the controller alone")
    parser.add_argument("--check", action="store_true", help="only say what is missing for it")
    options = parser.parse_args()
    if not options.only:
        words = ["--folder", options.folder] if options.folder else []
        words += ["--check"] if options.check else []
        failed = subprocess.call([sys.executable, HERE.parent / "build.py", *words])
        if failed:
            sys.exit(failed)  # its own words are above
    if options.check:
        return  # the program may still have to be compiled, and buildah makes the other images as well
    reference = f"docker.io/bitnami/sealed-secrets-controller:{version().removeprefix('v')}"  # as the chart names it
    config = ['--entrypoint=["controller"]', f"--env=PATH={PATH}", "--user=1001"]
    make("sealed-secrets", Image(reference, PINS, ["buildah"], controller, config), options.folder)


if __name__ == "__main__":
    run(main)
