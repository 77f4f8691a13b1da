#pragma once
// Questions for the owner of an address that teach nobody anything, and whose answers name them. Pure. See README.md.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "wire/arp.h"
#include "wire/ipAddress.h"
#include "wire/ndisc.h"

namespace aloft::tools {

/// Questions bear one of so many MAC addresses, in turn.
inline constexpr std::uint64_t kQuestionMacs = 64;

/// An answer to one of our questions.
struct Answer {
  wire::IpAddress address;   ///< that was asked for
  std::uint64_t number = 0;  ///< of the question, modulo kQuestionMacs
  wire::MacAddress mac{};    ///< that the answer gives
};

class Questions {
 public:
  /// `own` is the MAC address of the interface.
  explicit Questions(const wire::MacAddress& own);

  /// The frame that asks who has `target`. Good until the next call.
  std::span<const std::uint8_t> frame(const wire::IpAddress& target, std::uint64_t sequence);
  bool isOurs(const wire::MacAddress& mac) const;
  std::optional<Answer> match(const wire::ArpPacket& packet) const;
  std::optional<Answer> match(const wire::NeighborMessage& message) const;

  /// The latest sequence before `next` that has this number.
  static std::uint64_t sequenceOf(std::uint64_t number, std::uint64_t next);

 private:
  wire::MacAddress mac(std::uint64_t sequence) const;

  wire::MacAddress base_{};
  wire::ArpFrame arp_{};
  wire::NeighborFrame neighbor_{};
};

}  // namespace aloft::tools
