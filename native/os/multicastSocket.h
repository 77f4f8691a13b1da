#pragma once
// Raw sockets for adverts. Opening and closing those that hear joins or leaves multicast groups, which takes the kernel's RTNL lock: never
// on the vrrp thread. Attaching a filter takes the socket's own lock only.

#include <cstdint>
#include <span>

#include "os/fd.h"
#include "os/result.h"
#include "wire/filter.h"
#include "wire/ipAddress.h"

namespace aloft::os {

/// Opens a non-blocking raw socket that hears IP protocol 112 on one interface only: unicast, and the groups that are joined. It passes
/// nothing before attachFilter(). Needs CAP_NET_RAW.
Result<Fd> openVrrpSocket(wire::Family family, std::uint32_t ifindex, const char* interface);

/// A socket that hears nothing and sends adverts by whichever interface a datagram names, with TTL 255 unless it names another; its own
/// host does not hear them.
Result<Fd> openVrrpSender(wire::Family family);

/// Hears a multicast group on an interface. Each may take RTNL; joining twice, or leaving what was not joined, is an error.
Status joinGroup(int fd, std::uint32_t ifindex, const wire::IpAddress& group);
Status leaveGroup(int fd, std::uint32_t ifindex, const wire::IpAddress& group);

/// Replaces the filter. Packets that the former one let through stay in the queue.
Status attachFilter(int fd, std::span<const wire::FilterInstruction> program);

}  // namespace aloft::os
