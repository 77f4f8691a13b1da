#pragma once
// IP and MAC addresses as values. Standard library only: this folder knows no system header.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace aloft::wire {

enum class Family : std::uint8_t { IPv4, IPv6 };

/// An IPv4 or IPv6 address in network byte order; IPv4 uses the first four bytes, the others are zero.
struct IpAddress {
  Family family = Family::IPv4;
  std::array<std::uint8_t, 16> bytes{};

  std::size_t size() const { return family == Family::IPv4 ? 4 : 16; }
  std::span<const std::uint8_t> view() const { return {bytes.data(), size()}; }
  bool isUnspecified() const { return bytes == std::array<std::uint8_t, 16>{}; }
  bool isMulticast() const { return family == Family::IPv4 ? (bytes[0] & 0xf0) == 0xe0 : bytes[0] == 0xff; }
  /// fe80::/10
  bool isLinkLocal6() const { return family == Family::IPv6 && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80; }

  friend bool operator==(const IpAddress&, const IpAddress&) = default;
  /// Unsigned comparison in network order, as RFC 9568 §6.4.3 wants it for the primary addresses.
  friend std::strong_ordering operator<=>(const IpAddress& a, const IpAddress& b) {
    if (a.family != b.family) return a.family <=> b.family;
    return std::memcmp(a.bytes.data(), b.bytes.data(), a.size()) <=> 0;
  }
};

/// An address with its prefix length (0–32 or 0–128), as it is set on an interface.
struct IpPrefix {
  IpAddress address;
  std::uint8_t length = 0;
  friend bool operator==(const IpPrefix&, const IpPrefix&) = default;
};

using MacAddress = std::array<std::uint8_t, 6>;

/// "192.0.2.1", "2001:db8::1" (RFC 5952). Returns false for anything else and leaves `out` alone.
bool parseIpAddress(std::string_view text, IpAddress& out);
/// "192.0.2.1/24"; the length is required.
bool parseIpPrefix(std::string_view text, IpPrefix& out);
std::string format(const IpAddress& address);
std::string format(const IpPrefix& prefix);
std::string format(const MacAddress& mac);

}  // namespace aloft::wire
