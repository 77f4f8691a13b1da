#include "vrrp/addressConflict.h"

namespace aloft::vrrp {

bool AddressConflict::looks(const RouterConfig& config) const {
  return !settled_ && config.conflicts != ConflictPolicy::Off && config.priority != kOwnerPriority;
}

void AddressConflict::look(TimePoint from, Duration span) {
  claimed_ = false;
  probe_ = 0;
  beganAt_ = from;
  endsAt_ = from + span;
}

void AddressConflict::settle() {
  settled_ = true;
  claimed_ = heldBack_ = false;
  probe_ = kProbes;
}

void AddressConflict::handleClaim(const ConflictSeen& claim, TimePoint now) {
  claimed_ = true;
  claim_ = claim;
  claimedAt_ = now;
}

void AddressConflict::tell(Outbox& out) {
  told_ = claim_;
  toldAt_ = claimedAt_;
  if (notices_.allow(out.now)) out.notice(Notice::AddressConflict, told_.address, told_.mac, {});
}

void AddressConflict::holdBack(TimePoint now, Duration span) {
  heldBack_ = true;
  look(now, span);
}

/// At 3/6, 4/6 and 5/6 of the look.
TimePoint AddressConflict::probeAt() const { return beganAt_ + (endsAt_ - beganAt_) * (3 + probe_) / 6; }

void AddressConflict::handleTimeout(Outbox& out) {
  if (probe_ == kProbes || out.now < probeAt()) return;
  while (probe_ < kProbes && out.now >= probeAt()) ++probe_;
  out.probeAddresses();
}

TimePoint AddressConflict::nextDeadline() const {
  if (probe_ < kProbes) return probeAt();
  return heldBack_ ? endsAt_ : kNever;
}

void AddressConflict::fill(RouterStatus& status) const {
  status.conflictAddress = told_.address;
  status.conflictMac = told_.mac;
  status.conflictAt = toldAt_;
}

}  // namespace aloft::vrrp
