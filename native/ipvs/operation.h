#pragma once
// One request to the kernel. Values only.

#include <cstdint>
#include <variant>

#include "ipvs/table.h"

namespace aloft::ipvs {

/// `add` false: its settings are changed in place, destinations and connections stay.
struct SetService {
  bool add = true;
  wire::IpvsServiceKey key;
  wire::IpvsServiceSettings settings;
};
struct RemoveService {
  wire::IpvsServiceKey key;
};
/// `add` false: changed in place.
struct SetDestination {
  bool add = true;
  wire::IpvsServiceKey service;
  wire::IpvsDestination destination;
};
struct RemoveDestination {
  wire::IpvsServiceKey service;
  wire::IpvsDestinationKey destination;
};
struct StartDaemon {
  wire::IpvsDaemon daemon;
};
struct StopDaemon {
  wire::IpvsDaemon daemon;
};
struct SetTimeouts {
  wire::IpvsTimeouts timeouts;
};

using Operation = std::variant<SetService, RemoveService, SetDestination, RemoveDestination, StartDaemon, StopDaemon, SetTimeouts>;

}  // namespace aloft::ipvs
