#pragma once
// Classic BPF programs for the sockets that receive adverts: the kernel drops what no virtual router of ours could want,
// before it costs a wake-up.

#include <array>
#include <bitset>
#include <cstdint>

#include "wire/ipAddress.h"

namespace aloft::wire {

/// Laid out as the kernel's `struct sock_filter`.
struct FilterInstruction {
  std::uint16_t code = 0;
  std::uint8_t jumpTrue = 0;
  std::uint8_t jumpFalse = 0;
  std::uint32_t operand = 0;
  friend bool operator==(const FilterInstruction&, const FilterInstruction&) = default;
};

/// Bit n: virtual router n is wanted. Bit 0 is never set by a valid configuration.
using VirtualRouterSet = std::bitset<256>;

inline constexpr std::size_t kVrrpFilterSize = 35;
using VrrpFilter = std::array<FilterInstruction, kVrrpFilterSize>;

/// For a raw socket (SOCK_RAW, protocol 112) of `family`: passes messages whose TTL or hop limit is 255 and whose VRID is in `wanted`.
/// Constant size and at most 21 instructions a packet, however many virtual routers there are. An empty set passes nothing.
VrrpFilter vrrpFilter(Family family, const VirtualRouterSet& wanted);

}  // namespace aloft::wire
