#pragma once
// Classic BPF for a socket that hears of routes and rules: the kernel drops what is not ours before it costs memory or a wake-up. Routing
// daemons change routes by the ten thousand.

#include <array>
#include <cstdint>

#include "wire/filter.h"

namespace aloft::wire {

using NotificationFilter = std::array<FilterInstruction, 13>;

/// Passes RTM_DELROUTE of our protocol and RTM_DELRULE, both unless the request came from `ownPort`, RTM_NEWROUTE that replaced another
/// route, and all that is about neither routes nor rules.
NotificationFilter notificationFilter(std::uint32_t ownPort);

}  // namespace aloft::wire
