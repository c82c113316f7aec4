# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Merges the collection's manifests into a Git working tree: looks, has it planned, does it."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._core.command import RunCommand
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import (
    Failed,
    Refused,
    TimedOut,
    Unavailable,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._core.redact import redact_text
from ansible_collections.ai_how.cloud.plugins.module_utils._gitops.tree import (
    FOLDER,
    SETTINGS,
    UNFINISHED,
    Plan,
    Remote,
    Seen,
    Wanted,
    folders,
    plan,
    refuse,
    remote_url,
    report,
)

# Where Ansible runs in a hook of Git, these point to the repository of the hook.
_OF_A_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_COMMON_DIR")


def merge(params: Mapping[str, Any], dry_run: bool, run_command: RunCommand) -> dict[str, Any]:
    """The result of the module gitops_tree."""
    wanted = Wanted(
        top=params["dir"],
        repo_url=params["repo_url"],
        branch=params["branch"],
        dev_branch=params["dev_branch"],
        environments=_words(params["environments"]),
        components=params["components"],
        remote_url=params["remote_url"] or "",
        set_remote=params["set_remote"],
        push=params["push"],
        overwrite=_words(params["overwrite"]) or [],
        has_author=bool(params["author_name"] and params["author_email"]),
    )
    tree = _Tree(wanted, params, run_command)
    try:
        if not os.path.isdir(wanted.top):
            seen, remote, planned = tree.plan()
            if dry_run:
                return _result(wanted, seen, remote, planned, dry_run)
            os.makedirs(wanted.top, exist_ok=True)
        with _locked(wanted.top, params["lock_timeout"]):
            seen, remote, planned = tree.plan()
            if not dry_run:
                tree.apply(planned, seen)
            return _result(wanted, seen, remote, planned, dry_run)
    except OSError as error:
        raise Failed(
            f"{error.filename or wanted.top} cannot be read or written ({error.strerror}). Change its permissions, or"
            " set gitops_init_dir to another folder."
        ) from error


def _words(given: Optional[list[str]]) -> Optional[list[str]]:
    return None if given is None else [word.strip() for word in given]


def _result(wanted: Wanted, seen: Seen, remote: Remote, planned: Plan, dry_run: bool) -> dict[str, Any]:
    def text(content: bytes) -> str:
        return redact_text(content.decode(errors="replace"))

    return {
        "changed": planned.changes,
        "report": report(wanted, seen, remote, planned, dry_run),
        "written": list(planned.write),
        "committed": planned.commit,
        "kept": planned.kept,
        "left_deleted": planned.left_deleted,
        "diff": [
            {
                "before_header": f"{FOLDER}/{name}",
                "after_header": f"{FOLDER}/{name}",
                "before": text(seen.actual.get(name, b"")),
                "after": text(content),
            }
            for name, content in planned.write.items()
        ],
    }


@contextmanager
def _locked(folder: str, timeout: float) -> Iterator[None]:
    """Runs on one folder take turns. The lock is on the folder itself, so nothing is left behind, and is this
    process's: what goes on of a run whose ansible-playbook was killed holds it until it is done."""
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    deadline = time.monotonic() + timeout
    pause = 0.05
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                pass
            if time.monotonic() >= deadline:
                raise TimedOut(f"Another run is at work on {folder} for {timeout} s; wait for it, then run this again.")
            time.sleep(pause)
            pause = min(pause * 1.5, 1.0)
        yield
    finally:
        os.close(lock)


class _Tree:
    """The folder and its repository."""

    def __init__(self, wanted: Wanted, params: Mapping[str, Any], run_command: RunCommand) -> None:
        self._wanted = wanted
        self._params = params
        self._run_command = run_command
        self._top: str = wanted.top
        self._folder = os.path.join(wanted.top, FOLDER)
        self._ground = ""  # the folder itself, or the one in which it is to be made
        for name in _OF_A_HOOK:
            os.environ.pop(name, None)
        # A missing password or an unknown host is an error to be told, not a question that nobody sees.
        # Without optional locks, git status does not write its index.
        self._env = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}

    # ---- looking ----

    def plan(self) -> tuple[Seen, Remote, Plan]:
        self._ground = self._top
        while not os.path.lexists(self._ground):
            self._ground = os.path.dirname(self._ground)
        if not os.path.isdir(self._ground):
            raise Refused(
                f"{self._ground} is not a folder. Set gitops_init_dir to a folder, or to a path where none is yet."
            )
        source = self._params["source"]
        if os.path.realpath(self._folder) == os.path.realpath(source):
            raise Refused(f"{self._top} is the collection itself. Set gitops_init_dir to a repository of your own.")
        if not {"GIT_SSH_COMMAND", "GIT_SSH"} & set(os.environ):
            self._env["GIT_SSH_COMMAND"] = (
                self._ask("config", "--get", "core.sshCommand").strip() or "ssh -oBatchMode=yes"
            )
        seen = self._look(source)
        refuse(self._wanted, seen)
        remote = self._ask_remote(seen) if self._wanted.push else Remote()
        return seen, remote, plan(self._wanted, seen, remote)

    def _look(self, source: str) -> Seen:
        original = {name: content for name in _names(source) if (content := _read(source, name)) is not None}
        wanted = self._wanted
        status, git_dir, said = self._git("rev-parse", "--absolute-git-dir")
        git_dir = git_dir.rstrip("\n") if status == 0 else ""
        dot_git = os.path.join(self._top, ".git")
        if not git_dir and os.path.lexists(dot_git) and not _is_half_made(dot_git):
            raise Refused(f"{self._top} has a .git that Git does not accept: {_reason(said)}")
        toplevel = self._ask("rev-parse", "--show-toplevel").rstrip("\n")
        # Git says that no name is given where it could only guess one.
        identity = self._ask("-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT")
        return Seen(
            original=original,
            actual={name: content for name in original if (content := _read(self._folder, name)) is not None},
            kinds={name: kind for name in {*original, *folders(original)} if (kind := _kind(self._folder, name))},
            git_dir=git_dir,
            toplevel=os.path.realpath(toplevel) if toplevel else "",
            branch=self._ask("symbolic-ref", "--quiet", "--short", "HEAD").strip(),
            head=self._ask("rev-parse", "--verify", "--quiet", "HEAD").strip(),
            refs=frozenset(self._ask("for-each-ref", "--format=%(refname)").split()),
            origin=self._ask("config", "--get", "remote.origin.url").rstrip("\n"),
            has_identity=bool(identity),
            unfinished=[name for name in UNFINISHED if git_dir and os.path.exists(os.path.join(git_dir, name))],
            bad_names=[
                name for name in (wanted.main, wanted.dev) if self._git("check-ref-format", "--branch", name)[0]
            ],
            committed=self._committed(),
            history=self._below(
                "log", "-z", "--no-show-signature", "--format=", "--name-only", "--no-renames", "--", FOLDER
            ),
            uncommitted=self._below(
                "status",
                "--porcelain",
                "-z",
                "--untracked-files=all",
                "--ignored",
                "--no-renames",
                "--",
                FOLDER,
                skip=3,
            ),
        )

    def _committed(self) -> dict[str, bytes]:
        """With the ends of line that this working tree has."""
        answers = {name: self._git("cat-file", "--filters", f"HEAD:{FOLDER}/{name}") for name in SETTINGS}
        return {
            name: text.encode("utf-8", "surrogateescape")
            for name, (status, text, _said) in answers.items()
            if status == 0
        }

    def _below(self, *words: str, skip: int = 0) -> frozenset[str]:
        entries = (entry[skip:] for entry in self._ask(*words).split("\0"))
        return frozenset(entry[len(FOLDER) + 1 :] for entry in entries if entry.startswith(f"{FOLDER}/"))

    def _ask_remote(self, seen: Seen) -> Remote:
        url = remote_url(self._wanted, seen)
        # By its name, since the URL of an origin may hold a password.
        status, heads, said = self._git("ls-remote", "--heads", "--", "origin" if url == seen.origin else url)
        if status:
            raise Unavailable(
                f"The remote {url} does not answer: {_reason(said)} Make the repository there and check your access"
                f" with: git ls-remote {url}"
            )
        lines = [line.split("\t", 1) for line in heads.splitlines()]
        found = {name[len("refs/heads/") :]: commit for commit, name in lines}
        theirs = found.get(self._wanted.main)
        return Remote(found, bool(theirs and self._git("merge-base", "--is-ancestor", theirs, "HEAD")[0]))

    # ---- doing ----

    def apply(self, planned: Plan, seen: Seen) -> None:
        if planned.make_repository:
            self._do("init", "--quiet", f"--initial-branch={self._wanted.main}")
        for name, content in planned.write.items():
            self._write(name, content)
        if planned.set_remote:
            self._do("remote", "set-url" if seen.origin else "add", "--", "origin", self._wanted.remote_url)
        if planned.commit:
            files = [f"{FOLDER}/{name}" for name in planned.commit]
            author = [
                "-c",
                f"user.name={self._params['author_name']}",
                "-c",
                f"user.email={self._params['author_email']}",
            ]
            self._do("add", "--force", "--", *files)
            # --only: what else is staged in this working tree is not ours to commit.
            message = ["--message", self._params["commit_message"]]
            self._do(*([] if seen.has_identity else author), "commit", "--quiet", "--only", *message, "--", *files)
        if planned.make_dev:
            self._do("branch", "--no-track", self._wanted.dev, "HEAD")
        if planned.push:
            self._do("push", "--quiet", "--set-upstream", "origin", *(f"refs/heads/{name}" for name in planned.push))

    def _write(self, name: str, content: bytes) -> None:
        """All or nothing. The file beside is always the same, so that a killed run leaves at most one to overwrite."""
        path, beside = os.path.join(self._folder, name), os.path.join(self._folder, ".gitops_init")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
        with os.fdopen(file, "wb") as stream:
            stream.write(content)
        os.chmod(beside, 0o644)
        os.replace(beside, path)

    # ---- Git ----

    def _git(self, *words: str) -> tuple[int, str, str]:
        try:
            return self._run_command(
                ["git", "-C", self._ground, *words],
                environ_update=self._env,
                expand_user_and_vars=False,
                handle_exceptions=False,
            )
        except OSError as error:
            raise Failed(
                f"Git cannot be run ({error.strerror}). Install it, or see that it is found in PATH; then run this"
                " again."
            ) from error

    def _ask(self, *words: str) -> str:
        """Empty if it fails, as it does where there is no repository yet, no commit or no remote."""
        status, answer, _said = self._git(*words)
        return answer if status == 0 else ""

    def _do(self, *words: str) -> None:
        status, _answer, said = self._git(*words)
        if status:
            verb = next(word for word in words if not word.startswith("-") and "=" not in word)
            raise Failed(
                f"git {verb} failed in {self._top}: {_reason(said)} Mend that (git status tells how things stand),"
                " then run this again: it goes on where it stopped."
            )


def _reason(said: str) -> str:
    """Git's own sentence, without what a hook or the progress of a push say before it."""
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["(it did not say why)"]
    marked = [line for line in lines if line.startswith(("fatal:", "error:", "remote:", "! ["))]
    line = (marked or lines)[0]
    return line if line.endswith((".", "!", "?")) else f"{line}."


def _is_half_made(dot_git: str) -> bool:
    """git init was killed: without this folder it is no repository, and to Git it is safe to go on."""
    return os.path.isdir(dot_git) and not os.path.lexists(os.path.join(dot_git, "objects"))


def _names(folder: str) -> list[str]:
    found = (os.path.join(place, file) for place, _folders, files in os.walk(folder) for file in files)
    return sorted(os.path.relpath(path, folder) for path in found)


def _read(folder: str, name: str) -> Optional[bytes]:
    """None if there is no such file."""
    path = os.path.join(folder, name)
    if not os.path.isfile(path):
        return None
    with open(path, "rb") as stream:
        return stream.read()


def _kind(folder: str, name: str) -> str:
    try:
        mode = os.lstat(os.path.join(folder, name).rstrip("/")).st_mode
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return ""
        raise
    if stat.S_ISLNK(mode):
        return "link"
    return "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "other"
