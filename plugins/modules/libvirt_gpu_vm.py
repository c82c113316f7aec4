#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: libvirt_gpu_vm
short_description: Declare virtual machines with GPUs on a libvirt hypervisor
version_added: 0.1.0
author: ai_how.cloud contributors (@ai-how)
description:
  - Declares virtual machines with disks, networks, a seed of cloud-init and GPUs that are passed through, and turns
    them on and off. It runs on the hypervisor itself.
  - What is not given is left as it is, in the definition of a VM that is there as well; a list that is given (disks,
    networks, shares, GPUs) says which of those devices there are that this module made. Devices of others stay.
  - Nothing is written before all is planned and checked. After that VMs go on independently, and the task fails at the
    end if any of them failed.
  - A VM is never restarted unless O(state=restarted) or O(restart=if_required) say so. What libvirt can change in a VM
    that runs is changed there (disks grow and come, networks come and go); all else waits for its next start, and
    RV(results[].restart_required) says so.
  - Disks are never shrunk, and deleted with O(delete_disks) only.
options:
  state:
    description:
      - V(present) declares the VM and leaves it on or off.
      - V(running) and V(stopped) declare it and turn it on or off; the guest is asked to shut down.
      - V(restarted) declares it and turns it off and on, each time.
      - V(absent) turns it off and removes it with its NVRAM, seed and reserved addresses. Its disks stay.
    type: str
    choices: [present, running, stopped, restarted, absent]
    default: present
  restart:
    description: Whether O(state=running) restarts a VM that runs with something older than declared.
    type: str
    choices: [never, if_required]
    default: never
  wait_for:
    description:
      - What of a VM that is turned on is waited for - an address, an SSH server that answers there, or its guest agent.
    type: str
    choices: [none, ip, ssh, agent]
    default: none
  wait_timeout:
    description: Seconds for all that turns VMs on and off and waits for them.
    type: int
    default: 300
  shutdown_timeout:
    description: Seconds that a guest has to shut down. The power button is pressed every ten seconds.
    type: int
    default: 120
  force_stop:
    description: Whether a guest that has not shut down by then is turned off, as if its plug was pulled.
    type: bool
    default: false
  delete_disks:
    description:
      - Whether O(state=absent) deletes the disks as well that this module made, unless another VM has them.
      - A disk that was given by its path is not deleted, and one that a disk of another VM is made on is refused.
    type: bool
    default: false
  vms:
    description: Several VMs at once, instead of O(name) and the options beside it. They share one connection.
    type: list
    elements: dict
    suboptions:
      name: &name
        description: Name of the VM.
        type: str
      state:
        description: What becomes of this one; without it O(state) counts.
        type: str
        choices: [present, running, stopped, restarted, absent]
      description: &description
        description: What it is for.
        type: str
      type: &type
        description: V(qemu) emulates the processor. A new VM is V(kvm) if this is not given.
        type: str
        choices: [kvm, qemu]
      machine: &machine
        description: Type of the machine; a new VM is a V(q35), of the newest version that the hypervisor knows.
        type: str
      firmware: &firmware
        description: A new VM has V(bios) if this is not given. It cannot be changed afterwards.
        type: str
        choices: [bios, uefi]
      secure_boot: &secure_boot
        description: Whether UEFI starts signed systems only, with the usual keys; false for a new VM without this.
        type: bool
      vcpus: &vcpus
        description: Number of CPUs; a new VM needs it.
        type: int
      cpu: &cpu
        description: Model and topology of its CPU.
        type: dict
        suboptions:
          model:
            description:
              - V(host-passthrough), V(host-model), V(maximum), or a model that libvirt knows.
              - A new VM has V(host-passthrough), or V(maximum) where O(vms[].type=qemu).
            type: str
          sockets:
            description: Sockets; 1 where only others of the topology are given. Their product must be C(vcpus).
            type: int
          cores:
            description: Cores of a socket.
            type: int
          threads:
            description: Threads of a core.
            type: int
      cpu_pinning: &cpu_pinning
        description:
          - V(dedicated) gives each vCPU a CPU of the hypervisor that no other VM has, of the NUMA node of its GPU.
          - V(node) lets all of them move among the CPUs of that node.
          - A list of CPUs like V(4-7,12) has one for each vCPU, in that order. V(none) lifts what was pinned.
          - Lists of several VMs may overlap; a VM is not started while another one runs with one of its CPUs.
        type: str
      memory: &memory
        description: Memory with its unit, like V(8G); units are binary. A new VM needs it.
        type: str
      hugepages: &hugepages
        description: Size of the huge pages that its memory is made of, like V(1G), or V(none).
        type: str
      numa_node: &numa_node
        description: The NUMA node of its memory - a number, V(gpu) for that of its GPU, or V(none).
        type: str
      disks: &disks
        description: Its disks, in this order.
        type: list
        elements: dict
        suboptions:
          target:
            description: Name in the guest, V(vda) to V(vdy); by default that of its place in the list.
            type: str
          size:
            description: Size with its unit, like V(40G). A disk that is smaller grows, also while the VM runs.
            type: str
          base:
            description:
              - A volume of the same pool, or the path of an image, that a new disk is an overlay on. It must stay.
            type: str
          copy:
            description: Whether a new disk is a full copy of O(vms[].disks[].base), which must be a volume then.
            type: bool
            default: false
          pool:
            description: The storage pool.
            type: str
            default: default
          volume:
            description: Name of the volume; by default V(NAME-TARGET.FORMAT). One that is there is taken as it is.
            type: str
          path:
            description: A file or block device that is there, attached as it is, instead of a volume.
            type: path
          format:
            description: Format; V(qcow2), but V(raw) for block devices.
            type: str
            choices: [qcow2, raw]
      networks: &networks
        description: Its network interfaces.
        type: list
        elements: dict
        suboptions:
          network:
            description: A network of libvirt; V(default) if neither this nor a bridge is given.
            type: str
          bridge:
            description: A bridge of the hypervisor.
            type: str
          mac:
            description:
              - MAC address, which no other VM may have; by default one that is always the same for this name and place
                in the list.
            type: str
          address:
            description: The IPv4 address that the network's DHCP server reserves for it.
            type: str
      shares: &shares
        description: Folders of the hypervisor that the guest sees by virtiofs.
        type: list
        elements: dict
        suboptions:
          source:
            description: The folder.
            type: path
            required: true
          tag:
            description: What the guest mounts it by, like in C(mount -t virtiofs TAG /mnt).
            type: str
            required: true
          read_only:
            description: Whether the guest may only read. An older libvirt, like 9, refuses that.
            type: bool
      cloud_init: &cloud_init
        description:
          - What cloud-init reads (datasource NoCloud). When it changes, the guest runs cloud-init anew at its next
            start, as a new instance.
        type: dict
        suboptions:
          user_data:
            description: User data, like a text that begins with C(#cloud-config).
            type: str
          network_config:
            description: Network configuration, as YAML.
            type: str
          ssh_keys:
            description: Public keys that may log in as the default user of the image.
            type: list
            elements: str
          pool:
            description: The storage pool that holds the seed.
            type: str
            default: default
      gpus: &gpus
        description:
          - GPUs, or other PCI devices, of the hypervisor, each by one of these options or several that must all fit.
          - A device may be declared in several VMs of which one runs at a time.
        type: list
        elements: dict
        suboptions:
          address:
            description: PCI address, like V(0000:41:00.0). A virtual function (SR-IOV) is given by this as well.
            type: str
          id:
            description: Vendor and device, like V(10de:2330); without an address any GPU that no other VM has.
            type: str
          model:
            description: A part of the name that C(lspci) shows, like V(H100); without an address any such GPU.
            type: str
          mdev:
            description: UUID of a mediated device that is there.
            type: str
      group_siblings: &group_siblings
        description:
          - What becomes of other devices in the IOMMU group of a GPU, which the kernel passes as a whole.
          - V(functions), which is what a VM has without this, adds the audio, USB and display functions of the same
            card and refuses others. V(all) adds all of them, V(refuse) none. Bridges need not be passed.
        type: str
        choices: [functions, all, refuse]
      autostart: &autostart
        description: Whether it starts with the hypervisor.
        type: bool
  name: *name
  description: *description
  type: *type
  machine: *machine
  firmware: *firmware
  secure_boot: *secure_boot
  vcpus: *vcpus
  cpu: *cpu
  cpu_pinning: *cpu_pinning
  memory: *memory
  hugepages: *hugepages
  numa_node: *numa_node
  disks: *disks
  networks: *networks
  shares: *shares
  cloud_init: *cloud_init
  gpus: *gpus
  group_siblings: *group_siblings
  autostart: *autostart
extends_documentation_fragment:
  - ai_how.cloud.libvirt_connection
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    description: Can run in check mode, by the same plan as the run.
    support: full
  diff_mode:
    description: Shows the properties of the VM that change; sizes are in bytes, and of the seed there is a digest.
    support: full
  platform:
    platforms: posix
    support: full
    details: Needs libvirt, hence Linux.
notes:
  - The hypervisor's own Python has libvirt; so set C(ansible_python_interpreter) to C(/usr/bin/python3).
  - A device that a process of the hypervisor has open is refused, since libvirt would hang when it takes it away.
seealso:
  - module: ai_how.cloud.libvirt_gpu_info
  - module: community.libvirt.virt
"""

EXAMPLES = r"""
- name: A VM with a GPU, from a cloud image, reached by SSH
  ai_how.cloud.libvirt_gpu_vm:
    name: training
    state: running
    wait_for: ssh
    firmware: uefi
    vcpus: 16
    memory: 64G
    hugepages: 1G
    numa_node: gpu
    cpu_pinning: dedicated
    disks:
      - base: /var/lib/libvirt/images/debian-12-genericcloud-amd64.qcow2
        size: 80G
      - size: 500G
    networks:
      - network: default
        address: 192.168.122.20
    cloud_init:
      ssh_keys: ["{{ lookup('ansible.builtin.file', '~/.ssh/id_ed25519.pub') }}"]
    gpus:
      - model: H100
  vars:
    ansible_python_interpreter: /usr/bin/python3

- name: Several VMs in one task; two of them share a GPU, and neither is started
  ai_how.cloud.libvirt_gpu_vm:
    vms:
      - name: worker-1
        vcpus: 8
        memory: 32G
        disks: [{base: debian-12.qcow2, size: 40G}]
        gpus: [{address: "0000:41:00.0", id: "10de:2330"}]
      - name: worker-2
        vcpus: 8
        memory: 32G
        disks: [{base: debian-12.qcow2, size: 40G}]
        gpus: [{address: "0000:41:00.0", id: "10de:2330"}]

- name: More memory, with a restart if the VM runs
  ai_how.cloud.libvirt_gpu_vm:
    name: training
    state: running
    restart: if_required
    memory: 96G

- name: Remove a VM and its disks
  ai_how.cloud.libvirt_gpu_vm:
    name: training
    state: absent
    delete_disks: true
"""

RETURN = r"""
results:
  description: One entry for each VM, in the order given. A single one stands at the top level, too.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the VM.
      returned: always
      type: str
    namespace:
      description: URI of its hypervisor.
      returned: always
      type: str
    changed:
      description: Whether something was changed, or the VM was turned on or off.
      returned: always
      type: bool
    failed:
      description: Whether this VM failed.
      returned: always
      type: bool
    msg:
      description: Why it failed, or in check mode what would be done.
      returned: always
      type: str
    state:
      description: V(running), V(paused), V(stopped) or V(absent); in check mode as it was found.
      returned: always
      type: str
    actions:
      description:
        - What was done (in check mode, what would be) beside turning it on and off, with C(what) and C(impact).
        - C(impact) is V(LIVE), V(POWER_CYCLE) if it takes effect at the next start, V(RECREATE) or V(DESTROYS_DATA).
      returned: always
      type: list
      elements: dict
    restart_required:
      description: Whether it runs with something older than declared.
      returned: always
      type: bool
    macs:
      description: MAC addresses of its interfaces.
      returned: always
      type: list
      elements: str
    gpus:
      description: Addresses (and UUIDs) of the devices of the hypervisor that it has, siblings included.
      returned: always
      type: list
      elements: str
    addresses:
      description: Addresses of a VM that runs, as far as they are known.
      returned: always
      type: list
      elements: str
"""

from ansible_collections.ai_how.cloud.plugins.module_utils._core.runner import run_module
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.driver import connect
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.machines import VirtualMachines
from ansible_collections.ai_how.cloud.plugins.module_utils._libvirt.options import ARGUMENTS, CONSTRAINTS


def main() -> None:
    run_module(ARGUMENTS, VirtualMachines, connect, **CONSTRAINTS)


if __name__ == "__main__":
    main()
