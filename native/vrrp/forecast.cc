#include "vrrp/forecast.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "vrrp/engine.h"

namespace aloft::vrrp {

using namespace std::chrono_literals;

namespace {

constexpr char kLink[] = "lan";
/// Of a datagram on the LAN: enough that no two things happen at one moment, far less than the least Skew_Time (39 µs at 10 ms).
constexpr Duration kFlight = 1us;

/// The election alone: what concerns the node, its start and its other elections is left out.
RouterConfig plain(RouterConfig config) {
  config.interface = kLink;
  config.virtualMacInterface.clear();
  config.sourceAddress = {};
  config.trackSource = false;
  config.peerTtls.clear();
  config.group.clear();
  config.checks.clear();
  config.interfaces.clear();
  config.preemptDelay = config.startupDelay = Duration(0);
  config.conflicts = ConflictPolicy::Off;
  config.handOver = 0;
  for (RouterAddress& address : config.addresses) address.interface.clear();
  return config;
}

LinkState linkWith(const wire::IpAddress& address, std::size_t number) {
  LinkState link;
  link.index = 1;
  std::memcpy(link.name, kLink, sizeof kLink);
  link.up = true;
  link.mac = {0x02, 0, 0, 0, 0, static_cast<std::uint8_t>(number)};
  (address.family == wire::Family::IPv4 ? link.primaryIPv4 : link.linkLocalIPv6) = address;
  return link;
}

struct Datagram {
  TimePoint due{};
  std::size_t from = 0;
  wire::IpAddress source;
  wire::IpAddress destination;
  std::vector<std::uint8_t> message;
};

class Lan {
 public:
  explicit Lan(std::span<const Candidate> candidates) : nodes_(candidates.size()) {
    for (std::size_t index = 0; index < nodes_.size(); ++index) nodes_[index].address = candidates[index].address;
  }

  void start(std::size_t index, const RouterConfig& config) {
    Node& node = nodes_[index];
    node.engine = std::make_unique<Engine>();
    node.engine->handleLink(linkWith(node.address, index + 1), now_);
    const auto former = node.engine->configure(Engine::prepare({plain(config)}, node.ids), now_);
    drain(index);
  }

  void shutDown(std::size_t index) {
    nodes_[index].engine->shutdown(Shutdown::Resign, now_);
    drain(index);
  }

  void silence(std::size_t index) { nodes_[index].engine.reset(); }

  /// Goes on until somebody becomes MASTER, or until `limit`.
  std::optional<std::size_t> runUntilMaster(TimePoint limit) {
    newMaster_.reset();
    return runWhile(limit, [this] { return !newMaster_; }) ? newMaster_ : std::nullopt;
  }

  /// Goes on until the next advert of a node.
  void runUntilAdvert(std::size_t index, TimePoint limit) {
    const std::size_t sent = nodes_[index].sent;
    runWhile(limit, [this, index, sent] { return nodes_[index].sent == sent; });
  }

  /// Who is MASTER when those that became so at one moment have heard each other.
  std::optional<std::size_t> winner() {
    runWhile(now_ + 4 * kFlight, [] { return true; });
    for (std::size_t index = 0; index < nodes_.size(); ++index) {
      if (isMaster(index)) return index;
    }
    return std::nullopt;
  }

  bool isMaster(std::size_t index) const { return nodes_[index].engine && nodes_[index].engine->status(0).state == State::Master; }
  TimePoint now() const { return now_; }

 private:
  struct Node {
    std::unique_ptr<Engine> engine;
    IdRegistry ids;
    wire::IpAddress address;
    std::size_t sent = 0;
  };

  /// False when `limit` was reached first.
  template <class Condition>
  bool runWhile(TimePoint limit, const Condition& goOn) {
    while (goOn()) {
      const TimePoint next = nextMoment();
      if (next > limit) return false;
      now_ = next;
      deliver();
      for (std::size_t index = 0; index < nodes_.size(); ++index) {
        if (!nodes_[index].engine) continue;
        nodes_[index].engine->handleTimeout(now_);
        drain(index);
      }
    }
    return true;
  }

  TimePoint nextMoment() const {
    TimePoint next = wire_.empty() ? TimePoint::max() : wire_.front().due;
    for (const Node& node : nodes_) {
      if (!node.engine) continue;
      if (const auto deadline = node.engine->nextDeadline()) next = std::min(next, *deadline);
    }
    return std::max(next, now_);
  }

  void deliver() {
    while (!wire_.empty() && wire_.front().due <= now_) {
      const Datagram datagram = std::move(wire_.front());
      wire_.erase(wire_.begin());
      for (std::size_t index = 0; index < nodes_.size(); ++index) {
        if (index == datagram.from || !nodes_[index].engine) continue;
        if (isNode(datagram.destination) && datagram.destination != nodes_[index].address) continue;
        nodes_[index].engine->handleAdvert({1, datagram.source, datagram.destination, 255, datagram.message}, now_);
        drain(index);
      }
    }
  }

  /// Else it is a multicast group.
  bool isNode(const wire::IpAddress& address) const {
    return std::ranges::any_of(nodes_, [&](const Node& node) { return node.address == address; });
  }

  void drain(std::size_t index) {
    Engine& engine = *nodes_[index].engine;
    for (Effect effect; engine.pollEffect(effect);) {
      switch (effect.kind) {
        case Effect::Kind::SendAdvert:
          ++nodes_[index].sent;
          send(index, effect);
          break;
        case Effect::Kind::HoldAddresses:
          engine.handleActuated({effect.router, true, 0}, now_);
          break;
        case Effect::Kind::ReleaseAddresses:
          engine.handleActuated({effect.router, false, 0}, now_);
          break;
        case Effect::Kind::StateChanged:
          if (effect.to == State::Master) newMaster_ = index;
          break;
        default:
          break;
      }
    }
  }

  void send(std::size_t index, const Effect& effect) {
    Engine& engine = *nodes_[index].engine;
    for (std::size_t destination = 0; destination < engine.destinations(effect.router); ++destination) {
      const Engine::Transmit advert = engine.advert(effect.router, effect.priority, destination);
      wire_.push_back({now_ + kFlight, index, advert.source, advert.destination, {advert.message.begin(), advert.message.end()}});
    }
  }

  std::vector<Node> nodes_;
  std::vector<Datagram> wire_;
  TimePoint now_{1h};  // any moment but the clock's zero
  std::optional<std::size_t> newMaster_;
};

/// Longer than any Active_Down_Interval of these candidates.
Duration patience(std::span<const Candidate> candidates) {
  Duration longest{};
  for (const auto& [config, address] : candidates) {
    longest = std::max(longest, config.advertisementInterval * (config.downTimerAdverts + 2) + 2s);
  }
  return longest;
}

}  // namespace

Forecast forecastLoss(std::span<const Candidate> candidates, std::size_t active, Loss loss) {
  Lan lan(candidates);
  const Duration limit = patience(candidates);
  lan.start(active, candidates[active].config);
  while (!lan.isMaster(active) && lan.runUntilMaster(lan.now() + limit)) continue;
  for (std::size_t index = 0; index < candidates.size(); ++index) {
    if (index != active) lan.start(index, candidates[index].config);
  }
  // All hear it at least once. Who would preempt it gets no time to: the question is about the active one.
  lan.runUntilAdvert(active, lan.now() + limit);
  lan.runUntilAdvert(active, lan.now() + limit);
  const TimePoint last = lan.now();
  loss == Loss::Resignation ? lan.shutDown(active) : lan.silence(active);
  if (!lan.runUntilMaster(last + limit)) return {};
  const Duration takeover = lan.now() - last;
  return {lan.winner(), takeover};
}

}  // namespace aloft::vrrp
