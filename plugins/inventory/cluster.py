# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster
short_description: The cluster file as inventory
version_added: 0.1.0
author:
  - ai_how.cloud contributors (@ai-how)
description:
  - Makes of a cluster file the hosts, groups and variables that the stages of the playbook C(ai_how.cloud.runtime) and
    Kubespray work with.
  - The file itself is the inventory where the plugin is enabled in C(ansible.cfg), before C(yaml), which would take the
    file for its own. Without configuration, a file of two lines names it.
  - A file that is wrong ends the run, with one sentence with file and line for each problem. Ansible itself would go on
    without hosts.
  - The groups are C(kube_control_plane), C(etcd), C(kube_node), C(k8s_cluster), C(gpu_nodes), C(hypervisors) and
    C(shut_off).
  - Only C(clusters.cloud) is read. Other clusters of the file are left alone.
extends_documentation_fragment:
  - constructed
  - inventory_cache
options:
  plugin:
    description: What makes a file one of this plugin.
    type: str
    required: true
    choices: [ai_how.cloud.cluster]
  file:
    description:
      - The cluster file, relative to this one. It may be encrypted with Ansible Vault.
      - Without it, the keys of a cluster file stand beside O(plugin).
    type: str
notes:
  - Texts of the file may be templates, as in other inventories, where the key takes any text.
  - The cache keeps the result for as long as the file is the same to the byte.
requirements:
  - PyYAML
"""

EXAMPLES = r"""
# inventory.yml
plugin: ai_how.cloud.cluster
file: cloud-cluster.yaml

# ---
# with a group for each hypervisor
# plugin: ai_how.cloud.cluster
# file: cloud-cluster.yaml
# keyed_groups:
#   - key: cluster_node.hypervisor
#     prefix: on
"""

import gc
import hashlib
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, Optional

from ansible.errors import AnsibleError, AnsibleFileNotFound
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.load import (
    check_options,
    is_cluster_file,
    load,
    names_our_plugin,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._cluster.schema import FILE
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid

_FORMAT = 1  # of what is cached; a change of what load() returns counts it up
_PARSER_ERROR = 4  # Ansible's exit code for files that it cannot parse

Content = dict[str, Any]


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    NAME = "ai_how.cloud.cluster"
    trusted_by_default = True  # as the plugin yaml has it: the user writes the file

    def verify_file(self, path: str) -> bool:
        base: Any = super()
        if not path.endswith((".yml", ".yaml")) or not os.path.isfile(path) or not base.verify_file(path):
            return False
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        return names_our_plugin(text) or is_cluster_file(text)

    def parse(self, inventory: InventoryData, loader: DataLoader, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        with _no_garbage():
            try:
                file, loaded = self._loaded(loader, path, cache)
                _refuse_second_cluster(inventory, file)
            except Invalid as error:
                self._stop(str(error))
            _fill(inventory, loaded["inventory"], file)
        for name in loaded["left_alone"]:
            self.display.display(f"{file}: clusters.{name} is left alone, only clusters.cloud is read.", stderr=True)
        if any(map(self._option, ("compose", "groups", "keyed_groups"))):
            for host, variables in loaded["inventory"]["hosts"].items():
                self._construct(host, variables)

    def _loaded(self, loader: DataLoader, path: str, cache: bool) -> tuple[str, Content]:
        """The cluster file and what is in it; ``path`` is that file or one that names it."""
        text = _read(loader, path)
        base: Any = self
        if not names_our_plugin(text):
            base.set_options(direct={"plugin": self.NAME})
            return path, self._cached(path, text, (), cache)
        options = list(self.option_definitions)
        check_options(text, path, [*options, *FILE])
        base._read_config_data(path)
        file = self._option("file")
        if not file:
            return path, self._cached(path, text, options, cache)
        check_options(text, path, options)
        file = os.path.join(os.path.dirname(path), os.path.expanduser(file))
        return file, self._cached(file, _read(loader, file), (), cache)

    def _cached(self, file: str, text: str, options: Collection[str], cache: bool) -> Content:
        """What load() makes of the text, or made of the same text before."""
        if not self._option("cache"):
            return vars(load(text, file, options))
        self.load_cache_plugin()
        key = self.get_cache_key(file)
        digest = hashlib.sha256(f"{_FORMAT}\0{text}".encode()).hexdigest()
        known: Optional[Content] = self._cache.get(key) if cache else None
        if known is None or known["digest"] != digest:
            known = {**vars(load(text, file, options)), "digest": digest}
            self._cache[key] = known
        return known

    def _construct(self, host: str, variables: Content) -> None:
        base: Any = self
        strict = base.get_option("strict")
        base._set_composite_vars(base.get_option("compose"), variables, host, strict=strict)
        base._add_host_to_composed_groups(base.get_option("groups"), variables, host, strict=strict)
        base._add_host_to_keyed_groups(base.get_option("keyed_groups"), variables, host, strict=strict)

    def _option(self, name: str) -> Any:
        base: Any = self
        return base.get_option(name)

    def _stop(self, message: str) -> NoReturn:
        """Not an AnsibleParserError: Ansible would let its plugin yaml try the same file, which takes it for groups
        without hosts, and go on.
        """
        self.display.error(message, wrap_text=False)
        raise SystemExit(_PARSER_ERROR)


@contextmanager
def _no_garbage() -> Iterator[None]:
    """All that is made here stays; looking for garbage among it would take a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _read(loader: DataLoader, path: str) -> str:
    try:
        text = loader.get_text_file_contents(path)
    except AnsibleFileNotFound as error:  # whose own words are three lines about modules
        raise Invalid(f"{path}: cannot be read: there is no such file; correct the option file.") from error
    except AnsibleError as error:
        raise Invalid(f"{path}: cannot be read: {error}") from error
    return str(text)  # not its subclass with Ansible's tags, which PyYAML does not take


def _refuse_second_cluster(inventory: InventoryData, file: str) -> None:
    """Hosts of two cluster files in one kube_control_plane would be one Kubernetes cluster."""
    group = inventory.groups.get("k8s_cluster")
    first = group.vars.get("cluster_file") if group else None
    if first and first != os.path.realpath(file):
        raise Invalid(f"{file}: this inventory has the cluster of {first} already, give each cluster a run of its own.")


def _fill(inventory: InventoryData, content: Content, file: str) -> None:
    for host, variables in content["hosts"].items():
        inventory.add_host(host)
        for name, value in variables.items():
            inventory.set_variable(host, name, value)
    for group in content["groups"]:
        inventory.add_group(group)
    for group, members in content["groups"].items():
        for member in (*members["hosts"], *members["children"]):
            inventory.add_child(group, member)
        for name, value in members["vars"].items():
            inventory.set_variable(group, name, value)
    inventory.set_variable("k8s_cluster", "cluster_file", os.path.realpath(file))
