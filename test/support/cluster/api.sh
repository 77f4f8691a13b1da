#!/bin/bash
# api.sh start: starts kube-apiserver and waits until it is ready        api.sh kill: ends it at once, as a crash does
set -euo pipefail
. "$(dirname "$0")/env.sh"
case $1 in
  kill)
    kill -9 "$(cat "$state/kube-apiserver.pid")"
    ;;
  start)
    setsid nsenter --net="/run/netns/$fabric" -- "$kubernetes/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 \
      --secure-port=6443 --bind-address=0.0.0.0 --advertise-address=$api_address --endpoint-reconciler-type=lease \
      --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" --client-ca-file="$pki/ca.crt" \
      --token-auth-file="$pki/tokens.csv" --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
      --kubelet-client-certificate="$pki/kubelet-client.crt" --kubelet-client-key="$pki/kubelet-client.key" \
      --kubelet-preferred-address-types=InternalIP --service-account-issuer=https://kubernetes.default.svc \
      --service-account-key-file="$pki/sa.pub" --service-account-signing-key-file="$pki/sa.key" \
      --service-cluster-ip-range=$service_ranges --allow-privileged=true >>"$state/log/kube-apiserver.log" 2>&1 </dev/null &
    echo $! >"$state/kube-apiserver.pid"
    for _ in $(seq 600); do
      [ "$(kubectl get --raw /readyz 2>/dev/null)" = ok ] && exit 0
      alive "$(cat "$state/kube-apiserver.pid")" || { tail -5 "$state/log/kube-apiserver.log" >&2; exit 1; }
      sleep 0.1
    done
    fail "kube-apiserver is not ready after 60 s"
    ;;
  *) fail "usage: api.sh start|kill" ;;
esac
