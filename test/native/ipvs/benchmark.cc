// Prints what the thread's own part of looks and changes costs, for a table of 20,000 destinations: ipvs_benchmark [SERVICES [DESTINATIONS]].

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "ipvs/reconciler.h"
#include "support/make.h"
#include "support/modelKernel.h"

namespace {

using namespace aloft;
using namespace aloft::ipvs;

void measure(const char* name, const std::function<void()>& run) {
  constexpr int kRuns = 20;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kRuns; ++i) run();
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  std::printf("%-44s %8.2f ms\n", name, took.count() / kRuns);
}

Table large(int services, int destinations) {
  Table out;
  for (int s = 0; s < services; ++s) {
    Service each = service(tcp("198." + std::to_string(18 + s / 65536) + "." + std::to_string(s / 256 % 256) + "." + std::to_string(s % 256)), {});
    for (int d = 0; d < destinations; ++d) {
      each.destinations.push_back(server("10.0." + std::to_string(d / 256) + "." + std::to_string(d % 256)));
    }
    out.services.push_back(std::move(each));
  }
  return out;
}

void settle(Reconciler& reconciler, ModelKernel& kernel) {
  while (!reconciler.work().empty()) {
    std::vector<int> outcomes;
    for (const Operation& operation : reconciler.work()) outcomes.push_back(kernel.carryOut(operation));
    reconciler.carriedOut(outcomes, {});
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int services = argc > 1 ? std::atoi(argv[1]) : 2000;
  const int destinations = argc > 2 ? std::atoi(argv[2]) : 10;
  ModelKernel kernel;
  Reconciler reconciler({});
  const Table table = large(services, destinations);
  reconciler.want(table, {});
  reconciler.dumped(kernel.dump(), {}, {});
  settle(reconciler, kernel);

  const auto glance = kernel.glance();
  const Dump dump = kernel.dump();
  std::printf("%d services of %d destinations\n", services, destinations);
  measure("a glance that shows what is expected", [&] { reconciler.glanced(glance, {}, {}); });
  measure("a dump that shows what is expected", [&] { reconciler.dumped(dump, {}, {}); });
  measure("the same state again", [&] { reconciler.want(table, {}); });
  Table other = table;
  std::uint32_t weight = 1;
  measure("a state with one weight in a hundred changed", [&] {
    ++weight;
    for (std::size_t i = 0; i < other.services.size(); i += 10) other.services[i].destinations[0].weight = weight;
    reconciler.want(other, {});
    settle(reconciler, kernel);
  });
  return 0;
}
