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

}  // namespace

Node::Node(World& world, std::size_t index, NodePlan plan) : world_(world), index_(index), plan_(std::move(plan)) {
  link_.index = 2;
  std::strcpy(link_.name, "eth0");
  link_.up = true;
  link_.mac = {2, 0, 0, 0, 0, static_cast<std::uint8_t>(index)};
  link_.primaryIPv4 = plan_.primaryIPv4;
  link_.linkLocalIPv6 = plan_.linkLocalIPv6;
}

// ----- What happens to it -----

void Node::start() {
  if (engine_) return;
  world_.record(index_, "starts");
  engine_ = std::make_unique<Engine>();
  ids_ = std::make_unique<IdRegistry>();
  observed_.clear();
  ++process_;
  actuatorFree_ = world_.now;
  engine_->handleLink(link_, world_.now);
  configure(plan_.routers);
  world_.after(world_.random.between(0us, 2ms), [this, process = process_] {
    if (engine_ && process == process_) reportResidue();
  });
}

/// What no configured virtual router has is removed without asking the engine.
void Node::reportResidue() {
  for (auto& [key, held] : held_) held = held && config(key) != nullptr;
  for (const auto& [id, observed] : observed_) {
    if (held_[observed.key] && observed.state != State::Master) engine_->handleActuated({id, true, 0}, world_.now);
    drain();
  }
}

void Node::crash(bool kernelSurvives) {
  if (!engine_) return;
  world_.record(index_, kernelSurvives ? "is killed" : "loses power");
  engine_.reset();
  ++process_;
  paused_ = stopping_ = linkChanged_ = configurationChanged_ = false;
  socket_.clear();
  parked_.clear();
  observed_.clear();
  wakeAt_ = TimePoint::max();
  armedFor_.reset();
  if (!kernelSurvives) held_.clear();
}

void Node::stop(bool keepAddresses) {
  if (!isRunning()) return;
  world_.record(index_, keepAddresses ? "stops, keeping its addresses" : "stops");
  stopping_ = true;
  engine_->shutdown(keepAddresses ? Shutdown::Keep : Shutdown::Resign, world_.now);
  drain();
  world_.after(world_.plan.actuatorDelay * 20, [this, process = process_] {  // the process waits for its actuator
    if (process == process_) crash(true);
  });
}

void Node::pause() {
  if (!isRunning()) return;
  world_.record(index_, "is stopped by SIGSTOP");
  paused_ = true;
  wakeAt_ = TimePoint::max();
  armedFor_.reset();
}

/// As the runtime does: sockets and answers first, then the timers.
void Node::resume() {
  if (!paused_) return;
  world_.record(index_, "goes on");
  paused_ = false;
  resuming_ = true;
  const bool linkFirst = world_.random.chance(50);
  if (linkChanged_ && linkFirst) tellLink();
  for (; !socket_.empty(); socket_.pop_front()) hear(*socket_.front());
  if (linkChanged_) tellLink();
  if (configurationChanged_) configure(plan_.routers);
  engine_->handleTimeout(world_.now);
  drain();
  resuming_ = false;
  for (const Request& request : std::exchange(parked_, {})) execute(process_, request);
}

void Node::setLink(bool up) {
  if (link_.up == up) return;
  world_.record(index_, up ? "link up" : "link down");
  link_.up = up;
  world_.after(world_.random.between(10us, 1ms), [this] { tellLink(); });
}

void Node::setSource(std::uint8_t host) {
  world_.record(index_, "has another source address");
  link_.primaryIPv4 = ipv4(host);
  link_.linkLocalIPv6 = ipv6LinkLocal(host);
  tellLink();
}

void Node::loseSource() {
  world_.record(index_, "has no source address");
  link_.primaryIPv4 = link_.linkLocalIPv6 = {};
  tellLink();
}

void Node::tellLink() {
  linkChanged_ = paused_;
  if (!isRunning()) return;
  engine_->handleLink(link_, world_.now);
  drain();
}

void Node::configure(std::vector<RouterConfig> routers) {
  plan_.routers = routers;
  configurationChanged_ = paused_;
  if (!isRunning()) return;
  retired_ = engine_->configure(Engine::prepare(std::move(routers), *ids_), world_.now);
  for (std::size_t i = 0; i < engine_->size(); ++i) {
    const RouterStatus status = engine_->status(i);
    Observed& observed = observed_[status.id];
    observed.key = status.key;
    observed.interval = config(observed.key)->advertisementInterval;
  }
  drain();
  retired_.reset();
}

void Node::stripAddresses(std::size_t election) {
  const std::string key = "election" + std::to_string(election + 1);
  if (!isRunning() || !held_[key]) return;
  world_.record(index_, "loses the addresses of " + key);
  held_[key] = false;
  for (const auto& [id, observed] : observed_) {
    if (observed.key == key) engine_->handleActuated({id, false, 0}, world_.now);
  }
  drain();
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
  const auto refused = engine_->handleAdvert({link_.index, packet.source, packet.destination, wire::kVrrpTtl, packet.message}, world_.now);
  if (refused && world_.isVerbose()) world_.record(index_, std::string("refuses it: ") + wire::name(*refused));
  drain();
}

// ----- The loop of the process -----

void Node::wake() {
  armedFor_.reset();
  wakeAt_ = TimePoint::max();
  engine_->handleTimeout(world_.now);
  drain();
}

void Node::armWakeUp() {
  const auto deadline = engine_->nextDeadline();
  if (deadline == armedFor_) return;
  armedFor_ = deadline;
  wakeAt_ = deadline ? std::max(*deadline, world_.now) + world_.random.between(0us, world_.plan.wakeUpJitter) : TimePoint::max();
}

void Node::drain() {
  std::vector<Effect> batch;
  Effect effect;
  while (engine_->pollEffect(effect)) {
    batch.push_back(effect);
    if (effect.kind == Effect::Kind::SendAdvert) transmit(effect);  // while the messages of leaving routers are there
  }
  for (const Effect& each : batch) handle(each, batch);
  armWakeUp();
}

void Node::transmit(const Effect& effect) {
  const auto transmit = engine_->advert(effect.router, effect.priority);
  if (transmit.message.empty()) world_.fail("no message to send");
  world_.send(index_, {transmit.source, transmit.destination, {transmit.message.begin(), transmit.message.end()}});
}

void Node::handle(const Effect& effect, const std::vector<Effect>& batch) {
  const std::string key = keyOf(effect.router);
  switch (effect.kind) {
    case Effect::Kind::SendAdvert:
      checkAdvert(effect, key, batch);
      break;
    case Effect::Kind::HoldAddresses:
    case Effect::Kind::ReleaseAddresses:
      ++disturbances_;
      ask(effect);
      break;
    case Effect::Kind::AnnounceAddresses:
      if (!held_[key]) world_.fail("n" + std::to_string(index_) + " announces addresses of " + key + " that it does not hold");
      if (observed_[effect.router].state != State::Master) world_.fail("n" + std::to_string(index_) + " announces but is not MASTER");
      break;
    case Effect::Kind::StateChanged:
      handleStateChange(effect, key);
      break;
    default:
      break;
  }
}

/// An advert comes from a MASTER, or from one that gives its addresses up with it; and never first thing after a long sleep.
void Node::checkAdvert(const Effect& effect, const std::string& key, const std::vector<Effect>& batch) {
  Observed& observed = observed_[effect.router];
  const auto inBatch = [&](Effect::Kind kind) {
    return std::any_of(batch.begin(), batch.end(), [&](const Effect& e) { return e.kind == kind && e.router == effect.router; });
  };
  const bool givesUp = inBatch(Effect::Kind::ReleaseAddresses);
  const bool takesOver = inBatch(Effect::Kind::HoldAddresses);
  if (observed.state != State::Master && !givesUp && !takesOver)
    world_.fail("n" + std::to_string(index_) + " adverts for " + key + " but is not MASTER");
  const bool mayBeReplaced = observed.state == State::Master && world_.now - observed.advertised >= 3 * observed.interval;
  if (resuming_ && mayBeReplaced && !givesUp) world_.fail("n" + std::to_string(index_) + " sends before it looks, for " + key);
  observed.advertised = world_.now;
}

void Node::handleStateChange(const Effect& effect, const std::string& key) {
  ++disturbances_;
  Observed& observed = observed_[effect.router];
  if (observed.state != effect.from) world_.fail("n" + std::to_string(index_) + " leaves a state of " + key + " that it was not in");
  observed.state = effect.to;
  if (effect.to == State::Master) ++takeovers_[key];
  world_.record(index_, key + " " + name(effect.from) + ">" + name(effect.to) + " " + name(effect.reason));
}

// ----- Actuator -----

void Node::ask(const Effect& effect) {
  const Request request{effect.router, keyOf(effect.router), effect.kind == Effect::Kind::HoldAddresses};
  world_.record(index_, request.key + (request.hold ? " hold" : " release"));
  actuatorFree_ = std::max(actuatorFree_, world_.now) + world_.random.between(10us, world_.plan.actuatorDelay);
  world_.after(actuatorFree_ - world_.now, [this, request, process = process_] { execute(process, request); });
}

void Node::execute(std::uint64_t process, const Request& request) {
  if (process != process_ || !engine_) return;
  if (paused_) {
    parked_.push_back(request);
    return;
  }
  const int error = world_.random.chance(world_.actuatorErrorPercent) ? kBusy : 0;
  if (error == 0) held_[request.key] = request.hold;
  if (error != 0 && !request.hold && config(request.key) == nullptr) {  // the engine no longer knows it: the actuator's to try again
    world_.after(10ms, [this, request, process] { execute(process, request); });
    return;
  }
  engine_->handleActuated({request.router, held_[request.key], error}, world_.now);
  drain();
}

// ----- What can be seen -----

std::string Node::keyOf(RouterId router) const {
  const auto found = observed_.find(router);
  return found == observed_.end() ? "?" : found->second.key;
}

const RouterConfig* Node::config(const std::string& key) const {
  if (!engine_) return nullptr;
  const auto found = std::find_if(plan_.routers.begin(), plan_.routers.end(), [&key](const RouterConfig& c) { return c.key == key; });
  return found == plan_.routers.end() ? nullptr : &*found;
}

State Node::state(const std::string& key) const {
  for (std::size_t i = 0; engine_ && i < engine_->size(); ++i) {
    if (engine_->status(i).key == key) return engine_->status(i).state;
  }
  return State::Init;
}

bool Node::holds(const std::string& key) const {
  const auto found = held_.find(key);
  return found != held_.end() && found->second;
}

}  // namespace aloft::vrrp::simulation
