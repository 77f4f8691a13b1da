#include "vrrp/virtualRouter.h"

#include <utility>

namespace aloft::vrrp {

using wire::Discard;
using wire::IpAddress;
using wire::VrrpAdvert;

namespace {

/// RFC 9568 §7.3.
wire::MacAddress virtualMac(wire::Family family, std::uint8_t virtualRouterId) {
  return {0x00, 0x00, 0x5e, 0x00, static_cast<std::uint8_t>(family == wire::Family::IPv4 ? 1 : 2), virtualRouterId};
}

}  // namespace

VirtualRouter::VirtualRouter(RouterConfig config, RouterId id) : config_(std::move(config)), messages_(config_), id_(id) {
  for (std::size_t i = 0; i < config_.unicastPeers.size(); ++i) peers_.push_back({config_.unicastPeers[i], config_.ttlOf(i)});
  std::sort(peers_.begin(), peers_.end());
  run_.interval = config_.advertisementInterval;
  run_.priority = config_.priority;
  attachment_.source.family = config_.family;
}

void VirtualRouter::inherit(const VirtualRouter& predecessor) {
  attachment_ = predecessor.attachment_;
  run_ = predecessor.run_;
  gate_ = predecessor.gate_;
  holding_ = predecessor.holding_;
  conflict_ = predecessor.conflict_;
  foreign_ = predecessor.foreign_;
  lowerPriority_ = predecessor.lowerPriority_;
  secondOwner_ = predecessor.secondOwner_;
}

// ----- Inputs -----

void VirtualRouter::start(const Context& context) {
  Outbox out = outbox(context);
  run_.priority = assessedPriority_;
  run_.electionsFrom = *context.host.startedAt + config_.startupDelay;
  if (const auto reason = fault()) {
    becomeFaulty(*reason, out);
    return;
  }
  settleAttachment(out);
  becomeReady(Reason::Started, out);
}

void VirtualRouter::resume(const VirtualRouter& before, const Context& context) {
  Outbox out = outbox(context);
  lookFirst(out);
  run_.electionsFrom = *context.host.startedAt + config_.startupDelay;
  updateMessages(out.now);
  const RouterConfig& former = before.config_;
  if (former.priority != config_.priority || former.preempt != config_.preempt) run_.yields = false;
  if (run_.state == State::Master && former.addresses != config_.addresses) holding_.hold(out);
  if (former.gateSlot != config_.gateSlot) gate_ = {};
  const std::uint8_t priority = run_.priority;
  settle(context);
  const bool otherTiming =
      former.advertisementInterval != config_.advertisementInterval || former.downTimerAdverts != config_.downTimerAdverts;
  if (otherTiming && run_.priority == priority) applyTiming(out);                   // else it is done
  if (run_.wishesMaster && group_ == nullptr) becomeMaster(takeoverReason(), out);  // nobody is left to wait for
  const bool handsOver = config_.handOver > former.handOver && config_.priority != kOwnerPriority;
  if (run_.state == State::Master && handsOver) handOver(out);
  tellGate(out);
}

void VirtualRouter::stop(Shutdown how, const Context& context) {
  if (run_.state == State::Init) return;
  Outbox out = outbox(context);
  if (!run_.leaving) lookFirst(out);
  const bool handsOver = how == Shutdown::HandOver && context.host.gateActive && run_.state == State::Master;
  if (handsOver && run_.leaving) return;
  if (handsOver) {
    run_.leaving = true;
    run_.deadline = kNever;
    linger(Linger::ForSuccessor, out);
    tellGate(out);
    out.sendAdvert(kResign);
    return;
  }
  const State from = run_.state;
  run_.deadline = run_.releaseAt = kNever;
  if (how == Shutdown::Keep) {
    holding_.disown();
  } else {
    if (from == State::Master || !holding_.isClear()) setGate({}, out);
    if (from == State::Master && !run_.leaving) out.sendAdvert(kResign);  // §6.4.3: Shutdown
    holding_.release(out);
  }
  conflict_.settle();
  enter(State::Init);
  report(from, Reason::Stopped, {}, out);
}

std::optional<Discard> VirtualRouter::handleAdvert(const VrrpAdvert& advert, const ReceivedAdvert& received, const Context& context) {
  Outbox out = outbox(context);
  if (const auto reason = refuse(advert, received)) {
    handleRefused(*reason, advert, received, out);
    return reason;
  }
  lookFirst(out);
  ++run_.counters.advertsReceived;
  if (advert.priority == kResign) ++run_.counters.priorityZeroReceived;
  run_.peer = received.source;
  run_.heardAt = out.now;
  if (advert.priority == kResign) {
    run_.rivals.resigned(received.source, out.now);
  } else {
    const Duration interval = fromWire(advert.version, advert.interval);
    run_.rivals.heard(received.source, out.now + claimTime(advert.version, interval, config_.downTimerAdverts));
  }
  noteOtherAddresses(advert, received.source, out);
  noteSecondOwner(advert, received.source, out);
  const bool learned = learnChecksum(advert);
  if (learned) updateMessages(out.now);
  if (run_.leaving) {
    if (advert.priority != kResign) heedSuccessor(out);
  } else if (run_.state == State::Master) {
    receiveAsMaster(advert, received.source, learned, out);
  } else if (run_.state == State::Backup) {
    receiveAsBackup(advert, received.source, out);
  } else if (advert.priority != kResign) {  // FAULT for a claim, which was this MASTER's
    conflict_.settle();
    settleConflict(context);
    if (run_.state == State::Backup) receiveAsBackup(advert, received.source, out);
  }
  return std::nullopt;
}

void VirtualRouter::handleActuated(const Actuated& result, const Context& context) {
  Outbox out = outbox(context);
  if (!run_.leaving) lookFirst(out);
  holding_.handleActuated(result, out);
  if (run_.state == State::Init) return;
  if (run_.state == State::Fault && holding_.isResidue()) releaseNow(out);
  if (waitsToAnswer() && out.now >= run_.answersFrom) openAnswers(out);
  tellGate(out);
}

void VirtualRouter::handleTimeout(const Context& context) {
  Outbox out = outbox(context);
  if (!run_.leaving) lookFirst(out);
  if (out.now >= run_.releaseAt) releaseNow(out);
  if (out.now >= run_.deadline) {
    if (run_.state == State::Master) {
      adverTimerFired(out);
    } else {
      activeDownTimerFired(out);
    }
  }
  if (waitsToAnswer() && out.now >= run_.answersFrom) openAnswers(out);
  conflictTimerFired(out);
  settleConflict(context);
  holding_.handleTimeout(out);
}

void VirtualRouter::handleLinkChanged(const Context& context) {
  if (run_.state != State::Master || run_.leaving) return;
  Outbox out = outbox(context);
  lookFirst(out);
  holding_.announceAnew(out);
}

void VirtualRouter::handleConflict(const ConflictSeen& conflict, const Context& context) {
  Outbox out = outbox(context);
  if (isLingering()) {
    heedAnnouncement(out);
    return;
  }
  if (config_.conflicts == ConflictPolicy::Off || run_.leaving || run_.state == State::Init) return;
  if (run_.state == State::Master) {
    const bool isOfFormerMaster = conflict.at != TimePoint{} && conflict.at < run_.changedAt;
    if (isOfFormerMaster || out.now < run_.rivals.until()) return;  // the election deals with it
    conflict_.handleClaim(conflict, out.now);
    conflict_.tell(out);
    if (conflict_.defends(out.now)) holding_.announceOnce(out);
    return;
  }
  if (!conflict_.looks(config_)) return;
  conflict_.handleClaim(conflict, out.now);
  if (run_.wishesMaster && isHeldUpByClaim(out)) settleConflict(context);
}

// ----- Timers -----

/// As MASTER: the last advert is so old that a peer may have taken over. As BACKUP: so late that what was heard may not count any more.
bool VirtualRouter::overslept(TimePoint now) const {
  if (run_.deadline == kNever) return false;
  if (run_.state == State::Master) return now >= run_.advertisedAt + claimTime(config_.version, run_.interval, config_.downTimerAdverts);
  return now >= run_.deadline + 2 * run_.interval;
}

void VirtualRouter::lookFirst(Outbox& out) {
  if (run_.state == State::Master && overslept(out.now)) listenLate(out);
}

void VirtualRouter::listenLate(Outbox& out) {
  run_.answers = false;
  holding_.disown();
  listen(Reason::LateWakeUp, out);
  if (group_ != nullptr) group_->left(Reason::LateWakeUp);
}

/// Another priority or interval in the middle of a run: peers learn it at once, a running Active_Down_Timer ends when it would have.
void VirtualRouter::applyTiming(Outbox& out) {
  const bool ownInterval = run_.state == State::Master || run_.heard == Heard::Nobody || config_.version == 2;
  if (ownInterval) run_.interval = config_.advertisementInterval;
  if (run_.state == State::Master) {
    advertise(out);
    run_.deadline = nextAdvertAfter(out.now);
  } else if (run_.state == State::Backup && config_.priority == kOwnerPriority && group_ == nullptr && out.now >= run_.electionsFrom) {
    becomeMaster(Reason::AddressOwner, out);
  } else if (run_.state == State::Backup && !run_.wishesMaster) {
    run_.deadline = std::max(run_.armedAt + activeDown(), out.now);
  }
}

// ----- Outputs -----

void VirtualRouter::report(State from, Reason reason, const IpAddress& peer, Outbox& out) {
  run_.reason = reason;
  run_.changedAt = out.now;
  ++run_.transitions;
  out.stateChanged(from, run_.state, reason, peer, run_.state == State::Master ? run_.silence : Duration(-1));
}

TimePoint VirtualRouter::nextDeadline() const {
  TimePoint next = std::min(run_.deadline, holding_.nextDeadline());
  next = std::min(next, std::min(run_.releaseAt, conflict_.nextDeadline()));
  return waitsToAnswer() ? std::min(next, run_.answersFrom) : next;
}

RouterStatus VirtualRouter::status() const {
  RouterStatus status;
  status.key = config_.key;
  status.id = id_;
  status.state = run_.state;
  status.reason = run_.reason;
  status.priority = run_.priority;
  status.basePriority = config_.priority;
  status.peer = run_.peer;
  status.deadline = run_.deadline;
  status.interval = run_.interval;
  status.pseudoHeader = usesPseudoHeader();
  status.addressesHeld = holding_.held();
  status.actuatorError = holding_.error();
  status.silence = run_.silence;
  status.changedAt = run_.changedAt;
  status.transitions = run_.transitions;
  status.counters = run_.counters;
  conflict_.fill(status);
  foreign_.fill(status);
  return status;
}

Engine::Transmit VirtualRouter::advert(std::uint8_t priority, std::size_t destination) const {
  Engine::Transmit transmit = prepared_.first;
  if (destination > 0) transmit.destination = messages_.destinations()[destination];
  if (destination > 0 || priority == kResign) transmit.message = messages_.message(priority == kResign, destination);
  return transmit;
}

void VirtualRouter::prepareAdvert() {
  Engine::Transmit transmit;
  transmit.ifindex = attachment_.ifindex;
  if (peers_.empty()) {
    const bool isVirtual = !config_.virtualMacInterface.empty() && config_.advertsWithVirtualMac;
    transmit.mac = isVirtual ? virtualMac(config_.family, config_.virtualRouterId) : attachment_.mac;
  } else {
    transmit.ttl = config_.unicastTtl;
  }
  transmit.source = attachment_.source;
  transmit.destination = messages_.destinations().front();
  transmit.message = messages_.message(false, 0);
  prepared_ = {transmit, messages_.destinations().size()};
}

Engine::Announcement VirtualRouter::announcement(std::size_t index) const {
  const Interface* place = places_.addresses[index];
  const bool isVirtualMac = !config_.virtualMacInterface.empty() && place == places_.carrier;
  const wire::MacAddress mac = isVirtualMac ? virtualMac(config_.family, config_.virtualRouterId) : place->link.mac;
  return {place->link.index, mac, config_.addresses[index].prefix.address, places_.lanes[index]};
}

}  // namespace aloft::vrrp
