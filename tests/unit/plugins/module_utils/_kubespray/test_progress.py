# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Events of a run as lines, and the reason of its failure."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.progress import (
    Progress,
    failure,
    parse_event,
    short,
    summary,
)


def seen(*events: dict[str, Any]) -> tuple[Progress, list[str]]:
    """The events a second apart, and the lines for them."""
    progress = Progress()
    lines = [line for now, event in enumerate(events) for line in progress.see(event, now)]
    return progress, lines


START = {"event": "start", "plays": 24}
PLAY = {"event": "play", "name": "Install etcd", "hosts": 3}
TASK = {"event": "task", "name": "etcd : Gen_certs"}


def failed(host: str, message: str = "no", **more: Any) -> dict[str, Any]:
    return {"event": "failed", "host": host, "message": message, **more}


def recap(**failures: int) -> dict[str, Any]:
    return {"event": "recap", "hosts": {host: {"ok": 5, "failures": count} for host, count in failures.items()}}


def test_plays_that_have_hosts_are_told() -> None:
    _progress, lines = seen(START, {**PLAY, "name": "Bastion", "hosts": 0}, PLAY, TASK)
    assert lines == ["00:02  play 2 of 24: Install etcd (3 hosts)"]


def test_a_task_is_told_while_it_takes_long() -> None:
    progress, _lines = seen(START, PLAY, TASK, {"event": "done", "host": "a"}, {"event": "unheard of"})
    assert progress.beat(5) == []
    assert progress.beat(72) == ["01:12  ... etcd : Gen_certs (70 s, 1 of 3 hosts)"]
    assert progress.beat(75) == []
    assert progress.beat(82) != []
    assert Progress().beat(99) == []


def test_retries_and_failures_are_told_when_they_happen() -> None:
    _progress, lines = seen(
        PLAY,
        TASK,
        {"event": "retry", "host": "a", "left": 3},
        failed("a", "no  such\nfile"),
        failed("b", unreachable=True),
    )
    assert lines[1:] == [
        "00:02  a tries again (3 left): etcd : Gen_certs",
        "00:03  a failed: etcd : Gen_certs: no such file",
        "00:04  b is not reached: etcd : Gen_certs: no",
    ]


def test_an_ignored_failure_is_none() -> None:
    progress, lines = seen(PLAY, TASK, failed("a", ignored=True), recap(a=0))
    assert len(lines) == 1
    assert progress.blamed() == []


def test_the_recap_says_which_failure_counts() -> None:
    """One that was rescued is in no recap."""
    progress, _lines = seen(PLAY, TASK, failed("a", "rescued"), failed("b", "fatal"), recap(a=0, b=1))
    assert [each.message for each in progress.blamed()] == ["fatal"]


def test_the_reason_of_a_failure() -> None:
    progress, _lines = seen(PLAY, TASK, failed("a", "It is not there."), failed("b"), recap(a=1, b=1))
    assert failure("cluster.yml", 2, 70.2, progress, "/log", "") == (
        "Kubespray's cluster.yml failed after 70 s on a (and on b) in the task 'etcd : Gen_certs', play 'Install "
        "etcd': It is not there. The whole log is /log"
    )


def test_a_host_that_is_not_reached() -> None:
    progress, _lines = seen(PLAY, TASK, failed("a", "timed out", unreachable=True))
    assert "on a where it is not reached, play 'Install etcd': timed out" in failure(
        "x.yml", 4, 1, progress, "/log", ""
    )


@pytest.mark.parametrize(
    ("status", "tail", "said"),
    [
        (-9, "", "by signal 9, in the task 'etcd : Gen_certs'"),
        (4, "first\nERROR! no such\n  option", "with status 4 before its first task: ERROR! no such option."),
        (1, "Traceback\nModuleNotFoundError: netaddr", "before its first task: ModuleNotFoundError: netaddr."),
        (1, "something else", "before its first task: something else."),
        (1, "", "before its first task: nothing was said."),
    ],
)
def test_a_run_that_ends_without_a_failed_task(status: int, tail: str, said: str) -> None:
    progress, _lines = seen(PLAY, TASK)
    assert said in failure("x.yml", status, 1, progress, "/log", tail)


def test_messages_are_short_and_have_no_credentials() -> None:
    assert short("get https://me:hunter2@mirror/x") == "get https://********@mirror/x"
    assert short("x" * 400) == "x" * 300 + "..."


def test_a_success_in_one_line() -> None:
    stats = {"a": {"ok": 9, "changed": 3, "ignored": 1}, "b": {"ok": 5, "changed": 1}}
    progress, _lines = seen(PLAY, TASK, TASK, {"event": "recap", "hosts": stats})
    assert (
        summary("cluster.yml", 209.4, progress)
        == "cluster.yml: 209 s, 2 tasks on 2 hosts, 4 changes, 1 ignored failures"
    )


def test_lines_that_are_no_events() -> None:
    assert parse_event('{"event": "start"}', json.loads) == {"event": "start"}
    assert parse_event('{"event": "sta', json.loads) is None
    assert parse_event("7", json.loads) is None
