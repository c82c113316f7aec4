# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import fcntl
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Refused, Unavailable
from ansible_collections.ai_how.cloud.plugins.module_utils._sandbox.ports import keep


def ports(root: Path, name: str = "one", dry_run: bool = False, **fixed: Any) -> dict[str, Any]:
    (root / name).mkdir(exist_ok=True)
    return keep(params(root, name, fixed), dry_run)


def params(root: Path, name: str, fixed: dict[str, Any]) -> dict[str, Any]:
    known = {"path": str(root / name / "ports.json"), "names": ["api", "etcd"], "fixed": fixed, "lasting": ["api"]}
    return {**known, "avoid": f"{root}/*/ports.json"}


@pytest.fixture
def busy() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_ports_are_chosen_once(tmp_path: Path) -> None:
    first = ports(tmp_path)
    assert first["changed"]
    assert len(set(first["ports"].values())) == 2
    assert ports(tmp_path) == {"changed": False, "ports": first["ports"]}


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    assert keep(params(tmp_path, "one", {}), True)["changed"]
    assert list(tmp_path.iterdir()) == []


def test_one_run_at_a_time_chooses(tmp_path: Path) -> None:
    with open(tmp_path / ".ports.lock", "a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        other = threading.Thread(target=ports, args=(tmp_path,))
        other.start()
        other.join(0.3)
        assert other.is_alive()
    other.join(10)
    assert (tmp_path / "one/ports.json").exists()


@pytest.mark.parametrize(("root", "reason"), [("none", r"\.ports\.lock cannot be locked"), ("", r"cannot be written")])
def test_a_missing_folder_is_named(tmp_path: Path, root: str, reason: str) -> None:
    with pytest.raises(Unavailable, match=f"{reason} .*No such file"):
        keep(params(tmp_path / root, "one", {}), False)


def test_two_sandboxes_never_share_a_port(tmp_path: Path) -> None:
    one = ports(tmp_path)["ports"]
    two = ports(tmp_path, "two")["ports"]
    assert not set(one.values()) & set(two.values())


def test_a_given_port_is_taken(tmp_path: Path) -> None:
    assert ports(tmp_path, api=20999, etcd="0")["ports"]["api"] == 20999


def test_a_given_port_in_use_is_refused(tmp_path: Path, busy: int) -> None:
    with pytest.raises(Refused, match=f"Port {busy}, given for api, is in use"):
        ports(tmp_path, api=busy)


def test_a_given_port_that_is_not_for_this_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def bind(_self: socket.socket, _address: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", bind)
    with pytest.raises(Refused, match=r"Port 80, given for api, is not for this user .*below 1024"):
        ports(tmp_path, api=80)


def test_a_given_port_of_ours_may_be_in_use(tmp_path: Path, busy: int) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one/ports.json").write_text(json.dumps({"api": busy, "etcd": 20998}))
    assert not ports(tmp_path, api=busy)["changed"]


def test_a_lasting_port_cannot_be_changed(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one/ports.json").write_text(json.dumps({"api": 20997, "etcd": 20998}))
    for dry_run in (True, False):
        with pytest.raises(Refused, match=r"api has port 20997 .* and 20996 was given; .*absent.*present"):
            ports(tmp_path, api=20996, dry_run=dry_run)
    assert ports(tmp_path, api=20997, etcd=20996)["ports"] == {"api": 20997, "etcd": 20996}


def test_two_names_never_share_a_port(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="Port 20999, given for api, is in use"):
        ports(tmp_path, api=20999, etcd=20999)


def test_a_given_port_of_another_sandbox_is_refused(tmp_path: Path) -> None:
    taken = ports(tmp_path)["ports"]["api"]
    with pytest.raises(Refused, match="is in use"):
        ports(tmp_path, "two", api=taken)


@pytest.mark.parametrize("port", ["http", -1, 65536])
def test_a_port_that_is_none_is_refused(tmp_path: Path, port: Any) -> None:
    with pytest.raises(Invalid, match="given for api, is none"):
        ports(tmp_path, api=port)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("")
    with pytest.raises(Unavailable, match=r"one/ports\.json cannot be read \(.*Not a directory"):
        keep(params(tmp_path, "one", {}), True)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one/ports.json").write_text("[]")
    with pytest.raises(Invalid, match=r"one/ports\.json is not a file of ports"):
        ports(tmp_path)


def test_a_file_of_somebody_else_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web/ports.json").write_text('{"http": "eighty"}')
    assert ports(tmp_path)["changed"]
