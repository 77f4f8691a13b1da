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

// ----- BACKUP, RFC 9568 §6.4.2, RFC 3768 §6.4.2 -----

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

// ----- MASTER ("Active"), RFC 9568 §6.4.3, RFC 3768 §6.4.3 -----

void VirtualRouter::adverTimerFired(Outbox& out) {
  advertise(out);
  // From deadline to deadline, so that the period does not drift; only after a gap from now.
  const TimePoint next = run_.deadline + config_.advertisementInterval;
  run_.deadline = next > out.now ? next : nextAdvertAfter(out.now);
}

void VirtualRouter::receiveAsMaster(const VrrpAdvert& advert, const IpAddress& source, bool learned, Outbox& out) {
  if (advert.priority == kResign) {
    answerEarlier(out);
    answerResignation(out);
  } else if (!isBetter(advert, source)) {
    if (group_ != nullptr && group_->isFirst(*this)) group_->rivalBeaten(out.now);
    if (advert.priority < run_.priority && lowerPriority_.allow(out.now)) out.notice(Notice::LowerPriority, source, {}, {});
    heedRival(out);
    answer(learned, out);
  } else if (group_ == nullptr || group_->isFirst(*this) || group_->givesWay(out.now, fromWire(advert.version, advert.interval))) {
    giveWay(advert, out);
  }
}

void VirtualRouter::answer(bool learned, Outbox& out) {
  if (learned || out.now >= run_.answeredAt + config_.advertisementInterval) {
    run_.answeredAt = out.now;
    advertise(out);
  }
  holding_.announceAgain(out);
}

void VirtualRouter::answerResignation(Outbox& out) {
  const TimePoint earliest = run_.answeredAt + skewTime(config_.version, kOwnerPriority, config_.advertisementInterval);
  if (out.now < earliest) {
    run_.deadline = std::min(run_.deadline, earliest);
  } else {
    run_.answeredAt = out.now;
    advertise(out);
    run_.deadline = nextAdvertAfter(out.now);
  }
  holding_.announceAgain(out);
}

void VirtualRouter::giveWay(const VrrpAdvert& advert, Outbox& out) {
  run_.heard = Heard::Master;
  run_.interval = fromWire(advert.version, advert.interval);
  const Reason reason = advert.priority > run_.priority ? Reason::HigherPriority : Reason::HigherAddress;
  leaveMaster(State::Backup, reason, run_.priority, Linger::ForAnnouncement, out);
}

// ----- Transitions -----

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

void VirtualRouter::report(State from, Reason reason, const IpAddress& peer, Outbox& out) {
  run_.reason = reason;
  run_.changedAt = out.now;
  ++run_.transitions;
  out.stateChanged(from, run_.state, reason, peer, run_.state == State::Master ? run_.silence : Duration(-1));
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
