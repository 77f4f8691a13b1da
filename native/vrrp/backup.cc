// BACKUP, RFC 9568 §6.4.2, RFC 3768 §6.4.2: what is heard, how long it is waited for, and what forbids the takeover.

#include "vrrp/virtualRouter.h"

namespace aloft::vrrp {

using wire::IpAddress;
using wire::VrrpAdvert;

void VirtualRouter::receiveAsBackup(const VrrpAdvert& advert, const IpAddress& source, Outbox& out) {
  if (advert.priority == kResign) {
    run_.heard = Heard::Resignation;
    armActiveDown(out);
    return;
  }
  conflict_.settle();
  if (isLingering()) {
    heedSuccessor(out);
  } else if (holding_.isResidue()) {
    if (isBetter(advert, source)) out.sendAdvert(run_.priority);  // its farewell, see virtualRouter.h
    releaseNow(out);
  }
  if (advert.priority < run_.priority && preempts(out.now)) {
    run_.heard = Heard::LowerPriority;  // discarded: the timer goes on
    return;
  }
  run_.heard = Heard::Master;
  run_.interval = fromWire(advert.version, advert.interval);
  armActiveDown(out);
}

void VirtualRouter::activeDownTimerFired(Outbox& out) {
  if (overslept(out.now)) {
    if (run_.heard == Heard::Resignation) run_.heard = Heard::Master;  // too long ago: the whole interval, not Skew_Time
    armActiveDown(out);
    return;
  }
  if (isHeldUpByClaim(out)) return;
  if (group_ == nullptr) {
    becomeMaster(takeoverReason(), out);
    return;
  }
  run_.deadline = kNever;
  run_.wishesMaster = true;
  group_->wished(*this);
}

/// A takeover is at hand, and it would be the first one: whether a claim forbids it.
bool VirtualRouter::isHeldUpByClaim(Outbox& out) {
  if (!conflict_.looks(config_) || !conflict_.isClaimed()) return false;
  conflict_.tell(out);
  if (config_.conflicts != ConflictPolicy::Enforce) return false;
  conflict_.holdBack(out.now, activeDown());
  return true;
}

/// Held back by a claim, it looks again and again, and goes on when the claim is gone.
void VirtualRouter::conflictTimerFired(Outbox& out) {
  conflict_.handleTimeout(out);
  if (!conflict_.isOver(out.now)) return;
  if (conflict_.isClaimed()) {
    conflict_.tell(out);
    conflict_.holdBack(out.now, activeDown());
  } else {
    conflict_.letGo();
  }
}

void VirtualRouter::settleConflict(const Context& context) {
  if (conflict_.holdsBack() == (ownFault_ == Reason::AddressConflict)) return;
  assess(context.host);
  settleFault(context);
}

Reason VirtualRouter::takeoverReason() const {
  // By Heard. Who handed over and comes back has heard nobody since.
  constexpr Reason kReasons[] = {Reason::FirstElection, Reason::AdvertTimeout, Reason::PeerResigned, Reason::Preempted,
                                 Reason::AdvertTimeout};
  return kReasons[static_cast<std::size_t>(run_.heard)];
}

bool VirtualRouter::preempts(TimePoint now) const {
  if (config_.priority == kOwnerPriority) return true;
  return config_.preempt && !run_.yields && now >= run_.startedAt + config_.preemptDelay;
}

void VirtualRouter::armActiveDown(Outbox& out) {
  forgetWish();
  run_.armedAt = std::max(out.now, run_.electionsFrom);
  run_.deadline = run_.armedAt + activeDown();
}

void VirtualRouter::forgetWish() { run_.wishesMaster = false; }

/// How long BACKUP waits: Skew_Time after a resignation, else Active_Down_Interval. After our own resignation any peer goes first: the
/// longest Skew_Time, a quarter of it for its advert to come, then our own.
Duration VirtualRouter::activeDown() const {
  const Duration skew = skewTime(config_.version, run_.priority, run_.interval);
  if (run_.heard == Heard::Resignation) return skew;
  if (run_.heard == Heard::HandedOver) return skewTime(config_.version, 1, run_.interval) * 5 / 4 + skew;
  return activeDownInterval(config_.version, run_.priority, run_.interval, config_.downTimerAdverts);
}

}  // namespace aloft::vrrp
