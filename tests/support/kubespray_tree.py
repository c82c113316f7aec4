# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for Kubespray: the playbooks that the role runs, and what it reads of a tree, in a few seconds.

    python tests/support/kubespray_tree.py FOLDER

Its hosts share a file system. Its cluster is a folder of nodes below kube_config_dir of the first control plane, and a
kubectl that shows them. Like Kubespray it prints failures that are ignored, needs the facts of all hosts with --limit,
and leaves a node cordoned when an upgrade fails, and files after a reset. The variable stand_in_fails names a host on
which a run fails.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

_BEGIN = """
- name: Common tasks for every playbooks
  import_playbook: boilerplate.yml
"""

_TROUBLE = """
    - name: Ask what is not there yet
      ansible.builtin.command: "false"
      ignore_errors: true
      changed_when: false
    - name: Download what is needed
      ansible.builtin.fail:
        msg: "The mirror does not have it, https://user:hunter2@mirror.example.org/kubelet"
      when: inventory_hostname == stand_in_fails | default('')
"""

_NODE = """
    - name: Join
      ansible.builtin.shell: |
        mkdir -p "{{ kube_config_dir }}"
        touch "{{ kube_config_dir }}/kubelet.env"
        echo '{{ stand_in_node | to_json }}' > "{{ stand_in_nodes }}/{{ inventory_hostname }}.json"
      vars:
        stand_in_nodes: "{{ hostvars[groups['kube_control_plane'][0]].kube_config_dir }}/nodes"
        stand_in_node:
          metadata: {name: "{{ inventory_hostname }}"}
          spec: {}
          status:
            nodeInfo: {kubeletVersion: "v{{ kube_version }}"}
            conditions: [{type: Ready, status: "True"}]
      changed_when: true
"""

_KUBECTL = """
#!/usr/bin/env python3
import glob, json, os, sys
folder = os.path.dirname(sys.argv[sys.argv.index("--kubeconfig") + 1])
if os.path.exists(folder + "/away"):
    sys.exit("The connection to the server was refused")
print(json.dumps({"items": [json.load(open(name)) for name in sorted(glob.glob(folder + "/nodes/*.json"))]}))
"""

_ADMIN_CONF = """
apiVersion: v1
kind: Config
clusters:
- name: cluster.local
  cluster: {server: "https://127.0.0.1:6443", certificate-authority-data: Y2E=}
users:
- name: kubernetes-admin
  user: {client-key-data: c3RhbmQtaW4ta2V5}
contexts:
- name: kubernetes-admin@cluster.local
  context: {cluster: cluster.local, user: kubernetes-admin}
current-context: kubernetes-admin@cluster.local
"""

FILES = {
    "galaxy.yml": "{namespace: kubernetes_sigs, name: kubespray, version: 2.31.0}\n",
    "requirements.txt": "# As Kubespray 2.31.0 gets it with ansible 11.13.0\nansible-core==2.18.19\n",
    "roles/kubespray_defaults/vars/main/checksums.yml": """
        kubelet_checksums:
          arm64: &versions {1.35.4: "sha256:0", 1.35.0: "sha256:0", 1.34.7: "sha256:0", 1.33.1: "sha256:0"}
          amd64: *versions
        """,
    "roles/kubernetes/preinstall/defaults/main.yml": """
        minimal_node_memory_mb: 1024
        minimal_master_memory_mb: 1500
        supported_os_distributions: [RedHat, Ubuntu, Debian, Rocky]
        """,
    "playbooks/ansible_version.yml": """
        - name: Check Ansible version
          hosts: all
          gather_facts: false
          run_once: true
          vars:
            minimal_ansible_version: 2.18.0
            maximal_ansible_version: 2.19.0
          tags: always
          tasks:
            - name: "Check the version of Ansible"
              ansible.builtin.assert:
                that:
                  - ansible_version.string is version(minimal_ansible_version, '>=')
                  - ansible_version.string is version(maximal_ansible_version, '<')
        """,
    "playbooks/boilerplate.yml": """
        - name: Check ansible version
          import_playbook: ansible_version.yml
        - name: Inventory setup and validation
          hosts: all
          gather_facts: false
          tasks:
            - name: Stop if unsupported options selected
              ansible.builtin.assert:
                that: kube_network_plugin | default('calico') in ['calico', 'cilium', 'cni']
                msg: The selected choice is not supported
              run_once: true
        """,
    "playbooks/facts.yml": _BEGIN
    + """
- name: Gather facts
  hosts: all
  gather_facts: false
  tasks:
    - name: Gather minimal facts
      ansible.builtin.setup:
        gather_subset: "!all"
""",
    "playbooks/cluster.yml": _BEGIN
    + """
- name: Install Kubernetes
  hosts: kube_control_plane:kube_node
  gather_facts: false
  any_errors_fatal: true
  tasks:
"""
    + _TROUBLE
    + """
    - name: Make the API server
      ansible.builtin.shell: |
        mkdir -p "{{ kube_config_dir }}/nodes" "{{ bin_dir }}"
        install "{{ playbook_dir }}/files/kubectl" "{{ bin_dir }}/kubectl"
        install -m 600 "{{ playbook_dir }}/files/admin.conf" "{{ kube_config_dir }}/admin.conf"
        touch "{{ bin_dir }}/etcdutl"
      changed_when: true
      when: inventory_hostname == groups['kube_control_plane'][0]
"""
    + _NODE,
    "playbooks/files/kubectl": _KUBECTL.lstrip(),
    "playbooks/files/admin.conf": _ADMIN_CONF.lstrip(),
    "playbooks/scale.yml": _BEGIN
    + """
- name: Add workers
  hosts: kube_node
  gather_facts: false
  any_errors_fatal: true
  tasks:
    - name: Write what is made of the facts of all hosts
      ansible.builtin.debug:
        msg: "{{ groups['all'] | map('extract', hostvars, ['ansible_facts', 'python', 'version', 'major']) | list }}"
"""
    + _TROUBLE
    + _NODE,
    "playbooks/upgrade_cluster.yml": _BEGIN
    + """
- name: Upgrade the nodes
  hosts: kube_node
  gather_facts: false
  any_errors_fatal: true
  tasks:
    - name: Cordon
      ansible.builtin.command:
        argv:
          - sed
          - -i
          - 's/"spec": {}/"spec": {"unschedulable": true}/'
          - "{{ stand_in_nodes }}/{{ inventory_hostname }}.json"
      vars:
        stand_in_nodes: "{{ hostvars[groups['kube_control_plane'][0]].kube_config_dir }}/nodes"
      changed_when: true
      when: inventory_hostname == stand_in_fails | default('')
"""
    + _TROUBLE
    + _NODE,
    "playbooks/remove_node.yml": _BEGIN
    + """
- name: Remove nodes
  hosts: "{{ node }}"
  gather_facts: false
  tasks:
    - name: Stop without a confirmation
      ansible.builtin.assert:
        that: skip_confirmation
    - name: Delete the node
      ansible.builtin.file:
        path: "{{ hostvars[groups['kube_control_plane'][0]].kube_config_dir }}/nodes/{{ inventory_hostname }}.json"
        state: absent
      delegate_to: "{{ groups['kube_control_plane'][0] }}"
    - name: Clean it
      ansible.builtin.file:
        path: "{{ kube_config_dir }}"
        state: absent
      when: reset_nodes | default(true)
""",
    "playbooks/reset.yml": _BEGIN
    + """
- name: Reset the cluster
  hosts: etcd:kube_control_plane:kube_node
  gather_facts: false
  tasks:
    - name: Stop without a confirmation
      ansible.builtin.assert:
        that: reset_confirmation
    - name: Remove what it has
      ansible.builtin.file:
        path: "{{ kube_config_dir }}"
        state: absent
""",
}


def text(name: str) -> str:
    return textwrap.dedent(FILES[name]).lstrip("\n")


def make(folder: Path) -> None:
    for name in FILES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(name), encoding="utf-8")


if __name__ == "__main__":
    make(Path(sys.argv[1]))
