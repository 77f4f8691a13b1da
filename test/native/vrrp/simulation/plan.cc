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
  std::size_t segment;
  Duration interval;
  bool differentIntervals;
  std::uint8_t downTimerAdverts;
  std::vector<std::uint8_t> priorities;  // per node
  int preemptPercent;
  Duration preemptDelay;
  Duration startupDelay;
  bool mixedChecksums;
  bool unicast;
  bool password;
  std::size_t addresses;
  std::string group;
  std::vector<TrackedCheck> checks;
  ConflictPolicy conflicts;
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

std::vector<TrackedCheck> tracks(Random& random) {
  std::vector<TrackedCheck> result;
  for (CheckId check = 1; check <= kChecks && random.chance(60); ++check) {
    const int weight = random.oneOf(std::vector<int>{0, -20, -100, 30, -253});
    result.push_back({check, static_cast<std::int16_t>(weight), weight != 0 && random.chance(20)});
  }
  return result;
}

Election makeElection(Random& random, const Plan& plan, std::uint8_t id, Duration base) {
  Election election;
  election.family = random.chance(60) ? wire::Family::IPv4 : wire::Family::IPv6;
  const bool seconds = base >= 1s;
  election.version = election.family == wire::Family::IPv4 && seconds && random.chance(50) ? 2 : 3;
  election.virtualRouterId = id;
  election.segment = random.below(kSegments);
  election.interval = base;
  election.differentIntervals = !plan.strict && election.version == 3 && random.chance(30);
  election.downTimerAdverts = random.oneOf(std::vector<std::uint8_t>{3, 3, 3, 3, 2, 5});
  election.priorities = priorities(random, plan.nodes.size(), election.version);
  election.preemptPercent = random.oneOf(std::vector<int>{100, 100, 100, 50, 0});
  election.preemptDelay = random.chance(20) ? random.between(base, 20 * base) : Duration(0);
  election.startupDelay = random.chance(10) ? random.between(base, 10 * base) : Duration(0);
  election.mixedChecksums = !plan.strict && random.chance(30);
  election.unicast = plan.unicast && random.chance(50);
  election.password = random.chance(30);
  election.addresses = static_cast<std::size_t>(random.between(1, 4));
  if (random.chance(30)) election.checks = tracks(random);
  // Without a dead-man switch a dead process leaves its kernel answering: then nobody may take over for the first time, and rightly so.
  election.conflicts =
      !plan.deadMan ? random.oneOf(std::vector<ConflictPolicy>{ConflictPolicy::Off, ConflictPolicy::Report})
                    : random.oneOf(std::vector<ConflictPolicy>{ConflictPolicy::Off, ConflictPolicy::Report, ConflictPolicy::Enforce});
  return election;
}

/// Members have one priority on each node, as those of one virtual IP do, or each its own: then different nodes may be the better ones.
void formGroups(Random& random, std::vector<Election>& elections) {
  if (elections.size() < 2 || !random.chance(50)) return;
  const bool samePriorities = random.chance(50);
  const bool samePreempt = random.chance(80);
  for (Election& election : elections) {
    if (!random.chance(75)) continue;
    election.group = random.chance(80) ? "g" : "h";
    if (samePriorities) election.priorities = elections.front().priorities;
    if (election.version == 2 && election.priorities[1] == 255) election.priorities[1] = 254;  // its owners do not hear each other
    if (samePreempt) election.preemptPercent = elections.front().preemptPercent;
  }
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

RouterConfig configOf(Random& random, const Plan& plan, const Election& election, std::size_t node) {
  RouterConfig config;
  config.key = "election" + std::to_string(election.virtualRouterId);
  config.family = election.family;
  config.interface = interfaceOf(election.segment);
  config.virtualRouterId = election.virtualRouterId;
  config.version = election.version;
  config.priority = election.priorities[node];
  config.advertisementInterval = election.interval * (election.differentIntervals ? random.oneOf(std::vector<int>{1, 2, 5}) : 1);
  config.downTimerAdverts = election.downTimerAdverts;
  config.preempt = random.chance(election.preemptPercent);
  config.preemptDelay = election.preemptDelay;
  config.startupDelay = election.startupDelay;
  config.addresses = addressesOf(election);
  config.group = election.group;
  config.checks = election.checks;
  config.conflicts = election.conflicts;
  config.deadMan = plan.deadMan;
  config.gateSlot = election.virtualRouterId;
  if (election.version == 2 && election.password) config.authentication = {1, {'s', 'e', 'c', 'r', 'e', 't'}};
  for (std::size_t peer = 0; election.unicast && peer < plan.nodes.size(); ++peer) {
    const NodePlan& other = plan.nodes[peer];
    if (peer != node) config.unicastPeers.push_back(election.family == wire::Family::IPv4 ? other.primaryIPv4 : other.linkLocalIPv6);
  }
  return config;
}

/// A peer that accepts the pseudo-header only cannot live with one that never sends it, so an election has the one or the other.
void chooseChecksum(Random& random, const Election& election, const NodePlan& node, bool anyPseudoHeaderOnly, RouterConfig& config) {
  if (anyPseudoHeaderOnly) config.conflicts = ConflictPolicy::Off;  // who does not understand the MASTER takes it for a stranger
  if (node.pseudoHeaderOnly) {
    config.checksum = ChecksumMode::WithPseudoHeader;
  } else if (election.mixedChecksums) {
    const ChecksumMode other = anyPseudoHeaderOnly ? ChecksumMode::WithPseudoHeader : ChecksumMode::WithoutPseudoHeader;
    config.checksum = random.chance(50) ? other : ChecksumMode::Auto;
  }
}

/// A strict LAN is one on which an advert is heard before any election grace is over.
void chooseQuality(Random& random, Duration base, Plan& plan) {
  plan.strict = random.chance(35);
  plan.gate = plan.strict || random.chance(60);
  plan.deadMan = plan.strict || (plan.gate && random.chance(50));
  plan.drifts = !plan.strict && random.chance(20);
  plan.unicast = random.chance(20);
  plan.leastLatency = 20us;
  plan.mostLatency = plan.strict ? random.between(30us, std::min<Duration>(base / 64, 1ms)) : random.between(50us, base / 20);
  plan.wakeUpJitter = random.between(0us, base / 100);
  plan.actuatorDelay = random.between(100us, 5ms);
  plan.hairpin = random.chance(20);
}

void makeNodes(Random& random, bool anyPseudoHeaderOnly, Plan& plan) {
  std::vector<std::uint8_t> hosts;
  for (int host = 1; host <= 99; ++host) hosts.push_back(static_cast<std::uint8_t>(host));
  random.shuffle(hosts);
  std::vector<std::uint8_t> hosts6 = hosts;
  if (random.chance(50)) random.shuffle(hosts6);  // of equal ones another node may be the better one in each family
  plan.nodes.resize(static_cast<std::size_t>(random.between(2, 7)));
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
    NodePlan& node = plan.nodes[i];
    node.primaryIPv4 = ipv4(hosts[i]);
    node.linkLocalIPv6 = ipv6LinkLocal(hosts6[i]);
    node.clock = Clock(random.between(0s, 1000s), plan.drifts ? random.between(-10'000, 10'000) : 0);
    node.pseudoHeaderOnly = anyPseudoHeaderOnly && random.chance(40);
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

std::string interfaceOf(std::size_t segment) { return "eth" + std::to_string(segment); }

Plan makePlan(Random& random) {
  const Duration base = random.oneOf(std::vector<Duration>{10ms, 100ms, 100ms, 1s});
  Plan plan;
  chooseQuality(random, base, plan);
  const bool anyPseudoHeaderOnly = !plan.strict && random.chance(25);
  makeNodes(random, anyPseudoHeaderOnly, plan);

  std::vector<Election> elections;
  const int count = random.chance(10) ? random.between(4, 8) : random.between(1, 3);
  for (int e = 1; e <= count; ++e) elections.push_back(makeElection(random, plan, static_cast<std::uint8_t>(e), base));
  formGroups(random, elections);
  for (const Election& election : elections) {
    for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
      RouterConfig config = configOf(random, plan, election, i);
      chooseChecksum(random, election, plan.nodes[i], anyPseudoHeaderOnly, config);
      plan.interval = std::max(plan.interval, config.advertisementInterval);
      plan.preemptDelay = std::max(plan.preemptDelay, config.preemptDelay);
      plan.startupDelay = std::max(plan.startupDelay, config.startupDelay);
      plan.nodes[i].routers.push_back(std::move(config));
    }
  }
  return plan;
}

}  // namespace aloft::vrrp::simulation
