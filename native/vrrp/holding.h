#pragma once
// The addresses of one virtual router: asked for, held, announced, released. What a MASTER does beside sending adverts.

#include "vrrp/deadlineHeap.h"
#include "vrrp/outbox.h"

namespace aloft::vrrp {

/// Follows the actuator, which works on another thread: each request is answered later by handleActuated(), perhaps after the next
/// request was made, and only the latest request counts. A request that failed, or that the kernel has undone since, is made again after
/// 100 ms, 200 ms, … 10 s.
class Holding {
 public:
  /// As MASTER, or with new addresses as MASTER: the kernel shall have exactly the router's addresses. They are announced once it has.
  void hold(Outbox& out);
  /// The kernel shall have none of them. Does nothing when it has none as far as is known.
  void release(Outbox& out);
  /// Neither asks for the addresses nor removes them: what the kernel has becomes residue.
  void disown();

  /// Announces nothing until unmute(): while the gate is shut, announcements would not leave, and no neighbour may follow them yet.
  void setMuted(bool muted) { muted_ = muted; }
  /// Announces the addresses if the kernel has them.
  void unmute(Outbox& out);

  void handleActuated(const Actuated& result, Outbox& out);
  void handleTimeout(Outbox& out);
  /// Tells the neighbours again, because somebody else claimed the addresses meanwhile. At most once a second, however many claims come:
  /// the repeats outlast those in between.
  void announceAgain(Outbox& out);
  /// The same without the limit, for another MAC address.
  void announceAnew(Outbox& out);
  /// One announcement, no series.
  void announceOnce(Outbox& out);

  TimePoint nextDeadline() const { return std::min(std::min(retryAt_, announceAt_), refreshAt_); }
  bool held() const { return held_; }
  /// The kernel has the addresses, and said so since hold(): not that it had them before an earlier release was carried out.
  bool isConfirmed() const { return held_ && confirmed_; }
  int error() const { return error_; }
  /// The kernel has, or is about to have, addresses that nobody asked for: a predecessor left them, or this process when it overslept.
  bool isResidue() const { return wanted_ == Wanted::Whatever && (held_ || asked_); }
  /// The kernel has none, and none is on the way.
  bool isClear() const { return !held_ && !asked_; }

 private:
  enum class Wanted : std::uint8_t { Whatever, Held, Released };

  void ask(Outbox& out);
  void announce(Outbox& out);
  void silence();
  bool mayAnnounce() const { return wanted_ == Wanted::Held && held_ && !muted_; }

  Wanted wanted_ = Wanted::Whatever;
  bool asked_ = false;      // HoldAddresses has not been answered yet
  bool held_ = false;       // by the last answer
  bool confirmed_ = false;  // answered since the last hold()
  bool announced_ = false;  // since the last hold()
  bool muted_ = false;
  int error_ = 0;  // of the last answer
  std::uint8_t failures_ = 0;
  std::uint8_t repeat_ = 0;  // index of the announcement that is due at announceAt_
  TimePoint announcedAt_ = TimePoint::min();
  TimePoint announceAt_ = kNever;
  TimePoint refreshAt_ = kNever;
  TimePoint retryAt_ = kNever;
};

}  // namespace aloft::vrrp
