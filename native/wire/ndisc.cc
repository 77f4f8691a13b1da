#include "wire/ndisc.h"

#include "wire/checksum.h"
#include "wire/ethernet.h"

// Behind the Ethernet header (14 bytes) and the IPv6 header (40 bytes), RFC 4861 §4.3 (NS) and §4.4 (NA):
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |  Type 135/136 |   Code = 0    |          Checksum             |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |R|S|O|                     Reserved  (flags in NA only)        |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                       Target Address (16)                     |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   | Option type   |  Length (×8)  |    Link-Layer Address (6)     |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

namespace aloft::wire {
namespace {

constexpr std::size_t kIpAt = kEthernetHeaderSize;
constexpr std::size_t kMessageAt = kIpAt + 40;
constexpr std::size_t kMessageSize = 24;
constexpr std::size_t kOptionSize = 8;
constexpr std::uint8_t kIcmp6 = 58;
constexpr std::uint8_t kHopLimit = 255;
constexpr std::uint8_t kSourceLinkLayer = 1;
constexpr std::uint8_t kTargetLinkLayer = 2;
constexpr std::uint8_t kRouterFlag = 0x80;
constexpr std::uint8_t kSolicitedFlag = 0x40;
constexpr std::uint8_t kOverrideFlag = 0x20;

constexpr IpAddress kAllNodes = {Family::IPv6, {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

bool isMulticast(const IpAddress& address) { return address.bytes[0] == 0xff; }

std::uint8_t linkLayerOption(NeighborMessage::Kind kind) {
  return kind == NeighborMessage::Kind::Solicitation ? kSourceLinkLayer : kTargetLinkLayer;
}

std::uint8_t flags(const NeighborMessage& message) {
  return static_cast<std::uint8_t>((message.router ? kRouterFlag : 0) | (message.solicited ? kSolicitedFlag : 0) |
                                   (message.override ? kOverrideFlag : 0));
}

/// Writes the frame; `bytes`, all zero, has room for the option exactly when `message.linkLayer` is set.
void encode(const NeighborMessage& message, const MacAddress& frameDestination, std::span<std::uint8_t> bytes) {
  writeEthernetHeader(bytes, frameDestination, message.frameSource, kEtherTypeIPv6);
  bytes[kIpAt] = 0x60;
  store16(bytes, kIpAt + 4, static_cast<std::uint16_t>(bytes.size() - kMessageAt));
  bytes[kIpAt + 6] = kIcmp6;
  bytes[kIpAt + 7] = kHopLimit;
  storeBytes(bytes, kIpAt + 8, message.source.bytes);
  storeBytes(bytes, kIpAt + 24, message.destination.bytes);

  const std::span<std::uint8_t> icmp = bytes.subspan(kMessageAt);
  icmp[0] = static_cast<std::uint8_t>(message.kind);
  icmp[4] = flags(message);
  storeBytes(icmp, 8, message.target.bytes);
  if (message.linkLayer) {
    icmp[kMessageSize] = linkLayerOption(message.kind);
    icmp[kMessageSize + 1] = 1;
    storeBytes(icmp, kMessageSize + 2, *message.linkLayer);
  }
  store16(icmp, 2, InternetChecksum{}.addPseudoHeader(message.source, message.destination, kIcmp6, icmp.size()).add(icmp).finish());
}

NeighborFrame encode(const NeighborMessage& message, const MacAddress& frameDestination) {
  NeighborFrame frame{};
  encode(message, frameDestination, frame);
  return frame;
}

/// False when an option is malformed (RFC 4861 §7.1: a length of zero).
bool readOptions(std::span<const std::uint8_t> options, NeighborMessage& message) {
  while (!options.empty()) {
    const std::size_t length = options.size() < 2 ? 0 : options[1] * kOptionSize;
    if (length == 0 || length > options.size()) return false;
    if (options[0] == linkLayerOption(message.kind) && length == kOptionSize) message.linkLayer = loadMac(options, 2);
    options = options.subspan(length);
  }
  return true;
}

/// RFC 4861 §7.1.1 and §7.1.2, what concerns the addresses.
bool hasValidAddresses(const NeighborMessage& message) {
  if (isMulticast(message.target)) return false;
  if (message.kind == NeighborMessage::Kind::Advertisement) return !(isMulticast(message.destination) && message.solicited);
  if (!message.source.isUnspecified()) return true;
  return message.destination == solicitedNodeAddress(message.target) && !message.linkLayer;
}

/// The ICMPv6 message of an IPv6 frame without extension headers and with hop limit 255; empty for anything else.
std::span<const std::uint8_t> icmp6Of(std::span<const std::uint8_t> frame) {
  if (frame.size() < kMessageAt + kMessageSize || etherType(frame) != kEtherTypeIPv6 || frame[kIpAt] >> 4 != 6) return {};
  if (frame[kIpAt + 6] != kIcmp6 || frame[kIpAt + 7] != kHopLimit) return {};
  const std::size_t length = load16(frame, kIpAt + 4);
  if (length < kMessageSize || length > frame.size() - kMessageAt) return {};
  return frame.subspan(kMessageAt, length);
}

}  // namespace

NeighborFrame encodeUnsolicitedNa(const MacAddress& mac, const IpAddress& target) {
  NeighborMessage message{NeighborMessage::Kind::Advertisement, mac, target, kAllNodes, target, mac};
  message.router = true;
  message.override = true;
  return encode(message, multicastMac6(kAllNodes));
}

NeighborFrame encodeSolicitedNa(const MacAddress& mac, const NeighborMessage& solicitation) {
  NeighborMessage message{NeighborMessage::Kind::Advertisement, mac, solicitation.target, solicitation.source, solicitation.target, mac};
  message.router = true;
  message.override = true;
  message.solicited = !solicitation.source.isUnspecified();
  if (!message.solicited) message.destination = kAllNodes;
  return encode(message, message.solicited ? solicitation.linkLayer.value_or(solicitation.frameSource) : multicastMac6(kAllNodes));
}

NeighborFrame encodeNeighborSolicitation(const MacAddress& mac, const IpAddress& source, const IpAddress& target) {
  const IpAddress group = solicitedNodeAddress(target);
  return encode({NeighborMessage::Kind::Solicitation, mac, source, group, target, mac}, multicastMac6(group));
}

ProbeFrame encodeDuplicateAddressProbe(const MacAddress& mac, const IpAddress& target) {
  ProbeFrame frame{};
  const IpAddress group = solicitedNodeAddress(target);
  const IpAddress unspecified{Family::IPv6, {}};
  encode({NeighborMessage::Kind::Solicitation, mac, unspecified, group, target, std::nullopt}, multicastMac6(group), frame);
  return frame;
}

IpAddress solicitedNodeAddress(const IpAddress& target) {
  IpAddress group{Family::IPv6, {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff}};
  std::copy(target.bytes.begin() + 13, target.bytes.end(), group.bytes.begin() + 13);
  return group;
}

MacAddress multicastMac6(const IpAddress& group) {
  return {0x33, 0x33, group.bytes[12], group.bytes[13], group.bytes[14], group.bytes[15]};
}

std::optional<NeighborMessage> decodeNeighbor(std::span<const std::uint8_t> frame) {
  const std::span<const std::uint8_t> icmp = icmp6Of(frame);
  if (icmp.empty() || icmp[1] != 0) return std::nullopt;
  NeighborMessage message;
  message.kind = static_cast<NeighborMessage::Kind>(icmp[0]);
  const bool advertisement = message.kind == NeighborMessage::Kind::Advertisement;
  if (!advertisement && message.kind != NeighborMessage::Kind::Solicitation) return std::nullopt;
  message.frameSource = loadMac(frame, 6);
  message.source = loadAddress(frame, kIpAt + 8, Family::IPv6);
  message.destination = loadAddress(frame, kIpAt + 24, Family::IPv6);
  message.target = loadAddress(icmp, 8, Family::IPv6);
  message.router = advertisement && (icmp[4] & kRouterFlag) != 0;
  message.solicited = advertisement && (icmp[4] & kSolicitedFlag) != 0;
  message.override = advertisement && (icmp[4] & kOverrideFlag) != 0;
  const auto sum = InternetChecksum{}.addPseudoHeader(message.source, message.destination, kIcmp6, icmp.size()).add(icmp).finish();
  if (sum != 0 || !readOptions(icmp.subspan(kMessageSize), message) || !hasValidAddresses(message)) return std::nullopt;
  return message;
}

}  // namespace aloft::wire
