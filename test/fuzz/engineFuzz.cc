// Input: a configuration of a few virtual routers, then a sequence of events: adverts, whole or damaged, time, links, checks, claims,
// answers, configurations, a shutdown. What must hold whatever comes is checked after each.

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fuzz.h"
#include "vrrp/engine.h"
#include "wire/vrrp.h"

using namespace aloft;
using namespace aloft::vrrp;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kRouters = 4;
constexpr std::size_t kEvents = 400;

wire::IpAddress host(wire::Family family, std::uint8_t last) {
  wire::IpAddress address;
  address.family = family;
  if (family == wire::Family::IPv4) {
    address.bytes = {10, 0, 0, last};
  } else {
    address.bytes[0] = 0xfe, address.bytes[1] = 0x80, address.bytes[15] = last;
  }
  return address;
}

wire::IpAddress group(wire::Family family) {
  wire::IpAddress address;
  address.family = family;
  if (family == wire::Family::IPv4) {
    address.bytes = {224, 0, 0, 18};
  } else {
    address.bytes = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12};
  }
  return address;
}

RouterConfig configOf(Input& input, std::size_t index) {
  const std::uint8_t flags = input.byte();
  const std::uint8_t more = input.byte();
  RouterConfig config;
  config.key = "r" + std::to_string(index);
  config.version = (flags & 1) != 0 ? 2 : 3;
  config.family = config.version == 3 && (flags & 2) != 0 ? wire::Family::IPv6 : wire::Family::IPv4;
  config.interface = (flags & 4) != 0 ? "eth1" : "eth0";
  config.virtualRouterId = static_cast<std::uint8_t>(index + 1);
  config.priority = std::max<std::uint8_t>(input.byte(), 1);
  config.advertisementInterval = config.version == 2 ? Duration(1s) : Duration(10ms * (1 + (more & 15)));
  config.preempt = (flags & 8) == 0;
  config.preemptDelay = (flags & 16) != 0 ? Duration(200ms) : Duration(0);
  config.deadMan = (flags & 32) != 0;
  config.conflicts = static_cast<ConflictPolicy>(more >> 4 & 1) == ConflictPolicy::Off ? ConflictPolicy::Off : ConflictPolicy::Enforce;
  config.downTimerAdverts = (more & 32) != 0 ? 1 : 3;
  if ((flags & 64) != 0) config.group = "g";
  if ((flags & 128) != 0) config.checks = {{1, static_cast<std::int16_t>(input.byte() - 128), (more & 64) != 0}};
  if ((more & 128) != 0) config.unicastPeers = {host(config.family, 20), host(config.family, 21)};
  config.gateSlot = static_cast<std::uint32_t>(index);
  wire::IpAddress address = host(config.family, 100);
  address.bytes[config.family == wire::Family::IPv4 ? 2 : 14] = static_cast<std::uint8_t>(index + 1);
  config.addresses = {{{address, 24}, "", true}};
  return config;
}

class World {
 public:
  explicit World(Input& input) : input_(input) {
    const std::uint8_t flags = input_.byte();
    engine_.setGateActive((flags & 1) != 0, now_);
    for (std::uint32_t i = 0; i < 2; ++i) {
      links_[i].index = 2 + i;
      std::strcpy(links_[i].name, i == 0 ? "eth0" : "eth1");
      links_[i].up = true;
      links_[i].primaryIPv4 = host(wire::Family::IPv4, 10);
      links_[i].linkLocalIPv6 = host(wire::Family::IPv6, 10);
      engine_.handleLink(links_[i], now_);
    }
    for (std::size_t i = 0; i < 1 + flags % kRouters; ++i) configs_.push_back(configOf(input_, i));
    configure();
  }

  void run() {
    for (std::size_t i = 0; i < kEvents && !input_.empty(); ++i) step();
    engine_.shutdown(Shutdown::Resign, now_);
    drain();
    REQUIRE(engine_.isEnded());
    for (const auto& [id, state] : states_) REQUIRE(state == State::Init);
  }

 private:
  void step() {
    switch (input_.byte() % 12) {
      case 0:
      case 1:
      case 2:
        advert();
        return;
      case 3:
      case 4:
        timePasses();
        break;
      case 5:
        link();
        break;
      case 6:
        engine_.handleCheck({1, (input_.byte() & 1) != 0, (input_.byte() & 1) != 0, input_.byte() - 128}, now_);
        break;
      case 7:
        if (const RouterId id = anyId()) engine_.handleConflict({id, host(wire::Family::IPv4, 100), {2, 0, 0, 0, 0, 9}, {}}, now_);
        break;
      case 8:
      case 9:
        if (const RouterId id = anyId()) engine_.handleActuated({id, (input_.byte() & 1) != 0, (input_.byte() & 3) == 3 ? 16 : 0}, now_);
        break;
      case 10:
        reconfigure();
        return;
      case 11:
        if (const RouterId id = anyId(); id != 0 && (input_.byte() & 7) == 0) engine_.handleGateRunOut(id, now_);
        break;
    }
    drain();
  }

  void timePasses() {
    const Duration by = Duration(1us) * input_.number16() * (input_.byte() % 64 + 1);
    const TimePoint end = now_ + by;
    const bool stepwise = (input_.byte() & 3) != 0;  // else it was stopped
    for (int i = 0; stepwise && i < 200 && engine_.nextDeadline() && *engine_.nextDeadline() <= end; ++i) {
      now_ = std::max(now_, *engine_.nextDeadline());
      fire();
    }
    now_ = std::max(now_, end);
    fire();
  }

  void fire() {
    engine_.handleTimeout(now_);
    drain();
    const auto next = engine_.nextDeadline();
    REQUIRE(!next || *next > now_);
  }

  void link() {
    LinkState& link = links_[input_.byte() & 1];
    const std::uint8_t what = input_.byte();
    if (what % 5 == 0) {
      engine_.handleLinkRemoved(link.index, now_);
      return;
    }
    if (what % 5 == 1) link.up = !link.up;
    if (what % 5 == 2) link.primaryIPv4 = what & 128 ? wire::IpAddress{} : host(wire::Family::IPv4, what);
    if (what % 5 == 3) link.mac[5] = what;
    if (what % 5 == 4) link.index = link.index + 10;
    engine_.handleLink(link, now_);
  }

  void reconfigure() {
    const std::size_t index = input_.byte() % configs_.size();
    const std::uint8_t what = input_.byte();
    if (what % 4 == 0) {
      configs_[index] = configOf(input_, index);
    } else if (what % 4 == 1) {
      ++configs_[index].handOver;
    } else {
      configs_[index].priority = std::max<std::uint8_t>(input_.byte(), 1);
    }
    configure();
  }

  void configure() {
    retired_ = engine_.configure(Engine::prepare(configs_, ids_), now_);
    drain();
    requireGroups();
  }

  /// A discarded advert leaves no trace but its counter and what people are told.
  void advert() {
    const RouterConfig& router = configs_[input_.byte() % configs_.size()];
    const std::uint8_t damage = input_.byte();
    std::vector<std::uint8_t> message = messageFor(router);
    ReceivedAdvert received;
    received.ifindex = links_[router.interface == "eth0" ? 0 : 1].index;
    received.source = source_;
    received.destination = destination_;
    received.ttl = (damage & 15) == 15 ? 254 : 255;
    if ((damage & 15) == 14 && !message.empty()) message[input_.byte() % message.size()] ^= static_cast<std::uint8_t>(1 << (damage >> 5));
    received.message = message;
    const auto before = engine_.nextDeadline();
    const auto statesBefore = states_;
    const auto refused = engine_.handleAdvert(received, now_);
    const bool quiet = drain();
    if (!refused) return;
    REQUIRE(quiet);
    REQUIRE(engine_.nextDeadline() == before);
    REQUIRE(states_ == statesBefore);
  }

  std::vector<std::uint8_t> messageFor(const RouterConfig& router) {
    const std::uint8_t from = input_.byte();
    source_ = host(router.family, static_cast<std::uint8_t>(10 + from % 14));
    destination_ = router.unicastPeers.empty() != ((from & 128) != 0) ? group(router.family) : host(router.family, 10);
    const std::vector<wire::IpAddress> addresses = {host(router.family, 200), router.addresses.front().prefix.address};
    wire::EncodeInput encode;
    encode.version = router.version;
    encode.virtualRouterId = router.virtualRouterId;
    encode.priority = input_.byte();
    encode.interval = router.version == 2 ? 1 : static_cast<std::uint16_t>(input_.byte() % 16);
    encode.addresses = std::span(addresses).last(1 + (from >> 6 & 1));
    encode.checksum = (from & 32) != 0 ? wire::ChecksumForm::WithPseudoHeader : wire::ChecksumForm::WithoutPseudoHeader;
    encode.source = source_;
    encode.destination = destination_;
    std::vector<std::uint8_t> message(wire::kMaxVrrpSize);
    message.resize(wire::encodeVrrp(encode, message));
    return message;
  }

  RouterId anyId() { return engine_.size() == 0 ? 0 : engine_.status(input_.byte() % engine_.size()).id; }

  /// Returns whether nothing came but notices.
  bool drain() {
    bool quiet = true;
    for (Effect effect; engine_.pollEffect(effect);) {
      quiet = quiet && effect.kind == Effect::Kind::Noticed;
      take(effect);
    }
    requireGroups();
    for (std::size_t i = 0; i < engine_.size(); ++i) {
      const RouterStatus status = engine_.status(i);
      REQUIRE(states_[status.id] == status.state);
      REQUIRE(status.priority >= 1);
      REQUIRE(status.state != State::Master || status.deadline != TimePoint::max());
    }
    return quiet;
  }

  void take(const Effect& effect) {
    State& state = states_[effect.router];
    if (effect.kind == Effect::Kind::StateChanged) {
      REQUIRE(state == effect.from);
      REQUIRE(effect.from != effect.to);
      state = effect.to;
    }
    if (effect.kind == Effect::Kind::SetGate) REQUIRE(effect.acceptUntil >= effect.answerUntil);
    if (effect.kind == Effect::Kind::AnnounceAddresses) REQUIRE(state == State::Master);
    if (effect.kind != Effect::Kind::SendAdvert) return;
    for (std::size_t i = 0; i < engine_.destinations(effect.router); ++i) {
      const auto transmit = engine_.advert(effect.router, effect.priority, i);
      const auto decoded = wire::decodeVrrp(transmit.message, transmit.source, transmit.destination, 255);
      REQUIRE(decoded.ok);
      REQUIRE((decoded.advert.priority == 0) == (effect.priority == 0));
    }
  }

  void requireGroups() {
    std::optional<bool> masters;
    for (std::size_t i = 0; i < engine_.size(); ++i) {
      const RouterStatus status = engine_.status(i);
      const auto config = std::find_if(configs_.begin(), configs_.end(), [&](const RouterConfig& c) { return c.key == status.key; });
      if (config == configs_.end() || config->group.empty() || status.state == State::Init) continue;
      const bool master = status.state == State::Master;
      REQUIRE(!masters || *masters == master);
      masters = master;
    }
  }

  Input& input_;
  TimePoint now_{1000s};
  Engine engine_;
  IdRegistry ids_;
  std::unique_ptr<Table> retired_;
  std::vector<RouterConfig> configs_;
  std::array<LinkState, 2> links_{};
  std::map<RouterId, State> states_;
  wire::IpAddress source_;
  wire::IpAddress destination_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  World(input).run();
  return 0;
}
