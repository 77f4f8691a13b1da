#pragma once
// Neighbor Discovery (RFC 4861 §4.3, §4.4) over Ethernet as whole frames, ready for a packet socket. Pure, no allocation.

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "wire/ipAddress.h"

namespace aloft::wire {

inline constexpr std::uint16_t kEtherTypeIPv6 = 0x86dd;
/// Ethernet 14, IPv6 40, message 24, link-layer address option 8.
inline constexpr std::size_t kNeighborFrameSize = 86;
using NeighborFrame = std::array<std::uint8_t, kNeighborFrameSize>;
/// Without the option.
inline constexpr std::size_t kProbeFrameSize = 78;
using ProbeFrame = std::array<std::uint8_t, kProbeFrameSize>;

/// A Neighbor Solicitation or Advertisement.
struct NeighborMessage {
  enum class Kind : std::uint8_t { Solicitation = 135, Advertisement = 136 };
  Kind kind = Kind::Solicitation;
  MacAddress frameSource{};  ///< of the Ethernet header
  IpAddress source;
  IpAddress destination;
  IpAddress target;
  std::optional<MacAddress> linkLayer;  ///< source (NS) or target (NA) link-layer address option
  bool router = false;                  ///< flags of an NA
  bool solicited = false;
  bool override = false;

  bool isUnsolicited() const { return kind == Kind::Advertisement && !solicited; }
};

/// RFC 9568 §6.4.1: to all nodes, R set, S clear, O set. The source is `target` itself, which stands on the interface by then.
NeighborFrame encodeUnsolicitedNa(const MacAddress& mac, const IpAddress& target);
/// Answers `solicitation` with `mac` (RFC 4861 §7.2.4); to all nodes when it came from the unspecified address.
NeighborFrame encodeSolicitedNa(const MacAddress& mac, const NeighborMessage& solicitation);
/// "Who has `target`?" to its solicited-node multicast address. `source` must not be unspecified.
NeighborFrame encodeNeighborSolicitation(const MacAddress& mac, const IpAddress& source, const IpAddress& target);

/// The question of duplicate address detection (RFC 4862 §5.4.2): from the unspecified address, so that it teaches nobody anything. Who has
/// `target` answers to all nodes.
ProbeFrame encodeDuplicateAddressProbe(const MacAddress& mac, const IpAddress& target);

/// ff02::1:ffXX:XXXX (RFC 4291 §2.7.1).
IpAddress solicitedNodeAddress(const IpAddress& target);
/// 33:33 and the last four bytes (RFC 2464 §7).
MacAddress multicastMac6(const IpAddress& group);

/// Decodes an Ethernet frame. Nothing when it is no NS or NA, or is one that RFC 4861 §7.1.1 and §7.1.2 tell to discard
/// (hop limit, checksum, length, code, target, options). Extension headers are not followed.
std::optional<NeighborMessage> decodeNeighbor(std::span<const std::uint8_t> frame);

}  // namespace aloft::wire
