#include "vrrp/virtualRouter.h"

#include <algorithm>
#include <utility>

namespace aloft::vrrp {

using wire::Discard;
using wire::IpAddress;
using wire::VrrpAdvert;

VirtualRouter::VirtualRouter(RouterConfig config, RouterId id) : config_(std::move(config)), id_(id), messages_(config_) {
  run_.interval = config_.advertisementInterval;
  attachment_.source.family = config_.family;
}

// ----- Inputs -----

void VirtualRouter::start(const LinkState* link, EffectQueue& effects, TimePoint now) {
  Outbox out = outbox(effects, now);
  if (const auto fault = faultOf(link)) {
    becomeFaulty(*fault, false, out);
    return;
  }
  attach(*link, out);
  becomeReady(Reason::Started, out);
}

void VirtualRouter::inherit(const VirtualRouter& predecessor, EffectQueue& effects, TimePoint now) {
  run_ = predecessor.run_;
  holding_ = predecessor.holding_;
  attachment_ = predecessor.attachment_;
  Outbox out = outbox(effects, now);
  lookFirst(out);

  const RouterConfig& before = predecessor.config_;
  if (run_.state == State::Master && before.addresses != config_.addresses) holding_.hold(out);
  if (before.priority != config_.priority || before.advertisementInterval != config_.advertisementInterval) applyTiming(out);
}

void VirtualRouter::stop(bool keepAddresses, EffectQueue& effects, TimePoint now) {
  if (run_.state == State::Init) return;
  Outbox out = outbox(effects, now);
  lookFirst(out);
  if (keepAddresses) {
    holding_.disown();
  } else {
    if (run_.state == State::Master) out.sendAdvert(kResign);  // §6.4.3: Shutdown
    holding_.release(out);
  }
  run_.deadline = kNever;
  change(State::Init, Reason::Stopped, {}, out);
}

void VirtualRouter::handleLink(const LinkState* link, EffectQueue& effects, TimePoint now) {
  if (run_.state == State::Init) return;
  Outbox out = outbox(effects, now);
  lookFirst(out);
  if (const auto fault = faultOf(link)) {
    becomeFaulty(*fault, *fault == Reason::NoSourceAddress, out);
    return;
  }
  attach(*link, out);
  if (run_.state == State::Fault) becomeReady(Reason::InterfaceReady, out);
}

std::optional<Discard> VirtualRouter::handleAdvert(const VrrpAdvert& advert, const IpAddress& source, EffectQueue& effects, TimePoint now) {
  if (const auto reason = refuse(advert, source)) return reason;
  Outbox out = outbox(effects, now);
  lookFirst(out);
  ++run_.counters.advertsReceived;
  if (advert.priority == kResign) ++run_.counters.priorityZeroReceived;
  run_.peer = source;
  run_.heardAt = now;
  const bool learned = learnChecksum(advert);
  if (run_.state == State::Backup) {
    receiveAsBackup(advert, source, out);
  } else {
    receiveAsMaster(advert, source, learned, out);
  }
  return std::nullopt;
}

void VirtualRouter::handleActuated(const Actuated& result, EffectQueue& effects, TimePoint now) {
  Outbox out = outbox(effects, now);
  lookFirst(out);
  holding_.handleActuated(result, out);
  if (run_.state == State::Fault && holding_.isResidue()) holding_.release(out);
}

void VirtualRouter::handleTimeout(EffectQueue& effects, TimePoint now) {
  Outbox out = outbox(effects, now);
  lookFirst(out);
  if (now >= run_.deadline) {
    if (run_.state == State::Master) {
      adverTimerFired(out);
    } else {
      activeDownTimerFired(out);
    }
  }
  holding_.handleTimeout(out);
}

// ----- BACKUP, RFC 9568 §6.4.2, RFC 3768 §6.4.2 -----

void VirtualRouter::receiveAsBackup(const VrrpAdvert& advert, const IpAddress& source, Outbox& out) {
  if (advert.priority == kResign) {
    run_.heard = Heard::Resignation;
    armActiveDown(out);
    return;
  }
  if (holding_.isResidue()) {
    if (isBetter(advert, source)) out.sendAdvert(config_.priority);  // giving way, see virtualRouter.h
    holding_.release(out);
  }
  if (advert.priority < config_.priority && preempts(out.now)) {
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
  constexpr Reason kReasons[] = {Reason::FirstElection, Reason::AdvertTimeout, Reason::PeerResigned, Reason::Preempted};  // by Heard
  becomeMaster(kReasons[static_cast<std::size_t>(run_.heard)], out);
}

bool VirtualRouter::preempts(TimePoint now) const {
  if (config_.priority == kOwnerPriority) return true;
  return config_.preempt && now >= run_.startedAt + config_.preemptDelay;
}

// ----- MASTER ("Active"), RFC 9568 §6.4.3, RFC 3768 §6.4.3 -----

void VirtualRouter::adverTimerFired(Outbox& out) {
  out.sendAdvert(config_.priority);
  // From deadline to deadline, so that the period does not drift; only after a gap from now.
  const TimePoint next = run_.deadline + config_.advertisementInterval;
  run_.deadline = next > out.now ? next : out.now + config_.advertisementInterval;
}

void VirtualRouter::receiveAsMaster(const VrrpAdvert& advert, const IpAddress& source, bool learned, Outbox& out) {
  if (advert.priority == kResign) {
    answerResignation(out);
  } else if (isBetter(advert, source)) {
    giveWay(advert, out);
  } else {
    answer(learned, out);
  }
}

void VirtualRouter::answer(bool learned, Outbox& out) {
  if (learned || out.now >= run_.answeredAt + config_.advertisementInterval) {
    run_.answeredAt = out.now;
    out.sendAdvert(config_.priority);
  }
  holding_.announceAgain(out);
}

void VirtualRouter::answerResignation(Outbox& out) {
  const TimePoint earliest = run_.answeredAt + skewTime(config_.version, kOwnerPriority, config_.advertisementInterval);
  if (out.now < earliest) {
    run_.deadline = std::min(run_.deadline, earliest);
  } else {
    run_.answeredAt = out.now;
    out.sendAdvert(config_.priority);
    run_.deadline = out.now + config_.advertisementInterval;
  }
  holding_.announceAgain(out);
}

void VirtualRouter::giveWay(const VrrpAdvert& advert, Outbox& out) {
  out.sendAdvert(config_.priority);
  holding_.release(out);
  run_.heard = Heard::Master;
  run_.interval = fromWire(advert.version, advert.interval);
  armActiveDown(out);
  change(State::Backup, advert.priority > config_.priority ? Reason::HigherPriority : Reason::HigherAddress, run_.peer, out);
}

// ----- Transitions -----

/// Advert first, then the addresses; they are announced when the actuator has them.
void VirtualRouter::becomeMaster(Reason reason, Outbox& out) {
  out.sendAdvert(config_.priority);
  holding_.hold(out);
  run_.interval = config_.advertisementInterval;
  run_.deadline = out.now + config_.advertisementInterval;
  run_.silence = run_.heard == Heard::Nobody ? Duration(-1) : out.now - run_.heardAt;
  ++out.counters.transitionsToMaster;
  change(State::Master, reason, run_.heard == Heard::Nobody ? IpAddress{} : run_.peer, out);
}

/// §6.4.1: the link is ready. `reason` is that of BACKUP; an owner becomes MASTER.
void VirtualRouter::becomeReady(Reason reason, Outbox& out) {
  run_.heard = Heard::Nobody;
  if (config_.priority == kOwnerPriority) {
    becomeMaster(Reason::AddressOwner, out);
  } else {
    listen(reason, out);
  }
}

/// BACKUP without knowing anybody: as after the start.
void VirtualRouter::listen(Reason reason, Outbox& out) {
  run_.heard = Heard::Nobody;
  run_.interval = config_.advertisementInterval;
  run_.startedAt = out.now;
  armActiveDown(out);
  change(State::Backup, reason, {}, out);
}

void VirtualRouter::becomeFaulty(Reason reason, bool canSend, Outbox& out) {
  if (run_.state == State::Fault) {
    run_.reason = reason;
    return;
  }
  if (run_.state == State::Master && canSend) out.sendAdvert(kResign);
  if (run_.state == State::Master || holding_.isResidue()) holding_.release(out);
  run_.deadline = kNever;
  change(State::Fault, reason, {}, out);
}

void VirtualRouter::change(State to, Reason reason, const IpAddress& peer, Outbox& out) {
  const State from = std::exchange(run_.state, to);
  run_.reason = reason;
  run_.changedAt = out.now;
  ++run_.transitions;
  out.stateChanged(from, to, reason, peer, to == State::Master ? run_.silence : Duration(-1));
}

// ----- Timers -----

/// Two intervals late: the earliest moment at which a peer of priority 255 may have taken over from us is a Skew_Time away.
bool VirtualRouter::overslept(TimePoint now) const { return run_.deadline != kNever && now >= run_.deadline + 2 * run_.interval; }

void VirtualRouter::lookFirst(Outbox& out) {
  if (run_.state != State::Master || !overslept(out.now)) return;
  holding_.disown();
  listen(Reason::LateWakeUp, out);
}

void VirtualRouter::armActiveDown(Outbox& out) {
  run_.armedAt = out.now;
  run_.deadline = out.now + activeDown();
}

/// How long BACKUP waits: Skew_Time after a resignation, else Active_Down_Interval.
Duration VirtualRouter::activeDown() const {
  return run_.heard == Heard::Resignation ? skewTime(config_.version, config_.priority, run_.interval)
                                          : activeDownInterval(config_.version, config_.priority, run_.interval);
}

/// Another priority or interval in the middle of a run: peers learn it at once, a running Active_Down_Timer ends when it would have.
void VirtualRouter::applyTiming(Outbox& out) {
  const bool ownInterval = run_.state == State::Master || run_.heard == Heard::Nobody || config_.version == 2;
  if (ownInterval) run_.interval = config_.advertisementInterval;
  if (run_.state == State::Master) {
    out.sendAdvert(config_.priority);
    run_.deadline = out.now + config_.advertisementInterval;
  } else if (run_.state == State::Backup && config_.priority == kOwnerPriority) {
    becomeMaster(Reason::AddressOwner, out);
  } else if (run_.state == State::Backup) {
    run_.deadline = std::max(run_.armedAt + activeDown(), out.now);
  }
}

// ----- Link -----

const IpAddress& VirtualRouter::sourceOn(const LinkState& link) const {
  return config_.family == wire::Family::IPv4 ? link.primaryIPv4 : link.linkLocalIPv6;
}

std::optional<Reason> VirtualRouter::faultOf(const LinkState* link) const {
  if (link == nullptr) return Reason::InterfaceMissing;
  if (!link->up) return Reason::InterfaceDown;
  if (sourceOn(*link).isUnspecified()) return Reason::NoSourceAddress;
  return std::nullopt;
}

/// As MASTER, peers and neighbours are told of another source or MAC address at once; the state stays.
void VirtualRouter::attach(const LinkState& link, Outbox& out) {
  const Attachment before = std::exchange(attachment_, {link.index, sourceOn(link), link.mac});
  if (run_.state != State::Master) return;
  if (before.source != attachment_.source) out.sendAdvert(config_.priority);
  if (before.mac != attachment_.mac) holding_.announceAnew(out);
}

// ----- Getters -----

Outbox VirtualRouter::outbox(EffectQueue& effects, TimePoint now) { return {effects, run_.counters, id_, config_.addresses.size(), now}; }

RouterStatus VirtualRouter::status() const {
  RouterStatus status;
  status.key = config_.key;
  status.id = id_;
  status.state = run_.state;
  status.reason = run_.reason;
  status.priority = config_.priority;
  status.basePriority = config_.priority;
  status.deadline = run_.deadline;
  status.peer = run_.peer;
  status.interval = run_.interval;
  status.pseudoHeader = usesPseudoHeader();
  status.addressesHeld = holding_.held();
  status.actuatorError = holding_.error();
  status.silence = run_.silence;
  status.changedAt = run_.changedAt;
  status.transitions = run_.transitions;
  status.counters = run_.counters;
  return status;
}

Engine::Transmit VirtualRouter::advert(std::uint8_t priority) {
  const auto form = usesPseudoHeader() ? wire::ChecksumForm::WithPseudoHeader : wire::ChecksumForm::WithoutPseudoHeader;
  Engine::Transmit transmit;
  transmit.ifindex = attachment_.ifindex;
  transmit.source = attachment_.source;
  transmit.destination = AdvertMessages::group(config_.family);
  transmit.message = messages_.message(priority == kResign, attachment_.source, form);
  return transmit;
}

Engine::Announcement VirtualRouter::announcement(std::size_t index) const {
  return {attachment_.ifindex, attachment_.mac, config_.addresses[index].prefix.address};
}

}  // namespace aloft::vrrp
