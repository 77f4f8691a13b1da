#pragma once
// What a seed makes of the LAN: nodes, virtual routers, and how well things work.

#include <vector>

#include "simulation/clock.h"
#include "simulation/random.h"
#include "vrrp/configuration.h"

namespace aloft::vrrp::simulation {

/// Each election is held on one of two LANs; a group may span both.
inline constexpr std::size_t kSegments = 2;
/// Checks that each node runs; elections track some of them.
inline constexpr CheckId kChecks = 3;

struct NodePlan {
  wire::IpAddress primaryIPv4;
  wire::IpAddress linkLocalIPv6;
  std::vector<RouterConfig> routers;  // one per election, in the same order on all nodes
  Clock clock;
  /// Like keepalived and FRR: version 3 over IPv4 is accepted and sent with pseudo-header only.
  bool pseudoHeaderOnly = false;
};

struct Plan {
  std::vector<NodePlan> nodes;
  Duration interval{};      ///< the longest that is configured anywhere
  Duration preemptDelay{};  ///< the longest
  Duration startupDelay{};  ///< the longest
  Duration leastLatency{};
  Duration mostLatency{};
  Duration wakeUpJitter{};   ///< most lateness of a healthy process
  Duration actuatorDelay{};  ///< most
  bool hairpin = false;      ///< adverts come back to their sender
  bool gate = false;         ///< all nodes have one
  bool deadMan = false;      ///< and use it as dead-man switch
  bool unicast = false;      ///< somewhere
  bool drifts = false;       ///< clocks have different rates
  /// Nothing is ever lost on the LAN, whatever happens to nodes, and the LAN is quick: two gates are never open at one time.
  bool strict = false;

  std::size_t elections() const { return nodes.front().routers.size(); }
};

Plan makePlan(Random& random);

wire::IpAddress ipv4(std::uint8_t host);
wire::IpAddress ipv6LinkLocal(std::uint8_t host);
std::string interfaceOf(std::size_t segment);

}  // namespace aloft::vrrp::simulation
