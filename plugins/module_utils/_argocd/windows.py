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
from typing import Any

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_DURATION = re.compile(r"(\d+\.?\d*)(h|ms|m|s|us|µs|ns)")

# Lowest and highest value of each field of a schedule, and the names of its values.
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_FIELDS: Sequence[tuple[int, int, Sequence[str]]] = (
    (0, 59, ()),
    (0, 23, ()),
    (1, 31, ()),
    (1, 12, ["", *_MONTHS]),
    (0, 6, "sun mon tue wed thu fri sat".split()),
)


def closed_window(windows: Sequence[Mapping[str, Any]], app: Mapping[str, Any], now: Callable[[str], datetime]) -> str:
    """The window that keeps a manual sync of the application from beginning; empty if none does.

    ``now`` gives the time on the clocks of a time zone, without its offset.
    """
    mine = [window for window in windows if _matches(window, app)]
    try:
        active = [window for window in mine if _is_active(window, now(window.get("timeZone") or "UTC"))]
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


def _is_active(window: Mapping[str, Any], now: datetime) -> bool:
    """Whether the schedule came round less than the duration ago. Raises ValueError for what is neither."""
    minutes, hours, days, months, weekdays = _schedule(str(window.get("schedule", "")))
    since = now - _duration(str(window.get("duration", "")))
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


def _schedule(text: str) -> Sequence[Any]:
    """The values of each field; None for all of them."""
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise ValueError(text)
    return [_values(field.lower(), *limits) for field, limits in zip(fields, _FIELDS)]


def _values(field: str, lowest: int, highest: int, names: Sequence[str]) -> Any:
    if field in ("*", "?"):
        return None
    found: set[int] = set()
    for part in field.split(","):
        span, _slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if first in ("*", "?"):
            start, end = lowest, highest
        else:
            start = _value(first, names)
            end = _value(last, names) if dash else highest if step else start
        found.update(range(start, end + 1, int(step or 1)))
    if not found <= set(range(lowest, highest + 1)):
        raise ValueError(field)
    return found


def _value(text: str, names: Sequence[str]) -> int:
    return names.index(text) if text in names else int(text)


def _duration(text: str) -> timedelta:
    if not re.fullmatch(f"({_DURATION.pattern})+", text):
        raise ValueError(text)
    return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(text)))


def _told(window: Mapping[str, Any]) -> str:
    zone = f" {window['timeZone']}" if window.get("timeZone") else ""
    return f"{window['kind']} {window['schedule']}{zone} for {window['duration']}"
