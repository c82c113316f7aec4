# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kubeconfig of a control plane, by the filter; test_kubeconfig.py of module_utils has the cases."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.ai_how.cloud.plugins.filter.kubespray_kubeconfig import FilterModule
from ansible_collections.ai_how.cloud.plugins.module_utils._kubespray.kubeconfig import readdressed
from ansible_collections.ai_how.cloud.tests.support import kubespray_tree

ADMIN = kubespray_tree.text("playbooks/files/admin.conf")
OURS = readdressed(ADMIN, "lab", "https://10.0.0.1:6443")


def test_the_filter() -> None:
    use = FilterModule().filters()["kubespray_kubeconfig"]
    assert use(ADMIN, "lab", {"ip": "10.0.0.1"}) == OURS
    assert "https://[::1]:1" in use(ADMIN, "lab", {}, url="https://[::1]:1", into="")
    with pytest.raises(AnsibleFilterError, match="The kubeconfig of the control plane"):
        use("", "lab", {"ip": "10.0.0.1"})
