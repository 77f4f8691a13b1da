#pragma once
// Classic BPF programs for the sockets that receive adverts: the kernel drops what no virtual router of ours could want,
// before it costs a wake-up.

#include <array>
#include <bitset>
#include <cstdint>
#include <span>

#include "wire/ipAddress.h"
#include "wire/vrrp.h"

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

/// Of the packets that a filter rejects one in this many passes nevertheless, chosen by chance: the counters of discarded adverts live by
/// them, and a flood of junk still costs next to nothing. Whoever counts such a packet counts it this often.
inline constexpr std::uint32_t kFilterSample = 64;

inline constexpr std::size_t kVrrpFilterSize = 48;
using VrrpFilter = std::array<FilterInstruction, kVrrpFilterSize>;

struct FilterOptions {
  bool unknownToo = false;                  ///< any VRID
  std::uint8_t leastUnicastTtl = kVrrpTtl;  ///< see isTtlGood()
  friend bool operator==(const FilterOptions&, const FilterOptions&) = default;
};

/// For a raw socket (SOCK_RAW, protocol 112) of `family`: passes messages with a good TTL or hop limit, a whole header, a version of that
/// family, type 1, and a VRID that is in `wanted`; of all others a sample, see kFilterSample. Constant size and at most 30 instructions a
/// packet of TTL 255, 34 of another, however many virtual routers there are.
VrrpFilter vrrpFilter(Family family, const VirtualRouterSet& wanted, const FilterOptions& options = {});

/// Whether the filter rejects a message for what is in it, whatever VRIDs are wanted: those that come are a sample.
bool failsVrrpFilter(const IpAddress& destination, std::uint8_t ttl, std::span<const std::uint8_t> message,
                     std::uint8_t leastUnicastTtl = kVrrpTtl);

/// Passes nothing at all.
inline constexpr std::array<FilterInstruction, 1> kDropFilter = {FilterInstruction{0x06, 0, 0, 0}};  // BPF_RET | BPF_K

}  // namespace aloft::wire
