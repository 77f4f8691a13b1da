// Whether a virtual router can take part: links, source address, tracking, claims, and the group.

#include "vrrp/tracking.h"
#include "vrrp/virtualRouter.h"

namespace aloft::vrrp {

using wire::IpAddress;

const IpAddress& VirtualRouter::sourceOn(const LinkState& link) const {
  if (!config_.sourceAddress.isUnspecified()) return config_.sourceAddress;
  return config_.family == wire::Family::IPv4 ? link.primaryIPv4 : link.linkLocalIPv6;
}

std::optional<Reason> VirtualRouter::linkFault(const CheckTable& checks) const {
  if (!places_.primary->isPresent() || !places_.carrier->isPresent()) return Reason::InterfaceMissing;
  if (!places_.primary->isUp() && config_.trackPrimary) return Reason::InterfaceDown;
  const CheckState* source = config_.trackSource ? checks.find(sourceCheckOf(id_)) : nullptr;
  const bool isLost = source != nullptr && !source->up;
  if (isLost || sourceOn(places_.primary->link).isUnspecified()) return Reason::NoSourceAddress;
  return std::nullopt;
}

void VirtualRouter::assess(const Host& host) {
  const Tracking tracking = track(config_, places_, host.checks);
  assessedPriority_ = tracking.priority;
  std::optional<Reason> fault = linkFault(host.checks);
  if (!fault) fault = tracking.fault;
  if (!fault && conflict_.holdsBack()) fault = Reason::AddressConflict;
  const bool began = fault && !ownFault_;
  const bool ended = !fault && ownFault_;
  ownFault_ = fault;
  if (group_ == nullptr) return;
  if (began) group_->faultBegan();
  if (ended) group_->faultEnded();
}

std::optional<Reason> VirtualRouter::fault() const {
  if (ownFault_) return ownFault_;
  return group_ != nullptr && group_->hasFault() ? std::optional(Reason::SyncGroup) : std::nullopt;
}

/// A resignation can leave: from an address that is gone, too.
bool VirtualRouter::canSend() const { return places_.primary->isUp(); }

void VirtualRouter::settle(const Context& context) {
  settleFault(context);
  if (run_.state == State::Init) {
    run_.priority = assessedPriority_;
    return;
  }
  Outbox out = outbox(context);
  if (run_.state == State::Fault) {
    takePriority(out);
    return;
  }
  settleAttachment(out);
  settlePriority(out);
}

void VirtualRouter::settleFault(const Context& context) {
  if (run_.state == State::Init || run_.leaving) return;
  Outbox out = outbox(context);
  lookFirst(out);
  if (const auto reason = fault()) {
    becomeFaulty(*reason, out);
    return;
  }
  if (run_.state != State::Fault) return;
  takePriority(out);
  settleAttachment(out);
  switch (run_.reason) {
    case Reason::InterfaceDown:
    case Reason::InterfaceMissing:
    case Reason::NoSourceAddress:
      becomeReady(Reason::InterfaceReady, out);
      break;
    case Reason::SyncGroup:
      becomeReady(Reason::SyncGroup, out);
      break;
    default:
      becomeReady(Reason::Recovered, out);
  }
}

/// As MASTER, peers are told of another source address at once; the state stays.
void VirtualRouter::settleAttachment(Outbox& out) {
  const LinkState& link = places_.primary->link;
  attachment_.ifindex = link.index;
  attachment_.mac = link.mac;
  const bool otherSource = attachment_.source != sourceOn(link);
  attachment_.source = sourceOn(link);
  updateMessages(out.now);
  if (otherSource && run_.state == State::Master) advertise(out);
}

/// Returns whether it is another one than before.
bool VirtualRouter::takePriority(Outbox& out) {
  if (run_.priority == assessedPriority_) return false;
  run_.priority = assessedPriority_;
  out.priorityChanged(run_.priority);
  return true;
}

void VirtualRouter::settlePriority(Outbox& out) {
  if (!takePriority(out)) return;
  updateMessages(out.now);
  applyTiming(out);
}

/// Whatever they are made of has changed, or may have.
void VirtualRouter::updateMessages(TimePoint now) {
  const auto form = usesPseudoHeader() ? wire::ChecksumForm::WithPseudoHeader : wire::ChecksumForm::WithoutPseudoHeader;
  if (messages_.update(run_.priority, attachment_.source, form)) run_.messageSince = now;
  prepareAdvert();
}

// ----- Into and out of taking part -----

/// §6.4.1: there is no fault. `reason` is that of BACKUP; an owner becomes MASTER, or wishes to.
void VirtualRouter::becomeReady(Reason reason, Outbox& out) {
  const bool owner = config_.priority == kOwnerPriority && out.now >= run_.electionsFrom;
  run_.heard = Heard::Nobody;
  if (owner && group_ == nullptr) {
    run_.rivals.suspect(out.now + claimTime(config_.version, config_.advertisementInterval, config_.downTimerAdverts));
    becomeMaster(Reason::AddressOwner, out);
    return;
  }
  listen(reason, out);
  if (!owner) return;
  run_.deadline = kNever;
  run_.wishesMaster = true;
  group_->wished(*this);
}

/// BACKUP without knowing anybody: as after the start.
void VirtualRouter::listen(Reason reason, Outbox& out) {
  const State from = run_.state;
  run_.heard = Heard::Nobody;
  run_.yields = false;
  run_.interval = config_.advertisementInterval;
  run_.startedAt = out.now;
  run_.rivals.suspect(out.now + claimTime(config_.version, run_.interval, config_.downTimerAdverts));
  enter(State::Backup);
  armActiveDown(out);
  if (conflict_.looks(config_)) conflict_.look(run_.armedAt, activeDown());
  tellGate(out);
  report(from, reason, {}, out);
}

void VirtualRouter::becomeFaulty(Reason reason, Outbox& out) {
  if (reason != Reason::AddressConflict) conflict_.rest();
  if (run_.state == State::Fault) {
    run_.reason = reason;
    return;
  }
  const State from = run_.state;
  forgetWish();
  if (from == State::Master) {
    leaveMaster(State::Fault, reason, canSend() ? std::optional(kResign) : std::nullopt, Linger::No, out);
    return;
  }
  enter(State::Fault);
  run_.deadline = kNever;
  if (holding_.isResidue() || isLingering()) releaseNow(out);
  tellGate(out);
  report(from, reason, {}, out);
}

}  // namespace aloft::vrrp
