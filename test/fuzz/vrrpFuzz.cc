// Input: one byte of flags (1: IPv6, 2: mend the checksum, 4: TTL 254, 8: mend with pseudo-header), source, destination, message.

#include <algorithm>
#include <array>
#include <vector>

#include "fuzz.h"
#include "wire/checksum.h"
#include "wire/vrrp.h"

using namespace aloft::wire;

namespace {

struct Packet {
  IpAddress source;
  IpAddress destination;
  std::vector<std::uint8_t> message;
};

/// A random checksum is right once in 65536 times: without this the checks behind it would hardly be reached.
void mendChecksum(Packet& packet, bool pseudoHeader) {
  if (packet.message.size() < 8) return;
  packet.message[6] = packet.message[7] = 0;
  InternetChecksum sum;
  if (pseudoHeader) sum.addPseudoHeader(packet.source, packet.destination, kVrrpProtocol, packet.message.size());
  const std::uint16_t checksum = sum.add(packet.message).finish();
  packet.message[6] = static_cast<std::uint8_t>(checksum >> 8);
  packet.message[7] = static_cast<std::uint8_t>(checksum);
}

void requireSound(const VrrpAdvert& advert, const Packet& packet) {
  const Family family = packet.source.family;
  REQUIRE(advert.version == 3 || (advert.version == 2 && family == Family::IPv4));
  REQUIRE(advert.interval >= 1 && advert.interval <= (advert.version == 2 ? 255 : 4095));
  REQUIRE(advert.addressCount >= 1);
  REQUIRE(advert.addresses.size() == advert.addressCount * packet.source.size());
  REQUIRE(advert.addresses.data() == packet.message.data() + 8);
  REQUIRE(advert.authenticationData.size() == (advert.version == 2 ? kAuthenticationDataSize : 0));
  if (advert.version == 2)
    REQUIRE(advert.authenticationData.data() + kAuthenticationDataSize == packet.message.data() + packet.message.size());
  const bool linkLocal = family == Family::IPv6 && advert.addresses[0] == 0xfe && (advert.addresses[1] & 0xc0) == 0x80;
  REQUIRE(advert.firstIsLinkLocal == linkLocal);
}

/// What was accepted encodes to the same bytes, where the encoder can write them: reserved bits zero.
void requireSameBytes(const VrrpAdvert& advert, const Packet& packet) {
  if (advert.version == 3 && packet.message[4] >= 16) return;
  std::vector<IpAddress> addresses;
  for (std::size_t at = 0; at < advert.addresses.size(); at += packet.source.size()) {
    IpAddress address{packet.source.family, {}};
    std::copy_n(advert.addresses.begin() + static_cast<std::ptrdiff_t>(at), address.size(), address.bytes.begin());
    addresses.push_back(address);
  }
  EncodeInput input;
  input.version = advert.version;
  input.virtualRouterId = advert.virtualRouterId;
  input.priority = advert.priority;
  input.interval = advert.interval;
  input.addresses = addresses;
  input.authenticationType = advert.authenticationType;
  std::copy(advert.authenticationData.begin(), advert.authenticationData.end(), input.authenticationData.begin());
  input.checksum = advert.checksum;
  input.source = packet.source;
  input.destination = packet.destination;
  std::array<std::uint8_t, kMaxVrrpSize> out;
  REQUIRE(encodeVrrp(input, std::span(out).first(packet.message.size() - 1)) == 0);
  const std::size_t size = encodeVrrp(input, out);
  REQUIRE(size == packet.message.size());
  // Ones' complement has two zeros: a sender may write ffff where we write 0000 (RFC 1071 §2).
  for (std::size_t at = 0; at < size; ++at) REQUIRE(at == 6 || at == 7 || out[at] == packet.message[at]);
  REQUIRE(decodeVrrp(std::span(out).first(size), packet.source, packet.destination, 255).ok);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::uint8_t flags = input.byte();
  const Family family = (flags & 1) != 0 ? Family::IPv6 : Family::IPv4;
  Packet packet{input.address(family), input.address(family), {}};
  packet.message.assign(input.rest().begin(), input.rest().end());
  if ((flags & 2) != 0) mendChecksum(packet, (flags & 8) != 0 || family == Family::IPv6);
  const std::uint8_t ttl = (flags & 4) != 0 ? 254 : 255;

  const DecodeResult result = decodeVrrp(packet.message, packet.source, packet.destination, ttl);
  if (!result.ok) {
    REQUIRE(result.discard <= Discard::ZeroAddresses);
    REQUIRE(name(result.discard) != nullptr);
    return 0;
  }
  REQUIRE(ttl == 255);
  requireSound(result.advert, packet);
  requireSameBytes(result.advert, packet);
  return 0;
}
