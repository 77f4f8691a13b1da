#pragma once
// Which connections the other directors have been told of, and when. The kernel's own daemon tells of a connection only when a packet
// passes, and up to three seconds later: who returns to the LAN would never hear of one that is silent. Time is an argument.

#include <cstdint>
#include <set>
#include <unordered_map>
#include <vector>

#include "ipvs/rhythm.h"
#include "wire/ipvsConnection.h"

namespace aloft::ipvs {

class Tellings {
 public:
  /// How often each connection is told again: src/plan/nodeIpvs.ts holds preemption by it.
  static constexpr std::chrono::seconds kAgain{10};

  /// Begins a reading of all connections. Only those of services with these addresses are told.
  void begin(const std::set<wire::IpAddress>& addresses, Time now);
  /// Whether this one is to be told now; then it counts as told.
  bool take(const wire::IpvsConnection& connection);
  /// What was not read has ended.
  void end();

  std::size_t size() const { return told_.size(); }

 private:
  struct Telling {
    Time at{};
    std::uint16_t state = 0;
    bool seen = false;
  };

  std::set<wire::IpAddress> addresses_;
  Time now_{};
  /// By a hash of the connection: two with the same one share a telling, and one of them may be told later.
  std::unordered_map<std::uint64_t, Telling> told_;
};

/// Until the next reading, after one that took `cost` of a core: so soon that few connections are lost that have just begun, unless that
/// would take more than 2 % of a core.
Time untilTelling(Time cost);

}  // namespace aloft::ipvs
