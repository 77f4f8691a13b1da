#!/bin/sh
# Builds the fuzzers and runs each for some seconds: run.sh [SECONDS] [TARGET…]. Findings stay in build/fuzz/TARGET/. `npm run fuzz` installs
# what it takes.
# New inputs go to build/fuzz/TARGET/corpus, never into the committed seeds.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/build/fuzz
seconds=${1:-60}
# 0: another one each time. A test takes always the same, so that it does not fail by chance.
seed=${ALOFT_FUZZ_SEED:-0}
[ $# -eq 0 ] || shift
targets=${*:-vrrp engine neighbor netlink ipvs ipAddress capture}
set --

cmake -S "$root" -B "$build" -G Ninja -DALOFT_FUZZ=ON -DALOFT_ADDON=OFF -DALOFT_TESTS=OFF -DCMAKE_CXX_COMPILER=clang++ \
  -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_FLAGS=-D_GLIBCXX_ASSERTIONS >/dev/null
for target in $targets; do set -- "$@" "${target}_fuzz"; done
cmake --build "$build" --target "$@" >"$build/build.log" 2>&1 || { cat "$build/build.log"; exit 1; }

fuzz() {
  mkdir -p "$build/$1/corpus"
  echo "fuzzing $1 for $seconds s"
  "$build/test/fuzz/${1}_fuzz" -max_total_time="$seconds" -seed="$seed" -max_len=4400 -artifact_prefix="$build/$1/" -print_final_stats=1 \
    "$build/$1/corpus" "$here/corpus/$1" 2>"$build/$1/log" ||
    { tail -40 "$build/$1/log"; echo "$1: found something, see $build/$1/"; return 1; }
  grep -E 'stat::(number_of_executed_units|new_units_added)|^#[0-9]+.*DONE' "$build/$1/log"
}

# Each takes one processor: two at a time.
# shellcheck disable=SC2086
set -- $targets
while [ $# -gt 0 ]; do
  pids=
  for target in "$1" ${2-}; do
    fuzz "$target" &
    pids="$pids $!"
  done
  for pid in $pids; do wait "$pid"; done
  shift "$(($# > 1 ? 2 : 1))"
done
