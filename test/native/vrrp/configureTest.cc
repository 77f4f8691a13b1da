// One configuration after another: what stays is not disturbed.

#include <cstring>

#include "support/bench.h"

namespace aloft::vrrp {
namespace {

RouterConfig other(std::uint8_t virtualRouterId) {
  RouterConfig config = routerConfig();
  config.key = "r" + std::to_string(virtualRouterId) + "/v4";
  config.virtualRouterId = virtualRouterId;
  return config;
}

TEST(Configure, TheSameAgainDoesNothingAtAll) {
  Bench bench(routerConfig());
  bench.receive({.priority = 200, .interval = 1s});
  const auto before = bench.engine.nextDeadline();
  bench.advance(10ms);
  bench.configure({routerConfig()});
  EXPECT_EQ(bench.drain(), "");
  EXPECT_EQ(bench.engine.nextDeadline(), before);
  EXPECT_EQ(bench.status().interval, 1s);
  EXPECT_EQ(bench.status().counters.advertsReceived, 1u);

  bench.becomeSettledMaster();
  bench.configure({routerConfig()});
  EXPECT_EQ(bench.drain(), "");
  EXPECT_TRUE(bench.status().addressesHeld);
}

TEST(Configure, TheAnnouncementsThatAreDueGoOn) {
  Bench bench(routerConfig());
  bench.fire();
  bench.actuated(true);
  bench.drain();
  bench.advance(20ms);
  bench.configure({routerConfig()});
  EXPECT_EQ(bench.run(30ms), "advert(100) announce");
}

TEST(Configure, OthersComeAndGoAroundOneThatStays) {
  Bench bench;
  bench.configure({other(1), other(2), other(3)});
  bench.drain();
  const RouterId second = bench.status(1).id;
  bench.advance(10ms);
  bench.configure({other(4), other(2)});
  EXPECT_EQ(bench.drain(), "BACKUP>INIT:Stopped BACKUP>INIT:Stopped INIT>BACKUP:Started");
  ASSERT_EQ(bench.engine.size(), 2u);
  EXPECT_EQ(bench.status(0).id, second);
  EXPECT_EQ(bench.untilDeadline(), 350'937'500ns);
}

TEST(Configure, AMasterThatGoesResignsAndItsMessageIsAvailable) {
  Bench bench(routerConfig());
  bench.becomeSettledMaster();
  const RouterId id = bench.status().id;
  bench.configure({});
  std::vector<Effect> effects;
  Effect effect;
  while (effects.size() < 3 && bench.engine.pollEffect(effect)) {
    effects.push_back(effect);
    EXPECT_EQ(effect.router, id);
    EXPECT_FALSE(bench.engine.advert(id, 0).message.empty());
    EXPECT_EQ(bench.engine.announcements(id), 2u);
  }
  ASSERT_EQ(effects.size(), 3u);
  EXPECT_EQ(effects[0].kind, Effect::Kind::SendAdvert);
  EXPECT_EQ(effects[0].priority, 0);
  EXPECT_EQ(effects[1].kind, Effect::Kind::ReleaseAddresses);
  EXPECT_EQ(effects[2].to, State::Init);
  EXPECT_EQ(effects[2].reason, Reason::Stopped);
  EXPECT_FALSE(bench.engine.pollEffect(effect));
  EXPECT_TRUE(bench.engine.advert(id, 0).message.empty()) << "the old table may be gone now";
  EXPECT_EQ(bench.engine.nextDeadline(), std::nullopt);
}

TEST(Configure, AnotherPriorityIsToldToPeersAtOnce) {
  Bench bench(routerConfig());
  bench.becomeSettledMaster();
  bench.advance(40ms);
  RouterConfig changed = routerConfig();
  changed.priority = 120;
  bench.configure({changed});
  EXPECT_EQ(bench.drain(), "advert(120)");
  EXPECT_EQ(bench.untilDeadline(), 60ms);
}

TEST(Configure, AnotherPriorityInFaultIsInTheFirstAdvert) {
  Bench bench(routerConfig());
  bench.link.up = false;
  bench.linkChanged();
  RouterConfig changed = routerConfig();
  changed.priority = 120;
  bench.configure({changed});
  bench.link.up = true;
  bench.linkChanged();
  bench.drain();
  bench.fire();
  EXPECT_EQ(bench.engine.advert(bench.status().id, 120).message[2], 120);
}

TEST(Configure, AnotherPriorityMovesTheEndOfActiveDown) {
  Bench bench(routerConfig());
  bench.receive({.priority = 200});
  bench.advance(100ms);
  RouterConfig changed = routerConfig();
  changed.priority = 228;
  bench.configure({changed});
  EXPECT_EQ(bench.drain(), "");
  EXPECT_EQ(bench.untilDeadline(), 210'937'500ns) << "300 ms + 28/256 × 100 ms after the advert";
  changed.priority = 1;
  bench.configure({changed});
  EXPECT_EQ(bench.untilDeadline(), 299'609'375ns);
}

TEST(Configure, AnActiveDownThatIsOverNowFiresNowAndIsNotTakenForALateWakeUp) {
  RouterConfig slow = routerConfig();
  slow.advertisementInterval = 10s;
  Bench bench(slow);
  bench.advance(20s);
  bench.configure({routerConfig()});
  EXPECT_EQ(bench.untilDeadline(), 0ns);
  EXPECT_EQ(bench.run(0ns), "advert(100) hold BACKUP>MASTER:FirstElection");
}

TEST(Configure, AnotherIntervalTakesEffectAtOnce) {
  RouterConfig changed = routerConfig();
  changed.advertisementInterval = 1s;
  Bench master(routerConfig());
  master.becomeSettledMaster();
  master.configure({changed});
  EXPECT_EQ(master.drain(), "advert(100)");
  EXPECT_EQ(master.untilDeadline(), 600ms) << "the first router's phase is the whole second";

  Bench alone(routerConfig());
  alone.configure({changed});
  EXPECT_EQ(alone.untilDeadline(), 3'609'375us);

  Bench backup(routerConfig());
  backup.receive({.priority = 200});
  backup.configure({changed});
  EXPECT_EQ(backup.untilDeadline(), 360'937'500ns) << "the MASTER's interval counts";
}

TEST(Configure, BecomingOwnerTakesOverAtOnce) {
  Bench bench(routerConfig());
  bench.receive({.priority = 200});
  bench.advance(30ms);
  RouterConfig owner = routerConfig();
  owner.priority = 255;
  bench.configure({owner});
  EXPECT_EQ(bench.drain(), "advert(255) hold BACKUP>MASTER:AddressOwner(192.0.2.20,30ms)");
}

TEST(Configure, OtherAddressesAreHeldByAMasterAndAnnounced) {
  Bench bench(routerConfig());
  bench.becomeSettledMaster();
  RouterConfig changed = routerConfig();
  changed.addresses.push_back(on("192.0.2.102/24"));
  bench.configure({changed});
  EXPECT_EQ(bench.drain(), "hold");
  bench.actuated(true);
  EXPECT_EQ(bench.drain(), "announce");
  EXPECT_EQ(bench.engine.announcements(bench.status().id), 3u);
}

TEST(Configure, OtherAddressesOfABackupAreSilent) {
  Bench bench(routerConfig());
  RouterConfig changed = routerConfig();
  changed.addresses.pop_back();
  bench.configure({changed});
  EXPECT_EQ(bench.drain(), "");
}

TEST(Configure, AnotherPreemptDelayCountsFromTheStart) {
  RouterConfig delayed = routerConfig();
  delayed.preemptDelay = 1h;
  Bench bench(delayed);
  bench.advance(200ms);
  RouterConfig changed = routerConfig();
  changed.preemptDelay = 200ms;
  bench.configure({changed});
  bench.receive({.priority = 50});
  EXPECT_EQ(bench.untilDeadline(), 160'937'500ns) << "the delay is over: discarded";
}

struct Identity {
  const char* what;
  void (*change)(RouterConfig&);
};

TEST(Configure, AnotherFamilyInterfaceVridOrVersionIsAnotherVirtualRouter) {
  const Identity identities[] = {
      {"family", [](RouterConfig& c) { c.family = wire::Family::IPv6, c.addresses = {on("2001:db8::1/64")}; }},
      {"interface", [](RouterConfig& c) { c.interface = "eth1"; }},
      {"VRID", [](RouterConfig& c) { c.virtualRouterId = 52; }},
      {"version", [](RouterConfig& c) { c.version = 2, c.advertisementInterval = 1s; }},
  };
  for (const Identity& identity : identities) {
    SCOPED_TRACE(identity.what);
    Bench bench(routerConfig());
    LinkState eth1 = bench.link;
    eth1.index = 3;
    std::strcpy(eth1.name, "eth1");
    bench.engine.handleLink(eth1, bench.now);
    bench.becomeSettledMaster();
    const RouterId before = bench.status().id;
    RouterConfig changed = routerConfig();
    identity.change(changed);
    bench.configure({changed});
    EXPECT_EQ(bench.drain(), "advert(0) release MASTER>INIT:Stopped INIT>BACKUP:Started");
    EXPECT_NE(bench.status().id, before);
    bench.configure({routerConfig()});
    EXPECT_NE(bench.status().id, before) << "an id is never given twice";
  }
}

TEST(Configure, AVirtualRouterThatComesBackHasItsId) {
  Bench bench(routerConfig());
  const RouterId id = bench.status().id;
  bench.configure({});
  bench.drain();
  bench.configure({other(9), routerConfig()});
  bench.drain();
  EXPECT_EQ(bench.status(0).id, id);
}

TEST(Configure, OfTwoWithOneKeyOrOneElectionTheFirstIsTaken) {
  Bench bench;
  RouterConfig sameKey = other(2);
  sameKey.key = routerConfig().key;
  RouterConfig sameElection = routerConfig();
  sameElection.key = "c/v4";
  bench.configure({routerConfig(), sameKey, sameElection});
  ASSERT_EQ(bench.engine.size(), 1u);
  EXPECT_EQ(bench.status().key, "a/v4");
}

TEST(Configure, AfterShutdownItIsIgnored) {
  Bench bench(routerConfig());
  bench.engine.shutdown(Shutdown::Resign, bench.now);
  bench.drain();
  bench.configure({other(7)});
  bench.linkChanged();
  EXPECT_EQ(bench.drain(), "");
  ASSERT_EQ(bench.engine.size(), 1u);
  EXPECT_EQ(bench.state(), State::Init);
}

}  // namespace
}  // namespace aloft::vrrp
