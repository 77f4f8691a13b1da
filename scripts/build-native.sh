#!/bin/sh
# Builds build/native/aloft.node (Release). Says nothing unless it fails; does nothing when all is current.
# Arguments go to cmake's configuration, e.g. -DALOFT_TESTS=ON.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
build=$root/build/native

fail() {
  echo "build-native: $1" >&2
  exit 1
}
command -v cmake >/dev/null || fail "cmake is missing (Debian: apt-get install cmake g++ ninja-build)"
[ -d "$root/node_modules/node-addon-api" ] || fail "node_modules is missing: run \"npm ci\" first"

mkdir -p "$build"
log=$build/build.log
# ninja and make both reconfigure by themselves when a CMakeLists.txt changed.
if [ ! -f "$build/CMakeCache.txt" ] || [ $# -gt 0 ]; then
  generator="Unix Makefiles"
  if command -v ninja >/dev/null; then generator=Ninja; fi
  if [ -f "$build/CMakeCache.txt" ]; then generator=; fi
  cmake -S "$root" -B "$build" ${generator:+-G "$generator"} -DCMAKE_BUILD_TYPE=Release -DALOFT_TESTS=OFF "$@" >"$log" 2>&1 || {
    cat "$log" >&2
    rm -f "$build/CMakeCache.txt"
    fail "cmake could not configure the native core"
  }
fi
cmake --build "$build" --parallel "$(nproc)" >"$log" 2>&1 || {
  cat "$log" >&2
  fail "the native core does not compile"
}
