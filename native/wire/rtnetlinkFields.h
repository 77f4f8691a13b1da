#pragma once
// What the codecs of rtnetlink share: numbers of the system's headers, which this folder does not include, and values in attributes.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "wire/ipAddress.h"
#include "wire/netlink.h"

namespace aloft::wire {

inline constexpr std::uint8_t kAfUnspecified = 0;  // AF_UNSPEC
inline constexpr std::uint8_t kAfInet = 2;         // AF_INET
inline constexpr std::uint8_t kAfInet6 = 10;       // AF_INET6

inline std::uint8_t toAf(Family family) { return family == Family::IPv4 ? kAfInet : kAfInet6; }

inline std::optional<Family> toFamily(std::uint8_t af) {
  if (af == kAfInet) return Family::IPv4;
  if (af == kAfInet6) return Family::IPv6;
  return std::nullopt;
}

template <typename Number>
Number loadNumber(std::span<const std::uint8_t> bytes, std::size_t at) {
  Number value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

template <typename Number>
void storeNumber(std::span<std::uint8_t> bytes, std::size_t at, Number value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

inline std::optional<IpAddress> toAddress(std::span<const std::uint8_t> value, Family family) {
  IpAddress address{family, {}};
  if (value.size() != address.size()) return std::nullopt;
  std::copy(value.begin(), value.end(), address.bytes.begin());
  return address;
}

/// A request for all entries of a kind: `type` with a family header of zeros.
inline bool buildDump(NetlinkBuilder& builder, std::uint16_t type, std::span<const std::uint8_t> header, std::uint32_t sequence) {
  builder.begin(type, kNetlinkRequest | kNetlinkDump, sequence);
  builder.header(header);
  return builder.end();
}

}  // namespace aloft::wire
