# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the image of Dex that Argo CD's manifests name, as ../build.py makes the others: ``make.py --folder DIR``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from alone import make, run
from build import GO_ENVIRON, PATH, Build, Image, go

REFERENCE = "ghcr.io/dexidp/dex:v2.46.0"  # what the manifests of Argo CD 3.6 name
PROGRAM = "github.com/dexidp/dex/cmd/dex"


def dex(build: Build) -> None:
    build.say("compiling (a minute or two, the first time)")
    flags = ["-trimpath", "-buildvcs=false", "-tags=netgo,osusergo,sqlite_omit_load_extension"]
    flags += ["-ldflags=-s -w -linkmode external -extldflags -static", "-o", f"{build.root}/usr/local/bin/dex"]
    # It does not compile without cgo, for SQLite's sake, though Argo CD's Dex keeps its data in memory.
    build.run(go(), "build", *flags, PROGRAM, cwd=HERE, **{**GO_ENVIRON, "CGO_ENABLED": "1"})
    (build.root / "tmp").mkdir()
    (build.root / "tmp").chmod(0o1777)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="put a link to the archive here, as dex.tar")
    options = parser.parse_args()
    config = ['--entrypoint=["dex"]', f"--env=PATH={PATH}", "--user=1001"]
    make("dex", Image(REFERENCE, HERE, ["buildah", "cc", "go"], dex, config), options.folder)


if __name__ == "__main__":
    run(main)
