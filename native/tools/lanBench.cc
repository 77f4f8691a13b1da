// lanbench: what the benchmarks need beside lanobserver, for loads of which lanobserver would be the greater part. `lanbench --help`.

#include <csignal>
#include <cstdio>

#include "tools/benchOptions.h"
#include "tools/benchRuns.h"

int main(int count, char** arguments) {
  using namespace aloft::tools;
  BenchOptions options;
  const auto given = std::span(arguments, static_cast<std::size_t>(count)).subspan(count > 0 ? 1 : 0);
  const std::string mistake = parseBenchOptions(given, options);
  if (options.help) {
    std::fwrite(benchUsage().data(), 1, benchUsage().size(), stdout);
    return 0;
  }
  if (!mistake.empty()) {
    std::fprintf(stderr, "lanbench: %s; see --help\n", mistake.c_str());
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is an error of the write
  std::string error;
  switch (options.mode) {
    case BenchOptions::Mode::Tally:
      error = tally(options);
      break;
    case BenchOptions::Mode::Sweep:
      error = sweep(options);
      break;
    case BenchOptions::Mode::Flood:
      error = flood(options);
      break;
  }
  if (!error.empty()) std::fprintf(stderr, "lanbench: %s\n", error.c_str());
  return error.empty() ? 0 : 1;
}
