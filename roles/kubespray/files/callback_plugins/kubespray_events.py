# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Runs in Kubespray's own Ansible and tells the role what happens: one line of JSON for each event, into a pipe.

It knows nothing of this collection, which that Ansible does not have. The number of the pipe is in the environment.
"""

from __future__ import annotations

import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: kubespray_events
type: notification
short_description: Events of a run for the role kubespray
description:
  - Made for the role kubespray of the collection ai_how.cloud.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "kubespray_events"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        descriptor = os.environ.get("KUBESPRAY_EVENTS", "")
        self._pipe = int(descriptor) if descriptor else None
        self.disabled = self._pipe is None

    def _tell(self, event, **details):
        try:
            os.write(self._pipe, json.dumps({"event": event, **details}).encode() + b"\n")
        except OSError:
            self.disabled = True  # nobody listens any more

    def v2_playbook_on_start(self, playbook):
        self._tell("start", plays=len(playbook.get_plays()))

    def v2_playbook_on_play_start(self, play):
        manager = play.get_variable_manager()
        hosts = manager._inventory.get_hosts(play.hosts) if manager else []
        self._tell("play", name=play.get_name().strip(), hosts=len(hosts))

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._tell("task", name=task.get_name().strip())

    def v2_playbook_on_handler_task_start(self, task):
        self._tell("task", name=task.get_name().strip())

    def v2_runner_on_ok(self, result):
        self._tell("done", host=result._host.get_name())

    def v2_runner_on_skipped(self, result):
        self._tell("done", host=result._host.get_name())

    def v2_runner_retry(self, result):
        left = result._result.get("retries", 0) - result._result.get("attempts", 0)
        self._tell("retry", host=result._host.get_name(), left=left)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._tell("failed", host=result._host.get_name(), ignored=bool(ignore_errors), message=_message(result))

    def v2_runner_on_unreachable(self, result):
        ignored = bool(result._task.ignore_unreachable)
        self._tell("failed", host=result._host.get_name(), ignored=ignored, unreachable=True, message=_message(result))

    def v2_playbook_on_stats(self, stats):
        self._tell("recap", hosts={host: stats.summarize(host) for host in stats.processed})


def _message(result):
    """The reason of a failure: of a loop those of the items that failed, of a command what it has said."""
    found = result._result
    if found.get("censored"):
        return str(found["censored"])
    failed = [item for item in found.get("results", ()) if isinstance(item, dict) and item.get("failed")]
    return "; ".join(_reason(item) for item in failed[:3]) or _reason(found)


def _reason(found):
    parts = [str(found.get("msg", "")), str(found.get("stderr") or found.get("module_stderr") or "")]
    said = " ".join(part.strip() for part in parts if part.strip())
    return said or str(found.get("stdout", "")).strip() or "no reason was given"
