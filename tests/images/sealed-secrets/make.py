# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the images of `make demo`: those of ../build.py, and the controller of Sealed Secrets from the sandbox's own.

``make.py [--folder DIR]``; with ``--only`` the controller alone.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from build import PATH, TOOLS, Build, Failed, Image, from_sandbox, link, provide

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
        subprocess.run([sys.executable, HERE.parent / "build.py", *words], check=True)
    if options.check:
        return  # the program may still have to be compiled, and buildah makes the other images as well
    os.umask(0o022)  # what the image's user must be able to read
    reference = f"docker.io/bitnami/sealed-secrets-controller:{version().removeprefix('v')}"  # as the chart names it
    config = ['--entrypoint=["controller"]', f"--env=PATH={PATH}", "--user=1001"]
    archive = provide("sealed-secrets", Image(reference, PINS, ["buildah"], controller, config))
    if options.folder:
        link(options.folder, "sealed-secrets", archive)
    print(archive)


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        sys.exit(str(error))
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)  # its own words are above
