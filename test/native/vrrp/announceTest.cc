// Gratuitous ARP and unsolicited NA: when, how often, and never too often.

#include "support/bench.h"
#include "vrrp/timing.h"

namespace aloft::vrrp {
namespace {

/// When announcements come within `span`, from now, in ms.
std::vector<std::int64_t> announcements(Bench& bench, Duration span) {
  const TimePoint begin = bench.now;
  std::vector<std::int64_t> times;
  const auto collect = [&] {
    for (const Effect& effect : bench.drainEffects()) {
      if (effect.kind == Effect::Kind::AnnounceAddresses) times.push_back((bench.now - begin) / 1ms);
    }
  };
  collect();
  for (auto next = bench.engine.nextDeadline(); next && *next <= begin + span; next = bench.engine.nextDeadline()) {
    bench.fire();
    collect();
  }
  bench.now = begin + span;
  return times;
}

std::size_t count(Bench& bench, Effect::Kind kind) {
  std::size_t found = 0;
  for (const Effect& effect : bench.drainEffects()) found += effect.kind == kind ? 1 : 0;
  return found;
}

TEST(Announce, R9568_6_4_2_OnlyOnceTheAddressesAreHeld) {
  Bench bench(routerConfig());
  bench.fire();
  EXPECT_EQ(announcements(bench, 2s), std::vector<std::int64_t>{});
  bench.actuated(true);
  EXPECT_EQ(announcements(bench, 20s), (std::vector<std::int64_t>{0, 50, 250, 1000, 5000}));
}

TEST(Announce, StopsWithMaster) {
  Bench bench(routerConfig());
  bench.fire();
  bench.actuated(true);
  bench.advance(60ms);
  bench.engine.handleTimeout(bench.now);
  bench.receive({.priority = 200});
  bench.drain();
  EXPECT_EQ(announcements(bench, 300ms), std::vector<std::int64_t>{});
}

TEST(Announce, StopsWhenTheKernelLostTheAddresses) {
  Bench bench(routerConfig());
  bench.fire();
  bench.actuated(true);
  bench.actuated(false);
  bench.drain();
  EXPECT_EQ(announcements(bench, 10s), std::vector<std::int64_t>{});
}

TEST(Announce, OverdueRepeatsComeAsOne) {
  Bench bench(routerConfig());
  bench.fire();
  bench.actuated(true);
  bench.drain();
  bench.advance(280ms);  // 50 ms and 250 ms are overdue, the advert by 180 ms
  bench.engine.handleTimeout(bench.now);
  EXPECT_EQ(bench.drain(), "advert(100) announce");
}

TEST(Announce, ALosingAdvertStartsTheSeriesAgain) {
  Bench bench(routerConfig());
  bench.becomeSettledMaster();
  bench.receive({.priority = 50});
  EXPECT_EQ(announcements(bench, 20s), (std::vector<std::int64_t>{0, 50, 250, 1000, 5000}));
}

TEST(Announce, AFloodOfLosingAdvertsMakesNoFloodOfAnswers) {
  Bench bench(routerConfig());
  bench.becomeSettledMaster();
  std::size_t adverts = 0;
  std::size_t announced = 0;
  for (int i = 0; i < 10'000; ++i) {  // one per ms for 10 s
    bench.receive({.priority = 50});
    bench.engine.handleTimeout(bench.now);
    for (const Effect& effect : bench.drainEffects()) {
      adverts += effect.kind == Effect::Kind::SendAdvert ? 1 : 0;
      announced += effect.kind == Effect::Kind::AnnounceAddresses ? 1 : 0;
    }
    bench.advance(1ms);
  }
  EXPECT_LE(adverts, 201u) << "its own one and one answer per interval";
  EXPECT_GE(adverts, 199u);
  EXPECT_LE(announced, 40u) << "0, 50 and 250 ms of a series per second";
  EXPECT_GE(announced, 30u);
}

TEST(Announce, AFloodOfResignationsIsAnsweredWithinTheSkewTimeOfAnyBackupButNotOneByOne) {
  Bench bench(routerConfig());
  bench.becomeSettledMaster();
  std::size_t adverts = 0;
  for (int i = 0; i < 10'000; ++i) {  // one per 10 us for 100 ms
    bench.receive({.priority = 0});
    bench.engine.handleTimeout(bench.now);
    adverts += count(bench, Effect::Kind::SendAdvert);
    bench.advance(10us);
  }
  EXPECT_LE(adverts, 512u);
  EXPECT_GE(adverts, 128u);
}

TEST(Announce, AResignationRightAfterAnAnswerIsAnsweredBeforeAnyBackupsSkewTime) {
  Bench bench(routerConfig());
  bench.becomeSettledMaster();
  bench.receive({.priority = 0});
  bench.advance(10us);
  bench.receive({.priority = 0});
  EXPECT_EQ(bench.drain(), "advert(100) announce");
  const TimePoint heard = bench.now;
  EXPECT_EQ(bench.run(500us), "advert(100)");
  EXPECT_EQ(bench.now - heard, 500us);
  EXPECT_LT(skewTime(3, 255, 100ms), skewTime(3, 254, 100ms));
}

TEST(Announce, R9568_6_4_3_AfterAnAnswerTheNextAdvertComesAtItsPhaseWithinTheInterval) {
  for (const std::uint8_t priority : {0, 50}) {
    Bench bench(routerConfig());
    bench.becomeSettledMaster();
    bench.advance(40ms);
    bench.receive({.priority = priority});
    EXPECT_EQ(bench.drain(), "advert(100) announce");
    EXPECT_EQ(bench.run(59ms), "announce");
    EXPECT_EQ(bench.run(1ms), "advert(100)");
  }
}

TEST(Announce, AnotherMacAddressIsAnnouncedAtOnce) {
  Bench bench(routerConfig());
  bench.becomeSettledMaster();
  bench.link.mac[5] = 11;
  bench.linkChanged();
  EXPECT_EQ(bench.drain(), "announce");
  EXPECT_EQ(bench.engine.announcement(bench.status().id, 0).mac, bench.link.mac);
}

TEST(Announce, CountsOnePerAddress) {
  Bench bench(routerConfig());
  bench.fire();
  bench.actuated(true);
  bench.run(60ms);
  EXPECT_EQ(bench.status().counters.gratuitousSent, 4u);
}

TEST(Announce, AnnouncementNamesLinkMacAndAddresses) {
  Bench bench(routerConfig());
  ASSERT_EQ(bench.engine.announcements(bench.status().id), 2u);
  const auto announcement = bench.engine.announcement(bench.status().id, 1);
  EXPECT_EQ(announcement.ifindex, 2u);
  EXPECT_EQ(announcement.mac, bench.link.mac);
  EXPECT_EQ(announcement.address, address("192.0.2.101"));
}

}  // namespace
}  // namespace aloft::vrrp
