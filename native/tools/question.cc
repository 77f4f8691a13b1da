#include "tools/question.h"

#include <algorithm>

namespace aloft::tools {
namespace {

/// fe80:: and the modified EUI-64 of the MAC address (RFC 4291, appendix A).
wire::IpAddress linkLocal(const wire::MacAddress& mac) {
  const auto first = static_cast<std::uint8_t>(mac[0] ^ 2);
  return {wire::Family::IPv6, {0xfe, 0x80, 0, 0, 0, 0, 0, 0, first, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]}};
}

}  // namespace

// 06: a unicast address, administered locally.
Questions::Questions(const wire::MacAddress& own) : base_{0x06, own[2], own[3], own[4], own[5], 0} {}

wire::MacAddress Questions::mac(std::uint64_t sequence) const {
  wire::MacAddress result = base_;
  result[5] = static_cast<std::uint8_t>(sequence % kQuestionMacs);
  return result;
}

bool Questions::isOurs(const wire::MacAddress& mac) const {
  return std::equal(mac.begin(), mac.begin() + 5, base_.begin()) && mac[5] < kQuestionMacs;
}

std::span<const std::uint8_t> Questions::frame(const wire::IpAddress& target, std::uint64_t sequence) {
  const wire::MacAddress asker = mac(sequence);
  if (target.family == wire::Family::IPv4) {
    arp_ = wire::encodeArpProbe(asker, target);
    return arp_;
  }
  neighbor_ = wire::encodeNeighborSolicitation(asker, linkLocal(asker), target);
  return neighbor_;
}

std::optional<Answer> Questions::match(const wire::ArpPacket& packet) const {
  if (packet.operation != wire::ArpOperation::Reply || !isOurs(packet.targetMac)) return std::nullopt;
  return Answer{packet.senderAddress, packet.targetMac[5], packet.senderMac};
}

std::optional<Answer> Questions::match(const wire::NeighborMessage& message) const {
  const std::uint8_t number = message.destination.bytes[15];
  if (!message.solicited || number >= kQuestionMacs || message.destination != linkLocal(mac(number))) return std::nullopt;
  return Answer{message.target, number, message.linkLayer.value_or(message.frameSource)};
}

std::uint64_t Questions::sequenceOf(std::uint64_t number, std::uint64_t next) {
  const std::uint64_t back = (next + kQuestionMacs - 1 - number) % kQuestionMacs;
  return next - 1 - back;  // wraps to a sequence that no window knows when there was none
}

}  // namespace aloft::tools
