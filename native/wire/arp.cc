#include "wire/arp.h"

#include "wire/ethernet.h"

// Behind the Ethernet header (14 bytes), RFC 826 for IPv4 over Ethernet:
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |       Hardware type = 1       |    Protocol type = 0x0800     |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   | HW length = 6 | Pr length = 4 |           Operation           |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |           Sender hardware address (6), protocol address (4)   |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |           Target hardware address (6), protocol address (4)   |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

namespace aloft::wire {
namespace {

constexpr std::size_t kOperationAt = 20;
constexpr std::size_t kSenderAt = 22;
constexpr std::size_t kTargetAt = 32;
/// Hardware type, protocol type and both lengths.
constexpr std::array<std::uint8_t, 6> kIPv4OverEthernet = {0, 1, 8, 0, 6, 4};

ArpFrame encode(const ArpPacket& packet, const MacAddress& destination) {
  ArpFrame frame{};
  writeEthernetHeader(frame, destination, packet.senderMac, kEtherTypeArp);
  storeBytes(frame, kEthernetHeaderSize, kIPv4OverEthernet);
  store16(frame, kOperationAt, static_cast<std::uint16_t>(packet.operation));
  storeBytes(frame, kSenderAt, packet.senderMac);
  storeBytes(frame, kSenderAt + 6, packet.senderAddress.view().first(4));
  storeBytes(frame, kTargetAt, packet.targetMac);
  storeBytes(frame, kTargetAt + 6, packet.targetAddress.view().first(4));
  return frame;
}

}  // namespace

ArpFrame encodeGratuitousArp(const MacAddress& mac, const IpAddress& address) {
  return encode({ArpOperation::Request, mac, address, mac, address}, kBroadcastMac);
}

ArpFrame encodeArpRequest(const MacAddress& mac, const IpAddress& sender, const IpAddress& target) {
  // RFC 5227 §1.1: the target hardware address is ignored and should be zero.
  return encode({ArpOperation::Request, mac, sender, {}, target}, kBroadcastMac);
}

ArpFrame encodeArpProbe(const MacAddress& mac, const IpAddress& target) { return encodeArpRequest(mac, IpAddress{}, target); }

ArpFrame encodeArpReply(const MacAddress& mac, const ArpPacket& request) {
  return encode({ArpOperation::Reply, mac, request.targetAddress, request.senderMac, request.senderAddress}, request.senderMac);
}

std::optional<ArpPacket> decodeArp(std::span<const std::uint8_t> frame) {
  if (frame.size() < kArpFrameSize || etherType(frame) != kEtherTypeArp) return std::nullopt;
  const auto kind = frame.subspan(kEthernetHeaderSize, kIPv4OverEthernet.size());
  if (!std::equal(kind.begin(), kind.end(), kIPv4OverEthernet.begin())) return std::nullopt;
  const std::uint16_t operation = load16(frame, kOperationAt);
  if (operation != 1 && operation != 2) return std::nullopt;
  return ArpPacket{static_cast<ArpOperation>(operation), loadMac(frame, kSenderAt), loadAddress(frame, kSenderAt + 6, Family::IPv4),
                   loadMac(frame, kTargetAt), loadAddress(frame, kTargetAt + 6, Family::IPv4)};
}

}  // namespace aloft::wire
