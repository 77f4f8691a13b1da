// vrrp_simulation [--seeds N] [--first SEED] [--seed SEED]
//
// Runs N histories, or one of them with its trace. The first failing seed ends it, with the command that shows its trace.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "simulation/scenario.h"

namespace {

using aloft::vrrp::simulation::Outcome;
using aloft::vrrp::simulation::runScenario;

constexpr std::uint64_t kDefaultSeeds = 4000;
constexpr std::uint64_t kTwiceEvery = 50;

int fail(const char* program, std::uint64_t seed, const char* what) {
  std::printf("seed %llu: %s\nshow it: %s --seed %llu\n", static_cast<unsigned long long>(seed), what, program,
              static_cast<unsigned long long>(seed));
  return 1;
}

int runOne(const char* program, std::uint64_t seed) {
  const Outcome outcome = runScenario(seed, true);
  if (!outcome.failure.empty()) return fail(program, seed, outcome.failure.c_str());
  std::puts("all held");
  return 0;
}

int runMany(const char* program, std::uint64_t first, std::uint64_t count) {
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const Outcome outcome = runScenario(seed, false);
    if (!outcome.failure.empty()) return fail(program, seed, outcome.failure.c_str());
    if (seed % kTwiceEvery == 0 && runScenario(seed, false).fingerprint != outcome.fingerprint) {
      return fail(program, seed, "another history from the same seed");
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("%llu seeds from %llu: all held, %.1f s\n", static_cast<unsigned long long>(count), static_cast<unsigned long long>(first),
              took.count());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t first = 1;
  std::uint64_t count = kDefaultSeeds;
  for (int i = 1; i < argc; i += 2) {
    const std::uint64_t value = i + 1 < argc ? std::strtoull(argv[i + 1], nullptr, 10) : 0;
    if (i + 1 < argc && std::strcmp(argv[i], "--seed") == 0) return runOne(argv[0], value);
    if (i + 1 < argc && std::strcmp(argv[i], "--seeds") == 0) {
      count = value;
    } else if (i + 1 < argc && std::strcmp(argv[i], "--first") == 0) {
      first = value;
    } else {
      std::fprintf(stderr, "usage: %s [--seeds N] [--first SEED] [--seed SEED]\n", argv[0]);
      return 2;
    }
  }
  return runMany(argv[0], first, count);
}
