#!/bin/bash
# node-init.sh NODE: pid 1 of a node, in its own mount, uts, ipc, net, pid and cgroup namespaces.
. "$(dirname "$0")/env.sh"
node=$1
folder=$(folder_of "$node")
exec >>"$folder/log/init.log" 2>&1 </dev/null
set -e
mount --make-rshared / # as kubelet and containerd want it
mount -t proc proc /proc
hostname "$node"
# The node's own cgroups are the root of every hierarchy.
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755,size=1m tmpfs /sys/fs/cgroup
for c in $controllers; do
  mkdir "/sys/fs/cgroup/$c"
  if [ $c = systemd ]; then mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd; else mount -t cgroup -o $c cgroup "/sys/fs/cgroup/$c"; fi
done
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/netns /run/lock
# Whole folders: single ones would need mount points on the machine itself.
mount --bind "$folder/var/lib" /var/lib
mount --bind "$folder/var/log" /var/log
[ ! -e /etc/machine-id ] || mount --bind "$folder/machine-id" /etc/machine-id
mount --bind "$folder/boot-id" /proc/sys/kernel/random/boot_id
# The kubelet would write these settings of the whole machine: it shall find them as it wants them.
mkdir -p /run/settings
pretend() {
  echo "$2" >"/run/settings/${1//\//_}"
  mount --bind "/run/settings/${1//\//_}" "/proc/sys/$1"
}
pretend vm/overcommit_memory 1
pretend vm/panic_on_oom 0
pretend kernel/panic 10
pretend kernel/panic_on_oops 1
pretend kernel/keys/root_maxkeys 1000000
pretend kernel/keys/root_maxbytes 25000000
set +e
export PATH=/usr/sbin:/usr/bin:/sbin:/bin GOMAXPROCS=2 HOME=/root

keep() { # NAME COMMAND...: starts it again when it ends, as systemd does
  local n=$1
  shift
  while :; do
    "$@" >>"$folder/log/$n.log" 2>&1
    echo "$(date +%T) $n ended with status $?"
    sleep 1
  done
}
keep containerd containerd --config "$folder/containerd.toml" &
for _ in $(seq 300); do [ -S /run/containerd/containerd.sock ] && ctr version >/dev/null 2>&1 && break; sleep 0.1; done
if [ ! -e "$folder/imported" ]; then
  for i in $images; do ctr -n k8s.io images import "$i" || echo "import of $i failed"; done
  touch "$folder/imported"
fi
keep kubelet "$kubernetes/kubelet" --config "$folder/kubelet.yaml" --kubeconfig "$folder/kubelet.kubeconfig" --hostname-override "$node" \
  --node-ip "$(address_of "$node"),$(address6_of "$node")" &
keep kube-proxy "$kubernetes/kube-proxy" --config "$folder/kube-proxy.yaml" &
while :; do wait; sleep 1; done
