# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a plan says to a person; pure."""

from __future__ import annotations

from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.model import Machine, Request
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.plan import Plan


def lines(request: Request, machine: Machine, plan: Plan) -> list[str]:
    """The GPUs first, then what would be done; one line each."""
    if request.state == "absent":
        told = [f"would remove {', '.join(plan.remove)}"] if plan.remove else []
        return told + (["would run the runfile's uninstaller"] if plan.runfile else [])
    if not machine.gpus:
        return ["no GPU of NVIDIA: left as it is"]
    found = [str(gpu) for gpu in machine.gpus]
    kind = f"{plan.version or plan.branch} with {plan.kernel_modules} kernel modules, source {request.source}"
    found.append(f"driver {kind}{', and Fabric Manager' if plan.fabric_manager else ''}")
    steps = (
        ("look for packages of", [str(plan.branch)] if not plan.ready else []),
        ("remove", plan.remove),
        ("install", plan.install),
        ("run", [plan.runfile["url"]] if plan.runfile else []),
        ("hold", plan.hold),
        ("build modules for", [machine.kernel] if plan.build else []),
        ("reboot, since", [plan.reboot] if plan.reboot else []),
    )
    return found + [f"would {what} {', '.join(names)}" for what, names in steps if names]
