# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Whether the sync windows of an AppProject let an operation of ours begin now. No I/O.

As SyncWindows.Matches and CanSync in pkg/apis/application/v1alpha1/types.go of argo-cd 3.6, for a manual sync. What is
not understood here counts as open: Argo CD judges it, too, and keeps the operation queued.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Optional

# Go's time.ParseDuration.
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_DURATION = re.compile(rf"[+-]?(0|({_PART.pattern})+)", re.ASCII)
_LONGEST = 2**63 / 1e9

# What robfig/cron takes: name, smallest, largest, and words for the numbers from the smallest on.
_FIELDS: Sequence[tuple[str, int, int, Sequence[str]]] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, "jan feb mar apr may jun jul aug sep oct nov dec".split()),
    ("day of the week", 0, 6, "sun mon tue wed thu fri sat".split()),
)
_RANGE = re.compile(r"(?:([*?])|(\w+)(?:-(\w+))?)(?:/(\d+))?", re.ASCII)
_ZONE = re.compile(r"(?:TZ|CRON_TZ)=(\S+) +")


def closed_window(windows: Sequence[Mapping[str, Any]], app: Mapping[str, Any], now: Callable[[str], datetime]) -> str:
    """The window that keeps a manual sync of the application from beginning; empty if none does.

    ``now`` gives the time on the clocks of a time zone, without its offset.
    """
    mine = [window for window in windows if _matches(window, app)]
    try:
        active = [window for window in mine if _is_active(window, now)]
    except ValueError:
        return ""
    denying = [window for window in active if window.get("kind") == "deny"]
    allowing = [window for window in mine if window.get("kind") == "allow"]
    closed = denying if denying or any(window in active for window in allowing) else allowing
    return next((_told(window) for window in closed if not window.get("manualSync")), "")


def _matches(window: Mapping[str, Any], app: Mapping[str, Any]) -> bool:
    """Whether it is about the application: by one of its lists of patterns, or by each of them with ``andOperator``."""
    destination = app["spec"].get("destination", {})
    found = [
        any(fnmatchcase(value, pattern) for value in values for pattern in window[name])
        for name, values in (
            ("applications", [app["metadata"]["name"]]),
            ("clusters", filter(None, [destination.get("name"), destination.get("server")])),
            ("namespaces", [destination.get("namespace", "")]),
        )
        if window.get(name)
    ]
    return bool(found) and (all(found) if window.get("andOperator") else any(found))


def _is_active(window: Mapping[str, Any], clock: Callable[[str], datetime]) -> bool:
    """Whether the schedule came round less than the duration ago. Raises ValueError for what is neither."""
    zone, (minutes, hours, days, months, weekdays) = parse_schedule(str(window.get("schedule", "")))
    now = clock(zone or window.get("timeZone") or "UTC")
    since = now - parse_duration(str(window.get("duration", "")))
    by_either = None not in (days, weekdays)
    day = since.replace(hour=0, minute=0, second=0, microsecond=0)
    while day < now:
        by_day = days is None or day.day in days
        by_weekday = weekdays is None or day.isoweekday() % 7 in weekdays
        by_date = (by_day or by_weekday) if by_either else (by_day and by_weekday)
        if by_date and (months is None or day.month in months):
            for hour in range(24) if hours is None else hours:
                for minute in range(60) if minutes is None else minutes:
                    if since < day + timedelta(hours=hour, minutes=minute) < now:
                        return True
        day += timedelta(days=1)
    return False


def parse_schedule(text: str) -> tuple[str, Sequence[Optional[set[int]]]]:
    """The time zone, if it names one, and the values of each field; None for all of them.

    Raises ValueError with what is wrong with it.
    """
    zone = _ZONE.match(text)
    fields = text[zone.end() if zone else 0 :].split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"a schedule has five fields (minute hour day month weekday), not {len(fields)}")
    return zone[1] if zone else "", [_values(field, *limits) for field, limits in zip(fields, _FIELDS)]


def _values(text: str, name: str, least: int, most: int, words: Sequence[str]) -> Optional[set[int]]:
    def number(word: str) -> int:
        return words.index(word) + least if word in words else int(word) if word.isdigit() else -1

    found: set[int] = set()
    restricted = True
    for part in text.lower().split(","):
        match = _RANGE.fullmatch(part)
        star, first, last, step = match.groups() if match else ("", "", "", "")
        start = least if star else number(first)
        end = number(last) if last else most if star or step else start
        by = int(step or 1)
        if not (least <= start <= end <= most and by):
            raise ValueError(
                f"its {name} cannot be {text}; give *, or numbers from {least} to {most} like 5, 1-3, */2 or 1,2"
            )
        found.update(range(start, end + 1, by))
        restricted = restricted and not (star and by == 1)
    return found if restricted else None


def parse_duration(text: str) -> timedelta:
    """Raises ValueError for what is none."""
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    if not _DURATION.fullmatch(text) or seconds >= _LONGEST:
        raise ValueError(text)
    return timedelta(seconds=-seconds if text.startswith("-") else seconds)


def _told(window: Mapping[str, Any]) -> str:
    zone = f" {window['timeZone']}" if window.get("timeZone") else ""
    return f"{window['kind']} {window['schedule']}{zone} for {window['duration']}"
