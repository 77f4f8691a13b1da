// How the MASTER's place is taken and left: the order of gate, advert and addresses.

#include <utility>

#include "vrrp/virtualRouter.h"

namespace aloft::vrrp {

using namespace std::chrono_literals;
using wire::IpAddress;

namespace {

/// Longer than an advert takes to all nodes of a LAN, shorter than the actuator needs for the addresses.
constexpr Duration kLongestElectionGrace = 1ms;
Duration electionGrace(Duration interval) { return std::min(interval / 64, kLongestElectionGrace); }

constexpr Duration kFarewellPatience = 20ms;
/// From the successor's first announcement to its second.
constexpr Duration kAnnouncementGrace = 50ms;
/// Traffic is refused a little after the addresses should be gone, should nobody be there to remove them.
constexpr Duration kAcceptMargin = 100ms;

}  // namespace

// ----- The gate -----

/// Accept_Mode False (RFC 9568 §6.1) refuses packets to the addresses as long as they stand here. A node without them passes such on.
GateTimes VirtualRouter::gateTimes() const {
  GateTimes times = claimTimes();
  const bool holds = run_.state == State::Master || !holding_.isClear();
  if (holds && !config_.accept && config_.priority != kOwnerPriority) times.accept = GateTimes::kShut;
  return times;
}

GateTimes VirtualRouter::claimTimes() const {
  if (isLingering()) return {GateTimes::kShut, run_.acceptUntil};
  if (run_.state == State::Master) {
    const Duration claim = claimTime(config_.version, config_.advertisementInterval, config_.downTimerAdverts);
    const TimePoint until = config_.deadMan ? run_.advertisedAt + claim : GateTimes::kOpen;
    return {run_.answers ? until : GateTimes::kShut, until};
  }
  if (holding_.isResidue()) return config_.deadMan ? GateTimes{} : GateTimes{GateTimes::kOpen, GateTimes::kOpen};
  // A node without the addresses passes packets for them on, as any router does.
  return {GateTimes::kShut, holding_.isClear() ? GateTimes::kOpen : GateTimes::kShut};
}

void VirtualRouter::setGate(const GateTimes& times, Outbox& out) {
  if (!out.host.gateActive || times == gate_) return;
  gate_ = times;
  out.setGate(times, isLingering());
}

/// The gate has come, new and shut, or is lost.
void VirtualRouter::handleGate(const Context& context) {
  if (run_.state == State::Init) return;
  Outbox out = outbox(context);
  if (!run_.leaving) lookFirst(out);
  gate_ = {};
  if (!context.host.gateActive) {
    if (isLingering()) releaseNow(out);
    if (run_.state == State::Master && !run_.leaving) openAnswers(out);
  }
  tellGate(out);
}

void VirtualRouter::handleGateRunOut(const Context& context) {
  if (run_.state != State::Master || run_.leaving) return;
  Outbox out = outbox(context);
  listenLate(out);
}

/// As MASTER: an advert of our own, which keeps the gate open. The advert first: were the process stopped between the two, the gate would
/// stay open for longer than its peers wait.
void VirtualRouter::advertise(Outbox& out) {
  run_.advertisedAt = out.now;
  out.sendAdvert(run_.priority);
  tellGate(out);
}

/// A new MASTER whose addresses stand: it answers from run_.answersFrom on.
bool VirtualRouter::waitsToAnswer() const {
  return run_.state == State::Master && !run_.answers && !run_.leaving && holding_.isConfirmed();
}

void VirtualRouter::openAnswers(Outbox& out) {
  run_.answers = true;
  tellGate(out);
  holding_.unmute(out);
}

/// As MASTER that does not answer yet: a losing advert. When the former MASTER was alive, it is its farewell. Else another timer ran out as
/// ours did, and the farewell comes when it has heard us.
void VirtualRouter::heedRival(Outbox& out) {
  if (run_.answers) return;
  if (run_.awaitsFarewell) {
    answerEarlier(out);
    return;
  }
  run_.awaitsFarewell = true;
  run_.answersFrom = std::max(run_.answersFrom, rivalsUntil(out.now));
}

/// Whoever else was MASTER has shut its gate.
void VirtualRouter::answerEarlier(Outbox& out) {
  if (run_.answers) return;
  const TimePoint earliest = run_.changedAt + electionGrace(config_.advertisementInterval);
  run_.answersFrom = std::min(run_.answersFrom, std::max(earliest, run_.rivals.othersUntil()));
  if (waitsToAnswer() && out.now >= run_.answersFrom) openAnswers(out);
}

/// Until when to wait for their farewells. Without a dead-man switch the gate of one that cannot say it stays open for ever.
TimePoint VirtualRouter::rivalsUntil(TimePoint now) const {
  return config_.deadMan ? run_.rivals.until() : std::min(run_.rivals.until(), now + kFarewellPatience);
}

// ----- Taking over -----

/// Advert first, then the addresses; they are announced when the actuator has them.
void VirtualRouter::becomeMaster(Reason reason, Outbox& out) {
  const State from = std::exchange(run_.state, State::Master);
  forgetWish();
  conflict_.settle();
  run_.yields = false;
  run_.acceptUntil = {};
  run_.releaseAt = kNever;
  run_.interval = config_.advertisementInterval;
  run_.deadline = nextAdvertAfter(out.now);
  run_.silence = run_.heard == Heard::Nobody || run_.heard == Heard::HandedOver ? Duration(-1) : out.now - run_.heardAt;
  run_.answers = !out.host.gateActive;
  run_.answersFrom = std::max(out.now + electionGrace(run_.interval), rivalsUntil(out.now));
  run_.awaitsFarewell = run_.rivals.until() > out.now;
  holding_.setMuted(!run_.answers);
  advertise(out);
  holding_.hold(out);
  ++out.counters.transitionsToMaster;
  report(from, reason, run_.silence < 0ns ? IpAddress{} : run_.peer, out);
}

void VirtualRouter::takeOverWithGroup(bool isWisher, const Context& context) {
  Outbox out = outbox(context);
  becomeMaster(!isWisher ? Reason::SyncGroup : config_.priority == kOwnerPriority ? Reason::AddressOwner : takeoverReason(), out);
}

void VirtualRouter::joinMaster(const Context& context) {
  if (run_.state != State::Backup) return;
  Outbox out = outbox(context);
  becomeMaster(Reason::SyncGroup, out);
}

// ----- Leaving -----

/// Gate, last advert, addresses, in this order.
void VirtualRouter::leaveMaster(State to, Reason reason, std::optional<std::uint8_t> lastAdvert, Linger how, Outbox& out) {
  const State from = std::exchange(run_.state, to);
  run_.answers = false;
  run_.deadline = kNever;
  if (to == State::Backup) armActiveDown(out);
  linger(how, out);
  tellGate(out);
  if (lastAdvert) out.sendAdvert(*lastAdvert);
  if (!isLingering()) releaseNow(out);
  const bool toPeer = reason == Reason::HigherPriority || reason == Reason::HigherAddress;
  report(from, reason, toPeer ? run_.peer : IpAddress{}, out);
  if (group_ != nullptr) group_->left(reason);
}

/// Keeps the addresses, without a claim to them. Without a gate they do not linger: two nodes would answer for them.
void VirtualRouter::linger(Linger how, Outbox& out) {
  if (how == Linger::No || !out.host.gateActive) return;
  holding_.disown();
  run_.succeeded = how == Linger::ForAnnouncement;
  if (run_.succeeded) {
    lingerOn(out);
    return;
  }
  const Duration patience = handOverPatience(config_.version, config_.advertisementInterval);
  run_.releaseAt = how == Linger::ForReturn ? kNever : out.now + patience;
  run_.acceptUntil = (how == Linger::ForReturn ? run_.deadline : run_.releaseAt) + kAcceptMargin;
}

/// The successor's kernel may be as slow with the addresses as it likes: until they are announced, neighbours send their packets here. But
/// where the virtual MAC moves with the adverts, they do not, and what was sent from here would lead them back.
void VirtualRouter::lingerOn(Outbox& out) {
  run_.releaseAt = out.now + (config_.virtualMacInterface.empty() ? kHandOverLimit : kAnnouncementGrace);
  run_.acceptUntil = run_.releaseAt + kAcceptMargin;
}

/// A successor was heard: its first advert counts.
void VirtualRouter::heedSuccessor(Outbox& out) {
  if (std::exchange(run_.succeeded, true)) return;
  lingerOn(out);
  tellGate(out);
}

/// Somebody has announced our addresses.
void VirtualRouter::heedAnnouncement(Outbox& out) {
  if (run_.succeeded) run_.releaseAt = std::min(run_.releaseAt, out.now + kAnnouncementGrace);
}

/// Ends whatever holds the addresses here; of a MASTER that is shut down, its stay as well.
void VirtualRouter::releaseNow(Outbox& out) {
  run_.acceptUntil = {};
  run_.releaseAt = kNever;
  setGate({}, out);
  holding_.release(out);
  if (!run_.leaving) return;
  run_.leaving = false;
  enter(State::Init);
  report(State::Master, Reason::Stopped, {}, out);
}

/// As MASTER: asks to be succeeded.
void VirtualRouter::handOver(Outbox& out) {
  run_.heard = Heard::HandedOver;
  run_.yields = true;
  leaveMaster(State::Backup, Reason::HandOver, kResign, Linger::ForReturn, out);
}

void VirtualRouter::leaveWithGroup(Reason reason, const Context& context) {
  if (run_.state != State::Master) return;
  Outbox out = outbox(context);
  if (reason == Reason::HandOver) {
    handOver(out);
  } else if (reason == Reason::LateWakeUp) {
    run_.answers = false;
    holding_.disown();
    listen(Reason::SyncGroup, out);
  } else {
    run_.heard = Heard::Master;
    leaveMaster(State::Backup, Reason::SyncGroup, kResign, Linger::ForSuccessor, out);
  }
}

}  // namespace aloft::vrrp
