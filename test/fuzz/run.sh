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

for target in $targets; do
  mkdir -p "$build/$target/corpus"
  echo "fuzzing $target for $seconds s"
  "$build/test/fuzz/${target}_fuzz" -max_total_time="$seconds" -seed="$seed" -max_len=4400 -artifact_prefix="$build/$target/" -print_final_stats=1 \
    "$build/$target/corpus" "$here/corpus/$target" 2>"$build/$target/log" ||
    { tail -40 "$build/$target/log"; echo "$target: found something, see $build/$target/"; exit 1; }
  grep -E 'stat::(number_of_executed_units|new_units_added)|^#[0-9]+.*DONE' "$build/$target/log"
done
