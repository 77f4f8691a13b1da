#pragma once
// What the tests of IPVS speak of.

#include "support.h"
#include "wire/ipvs.h"

namespace aloft::wire {

/// The number that the family "IPVS" had when the golden bytes were taken.
inline constexpr std::uint16_t kIpvsFamily = 0x1c;

inline IpvsServiceKey serviceKey(IpvsProtocol protocol, std::string_view address, std::uint16_t port) {
  const IpAddress parsed = ip(address);
  return {parsed.family, protocol, parsed, port, 0};
}

inline IpvsServiceKey markKey(Family family, std::uint32_t mark) { return {family, IpvsProtocol::None, {}, 0, mark}; }

}  // namespace aloft::wire
