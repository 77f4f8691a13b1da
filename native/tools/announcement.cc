#include "tools/announcement.h"

#include "wire/ethernet.h"

namespace aloft::tools {
namespace {

constexpr std::uint16_t kEtherTypeIPv4 = 0x0800;
constexpr std::size_t kVrrpHeaderSize = 8;
/// Which TTL of unicast is good is the receiver's to say.
constexpr std::uint8_t kAnyUnicastTtl = 0;

/// A VRRP message and the IP header's part in it.
struct Packet {
  wire::IpAddress source;
  wire::IpAddress destination;
  std::uint8_t ttl = 0;
  std::span<const std::uint8_t> message;
};

std::optional<Packet> unwrapIPv4(std::span<const std::uint8_t> ip) {
  if (ip.size() < 20 || ip[0] >> 4 != 4 || ip[9] != wire::kVrrpProtocol) return std::nullopt;
  const std::size_t header = (ip[0] & 15u) * 4;
  const std::size_t total = wire::load16(ip, 2);  // what lies behind is padding
  if (header < 20 || total < header || total > ip.size()) return std::nullopt;
  return Packet{wire::loadAddress(ip, 12, wire::Family::IPv4), wire::loadAddress(ip, 16, wire::Family::IPv4), ip[8],
                ip.subspan(header, total - header)};
}

std::optional<Packet> unwrapIPv6(std::span<const std::uint8_t> ip) {
  if (ip.size() < 40 || ip[0] >> 4 != 6 || ip[6] != wire::kVrrpProtocol) return std::nullopt;
  const std::size_t length = wire::load16(ip, 4);
  if (length > ip.size() - 40) return std::nullopt;
  return Packet{wire::loadAddress(ip, 8, wire::Family::IPv6), wire::loadAddress(ip, 24, wire::Family::IPv6), ip[7], ip.subspan(40, length)};
}

std::optional<Packet> unwrap(std::span<const std::uint8_t> frame) {
  if (frame.size() < wire::kEthernetHeaderSize) return std::nullopt;
  const auto ip = frame.subspan(wire::kEthernetHeaderSize);
  if (wire::etherType(frame) == kEtherTypeIPv4) return unwrapIPv4(ip);
  if (wire::etherType(frame) == wire::kEtherTypeIPv6) return unwrapIPv6(ip);
  return std::nullopt;
}

}  // namespace

std::optional<CapturedAdvert> captureAdvert(std::span<const std::uint8_t> frame) {
  const auto packet = unwrap(frame);
  if (!packet || packet->message.size() < kVrrpHeaderSize) return std::nullopt;
  const std::span<const std::uint8_t> message = packet->message;
  CapturedAdvert advert;
  advert.source = packet->source;
  advert.destination = packet->destination;
  advert.mac = wire::loadMac(frame, 6);
  advert.version = message[0] >> 4;
  advert.virtualRouterId = message[1];
  advert.priority = message[2];
  advert.addresses = message[3];
  advert.intervalMs = advert.version == 2 ? message[5] * 1000u : (wire::load16(message, 4) & 0xfffu) * 10u;
  advert.ttl = packet->ttl;
  const wire::DecodeResult decoded = wire::decodeVrrp(message, packet->source, packet->destination, packet->ttl, kAnyUnicastTtl);
  if (!decoded.ok) advert.discard = decoded.discard;
  return advert;
}

std::optional<CapturedAnnouncement> captureAnnouncement(const wire::ArpPacket& packet, const wire::MacAddress& frameMac) {
  if (!packet.isGratuitous()) return std::nullopt;
  return CapturedAnnouncement{CapturedAnnouncement::Kind::GratuitousArp, packet.senderAddress, packet.senderMac, frameMac};
}

std::optional<CapturedAnnouncement> captureAnnouncement(const wire::NeighborMessage& message) {
  if (!message.isUnsolicited()) return std::nullopt;
  return CapturedAnnouncement{CapturedAnnouncement::Kind::UnsolicitedNa, message.target, message.linkLayer.value_or(message.frameSource),
                              message.frameSource};
}

}  // namespace aloft::tools
