#include "simulation/plan.h"

#include <algorithm>
#include <string>

namespace aloft::vrrp::simulation {

using namespace std::chrono_literals;

namespace {

/// What the nodes of one election have in common, and how they may differ.
struct Election {
  wire::Family family;
  std::uint8_t version;
  std::uint8_t virtualRouterId;
  Duration interval;
  bool differentIntervals;
  std::vector<std::uint8_t> priorities;  // per node
  int preemptPercent;
  Duration preemptDelay;
  bool mixedChecksums;
  std::size_t addresses;
};

std::vector<std::uint8_t> priorities(Random& random, std::size_t nodes, std::uint8_t version) {
  std::vector<std::uint8_t> result;
  const bool withEqualOnes = random.chance(20);
  while (result.size() < nodes) {
    const auto priority = static_cast<std::uint8_t>(withEqualOnes ? 100 + 50 * random.between(0, 2) : random.between(1, 254));
    const bool taken = std::find(result.begin(), result.end(), priority) != result.end();
    if (withEqualOnes || !taken) result.push_back(priority);
  }
  if (random.chance(8)) result[0] = 255;
  if (version == 3 && random.chance(3)) result[1] = 255;
  return result;
}

Election makeElection(Random& random, std::size_t nodes, std::uint8_t id, Duration base) {
  Election election;
  election.family = random.chance(60) ? wire::Family::IPv4 : wire::Family::IPv6;
  const bool seconds = base >= 1s;
  election.version = election.family == wire::Family::IPv4 && seconds && random.chance(50) ? 2 : 3;
  election.virtualRouterId = id;
  election.interval = base;
  election.differentIntervals = election.version == 3 && random.chance(30);
  election.priorities = priorities(random, nodes, election.version);
  election.preemptPercent = random.oneOf(std::vector<int>{100, 100, 100, 50, 0});
  election.preemptDelay = random.chance(20) ? random.between(base, 20 * base) : Duration(0);
  election.mixedChecksums = random.chance(30);
  election.addresses = static_cast<std::size_t>(random.between(1, 4));
  return election;
}

std::vector<RouterAddress> addressesOf(const Election& election) {
  std::vector<RouterAddress> addresses(election.addresses);
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    wire::IpPrefix& prefix = addresses[i].prefix;
    prefix.address = election.family == wire::Family::IPv4 ? ipv4(0) : ipv6LinkLocal(0);
    prefix.address.bytes[2] = election.virtualRouterId;
    prefix.address.bytes[election.family == wire::Family::IPv4 ? 3 : 15] = static_cast<std::uint8_t>(i + 1);
    prefix.length = 24;
  }
  return addresses;
}

RouterConfig configOf(Random& random, const Election& election, std::size_t node) {
  RouterConfig config;
  config.key = "election" + std::to_string(election.virtualRouterId);
  config.family = election.family;
  config.interface = "eth0";
  config.virtualRouterId = election.virtualRouterId;
  config.version = election.version;
  config.priority = election.priorities[node];
  config.advertisementInterval = election.interval * (election.differentIntervals ? random.oneOf(std::vector<int>{1, 2, 5}) : 1);
  config.preempt = random.chance(election.preemptPercent);
  config.preemptDelay = election.preemptDelay;
  config.addresses = addressesOf(election);
  return config;
}

/// A peer that accepts the pseudo-header only cannot live with one that never sends it, so an election has the one or the other.
void chooseChecksum(Random& random, const Election& election, const NodePlan& node, bool anyPseudoHeaderOnly, RouterConfig& config) {
  if (node.pseudoHeaderOnly) {
    config.checksum = ChecksumMode::WithPseudoHeader;
  } else if (election.mixedChecksums) {
    const ChecksumMode other = anyPseudoHeaderOnly ? ChecksumMode::WithPseudoHeader : ChecksumMode::WithoutPseudoHeader;
    config.checksum = random.chance(50) ? other : ChecksumMode::Auto;
  }
}

}  // namespace

wire::IpAddress ipv4(std::uint8_t host) {
  wire::IpAddress address;
  address.bytes = {10, 0, 0, host};
  return address;
}

wire::IpAddress ipv6LinkLocal(std::uint8_t host) {
  wire::IpAddress address;
  address.family = wire::Family::IPv6;
  address.bytes = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host};
  return address;
}

Plan makePlan(Random& random) {
  const Duration base = random.oneOf(std::vector<Duration>{10ms, 100ms, 100ms, 1s});
  Plan plan;
  plan.leastLatency = 20us;
  plan.mostLatency = random.between(50us, base / 20);
  plan.wakeUpJitter = random.between(0us, base / 100);
  plan.actuatorDelay = random.between(100us, 5ms);
  plan.hairpin = random.chance(20);

  const auto count = static_cast<std::size_t>(random.between(2, 7));
  std::vector<std::uint8_t> hosts;
  for (int host = 1; host <= 99; ++host) hosts.push_back(static_cast<std::uint8_t>(host));
  random.shuffle(hosts);
  const bool anyPseudoHeaderOnly = random.chance(25);
  for (std::size_t i = 0; i < count; ++i) {
    NodePlan& node = plan.nodes.emplace_back();
    node.primaryIPv4 = ipv4(hosts[i]);
    node.linkLocalIPv6 = ipv6LinkLocal(hosts[i]);
    node.pseudoHeaderOnly = anyPseudoHeaderOnly && random.chance(40);
  }

  const int elections = random.chance(10) ? random.between(4, 8) : random.between(1, 3);
  for (int e = 1; e <= elections; ++e) {
    const Election election = makeElection(random, count, static_cast<std::uint8_t>(e), base);
    for (std::size_t i = 0; i < count; ++i) {
      RouterConfig config = configOf(random, election, i);
      chooseChecksum(random, election, plan.nodes[i], anyPseudoHeaderOnly, config);
      plan.interval = std::max(plan.interval, config.advertisementInterval);
      plan.preemptDelay = std::max(plan.preemptDelay, config.preemptDelay);
      plan.nodes[i].routers.push_back(std::move(config));
    }
  }
  return plan;
}

}  // namespace aloft::vrrp::simulation
