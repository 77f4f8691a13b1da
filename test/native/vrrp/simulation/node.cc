#include "simulation/node.h"

#include <algorithm>
#include <cstring>

namespace aloft::vrrp::simulation {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kSocketBuffer = 64;

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
  takeSources(ipv4(host), ipv6LinkLocal(host));
}

void Node::loseSource() {
  world_.record(index_, "has no source address");
  takeSources({}, {});
}

void Node::restoreSource() {
  world_.record(index_, "has its source address again");
  takeSources(plan_.primaryIPv4, plan_.linkLocalIPv6);
}

void Node::takeSources(const wire::IpAddress& primaryIPv4, const wire::IpAddress& linkLocalIPv6) {
  for (LinkState& link : links_) {
    link.primaryIPv4 = primaryIPv4;
    link.linkLocalIPv6 = linkLocalIPv6;
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
