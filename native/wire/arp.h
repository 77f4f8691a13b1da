#pragma once
// ARP for IPv4 over Ethernet (RFC 826, RFC 5227) as whole frames, ready for a packet socket. Pure, no allocation.

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "wire/ipAddress.h"

namespace aloft::wire {

inline constexpr std::uint16_t kEtherTypeArp = 0x0806;
/// Without the padding to 60 bytes, which the driver adds.
inline constexpr std::size_t kArpFrameSize = 42;
using ArpFrame = std::array<std::uint8_t, kArpFrameSize>;

enum class ArpOperation : std::uint16_t { Request = 1, Reply = 2 };

struct ArpPacket {
  ArpOperation operation = ArpOperation::Request;
  MacAddress senderMac{};
  IpAddress senderAddress;
  MacAddress targetMac{};
  IpAddress targetAddress;

  /// An announcement in either form (RFC 5227 §1.1, §3): the sender speaks of itself.
  bool isGratuitous() const { return senderAddress == targetAddress && !senderAddress.isUnspecified(); }
  /// RFC 5227 §1.1: a question that teaches nobody anything.
  bool isProbe() const { return operation == ArpOperation::Request && senderAddress.isUnspecified(); }
};

/// A gratuitous ARP in the request form. Linux takes it whenever it comes, whereas the reply form is ignored within a second
/// of the last change of the entry (`locktime`). The target hardware address is `mac` (RFC 9568 §6.4.2, erratum 7949); nobody reads it.
ArpFrame encodeGratuitousArp(const MacAddress& mac, const IpAddress& address);
/// "Who has `target`?", broadcast.
ArpFrame encodeArpRequest(const MacAddress& mac, const IpAddress& sender, const IpAddress& target);
/// RFC 5227 §2.1.1.
ArpFrame encodeArpProbe(const MacAddress& mac, const IpAddress& target);
/// Answers `request` with `mac`, unicast to who asked.
ArpFrame encodeArpReply(const MacAddress& mac, const ArpPacket& request);

/// Decodes an Ethernet frame, padded or not. Nothing when it is no ARP request or reply for IPv4 over Ethernet.
std::optional<ArpPacket> decodeArp(std::span<const std::uint8_t> frame);

}  // namespace aloft::wire
