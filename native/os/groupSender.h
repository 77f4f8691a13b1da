#pragma once
// UDP to a multicast group by one interface. Its own host does not hear it.

#include <cstdint>
#include <span>
#include <string>

#include "os/fd.h"
#include "os/result.h"
#include "wire/ipAddress.h"

namespace aloft::os {

struct GroupSenderOptions {
  std::string interface;
  wire::IpAddress group;
  std::uint16_t port = 0;
  std::uint8_t ttl = 1;
};

/// A connected socket, which waits when its queue is full.
Result<Fd> openGroupSender(const GroupSenderOptions& options);

Status send(const Fd& sender, std::span<const std::uint8_t> bytes);

/// ENODEV without such an interface.
Result<std::uint32_t> readMtu(const Fd& sender, const std::string& interface);

}  // namespace aloft::os
