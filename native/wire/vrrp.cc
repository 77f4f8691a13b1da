#include "wire/vrrp.h"

#include <algorithm>

#include "wire/bytes.h"
#include "wire/checksum.h"

// Version 3, RFC 9568 §5.1 (IPv4 and IPv6):
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |Version| Type  | Virtual Rtr ID|   Priority    |  IPvX Addr Cnt|
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |Reserve| Max Advertise Interval|           Checksum            |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                     IPvX Address(es) …                        |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// Version 2, RFC 3768 §5.1 (IPv4):
//
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |Version| Type  | Virtual Rtr ID|   Priority    | Count IP Addrs|
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |   Auth Type   |   Adver Int   |           Checksum            |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                      IP Address(es) …                         |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                  Authentication Data (1)                      |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                  Authentication Data (2)                      |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

namespace aloft::wire {
namespace {

constexpr std::size_t kHeaderSize = 8;
constexpr std::size_t kChecksumAt = 6;
constexpr std::uint8_t kAdvertisement = 1;
constexpr std::uint16_t kMaxInterval2 = 0xff;
constexpr std::uint16_t kMaxInterval3 = 0xfff;

constexpr std::array<const char*, kDiscardReasons> kDiscardNames = {
    "TtlNot255",
    "UnknownVersion",
    "UnknownType",
    "TooShort",
    "TrailingBytes",
    "BadChecksum",
    "ZeroInterval",
    "ZeroAddresses",
    "FirstAddressNotLinkLocal",
    "UnknownInterface",
    "UnknownVirtualRouter",
    "OwnPacket",
    "VersionMismatch",
    "AuthenticationMismatch",
    "PasswordMismatch",
    "WrongDestination",
    "UnknownPeer",
    "IntervalMismatch",
    "AddressListMismatch",
    "LocalAddressOwner",
    "NotRunning",
};

DecodeResult refuse(Discard reason) {
  DecodeResult result;
  result.discard = reason;
  return result;
}

std::size_t addressesSize(Family family, std::size_t count) { return count * (family == Family::IPv4 ? 4 : 16); }

std::size_t messageSize(std::uint8_t version, Family family, std::size_t count) {
  return kHeaderSize + addressesSize(family, count) + (version == 2 ? kAuthenticationDataSize : 0);
}

bool isKnownVersion(std::uint8_t version, Family family) { return version == 3 || (version == 2 && family == Family::IPv4); }

/// RFC 9568 §5.2.8, RFC 3768 §5.3.8. Nothing when the checksum is wrong.
std::optional<ChecksumForm> verifyChecksum(std::uint8_t version, std::span<const std::uint8_t> message, const IpAddress& source,
                                           const IpAddress& destination) {
  InternetChecksum sum;
  sum.add(message);
  if (source.family == Family::IPv4 && sum.finish() == 0) return ChecksumForm::WithoutPseudoHeader;
  if (version == 2) return std::nullopt;
  sum = InternetChecksum{}.addPseudoHeader(source, destination, kVrrpProtocol, message.size()).add(message);
  return sum.finish() == 0 ? std::optional(ChecksumForm::WithPseudoHeader) : std::nullopt;
}

VrrpAdvert readFields(std::span<const std::uint8_t> message, Family family) {
  VrrpAdvert advert;
  advert.version = message[0] >> 4;
  advert.virtualRouterId = message[1];
  advert.priority = message[2];
  advert.addressCount = message[3];
  advert.authenticationType = advert.version == 2 ? message[4] : std::uint8_t{0};
  advert.interval = advert.version == 2 ? message[5] : static_cast<std::uint16_t>(load16(message, 4) & kMaxInterval3);
  advert.addresses = message.subspan(kHeaderSize, addressesSize(family, advert.addressCount));
  if (advert.version == 2) advert.authenticationData = message.last(kAuthenticationDataSize);
  advert.firstIsLinkLocal = family == Family::IPv6 && advert.addressCount > 0 && loadAddress(message, kHeaderSize, family).isLinkLocal6();
  return advert;
}

bool fitsFormat(const EncodeInput& input) {
  const Family family = input.source.family;
  if (!isKnownVersion(input.version, family) || input.destination.family != family || input.addresses.size() > 255) return false;
  if (input.interval > (input.version == 2 ? kMaxInterval2 : kMaxInterval3)) return false;
  return std::all_of(input.addresses.begin(), input.addresses.end(), [family](const IpAddress& a) { return a.family == family; });
}

}  // namespace

const char* name(Discard reason) {
  const auto index = static_cast<std::size_t>(reason);
  return index < kDiscardNames.size() ? kDiscardNames[index] : "Unknown";
}

DecodeResult decodeVrrp(std::span<const std::uint8_t> message, const IpAddress& source, const IpAddress& destination, std::uint8_t ttl,
                        std::uint8_t leastUnicastTtl) {
  const Family family = source.family;
  if (!isTtlGood(destination, ttl, leastUnicastTtl)) return refuse(Discard::TtlNot255);
  if (message.size() < kHeaderSize) return refuse(Discard::TooShort);
  const std::uint8_t version = message[0] >> 4;
  if (!isKnownVersion(version, family)) return refuse(Discard::UnknownVersion);
  if ((message[0] & 0x0f) != kAdvertisement) return refuse(Discard::UnknownType);
  const std::size_t size = messageSize(version, family, message[3]);
  if (message.size() != size) return refuse(message.size() < size ? Discard::TooShort : Discard::TrailingBytes);
  const auto checksum = verifyChecksum(version, message, source, destination);
  if (!checksum) return refuse(Discard::BadChecksum);

  DecodeResult result;
  result.advert = readFields(message, family);
  result.advert.checksum = *checksum;
  if (result.advert.interval == 0) return refuse(Discard::ZeroInterval);       // erratum 8301
  if (result.advert.addressCount == 0) return refuse(Discard::ZeroAddresses);  // erratum 8299
  result.ok = true;
  return result;
}

std::size_t encodeVrrp(const EncodeInput& input, std::span<std::uint8_t> out) {
  if (!fitsFormat(input)) return 0;
  const Family family = input.source.family;
  const std::size_t size = messageSize(input.version, family, input.addresses.size());
  if (out.size() < size) return 0;
  const std::span<std::uint8_t> message = out.first(size);
  std::fill(message.begin(), message.end(), std::uint8_t{0});
  message[0] = static_cast<std::uint8_t>(input.version << 4 | kAdvertisement);
  message[1] = input.virtualRouterId;
  message[2] = input.priority;
  message[3] = static_cast<std::uint8_t>(input.addresses.size());
  store16(message, 4, input.interval);
  if (input.version == 2) message[4] = input.authenticationType;
  std::size_t at = kHeaderSize;
  for (const IpAddress& address : input.addresses) {
    storeBytes(message, at, address.view());
    at += address.size();
  }
  if (input.version == 2) storeBytes(message, at, input.authenticationData);
  InternetChecksum sum;
  const bool pseudoHeader = family == Family::IPv6 || (input.version == 3 && input.checksum == ChecksumForm::WithPseudoHeader);
  if (pseudoHeader) sum.addPseudoHeader(input.source, input.destination, kVrrpProtocol, size);
  store16(message, kChecksumAt, sum.add(message).finish());
  return size;
}

}  // namespace aloft::wire
