#pragma once
// What checks and interfaces make of a virtual router: its priority, or a fault.

#include <optional>

#include "vrrp/checkTable.h"
#include "vrrp/interface.h"

namespace aloft::vrrp {

struct Tracking {
  std::uint8_t priority = 0;  ///< 1–254; of the address owner 255 whatever the weights
  std::optional<Reason> fault;
};

/// As keepalived: the weights of all that is tracked are added to the configured priority, and the sum is limited to 1–254. A check that
/// nobody has reported yet is up; an interface that is missing is down.
Tracking track(const RouterConfig& router, const Places& places, const CheckTable& checks);

}  // namespace aloft::vrrp
