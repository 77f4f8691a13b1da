#pragma once
// Adverts that every receiver must discard, of each kind that a frame can show, and each such that obeying it would be seen: priority 255,
// the interval of the virtual router or none. Pure.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "wire/ipAddress.h"
#include "wire/vrrp.h"

namespace aloft::tools {

/// Why it must be discarded.
inline constexpr std::array kJunk = {
    wire::Discard::TtlNot255,    wire::Discard::UnknownVersion, wire::Discard::UnknownType,
    wire::Discard::TooShort,     wire::Discard::TrailingBytes,  wire::Discard::BadChecksum,
    wire::Discard::ZeroInterval, wire::Discard::ZeroAddresses,  wire::Discard::UnknownVirtualRouter,
};

struct JunkSettings {
  wire::MacAddress mac{};
  wire::IpAddress source;
  wire::IpAddress address;  ///< that it claims
  std::uint8_t virtualRouterId = 1;
  std::uint8_t unknownVirtualRouterId = 255;
  std::uint16_t interval = 10;  ///< centiseconds
};

/// The whole Ethernet frame, to the multicast group; IPv4, version 3.
std::vector<std::uint8_t> junkFrame(wire::Discard why, const JunkSettings& settings);

}  // namespace aloft::tools
