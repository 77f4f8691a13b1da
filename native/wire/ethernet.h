#pragma once
// The Ethernet II header. VLAN tags never appear: the kernel strips them before a packet socket sees the frame.

#include <cstddef>
#include <cstdint>
#include <span>

#include "wire/bytes.h"

namespace aloft::wire {

inline constexpr std::size_t kEthernetHeaderSize = 14;
inline constexpr MacAddress kBroadcastMac = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

inline void writeEthernetHeader(std::span<std::uint8_t> frame, const MacAddress& destination, const MacAddress& source,
                                std::uint16_t type) {
  storeBytes(frame, 0, destination);
  storeBytes(frame, 6, source);
  store16(frame, 12, type);
}

inline std::uint16_t etherType(std::span<const std::uint8_t> frame) { return load16(frame, 12); }

}  // namespace aloft::wire
