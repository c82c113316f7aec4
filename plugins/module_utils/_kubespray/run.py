# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How Kubespray is run: arguments, environment, configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional

from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.plan import Run

# What a program needs of the environment to run and to reach hosts. Settings of the Ansible that runs this role are
# for another version of it; they would reach Kubespray's, as PYTHONPATH would.
_KEPT = frozenset(
    "HOME USER LOGNAME PATH TMPDIR TERM LANG LANGUAGE TZ SSH_AUTH_SOCK SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE"
    " XDG_CACHE_HOME XDG_CONFIG_HOME XDG_RUNTIME_DIR KRB5CCNAME http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY"
    " NO_PROXY all_proxy ALL_PROXY".split()
)


@dataclass(frozen=True)
class Settings:
    """What the user's Ansible has for connections, so that Kubespray's connects in the same way."""

    forks: int = 5
    timeout: int = 10
    remote_user: Optional[str] = None
    private_key_file: Optional[str] = None
    host_key_checking: bool = True
    ssh_args: str = ""
    become_method: str = "sudo"


def arguments(run: Run, venv: str, tree: str, inventory: str) -> list[str]:
    """Not the script ansible-playbook: in a folder with unusual characters it does not start."""
    argv = [f"{venv}/bin/python", "-m", "ansible", "playbook", "--inventory", inventory, "--become"]
    if run.limit:
        argv += ["--limit", ",".join(run.limit)]
    if run.extra:
        argv += ["--extra-vars", json.dumps(run.extra, sort_keys=True)]
    return [*argv, f"{tree}/playbooks/{run.playbook}"]


def environment(own: Mapping[str, str], config: str, venv: str) -> dict[str, str]:
    """``own``: the environment of this process."""
    kept = {name: value for name, value in own.items() if name in _KEPT or name.startswith("LC_")}
    kept.setdefault("LANG", "C.UTF-8")
    return {
        **kept,
        "ANSIBLE_CONFIG": config,
        "PATH": f"{venv}/bin:{own.get('PATH', '/usr/bin:/bin')}",
        "VIRTUAL_ENV": venv,
        "PYTHONUNBUFFERED": "1",  # the log is read while it is written
    }


def configuration(settings: Settings, tree: str, state: str, callbacks: str) -> str:
    """The text of an ansible.cfg: Kubespray's own, with the connections of the user and a cache for each cluster."""
    given = {
        "forks": settings.forks,
        "timeout": settings.timeout,
        "remote_user": settings.remote_user,
        "private_key_file": settings.private_key_file,
        "host_key_checking": settings.host_key_checking,
        # What Kubespray's own ansible.cfg sets, as it needs it
        "force_valid_group_names": "ignore",
        "gathering": "smart",
        "fact_caching": "jsonfile",
        "fact_caching_connection": f"{state}/facts",
        "fact_caching_timeout": 86400,
        "library": f"{tree}/library",
        "roles_path": f"{tree}/roles",
        "display_skipped_hosts": False,
        "deprecation_warnings": False,
        # What happens, told to the one who waits
        "callback_plugins": callbacks,
        "callbacks_enabled": "kubespray_events",
        "stdout_callback": "default",
        "nocolor": True,
        "nocows": True,
        "retry_files_enabled": False,
    }
    sections: Mapping[str, Mapping[str, object]] = {
        "defaults": given,
        "privilege_escalation": {"become_method": settings.become_method},
        "inventory": {"enable_plugins": "yaml"},
        "ssh_connection": {"pipelining": True, "ssh_args": settings.ssh_args or None},
    }
    return "\n".join(
        f"[{name}]\n" + "".join(f"{key} = {_text(value)}\n" for key, value in entries.items() if value is not None)
        for name, entries in sections.items()
    )


def _text(value: object) -> str:
    """ConfigParser of Ansible takes % as the begin of a reference."""
    return str(value).replace("%", "%%")
