// vrrp_benchmark: what an advert and a timer cost with 10 000 virtual routers. Prints; asserts nothing.

#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "vrrp/engine.h"

namespace {

using namespace aloft;
using namespace aloft::vrrp;
using namespace std::chrono_literals;

constexpr std::uint32_t kLinks = 40;
constexpr std::uint32_t kRouters = 10'000;
constexpr int kRounds = 50;

wire::IpAddress ipv4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  wire::IpAddress address;
  address.bytes = {a, b, c, d};
  return address;
}

std::vector<RouterConfig> routers() {
  std::vector<RouterConfig> configs(kRouters);
  for (std::uint32_t i = 0; i < kRouters; ++i) {
    RouterConfig& config = configs[i];
    config.key = "router" + std::to_string(i);
    config.interface = "eth" + std::to_string(i % kLinks);
    config.virtualRouterId = static_cast<std::uint8_t>(1 + i / kLinks);
    config.advertisementInterval = 100ms;
    config.addresses = {{{ipv4(10, 1, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)), 24}, "", true}};
  }
  return configs;
}

/// One advert of priority 200 for each virtual router.
std::vector<std::vector<std::uint8_t>> adverts(const std::vector<RouterConfig>& configs) {
  std::vector<std::vector<std::uint8_t>> messages;
  for (const RouterConfig& config : configs) {
    wire::EncodeInput input;
    input.virtualRouterId = config.virtualRouterId;
    input.priority = 200;
    input.interval = 10;
    input.addresses = {&config.addresses[0].prefix.address, 1};
    input.source = ipv4(10, 0, 0, 2);
    input.destination = ipv4(224, 0, 0, 18);
    std::vector<std::uint8_t>& message = messages.emplace_back(64);
    message.resize(wire::encodeVrrp(input, message));
  }
  return messages;
}

std::size_t drain(Engine& engine) {
  std::size_t count = 0;
  for (Effect effect; engine.pollEffect(effect); ++count) {
    if (effect.kind == Effect::Kind::SendAdvert) (void)engine.advert(effect.router, effect.priority);
  }
  return count;
}

class Stopwatch {
 public:
  double nanosecondsPer(double operations) const {
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin_).count() / operations;
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

void benchmarkAdverts(Engine& engine, const std::vector<std::vector<std::uint8_t>>& messages, TimePoint& now) {
  ReceivedAdvert received{0, ipv4(10, 0, 0, 2), ipv4(224, 0, 0, 18), 255, {}};
  const Stopwatch watch;
  for (int round = 0; round < kRounds; ++round) {
    for (std::uint32_t i = 0; i < kRouters; ++i) {
      received.ifindex = 1 + i % kLinks;
      received.message = messages[i];
      engine.handleAdvert(received, now);
      drain(engine);
      now += 5us;
    }
  }
  std::printf("handleAdvert            %6.0f ns\n", watch.nanosecondsPer(kRounds * double(kRouters)));
}

void benchmarkTimers(Engine& engine, TimePoint& now) {
  while (engine.nextDeadline() && engine.status(kRouters - 1).state != State::Master) {
    now = *engine.nextDeadline();
    engine.handleTimeout(now);
    drain(engine);
  }
  std::size_t effects = 0;
  const TimePoint end = now + 5s;
  const Stopwatch watch;
  while (*engine.nextDeadline() <= end) {
    now = *engine.nextDeadline();
    engine.handleTimeout(now);
    effects += drain(engine);
  }
  std::printf("timer and advert        %6.0f ns\n", watch.nanosecondsPer(double(effects)));
}

}  // namespace

int main() {
  Engine engine;
  IdRegistry ids;
  TimePoint now{1000s};
  for (std::uint32_t i = 0; i < kLinks; ++i) {
    LinkState link;
    link.index = 1 + i;
    std::snprintf(link.name, sizeof link.name, "eth%u", i);
    link.up = true;
    link.primaryIPv4 = ipv4(10, 0, 0, 1);
    engine.handleLink(link, now);
  }
  const auto configs = routers();
  auto table = Engine::prepare(configs, ids);
  auto same = Engine::prepare(configs, ids);

  const Stopwatch first;
  const auto none = engine.configure(std::move(table), now);
  drain(engine);
  std::printf("configure, all new      %6.0f ns per router\n", first.nanosecondsPer(kRouters));
  const Stopwatch again;
  const auto old = engine.configure(std::move(same), now);
  drain(engine);
  std::printf("configure, all the same %6.0f ns per router\n", again.nanosecondsPer(kRouters));

  benchmarkAdverts(engine, adverts(configs), now);
  benchmarkTimers(engine, now);
}
