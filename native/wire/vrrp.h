#pragma once
// VRRP messages, version 2 (RFC 3768 §5.1) and version 3 (RFC 9568 §5.1): pure encode and decode, no allocation.

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "wire/ipAddress.h"

namespace aloft::wire {

inline constexpr std::uint8_t kVrrpProtocol = 112;
inline constexpr std::uint8_t kVrrpTtl = 255;

/// Whether an advert may arrive with that TTL or hop limit: 255 (RFC 9568 §5.1.1.3, §5.1.2.3). Of unicast, which no RFC speaks of, a
/// configuration may take `leastUnicast` and more.
inline bool isTtlGood(const IpAddress& destination, std::uint8_t ttl, std::uint8_t leastUnicast) {
  return ttl >= (destination.isMulticast() ? kVrrpTtl : leastUnicast);
}

/// RFC 2338 §5.3.10: behind the addresses of version 2, also where no authentication is used.
inline constexpr std::size_t kAuthenticationDataSize = 8;
/// 8 header bytes, 255 IPv6 addresses, or 255 IPv4 addresses and 8 bytes of version 2 authentication data.
inline constexpr std::size_t kMaxVrrpSize = 8 + 255 * 16;

/// Which form the checksum of a version 3 advert over IPv4 has. IPv6 always has the pseudo-header, version 2 never.
enum class ChecksumForm : std::uint8_t { WithoutPseudoHeader, WithPseudoHeader };

/// An advert. The unit of the interval is the wire's: seconds in version 2, centiseconds (12 bits) in version 3.
struct VrrpAdvert {
  std::uint8_t version = 3;
  std::uint8_t virtualRouterId = 0;
  std::uint8_t priority = 0;
  std::uint16_t interval = 0;
  std::uint8_t authenticationType = 0;  // version 2 only
  /// Version 2 only: the 8 bytes behind the addresses. Points into the caller's buffer.
  std::span<const std::uint8_t> authenticationData;
  std::uint8_t addressCount = 0;
  /// The address list as it stands in the message: addressCount × 4 or × 16 bytes. Points into the caller's buffer.
  std::span<const std::uint8_t> addresses;
  /// IPv6: whether the first address is link-local, as RFC 9568 §5.2.9 wants it. keepalived lists what it is told, so the receiver decides.
  bool firstIsLinkLocal = false;
  /// Which form verified. In version 3 over IPv4 either is accepted.
  ChecksumForm checksum = ChecksumForm::WithoutPseudoHeader;
};

/// Reasons for which an advert is discarded; each is a counter of its own (RFC 6527, RFC 9568 §7.1, with errata 8299–8301).
/// The decoder gives those up to `ZeroAddresses`, the engine the later ones, and the first of a peer that has bounds of its own.
enum class Discard : std::uint8_t {
  TtlNot255,  ///< or, of unicast, one that is not taken from that peer
  UnknownVersion,
  UnknownType,
  TooShort,
  TrailingBytes,
  BadChecksum,
  ZeroInterval,
  ZeroAddresses,
  FirstAddressNotLinkLocal,
  UnknownInterface,
  UnknownVirtualRouter,
  OwnPacket,
  VersionMismatch,
  AuthenticationMismatch,  ///< another type than ours
  PasswordMismatch,        ///< our type, other data
  WrongDestination,        ///< multicast where we speak unicast, another group, or the other way round
  UnknownPeer,             ///< unicast from whom nobody configured
  IntervalMismatch,
  AddressListMismatch,
  LocalAddressOwner,
  NotRunning,
};
inline constexpr std::size_t kDiscardReasons = static_cast<std::size_t>(Discard::NotRunning) + 1;
/// CamelCase name of a reason, for metrics and logs.
const char* name(Discard reason);

struct DecodeResult {
  bool ok = false;
  Discard discard = Discard::TooShort;  // when not ok
  VrrpAdvert advert;                    // when ok
};

/// Decodes the VRRP message in `message` (behind the IP header). `source` and `destination` are those of the IP header: the
/// pseudo-header needs them. All checks that need no configuration are done here, in the order: TTL, length, version, type,
/// length for the count, checksum, interval, count.
/// A frame of minimum Ethernet size may be padded: with `message` from a raw IP socket there is none, so bytes behind the message are
/// refused. `leastUnicastTtl`: see isTtlGood().
DecodeResult decodeVrrp(std::span<const std::uint8_t> message, const IpAddress& source, const IpAddress& destination, std::uint8_t ttl,
                        std::uint8_t leastUnicastTtl = kVrrpTtl);

struct EncodeInput {
  std::uint8_t version = 3;
  std::uint8_t virtualRouterId = 0;
  std::uint8_t priority = 0;
  /// Wire unit, see VrrpAdvert.
  std::uint16_t interval = 0;
  std::span<const IpAddress> addresses;  // at most 255, all of one family
  std::uint8_t authenticationType = 0;   // version 2 only
  std::array<std::uint8_t, kAuthenticationDataSize> authenticationData{};
  ChecksumForm checksum = ChecksumForm::WithoutPseudoHeader;
  IpAddress source;
  IpAddress destination;
};

/// Writes the message into `out` and returns its size; 0 when `out` is too small or no such message exists: an unknown version,
/// version 2 over IPv6, addresses of another family than `source`, more than 255 of them, an interval that its field cannot hold.
std::size_t encodeVrrp(const EncodeInput& input, std::span<std::uint8_t> out);

}  // namespace aloft::wire
