#pragma once
// Whole Ethernet frames out of any interface: gratuitous ARP, unsolicited NA, and multicast adverts.

#include <array>
#include <cstdint>
#include <span>

#include "os/fd.h"
#include "os/result.h"

namespace aloft::os {

/// A send-only packet socket; it receives nothing and joins nothing. Sending takes no lock of rtnetlink. Needs CAP_NET_RAW.
class PacketSocket {
 public:
  static constexpr std::size_t kBatch = 64;
  static constexpr std::size_t kMaxFrame = 1536;
  struct Frame {
    std::uint32_t ifindex = 0;
    std::size_t size = 0;
    std::array<std::uint8_t, kMaxFrame> bytes;
  };

  static Result<PacketSocket> open();
  /// Sends up to kBatch frames, each out of its interface. Returns the indices of those that failed (interface down or gone, queue full);
  /// valid until the next call.
  std::span<const std::size_t> send(std::span<const Frame> frames);

 private:
  explicit PacketSocket(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
  std::array<std::size_t, kBatch> failed_{};
};

}  // namespace aloft::os
