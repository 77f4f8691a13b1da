#pragma once
// Gratuitous ARP and unsolicited NA, and questions for addresses before they are claimed: thousands of frames after a takeover of
// everything, sent a batch at a time between adverts, or at a pace of their own where a switch wants one.

#include <array>
#include <cstdint>

#include "os/packetSocket.h"
#include "vrrp/engine.h"

namespace aloft::runtime {

class Announcer {
 public:
  explicit Announcer(os::PacketSocket& socket);

  /// Queues `copies` announcements of each address of a virtual router. When the queue is full it is left out: the engine repeats them.
  /// Where there is a pace, what waits for the router already is not added to: each address is announced `copies` times from now on.
  void announce(const vrrp::Engine& engine, vrrp::RouterId router, std::uint8_t copies);
  /// Queues one question for each address.
  void probe(vrrp::RouterId router) { push(vrrp::kNoPace, {router, Kind::Probe, 1}); }
  /// Forgets what is queued for a virtual router: it is not MASTER any more.
  void cancel(vrrp::RouterId router);
  /// After Engine::configure(): where there are, or were, paces, what is queued begins anew.
  void configure(const vrrp::Engine& engine, vrrp::TimePoint now);

  /// Sends the frames that are due, a batch at the most. `now` is the caller's.
  void sendSome(const vrrp::Engine& engine, vrrp::TimePoint now);
  /// When sendSome() has something to do next; TimePoint::max() when nothing is queued.
  vrrp::TimePoint nextDeadline() const;

  std::uint64_t failures() const { return failures_; }

 private:
  /// Pace of a burst: 128,000 frames a second, so that the queue of an interface never overflows and an advert waits for 64 frames at most.
  static constexpr vrrp::Duration kBetweenBatches = std::chrono::microseconds(500);
  /// Addresses that are looked at in one go: those of other lanes are passed over.
  static constexpr std::size_t kLooks = 512;

  enum class Kind : std::uint8_t { Announcement, Probe };
  static constexpr std::uint16_t kQueue = 4096;
  static constexpr std::uint16_t kNone = 0xffff;

  struct Entry {
    vrrp::RouterId router = 0;
    Kind kind{};
    std::uint8_t copiesLeft = 0;
    std::uint16_t next = kNone;
    std::uint32_t nextAddress = 0;
  };
  /// What waits in a lane, the first in front.
  struct Line {
    std::uint16_t first = kNone;
    std::uint16_t last = kNone;
    vrrp::TimePoint due{};
  };
  /// What is left of a call of sendSome().
  struct Budget {
    std::size_t frames;
    std::size_t looks;
  };

  void push(vrrp::Lane lane, Entry entry);
  void append(Line& line, std::uint16_t index);
  std::uint16_t takeFirst(Line& line);
  void pushOrJoin(vrrp::Lane lane, const Entry& entry);
  /// Fills frames with what the lane has next. Returns how many it were.
  std::size_t serve(vrrp::Lane lane, const vrrp::Engine& engine, Budget budget);
  std::size_t fill(Entry& entry, vrrp::Lane lane, const vrrp::Engine& engine, Budget& budget);

  os::PacketSocket& socket_;
  std::array<Entry, kQueue> entries_{};
  Line free_;
  std::array<Line, vrrp::kMaxLanes> lines_{};
  std::array<vrrp::Duration, vrrp::kMaxLanes> intervals_{};
  std::size_t lanes_ = 1;  ///< in use, that without a pace included
  std::size_t used_ = 0;   ///< of frames_
  std::uint64_t failures_ = 0;
  std::array<os::PacketSocket::Frame, os::PacketSocket::kBatch> frames_{};
};

}  // namespace aloft::runtime
