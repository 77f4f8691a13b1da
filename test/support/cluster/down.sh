#!/bin/bash
# Ends what up.sh started, by pid, and removes its namespaces, links, cgroups and files. Does what is left to do after a failed start, too.
set -uo pipefail
. "$(dirname "$0")/env.sh"

stop() { # PROGRAM: the recorded pid, if it still is that program
  local pid
  pid=$(cat "$state/$1.pid" 2>/dev/null) || return 0
  alive "$pid" && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "${1:0:15}" ] || return 0
  kill "$pid"
  for _ in $(seq 50); do alive "$pid" || return 0; sleep 0.1; done
  kill -9 "$pid"
}

for n in $nodes; do "$here/node.sh" kill "$n" & done
wait
for p in kube-scheduler kube-controller-manager kube-apiserver etcd; do stop $p; done
visitors=$(ip netns pids "$client" 2>/dev/null) # Of a test that did not end them.
[ -z "$visitors" ] || kill -9 $visitors 2>/dev/null
for n in "$client" "$fabric"; do ip netns del "$n" 2>/dev/null; done
for c in $controllers; do rmdir "/sys/fs/cgroup/$c/$name" 2>/dev/null; done
grep -q " $state/" /proc/self/mountinfo && fail "mounts are left below $state"
[ ! -e "$state/pki" ] || rm -rf --one-file-system "$state"
