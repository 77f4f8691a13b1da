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

}  // namespace aloft::vrrp
