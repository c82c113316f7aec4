# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    """How to reach the Kubernetes API; beside module_utils/_kube/connection.py."""

    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - Path of a kubeconfig file, several paths separated by C(:), or the content of one as a dictionary.
      - Without it, and without O(host) or O(context), the configuration of the pod that runs the module is tried first,
        then the default kubeconfig (E(KUBECONFIG), else C(~/.kube/config)).
      - Falls back to the environment variable E(K8S_AUTH_KUBECONFIG).
    type: raw
  context:
    description:
      - Name of the context in the kubeconfig.
      - Falls back to the environment variable E(K8S_AUTH_CONTEXT).
    type: str
  host:
    description:
      - URL of the API server. Without O(kubeconfig) and O(context) no kubeconfig is read then.
      - Falls back to the environment variable E(K8S_AUTH_HOST).
    type: str
  api_key:
    description:
      - Bearer token.
      - Falls back to the environment variable E(K8S_AUTH_API_KEY).
    type: str
  client_cert:
    description:
      - Path of a client certificate (PEM).
      - Falls back to the environment variable E(K8S_AUTH_CERT_FILE).
    type: path
    aliases: [cert_file]
  client_key:
    description:
      - Path of the key of O(client_cert) (PEM).
      - Falls back to the environment variable E(K8S_AUTH_KEY_FILE).
    type: path
    aliases: [key_file]
  ca_cert:
    description:
      - Path of the certificate authority that signed the API server's certificate (PEM).
      - Falls back to the environment variable E(K8S_AUTH_SSL_CA_CERT).
    type: path
    aliases: [ssl_ca_cert]
  validate_certs:
    description:
      - Whether the API server's certificate is verified.
      - Falls back to the environment variable E(K8S_AUTH_VERIFY_SSL); else the kubeconfig decides.
    type: bool
    aliases: [verify_ssl]
  proxy:
    description:
      - URL of an HTTP proxy.
      - Falls back to the environment variable E(K8S_AUTH_PROXY).
    type: str
  impersonate_user:
    description:
      - User to act as.
      - Falls back to the environment variable E(K8S_AUTH_IMPERSONATE_USER).
    type: str
requirements:
  - kubernetes >= 31.0
notes:
  - Options and environment variables have the names and meanings of those of kubernetes.core.
"""
