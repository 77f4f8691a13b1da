#pragma once
// Foreign claims of a virtual router's addresses (RFC 5227): looked for before the first takeover, defended against as MASTER.

#include "vrrp/deadlineHeap.h"
#include "vrrp/outbox.h"
#include "vrrp/rateLimit.h"

namespace aloft::vrrp {

/// Only a first takeover is ever held up: once this process was MASTER, or has heard one, whoever answers for the addresses is part of the
/// election. A claim that comes while nobody was heard may still be a MASTER's, whose advert comes next: it counts at the end of the look.
class AddressConflict {
 public:
  /// Whether to look before taking over.
  bool looks(const RouterConfig& config) const;
  /// Begins a look: three probes in the second half of `span`, in the first a living MASTER will have been heard.
  void look(TimePoint from, Duration span);
  /// There is nothing to look for any more.
  void settle();

  /// Somebody answers for an address.
  void handleClaim(const ConflictSeen& claim, TimePoint now);
  /// Somebody did since the look began.
  bool isClaimed() const { return claimed_; }
  /// Tells people of the last claim.
  void tell(Outbox& out);

  /// The look found a claim: nobody takes over. Looks again.
  void holdBack(TimePoint now, Duration span);
  bool holdsBack() const { return heldBack_; }
  /// When held back: the present look is over, with or without a claim.
  bool isOver(TimePoint now) const { return heldBack_ && now >= endsAt_; }
  void letGo() { heldBack_ = false; }
  /// In FAULT for another reason there is nothing to take over: BACKUP will look again.
  void rest() { claimed_ = heldBack_ = false, probe_ = kProbes; }

  /// As MASTER: whether an announcement is due against the claim, every 10 s at most.
  bool defends(TimePoint now) { return defences_.allow(now); }

  void handleTimeout(Outbox& out);
  TimePoint nextDeadline() const;
  void fill(RouterStatus& status) const;

 private:
  static constexpr int kProbes = 3;
  TimePoint probeAt() const;

  bool settled_ = false;
  bool claimed_ = false;
  bool heldBack_ = false;
  int probe_ = kProbes;  // the next one
  TimePoint beganAt_{};
  TimePoint endsAt_{};
  ConflictSeen claim_;  // the last one
  TimePoint claimedAt_{};
  ConflictSeen told_;
  TimePoint toldAt_{};
  RateLimit notices_{kNoticePeriod};
  RateLimit defences_{std::chrono::seconds(10)};  // DEFEND_INTERVAL, RFC 5227 §1.1
};

}  // namespace aloft::vrrp
