#pragma once
// The Internet checksum (RFC 1071), fed in pieces.

#include <cstddef>
#include <cstdint>
#include <span>

#include "wire/ipAddress.h"

namespace aloft::wire {

/// Sums pieces of a message; a piece may have an odd length, the next one goes on at the odd byte.
class InternetChecksum {
 public:
  InternetChecksum& add(std::span<const std::uint8_t> piece) {
    std::size_t at = 0;
    if (odd_ && !piece.empty()) {
      sum_ += piece[at++];
      odd_ = false;
    }
    for (; at + 1 < piece.size(); at += 2) sum_ += static_cast<std::uint64_t>(piece[at] << 8 | piece[at + 1]);
    if (at < piece.size()) {
      sum_ += std::uint64_t{piece[at]} << 8;
      odd_ = true;
    }
    return *this;
  }

  /// A 16-bit number in host order, at an even offset.
  InternetChecksum& add16(std::uint16_t value) {
    sum_ += value;
    return *this;
  }

  /// The pseudo-header of IPv4 (RFC 9293 §3.1) or IPv6 (RFC 8200 §8.1), by the family of `source`. Both sum up to addresses, length and
  /// protocol.
  InternetChecksum& addPseudoHeader(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol, std::size_t length) {
    add(source.view());
    add(destination.view());
    add16(static_cast<std::uint16_t>(length >> 16));
    add16(static_cast<std::uint16_t>(length));
    return add16(protocol);
  }

  /// What goes into the checksum field, in host order. Over a message that holds a right checksum it is 0.
  std::uint16_t finish() const {
    std::uint64_t sum = sum_;
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
  }

 private:
  std::uint64_t sum_ = 0;
  bool odd_ = false;
};

}  // namespace aloft::wire
