#pragma once
// Gratuitous ARP and unsolicited NA: thousands of frames after a takeover of everything, sent a batch at a time between adverts.

#include <array>
#include <cstdint>

#include "os/packetSocket.h"
#include "vrrp/engine.h"

namespace aloft::runtime {

class Announcer {
 public:
  explicit Announcer(os::PacketSocket socket) : socket_(std::move(socket)) {}

  /// Queues one announcement of each address of a virtual router. When the queue is full it is left out: the engine repeats them.
  void announce(vrrp::RouterId router);
  /// Forgets what is queued for a virtual router that is not MASTER any more.
  void cancel(vrrp::RouterId router);
  /// Sends at most one batch of frames.
  void sendSome(const vrrp::Engine& engine);

  bool idle() const { return count_ == 0; }
  std::uint64_t failures() const { return failures_; }

 private:
  static constexpr std::size_t kQueue = 4096;
  struct Entry {
    vrrp::RouterId router = 0;
    std::uint32_t nextAddress = 0;
  };

  Entry& at(std::size_t position) { return queue_[(begin_ + position) % kQueue]; }
  void popFront();

  os::PacketSocket socket_;
  std::array<Entry, kQueue> queue_{};
  std::size_t begin_ = 0;
  std::size_t count_ = 0;
  std::uint64_t failures_ = 0;
  std::array<os::PacketSocket::Frame, os::PacketSocket::kBatch> frames_{};
};

}  // namespace aloft::runtime
