# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a tree of Kubespray says of itself: its version, the ansible-core and Kubernetes versions that it takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.ai_how.cloud.plugins.module_utils._core.yaml_text import documents
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.versions import Version, version, written

_META = "galaxy.yml"
_ANSIBLE = "playbooks/ansible_version.yml"
_CHECKSUMS = "roles/kubespray_defaults/vars/main/checksums.yml"
_PREINSTALL = "roles/kubernetes/preinstall/defaults/main.yml"
FILES = (_META, _ANSIBLE, _CHECKSUMS, _PREINSTALL)

# The Pythons that an ansible-core runs on, from its release notes; others are left to pip.
_PYTHONS: Mapping[Version, tuple[Version, Version]] = {
    (2, 16): ((3, 10), (3, 12)),
    (2, 17): ((3, 10), (3, 12)),
    (2, 18): ((3, 11), (3, 13)),
    (2, 19): ((3, 11), (3, 13)),
    (2, 20): ((3, 12), (3, 14)),
}

_BOUND = re.compile(r"^\s*(minimal|maximal)_ansible_version:\s*[\"']?([\d.]+)", re.MULTILINE)


@dataclass(frozen=True)
class Release:
    """``kubernetes``: by architecture, newest first. ``distributions``: in the names of Ansible's facts."""

    version: str
    ansible: tuple[Version, Version]  # at least, and less than
    kubernetes: Mapping[str, tuple[str, ...]]
    distributions: tuple[str, ...] = ()
    memory: Mapping[str, int] = field(default_factory=dict)  # MB at least, of a worker and of a control plane
    commit: str = ""

    @property
    def identity(self) -> str:
        """By which another tree is told from this one."""
        return f"{self.version} {self.commit}".strip()

    @property
    def known(self) -> tuple[str, ...]:
        """Versions of Kubernetes for any architecture, newest first."""
        every = {each for versions in self.kubernetes.values() for each in versions}
        return tuple(sorted(every, key=version, reverse=True))


def read_release(texts: Mapping[str, str], where: str, commit: str = "") -> Release:
    """``texts``: of FILES, those that are there. Raises Invalid for what is no tree of Kubespray."""
    missing = [name for name in FILES if name not in texts]
    if missing:
        raise Invalid(
            f"{where} is no tree of Kubespray that this role knows: {missing[0]} is not in it; give a checkout or an "
            "unpacked archive of Kubespray 2.31 or a release like it."
        )
    bounds = dict(_BOUND.findall(texts[_ANSIBLE]))
    checksums = _load(texts[_CHECKSUMS]).get("kubelet_checksums")
    defaults = _load(texts[_PREINSTALL])
    meta = _load(texts[_META])
    if len(bounds) != 2 or not isinstance(checksums, Mapping) or "version" not in meta:
        raise Invalid(
            f"The tree of Kubespray in {where} does not say in {_META}, {_ANSIBLE} and {_CHECKSUMS} which versions it "
            "is for; expected was one as Kubespray has published it."
        )
    return Release(
        version=f"v{meta['version']}",
        ansible=(version(bounds["minimal"]), version(bounds["maximal"])),
        kubernetes={arch: tuple(sorted(known, key=version, reverse=True)) for arch, known in checksums.items()},
        distributions=tuple(defaults.get("supported_os_distributions", ())),
        memory={
            "worker": defaults.get("minimal_node_memory_mb", 0),
            "control plane": defaults.get("minimal_master_memory_mb", 0),
        },
        commit=commit,
    )


def _load(text: str) -> Mapping[str, Any]:
    try:
        loaded = documents(text, "Kubespray")
    except Invalid:
        return {}
    return loaded[0] if loaded and isinstance(loaded[0], Mapping) else {}


def check_python(release: Release, python: str, has: str) -> None:
    """Refuses a Python that the release's ansible-core does not run on. ``has``: its version."""
    lowest, highest = _PYTHONS.get(release.ansible[0][:2], ((0,), (9999,)))
    if not lowest <= version(has)[:2] <= highest:
        raise Refused(
            f"{python} is Python {has}, and ansible-core {written(release.ansible[0][:2])}, which Kubespray "
            f"{release.version} needs, runs on Python {written(lowest)} to {written(highest)}; name such a one in "
            "kubespray_python."
        )


def check_ansible(release: Release, venv: str, has: str) -> None:
    """Refuses an ansible-core that the release does not take. ``has``: its version, empty if there is none."""
    lowest, below = release.ansible
    wanted = f"at least {written(lowest)} and less than {written(below)}"
    if not has:
        raise Refused(f"{venv} has no ansible-core, and Kubespray {release.version} needs one, {wanted}.")
    if not lowest <= version(has) < below:
        raise Refused(
            f"{venv} has ansible-core {has}, and Kubespray {release.version} takes {wanted}; remove that folder, and "
            "it is made anew, or name another one in kubespray_venv."
        )
