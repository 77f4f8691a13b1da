#pragma once
// An advert as a whole Ethernet frame, for a packet socket: where its link-layer source is not the interface's. Pure, no allocation.

#include <cstddef>
#include <cstdint>
#include <span>

#include "wire/ipAddress.h"

namespace aloft::wire {

struct AdvertFrame {
  MacAddress mac{};  ///< Ethernet source
  IpAddress source;
  IpAddress destination;  ///< a multicast group
  std::span<const std::uint8_t> message;
};

/// Writes the frame into `out`: TTL or hop limit 255, DSCP CS6. Returns its size; 0 when `out` is too small.
std::size_t encodeAdvertFrame(const AdvertFrame& advert, std::span<std::uint8_t> out);

/// 01:00:5e and the last 23 bits (RFC 1112 §6.4), or 33:33 and the last 32 (RFC 2464 §7).
MacAddress multicastMac(const IpAddress& group);

}  // namespace aloft::wire
