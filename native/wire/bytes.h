#pragma once
// Big-endian numbers and addresses in byte buffers. Callers have checked the bounds.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "wire/ipAddress.h"

namespace aloft::wire {

inline std::uint16_t load16(std::span<const std::uint8_t> bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

inline void store16(std::span<std::uint8_t> bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}

inline void storeBytes(std::span<std::uint8_t> bytes, std::size_t at, std::span<const std::uint8_t> value) {
  std::copy(value.begin(), value.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
}

inline IpAddress loadAddress(std::span<const std::uint8_t> bytes, std::size_t at, Family family) {
  IpAddress address{family, {}};
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), address.size(), address.bytes.begin());
  return address;
}

inline MacAddress loadMac(std::span<const std::uint8_t> bytes, std::size_t at) {
  MacAddress mac{};
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), mac.size(), mac.begin());
  return mac;
}

}  // namespace aloft::wire
