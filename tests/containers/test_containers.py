# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The containers of the rendered manifests, run as processes: what they do together, and that what is wrong fails."""

from __future__ import annotations

import copy
import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from container import Failed
from fields import SPECS, Unknown, check
from pods import Node, node
from rendering import APPLICATIONS, ENVIRONMENTS, ROOT, folder_of, kustomize

CHECK = ROOT / "roles/mlflow_check/files/check.py"
ENVIRONMENT = "dev"


def objects(environment: str) -> list[dict[str, Any]]:
    return copy.deepcopy([item for name in APPLICATIONS for item in kustomize(folder_of(environment, name))])


@pytest.fixture(scope="module")
def running() -> Iterator[Node]:
    build = [sys.executable, str(ROOT / "tests/images/build.py"), *APPLICATIONS]
    archives = subprocess.run(build, check=True, text=True, stdout=subprocess.PIPE).stdout.splitlines()
    # The names and keys under which the role writes them
    names = yaml.safe_load((ROOT / "roles/gitops_apps/vars/main.yml").read_text())["gitops_apps__credentials"]
    values = {name: {key: secrets.token_hex(16) for key in names[name]} for name in names}
    with node(objects(ENVIRONMENT), [Path(line) for line in archives], values) as found:
        found.run(*APPLICATIONS)
        found.run("mlflow-bucket")
        yield found


def round_trip(running: Node) -> dict[str, Any]:
    (server,) = running.pods["mlflow"].containers
    script = ["python3", "-c", CHECK.read_text(), "containers", "http://mlflow:5000"]
    done = server.execute(*script, timeout=running.patience)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_run_comes_back_even_when_every_pod_was_replaced(running: Node) -> None:
    first = round_trip(running)
    assert first["logged"] is True
    # MinIO keeps a small object in its metadata
    assert (running.claims["minio-storage"] / first["object"].removeprefix("s3://") / "xl.meta").exists()

    running.run(*APPLICATIONS)
    again = round_trip(running)
    assert (again["logged"], again["run_id"]) == (False, first["run_id"])


def test_new_passwords_are_taken_over_and_the_data_is_kept(running: Node) -> None:
    first = round_trip(running)
    for name, key in (("minio-credentials", "secretkey"), ("postgresql-credentials", "password")):
        running.secrets[name][key] = secrets.token_hex(16)
    running.run(*APPLICATIONS)
    again = round_trip(running)
    assert (again["logged"], again["run_id"]) == (False, first["run_id"])


def test_no_secret_is_said_or_on_a_command_line(running: Node) -> None:
    files = [*(running.folder / "logs").iterdir(), *Path("/proc").glob("[0-9]*/cmdline")]
    said = [file.read_text(errors="replace") for file in files]
    for name, keys in running.secrets.items():
        told = {key for key, value in keys.items() if any(value in text for text in said)}
        assert told <= {"username"}, name  # PostgreSQL shows whom it serves


def test_a_wrong_password_fails(running: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(running.secrets["postgresql-credentials"], "password", "wrong")
    monkeypatch.setattr(running, "patience", 5)
    with pytest.raises(
        Failed, match=r"mlflow/wait-for-postgresql has not ended after 5 s(?s:.)*password authentication failed"
    ):
        running.run("mlflow")


def test_a_wrong_argument_fails(running: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    (server,) = running.pods["minio"].containers
    monkeypatch.setitem(server.spec, "args", [*server.spec["args"], "--no-such-flag"])
    with pytest.raises(Failed, match=r"minio/minio ended with 1(?s:.)*no-such-flag"):
        running.run("minio")


def test_environments_differ_in_what_is_not_run_here() -> None:
    """So that what is run of one of them holds for all."""

    def pods(environment: str) -> list[dict[str, Any]]:
        found = [item["spec"]["template"] for item in objects(environment) if "template" in item["spec"]]
        for template in found:
            for container in template["spec"]["containers"]:
                container.pop("resources")
        return found

    for environment in ENVIRONMENTS:
        assert pods(environment) == pods(ENVIRONMENT), environment


def test_what_cannot_be_run_is_refused() -> None:
    (job,) = (item["spec"] for item in objects(ENVIRONMENT) if item["kind"] == "Job")
    pod = job["template"]["spec"]
    check("The Job", job, SPECS["Job"])
    for place, change, sentence in (
        (pod, {"hostNetwork": True}, r"template\.spec has the field hostNetwork, which"),
        (pod, {"enableServiceLinks": None}, r"spec\.enableServiceLinks is None, and .* can only run False"),
        (pod["containers"][0], {"lifecycle": {}}, r"containers\[0\] has the field lifecycle, which"),
        (
            pod["containers"][0]["securityContext"],
            {"readOnlyRootFilesystem": False},
            "Filesystem is False, and .* True",
        ),
    ):
        before = dict(place)
        place.update(change)
        with pytest.raises(Unknown, match=sentence):
            check("The Job", job, SPECS["Job"])
        place.clear()
        place.update(before)
