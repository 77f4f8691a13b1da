// What the configuration says of times and lists: announcement plans, delays, phases, and what is in an advert.

#include <algorithm>
#include <map>

#include "support/bench.h"
#include "vrrp/timing.h"

namespace aloft::vrrp {
namespace {

constexpr Duration kDown = 360'937'500ns;

// ----- Announcements -----

struct Announced {
  std::int64_t at;  // ms
  int copies;
  friend bool operator==(const Announced&, const Announced&) = default;
};
void PrintTo(const Announced& a, std::ostream* out) { *out << a.copies << '@' << a.at; }

std::vector<Announced> announcements(Bench& bench, Duration span) {
  const TimePoint begin = bench.now;
  std::vector<Announced> result;
  const auto collect = [&] {
    for (const Effect& effect : bench.drainEffects()) {
      if (effect.kind == Effect::Kind::AnnounceAddresses) result.push_back({(bench.now - begin) / 1ms, effect.copies});
    }
  };
  collect();
  for (auto next = bench.engine.nextDeadline(); next && *next <= begin + span; next = bench.engine.nextDeadline()) {
    bench.fire();
    collect();
  }
  bench.now = begin + span;
  return result;
}

Bench& master(Bench& bench) {
  while (bench.state() != State::Master) bench.fire();
  bench.drain();
  bench.actuated(true);
  return bench;
}

TEST(AnnouncementPlan, TimesAndCopiesAsConfigured) {
  RouterConfig config = routerConfig();  // keepalived: 5 at once, 5 after 5 s
  config.announcements = {{0ms, 5s}, 2, 5, 0ms, 1};
  Bench bench(config);
  EXPECT_EQ(announcements(master(bench), 30s), (std::vector<Announced>{{0, 5}, {5000, 5}}));
  EXPECT_EQ(bench.status().counters.gratuitousSent, 20u) << "two addresses";
}

TEST(AnnouncementPlan, TheFirstMayComeLater) {
  RouterConfig config = routerConfig();
  config.announcements = {{100ms, 300ms}, 2, 1, 0ms, 1};
  Bench bench(config);
  EXPECT_EQ(announcements(master(bench), 30s), (std::vector<Announced>{{100, 1}, {300, 1}}));
}

TEST(AnnouncementPlan, RefreshGoesOnWhileMaster) {
  RouterConfig config = routerConfig();
  config.announcements = {{0ms}, 1, 3, 10s, 2};
  Bench bench(config);
  EXPECT_EQ(announcements(master(bench), 35s), (std::vector<Announced>{{0, 3}, {10'000, 2}, {20'000, 2}, {30'000, 2}}));
  bench.receive({.priority = 200});
  bench.drain();
  EXPECT_EQ(announcements(bench, 300ms), std::vector<Announced>{});
}

// ----- Delays -----

TEST(DownTimerAdverts, SoManyIntervalsOfSilence) {
  for (const std::uint8_t adverts : {1, 3, 10}) {
    RouterConfig config = routerConfig();
    config.downTimerAdverts = adverts;
    Bench bench(config);
    EXPECT_EQ(bench.untilDeadline(), adverts * 100ms + kDown - 300ms);
    bench.receive({.priority = 200});
    EXPECT_EQ(bench.untilDeadline(), adverts * 100ms + kDown - 300ms);
    bench.receive({.priority = 0});
    EXPECT_EQ(bench.untilDeadline(), kDown - 300ms) << "Skew_Time as ever";
  }
}

TEST(StartupDelay, NoElectionBeforeItIsOver) {
  RouterConfig config = routerConfig();
  config.startupDelay = 5s;
  Bench bench(config);
  EXPECT_EQ(bench.untilDeadline(), 5s + kDown);
  bench.advance(1s);
  bench.receive({.priority = 200});
  bench.receive({.priority = 0});
  EXPECT_EQ(bench.untilDeadline(), 4s + kDown - 300ms);
}

TEST(StartupDelay, CountsFromTheStartOfTheProcessNotOfTheRouter) {
  RouterConfig config = routerConfig();
  config.startupDelay = 5s;
  Bench bench;
  bench.configure({});
  bench.advance(10s);
  bench.configure({config});
  EXPECT_EQ(bench.untilDeadline(), kDown);
}

TEST(StartupDelay, AnOwnerWaitsToo) {
  RouterConfig owner = routerConfig();
  owner.priority = 255;
  owner.startupDelay = 5s;
  Bench bench(owner);
  EXPECT_EQ(bench.state(), State::Backup);
  bench.run(6s);
  EXPECT_EQ(bench.state(), State::Master);
}

// ----- Phases -----

TEST(NextPhase, IsWithinTheIntervalAndAlwaysTheSame) {
  for (std::uint32_t ordinal = 0; ordinal < 3000; ++ordinal) {
    const TimePoint now{123'456'789ns + ordinal * 977us};
    const TimePoint next = nextPhase(ordinal, 10ms, now);
    ASSERT_GT(next, now);
    ASSERT_LE(next, now + 10ms);
    ASSERT_EQ(nextPhase(ordinal, 10ms, next), next + 10ms);
  }
}

TEST(NextPhase, BeforeTheClocksZeroAsWell) {
  const TimePoint now{-5ms};
  EXPECT_GT(nextPhase(3, 10ms, now), now);
  EXPECT_LE(nextPhase(3, 10ms, now), now + 10ms);
}

TEST(NextPhase, AThousandLieEvenlyOnAGrid) {
  struct Grid {
    Duration interval;
    std::size_t steps;
  };
  for (const Grid grid : {Grid{10ms, 16}, Grid{100ms, 128}, Grid{1s, 1024}, Grid{40s, 1024}}) {
    std::map<TimePoint, std::size_t> phases;
    for (std::uint32_t ordinal = 0; ordinal < 1024; ++ordinal) ++phases[nextPhase(ordinal, grid.interval, TimePoint{})];
    EXPECT_EQ(phases.size(), grid.steps);
    for (const auto& [at, count] : phases) EXPECT_EQ(count, 1024 / grid.steps);
  }
}

TEST(NextPhase, AThousandMastersOfOneMomentDoNotStayTogether) {
  std::vector<RouterConfig> configs;
  for (int i = 0; i < 250; ++i) {
    RouterConfig config = routerConfig();
    config.key = std::to_string(i);
    config.virtualRouterId = static_cast<std::uint8_t>(i + 1);
    config.priority = 255;
    configs.push_back(config);
  }
  Bench bench;
  bench.configure(configs);
  bench.drain();
  std::size_t most = 0;
  for (const TimePoint end = bench.now + 100ms; *bench.engine.nextDeadline() <= end;) {
    bench.fire();
    most = std::max(most, bench.drainEffects().size());
  }
  EXPECT_EQ(most, 2u) << "128 steps";
}

// ----- What is in an advert -----

std::size_t addressCount(Bench& bench) { return bench.engine.advert(bench.status().id, 100).message[3]; }

TEST(AdvertList, WhatIsNotAdvertisedOrOfTheOtherFamilyIsLeftOut) {
  RouterConfig config = routerConfig();
  config.addresses.push_back(on("192.0.2.102/24"));
  config.addresses.back().advertised = false;
  config.addresses.push_back(on("2001:db8::1/64"));
  config.addresses.back().advertised = false;
  Bench bench(config);
  EXPECT_EQ(addressCount(bench), 2u);
  EXPECT_EQ(bench.engine.announcements(bench.status().id), 4u) << "but it moves along";
}

TEST(AdvertList, HoldsAtMost255OfIPv4And90OfIPv6) {
  RouterConfig v4 = routerConfig();
  RouterConfig v6 = ipv6Config();
  for (int i = 0; i < 300; ++i) {
    v4.addresses.push_back(on(("10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250) + "/32").c_str()));
    v6.addresses.push_back(on(("2001:db8::1:" + std::to_string(i) + "/128").c_str()));
  }
  Bench four(v4);
  Bench six(v6);
  EXPECT_EQ(addressCount(four), 255u);
  EXPECT_EQ(addressCount(six), 90u);
  const auto transmit = six.engine.advert(six.status().id, 100);
  EXPECT_LE(transmit.message.size() + 40, 1500u);
  EXPECT_TRUE(wire::decodeVrrp(transmit.message, transmit.source, transmit.destination, 255).ok);
}

TEST(AdvertList, WithoutLinkLocalFirstAsListedAndPeersMayDoTheSame) {
  RouterConfig config = ipv6Config();
  config.linkLocalFirst = false;
  Bench bench(config);
  EXPECT_EQ(addressCount(bench), 1u);
  EXPECT_EQ(bench.receive({.priority = 200, .source = "fe80::20", .addresses = {"2001:db8::100"}}), std::nullopt);
}

}  // namespace
}  // namespace aloft::vrrp
