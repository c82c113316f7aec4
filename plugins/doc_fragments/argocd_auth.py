# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    """How to reach Argo CD's own API; beside module_utils/_argocd/api.py and transports.py."""

    DOCUMENTATION = r"""
options:
  argocd_server:
    description:
      - URL of Argo CD, like V(https://argocd.example.com), to work through its own API instead of the Kubernetes API.
        Without a scheme it is HTTPS.
      - Not together with options of the Kubernetes connection (O(kubeconfig), O(host) and so on).
      - Falls back to the environment variable E(ARGOCD_SERVER), if no option of the Kubernetes connection is given and
        there are credentials of Argo CD (E(ARGOCD_AUTH_TOKEN), say).
    type: str
  argocd_token:
    description:
      - Token of a local user or of a project's role.
      - Falls back to the environment variable E(ARGOCD_AUTH_TOKEN).
    type: str
  argocd_username:
    description: Local user to log in, with O(argocd_password), where there is no token.
    type: str
  argocd_password:
    description: Password of O(argocd_username).
    type: str
  argocd_ca_cert:
    description: Path of the certificate authority that signed Argo CD's certificate (PEM); the system's if not given.
    type: path
  argocd_validate_certs:
    description: Whether Argo CD's certificate is verified.
    type: bool
    default: true
requirements:
  - urllib3 (comes with kubernetes), for O(argocd_server)
"""
