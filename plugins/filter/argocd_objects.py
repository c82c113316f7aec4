# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: argocd_objects
short_description: Argo CD's own manifests, changed as an installation wants them
version_added: 0.1.0
author:
  - ai_how.cloud contributors (@ai-how)
description:
  - Reads what Argo CD publishes as C(install.yaml) and the like, and changes in it what the settings name.
  - Pods get an annotation with a digest of the settings that they read at their start, so that they are made anew when
    one changes.
  - Made for the role P(ai_how.cloud.argocd#role). It may change or go without notice; use it in no other place.
options:
  _input:
    description: The text of the manifest.
    type: str
    required: true
  namespace:
    description: Namespace of the installation.
    type: str
    required: true
  images:
    description: Other places of images, by image or the beginning of its name.
    type: dict
    default: {}
  config:
    description: Entries of ConfigMaps, by name of the ConfigMap. Null leaves an entry of the manifest out.
    type: dict
    default: {}
  workloads:
    description: C(replicas), C(resources) and C(env) of Deployments and StatefulSets, by name without C(argocd-).
    type: dict
    default: {}
  sidecars:
    description:
      - C(containers), C(initContainers) and C(volumes) beside those of a Deployment or StatefulSet, by name without
        C(argocd-).
      - A container without an C(image) has that of Argo CD.
    type: dict
    default: {}
  pods:
    description: Fields of the specification of every pod.
    type: dict
    default: {}
  pull_policy:
    description: When images are pulled, for every container, as in C(imagePullPolicy). If empty, as the manifest says.
    type: str
    default: ""
  without:
    description: Components that are left out, by the label C(app.kubernetes.io/component).
    type: list
    elements: str
    default: []
  ingress:
    description: C(host), and if wanted C(class_name), C(tls_secret), C(annotations) and C(path), of an Ingress.
    type: dict
    default: {}
  more:
    description: Objects beside those of the manifest.
    type: list
    elements: dict
    default: []
  installed:
    description: The version that is there, if one is. One of an older minor version is refused.
    type: str
    default: ""
positional: namespace
"""

EXAMPLES = r"""
- name: See which workloads there would be
  ansible.builtin.debug:
    msg: "{{ (manifest | ai_how.cloud.argocd_objects('argocd', without=['dex-server'])).objects }}"
"""

RETURN = r"""
_value:
  description:
    - C(problem), a sentence if the manifest or a setting cannot be, else empty.
    - C(definitions), the definitions of custom resources; C(secrets); C(objects), all others, the workloads last;
      C(names), no more than what names all objects but the definitions; C(version), that of the manifest, or empty; and
      C(pages), the addresses of upstream's notes on this upgrade.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.installation import Settings, installation
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid


def argocd_objects(text: str, namespace: str, **settings: Any) -> dict[str, Any]:
    """The objects of an installation. A ``problem`` is a result: a failed task would wrap its sentence in others."""
    try:
        return {"problem": "", **installation(str(text), Settings(namespace, **settings))}
    except Invalid as problem:
        return {"problem": str(problem)}


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"argocd_objects": argocd_objects}
