#pragma once
// What IPVS shall be, what it is, and what has to be done: values. Pure.

#include <cstdint>
#include <vector>

#include "wire/ipvs.h"

namespace aloft::ipvs {

struct Service {
  wire::IpvsServiceKey key;
  wire::IpvsServiceSettings settings;
  /// In the order in which they are to be added: mh fills its table by it, so it must be the same on all directors.
  std::vector<wire::IpvsDestination> destinations;
  /// Destinations that stand in the kernel and shall go at once, for they have failed. All others that are not in `destinations` drain.
  std::vector<wire::IpvsDestinationKey> failed;
  /// How long what is no longer wanted may drain: weight 0 until it has no connections, or this time is over. 0: it goes at once.
  std::uint32_t drainSeconds = 0;
};

/// The whole desired state of what is ours. Keys are unique.
struct Table {
  std::vector<Service> services;
  std::vector<wire::IpvsDaemon> daemons;
  wire::IpvsTimeouts timeouts;
  bool managesDaemons = false;  ///< false: daemons are somebody else's, whatever they are
};

/// A destination as the kernel has it.
struct StandingDestination {
  wire::IpvsDestination destination;
  std::uint32_t activeConnections = 0;
  std::uint32_t inactiveConnections = 0;
  std::uint32_t persistentConnections = 0;
  wire::IpvsStatistics statistics;
};

struct StandingService {
  wire::IpvsServiceKey key;
  wire::IpvsServiceSettings settings;
  std::vector<StandingDestination> destinations;
  wire::IpvsStatistics statistics;
};

}  // namespace aloft::ipvs
