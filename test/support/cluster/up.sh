#!/bin/bash
# Boots a cluster and waits until every node is Ready: a switch, a control plane, a client, and nodes, all in namespaces of their own.
set -euo pipefail
. "$(dirname "$0")/env.sh"
[ ! -e "$state/pki" ] || fail "$state is in use: run down.sh first"
mkdir -p "$state"/{pki,log,nodes}
chmod 700 "$state"

# --- keys: certificates for the API server alone, tokens for everybody else ---------------------------------------------------------------
cd "$pki"
quietly() { "$@" 2>/dev/null; }
quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -days 30 -subj /CN=aloft-cluster
certificate() { # NAME SUBJECT EXTENSIONS
  quietly openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2"
  quietly openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out "$1.crt" -extfile <(printf '%b' "$3")
}
names="IP:$api_address,IP:127.0.0.1,IP:10.96.0.1,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc"
certificate apiserver /CN=kube-apiserver "subjectAltName=$names\nextendedKeyUsage=serverAuth\n"
certificate kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client "extendedKeyUsage=clientAuth\n"
quietly openssl genrsa -out sa.key 2048
quietly openssl rsa -in sa.key -pubout -out sa.pub
user() { # FILE NAME GROUPS
  local token
  token=$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')
  echo "$token" >"token-$1"
  echo "$token,$2,$1,\"$3\"" >>tokens.csv
}
user admin admin system:masters
user cm system:kube-controller-manager ""
user scheduler system:kube-scheduler ""
user proxy system:kube-proxy ""
for n in $nodes; do user "$n" "system:node:$n" system:nodes; done
for u in admin cm scheduler; do kubeconfig "$state/$u.kubeconfig" "$(cat "token-$u")"; done

# --- switch and client -------------------------------------------------------------------------------------------------------------------
ip netns add "$fabric"
ip -n "$fabric" link set lo up
in_fabric sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.bridge.bridge-nf-call-iptables=0 \
  net.bridge.bridge-nf-call-arptables=0 net.bridge.bridge-nf-call-ip6tables=0
# An address of its own: else the bridge takes the lowest of its ports', and changes it when that node loses its power. What the others know
# about the API server's address would be wrong for up to 45 s.
ip -n "$fabric" link add $bridge address 02:00:00:00:00:01 type bridge forward_delay 0 stp_state 0
ip -n "$fabric" addr add $api_address/16 dev $bridge
ip -n "$fabric" addr add fd00:30::1/64 dev $bridge nodad
ip -n "$fabric" link set $bridge up
ip netns add "$client"
ip -n "$client" link set lo up
ip link add v-client netns "$fabric" type veth peer name eth0 netns "$client"
ip -n "$fabric" link set v-client master $bridge up
ip -n "$client" addr add 172.30.0.100/16 dev eth0
ip -n "$client" addr add fd00:30::100/64 dev eth0 nodad
ip -n "$client" link set eth0 up
for n in $nodes; do
  ip -n "$fabric" route add "$(pods_of "$n")" via "$(address_of "$n")"
  ip -n "$fabric" route add "$(pods6_of "$n")" via "$(address6_of "$n")"
done

# --- control plane -----------------------------------------------------------------------------------------------------------------------
start() { # NAME COMMAND...
  local n=$1
  shift
  setsid nsenter --net="/run/netns/$fabric" -- "$@" >"$state/log/$n.log" 2>&1 </dev/null &
  echo $! >"$state/$n.pid"
}
start etcd "$etcd" --data-dir "$state/etcd" --unsafe-no-fsync --log-level warn \
  --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
  --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 --initial-cluster default=http://127.0.0.1:2380
"$here/api.sh" start
start kube-controller-manager "$kubernetes/kube-controller-manager" --kubeconfig "$state/cm.kubeconfig" \
  --authentication-kubeconfig "$state/cm.kubeconfig" --authorization-kubeconfig "$state/cm.kubeconfig" --bind-address=127.0.0.1 \
  --service-account-private-key-file="$pki/sa.key" --root-ca-file="$pki/ca.crt" --use-service-account-credentials=true \
  --allocate-node-cidrs=false --configure-cloud-routes=false --node-monitor-grace-period=20s --leader-elect=false
start kube-scheduler "$kubernetes/kube-scheduler" --kubeconfig "$state/scheduler.kubeconfig" \
  --authentication-kubeconfig "$state/scheduler.kubeconfig" --authorization-kubeconfig "$state/scheduler.kubeconfig" \
  --bind-address=127.0.0.1 --leader-elect=false

# --- nodes -------------------------------------------------------------------------------------------------------------------------------
for n in $nodes; do "$here/node.sh" up "$n"; done
for n in $nodes; do
  for _ in $(seq 400); do kubectl get node "$n" >/dev/null 2>&1 && break; sleep 0.3; done
  kubectl patch node "$n" -p "{\"spec\":{\"podCIDR\":\"$(pods_of "$n")\",\"podCIDRs\":[\"$(pods_of "$n")\",\"$(pods6_of "$n")\"]}}" >/dev/null
done
kubectl wait --for=condition=Ready node --all --timeout=120s >/dev/null
