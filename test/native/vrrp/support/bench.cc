#include "support/bench.h"

#include <cstring>
#include <sstream>

namespace aloft::vrrp {

wire::IpAddress address(const char* text) {
  wire::IpAddress result;
  EXPECT_TRUE(wire::parseIpAddress(text, result)) << text;
  return result;
}

RouterAddress on(const char* prefix, const char* interface) {
  RouterAddress result;
  EXPECT_TRUE(wire::parseIpPrefix(prefix, result.prefix)) << prefix;
  result.interface = interface;
  return result;
}

RouterConfig routerConfig() {
  RouterConfig config;
  config.key = "a/v4";
  config.interface = "eth0";
  config.virtualRouterId = 51;
  config.advertisementInterval = 100ms;
  config.addresses = {on("192.0.2.100/24"), on("192.0.2.101/24")};
  return config;
}

RouterConfig version2Config() {
  RouterConfig config = routerConfig();
  config.version = 2;
  config.advertisementInterval = 1s;
  return config;
}

RouterConfig ipv6Config() {
  RouterConfig config = routerConfig();
  config.key = "a/v6";
  config.family = wire::Family::IPv6;
  config.addresses = {on("2001:db8::100/64")};
  return config;
}

std::vector<std::uint8_t> encode(const PeerAdvert& advert) {
  std::vector<wire::IpAddress> addresses;
  for (const std::string& text : advert.addresses) addresses.push_back(address(text.c_str()));
  wire::EncodeInput input;
  input.version = advert.version;
  input.virtualRouterId = advert.virtualRouterId;
  input.priority = advert.priority;
  const Duration unit = advert.version == 2 ? Duration(1s) : Duration(10ms);
  input.interval = static_cast<std::uint16_t>(advert.interval / unit);
  input.addresses = addresses;
  input.checksum = advert.checksum;
  input.source = address(advert.source.c_str());
  input.destination = address(input.source.family == wire::Family::IPv4 ? "224.0.0.18" : "ff02::12");
  std::vector<std::uint8_t> message(wire::kMaxVrrpSize);
  message.resize(wire::encodeVrrp(input, message));
  EXPECT_FALSE(message.empty());
  return message;
}

Bench::Bench() {
  link.index = 2;
  std::strcpy(link.name, "eth0");
  link.up = true;
  link.mac = {2, 0, 0, 0, 0, 10};
  link.primaryIPv4 = address("192.0.2.10");
  link.linkLocalIPv6 = address("fe80::10");
  engine.handleLink(link, now);
}

Bench::Bench(RouterConfig router) : Bench() {
  configure({std::move(router)});
  drain();
}

void Bench::configure(std::vector<RouterConfig> routers) {
  retired_.push_back(engine.configure(Engine::prepare(std::move(routers), ids), now));
}

std::optional<wire::Discard> Bench::receive(const PeerAdvert& advert) { return receive(encode(advert), advert.source); }

std::optional<wire::Discard> Bench::receive(std::vector<std::uint8_t> message, const std::string& source, std::uint32_t ifindex,
                                            std::uint8_t ttl) {
  ReceivedAdvert received;
  received.ifindex = ifindex;
  received.source = address(source.c_str());
  received.destination = address(received.source.family == wire::Family::IPv4 ? "224.0.0.18" : "ff02::12");
  received.ttl = ttl;
  received.message = message;
  return engine.handleAdvert(received, now);
}

void Bench::actuated(bool held, int error, std::size_t router) { engine.handleActuated({status(router).id, held, error}, now); }

void Bench::announcedElsewhere() { engine.handleConflict({status().id, address("192.0.2.100"), {2, 0, 0, 0, 0, 0x20}, now}, now); }

void Bench::fire() {
  const auto deadline = engine.nextDeadline();
  ASSERT_TRUE(deadline.has_value());
  now = std::max(now, *deadline);
  engine.handleTimeout(now);
}

std::string Bench::run(Duration span) {
  const TimePoint end = now + span;
  std::string effects;
  for (auto next = engine.nextDeadline(); next && *next <= end; next = engine.nextDeadline()) {
    fire();
    const std::string more = drain();
    effects += (effects.empty() || more.empty() ? "" : " ") + more;
  }
  now = end;
  return effects;
}

Duration Bench::untilDeadline() const {
  const auto deadline = engine.nextDeadline();
  return deadline ? *deadline - now : Duration(-1);
}

std::vector<Effect> Bench::drainEffects() {
  std::vector<Effect> effects;
  Effect effect;
  while (engine.pollEffect(effect)) effects.push_back(effect);
  return effects;
}

namespace {

std::string stateChange(const Effect& effect) {
  std::ostringstream text;
  text << name(effect.from) << '>' << name(effect.to) << ':' << name(effect.reason);
  if (!effect.peer.isUnspecified()) text << '(' << wire::format(effect.peer);
  if (effect.silence >= 0ns) text << ',' << std::chrono::round<std::chrono::milliseconds>(effect.silence).count() << "ms";
  if (!effect.peer.isUnspecified()) text << ')';
  return text.str();
}

std::string gateTime(TimePoint until, TimePoint now) {
  if (until == TimePoint{}) return "shut";
  if (until == TimePoint::max()) return "open";
  return std::to_string(std::chrono::round<std::chrono::milliseconds>(until - now).count()) + "ms";
}

std::string notice(const Effect& effect) {
  if (effect.notice == Notice::PriorityChanged) return std::string(name(effect.notice)) + "(" + std::to_string(effect.priority) + ")";
  std::string text = std::string(name(effect.notice)) + "(" + wire::format(effect.peer);
  if (effect.notice == Notice::ForeignRouter) text += std::string(",") + wire::name(effect.discard);
  if (effect.notice == Notice::AddressConflict) text += "," + wire::format(effect.mac);
  return text + ")";
}

std::string describe(const Effect& effect, TimePoint now) {
  switch (effect.kind) {
    case Effect::Kind::SendAdvert:
      return "advert(" + std::to_string(effect.priority) + ")";
    case Effect::Kind::HoldAddresses:
      return "hold";
    case Effect::Kind::ReleaseAddresses:
      return "release";
    case Effect::Kind::AnnounceAddresses:
      return effect.copies == 1 ? "announce" : "announce*" + std::to_string(effect.copies);
    case Effect::Kind::StateChanged:
      return stateChange(effect);
    case Effect::Kind::SetGate:
      return "gate(" + gateTime(effect.answerUntil, now) + "," + gateTime(effect.acceptUntil, now) + ")";
    case Effect::Kind::ProbeAddresses:
      return "probe";
    case Effect::Kind::Noticed:
      return notice(effect);
  }
  return "?";
}

}  // namespace

std::string Bench::drain() {
  std::string text;
  for (const Effect& effect : drainEffects()) {
    if (effect.kind == Effect::Kind::Noticed) {
      notices += (notices.empty() ? "" : " ") + describe(effect, now);
    } else {
      text += (text.empty() ? "" : " ") + describe(effect, now);
    }
  }
  return text;
}

void Bench::becomeSettledMaster() {
  while (state() != State::Master) fire();
  drain();
  actuated(true);
  run(6s);
  while (drain() != "advert(" + std::to_string(status().priority) + ")") fire();
}

}  // namespace aloft::vrrp
