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

# "npm install" prunes the headers that the package "node" fetched in its install script.
headers() {
  for folder in "$root"/node_modules/node/node_modules/node-linux-*/include/node "$root"/node_modules/node-linux-*/include/node \
    /usr/local/include/node /usr/include/node; do
    if [ -f "$folder/node_api.h" ]; then
      echo "$folder"
      return
    fi
  done
}
include=$(headers)
if [ -z "$include" ]; then
  (cd "$root" && npm rebuild node --ignore-scripts=false --loglevel=error >&2) || true
  include=$(headers)
fi
[ -n "$include" ] || fail "there are no Node headers: run \"npm ci\""

# A cache of another folder, or with headers that have gone, is of no use.
cache=$build/CMakeCache.txt
if [ -f "$cache" ] && ! { grep -qx "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$cache" && grep -qx "ALOFT_NODE_INCLUDE:PATH=$include" "$cache"; }; then
  rm -rf "$cache" "$build/CMakeFiles"
fi

mkdir -p "$build"
log=$build/build.log
# ninja and make both reconfigure by themselves when a CMakeLists.txt changed.
if [ ! -f "$cache" ] || [ $# -gt 0 ]; then
  generator="Unix Makefiles"
  if command -v ninja >/dev/null; then generator=Ninja; fi
  if [ -f "$cache" ]; then generator=; fi
  cmake -S "$root" -B "$build" ${generator:+-G "$generator"} -DCMAKE_BUILD_TYPE=Release -DALOFT_TESTS=OFF \
    -DALOFT_NODE_INCLUDE:PATH="$include" "$@" >"$log" 2>&1 || {
    cat "$log" >&2
    rm -f "$cache"
    fail "cmake could not configure the native core"
  }
fi
cmake --build "$build" --parallel "$(nproc)" >"$log" 2>&1 || {
  cat "$log" >&2
  fail "the native core does not compile"
}
[ -f "$build/aloft.node" ] || fail "aloft.node was not built, see $log"
