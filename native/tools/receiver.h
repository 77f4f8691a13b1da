#pragma once
// Batched reception with the kernel's time stamps.

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "tools/time.h"

namespace aloft::tools {

struct Received {
  std::span<const std::uint8_t> bytes;
  Nanoseconds atNs = 0;
};

/// Sets up a socket for receive(): time stamps, no blocking, a receive buffer that holds seconds of traffic.
/// Returns what is wrong, or an empty string.
std::string prepareReception(int fd);
/// Packets that the kernel could not queue on the socket.
std::uint64_t droppedPackets(int fd);
/// "operation: reason of errno".
std::string systemError(const std::string& operation);

class Receiver {
 public:
  Receiver();
  /// What waits on the socket, up to a batch; empty when nothing does. Good until the next call.
  std::span<const Received> receive(int fd);

 private:
  static constexpr std::size_t kBatch = 64;
  static constexpr std::size_t kPacketSize = 2048;

  struct Slot {
    alignas(cmsghdr) std::array<char, 64> control;
    std::array<std::uint8_t, kPacketSize> packet;
    iovec vector;
  };
  std::unique_ptr<std::array<Slot, kBatch>> slots_;
  std::array<mmsghdr, kBatch> headers_{};
  std::array<Received, kBatch> received_{};
};

}  // namespace aloft::tools
