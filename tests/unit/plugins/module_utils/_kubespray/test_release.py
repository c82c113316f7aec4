# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a tree says of itself, what an Ansible may be, and nodes and stamps as they are read."""

from __future__ import annotations

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.model import (
    Stamp,
    parse_nodes,
    parse_stamp,
    stamp_data,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.release import (
    FILES,
    check_ansible,
    check_python,
    read_release,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.versions import minor, plain, version
from ansible_collections.ai_how.cloud.tests.support import kubespray_tree

TEXTS = {name: kubespray_tree.text(name) for name in FILES}
RELEASE = read_release(TEXTS, "/tree", "1c9a")


def test_a_release_is_read() -> None:
    assert RELEASE.version == "v2.31.0"
    assert RELEASE.identity == "v2.31.0 1c9a"
    assert RELEASE.ansible == ((2, 18, 0), (2, 19, 0))
    assert RELEASE.known == ("1.35.4", "1.35.0", "1.34.7", "1.33.1")
    assert RELEASE.memory == {"worker": 1024, "control plane": 1500}
    assert "Debian" in RELEASE.distributions


def test_a_tree_without_git_has_no_commit() -> None:
    assert read_release(TEXTS, "/tree").identity == "v2.31.0"


@pytest.mark.parametrize("missing", FILES)
def test_what_is_no_tree_is_told_by_the_file_that_it_lacks(missing: str) -> None:
    texts = {name: text for name, text in TEXTS.items() if name != missing}
    with pytest.raises(Invalid, match=f"/tree is no tree of Kubespray that this role knows: {missing}"):
        read_release(texts, "/tree")


@pytest.mark.parametrize("name", FILES[:3])
@pytest.mark.parametrize("text", ["", "[", "- a list"])
def test_a_tree_that_does_not_say_its_versions(name: str, text: str) -> None:
    with pytest.raises(Invalid, match="does not say in"):
        read_release({**TEXTS, name: text}, "/tree")


@pytest.mark.parametrize("has", ["3.11.0", "3.12.4", "3.13.9"])
def test_pythons_that_will_do(has: str) -> None:
    check_python(RELEASE, "python3", has)


@pytest.mark.parametrize("has", ["3.10.13", "3.14.0"])
def test_pythons_that_will_not(has: str) -> None:
    with pytest.raises(Refused, match=r"ansible-core 2.18, which Kubespray v2.31.0 needs, runs on Python 3.11 to 3.13"):
        check_python(RELEASE, "python3", has)


def test_of_an_ansible_core_that_is_not_known_pip_decides() -> None:
    newer = read_release(
        {**TEXTS, FILES[1]: "minimal_ansible_version: 2.30.0\nmaximal_ansible_version: 2.31.0"}, "/tree"
    )
    check_python(newer, "python3", "3.16.0")


def test_the_ansible_core_of_an_environment() -> None:
    check_ansible(RELEASE, "/venv", "2.18.19")
    with pytest.raises(Refused, match="/venv has no ansible-core"):
        check_ansible(RELEASE, "/venv", "")
    for other in ("2.17.9", "2.19.0"):
        with pytest.raises(Refused, match=rf"/venv has ansible-core {other}, .* at least 2.18.0 and less than 2.19.0"):
            check_ansible(RELEASE, "/venv", other)


def test_versions() -> None:
    assert version("v1.35.4-rc.1") == (1, 35, 4)
    assert (minor("1.35.4"), minor("1")) == (35, 0)
    assert (plain("v1.35.4"), plain("1.35.4")) == ("1.35.4", "1.35.4")
    with pytest.raises(Invalid, match="'latest' is no version"):
        version("latest")


def test_nodes_are_read() -> None:
    status = {"nodeInfo": {"kubeletVersion": "v1.35.4"}, "conditions": [{"type": "Ready", "status": "True"}]}
    nodes = parse_nodes(
        [
            {"metadata": {"name": "a"}, "spec": {"unschedulable": True}, "status": status},
            {"metadata": {"name": "b"}, "spec": {}, "status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}},
        ]
    )
    assert (nodes["a"].version, nodes["a"].ready, nodes["a"].cordoned) == ("1.35.4", True, True)
    assert (nodes["b"].version, nodes["b"].ready, nodes["b"].cordoned) == ("", False, False)


def test_a_stamp_is_read_as_it_was_written_and_others_are_none() -> None:
    stamp = Stamp("v2.31.0", "1.35.4", {"a": "0"})
    assert parse_stamp(stamp_data(stamp)) == stamp
    assert parse_stamp(None) is None
    for other in ({"format": 2}, {"format": 1}, [1], "text"):
        assert parse_stamp(other) is None
