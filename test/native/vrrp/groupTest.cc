// Sync groups: MASTER together or not at all.

#include <cstring>

#include "support/bench.h"

namespace aloft::vrrp {
namespace {

constexpr Duration kDown = 360'937'500ns;

RouterConfig outer() {
  RouterConfig config = routerConfig();
  config.key = "out";
  config.group = "g";
  return config;
}

RouterConfig inner() {
  RouterConfig config = routerConfig();
  config.key = "in";
  config.group = "g";
  config.interface = "eth1";
  config.virtualRouterId = 52;
  config.addresses = {on("10.9.0.1/24")};
  return config;
}

class Group : public Bench {
 public:
  Group() {
    eth1 = link;
    eth1.index = 3;
    std::strcpy(eth1.name, "eth1");
    engine.handleLink(eth1, now);
    Bench::configure({outer(), inner()});
    drain();
  }

  std::optional<wire::Discard> receiveInner(std::uint8_t priority, const std::string& source = "192.0.2.20") {
    return receive(encode({.virtualRouterId = 52, .priority = priority, .source = source, .addresses = {"10.9.0.1"}}), source, 3);
  }
  void becomeMaster() {
    while (state() != State::Master) fire();
    actuated(true, 0, 0);
    actuated(true, 0, 1);
    run(6s);
    drain();
  }
  std::string states() const { return std::string(name(state(0))) + " " + name(state(1)); }

  LinkState eth1;
};

TEST(SyncGroup, TakesOverInOneMomentWhenTheTimersOfAllHaveRunOut) {
  Group group;
  EXPECT_EQ(group.run(kDown), "advert(100) hold BACKUP>MASTER:SyncGroup advert(100) hold BACKUP>MASTER:FirstElection");
}

TEST(SyncGroup, AMemberWhoseTimerRunsOutWaitsForTheOthers) {
  Group group;
  group.advance(200ms);
  group.receiveInner(200);
  EXPECT_EQ(group.run(kDown - 1ns), "") << "a resignation in one of them is not enough either";
  EXPECT_EQ(group.states(), "BACKUP BACKUP");
  EXPECT_NE(group.run(1ns), "");
  EXPECT_EQ(group.states(), "MASTER MASTER");
}

TEST(SyncGroup, AnAcceptedAdvertTakesTheWishBack) {
  Group group;
  group.advance(200ms);
  group.receiveInner(200);
  group.run(kDown - 200ms);  // the outer one's timer has run out
  group.receive({.priority = 200});
  EXPECT_EQ(group.run(300ms), "");
  EXPECT_EQ(group.states(), "BACKUP BACKUP");
}

TEST(SyncGroup, AFaultOfOneIsAFaultOfAllAndThoseWithALinkResign) {
  Group group;
  group.becomeMaster();
  group.eth1.up = false;
  group.engine.handleLink(group.eth1, group.now);
  EXPECT_EQ(group.drain(), "release MASTER>FAULT:InterfaceDown advert(0) release MASTER>FAULT:SyncGroup");
  group.eth1.up = true;
  group.engine.handleLink(group.eth1, group.now);
  EXPECT_EQ(group.drain(), "FAULT>BACKUP:InterfaceReady FAULT>BACKUP:SyncGroup");
}

TEST(SyncGroup, AMemberThatIsNotReadyKeepsAllOutFromTheStart) {
  Bench bench;
  bench.configure({outer(), inner()});  // there is no eth1
  EXPECT_EQ(bench.drain(), "INIT>FAULT:SyncGroup INIT>FAULT:InterfaceMissing");
}

TEST(SyncGroup, GivingWayInTheFirstMemberTakesAllAlong) {
  Group group;
  group.becomeMaster();
  group.receive({.priority = 200});
  EXPECT_EQ(group.drain(), "advert(100) release MASTER>BACKUP:HigherPriority(192.0.2.20) advert(0) release MASTER>BACKUP:SyncGroup");
}

TEST(SyncGroup, ABetterRouterInAnotherMemberLosesWhileTheFirstOneWins) {
  Group group;
  group.becomeMaster();
  for (int i = 0; i < 20; ++i) {
    group.receive({.priority = 50});
    group.receiveInner(200);
    group.run(100ms);
  }
  EXPECT_EQ(group.states(), "MASTER MASTER");
}

TEST(SyncGroup, ABetterRouterInAnotherMemberWinsWhenTheFirstOneHearsNothing) {
  Group group;
  group.becomeMaster();
  group.receiveInner(200);
  group.run(100ms);
  group.receiveInner(200);
  EXPECT_EQ(group.states(), "MASTER MASTER");
  group.run(100ms);
  group.receiveInner(200);
  EXPECT_EQ(group.states(), "BACKUP BACKUP");
}

TEST(SyncGroup, AllSendAtOnePhase) {
  Group group;
  group.becomeMaster();
  while (group.drain().empty()) group.fire();
  const TimePoint first = group.now;
  EXPECT_EQ(group.run(99ms), "");
  EXPECT_EQ(group.run(1ms), "advert(100) advert(100)");
  EXPECT_EQ(group.now - first, 100ms);
}

TEST(SyncGroup, WhoLeavesTheGroupWithItsTimerRunOutIsMasterAtOnce) {
  Group group;
  group.advance(200ms);
  group.receiveInner(200);
  group.run(kDown - 200ms);
  RouterConfig alone = outer();
  alone.group.clear();
  RouterConfig other = inner();
  other.group.clear();
  group.configure({alone, other});
  EXPECT_EQ(group.drain(), "advert(100) hold BACKUP>MASTER:FirstElection");
}

TEST(SyncGroup, WhoJoinsAMasterIsMasterAtOnceAndTheOthersGoOn) {
  Group group;
  group.becomeMaster();
  group.configure({outer()});
  group.drain();
  group.configure({outer(), inner()});
  EXPECT_EQ(group.drain(), "INIT>BACKUP:Started advert(100) hold BACKUP>MASTER:SyncGroup");
}

}  // namespace
}  // namespace aloft::vrrp
