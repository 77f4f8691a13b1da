// What IPVS costs: ms for a large table. Needs CAP_NET_ADMIN and a kernel with IPVS: User-Mode Linux has it. Makes its own network
// namespace.

#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "kernel/ipvsClient.h"
#include "os/clock.h"

namespace aloft::kernel {
namespace {

constexpr std::uint32_t kServices = 2'000;
constexpr std::uint32_t kDestinations = 10;
constexpr int kRuns = 3;

wire::IpAddress address(std::uint8_t net, std::uint32_t number) {
  return {wire::Family::IPv4, {10, net, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)}};
}

wire::IpvsServiceKey keyOf(std::uint32_t service) { return {wire::Family::IPv4, wire::IpvsProtocol::Tcp, address(1, service), 80, 0}; }

wire::IpvsDestination destinationOf(std::uint32_t number, std::uint32_t weight) {
  wire::IpvsDestination destination;
  destination.key = {address(2, number), 80};
  destination.weight = weight;
  return destination;
}

/// Best of all runs: the machine is not ours alone.
struct Best {
  double milliseconds = 1e9;
  template <typename Work>
  void measure(Work work) {
    const auto began = os::monotonicNow();
    work();
    milliseconds = std::min(milliseconds, static_cast<double>((os::monotonicNow() - began).count()) / 1e6);
  }
};

bool carryOut(IpvsClient& client, const std::vector<ipvs::Operation>& operations) {
  std::vector<IpvsOutcome> outcomes(operations.size(), -1);
  if (!client.carryOut(operations, outcomes).ok()) return false;
  for (const IpvsOutcome outcome : outcomes) {
    if (outcome != 0) return false;
  }
  return true;
}

struct Figures {
  Best add, glance, dump, change, remove;
};

bool measure(IpvsClient& client, const char* scheduler, Figures& figures) {
  std::vector<ipvs::Operation> add, change, remove;
  for (std::uint32_t service = 0; service < kServices; ++service) {
    add.push_back(ipvs::SetService{true, keyOf(service), {scheduler, 0, 0, 32, ""}});
    for (std::uint32_t i = 0; i < kDestinations; ++i) {
      add.push_back(ipvs::SetDestination{true, keyOf(service), destinationOf(service * kDestinations + i, 1)});
    }
    if (service % 10 == 0) change.push_back(ipvs::SetDestination{false, keyOf(service), destinationOf(service * kDestinations, 5)});
    remove.push_back(ipvs::RemoveService{keyOf(service)});
  }
  const auto isWhole = [](const os::Result<std::vector<ipvs::StandingService>>& services) {
    return services.ok() && services.value().size() == kServices && services.value().back().destinations.size() == kDestinations;
  };
  bool right = true;
  figures.add.measure([&] { right &= carryOut(client, add); });
  figures.glance.measure([&] { right &= isWhole(client.glance()); });
  figures.dump.measure([&] { right &= isWhole(client.dump()); });
  figures.change.measure([&] { right &= carryOut(client, change); });
  figures.remove.measure([&] { right &= carryOut(client, remove); });
  return right;
}

/// Each run in a namespace of its own, which stays: the kernel searches the destinations that it removed within the last minutes for every
/// one that it adds.
std::unique_ptr<IpvsClient> openElsewhere() {
  if (unshare(CLONE_NEWNET) != 0 || std::system("ip link set lo up") != 0) return nullptr;
  auto client = IpvsClient::open();
  if (!client.ok()) std::printf("%s\n", client.error().message().c_str());
  return client.ok() ? std::move(client.value()) : nullptr;
}

}  // namespace
}  // namespace aloft::kernel

int main() {
  using namespace aloft::kernel;
  std::vector<std::unique_ptr<IpvsClient>> clients;
  std::printf("%u services of %u destinations, ms, best of %d runs\n", kServices, kDestinations, kRuns);
  for (const char* const scheduler : {"rr", "wrr"}) {
    Figures figures;
    for (int run = 0; run < kRuns; ++run) {
      clients.push_back(openElsewhere());
      if (clients.back() == nullptr || !measure(*clients.back(), scheduler, figures)) return 1;
    }
    std::printf("%-4s add all %8.1f   glance %7.1f   dump %7.1f   change 200 weights %6.2f   remove all %7.1f\n", scheduler,
                figures.add.milliseconds, figures.glance.milliseconds, figures.dump.milliseconds, figures.change.milliseconds,
                figures.remove.milliseconds);
  }
  return 0;
}
