# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What becomes of each manifest in the user's Git working tree, or why nothing must. Pure.

Files are named by their paths relative to k8s-manifests, of which ``FOLDER`` itself is ``""``.
"""

from __future__ import annotations

import copy
import json
import posixpath
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._core.redact import redact_text

with suppress(ImportError):  # ansible-test imports modules where it is not
    import yaml

FOLDER = "k8s-manifests"
APP = "argocd-apps/mlops-stack-app.yaml"
VALUES = "argocd-apps/values.yaml"
SETTINGS = (APP, VALUES)

# What an unfinished operation leaves in the folder .git.
UNFINISHED = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply", "BISECT_LOG")

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@~+%=-]*\Z")
# A token may be the user. With SSH the user (git@) is no secret, what follows a colon is.
_SECRET = re.compile(r"\s*(https?://[^/?#]*@|[^/]+://[^/:]*:[^/]*@)", re.IGNORECASE)


@dataclass(frozen=True)
class Wanted:
    """What the user asks for. What is None keeps what the files have."""

    top: str
    repo_url: Optional[str] = None
    branch: Optional[str] = None
    dev_branch: Optional[str] = None
    environments: Optional[Sequence[str]] = None
    components: Optional[Mapping[str, Sequence[str]]] = None  # by environment
    remote_url: str = ""
    set_remote: bool = False
    push: bool = False
    overwrite: Sequence[str] = ()
    has_author: bool = False

    @property
    def main(self) -> str:
        return "main" if self.branch is None else self.branch

    @property
    def dev(self) -> str:
        return "dev" if self.dev_branch is None else self.dev_branch


@dataclass(frozen=True)
class Seen:
    """The folder and its repository; all is empty where there is none yet."""

    original: Mapping[str, bytes]  # the collection's files
    actual: Mapping[str, bytes] = field(default_factory=dict)  # those of them that are in the folder
    kinds: Mapping[str, str] = field(default_factory=dict)  # file, folder, link or other, of all that is there
    git_dir: str = ""
    toplevel: str = ""
    branch: str = ""  # empty if detached
    head: str = ""
    refs: frozenset[str] = frozenset()
    origin: str = ""
    has_identity: bool = False
    unfinished: Sequence[str] = ()
    bad_names: Sequence[str] = ()  # wanted branches that cannot be called so
    committed: Mapping[str, bytes] = field(default_factory=dict)  # the files with settings, as HEAD has them
    history: frozenset[str] = frozenset()  # what was ever committed
    uncommitted: frozenset[str] = frozenset()  # ignored files, too


@dataclass(frozen=True)
class Remote:
    """What origin answers, if asked."""

    heads: Mapping[str, str] = field(default_factory=dict)
    is_ahead: bool = False  # of HEAD, by commits that others pushed


@dataclass(frozen=True)
class Plan:
    """What to do, in this order, and what is left alone."""

    make_repository: bool
    write: Mapping[str, bytes]
    set_remote: bool
    commit: Sequence[str]
    make_dev: bool
    push: Sequence[str]
    kept: Sequence[str]
    left_deleted: Sequence[str]

    @property
    def changes(self) -> bool:
        return bool(self.make_repository or self.write or self.set_remote or self.commit or self.make_dev or self.push)


def remote_url(wanted: Wanted, seen: Seen) -> str:
    return wanted.remote_url or seen.origin


def folders(names: Iterable[str]) -> set[str]:
    """The folder itself and all below it that these files are in."""
    parts = [name.split("/") for name in names]
    return {"/".join(path[:depth]) for path in parts for depth in range(len(path))}


def refuse(wanted: Wanted, seen: Seen) -> None:
    """Raises where the folder, the repository or the options do not do, before a remote is asked."""
    _refuse_folder(wanted, seen)
    _refuse_options(wanted, seen)
    if seen.origin and not wanted.set_remote and not _is_origin(wanted, seen):
        raise Refused(
            f"The remote origin of {wanted.top} is {seen.origin}, expected {wanted.remote_url}. If both are the same"
            " repository, set gitops_init_remote_url to the first; to change origin, set gitops_init_set_remote=true."
        )
    if wanted.push and not remote_url(wanted, seen):
        raise Invalid("There is nowhere to push: set gitops_init_repo_url, or gitops_init_push=false.")


def _refuse_folder(wanted: Wanted, seen: Seen) -> None:
    top = wanted.top
    if not seen.git_dir:
        return
    if not seen.toplevel:
        raise Refused(
            f"{top} is a bare repository or part of one. Set gitops_init_dir to a working tree: git clone it first."
        )
    if seen.toplevel != top:
        raise Refused(
            f"{top} lies inside the Git repository {seen.toplevel}, but {FOLDER} belongs into the top folder of a"
            f" repository. Set gitops_init_dir to {seen.toplevel} or to a folder outside of it."
        )
    if seen.unfinished:
        raise Refused(
            f"{top} is in the middle of a merge, rebase, cherry-pick, revert or bisect ({', '.join(seen.unfinished)})."
            " Finish or abort it (git status says how), then run this again."
        )
    if seen.branch != wanted.main:
        on = f"branch {seen.branch}" if seen.branch else "no branch (detached HEAD)"
        raise Refused(
            f"{top} is on {on}, expected {wanted.main}. Switch to it (git switch {wanted.main}), or set"
            " gitops_init_branch."
        )


def _refuse_options(wanted: Wanted, seen: Seen) -> None:
    if unknown := [name for name in wanted.overwrite if name not in seen.original]:
        raise Invalid(
            f"gitops_init_overwrite names {_listed(unknown)}, which the collection does not have. Give paths relative"
            f" to {FOLDER}, such as base/mlops/minio/pvc.yaml, as a list or separated by commas."
        )
    text = _base(wanted, seen, APP)
    url = wanted.repo_url
    if url is None:
        url = seen.origin if text is None else _found(text, ("spec", "source", "repoURL"))
    if url == "":
        raise Invalid(
            f"No repository URL is known: {wanted.top} has no remote origin. Set gitops_init_repo_url to the URL from"
            " which Argo CD will read."
        )
    if any(_SECRET.match(one) for one in (url, wanted.remote_url) if isinstance(one, str)):
        raise Invalid(
            "The repository URL carries a password or token (what stands before the @), which would be committed or"
            " shown. Set gitops_init_repo_url and gitops_init_remote_url without it, and give it to Git as a"
            " credential (git help credentials) and to Argo CD as a repository credential."
        )
    words = [*([url] if text is None or wanted.repo_url else []), wanted.main, wanted.dev, *(wanted.environments or ())]
    for environment, paths in (wanted.components or {}).items():
        if isinstance(paths, str) or not isinstance(paths, Sequence):
            raise Invalid(
                f"gitops_init_components has {json.dumps(paths)} for {environment}, expected a list of paths such as"
                f" [{FOLDER}/components/real-node]."
            )
        words += [environment, *paths]
    if strange := [word for word in words if not _WORD.match(str(word))]:
        raise Invalid(
            f"{_listed(strange)} cannot be a repository URL, a branch, an environment or a path. Use letters, digits"
            " and ._/:@~+%=- only, and give several environments as a list or as main,dev."
        )
    if seen.bad_names:
        raise Invalid(
            f"{_listed(seen.bad_names)} cannot be a branch of Git (git check-ref-format says why). Set"
            " gitops_init_branch and gitops_init_dev_branch to other names."
        )
    main, dev = f"{wanted.main}/", f"{wanted.dev}/"
    if main != dev and (main.startswith(dev) or dev.startswith(main)):
        raise Invalid(
            f"Git cannot have both a branch {wanted.main} and a branch {wanted.dev}, since one is the other's folder."
            " Set gitops_init_branch or gitops_init_dev_branch to another name."
        )


def plan(wanted: Wanted, seen: Seen, remote: Remote) -> Plan:
    """All that is to be done; raises where that could do harm."""
    take, existing = frozenset(wanted.overwrite), frozenset(seen.actual)
    content = {**seen.original, **{name: _with_settings(wanted, seen, name) for name in SETTINGS}}
    # In what is committed there is nothing to set: so settings that a killed run wrote are told from the user's edits.
    settled = {name for name in seen.committed if seen.committed[name] == content[name]} - take
    stale = {name for name in content if seen.actual.get(name) != content[name]} - (settled & existing)
    kept = (stale & existing) - take - set(SETTINGS)
    left_deleted = (stale - existing - take) & seen.history
    write = stale - kept - left_deleted
    # What nobody committed is ours to commit, but what history has may be the user's edits, unless it was asked for.
    asked = take | (set(seen.committed) - settled)
    uncommitted = seen.uncommitted if seen.git_dir else existing
    commit = write | (((uncommitted & existing) - stale) - (seen.history - asked))
    if commit:
        _refuse_writing(wanted, seen, remote, write)

    make_dev = bool(seen.head or commit) and not (
        _has_dev(wanted, seen)
        or wanted.dev in remote.heads
        or (not wanted.push and f"refs/remotes/origin/{wanted.dev}" in seen.refs)
    )
    push = []
    if wanted.push and (commit or (remote.heads.get(wanted.main, "") != seen.head and not remote.is_ahead)):
        push.append(wanted.main)
    if wanted.push and wanted.dev not in remote.heads and (_has_dev(wanted, seen) or make_dev):
        push.append(wanted.dev)
    return Plan(
        make_repository=not seen.git_dir,
        write={name: content[name] for name in sorted(write)},
        set_remote=not _is_origin(wanted, seen),
        commit=sorted(commit),
        make_dev=make_dev,
        push=sorted(set(push), key=push.index),
        kept=sorted(kept),
        left_deleted=sorted(left_deleted),
    )


def _refuse_writing(wanted: Wanted, seen: Seen, remote: Remote, write: Iterable[str]) -> None:
    for expected, names in (("folder", folders(seen.original)), ("file", set(write))):
        for name in sorted(names):
            if seen.kinds.get(name, expected) != expected:
                path = posixpath.join(wanted.top, FOLDER, name).rstrip("/")
                raise Refused(
                    f"{path} is in the way: expected is a {expected}, and no symbolic link. Move it away, then run"
                    " this again."
                )
    if remote.is_ahead:
        raise Refused(
            f"The branch {wanted.main} of the remote has commits that {wanted.top} lacks. Bring them in (git pull"
            f" origin {wanted.main}), then run this again."
        )
    for name in SETTINGS:
        if name in write and name in seen.uncommitted & seen.history and name not in wanted.overwrite:
            raise Refused(
                f"{FOLDER}/{name} has to be changed, but has changes that are not committed. Commit or stash them,"
                " then run this again."
            )
    if not seen.has_identity and not wanted.has_author:
        raise Invalid(
            'Git does not know who commits. Tell it (git config --global user.name "Your Name", and user.email), or'
            " set gitops_init_author_name and gitops_init_author_email."
        )


def report(wanted: Wanted, seen: Seen, remote: Remote, done: Plan, dry_run: bool) -> list[str]:
    """What a person is told at the end."""
    lines = [
        f"{wanted.top}: {len(done.write)} files written, {len(done.commit)} committed to {wanted.main}"
        + (" (check mode: nothing was done)" if dry_run else ""),
        *(f"kept as you have it: {name}" for name in done.kept),
        *(f"left deleted: {name}" for name in done.left_deleted),
    ]
    if remote.is_ahead:
        lines.append("The remote has commits that are not here: git pull")
    if not wanted.push:
        both = wanted.dev != wanted.main and (done.make_dev or _has_dev(wanted, seen))
        branches = f"{wanted.main} {wanted.dev}" if both else wanted.main
        lines.append(f"Next: git -C {shlex.quote(wanted.top)} push --set-upstream origin {branches}")
    return [redact_text(line) for line in lines]


# ---- the two files with settings: in one that is there only these are changed, and of them only those given ----------


def _base(wanted: Wanted, seen: Seen, name: str) -> Optional[bytes]:
    """The file that the user has, of which what is committed counts. None if the collection's is taken."""
    if name in wanted.overwrite:
        return None
    return seen.committed.get(name, seen.actual.get(name))


def _with_settings(wanted: Wanted, seen: Seen, name: str) -> bytes:
    text = _base(wanted, seen, name)
    new = text is None
    given: dict[tuple[str, ...], Any]
    if name == APP:
        given = {
            ("spec", "source", "repoURL"): seen.origin if new and wanted.repo_url is None else wanted.repo_url,
            ("spec", "source", "targetRevision"): wanted.main if new else wanted.branch,
        }
    else:
        environments = ["main"] if new and wanted.environments is None else wanted.environments
        given = {("environments",): environments, ("branches", "dev"): wanted.dev if new else wanted.dev_branch}
        given |= {("components", name): paths for name, paths in (wanted.components or {}).items()}
    wishes = {path: value for path, value in given.items() if value is not None}
    before = seen.original[name] if text is None else text
    after = _set(before, wishes)
    if after is None:
        names = " and ".join(".".join(path).replace("spec.source.", "") for path in wishes)
        values = " and ".join(f"[{', '.join(v)}]" if isinstance(v, list) else str(v) for v in wishes.values())
        raise Invalid(
            f"{FOLDER}/{name} is not written as expected, so {names} cannot be set in it. Set them there yourself to"
            f" {values}, or take the collection's file: gitops_init_overwrite={name}"
        )
    return after


def _set(content: bytes, wishes: Mapping[tuple[str, ...], Any]) -> Optional[bytes]:
    """Only these values are changed and all else stays, comments too. None if that does not succeed."""
    if all(_found(content, path) == value for path, value in wishes.items()):
        return content
    expected = copy.deepcopy(_parse(_without_anchors(content)))
    try:
        text = content.decode()
        for path, value in wishes.items():
            holder = expected
            for key in path[:-1]:
                holder = holder[key]
            text = _replace(text, path, holder[path[-1]], value)
            holder[path[-1]] = value
    except (ValueError, LookupError, TypeError):
        return None
    after = text.encode()
    return after if _parse(_without_anchors(after)) == expected else None


def _without_anchors(content: bytes) -> bytes:
    """What an anchor marks changes in all its places, and is to be compared in one."""
    return re.sub(rb": \*(\w+)$", rb": as \1", re.sub(rb": &\w+ ", b": ", content), flags=re.MULTILINE)


def _replace(text: str, path: Sequence[str], before: Any, after: Any) -> str:
    if before == after:
        return text
    *parents, key = path
    if isinstance(after, list):
        above = "".join(rf"^{parent}:\n(?:[ #].*\n|\n)*?" for parent in parents)
        pattern, value = rf"({above}^ *{key}:).*(?:\n *- .*)*$", f"[{', '.join(map(_scalar, after))}]"
    else:
        pattern, value = rf"^( +{key}:(?: &\w+)?) +{re.escape(str(before))}$", _scalar(after)
    return re.sub(pattern, lambda match: f"{match[1]} {value}", text, flags=re.MULTILINE)


def _scalar(text: str) -> str:
    """In quotes only if it would be read as something else, as the branch 1.0 would."""
    return text if _parse(text.encode()) == text else json.dumps(text)


def _parse(content: bytes) -> Any:
    """None if it is no YAML; PyYAML lets errors of Python through for values with a wrong tag."""
    try:
        return yaml.safe_load(content.decode())
    except (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError):
        return None


def _found(content: bytes, path: Sequence[str]) -> Any:
    value = _parse(content)
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


# ---- small things ----------------------------------------------------------------------------------------------------


def _has_dev(wanted: Wanted, seen: Seen) -> bool:
    return wanted.dev == wanted.main or f"refs/heads/{wanted.dev}" in seen.refs


def _is_origin(wanted: Wanted, seen: Seen) -> bool:
    return not wanted.remote_url or _bare(wanted.remote_url) == _bare(seen.origin)


def _bare(url: str) -> str:
    return re.sub(r"(\.git)?/*$", "", url)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(json.dumps(word) for word in words)
