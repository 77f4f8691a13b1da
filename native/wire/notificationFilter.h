#pragma once
// Classic BPF for a socket that hears of routes, rules and traffic control: the kernel drops what is not ours before it costs memory or a
// wake-up. Routing daemons change routes, and switches in software their filters, by the ten thousand.

#include <array>
#include <cstdint>

#include "wire/filter.h"

namespace aloft::wire {

using NotificationFilter = std::array<FilterInstruction, 21>;

/// The ports from which we ask the kernel for changes.
struct OwnPorts {
  std::uint32_t routes = 0;
  std::uint32_t filters = 0;
};

/// Passes all that is about links and addresses. Of what others do, and not we from our own ports, RTM_DELROUTE of our protocol,
/// RTM_DELRULE, RTM_DELQDISC of "clsact" or "ingress", RTM_NEWTFILTER and RTM_DELTFILTER of the kind "bpf"; whoever did it, RTM_NEWROUTE
/// that replaced another route. Nothing else.
NotificationFilter notificationFilter(const OwnPorts& own);

}  // namespace aloft::wire
