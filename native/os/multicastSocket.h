#pragma once
// Raw sockets for adverts. Opening and closing one joins or leaves a multicast group, which takes the kernel's RTNL lock: never on the
// vrrp thread. Attaching a filter takes the socket's own lock only.

#include <cstdint>
#include <span>

#include "os/fd.h"
#include "os/result.h"
#include "wire/filter.h"
#include "wire/ipAddress.h"

namespace aloft::os {

/// Opens a non-blocking raw socket for IP protocol 112 that hears and speaks on one interface only, has joined 224.0.0.18 or ff02::12
/// there, and sends with TTL 255. It passes nothing before attachFilter(). Needs CAP_NET_RAW.
Result<Fd> openVrrpSocket(wire::Family family, std::uint32_t ifindex, const char* interface);

/// Replaces the filter. Packets that the former one let through stay in the queue.
Status attachFilter(int fd, std::span<const wire::FilterInstruction> program);

}  // namespace aloft::os
