# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook gitops_init against real repositories in a temporary folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from rendering import ROOT, TREE

AUTHOR = {"gitops_init_author_name": "Test", "gitops_init_author_email": "test@example.com"}


class Place:
    """A home without any Git configuration, a bare remote and the path of a working tree."""

    def __init__(self, folder: Path) -> None:
        self.dir, self.remote = folder / "mine", folder / "remote.git"
        self.tree = self.dir / "k8s-manifests"
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "ANSIBLE_", "XDG_"))},
            "HOME": str(folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "ANSIBLE_COLLECTIONS_PATH": os.environ.get("ANSIBLE_COLLECTIONS_PATH", str(ROOT / ".collections")),
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        }
        if not self.remote.exists():
            self.git("init", "--quiet", "--bare", "--initial-branch=main", self.remote, at=folder)

    def git(self, *words: object, at: Path | None = None) -> str:
        identity = ["-c", "user.name=User", "-c", "user.email=user@example.com"]
        argv = ["git", "-C", str(at or self.dir), *identity, *map(str, words)]
        return subprocess.run(argv, env=self.env, check=True, capture_output=True, text=True).stdout

    def start(self, *options: str, **variables: object) -> subprocess.Popen[str]:
        usual = {"dir": str(self.dir), "repo_url": f"file://{self.remote}", "push": True}
        given = {f"gitops_init_{name}": value for name, value in usual.items()} | AUTHOR | variables
        given = {name: value for name, value in given.items() if value is not None}
        playbook = Path(sys.executable).with_name("ansible-playbook")
        argv = [str(playbook), "ai_how.cloud.gitops_init", *options, "-e", json.dumps(given)]
        argv = ["sh", "-c", 'PLAYBOOK=$$; export PLAYBOOK; exec "$@"', "sh", *argv]
        # Not a pipe, which what is left of a killed run would keep open.
        with (self.dir.parent / "output").open("a+") as output:
            output.truncate(0)
            return subprocess.Popen(argv, env=self.env, cwd=self.env["HOME"], stdout=output, stderr=output, text=True)

    def init(self, *options: str, **variables: object) -> SimpleNamespace:
        rc = self.start(*options, **variables).wait(timeout=300)
        out = (self.dir.parent / "output").read_text()
        changed = re.search(r"changed=(\d+)", out)
        assert changed, out
        return SimpleNamespace(rc=rc, changed=int(changed[1]), out=out)

    def init_killed(self, when: str, command: str, **variables: object) -> None:
        """A run that is killed, with its module, before or after this git command."""
        folder = self.dir.parent / "bin"
        folder.mkdir(exist_ok=True)
        git, kill = shutil.which("git"), 'kill -9 "$PLAYBOOK" "$PPID"'
        steps = f"{kill}; exit 1" if when == "before" else f'{git} "$@"; {kill}; exit'
        (folder / "git").write_text(f'#!/bin/sh\ncase " $* " in *" {command} "*) {steps};; esac\nexec {git} "$@"\n')
        (folder / "git").chmod(0o755)
        path = self.env["PATH"]
        self.env["PATH"] = f"{folder}:{path}"
        try:
            assert self.start(**variables).wait(timeout=300) == -signal.SIGKILL
        finally:
            self.env["PATH"] = path

    def read(self, name: str) -> dict:
        return yaml.safe_load((self.tree / name).read_text())

    def remote_heads(self) -> dict[str, str]:
        lines = self.git("for-each-ref", "--format=%(refname:short) %(objectname)", at=self.remote).splitlines()
        return dict(line.split() for line in lines)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """One first run, for all tests that only look at it or go on from a copy of it."""
    place = Place(tmp_path_factory.mktemp("first"))
    return SimpleNamespace(place=place, result=place.init())


@pytest.fixture
def place(first, tmp_path):
    """A place where gitops_init has run before."""
    shutil.copytree(first.place.dir, tmp_path / "mine")
    shutil.copytree(first.place.remote, tmp_path / "remote.git")
    copy = Place(tmp_path)
    copy.git("remote", "set-url", "origin", f"file://{copy.remote}")
    application = copy.tree / "argocd-apps/mlops-stack-app.yaml"
    application.write_text(application.read_text().replace(str(first.place.remote), str(copy.remote)))
    copy.git("commit", "--quiet", "--all", "--message=Another place")
    copy.git("push", "--quiet", "origin", "main")
    return copy


def test_first_run_makes_commits_and_pushes_both_branches(first):
    assert first.result.rc == 0, first.result.out
    place = first.place
    head = place.git("rev-parse", "HEAD").strip()
    assert place.remote_heads() == {"main": head, "dev": head}
    assert place.git("branch", "--show-current").strip() == "main"
    assert place.git("status", "--porcelain") == ""
    assert place.git("log", "--format=%an <%ae>").strip() == "Test <test@example.com>"
    ours = {path.relative_to(TREE) for path in TREE.rglob("*") if path.is_file()}
    assert {path.relative_to(place.tree) for path in place.tree.rglob("*") if path.is_file()} == ours
    source = place.read("argocd-apps/mlops-stack-app.yaml")["spec"]["source"]
    assert (source["repoURL"], source["targetRevision"]) == (f"file://{place.remote}", "main")
    values = place.read("argocd-apps/values.yaml")
    assert values == yaml.safe_load((TREE / "argocd-apps/values.yaml").read_text())


def test_second_run_changes_nothing(place):
    head = place.git("rev-parse", "HEAD")
    result = place.init("--diff")
    assert (result.rc, result.changed) == (0, 0), result.out
    assert place.git("rev-parse", "HEAD") == head
    assert place.init("--check", "--diff", gitops_init_repo_url=None).changed == 0


def test_check_mode_says_what_would_be_written_and_writes_nothing(tmp_path):
    place = Place(tmp_path)
    result = place.init("--check", "--diff")
    assert result.rc == 0, result.out
    assert result.changed > 0
    assert f"+    repoURL: &repoURL file://{place.remote}" in result.out
    assert not place.dir.exists()
    assert place.remote_heads() == {}


def test_what_the_user_did_stays(place):
    """A changed file, a deleted one, uncommitted work of all kinds, and another order of environments."""
    claim = place.tree / "base/mlops/minio/pvc.yaml"
    claim.write_text(claim.read_text().replace("100Gi", "200Gi"))
    values = place.tree / "argocd-apps/values.yaml"
    values.write_text(values.read_text().replace("[main]", "[main, dev]"))
    place.git("rm", "--quiet", "k8s-manifests/overlays/prod/mlops/minio/prod-patches.yaml")
    place.git("commit", "--quiet", "--all", "--message=Mine")
    service = place.tree / "base/mlops/minio/service.yaml"
    service.write_text(service.read_text() + "# mine\n")
    (place.dir / "staged").write_text("")
    place.git("add", "staged")
    (place.dir / "untracked").write_text("")
    before = place.git("status", "--porcelain")

    result = place.init()
    assert result.rc == 0, result.out
    assert "kept as you have it: base/mlops/minio/pvc.yaml" in result.out
    assert "kept as you have it: base/mlops/minio/service.yaml" in result.out
    assert "left deleted: overlays/prod/mlops/minio/prod-patches.yaml" in result.out
    assert place.read("argocd-apps/values.yaml")["environments"] == ["main", "dev"]
    assert place.git("status", "--porcelain") == before
    assert result.changed == 1  # the push of the user's commit

    taken = ["base/mlops/minio/pvc.yaml", "overlays/prod/mlops/minio/prod-patches.yaml"]
    result = place.init(gitops_init_overwrite=", ".join(taken))
    assert result.rc == 0, result.out
    assert all((place.tree / name).read_text() == (TREE / name).read_text() for name in taken)
    assert place.git("status", "--porcelain") == before
    changed = place.git("show", "--format=", "--name-only").split()
    assert changed == [f"k8s-manifests/{name}" for name in taken]


def test_settings_are_changed_when_given_and_only_they(place):
    values = place.tree / "argocd-apps/values.yaml"
    values.write_text(values.read_text() + "# mine\n")
    place.git("commit", "--quiet", "--all", "--message=Mine")
    components = {"main": ["k8s-manifests/components/real-node"]}
    wanted = {"environments": "main, prod", "dev_branch": "develop", "components": components}
    result = place.init(**{f"gitops_init_{name}": value for name, value in wanted.items()})
    assert result.rc == 0, result.out
    assert place.read("argocd-apps/values.yaml") == {
        "environments": ["main", "prod"],
        "branches": {"dev": "develop"},
        "components": {**components, "dev": [], "prod": []},
    }
    assert values.read_text().endswith("# mine\n")
    assert set(place.remote_heads()) == {"main", "dev", "develop"}
    assert place.git("status", "--porcelain") == ""


@pytest.fixture
def begun(first, tmp_path):
    """A place with a part of the files and no repository."""
    place = Place(tmp_path)
    shutil.copytree(first.place.tree, place.tree)
    shutil.rmtree(place.tree / "base/mlops")
    return place


def wait_until(condition):
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def assert_as_after_one_run(place, commits=1):
    ours = {path.relative_to(TREE) for path in TREE.rglob("*") if path.is_file()}
    assert {path.relative_to(place.tree) for path in place.tree.rglob("*") if path.is_file()} == ours
    assert place.git("status", "--porcelain") == ""
    head = place.git("rev-parse", "HEAD").strip()
    first = place.git("rev-list", "--max-parents=0", "HEAD").strip()
    assert place.git("rev-parse", "dev").strip() == first
    assert place.remote_heads() == {"main": head, "dev": first}
    assert int(place.git("rev-list", "--count", "HEAD")) == commits
    assert place.read("argocd-apps/mlops-stack-app.yaml")["spec"]["source"]["repoURL"] == f"file://{place.remote}"


def test_killed_runs_are_finished(begun):
    """Each goes on where the one before was killed."""
    for when, command in (
        ("before", "init"),
        ("after", "init"),
        ("after", "add"),
        ("before", "commit"),
        ("after", "commit"),
        ("before", "branch"),
        ("before", "push"),
    ):
        begun.init_killed(when, command)
    result = begun.init()
    assert result.rc == 0, result.out
    assert_as_after_one_run(begun)
    assert begun.git("log", "--format=%s").splitlines() == ["Add GitOps manifests"]


def test_what_goes_on_of_a_killed_run_keeps_the_next_one_waiting(begun):
    """Only ansible-playbook is killed; its module goes on to write, commit and push."""
    hook = begun.dir / ".git/hooks/pre-commit"
    begun.git("init", "--quiet", "--initial-branch=main", begun.dir, at=begun.dir)
    started, go = begun.dir.parent / "started", begun.dir.parent / "go"
    hook.write_text(f"#!/bin/sh\ntouch {started}\nwhile [ ! -e {go} ]; do sleep 0.1; done\n")
    hook.chmod(0o755)
    run = begun.start()
    wait_until(started.exists)
    run.kill()
    run.wait()
    second = begun.start(gitops_init_environments="main,dev")
    wait_until(lambda: "Put the manifests" in (begun.dir.parent / "output").read_text())
    assert begun.read("argocd-apps/values.yaml")["environments"] == ["main"]
    go.touch()
    assert second.wait(timeout=300) == 0
    assert_as_after_one_run(begun, commits=2)
    assert begun.read("argocd-apps/values.yaml")["environments"] == ["main", "dev"]


@pytest.mark.parametrize("made", [True, False], ids=["a folder", "no folder"])
def test_two_runs_at_once(begun, made):
    if not made:
        shutil.rmtree(begun.dir)
    assert [run.wait(timeout=300) for run in (begun.start(), begun.start())] == [0, 0]
    assert_as_after_one_run(begun)
    assert not (begun.dir.parent / ".local").exists()


def test_settings_of_a_killed_run_are_committed_when_given_again(place):
    head = place.git("rev-parse", "HEAD")
    place.init_killed("before", "add", gitops_init_environments=["main", "dev"])
    assert place.init().changed == 0
    assert place.git("rev-parse", "HEAD") == head
    assert place.git("status", "--porcelain") == " M k8s-manifests/argocd-apps/values.yaml\n"
    result = place.init(gitops_init_environments=["main", "dev"])
    assert result.rc == 0, result.out
    assert place.git("status", "--porcelain") == ""
    assert place.read("argocd-apps/values.yaml")["environments"] == ["main", "dev"]


def test_a_killed_git_init_is_finished(begun):
    (begun.dir / ".git").mkdir()
    result = begun.init(gitops_init_push=False)
    assert result.rc == 0, result.out
    assert begun.git("status", "--porcelain") == ""


def test_refuses_without_git(tmp_path):
    place = Place(tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/sh").symlink_to("/bin/sh")
    place.env["PATH"] = str(tmp_path / "bin")
    result = place.init()
    assert result.rc != 0 and result.changed == 0
    assert "Git cannot be run" in result.out
    assert not place.dir.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(tmp_path):
    place = Place(tmp_path)
    place.dir.mkdir(mode=0o555)
    result = place.init()
    assert result.rc != 0 and result.changed == 0
    assert "git init failed" in result.out and "Permission denied" in result.out


def test_what_git_says_is_passed_on_and_the_next_run_goes_on(place):
    lock = place.dir / ".git/index.lock"
    lock.touch()
    result = place.init(gitops_init_environments="dev")
    assert result.rc != 0
    assert re.search(r"git add failed in .*index.lock': File exists\. Mend that", result.out), result.out
    lock.unlink()
    result = place.init(gitops_init_environments="dev")
    assert (result.rc, result.changed) == (0, 1), result.out
    assert place.git("status", "--porcelain") == ""


def test_variables_may_be_given_as_key_and_value(place):
    """As -e gitops_init_push=false, which is a text to Ansible."""
    place.git("remote", "set-url", "origin", "file:///elsewhere")
    heads = place.remote_heads()
    words = {"push": "false", "set_remote": "false", "environments": "main,dev"}
    options = [part for name, value in words.items() for part in ("-e", f"gitops_init_{name}={value}")]
    result = place.init(*options, gitops_init_push=None)
    assert result.rc != 0 and result.changed == 0
    assert "gitops_init_set_remote=true" in result.out
    result = place.init(*options, "-e", "gitops_init_remote_url=file:///elsewhere", gitops_init_push=None)
    assert result.rc == 0, result.out
    assert place.read("argocd-apps/values.yaml")["environments"] == ["main", "dev"]
    assert place.git("remote", "get-url", "origin") == "file:///elsewhere\n"
    assert place.remote_heads() == heads
    assert "Next: git -C" in result.out


def test_ignored_files_are_committed(begun):
    (begun.dir / ".gitignore").write_text("*.tpl\nvalues.yaml\n")
    result = begun.init()
    assert result.rc == 0, result.out
    assert begun.git("status", "--porcelain") == "?? .gitignore\n"
    assert "k8s-manifests/argocd-apps/values.yaml" in begun.git("ls-files")
    assert begun.init().changed == 0


def test_ignored_files_of_a_killed_run_are_committed(begun):
    (begun.dir / ".gitignore").write_text("*.tpl\n")
    begun.init_killed("before", "add")
    assert begun.init("--check").changed == 1
    assert begun.init().rc == 0
    assert "k8s-manifests/argocd-apps/templates/project.tpl" in begun.git("ls-files")


def test_unusual_names_of_the_user_are_of_no_matter(place):
    for name in ("base/with space.yaml", "base/n\u00e4me\tx", "base/\udcff"):
        (place.tree / name).write_text("")
    place.git("add", "--all")
    place.git("commit", "--quiet", "--message=Mine")
    for name in ("base/also space.yaml", "base/\u00fc\nx"):
        (place.tree / name).write_text("")
    before = place.git("status", "--porcelain")
    result = place.init(gitops_init_environments="dev")
    assert result.rc == 0, result.out
    assert place.git("status", "--porcelain") == before


@pytest.mark.parametrize(
    ("name", "edit", "words"),
    [
        (
            "mlops-stack-app.yaml",
            lambda text: text.replace(b"    targetRevision: &targetRevision main\n", b""),
            "repoURL and targetRevision cannot be set",
        ),
        (
            "mlops-stack-app.yaml",
            lambda text: text.replace(b"  source:", b"  sources:"),
            "repoURL and targetRevision cannot be set",
        ),
        ("values.yaml", lambda text: text.replace(b"environments: [main]", b""), "environments cannot be set"),
        ("values.yaml", lambda text: b"a: [", "environments cannot be set"),
        ("values.yaml", lambda text: b"\xff\xfe", "environments cannot be set"),
    ],
    ids=["no revision", "sources", "no environments", "no YAML", "no UTF-8"],
)
def test_settings_that_cannot_be_set(place, name, edit, words):
    """Nothing is said of them where there is nothing to set."""
    path = place.tree / "argocd-apps" / name
    path.write_bytes(edit(path.read_bytes()))
    place.git("commit", "--quiet", "--all", "--message=Mine")
    place.git("push", "--quiet", "origin", "main")
    given = {"gitops_init_branch": "main", "gitops_init_environments": "main,dev"}
    result = place.init(**given)
    assert (result.rc != 0, result.changed) == (True, 0), result.out
    assert f"k8s-manifests/argocd-apps/{name} is not written as expected, so {words} in it." in result.out
    assert f"gitops_init_overwrite=argocd-apps/{name}" in result.out
    result = place.init(gitops_init_repo_url=None, gitops_init_remote_url=f"file://{place.remote}")
    assert (result.rc, result.changed) == (0, 0), result.out
    result = place.init("-e", f"gitops_init_overwrite=argocd-apps/{name}", **given)
    assert result.rc == 0, result.out


def test_commits_of_others_are_not_in_the_way(place):
    """On dev they never are; on main only if there is something to commit."""
    other = place.dir.parent / "other"
    place.git("clone", "--quiet", place.remote, other, at=place.dir.parent)
    for branch in ("dev", "main"):
        place.git("switch", "--quiet", branch, at=other)
        place.git("commit", "--quiet", "--allow-empty", "--message=Other", at=other)
    place.git("push", "--quiet", "origin", "dev", "main", at=other)
    heads = place.remote_heads()

    result = place.init()
    assert (result.rc, result.changed) == (0, 0), result.out
    result = place.init(gitops_init_environments=["main", "dev"])
    assert result.rc != 0
    assert "has commits that" in result.out and "git pull" in result.out
    assert place.git("status", "--porcelain") == ""
    assert place.remote_heads() == heads


def elsewhere(place):
    place.git("remote", "set-url", "origin", "https://user:hi@hidden@git.example/other")


def subfolder(place):
    shutil.rmtree(place.tree)
    place.tree.mkdir()


def merge(place):
    (place.dir / ".git/MERGE_HEAD").write_text(place.git("rev-parse", "HEAD"))


def edited(place):
    values = place.tree / "argocd-apps/values.yaml"
    values.write_text(values.read_text() + "# mine\n")


def linked(place):
    """A loop, where there are files to write."""
    shutil.rmtree(place.tree / "base")
    (place.tree / "base").symlink_to("base")
    place.git("rm", "--quiet", "-r", "--cached", "k8s-manifests")
    place.git("update-ref", "-d", "HEAD")
    place.git("commit", "--quiet", "--allow-empty", "--message=Mine")


def reworded(place):
    values = place.tree / "argocd-apps/values.yaml"
    values.write_text(values.read_text().replace("environments:", '"environments":'))
    place.git("commit", "--quiet", "--all", "--message=Mine")


@pytest.mark.parametrize(
    ("prepare", "variables", "words"),
    [
        (elsewhere, {"gitops_init_push": False}, ["https://********@git.example/other", "gitops_init_set_remote=true"]),
        (subfolder, {"gitops_init_dir": "{dir}/k8s-manifests"}, ["lies inside the Git repository"]),
        (None, {"gitops_init_dir": "{dir}/new/folder"}, ["lies inside the Git repository"]),
        (None, {"gitops_init_dir": "{remote}"}, ["bare repository"]),
        (lambda place: place.git("switch", "--quiet", "--detach"), {}, ["detached HEAD", "git switch main"]),
        (lambda place: place.git("switch", "--quiet", "dev"), {}, ["on branch dev", "expected main"]),
        (merge, {}, ["middle of a merge", "MERGE_HEAD"]),
        (
            None,
            {"gitops_init_author_name": "", "gitops_init_environments": ["dev"]},
            ["does not know who commits", "gitops_init_author_name"],
        ),
        (edited, {"gitops_init_environments": ["dev"]}, ["argocd-apps/values.yaml", "not committed"]),
        (reworded, {"gitops_init_environments": ["dev"]}, ["argocd-apps/values.yaml", "Set them there yourself"]),
        (None, {"gitops_init_overwrite": ["nothing.yaml"]}, ["nothing.yaml", "the collection does not have"]),
        (None, {"gitops_init_dir": None}, ["gitops_init_dir is not given"]),
        (None, {"gitops_init_dir": "  "}, ["gitops_init_dir is not given"]),
        (linked, {}, ["k8s-manifests/base is in the way", "no symbolic link"]),
        (None, {"gitops_init_dir": "{dir}/.git/HEAD/x"}, ["HEAD is not a folder"]),
        (None, {"gitops_init_dir": "{dir}-new", "gitops_init_branch": "x.lock"}, ["x.lock", "cannot be a branch"]),
        (None, {"gitops_init_dir": "{dir}-new", "gitops_init_dev_branch": "main/x"}, ["cannot have both"]),
        (None, {"gitops_init_repo_url": "https://user:hidden@git.example/x"}, ["carries a password or token"]),
        (None, {"gitops_init_repo_url": "https://hidden@git.example/x"}, ["carries a password or token"]),
        (None, {"gitops_init_remote_url": "HTTPS://hidden@git.example/x"}, ["carries a password or token"]),
        (None, {"gitops_init_environments": ["main, dev"]}, ["main, dev", "cannot be"]),
        (
            lambda place: place.remote.rename(place.remote.with_name("gone")),
            {},
            ["does not answer", "git ls-remote"],
        ),
    ],
    ids=[
        "other origin",
        "inside a repository",
        "to be made inside a repository",
        "bare",
        "detached",
        "other branch",
        "merging",
        "no identity",
        "uncommitted settings",
        "settings written otherwise",
        "unknown overwrite",
        "no folder",
        "blank folder",
        "symbolic link",
        "below a file",
        "no name of a branch",
        "a branch below the other",
        "password in the URL",
        "token in the URL",
        "token in the URL of the remote",
        "bad word",
        "no remote",
    ],
)
def test_refuses(place, prepare, variables, words):
    if prepare:
        prepare(place)
    state = place.git("status", "--porcelain"), place.git("rev-parse", "HEAD")
    given = {
        name: value.format(dir=place.dir, remote=place.remote) if isinstance(value, str) else value
        for name, value in variables.items()
    }
    result = place.init(**given)
    assert result.rc != 0, result.out
    assert result.changed == 0
    message = re.search(r'"msg": "(.*)"\}', result.out)
    assert message, result.out
    assert all(word in message[1] for word in words), message[1]
    assert "hidden" not in message[1]
    assert (place.git("status", "--porcelain"), place.git("rev-parse", "HEAD")) == state
    assert not place.dir.with_name("mine-new").exists()
