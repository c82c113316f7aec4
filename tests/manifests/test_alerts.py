# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The alerts of the role argocd: as Prometheus reads and raises them, and as Argo CD's notifications get them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from rendering import ROOT, run, value_of_role

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


@pytest.fixture
def entries(tmp_path: Path) -> Any:
    """What the role adds to argocd-notifications-cm with some settings."""
    return lambda **settings: value_of_role("argocd", "argocd__alerts", tmp_path, **settings)


TRIGGERS = ["on-health-degraded", "on-sync-failed", "on-sync-status-unknown"]


def test_without_recipients_nothing_is_added(entries: Any) -> None:
    assert entries() == {}


def test_recipients_are_told_of_every_trigger_in_the_same_order(entries: Any) -> None:
    (subscription,) = entries(argocd_alert_recipients="slack:a, email:b@example.org")["subscriptions"]
    assert subscription == {"recipients": ["slack:a", "email:b@example.org"], "triggers": TRIGGERS}


def test_a_trigger_that_is_taken_out_is_not_subscribed_to(entries: Any) -> None:
    given = entries(argocd_alert_recipients=["slack:a"], argocd_notifications={"trigger.on-sync-failed": None})
    assert given["subscriptions"][0]["triggers"] == ["on-health-degraded", "on-sync-status-unknown"]


@pytest.mark.parametrize("as_text", [False, True])
def test_other_subscriptions_stay_beside_that_of_the_recipients(entries: Any, as_text: bool) -> None:
    own = [{"recipients": ["email:c@example.org"], "triggers": ["on-sync-failed"], "selector": "team=c"}]
    notifications = {"subscriptions": yaml.safe_dump(own) if as_text else own, "service.slack": {"token": "$t"}}
    given = entries(argocd_alert_recipients=["slack:a"], argocd_notifications=notifications)
    assert given["subscriptions"] == [{"recipients": ["slack:a"], "triggers": TRIGGERS}, *own]
    assert given["service.slack"] == {"token": "$t"}
    assert entries(argocd_notifications=notifications) == notifications


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({"argocd_ingress": {"host": "cd.example.org"}}, "https://cd.example.org"),
        ({"argocd_config": {"url": "https://a/cd"}, "argocd_ingress": {"host": "b"}}, "https://a/cd"),
    ],
)
def test_messages_link_to_the_pages_where_these_are_known(entries: Any, settings: Any, url: str) -> None:
    assert "context" not in entries(argocd_alert_recipients=["slack:a"])
    assert entries(argocd_alert_recipients=["slack:a"], **settings)["context"] == {"argocdUrl": url}
