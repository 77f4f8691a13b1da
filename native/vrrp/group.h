#pragma once
// A sync group: virtual routers that are MASTER together or not at all, whatever their family and interface.

#include <cstdint>
#include <span>
#include <vector>

#include "vrrp/effect.h"
#include "vrrp/host.h"

namespace aloft::vrrp {

class VirtualRouter;

/// As keepalived: a member in FAULT keeps all out; a group takes over when the timers of all its members have run out, all in one moment; a
/// member that gives way takes all along.
///
/// Two nodes may be the better one in one member each, by priority or by address, and become MASTER in one moment. Were each to give way
/// where it is the lesser, both would, again and again. So the first member decides (by family, VRID and key: the same on all nodes), and
/// another one that hears a better router only makes the group give way when the first has beaten nobody meanwhile: when that is cut off,
/// or the other router is not of a group.
class Group {
 public:
  explicit Group(std::vector<VirtualRouter*> members);

  const std::vector<VirtualRouter*>& members() const { return members_; }
  template <typename Action>
  void forEachMemory(const Action& action) const {
    action(std::as_bytes(std::span(members_)));
  }
  bool isFirst(const VirtualRouter& router) const { return &router == members_.front(); }

  /// Told by its members. What follows for the others is done by settle().
  void faultBegan() { ++faults_, stirred_ = true; }
  void faultEnded() { --faults_, stirred_ = true; }
  void left(Reason reason) { leftFor_ = reason, stirred_ = true; }
  void wished(const VirtualRouter& router) { wisher_ = &router, stirred_ = true; }
  bool hasFault() const { return faults_ > 0; }

  /// The first member, as MASTER, has heard a router that loses against it.
  void rivalBeaten(TimePoint now) { beatenAt_ = now, rivalSince_ = kNobody; }
  /// Another member, as MASTER, hears a better router: whether to give way to it.
  bool givesWay(TimePoint now, Duration rivalsInterval);

  bool isStirred() const { return stirred_; }
  /// Makes the members agree again.
  void settle(const Context& context);
  /// The same after a new configuration, which may have put together what was not: the first member decides.
  void settleJoined(const Context& context);

 private:
  static constexpr TimePoint kNobody = TimePoint::min();

  bool anyMaster() const;
  bool allWish();
  void followOut(const Context& context);
  void takeOver(const Context& context);

  std::vector<VirtualRouter*> members_;  // the first decides
  Duration interval_{};                  // the longest of its members
  std::uint32_t faults_ = 0;
  bool stirred_ = false;
  Reason leftFor_{};
  const VirtualRouter* wisher_ = nullptr;  // whose timer ran out last
  std::size_t reluctant_ = 0;              // a member that did not wish to be MASTER when last asked
  TimePoint beatenAt_ = kNobody;
  TimePoint rivalSince_ = kNobody;
};

}  // namespace aloft::vrrp
