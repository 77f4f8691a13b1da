#pragma once
// What the capture records of a frame: adverts and announcements. Pure.

#include <cstdint>
#include <optional>
#include <span>

#include "wire/arp.h"
#include "wire/ndisc.h"
#include "wire/vrrp.h"

namespace aloft::tools {

struct CapturedAdvert {
  wire::IpAddress source;
  wire::IpAddress destination;
  wire::MacAddress mac{};  ///< sender of the frame
  std::uint8_t version = 0;
  std::uint8_t virtualRouterId = 0;
  std::uint8_t priority = 0;
  std::uint32_t intervalMs = 0;
  std::uint8_t addresses = 0;
  std::uint8_t ttl = 0;
  std::optional<wire::Discard> discard;  ///< why a receiver must discard it
};

/// Nothing when the frame holds no VRRP message with a whole header.
std::optional<CapturedAdvert> captureAdvert(std::span<const std::uint8_t> frame);

struct CapturedAnnouncement {
  enum class Kind : std::uint8_t { GratuitousArp, UnsolicitedNa };
  Kind kind = Kind::GratuitousArp;
  wire::IpAddress address;
  wire::MacAddress mac{};       ///< that is announced
  wire::MacAddress frameMac{};  ///< sender of the frame
};

/// A gratuitous ARP in either form.
std::optional<CapturedAnnouncement> captureAnnouncement(const wire::ArpPacket& packet, const wire::MacAddress& frameMac);
/// An unsolicited Neighbor Advertisement.
std::optional<CapturedAnnouncement> captureAnnouncement(const wire::NeighborMessage& message);

}  // namespace aloft::tools
