// What the gate costs: ns a frame by the kernel's own measure, ms for many addresses, µs to look whether it still stands. Needs root.

#include <net/if.h>
#include <sched.h>
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <functional>

#include "gateRun.h"
#include "os/clock.h"
#include "wire/arp.h"
#include "wire/ethernet.h"
#include "wire/ndisc.h"

namespace aloft::kernel {
namespace {

constexpr std::uint32_t kAddresses = 10'000;
constexpr std::uint32_t kRuns = 1'000'000;

wire::IpAddress address(wire::Family family, std::uint32_t number) {
  wire::IpAddress result{family, {10, 0, 0, 0}};
  if (family == wire::Family::IPv6) result.bytes = {0x20, 0x01, 0x0d, 0xb8};
  const std::size_t end = result.size();
  result.bytes[end - 2] = static_cast<std::uint8_t>(number >> 8);
  result.bytes[end - 1] = static_cast<std::uint8_t>(number);
  return result;
}

Frame packet(const wire::IpAddress& destination) {
  const bool four = destination.family == wire::Family::IPv4;
  Frame bytes(100);
  wire::writeEthernetHeader(bytes, kRunMac, {2, 0, 0, 0, 0, 1}, four ? 0x0800 : wire::kEtherTypeIPv6);
  bytes[14] = four ? 0x45 : 0x60;
  wire::storeBytes(bytes, four ? 30 : 38, destination.view());
  return bytes;
}

double milliseconds(std::chrono::nanoseconds since) { return static_cast<double>((os::monotonicNow() - since).count()) / 1e6; }

void measureAddresses() {
  std::string log;
  const auto opening = os::monotonicNow();
  auto gate = Gate::open(&log);
  if (!gate.ok()) return;
  std::printf("%-52s %8.2f ms\n", "load maps and programs", milliseconds(opening));
  for (const wire::Family family : {wire::Family::IPv4, wire::Family::IPv6}) {
    const bool four = family == wire::Family::IPv4;
    std::vector<GateAddress> addresses;
    for (std::uint32_t i = 0; i < kAddresses; ++i) addresses.push_back({1, address(family, i), i % Gate::kSlots, true});
    const auto assigning = os::monotonicNow();
    if (!gate.value()->assign(addresses).ok()) return;
    std::printf("%-52s %8.2f ms\n", four ? "assign 10,000 addresses, IPv4" : "assign 10,000 addresses, IPv6", milliseconds(assigning));
  }
  const auto detaching = os::monotonicNow();
  if (!gate.value()->detach(1).ok()) return;
  std::printf("%-52s %8.2f ms\n", "forget a link with 20,000 addresses", milliseconds(detaching));
}

/// Of the calling thread's time, in the kernel too.
double microseconds(const std::function<void()>& action) {
  const auto spent = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
  };
  const double before = spent();
  action();
  return spent() - before;
}

/// Once a second for each link; all of it only after somebody was at the link's filters.
void measureLooks() {
  constexpr int kLinks = 100, kRounds = 20;
  if (unshare(CLONE_NEWNET) != 0) return;
  if (std::system("for i in $(seq 50); do echo link add a$i type veth peer name b$i; done | ip -batch -") != 0) return;
  auto gate = Gate::open();
  if (!gate.ok()) return;
  std::vector<std::uint32_t> links;
  for (std::uint32_t i = 1; i <= kLinks; ++i) {
    links.push_back(if_nametoindex(((i % 2 == 0 ? "a" : "b") + std::to_string((i + 1) / 2)).c_str()));
    if (!gate.value()->attach({links.back(), {{2, 0, 0, 0, 0, 1}}, {}}).ok()) return;
  }
  const auto show = [&](const char* what, const std::function<bool(std::uint32_t)>& look) {
    bool well = true;
    const double spent = microseconds([&] {
      for (int round = 0; round < kRounds; ++round) {
        for (const std::uint32_t link : links) well &= look(link);
      }
    });
    std::printf("%-52s %8.2f us   %s\n", what, spent / kRounds, well ? "" : "it does not stand");
  };
  show("look at 100 links: tcx", [&](std::uint32_t link) { return !gate.value()->isOvertaken(link); });
  show("look at 100 links: all", [&](std::uint32_t link) {
    const auto restored = gate.value()->restore(link);
    return restored.ok() && !restored.value();
  });
}

void measureFrames() {
  const auto runner = GateRunner::create();
  if (runner == nullptr) return;
  for (std::uint32_t i = 0; i < kAddresses; ++i) {
    runner->assign(address(wire::Family::IPv4, i), i % 4, i % 2 == 1);
    runner->assign(address(wire::Family::IPv6, i), i % 4, i % 2 == 1);
  }
  const wire::MacAddress mac = {2, 0, 0, 0, 0, 9};
  runner->own(mac);
  runner->describeLink(mac);
  runner->slot(0).answerUntil = runner->slot(0).acceptUntil = UINT64_MAX;
  runner->slot(2).answerUntil = runner->slot(2).acceptUntil = static_cast<std::uint64_t>(os::monotonicNow().count()) + 3'600'000'000'000;
  const auto show = [&](const char* what, GateProgram program, const Frame& frame) {
    const GateRun run = runner->run(program, frame, kRuns);
    std::printf("%-52s %8u ns   verdict %d\n", what, run.ns, run.verdict);
  };
  using wire::Family;
  const wire::IpAddress other4{Family::IPv4, {198, 51, 100, 7}};
  const wire::IpAddress other6{Family::IPv6, {0x20, 0x01, 0x0d, 0xb9}};
  Frame unknown = packet(other4);
  wire::store16(unknown, 12, 0x88cc);
  show("in: neither ARP nor IP", GateProgram::Ingress, unknown);
  show("in: IPv4, not ours", GateProgram::Ingress, packet(other4));
  show("in: IPv6, not ours", GateProgram::Ingress, packet(other6));
  show("in: IPv4, ours, open for ever", GateProgram::Ingress, packet(address(Family::IPv4, 4)));
  show("in: IPv6, ours, open for ever", GateProgram::Ingress, packet(address(Family::IPv6, 4)));
  show("in: IPv4, ours, open until a time", GateProgram::Ingress, packet(address(Family::IPv4, 6)));
  show("in: IPv4, ours, shut", GateProgram::Ingress, packet(address(Family::IPv4, 3)));
  const wire::ArpFrame request = wire::encodeArpRequest(mac, other4, other4);
  show("in: ARP, not ours", GateProgram::Ingress, {request.begin(), request.end()});
  show("out: IPv4", GateProgram::Egress, packet(other4));
  show("out: IPv6", GateProgram::Egress, packet(other6));
  show("out: IPv4, link of a virtual MAC", GateProgram::EgressOfVirtualMac, packet(other4));
}

}  // namespace
}  // namespace aloft::kernel

int main() {
  aloft::kernel::measureAddresses();
  aloft::kernel::measureFrames();
  aloft::kernel::measureLooks();
}
