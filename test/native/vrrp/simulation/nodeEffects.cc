// What a node's process does with what its engine decides, and what its observer holds against it.

#include <algorithm>

#include "simulation/node.h"

namespace aloft::vrrp::simulation {

using namespace std::chrono_literals;

namespace {

constexpr int kBusy = 16;

}  // namespace

void Node::wake() {
  armedFor_.reset();
  wakeAt_ = TimePoint::max();
  engine_->handleTimeout(now());
  drain();
}

void Node::armWakeUp() {
  const auto deadline = engine_->nextDeadline();
  if (deadline == armedFor_) return;
  armedFor_ = deadline;
  wakeAt_ = deadline ? std::max(plan_.clock.world(*deadline), world_.now) + world_.random.between(0us, world_.plan.wakeUpJitter)
                     : TimePoint::max();
}

void Node::drain() {
  if (paused_) return;
  for (Action& action : poll()) unfinished_.push_back(std::move(action));
  carryOutUnfinished();
  if (paused_) return;
  checkGroups();
  armWakeUp();
  endWhenDone();
}

/// The process goes on until its engine has ended, then waits for its actuator.
void Node::endWhenDone() {
  if (!stopping_ || !engine_->isEnded() || paused_) return;
  wakeAt_ = TimePoint::max();
  const Duration actuator = std::max<Duration>(actuatorFree_ - world_.now, 0ns) + world_.plan.actuatorDelay * 20;
  world_.after(actuator, [this, process = process_] {
    if (process == process_) crash(true);
  });
}

std::vector<Node::Action> Node::poll() {
  std::vector<Action> actions;
  for (Effect effect; engine_->pollEffect(effect);) actions.push_back({effect, packetsOf(effect), false, false, world_.now});
  for (Action& action : actions) {
    for (const Action& other : actions) {
      if (other.effect.router != action.effect.router) continue;
      const bool leaves = other.effect.kind == Effect::Kind::StateChanged && other.effect.from == State::Master;
      action.givesUp = action.givesUp || leaves || other.effect.kind == Effect::Kind::ReleaseAddresses;
      action.takesOver = action.takesOver || other.effect.kind == Effect::Kind::HoldAddresses;
    }
  }
  return actions;
}

std::vector<Packet> Node::packetsOf(const Effect& effect) {
  std::vector<Packet> packets;
  if (effect.kind != Effect::Kind::SendAdvert) return packets;
  for (std::size_t i = 0; i < engine_->destinations(effect.router); ++i) {
    const auto transmit = engine_->advert(effect.router, effect.priority, i);
    if (transmit.message.empty()) world_.fail("no message to send");
    packets.push_back({transmit.ifindex - 2, transmit.source, transmit.destination, {transmit.message.begin(), transmit.message.end()}});
  }
  return packets;
}

void Node::carryOutUnfinished() {
  while (!unfinished_.empty()) {
    if (pauseAfter_ >= 0 && pauseAfter_-- == 0) {
      pause();
      return;
    }
    const Action action = std::move(unfinished_.front());
    unfinished_.pop_front();
    carryOut(action);
  }
}

void Node::carryOut(const Action& action) {
  const Effect& effect = action.effect;
  const std::string key = keyOf(effect.router);
  switch (effect.kind) {
    case Effect::Kind::SendAdvert:
      checkAdvert(action, key);
      if (action.takesOver && action.decidedAt != world_.now) claimedLate_.insert(key);
      for (const Packet& packet : action.packets) world_.send(index_, packet);
      break;
    case Effect::Kind::HoldAddresses:
    case Effect::Kind::ReleaseAddresses:
      ++disturbances_;
      ask(effect);
      break;
    case Effect::Kind::AnnounceAddresses:
      if (!held_[key]) world_.fail(called() + " announces addresses of " + key + " that it does not hold");
      if (observed_[effect.router].state != State::Master) world_.fail(called() + " announces but is not MASTER");
      if (gateIsOpen(key)) world_.claim(index_, segmentOf(key), key);
      break;
    case Effect::Kind::StateChanged:
      handleStateChange(effect, key);
      break;
    case Effect::Kind::SetGate:
      setGate(effect, key);
      break;
    case Effect::Kind::ProbeAddresses:
      world_.probe(index_, segmentOf(key), key);
      break;
    case Effect::Kind::Noticed:
      if (world_.isVerbose()) world_.record(index_, key + " notice " + name(effect.notice));
      break;
  }
}

/// An advert comes from a MASTER, or from one that gives its addresses up with it; and never first thing after a long sleep.
void Node::checkAdvert(const Action& action, const std::string& key) {
  Observed& observed = observed_[action.effect.router];
  if (observed.state != State::Master && !action.givesUp && !action.takesOver)
    world_.fail(called() + " adverts for " + key + " but is not MASTER");
  const bool mayBeReplaced = observed.state == State::Master && now() - observed.advertised >= observed.claim;
  if (resuming_ && mayBeReplaced && !action.givesUp) world_.fail(called() + " sends before it looks, for " + key);
  observed.advertised = now();
}

void Node::handleStateChange(const Effect& effect, const std::string& key) {
  ++disturbances_;
  Observed& observed = observed_[effect.router];
  if (observed.state != effect.from) world_.fail(called() + " leaves a state of " + key + " that it was not in");
  observed.state = effect.to;
  if (effect.to == State::Master) ++takeovers_[key];
  yielded_.erase(key);
  if (effect.from == State::Master) claimedLate_.erase(key);
  if (effect.reason == Reason::HandOver) yielded_.insert(key);
  world_.record(index_, key + " " + name(effect.from) + ">" + name(effect.to) + " " + name(effect.reason));
}

/// The members of a group are MASTER together or not at all.
void Node::checkGroups() {
  if (stopping_ || configurationChanged_) return;
  for (const auto& [id, observed] : observed_) {
    if (observed.group.empty() || observed.state != State::Master) continue;
    for (const auto& [otherId, other] : observed_) {
      if (other.group == observed.group && other.state != State::Master)
        world_.fail(called() + " is MASTER in some of group " + other.group + " only");
    }
  }
}

/// No gate opens for questions while another one is open for them; see checks.h.
void Node::setGate(const Effect& effect, const std::string& key) {
  const TimePoint before = gates_[key].answer;
  const bool runOut = before != TimePoint{} && before <= now();
  if (runOut && effect.answerUntil != TimePoint{}) {
    world_.record(index_, key + " finds its gate shut");
    engine_->handleGateRunOut(effect.router, now());
    drain();
    return;
  }
  gates_[key] = {effect.answerUntil, effect.acceptUntil};
  if (world_.isVerbose() && (effect.answerUntil == TimePoint{}) != (before == TimePoint{}))
    world_.record(index_, key + (effect.answerUntil == TimePoint{} ? " gate shut" : " gate open"));
  if (!world_.plan.strict || !gateIsOpen(key) || hasClaimedLate(key)) return;
  for (const auto& other : world_.nodes) {
    if (other->hasClaimedLate(key)) continue;
    if (other.get() != this && other->gateIsOpen(key) && world_.hears(segmentOf(key), index_, other->index()))
      world_.fail(called() + " and n" + std::to_string(other->index()) + " both answer for " + key);
  }
}

// ----- Actuator -----

void Node::ask(const Effect& effect) {
  const Request request{effect.router, keyOf(effect.router), effect.kind == Effect::Kind::HoldAddresses};
  world_.record(index_, request.key + (request.hold ? " hold" : " release"));
  actuatorFree_ = std::max(actuatorFree_, world_.now) + world_.random.between(10us, world_.plan.actuatorDelay + world_.actuatorStarvation);
  world_.after(actuatorFree_ - world_.now, [this, request, process = process_] { execute(process, request); });
}

void Node::execute(std::uint64_t process, const Request& request) {
  if (process != process_ || !engine_) return;
  if (paused_) {
    parked_.push_back(request);
    return;
  }
  if (!request.hold && world_.plan.gate && answers(request.key) && observed_[request.router].state != State::Master)
    world_.fail(called() + " releases addresses of " + request.key + " for which it answers");
  if (!request.hold && world_.isPlannedMove && !world_.anyOtherAccepts(index_, request.key))
    world_.fail(called() + " gives up " + request.key + " before anybody else takes its traffic");
  const int error = world_.random.chance(world_.actuatorErrorPercent) ? kBusy : 0;
  if (error == 0) held_[request.key] = request.hold;
  if (error != 0 && !request.hold && config(request.key) == nullptr) {  // the engine no longer knows it: the actuator's to try again
    world_.after(10ms, [this, request, process] { execute(process, request); });
    return;
  }
  engine_->handleActuated({request.router, held_[request.key], error}, now());
  drain();
}

}  // namespace aloft::vrrp::simulation
