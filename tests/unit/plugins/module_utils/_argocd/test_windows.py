# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.windows import closed_window
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.builder import raw_app

APP = raw_app()
# A Monday.
NOON = datetime(2026, 11, 23, 12, 0, 30)


def window(kind="deny", schedule="* * * * *", duration="1h", **fields):
    return {"kind": kind, "schedule": schedule, "duration": duration, "applications": ["*"], **fields}


def closed(*windows, now=NOON):
    return closed_window(windows, APP, lambda _zone: now)


def is_active(schedule, duration="1h", now=NOON):
    return bool(closed(window(schedule=schedule, duration=duration), now=now))


def test_the_window_is_told_that_keeps_it_closed():
    assert closed(window()) == "deny * * * * * for 1h"
    assert closed(window(timeZone="Europe/Vienna")) == "deny * * * * * Europe/Vienna for 1h"
    assert closed() == ""


@pytest.mark.parametrize(
    ("schedule", "duration", "active"),
    [
        ("0 12 * * *", "1h", True),
        ("0 11 * * *", "1h", False),
        ("0 11 * * *", "1h30m", True),
        ("0 11 * * *", "61m", True),
        ("1 12 * * *", "1h", False),
        ("0 12 * * 1", "1h", True),
        ("0 12 * * mon-FRI", "1h", True),
        ("0 12 * * 0,6", "1h", False),
        ("0 12 * * sun", "25h", True),
        ("0 12 23 * 0", "1h", True),
        ("0 12 22 * 1", "1h", True),
        ("0 12 22 * 0", "1h", False),
        ("0 12 22 * ?", "1h", False),
        ("0 12 * nov *", "1h", True),
        ("0 12 * 1-10 *", "1h", False),
        ("0 */6 * * *", "1h", True),
        ("0 1/5 * * *", "1h", False),
        ("0 2/5 * * *", "1h", True),
        ("0 9-18/3 * * *", "1h", True),
        ("0 0 1 * *", "600h", True),
        ("0 12 */1 * 0", "1h", False),
        ("0 12 * * *", ".5h", True),
        ("0 12 * * *", "60000000μs", True),
        ("0 12 * * *", "0", False),
        ("0 12 * * *", "-1h", False),
    ],
)
def test_when_a_window_is_active(schedule, duration, active):
    assert is_active(schedule, duration) is active


def test_each_window_has_its_own_clock():
    zones = {"UTC": NOON, "Asia/Tokyo": NOON + timedelta(hours=9)}
    night = window(schedule="0 21 * * *", timeZone="Asia/Tokyo")
    assert closed_window([night], APP, zones.__getitem__) != ""
    assert closed_window([window(schedule="0 21 * * *")], APP, zones.__getitem__) == ""
    told = window(schedule="CRON_TZ=Asia/Tokyo 0 21 * * *", timeZone="UTC")
    assert closed_window([told], APP, zones.__getitem__) != ""


NEVER = {"schedule": "0 0 1 1 *"}


@pytest.mark.parametrize(
    ("windows", "is_closed"),
    [
        ([window("deny")], True),
        ([window("deny", manualSync=True)], False),
        ([window("deny", manualSync=True), window("deny")], True),
        ([window("deny", **NEVER)], False),
        ([window("allow")], False),
        ([window("allow", **NEVER)], True),
        ([window("allow", manualSync=True, **NEVER)], False),
        ([window("allow", **NEVER), window("allow")], False),
        ([window("allow"), window("deny")], True),
        ([window("allow", **NEVER), window("deny", manualSync=True)], False),
    ],
)
def test_what_a_manual_sync_may_do(windows, is_closed):
    assert bool(closed(*windows)) is is_closed


@pytest.mark.parametrize(
    ("lists", "matches"),
    [
        ({"applications": ["w?b"]}, True),
        ({"applications": ["db"]}, False),
        ({"applications": ["db"], "namespaces": ["default"]}, True),
        ({"applications": ["db"], "namespaces": ["default"], "andOperator": True}, False),
        ({"applications": ["*"], "namespaces": ["default"], "andOperator": True}, True),
        ({"applications": [], "clusters": ["https://*"]}, True),
        ({"applications": [], "clusters": ["in-cluster"]}, False),
        ({"applications": []}, False),
    ],
)
def test_which_applications_a_window_is_about(lists, matches):
    assert bool(closed(window(**lists))) is matches


@pytest.mark.parametrize(
    "fields",
    [
        {"schedule": "@daily"},
        {"schedule": "61 * * * *"},
        {"schedule": "x * * * *"},
        {"duration": "long"},
        {"duration": "9999999h"},
    ],
)
def test_what_is_not_understood_is_left_to_argo_cd(fields):
    assert closed(window(**fields)) == ""
