# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Problem, Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._gitops.tree import (
    APP,
    SETTINGS,
    VALUES,
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
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PLAIN = "base/deep/a.yaml"
OTHER = "b.yaml"
ORIGINAL = {
    APP: (
        b"# one\nspec:\n  source:\n    repoURL: &url https://example.org/x\n    targetRevision: main\n    path: p\n"
        b"    parameters:\n    - value: *url\n    again: *url\n"
    ),
    VALUES: b"# two\nenvironments: [main]\n\nbranches:\n  dev: dev\n",
    PLAIN: b"a: 1\n",
    OTHER: b"b: 1\n",
}
URL = "https://git.example/mine"
NEW = Wanted("/top", repo_url=URL, remote_url=URL, push=True, has_author=True)


def apply(wanted: Wanted, seen: Seen, remote: Remote, done: Plan) -> tuple[Seen, Remote]:
    """What is seen once ``done`` is done."""
    actual = {**seen.actual, **done.write}
    head = "new" if done.commit else seen.head
    dev = {f"refs/heads/{wanted.dev}"} if done.make_dev else set()
    after = replace(
        seen,
        actual=actual,
        git_dir="/top/.git",
        toplevel="/top",
        branch=wanted.main,
        head=head,
        refs=seen.refs | {f"refs/heads/{wanted.main}"} | dev,
        origin=wanted.remote_url if done.set_remote else seen.origin,
        committed={**seen.committed, **{name: actual[name] for name in done.commit if name in SETTINGS}},
        history=seen.history | set(done.commit),
        uncommitted=(seen.uncommitted if seen.git_dir else frozenset()) - set(done.commit),
    )
    return after, replace(remote, heads={**remote.heads, **dict.fromkeys(done.push, head)})


def planned(wanted: Wanted, seen: Seen, remote: Remote = Remote()) -> Plan:  # noqa: B008 (it is frozen)
    refuse(wanted, seen)
    return plan(wanted, seen, remote)


def after_one_run(wanted: Wanted = NEW) -> tuple[Seen, Remote]:
    seen, remote = Seen(ORIGINAL), Remote()
    return apply(wanted, seen, remote, planned(wanted, seen))


def edited(name: str, content: bytes, committed: bool = True) -> Seen:
    seen, _remote = after_one_run()
    seen = replace(seen, actual={**seen.actual, name: content})
    if not committed:
        return replace(seen, uncommitted=frozenset({name}))
    return replace(seen, committed={**seen.committed, name: content}) if name in SETTINGS else seen


def test_a_first_run_writes_all_and_makes_all() -> None:
    done = planned(NEW, Seen(ORIGINAL))
    assert list(done.write) == list(done.commit) == sorted(ORIGINAL)
    assert (done.make_repository, done.set_remote, done.make_dev, done.push) == (True, True, True, ["main", "dev"])
    assert (done.kept, done.left_deleted) == ([], [])
    assert done.write[APP] == ORIGINAL[APP].replace(b"https://example.org/x", URL.encode())
    assert {name: done.write[name] for name in (VALUES, PLAIN)} == {name: ORIGINAL[name] for name in (VALUES, PLAIN)}


def test_a_second_run_changes_nothing() -> None:
    seen, remote = after_one_run()
    assert not planned(NEW, seen, remote).changes
    assert not planned(replace(NEW, repo_url=None), seen, remote).changes


def test_files_of_the_user_stay_unless_taken() -> None:
    seen = edited(PLAIN, b"mine")
    actual = {name: content for name, content in seen.actual.items() if name != OTHER}
    seen, remote = replace(seen, actual=actual), after_one_run()[1]
    done = planned(NEW, seen, remote)
    assert (done.kept, done.left_deleted, done.changes) == ([PLAIN], [OTHER], False)
    done = planned(replace(NEW, overwrite=[PLAIN, OTHER]), seen, remote)
    assert (list(done.write), list(done.commit), done.kept, done.left_deleted) == ([OTHER, PLAIN],) * 2 + ([], [])


def test_uncommitted_files_are_committed_only_if_history_has_none() -> None:
    seen, remote = after_one_run()
    seen = replace(seen, uncommitted=frozenset({PLAIN, OTHER, "not/ours"}), history=seen.history - {PLAIN})
    done = planned(NEW, seen, remote)
    assert (done.commit, dict(done.write), list(done.push)) == ([PLAIN], {}, ["main"])


def test_files_that_were_there_before_the_repository() -> None:
    done = planned(NEW, Seen(ORIGINAL, actual={PLAIN: ORIGINAL[PLAIN], OTHER: b"mine"}))
    assert list(done.write) == sorted(SETTINGS)
    assert list(done.commit) == sorted([*SETTINGS, PLAIN])
    assert done.kept == [OTHER]


def test_settings_of_a_killed_run_are_told_from_edits_of_the_user() -> None:
    seen, remote = after_one_run()
    wanted = replace(NEW, environments=["dev"])
    written = planned(wanted, seen, remote).write[VALUES]
    seen = replace(seen, actual={**seen.actual, VALUES: written}, uncommitted=frozenset({VALUES}))
    assert not planned(NEW, seen, remote).changes
    assert planned(wanted, seen, remote).commit == [VALUES]
    with pytest.raises(Refused, match=r"values\.yaml has to be changed, but has changes that are not committed"):
        planned(replace(NEW, environments=["prod"]), seen, remote)


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        (b"environments:\n  - a\n  - b\n# mine\nb: 1\n", {"environments": ["c", "d"]}, b"[c, d]\n# mine\nb: 1\n"),
        (b"environments: [a]", {"environments": []}, b"[]"),
        (b"environments: [a]\nbranches:\n  dev: 1.0\n", {"dev_branch": "2.0"}, b'[a]\nbranches:\n  dev: "2.0"\n'),
        (b"environments: [a]\n", {"environments": ["yes", "a:"]}, b'["yes", "a:"]\n'),
        (b"environments: [a]\nb: {dev: []}\ncomponents:\n  # x\n  main: []\n\n  dev:\n    - b\n  c: []\n",
         {"components": {"main": ["a/b"], "dev": []}},
         b"[a]\nb: {dev: []}\ncomponents:\n  # x\n  main: [a/b]\n\n  dev: []\n  c: []\n"),
    ],
)  # fmt: skip
def test_only_the_settings_change(before: bytes, wanted: dict, after: bytes) -> None:
    done = planned(replace(NEW, **wanted), edited(VALUES, before), after_one_run()[1])
    assert done.write[VALUES] == b"environments: " + after


def test_new_files_get_defaults() -> None:
    wanted = Wanted("/top", has_author=True)
    done = planned(wanted, Seen(ORIGINAL, origin=URL))
    assert yaml.safe_load(done.write[APP])["spec"]["source"]["repoURL"] == URL
    assert done.write[VALUES] == ORIGINAL[VALUES]
    assert (done.set_remote, done.make_dev, done.push) == (False, True, [])


@pytest.mark.parametrize(
    ("name", "content", "names"),
    [
        (APP, ORIGINAL[APP].replace(b"  source:", b"  sources:"), "repoURL and targetRevision"),
        (APP, ORIGINAL[APP].replace(b"    targetRevision: main\n", b""), "repoURL and targetRevision"),
        (APP, b"a: [", "repoURL and targetRevision"),
        (APP, b"!!timestamp x", "repoURL and targetRevision"),
        (APP, b"\xff\xfe", "repoURL and targetRevision"),
        (APP, b"spec: [source]", "repoURL and targetRevision"),
        (VALUES, b"", "environments and branches.dev"),
        (VALUES, b"branches: {dev: x}\nenvironments: [a]\n", "environments and branches.dev"),
        (VALUES, b"environments: [a,\n  b]\nbranches:\n  dev: x\n", "environments and branches.dev"),
        (VALUES, b"environments: [a]\r\nbranches:\r\n  dev: x\r\n", "environments and branches.dev"),
    ],
)
def test_settings_that_cannot_be_set_are_told(name: str, content: bytes, names: str) -> None:
    seen, remote = edited(name, content), after_one_run()[1]
    wanted = replace(NEW, branch="main", repo_url="https://other", environments=["c"], dev_branch="d")
    with pytest.raises(Invalid) as told:
        planned(wanted, seen, remote)
    assert f"k8s-manifests/{name} is not written as expected, so {names} cannot be set in it." in str(told.value)
    assert "Set them there yourself to " in str(told.value)
    assert not planned(replace(NEW, repo_url=None), seen, remote).changes
    assert name in planned(replace(wanted, overwrite=[name]), seen, remote).write


MADE = after_one_run()[0]


@pytest.mark.parametrize(
    ("wanted", "seen", "words"),
    [
        ({}, {"toplevel": ""}, "bare repository"),
        ({}, {"toplevel": "/"}, "/top lies inside the Git repository /,"),
        ({}, {"unfinished": ["MERGE_HEAD"]}, r"middle of a merge.*\(MERGE_HEAD\)"),
        ({}, {"branch": "x"}, "is on branch x, expected main"),
        ({}, {"branch": ""}, r"no branch \(detached HEAD\)"),
        ({"overwrite": ["c.yaml"]}, {}, 'names "c.yaml", which the collection does not have'),
        ({"repo_url": None, "remote_url": "", "overwrite": [APP]}, {"origin": ""}, "No repository URL is known"),
        ({"repo_url": ""}, {}, "No repository URL is known"),
        ({"repo_url": "https://token@git.example/x"}, {}, "carries a password or token"),
        ({"repo_url": "ssh://git:p@ss@git.example/x"}, {}, "carries a password or token"),
        ({"remote_url": " HTTPS://me:pw@git.example/x"}, {}, "carries a password or token"),
        ({"environments": ["main, dev"]}, {}, '"main, dev" cannot be a repository URL'),
        ({"repo_url": "https://git.example/a b"}, {}, "cannot be a repository URL"),
        ({"components": {"main": ["a b"]}}, {}, '"a b" cannot be .* or a path'),
        ({"components": {"main": "a"}}, {}, 'gitops_init_components has "a" for main, expected a list of paths'),
        ({"components": {"x": ["a"]}}, {}, "so components.x cannot be set in it"),
        ({"branch": "-x"}, {"branch": "-x"}, '"-x" cannot be'),
        ({}, {"bad_names": ["x.lock"]}, '"x.lock" cannot be a branch of Git'),
        ({"dev_branch": "main/x"}, {}, "cannot have both a branch main and a branch main/x"),
        ({"remote_url": "https://other"}, {}, f"origin of /top is {URL}, expected https://other"),
        ({"remote_url": ""}, {"origin": ""}, "nowhere to push"),
        ({"environments": ["x"]}, {"kinds": {"": "file"}}, "^/top/k8s-manifests is in the way: expected is a folder"),
        ({"environments": ["x"]}, {"kinds": {"base": "link"}}, "/base is in the way: expected is a folder, and no"),
        ({"environments": ["x"]}, {"kinds": {VALUES: "folder"}}, "values.yaml is in the way: expected is a file"),
        ({"environments": ["x"]}, {"uncommitted": frozenset(SETTINGS)}, "are not committed"),
        ({"environments": ["x"], "has_author": False}, {}, "does not know who commits"),
    ],
)  # fmt: skip
def test_refuses(wanted: dict, seen: dict, words: str) -> None:
    with pytest.raises(Problem, match=words):
        planned(replace(NEW, **wanted), replace(MADE, **seen))


def test_what_would_be_in_the_way_is_not_while_nothing_is_written() -> None:
    seen, remote = after_one_run()
    assert not planned(replace(NEW, has_author=False), replace(seen, kinds={"base": "link"}), remote).changes


def test_an_ssh_user_and_a_port_are_no_secrets() -> None:
    url = "ssh://git@git.example:22/x"
    assert planned(replace(NEW, repo_url=url, remote_url=url), Seen(ORIGINAL)).set_remote


def test_a_remote_that_is_ahead_is_in_the_way_only_of_a_commit() -> None:
    seen, remote = after_one_run()
    ahead = Remote({**remote.heads, "main": "theirs"}, is_ahead=True)
    done = planned(NEW, seen, ahead)
    assert not done.changes
    assert "The remote has commits that are not here: git pull" in report(NEW, seen, ahead, done, False)
    with pytest.raises(Refused, match="main of the remote has commits that /top lacks"):
        planned(replace(NEW, environments=["dev"]), seen, ahead)


@pytest.mark.parametrize(
    ("wanted", "refs", "heads", "make_dev", "push"),
    [
        ({}, set(), {}, True, ["main", "dev"]),
        ({}, {"refs/heads/dev"}, {"main": "new"}, False, ["dev"]),
        ({}, set(), {"main": "old", "dev": "any"}, False, ["main"]),
        ({"push": False}, set(), {}, True, []),
        ({"push": False}, {"refs/remotes/origin/dev"}, {}, False, []),
        ({"dev_branch": "main"}, set(), {}, False, ["main"]),
    ],
)
def test_branches(wanted: dict, refs: set, heads: dict, make_dev: bool, push: list) -> None:
    seen = replace(MADE, refs=frozenset(refs))
    wanted = {"environments": ["main"], **wanted}
    if wanted.get("dev_branch"):
        seen = edited(VALUES, ORIGINAL[VALUES].replace(b"dev: dev", b"dev: main"))
    done = planned(replace(NEW, **wanted), seen, Remote(heads))
    assert (done.make_dev, list(done.push), done.commit) == (make_dev, push, [])


def test_a_remote_of_the_same_repository_is_not_changed() -> None:
    assert not planned(replace(NEW, remote_url=f"{URL}.git/"), MADE).set_remote
    assert planned(replace(NEW, remote_url="https://other", set_remote=True), MADE).set_remote
    assert remote_url(replace(NEW, remote_url=""), MADE) == URL


def test_the_report() -> None:
    wanted = replace(NEW, top="/my top", push=False)
    seen = replace(edited(PLAIN, b"mine"), toplevel="/my top")
    assert report(wanted, seen, Remote(), planned(wanted, seen), True) == [
        "/my top: 0 files written, 0 committed to main (check mode: nothing was done)",
        f"kept as you have it: {PLAIN}",
        "Next: git -C '/my top' push --set-upstream origin main dev",
    ]
    same = replace(wanted, dev_branch="main")
    assert report(same, seen, Remote(), planned(wanted, seen), False)[-1].endswith(" origin main")


def test_the_folders_of_files() -> None:
    assert folders([APP, PLAIN, OTHER]) == {"", "argocd-apps", "base", "base/deep"}


# ---- planning again after applying is empty, from any start --------------------------------------------------------

NAMES = st.sampled_from(sorted(ORIGINAL))
CONTENTS = st.sampled_from([*ORIGINAL.values(), ORIGINAL[VALUES].replace(b"[main]", b"[dev]"), b"mine\n", b"\xff"])
FILES = st.dictionaries(NAMES, CONTENTS)
BRANCHES = st.none() | st.sampled_from(["main", "dev", "1.0"])
WANTED = st.builds(
    Wanted,
    top=st.just("/top"),
    repo_url=st.sampled_from([None, URL, "https://other"]),
    branch=BRANCHES,
    dev_branch=BRANCHES,
    environments=st.none() | st.lists(st.sampled_from(["main", "dev"]), unique=True),
    remote_url=st.sampled_from(["", URL]),
    set_remote=st.booleans(),
    push=st.booleans(),
    overwrite=st.lists(NAMES, unique=True),
    has_author=st.just(True),
)


@st.composite
def starts(draw: st.DrawFn) -> tuple[Wanted, Seen, Remote]:
    wanted = draw(WANTED)
    seen = Seen(ORIGINAL, actual=draw(FILES), origin=draw(st.sampled_from(["", URL])))
    if draw(st.booleans()):
        committed = draw(FILES)
        differing = {name for name in ORIGINAL if seen.actual.get(name) != committed.get(name)}
        seen = replace(
            seen,
            git_dir="/top/.git",
            toplevel="/top",
            branch=wanted.main,
            head="old" if committed else "",
            refs=frozenset(draw(st.sets(st.sampled_from(["refs/heads/dev", "refs/remotes/origin/dev"])))),
            committed={name: content for name, content in committed.items() if name in SETTINGS},
            history=frozenset(committed) | draw(st.sets(NAMES)) if committed else frozenset(),
            uncommitted=frozenset(differing),
        )
    heads = draw(st.dictionaries(st.sampled_from(["main", "dev"]), st.sampled_from(["old", "other"])))
    return wanted, seen, Remote(heads if wanted.push else {})


@given(starts())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_planning_again_after_applying_is_empty(start: tuple[Wanted, Seen, Remote]) -> None:
    wanted, seen, remote = start
    try:
        done = planned(wanted, seen, remote)
    except Problem:
        return
    again = planned(wanted, *apply(wanted, seen, remote, done))
    assert not again.changes, again
    assert (again.kept, again.left_deleted) == (done.kept, done.left_deleted)
