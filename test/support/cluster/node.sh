#!/bin/bash
# node.sh up N             makes the node's network and starts it; also after "kill"
# node.sh kill N           power cut: every process of the node at once, then its network
# node.sh cut N / heal N   its link to the switch
# node.sh freeze N / thaw N  all of its processes stand still
set -uo pipefail
. "$(dirname "$0")/env.sh"
node=$2
folder=$(folder_of "$node")
netns=$(netns_of "$node")
port=v-$node

write_configuration() {
  # restrict_oom_score_adj: where root lacks CAP_SYS_RESOURCE, runc cannot lower the score of the pause container, and no pod starts.
  cat >"$folder/containerd.toml" <<Y
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.internal.v1.opt"]
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "aloft.test/pause:1"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$folder/cni"
Y
  cat >"$folder/cni/10-aloft.conflist" <<Y
{"cniVersion": "1.0.0", "name": "aloft", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "isDefaultGateway": true, "ipMasq": false, "hairpinMode": true, "mtu": 1500,
   "ipam": {"type": "host-local", "dataDir": "/run/cni", "ranges": [[{"subnet": "$(pods_of "$node")"}], [{"subnet": "$(pods6_of "$node")"}]]}},
  {"type": "portmap", "capabilities": {"portMappings": true}, "snat": true}]}
Y
  echo "nameserver 172.30.0.1" >"$folder/resolv.conf"
  # evictionHard, imageGC: images cannot be pulled again. All that the kubelet repeats comes often, so that failures, and static pods, show soon.
  cat >"$folder/kubelet.yaml" <<Y
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
failSwapOn: false
cgroupDriver: cgroupfs
cgroupRoot: /
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $pki/ca.crt}}
authorization: {mode: Webhook}
clusterDomain: cluster.local
clusterDNS: [172.30.0.1]
resolvConf: $folder/resolv.conf
staticPodPath: $folder/manifests
fileCheckFrequency: 1s
maxPods: 40
evictionHard: {memory.available: "100Mi", nodefs.available: "1%", imagefs.available: "1%", nodefs.inodesFree: "1%"}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
syncFrequency: 10s
nodeStatusUpdateFrequency: 5s
nodeLeaseDurationSeconds: 20
Y
  cat >"$folder/kube-proxy.yaml" <<Y
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clusterCIDR: $pod_ranges
hostnameOverride: $node
clientConnection: {kubeconfig: $folder/kube-proxy.kubeconfig}
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
nftables: {syncPeriod: 30s, minSyncPeriod: 200ms}
metricsBindAddress: 127.0.0.1:10249
Y
}

connect() {
  local other
  ip netns add "$netns"
  ip link add "$port" netns "$fabric" type veth peer name eth0 netns "$netns"
  ip -n "$fabric" link set "$port" master $bridge up
  ip -n "$netns" link set lo up
  ip -n "$netns" addr add "$(address_of "$node")/16" dev eth0
  ip -n "$netns" addr add "$(address6_of "$node")/64" dev eth0 nodad
  ip -n "$netns" link set eth0 up
  ip -n "$netns" route add default via $api_address
  ip -n "$netns" route add default via fd00:30::1
  for other in $nodes; do
    [ "$other" != "$node" ] || continue
    ip -n "$netns" route add "$(pods_of "$other")" via "$(address_of "$other")"
    ip -n "$netns" route add "$(pods6_of "$other")" via "$(address6_of "$other")"
  done
  nsenter --net="/run/netns/$netns" -- sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
    net.ipv6.conf.all.forwarding=1 net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1
}

make_cgroups() {
  local c d f
  for c in $controllers; do
    mkdir -p "/sys/fs/cgroup/$c/$name/$node"
    [ $c = cpuset ] || continue
    # A process cannot enter one without them.
    for d in "$name" "$name/$node"; do for f in cpus mems; do cat "/sys/fs/cgroup/cpuset/cpuset.$f" >"/sys/fs/cgroup/cpuset/$d/cpuset.$f"; done; done
  done
}

# The node's pid 1 runs in namespaces of its own: with it all that the node runs can be ended by one signal.
launch() {
  local parent init=
  (
    for c in $controllers; do echo $BASHPID >"/sys/fs/cgroup/$c/$name/$node/cgroup.procs"; done
    cd /
    exec setsid nsenter --net="/run/netns/$netns" -- unshare --mount --uts --ipc --cgroup --propagation private \
      -- unshare --pid --fork --kill-child -- "$here/node-init.sh" "$node"
  ) >>"$folder/log/init.log" 2>&1 </dev/null &
  parent=$!
  for _ in $(seq 200); do
    # The first child may still be a helper: pid 1 is the one that has a pid namespace of its own.
    init=$(tr -d ' ' <"/proc/$parent/task/$parent/children" 2>/dev/null)
    [ -n "$init" ] && [ "$(cat "/proc/$init/comm" 2>/dev/null)" = node-init.sh ] && ! [ "/proc/$init/ns/pid" -ef /proc/self/ns/pid ] && break
    init=
    sleep 0.05
  done
  [ -n "$init" ] || fail "node $node did not start: $folder/log/init.log"
  echo "$parent" >"$folder/parent.pid"
  echo "$init" >"$folder/init.pid"
}

up() {
  mkdir -p "$folder"/{log,cni,manifests} "$folder"/var/lib/{containerd,kubelet} "$folder"/var/log/{pods,containers}
  [ -s "$folder/machine-id" ] || tr -d - </proc/sys/kernel/random/uuid >"$folder/machine-id"
  cat /proc/sys/kernel/random/uuid >"$folder/boot-id"
  kubeconfig "$folder/kubelet.kubeconfig" "$(cat "$pki/token-$node")"
  kubeconfig "$folder/kube-proxy.kubeconfig" "$(cat "$pki/token-proxy")"
  write_configuration
  connect
  make_cgroups
  launch
}

wait_gone() { for _ in $(seq 200); do alive "$1" || return 0; sleep 0.05; done; }

cut_power() {
  local init parent left c
  init=$(cat "$folder/init.pid" 2>/dev/null)
  parent=$(cat "$folder/parent.pid" 2>/dev/null)
  in_fabric ip link set "$port" down 2>/dev/null
  # A frozen task does not die.
  [ ! -e "/sys/fs/cgroup/freezer/$name/$node/freezer.state" ] || echo THAWED >"/sys/fs/cgroup/freezer/$name/$node/freezer.state"
  if alive "$init" && [ "/proc/$init/ns/net" -ef "/run/netns/$netns" ] && ! [ "/proc/$init/ns/pid" -ef /proc/self/ns/pid ]; then kill -9 "$init"; fi
  [ -z "$init" ] || wait_gone "$init"
  [ -z "$parent" ] || wait_gone "$parent"
  for _ in $(seq 50); do # Nothing but this node is ever in its cgroups.
    left=$(find "/sys/fs/cgroup/pids/$name/$node" -name cgroup.procs -exec cat {} + 2>/dev/null)
    [ -n "$left" ] || break
    kill -9 $left 2>/dev/null
    sleep 0.1
  done
  rm -f "$folder/init.pid" "$folder/parent.pid"
  ip netns del "$netns" 2>/dev/null
  in_fabric ip link del "$port" 2>/dev/null
  for c in $controllers; do
    for _ in $(seq 20); do
      [ -d "/sys/fs/cgroup/$c/$name/$node" ] || break
      find "/sys/fs/cgroup/$c/$name/$node" -depth -type d -exec rmdir {} + 2>/dev/null && break
      sleep 0.1
    done
  done
  return 0
}

case $1 in
  up) up ;;
  kill) cut_power ;;
  cut) in_fabric ip link set "$port" down ;;
  heal) in_fabric ip link set "$port" up ;;
  freeze) echo FROZEN >"/sys/fs/cgroup/freezer/$name/$node/freezer.state" ;;
  thaw) echo THAWED >"/sys/fs/cgroup/freezer/$name/$node/freezer.state" ;;
  *) fail "usage: node.sh up|kill|cut|heal|freeze|thaw NODE" ;;
esac
