#pragma once
// What a seed makes of the LAN: nodes, virtual routers, and how well things work.

#include <vector>

#include "simulation/random.h"
#include "vrrp/configuration.h"

namespace aloft::vrrp::simulation {

struct NodePlan {
  wire::IpAddress primaryIPv4;
  wire::IpAddress linkLocalIPv6;
  std::vector<RouterConfig> routers;  // one per election, in the same order on all nodes
  /// Like keepalived and FRR: version 3 over IPv4 is accepted and sent with pseudo-header only.
  bool pseudoHeaderOnly = false;
};

struct Plan {
  std::vector<NodePlan> nodes;
  Duration interval{};      ///< the longest that is configured anywhere
  Duration preemptDelay{};  ///< the longest
  Duration leastLatency{};
  Duration mostLatency{};
  Duration wakeUpJitter{};   ///< most lateness of a healthy process
  Duration actuatorDelay{};  ///< most
  bool hairpin = false;      ///< adverts come back to their sender

  std::size_t elections() const { return nodes.front().routers.size(); }
};

Plan makePlan(Random& random);

wire::IpAddress ipv4(std::uint8_t host);
wire::IpAddress ipv6LinkLocal(std::uint8_t host);

}  // namespace aloft::vrrp::simulation
