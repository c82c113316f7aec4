# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The driver against Git. What it does from end to end is in tests/manifests/test_gitops_init.py."""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Failed, Refused, TimedOut, Unavailable
from ansible_collections.ai_how.cloud.plugins.module_utils._gitops.git import merge

SOURCE = {
    "argocd-apps/mlops-stack-app.yaml": "spec:\n  source:\n    repoURL: x\n    targetRevision: main\n",
    "argocd-apps/values.yaml": "environments: [main]\nbranches:\n  dev: dev\n",
    "base/a.yaml": "a: 1\n",
}


def run_command(argv: list[str], **options: Any) -> tuple[int, str, str]:
    assert options["expand_user_and_vars"] is False  # a message may hold $HOME
    assert options["handle_exceptions"] is False
    environ = {**os.environ, **options["environ_update"]}
    done = subprocess.run(argv, capture_output=True, check=False, env=environ)
    out, said = (text.decode("utf-8", "surrogateescape") for text in (done.stdout, done.stderr))
    return done.returncode, out, said


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=True, text=True).stdout


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name, text in SOURCE.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return {
        "dir": str(tmp_path / "a folder/top"),
        "source": str(tmp_path / "source"),
        "repo_url": "https://git.example/x",
        "branch": None,
        "dev_branch": None,
        "environments": None,
        "components": None,
        "remote_url": "https://git.example/x",
        "set_remote": False,
        "push": False,
        "overwrite": [],
        "author_name": "Me",
        "author_email": "me@example.org",
        "commit_message": "For $HOME",
        "lock_timeout": 0,
    }


def test_check_mode_foretells_what_the_run_does(params: dict[str, Any]) -> None:
    foretold = merge(params, True, run_command)
    assert not Path(params["dir"]).exists()
    done = merge(params, False, run_command)
    differing = {key for key in done if done[key] != foretold[key]}
    assert differing == {"report"}  # which says that nothing was done
    assert done["changed"] and done["committed"] == sorted(SOURCE)
    assert not merge(params, False, run_command)["changed"]
    assert git(Path(params["dir"]), "log", "--format=%an %s") == "Me For $HOME\n"


def test_the_difference_is_in_ansibles_form_and_without_passwords(params: dict[str, Any]) -> None:
    merge(params, False, run_command)
    app = Path(params["dir"], "k8s-manifests/base/a.yaml")
    app.write_text("url: https://me:p@ss@git.example/x\n")
    params["overwrite"] = [" base/a.yaml "]
    assert merge(params, True, run_command)["diff"] == [
        {
            "before_header": "k8s-manifests/base/a.yaml",
            "after_header": "k8s-manifests/base/a.yaml",
            "before": "url: https://********@git.example/x\n",
            "after": "a: 1\n",
        }
    ]


def test_a_folder_that_another_run_holds(params: dict[str, Any]) -> None:
    os.makedirs(params["dir"])
    other = os.open(params["dir"], os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(TimedOut, match="Another run is at work on"):
        merge(params, False, run_command)
    os.close(other)
    assert merge(params, False, run_command)["changed"]


def test_the_repository_of_a_hook_is_not_touched(
    params: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "--quiet", "elsewhere")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere/.git"))
    merge(params, False, run_command)
    assert Path(params["dir"], ".git").is_dir()
    assert "No commits yet" in git(tmp_path / "elsewhere", "status")


def test_a_hook_that_refuses_is_told_and_the_next_run_goes_on(params: dict[str, Any]) -> None:
    git(Path(params["source"]), "init", "--quiet", "--initial-branch=main", params["dir"])
    hook = Path(params["dir"], ".git/hooks/pre-commit")
    hook.write_text("#!/bin/sh\necho checking >&2\necho 'error: not on Fridays' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(Failed, match=r"git commit failed in .*: error: not on Fridays\. Mend that"):
        merge(params, False, run_command)
    hook.unlink()
    done = merge(params, False, run_command)
    assert (done["written"], done["committed"]) == ([], sorted(SOURCE))


def test_a_remote_that_does_not_answer(params: dict[str, Any], tmp_path: Path) -> None:
    params.update(push=True, remote_url=f"file://{tmp_path}/gone")
    with pytest.raises(Unavailable, match=r"gone does not answer: fatal: .*\. Make the repository there"):
        merge(params, False, run_command)
    assert not Path(params["dir"]).exists()


def test_a_repository_that_git_does_not_accept(params: dict[str, Any]) -> None:
    os.makedirs(params["dir"])
    Path(params["dir"], ".git").write_text("gitdir: /nowhere")
    with pytest.raises(Refused, match=r"has a \.git that Git does not accept: fatal: not a git repository: /nowhere"):
        merge(params, False, run_command)


def test_the_collection_itself(params: dict[str, Any], tmp_path: Path) -> None:
    os.makedirs(params["dir"])
    Path(params["dir"], "k8s-manifests").symlink_to(params["source"])
    with pytest.raises(Refused, match="is the collection itself"):
        merge(params, False, run_command)


def test_what_cannot_be_written_is_named(params: dict[str, Any]) -> None:
    merge(params, False, run_command)
    Path(params["dir"], "k8s-manifests/.gitops_init").mkdir()
    params["environments"] = ["dev"]
    with pytest.raises(Failed, match=r"k8s-manifests/\.gitops_init cannot be read or written \(Is a directory\)"):
        merge(params, False, run_command)


def test_without_git(params: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", params["source"])
    with pytest.raises(Failed, match="Git cannot be run"):
        merge(params, False, run_command)
