#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: gitops_tree
short_description: Internal to the role gitops_init - merges a tree of manifests into a Git working tree
version_added: 0.1.0
author: ai_how.cloud contributors (@ai-how)
description:
  - Writes, file by file, what is not there yet, sets repository URL, branches, environments and their components,
    commits, makes the branches and pushes. What the user changed or deleted stays. The role tells the rules.
  - Everything is planned, and refused if need be, before anything is written.
  - Runs on one folder take turns. The lock is on the folder itself and is held by the process of the module.
options:
  dir:
    description: Absolute path of the working tree. It is made if missing.
    type: str
    required: true
  source:
    description: Absolute path of the folder with the manifests.
    type: str
    required: true
  repo_url:
    description: URL of the repository as Argo CD reads it.
    type: str
  branch:
    description: Branch that holds the manifests.
    type: str
  dev_branch:
    description: Branch that the environment C(dev) follows.
    type: str
  environments:
    description: Environments that are deployed.
    type: list
    elements: str
  components:
    description: Lists of Kustomize components by environment. Environments that are not named keep theirs.
    type: dict
  remote_url:
    description: URL of the remote C(origin). Empty for the one that it has.
    type: str
    default: ""
  set_remote:
    description: Whether to change a remote C(origin) that has another URL.
    type: bool
    default: false
  push:
    description: Whether to push both branches to C(origin).
    type: bool
    default: false
  overwrite:
    description: Files to take from O(source) although those in O(dir) differ or were deleted.
    type: list
    elements: str
    default: []
  author_name:
    description: Name for the commit, used where Git has no identity.
    type: str
    default: ""
  author_email:
    description: E-mail address for the commit, used where Git has no identity.
    type: str
    default: ""
  commit_message:
    description: Message of the commit.
    type: str
    required: true
  lock_timeout:
    description: Seconds to wait for another run on the same folder.
    type: int
    default: 300
notes:
  - Made for the role P(ai_how.cloud.gitops_init#role). It may change or go without notice; use it in no other place.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: posix
    support: full
"""

EXAMPLES = r"""
- name: The manifests in a repository
  ai_how.cloud.gitops_tree:
    dir: /home/me/ai-how
    source: /home/me/.ansible/collections/ansible_collections/ai_how/cloud/k8s-manifests
    repo_url: https://github.com/your-org/ai-how
    remote_url: https://github.com/your-org/ai-how
    commit_message: Add GitOps manifests
"""

RETURN = r"""
report:
  description: What was done and what was left alone, as lines for a person.
  returned: success
  type: list
  elements: str
  sample: ["/home/me/ai-how: 1 files written, 1 committed to main"]
written:
  description: Files that were written, or would be in check mode, relative to C(k8s-manifests).
  returned: success
  type: list
  elements: str
  sample: [argocd-apps/values.yaml]
committed:
  description: Files that were committed.
  returned: success
  type: list
  elements: str
  sample: [argocd-apps/values.yaml]
kept:
  description: Files that differ, and stay as the user has them.
  returned: success
  type: list
  elements: str
  sample: [base/mlops/minio/pvc.yaml]
left_deleted:
  description: Files that the user deleted, and that stay so.
  returned: success
  type: list
  elements: str
  sample: []
"""

from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_task
from ansible_collections.ai_how.cloud.plugins.module_utils._gitops.git import merge


def main() -> None:
    run_task(
        {
            "dir": {"type": "str", "required": True},
            "source": {"type": "str", "required": True},
            "repo_url": {"type": "str"},
            "branch": {"type": "str"},
            "dev_branch": {"type": "str"},
            "environments": {"type": "list", "elements": "str"},
            "components": {"type": "dict"},
            "remote_url": {"type": "str", "default": ""},
            "set_remote": {"type": "bool", "default": False},
            "push": {"type": "bool", "default": False},
            "overwrite": {"type": "list", "elements": "str", "default": []},
            "author_name": {"type": "str", "default": ""},
            "author_email": {"type": "str", "default": ""},
            "commit_message": {"type": "str", "required": True},
            "lock_timeout": {"type": "int", "default": 300},
        },
        merge,
    )


if __name__ == "__main__":
    main()
