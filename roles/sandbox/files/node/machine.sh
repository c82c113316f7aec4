#!/bin/sh
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# The machine that the real node is: namespaces of its own for processes, mounts and the pods' network. When this ends, the kernel ends every
# process in it and takes its mounts and network away, so that nothing of them can be left on the host; only the empty cgroups stay.
#
# NODE_ID           name of the link on the host, and of the cgroup
# NODE_DIR          folder for all that outlasts a restart
# NODE_ADDRESS      address of the link on the host, where the kubelet, the API server and DNS answer
# POD_ADDRESS       address of its other end
# LINK_PREFIX       length of their network's prefix
# POD_CIDR, SERVICE_CIDR

set -eu

if [ $# -eq 0 ]; then
  rm -f "$NODE_DIR/pid"
  exec unshare --mount --propagation slave --net --pid --fork --kill-child=KILL "$0" "$PPID"
fi

# The host's /proc is still in place: it knows us, and the namespaces of the process that started us
host=/proc/$1
read -r pid _ < /proc/self/stat

# The cgroup that all pods are in, under each controller of version 1 or in the one tree of version 2
for tree in $(awk '$3 == "cgroup" || $3 == "cgroup2" {print $2}' /proc/mounts); do
  mkdir -p "$tree/$NODE_ID"
  # The kubelet asks for its parents' processors and memory nodes to be set, which version 1 does not do by itself
  for file in cpuset.cpus cpuset.mems; do
    if [ -e "$tree/$file" ]; then cat "$tree/$file" > "$tree/$NODE_ID/$file"; fi
  done
  # In version 2 a group has the controllers that the one above hands on, and the kubelet asks for each of these that the topmost has.
  # Handed on once more, systemd cannot take those back that no unit of its own needs.
  for controller in $(grep -owsE 'cpu|cpuset|hugetlb|memory|pids' "$tree/cgroup.controllers"); do
    echo "+$controller" > "$tree/cgroup.subtree_control"
    echo "+$controller" > "$tree/$NODE_ID/cgroup.subtree_control"
  done
done

ip link set lo up
ip link add eth0 type veth peer name "$NODE_ID" netns "$host/ns/net"
ip address add "$POD_ADDRESS/$LINK_PREFIX" dev eth0
ip link set eth0 up
nsenter --net="$host/ns/net" sh -eu <<END
ip address add $NODE_ADDRESS/$LINK_PREFIX dev $NODE_ID
ip link set $NODE_ID up
ip route add $POD_CIDR via $POD_ADDRESS dev $NODE_ID
ip route add $SERVICE_CIDR via $POD_ADDRESS dev $NODE_ID
END
ip route add default via "$NODE_ADDRESS"
echo 1 > /proc/sys/net/ipv4/ip_forward

# What containerd mounts is seen by the kubelet, and the other way round
mount --make-rshared /
mount -t proc proc /proc
# Sockets, logs and the names of pods' networks have fixed places there
rm -rf "$NODE_DIR/run"
mkdir -p "$NODE_DIR/run/upper" "$NODE_DIR/run/work" "$NODE_DIR/logs"
# The kubelet wants these kernel parameters so, and sets those that are not; they are the host's, so it is shown files in their place
while read -r parameter value; do
  echo "$value" > "$NODE_DIR/run/$parameter"
  mount --bind "$NODE_DIR/run/$parameter" "/proc/sys/$(echo "$parameter" | tr . /)"
done <<END
vm.overcommit_memory 1
vm.panic_on_oom 0
kernel.panic 10
kernel.panic_on_oops 1
kernel.keys.root_maxkeys 1000000
kernel.keys.root_maxbytes 25000000
END
mount -t overlay -o "lowerdir=/run,upperdir=$NODE_DIR/run/upper,workdir=$NODE_DIR/run/work" overlay /run
mount --bind "$NODE_DIR/logs" /var/log
# A short path, since the paths of Unix sockets must be
mkdir /run/node
mount --bind "$NODE_DIR" /run/node

stop() {
  # All others get five seconds, if they take them
  tries=50
  while [ $tries -gt 0 ] && kill -TERM -1 2> /dev/null; do
    sleep 0.1
    tries=$((tries - 1))
  done
  exit 0
}
trap stop TERM INT

echo "$pid" > "$NODE_DIR/pid"
# As the first process it is given every orphan; the shell reaps them while it waits
while :; do
  sleep 86400 &
  wait $! || true
done
