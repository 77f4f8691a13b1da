#pragma once
// Gratuitous ARP and unsolicited NA, and questions for addresses before they are claimed: thousands of frames after a takeover of
// everything, sent a batch at a time between adverts.

#include <array>
#include <cstdint>

#include "os/packetSocket.h"
#include "vrrp/engine.h"

namespace aloft::runtime {

class Announcer {
 public:
  explicit Announcer(os::PacketSocket& socket) : socket_(socket) {}

  /// Queues `copies` announcements of each address of a virtual router. When the queue is full it is left out: the engine repeats them.
  void announce(vrrp::RouterId router, std::uint8_t copies) { push({router, Kind::Announcement, copies, 0}); }
  /// Queues one question for each address.
  void probe(vrrp::RouterId router) { push({router, Kind::Probe, 1, 0}); }
  /// Forgets what is queued for a virtual router: it is not MASTER any more.
  void cancel(vrrp::RouterId router);

  /// Sends a batch of frames if one is due. `now` is the caller's.
  void sendSome(const vrrp::Engine& engine, vrrp::TimePoint now);
  /// When sendSome() has something to do next; TimePoint::max() when nothing is queued.
  vrrp::TimePoint nextDeadline() const { return count_ == 0 ? vrrp::TimePoint::max() : nextBatch_; }

  std::uint64_t failures() const { return failures_; }

 private:
  /// Pace of a burst: 128,000 frames a second, so that the queue of an interface never overflows and an advert waits for 64 frames at most.
  static constexpr vrrp::Duration kBetweenBatches = std::chrono::microseconds(500);

  enum class Kind : std::uint8_t { Announcement, Probe };
  static constexpr std::size_t kQueue = 4096;
  struct Entry {
    vrrp::RouterId router = 0;
    Kind kind{};
    std::uint8_t copiesLeft = 0;
    std::uint32_t nextAddress = 0;
  };

  Entry& at(std::size_t position) { return queue_[(begin_ + position) % kQueue]; }
  void push(const Entry& entry);
  void popFront();
  /// Fills frames from `used` on with what the entry has next. Returns how many are used then.
  std::size_t fill(Entry& entry, const vrrp::Engine& engine, std::size_t used);

  os::PacketSocket& socket_;
  std::array<Entry, kQueue> queue_{};
  std::size_t begin_ = 0;
  std::size_t count_ = 0;
  vrrp::TimePoint nextBatch_{};
  std::uint64_t failures_ = 0;
  std::array<os::PacketSocket::Frame, os::PacketSocket::kBatch> frames_{};
};

}  // namespace aloft::runtime
