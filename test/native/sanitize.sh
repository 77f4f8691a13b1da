#!/bin/sh
# Builds the native core with ASan and UBSan, then with TSan, and runs the GoogleTest programs and the addon's life cycle test under each.
# Needs root, for network namespaces. Usage: sanitize.sh [address|thread]…   (default: both)
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
node=$root/node_modules/node/bin/node
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT INT TERM

# The addon is looked for beside the sources: give it sources of its own.
cp -r "$root/src" "$root/test" "$root/package.json" "$copy"
ln -s "$root/node_modules" "$copy/node_modules"
mkdir -p "$copy/build/native"

generator="Unix Makefiles"
if command -v ninja >/dev/null; then generator=Ninja; fi

# Reports that have a stack whose innermost function, the sanitizer's own left out, is the addon's. Fails when there is one.
findings() {
  awk 'BEGIN { RS = "==================\n" }
    {
      ours = 0
      count = split($0, lines, "\n")
      for (i = 1; i <= count; i++) {
        if (lines[i] ~ /^ +#0 /) innermost = 1
        if (lines[i] !~ /^ +#/ || lines[i] ~ /lib[at]san/) continue
        if (innermost && lines[i] ~ /aloft/) ours = 1
        innermost = 0
      }
      if (ours) { print; found = 1 }
    }
    END { exit found }'
}

# check NAME SANITIZERS LIBRARY OPTIONS_VARIABLE OPTIONS HALT_IN_NODE EXIT_STATUS_IN_NODE
check() {
  build=$root/build/sanitize-$1
  echo "== $1: build"
  cmake -S "$root" -B "$build" -G "$generator" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DALOFT_SANITIZE="$2" >/dev/null
  cmake --build "$build" --parallel "$(nproc)" --target os_test kernel_test runtime_test vrrp_test ipvs_test wire_test aloft_node >"$build.log" 2>&1 || {
    cat "$build.log" >&2
    exit 1
  }
  for part in wire vrrp ipvs os kernel runtime; do
    echo "== $1: $part"
    env "$4=$5" "$build/test/native/$part/${part}_test" --gtest_brief=1
  done
  echo "== $1: addon"
  cp "$build/aloft.node" "$copy/build/native/"
  # Node is not instrumented: its own leaks, and races that are none, are reported as well, and passed over.
  rm -f "$copy"/report.*
  env "$4=$5:detect_leaks=0:halt_on_error=$6:exitcode=$7:log_path=$copy/report" LD_PRELOAD="$(gcc -print-file-name="$3")" \
    NODE_OPTIONS=--v8-pool-size=0 "$node" --test-reporter=dot --test "$copy/test/unit/addon/addon.test.ts" "$copy/test/netns/coreLifecycle.test.ts" "$copy/test/netns/ipvsLifecycle.test.ts"
  cat "$copy"/report.* 2>/dev/null | findings >&2
}

for sanitizer in "${@:-address thread}"; do
  for name in $sanitizer; do
    case $name in
      address) check address address,undefined libasan.so ASAN_OPTIONS halt_on_error=1 1 86 ;;
      thread) check thread thread libtsan.so TSAN_OPTIONS halt_on_error=1:report_signal_unsafe=0 0 0 ;;
      *)
        echo "usage: sanitize.sh [address|thread]…" >&2
        exit 2
        ;;
    esac
  done
done
echo "== no findings"
