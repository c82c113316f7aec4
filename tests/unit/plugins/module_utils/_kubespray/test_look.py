# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A look at this machine."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.look import ARGUMENTS, look


def looked(run_command: Any = None, **params: Any) -> dict[str, Any]:
    defaults = {name: option.get("default") for name, option in ARGUMENTS.items()}
    return look({**defaults, "controller_time": time.time(), **params}, False, run_command)


def test_a_look_at_a_machine_without_kubernetes(tmp_path: Path) -> None:
    seen = looked(config_dir=str(tmp_path), kubelet_dir=str(tmp_path / "a" / "b"), stamp=str(tmp_path / "stamp"))
    assert seen["disks"]["kubelet"]["path"] == str(tmp_path)
    assert 0 < seen["disks"]["kubelet"]["available"] <= seen["disks"]["kubelet"]["size"]
    assert seen["memory_mb"] > 100
    assert seen["asked_at"] <= seen["time"] <= time.time()
    assert (seen["traces"], seen["nodes"], seen["api_problem"], seen["stamp"]) == ([], [], "", None)
    assert seen["root"] is (os.geteuid() == 0)


def test_addresses_of_this_machine_and_of_others() -> None:
    assert looked(address="127.0.0.1")["has_address"]
    assert not looked(address="192.0.2.1")["has_address"]
    assert not looked(address="2001:db8::1")["has_address"]


def test_who_listens_on_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        monkeypatch.setattr("ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.look._PORTS", (port,))
        assert looked()["ports"][str(port)].endswith(f"(process {os.getpid()})")


def test_nodes_come_from_kubectl_and_the_stamp_from_its_file(tmp_path: Path) -> None:
    for name, text in {"admin.conf": "", "kubectl": "", "stamp.json": '{"format": 1}'}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    there = {"config_dir": str(tmp_path), "bin_dir": str(tmp_path)}
    assert looked(**there)["api_problem"] == f"there is no {tmp_path}/kubectl to ask it with"
    (tmp_path / "kubectl").chmod(0o755)
    asked = []

    def run_command(argv: list[str]) -> tuple[int, str, str]:
        asked.append(argv)
        return 0, json.dumps({"items": [{"metadata": {"name": "one"}, "status": {}}]}), ""

    seen = looked(run_command, **there, stamp=str(tmp_path / "stamp.json"))
    assert seen["nodes"] == [{"name": "one", "version": "", "ready": False, "cordoned": False}]
    assert seen["stamp"] == {"format": 1}
    assert seen["traces"] == [f"{tmp_path}/admin.conf"]
    assert asked[0][:3] == [f"{tmp_path}/kubectl", "--kubeconfig", f"{tmp_path}/admin.conf"]
    assert looked(lambda _argv: (1, "", " refused\n"), **there)["api_problem"] == "refused"
    assert looked(lambda _argv: (7, "", ""), **there)["api_problem"] == "kubectl ended with status 7"


def test_what_a_reset_has_left(tmp_path: Path) -> None:
    (tmp_path / "etcdutl").touch()
    assert f"{tmp_path}/etcdutl" in looked(bin_dir=str(tmp_path))["leftovers"]["files"]
