# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The alerts of the role argocd, as Prometheus reads and raises them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from rendering import ROOT, run

ALERTS = ROOT / "roles" / "argocd" / "files" / "alerts.yaml"


@pytest.fixture(scope="session")
def promtool(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The one on PATH, else the one of Debian's package, which is not installed: it would start a server."""
    found = shutil.which("promtool")
    if found:
        return found
    assert shutil.which("apt-get"), "promtool is missing: put it on PATH (it comes with Prometheus)"
    folder = tmp_path_factory.mktemp("prometheus")
    subprocess.run(["apt-get", "download", "-qq", "prometheus"], cwd=folder, check=True)
    (package,) = folder.glob("*.deb")
    subprocess.run(["dpkg", "-x", package, folder], check=True)
    return str(folder / "usr" / "bin" / "promtool")


def test_prometheus_takes_the_rules(promtool: str) -> None:
    done = run(promtool, "check", "rules", ALERTS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_they_are_raised_when_they_should_be(promtool: str, tmp_path: Path) -> None:
    shutil.copy(ALERTS, tmp_path)
    shutil.copy(Path(__file__).with_name("alerts.yaml"), tmp_path / "tests.yaml")
    done = run(promtool, "test", "rules", tmp_path / "tests.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
