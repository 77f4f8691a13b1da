// Prints how long it takes until thousands of addresses of 16 routers stand: address_benchmark [COUNT]. Needs root; works in a network
// namespace of its own.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <thread>

#include "namespaces.h"
#include "os/scheduling.h"
#include "runtime/actuator.h"

using namespace aloft;
using namespace aloft::runtime;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t kRouters = 16;

double since(Clock::time_point start) { return std::chrono::duration<double, std::milli>(Clock::now() - start).count(); }

wire::IpPrefix prefixOf(wire::Family family, std::size_t number) {
  const auto high = static_cast<std::uint8_t>(number >> 8);
  const auto low = static_cast<std::uint8_t>(number);
  if (family == wire::Family::IPv4) return {{family, {10, 99, high, low}}, 32};
  return {{family, {0x20, 0x01, 0x0d, 0xb8, 0, 0x99, 0, 0, 0, 0, 0, 0, 0, 0, high, low}}, 128};
}

struct Bench {
  std::unique_ptr<Channels> channels = std::move(Channels::open().value());
  std::unique_ptr<Actuator> actuator;

  explicit Bench(kernel::Gate* gate) {
    actuator = std::move(Actuator::create(
                             *channels, {}, [] {}, gate)
                             .value());
    if (!actuator->start(true).ok()) std::abort();
  }
  void order(Order::Kind kind, vrrp::RouterId router = 0) {
    Order order{kind};
    order.router = router;
    channels->orders.push(order);
  }
  /// When each router was answered, in ms.
  std::map<vrrp::RouterId, double> awaitAll(Clock::time_point start, std::size_t count) {
    std::map<vrrp::RouterId, double> answered;
    while (answered.size() < count) {
      for (Report report; channels->reports.pop(report);) {
        delete report.sockets;
        if (report.kind == Report::Kind::Actuated && report.actuated.error == 0) answered.emplace(report.actuated.router, since(start));
      }
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
    return answered;
  }
  void assign(Assignments assignments) {
    actuator->assign(1, std::move(assignments));
    for (bool ready = false; !ready; std::this_thread::sleep_for(std::chrono::microseconds(50))) {
      for (Report report; channels->reports.pop(report);) {
        delete report.sockets;
        ready |= report.kind == Report::Kind::Ready;
      }
    }
    order(Order::Kind::Configured);
    channels->actuatorWake.notify();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
};

Assignments assignments(wire::Family family, std::size_t count) {
  Assignments all;
  for (std::size_t router = 0; router <= kRouters; ++router) {
    Assignment& assignment = all.routers.emplace_back();
    assignment.router = static_cast<vrrp::RouterId>(router + 1);
    assignment.interface = "eth0";
    assignment.family = family;
    assignment.virtualRouterId = static_cast<std::uint8_t>(router + 1);
    assignment.gateSlot = static_cast<std::uint32_t>(router);
    assignment.gated = true;
    // The last one is small, and asked for last.
    const std::size_t first = router * (count / kRouters);
    const std::size_t addresses = router == kRouters ? 1 : count / kRouters;
    for (std::size_t i = 0; i < addresses; ++i) {
      kernel::AddressEntry entry;
      entry.prefix = prefixOf(family, first + i);
      entry.interface = "eth0";
      assignment.entries.addresses.push_back(entry);
    }
  }
  return all;
}

void measure(wire::Family family, std::size_t count, bool withGate) {
  const os::Fd space = test::newNamespace();
  test::shell(
      "ip link set lo up; ip link add eth0 type veth peer name cable; ip link set cable up; ip link set eth0 up; "
      "ip addr add 192.0.2.1/24 dev eth0; sleep 0.1");
  std::unique_ptr<kernel::Gate> gate;
  if (withGate) gate = std::move(kernel::Gate::open().value());
  Bench bench(gate.get());
  bench.assign(assignments(family, count));
  for (const Order::Kind kind : {Order::Kind::Hold, Order::Kind::Release}) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // until the actuator sleeps
    const auto start = Clock::now();
    for (vrrp::RouterId router = 1; router <= kRouters + 1; ++router) bench.order(kind, router);
    bench.channels->actuatorWake.notify();
    const auto answered = bench.awaitAll(start, kRouters + 1);
    double last = 0;
    for (const auto& [router, at] : answered) last = std::max(last, at);
    std::printf("%s %s %zu addresses on %zu routers, %s: all %.1f ms, the router with one address %.2f ms\n",
                kind == Order::Kind::Hold ? "hold" : "release", family == wire::Family::IPv4 ? "IPv4" : "IPv6", count, kRouters,
                withGate ? "gate" : "no gate", last, answered.at(kRouters + 1));
  }
  bench.order(Order::Kind::Finished);
  bench.channels->actuatorWake.notify();
  if (!bench.actuator->join().ok()) std::puts("could not end in order");
}

/// How soon a single address stands, and goes, each 5 ms: as it is when one router after the other moves.
void measureOne(std::size_t rounds) {
  const os::Fd space = test::newNamespace();
  test::shell("ip link set lo up; ip link add eth0 type veth peer name cable; ip link set cable up; ip link set eth0 up; sleep 0.1");
  Bench bench(nullptr);
  bench.assign(assignments(wire::Family::IPv4, kRouters));
  std::vector<double> times;
  for (std::size_t i = 0; i < rounds; ++i) {
    const auto start = Clock::now();
    bench.order(i % 2 == 0 ? Order::Kind::Hold : Order::Kind::Release, 1);
    bench.channels->actuatorWake.notify();
    times.push_back(bench.awaitAll(start, 1).at(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  std::sort(times.begin(), times.end());
  std::printf("one address, %zu times: median %.2f ms, 99 %% %.2f ms, max %.2f ms\n", rounds, times[rounds / 2], times[rounds * 99 / 100],
              times.back());
  bench.order(Order::Kind::Finished);
  bench.channels->actuatorWake.notify();
  if (!bench.actuator->join().ok()) std::puts("could not end in order");
}

}  // namespace

int main(int argc, char** argv) {
  // The thread that asks and looks at the clock must not be what is measured.
  if (!os::requestRealTime(20).ok()) std::puts("no real time here: the figures include waits of the measuring thread");
  const std::size_t count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10000;
  measureOne(1000);
  for (const wire::Family family : {wire::Family::IPv4, wire::Family::IPv6}) {
    measure(family, count, true);
    measure(family, std::min<std::size_t>(count, 2000), false);
  }
}
