#include "simulation/node.h"

#include <algorithm>
#include <cstring>

namespace aloft::vrrp::simulation {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kSocketBuffer = 64;
constexpr int kBusy = 16;

bool isPlainVersion3(const Packet& packet) {
  const auto decoded = wire::decodeVrrp(packet.message, packet.source, packet.destination, wire::kVrrpTtl);
  return decoded.ok && decoded.advert.version == 3 && packet.source.family == wire::Family::IPv4 &&
         decoded.advert.checksum == wire::ChecksumForm::WithoutPseudoHeader;
}

std::string describe(const Packet& packet) {
  const auto decoded = wire::decodeVrrp(packet.message, packet.source, packet.destination, wire::kVrrpTtl);
  if (!decoded.ok) return wire::name(decoded.discard);
  return "election" + std::to_string(decoded.advert.virtualRouterId) + " priority " + std::to_string(decoded.advert.priority) +
         " interval " + std::to_string(decoded.advert.interval) + " from " + wire::format(packet.source);
}

bool isMulticast(const wire::IpAddress& address) {
  return address.family == wire::Family::IPv4 ? address.bytes[0] == 224 : address.bytes[0] == 0xff;
}

wire::MacAddress macOf(std::size_t node) { return {2, 0, 0, 0, 0, static_cast<std::uint8_t>(node)}; }

}  // namespace

Node::Node(World& world, std::size_t index, NodePlan plan) : world_(world), index_(index), plan_(std::move(plan)) {
  for (std::size_t segment = 0; segment < kSegments; ++segment) {
    LinkState& link = links_[segment];
    link.index = static_cast<std::uint32_t>(2 + segment);
    std::strcpy(link.name, interfaceOf(segment).c_str());
    link.up = true;
    link.mac = macOf(index);
    link.primaryIPv4 = plan_.primaryIPv4;
    link.linkLocalIPv6 = plan_.linkLocalIPv6;
  }
  checksUp_.fill(true);
}

// ----- What happens to it -----

void Node::start() {
  if (engine_) return;
  world_.record(index_, "starts");
  engine_ = std::make_unique<Engine>();
  ids_ = std::make_unique<IdRegistry>();
  observed_.clear();
  gates_.clear();  // the programs of the new process take the places of the old one's, all slots shut
  ++process_;
  actuatorFree_ = world_.now;
  engine_->setGateActive(world_.plan.gate, now());
  for (const LinkState& link : links_) engine_->handleLink(link, now());
  tellChecks();
  configure(plan_.routers);
  world_.after(world_.random.between(0us, 2ms), [this, process = process_] {
    if (engine_ && process == process_) reportResidue();
  });
}

/// What no configured virtual router has is removed without asking the engine.
void Node::reportResidue() {
  for (auto& [key, held] : held_) held = held && config(key) != nullptr;
  for (std::size_t i = 0; i < engine_->size(); ++i) {
    const RouterStatus status = engine_->status(i);
    if (held_[std::string(status.key)] && status.state != State::Master) engine_->handleActuated({status.id, true, 0}, now());
    drain();
  }
}

void Node::crash(bool kernelSurvives) {
  if (!engine_) return;
  world_.record(index_, kernelSurvives ? "ends" : "loses power");
  engine_.reset();
  ++process_;
  paused_ = stopping_ = linkChanged_ = checksChanged_ = configurationChanged_ = false;
  pauseAfter_ = -1;
  unfinished_.clear();
  socket_.clear();
  claims_.clear();
  parked_.clear();
  observed_.clear();
  wakeAt_ = TimePoint::max();
  armedFor_.reset();
  if (kernelSurvives) return;
  held_.clear();
  gates_.clear();
}

void Node::stop(Shutdown how) {
  if (!isRunning()) return;
  constexpr const char* kHow[] = {"hands over and stops", "resigns and stops", "stops, keeping its addresses"};
  world_.record(index_, kHow[static_cast<int>(how)]);
  stopping_ = true;
  engine_->shutdown(how, now());
  drain();
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

void Node::pause() {
  if (engine_ == nullptr || paused_) return;
  world_.record(index_, "is stopped by SIGSTOP");
  paused_ = true;
  for (const auto& [id, observed] : observed_) {
    const bool mayHaveCrossed = now() - observed.advertised <= 2 * world_.plan.mostLatency;
    if (observed.state == State::Master && mayHaveCrossed) claimedLate_.insert(observed.key);
  }
  pauseAfter_ = -1;
  wakeAt_ = TimePoint::max();
  armedFor_.reset();
}

/// As the runtime does: what it was at, sockets and answers, then the timers.
void Node::resume() {
  pauseAfter_ = -1;
  if (!paused_) return;
  world_.record(index_, "goes on");
  paused_ = false;
  carryOutUnfinished();
  resuming_ = true;
  const bool linkFirst = world_.random.chance(50);
  if (linkChanged_ && linkFirst) tellLinks();
  for (; !socket_.empty(); socket_.pop_front()) hear(*socket_.front());
  tellClaims();
  if (linkChanged_) tellLinks();
  if (checksChanged_) tellChecks();
  if (configurationChanged_) configure(plan_.routers);
  engine_->handleTimeout(now());
  drain();
  resuming_ = false;
  for (const Request& request : std::exchange(parked_, {})) execute(process_, request);
}

void Node::setLink(std::size_t segment, bool up) {
  if (links_[segment].up == up) return;
  world_.record(index_, links_[segment].name + std::string(up ? " up" : " down"));
  links_[segment].up = up;
  world_.after(world_.random.between(10us, 1ms), [this] { tellLinks(); });
}

void Node::setSource(std::uint8_t host) {
  world_.record(index_, "has another source address");
  for (LinkState& link : links_) {
    link.primaryIPv4 = ipv4(host);
    link.linkLocalIPv6 = ipv6LinkLocal(host);
  }
  tellLinks();
}

void Node::loseSource() {
  world_.record(index_, "has no source address");
  for (LinkState& link : links_) link.primaryIPv4 = link.linkLocalIPv6 = {};
  tellLinks();
}

void Node::restoreSource() {
  world_.record(index_, "has its source address again");
  for (LinkState& link : links_) {
    link.primaryIPv4 = plan_.primaryIPv4;
    link.linkLocalIPv6 = plan_.linkLocalIPv6;
  }
  tellLinks();
}

void Node::tellLinks() {
  linkChanged_ = paused_;
  if (!isRunning()) return;
  for (const LinkState& link : links_) {
    engine_->handleLink(link, now());
    drain();
    if (paused_) {
      linkChanged_ = true;
      return;
    }
  }
}

void Node::setCheck(CheckId check, bool up) {
  if (checksUp_[check - 1] == up) return;
  world_.record(index_, "check " + std::to_string(check) + (up ? " up" : " down"));
  checksUp_[check - 1] = up;
  tellChecks();
}

void Node::tellChecks() {
  checksChanged_ = paused_;
  if (!isRunning()) return;
  for (CheckId check = 1; check <= kChecks && !paused_; ++check) {
    engine_->handleCheck({check, checksUp_[check - 1], false, 0}, now());
    drain();
  }
  checksChanged_ = paused_;
}

void Node::configure(std::vector<RouterConfig> routers) {
  plan_.routers = routers;
  configurationChanged_ = paused_;
  if (!isRunning()) return;
  retired_ = engine_->configure(Engine::prepare(std::move(routers), *ids_), now());
  for (auto& [id, observed] : observed_) observed.group.clear();
  for (std::size_t i = 0; i < engine_->size(); ++i) {
    const RouterStatus status = engine_->status(i);
    Observed& observed = observed_[status.id];
    observed.key = status.key;
    const RouterConfig& config = *this->config(observed.key);
    observed.group = config.group;
    observed.claim = config.advertisementInterval * config.downTimerAdverts;
  }
  drain();
}

void Node::stripAddresses(const std::string& key) {
  if (!isRunning() || !held_[key]) return;
  world_.record(index_, "loses the addresses of " + key);
  held_[key] = false;
  if (const auto known = status(key)) engine_->handleActuated({known->id, false, 0}, now());
  drain();
}

bool Node::takes(const Packet& packet) const {
  return isMulticast(packet.destination) || packet.destination == source(packet.destination.family);
}

void Node::receive(const std::shared_ptr<const Packet>& packet) {
  if (!engine_) return;
  if (paused_) {
    if (socket_.size() < kSocketBuffer) socket_.push_back(packet);
    return;
  }
  hear(*packet);
}

void Node::hear(const Packet& packet) {
  if (world_.isVerbose()) world_.record(index_, "hears " + describe(packet));
  if (plan_.pseudoHeaderOnly && isPlainVersion3(packet)) return;
  const ReceivedAdvert advert{links_[packet.segment].index, packet.source, packet.destination, wire::kVrrpTtl, packet.message};
  const auto refused = engine_->handleAdvert(advert, now());
  if (refused && world_.isVerbose()) world_.record(index_, std::string("refuses it: ") + wire::name(*refused));
  drain();
}

void Node::seeClaim(std::size_t claimer, const std::string& key) {
  const auto known = status(key);
  const RouterConfig* router = config(key);
  if (!known || router == nullptr) return;
  claims_[key] = {known->id, router->addresses.front().prefix.address, macOf(claimer), now()};
  if (!paused_) tellClaims();
}

void Node::tellClaims() {
  for (const auto& [key, claim] : std::exchange(claims_, {})) {
    if (engine_ == nullptr || paused_) return;
    engine_->handleConflict(claim, now());
    drain();
  }
}

// ----- The loop of the process -----

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

// ----- What can be seen -----

std::string Node::keyOf(RouterId router) const {
  const auto found = observed_.find(router);
  return found == observed_.end() ? "?" : found->second.key;
}

std::size_t Node::segmentOf(const std::string& key) const {
  const auto found = std::find_if(plan_.routers.begin(), plan_.routers.end(), [&key](const RouterConfig& c) { return c.key == key; });
  return found == plan_.routers.end() || found->interface == interfaceOf(0) ? 0 : 1;
}

const RouterConfig* Node::config(const std::string& key) const {
  if (!engine_) return nullptr;
  const auto found = std::find_if(plan_.routers.begin(), plan_.routers.end(), [&key](const RouterConfig& c) { return c.key == key; });
  return found == plan_.routers.end() ? nullptr : &*found;
}

std::optional<RouterStatus> Node::status(const std::string& key) const {
  for (std::size_t i = 0; engine_ && i < engine_->size(); ++i) {
    if (RouterStatus status = engine_->status(i); status.key == key) return status;
  }
  return std::nullopt;
}

State Node::state(const std::string& key) const {
  const auto known = status(key);
  return known ? known->state : State::Init;
}

bool Node::holds(const std::string& key) const {
  const auto found = held_.find(key);
  return found != held_.end() && found->second;
}

bool Node::gateIsOpen(const std::string& key) const {
  if (!world_.plan.gate) return true;
  const auto found = gates_.find(key);
  return found != gates_.end() && found->second.answer > now();
}

bool Node::accepts(const std::string& key) const {
  if (!holds(key)) return false;
  const auto found = gates_.find(key);
  return !world_.plan.gate || (found != gates_.end() && found->second.accept > now());
}

}  // namespace aloft::vrrp::simulation
