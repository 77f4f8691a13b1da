#!/bin/sh
# Makes this checkout ready and runs one of its programs:
#
#   setup.sh [build | test | fuzz | demo | image | plugin | bench:NAME] [ARGUMENT...]
#
# Installs and builds what is missing or out of date, nothing else; ends within two seconds when all is current.
# The machine needs Node 20 or newer with npm, Go 1.21 or newer (demo, test) and a C++ compiler. On Debian and Ubuntu, as root, the rest is installed.
set -eu
cd "$(dirname "$(readlink -f "$0")")/.."
command=${1:-everything}
[ $# -eq 0 ] || shift
started=$(date +%s)
node=node_modules/node/bin/node

fail() {
  printf 'aloft: %s\n' "$1" >&2
  exit 1
}

# step TITLE COMMAND...: runs it with its output in a file; says so when it takes longer than a moment, shows the end of the output when it fails.
step() {
  title=$1
  shift
  mkdir -p build
  log=build/setup.log
  # A session of its own: it can be ended with all its children.
  setsid "$@" >"$log" 2>&1 </dev/null &
  step_pid=$!
  step_started=$(date +%s)
  (
    sleep 1
    printf '%s ...\n' "$title" >&2
    while sleep 15; do printf '%s ... %d s\n' "$title" $(($(date +%s) - step_started)) >&2; done
  ) &
  ticker_pid=$!
  status=0
  wait "$step_pid" || status=$?
  step_pid=
  stop_ticker
  if [ "$status" -ne 0 ]; then
    tail -n 25 "$log" >&2
    fail "$title failed with status $status; all of its output is in $log"
  fi
  seconds=$(($(date +%s) - step_started))
  [ "$seconds" -lt 2 ] || printf '%s: done in %d s\n' "$title" "$seconds" >&2
}

# The ticker's own child (sleep) would keep our caller's pipes open, so it goes too.
stop_ticker() {
  [ -n "${ticker_pid:-}" ] || return 0
  for child in $(cat "/proc/$ticker_pid/task/$ticker_pid/children" 2>/dev/null); do kill "$child" 2>/dev/null || :; done
  kill "$ticker_pid" 2>/dev/null || :
  wait "$ticker_pid" 2>/dev/null || :
  ticker_pid=
}

clean_up() {
  [ -z "${step_pid:-}" ] || kill -- "-$step_pid" 2>/dev/null || :
  stop_ticker
  [ -z "${policy:-}" ] || rm -f "$policy"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# --- what the machine brings -------------------------------------------------------------------------------------------------------------

has() { command -v "$1" >/dev/null 2>&1; }

# at_least MAJOR.MINOR VERSION
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

check_languages() {
  has node && has npm || fail "Node.js is missing: install Node 20 or newer with npm (https://nodejs.org)."
  at_least 20.0 "$(node -p process.versions.node)" || fail "Node $(node -v) is too old: install Node 20 or newer (https://nodejs.org)."
  [ "$needs_control_plane" = no ] && return
  # Where its archive is unpacked, as its installation guide says; root's PATH often lacks it.
  has go || PATH=$PATH:/usr/local/go/bin
  has go || fail "Go is missing: install Go 1.21 or newer (https://go.dev/dl); the control plane of the demo and the tests is built with it."
  go_version=$(go env GOVERSION)
  at_least 1.21 "${go_version#go}" || fail "$go_version is too old: install Go 1.21 or newer (https://go.dev/dl)."
}

# "what to look for" "Debian package": a command, or a path.
build_tools='g++ g++
cmake cmake
ninja ninja-build'
native_test_tools='/usr/include/gtest/gtest.h libgtest-dev'
fuzz_tools='clang++ clang libclang-rt-dev'
namespace_tools='ip iproute2
nsenter util-linux'
peer_tools='keepalived keepalived
/usr/lib/frr/vrrpd frr
nft nftables
arping iputils-arping'

# User-Mode Linux and what belongs to it: a kernel with IPVS on any machine. Debian has it for few kinds of them.
ipvs_tools='linux.uml user-mode-linux
modprobe kmod
ipvsadm ipvsadm
iptables-legacy iptables'

# A machine that is emulated whole, whose kernel has IPVS and nf_tables both.
emulation_tools='qemu-system-x86_64 qemu-system-x86
/usr/lib/qemu/virtiofsd qemu-system-common
depmod kmod
ipvsadm ipvsadm
gcc gcc'

# What the nodes of a real cluster run beside the kubelet.
cluster_tools='containerd containerd
/usr/sbin/runc runc
/usr/lib/cni/bridge containernetworking-plugins
nft nftables
iptables iptables
openssl openssl
gcc gcc'

missing_packages() {
  printf '%s\n' "$1" | while read -r wanted package; do
    case $wanted in
      /*) [ -e "$wanted" ] || echo "$package" ;;
      *) has "$wanted" || echo "$package" ;;
    esac
  done
}

check_packages() {
  packages=$(missing_packages "$build_tools")
  [ "$needs_native_tests" = no ] || packages="$packages $(missing_packages "$native_test_tools")"
  [ "$needs_fuzzers" = no ] || packages="$packages $(missing_packages "$fuzz_tools")"
  [ "$needs_namespaces" = no ] || packages="$packages $(missing_packages "$namespace_tools")"
  [ "$needs_peers" = no ] || packages="$packages $(missing_packages "$peer_tools")"
  [ "$needs_cluster" = no ] || packages="$packages $(missing_packages "$cluster_tools")"
  [ "$needs_emulation" = no ] || packages="$packages $(missing_packages "$emulation_tools")"
  # shellcheck disable=SC2086 # one word per package
  set -- $packages
  [ $# -gt 0 ] || return 0
  packages=$*
  has apt-get || fail "missing: install what Debian calls $packages"
  [ "$(id -u)" = 0 ] || fail "missing packages; as root: apt-get install $packages"
  install_packages
}

# Without these a suite is skipped, which says so: no reason to fail.
check_ipvs_packages() {
  [ "$needs_ipvs" = yes ] || return 0
  packages=$(missing_packages "$ipvs_tools" | tr '\n' ' ')
  [ -n "$packages" ] || return 0
  if has apt-get && (
    trap clean_up EXIT
    install_packages
  ); then return; fi
  printf 'aloft: %scannot be had here: there will be no tests against the kernel IPVS\n' "$packages" >&2
}

install_packages() {
  # A package must not start its service: a second keepalived or FRR on the host would take part in elections or routing.
  for service in keepalived frr containerd; do
    case " $packages " in *" $service "*)
      mkdir -p /etc/systemd/system
      [ -e "/etc/systemd/system/$service.service" ] || ln -s /dev/null "/etc/systemd/system/$service.service"
      printf 'masking %s.service: only the tests start it (undo: systemctl unmask %s)\n' "$service" "$service" >&2
      ;;
    esac
  done
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    policy=/usr/sbin/policy-rc.d
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  export DEBIAN_FRONTEND=noninteractive
  step "reading the lists of packages" apt-get update
  # shellcheck disable=SC2086 # one word per package
  step "installing $packages" apt-get install -y --no-install-recommends $packages
  [ -z "${policy:-}" ] || rm -f "$policy"
  policy=
}

# --- what the checkout needs -------------------------------------------------------------------------------------------------------------

# current STAMP SUM: whether the stamp file holds that sum.
current() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

install_npm_packages() {
  sum=$(cksum <package-lock.json)
  current node_modules/.aloft "$sum" && [ -x "$node" ] && return
  # npm may run on an older Node than ours: its warnings about that are not ours to act on.
  step "installing npm packages" npm ci --no-audit --no-fund --loglevel=error
  # The package "node" fetches its binary in an install script, which npm may have been told not to run.
  [ -x "$node" ] || step "installing Node 24" npm rebuild node --ignore-scripts=false --loglevel=error
  [ -x "$node" ] || fail "npm did not install Node 24: npm must be allowed to run the install script of the package \"node\" (npm config get ignore-scripts)."
  build_raw_socket || printf 'aloft: raw-socket does not compile here: ICMP checks will say so; see build/setup.log\n' >&2
  printf '%s\n' "$sum" >node_modules/.aloft
}

# Has a part in C++, which npm built for the Node that npm runs on, if at all: ours is another.
build_raw_socket() {
  ! "$node" -e 'require("raw-socket")' 2>/dev/null || return 0
  headers=$(find node_modules/node node_modules/node-linux-* -path '*/include/node/node_version.h' 2>/dev/null | head -n 1)
  [ -n "$headers" ] || return 1
  # A subshell: a step that fails ends it, not all.
  (PATH=$PWD/node_modules/.bin:$PATH step "building raw-socket" \
    npm rebuild raw-socket --ignore-scripts=false --loglevel=error --nodedir="$PWD/${headers%/include/node/node_version.h}")
}

build_native() {
  with_tests=
  # What was configured once stays so: it need not be said again.
  if [ "$needs_native_tests" = yes ] && ! grep -qs '^ALOFT_TESTS:BOOL=ON' build/native/CMakeCache.txt; then with_tests=-DALOFT_TESTS=ON; fi
  step "building the native core" sh scripts/build-native.sh $with_tests
}

build_typescript() {
  sum=$(find src -name '*.ts' -exec cat {} + | cat - tsconfig.json package-lock.json | cksum)
  current dist/.aloft "$sum" && return
  rm -rf dist
  step "compiling TypeScript" node_modules/.bin/tsc -p tsconfig.json
  printf '%s\n' "$sum" >dist/.aloft
}

make_ready() {
  check_languages
  check_packages
  check_ipvs_packages
  [ "$needs_emulation" = no ] || [ -e build/kernel/vmlinuz ] || step "fetching a kernel" sh scripts/fetch-kernel.sh
  install_npm_packages
  build_native
  build_typescript
  # Prints its own progress.
  [ "$needs_control_plane" = no ] || "$node" scripts/build-control-plane.ts
}

# --- what was asked for ------------------------------------------------------------------------------------------------------------------

need_root() { [ "$(id -u)" = 0 ] || fail "$1 makes network namespaces: run it as root."; }

needs_native_tests=no needs_fuzzers=no needs_namespaces=yes needs_peers=yes needs_ipvs=no needs_emulation=no needs_cluster=no needs_control_plane=yes
case $command in
  everything) program= needs_native_tests=yes needs_fuzzers=yes needs_ipvs=yes needs_cluster=yes ;;
  build) program= needs_namespaces=no needs_peers=no needs_control_plane=no ;;
  plugin) program=scripts/build-plugin.ts needs_namespaces=no needs_peers=no needs_control_plane=no ;;
  image) program=scripts/build-image.ts needs_namespaces=no needs_peers=no needs_control_plane=no ;;
  fuzz) program=test/fuzz/run.sh needs_fuzzers=yes needs_namespaces=no needs_peers=no needs_control_plane=no ;;
  demo)
    program=test/e2e/demo.ts needs_peers=no && need_root "the demo"
    # Where the kernel cannot have nodes with kubelets it is the light form, which says so.
    case " $* " in *" --light "* | *" --stop "*) ;; *) [ ! -d /sys/fs/cgroup/pids ] || needs_cluster=yes ;; esac
    ;;
  bench:*)
    program=bench/${command#bench:}.ts needs_control_plane=no && need_root "the benchmark"
    case $command in
      bench:ipvs | bench:connections) needs_ipvs=yes ;;
      bench:scale) needs_control_plane=yes needs_namespaces=no needs_peers=no ;;
      bench:services) needs_cluster=yes needs_control_plane=yes ;;
    esac
    ;;
  test)
    program=scripts/test.ts
    suites=" ${*:-unit native fuzz netns ipvs apiserver package e2e cluster} "
    # Chosen suites need less than all of them.
    case $suites in *" native "* | *" ipvs "*) needs_native_tests=yes ;; esac
    case $suites in *" fuzz "*) needs_fuzzers=yes ;; esac
    case $suites in *" ipvs "*) needs_ipvs=yes ;; esac
    case $suites in *" cluster "*) needs_cluster=yes ;; esac
    case $suites in *" emulated "*) needs_emulation=yes ;; esac
    case $suites in *" apiserver "* | *" e2e "* | *" cluster "*) ;; *) needs_control_plane=no ;; esac
    case $suites in *" netns "* | *" ipvs "* | *" emulated "* | *" apiserver "* | *" package "* | *" e2e "* | *" cluster "*) need_root "this test" ;; *) needs_namespaces=no needs_peers=no ;; esac
    ;;
  *) fail "usage: setup.sh [build | test | fuzz | demo | image | plugin | bench:NAME] [ARGUMENT...]" ;;
esac
[ -z "$program" ] || [ -f "$program" ] || fail "there is no $program"

# One at a time: two would build into the same folders.
mkdir -p build
exec 9>build/setup.lock
if ! flock -n 9; then
  echo "waiting for another setup of this checkout" >&2
  flock 9
fi
make_ready
exec 9>&-
trap - EXIT INT TERM

seconds=$(($(date +%s) - started))
if [ -z "$program" ]; then
  echo "ready (${seconds} s)" >&2
  exit 0
fi
[ "$seconds" -lt 3 ] || echo "ready after ${seconds} s" >&2
[ "$command" != fuzz ] || exec sh "$program" "$@"
PATH=$PWD/node_modules/.bin:$PATH exec "$node" "$program" "$@"
