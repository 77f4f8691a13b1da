// Checks and interfaces: what they make of the priority, and when they are a fault.

#include "vrrp/tracking.h"

#include <cstring>

#include "support/bench.h"

namespace aloft::vrrp {
namespace {

struct Case {
  const char* name;
  std::int16_t weight;
  bool reverse;
  CheckState state;
  int priority;  // of 100; 0: FAULT
};

std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

constexpr CheckState kUp{1, true, false, 0};
constexpr CheckState kDown{1, false, false, 0};
constexpr CheckState value(std::int32_t number) { return {1, true, true, number}; }

// keepalived.conf(5): track_script, track_file.
const Case kCases[] = {
    {"Weight0Up", 0, false, kUp, 100},
    {"Weight0Down", 0, false, kDown, 0},
    {"Weight0ReverseUp", 0, true, kUp, 0},
    {"Weight0ReverseDown", 0, true, kDown, 100},
    {"NegativeUp", -20, false, kUp, 100},
    {"NegativeDown", -20, false, kDown, 80},
    {"NegativeReverseUp", -20, true, kUp, 100},
    {"NegativeReverseDown", -20, true, kDown, 120},
    {"PositiveUp", 20, false, kUp, 120},
    {"PositiveDown", 20, false, kDown, 100},
    {"PositiveReverseUp", 20, true, kUp, 80},
    {"PositiveReverseDown", 20, true, kDown, 100},
    {"NotBelow1", -253, false, kDown, 1},
    {"NotAbove254", 253, false, kUp, 254},
    {"ValueIsMultiplied", 2, false, value(10), 120},
    {"NegativeValue", 2, false, value(-10), 80},
    {"ValueReverse", 2, true, value(10), 80},
    {"ValueTimesNegativeWeight", -3, false, value(10), 70},
    {"ProductOfMinus253", 1, false, value(-253), 1},
    {"ProductBelowMinus253", 1, false, value(-254), 0},
    {"ProductBeyond32Bits", 253, false, value(2'000'000'000), 254},
    {"Value0Weight0", 0, false, value(0), 100},
    {"Value1Weight0", 0, false, value(1), 0},
    {"Value0Weight0Reverse", 0, true, value(0), 0},
    {"Value1Weight0Reverse", 0, true, value(1), 100},
};

class Weights : public testing::TestWithParam<Case> {};

TEST_P(Weights, AreAsInKeepalived) {
  RouterConfig config = routerConfig();
  config.checks = {{1, GetParam().weight, GetParam().reverse}};
  Bench bench(config);
  bench.engine.handleCheck(GetParam().state, bench.now);
  bench.drain();
  if (GetParam().priority == 0) {
    EXPECT_EQ(bench.state(), State::Fault);
    EXPECT_EQ(bench.status().reason, Reason::CheckFailed);
  } else {
    EXPECT_EQ(bench.state(), State::Backup);
    EXPECT_EQ(bench.status().priority, GetParam().priority);
  }
  EXPECT_EQ(bench.status().basePriority, 100);
}

INSTANTIATE_TEST_SUITE_P(, Weights, testing::ValuesIn(kCases), [](const auto& info) { return info.param.name; });

RouterConfig tracking(std::int16_t weight) {
  RouterConfig config = routerConfig();
  config.checks = {{7, weight, false}};
  return config;
}

TEST(Tracking, ACheckThatNobodyReportedIsUp) {
  Bench bench(tracking(0));
  EXPECT_EQ(bench.state(), State::Backup);
}

TEST(Tracking, WeightsOfSeveralChecksAreAdded) {
  RouterConfig config = routerConfig();
  config.checks = {{1, -5, false}, {2, -7, false}, {3, 3, false}};
  Bench bench(config);
  EXPECT_EQ(bench.status().priority, 103);
  bench.engine.handleCheck({1, false, false, 0}, bench.now);
  bench.engine.handleCheck({2, false, false, 0}, bench.now);
  EXPECT_EQ(bench.status().priority, 91);
  bench.engine.handleCheck({3, false, false, 0}, bench.now);
  EXPECT_EQ(bench.status().priority, 88);
}

TEST(Tracking, TheOwnerStays255ButAFailedCheckOfWeight0IsAFault) {
  RouterConfig owner = tracking(-100);
  owner.priority = 255;
  owner.checks.push_back({8, 0, false});
  Bench bench(owner);
  bench.engine.handleCheck({7, false, false, 0}, bench.now);
  EXPECT_EQ(bench.drain(), "");
  EXPECT_EQ(bench.status().priority, 255);
  bench.engine.handleCheck({8, false, false, 0}, bench.now);
  EXPECT_EQ(bench.drain(), "advert(0) release MASTER>FAULT:CheckFailed");
  bench.engine.handleCheck({8, true, false, 0}, bench.now);
  EXPECT_EQ(bench.drain(), "advert(255) hold FAULT>MASTER:AddressOwner");
}

TEST(Tracking, ALoweredMasterTellsItsPeersAtOnce) {
  Bench bench(tracking(-20));
  bench.becomeSettledMaster();
  bench.advance(30ms);
  bench.engine.handleCheck({7, false, false, 0}, bench.now);
  EXPECT_EQ(bench.drain(), "advert(80)");
  EXPECT_EQ(bench.engine.advert(bench.status().id, 80).message[2], 80);
  bench.engine.handleCheck({7, false, false, 0}, bench.now);
  EXPECT_EQ(bench.drain(), "") << "the same again";
}

TEST(Tracking, EachChangeOfThePriorityIsToldOnceInAnyState) {
  RouterConfig config = tracking(-20);
  config.checks.push_back({8, 0, false});
  Bench bench(config);
  bench.engine.handleCheck({7, false, false, 0}, bench.now);
  bench.engine.handleCheck({7, false, false, 0}, bench.now);
  bench.becomeSettledMaster();
  bench.engine.handleCheck({7, true, false, 0}, bench.now);
  bench.drain();
  EXPECT_EQ(bench.notices, "PriorityChanged(80) PriorityChanged(100)");
  bench.engine.handleCheck({8, false, false, 0}, bench.now);
  bench.drain();
  bench.engine.handleCheck({7, false, false, 0}, bench.now);
  bench.drain();
  ASSERT_EQ(bench.state(), State::Fault);
  bench.engine.handleCheck({8, true, false, 0}, bench.now);
  config.priority = 50;
  bench.configure({config});
  bench.drain();
  EXPECT_EQ(bench.notices, "PriorityChanged(80) PriorityChanged(100) PriorityChanged(80) PriorityChanged(30)");
}

TEST(Tracking, ALoweredMasterGivesWayToWhomItWouldHaveBeaten) {
  Bench bench(tracking(-20));
  bench.becomeSettledMaster();
  bench.engine.handleCheck({7, false, false, 0}, bench.now);
  bench.drain();
  bench.receive({.priority = 90});
  EXPECT_EQ(bench.drain(), "advert(80) release MASTER>BACKUP:HigherPriority(192.0.2.20)");
}

TEST(Tracking, TheEffectivePriorityIsInSkewTime) {
  Bench bench(tracking(-92));
  bench.receive({.priority = 200});
  EXPECT_EQ(bench.untilDeadline(), 360'937'500ns);
  bench.engine.handleCheck({7, false, false, 0}, bench.now);
  EXPECT_EQ(bench.untilDeadline(), 300ms + Duration(100ms) * 248 / 256) << "the timer ends when it would have with priority 8";
  bench.receive({.priority = 0});
  EXPECT_EQ(bench.untilDeadline(), Duration(100ms) * 248 / 256);
}

TEST(Tracking, AFailedCheckResignsAndRecovers) {
  Bench bench(tracking(0));
  bench.becomeSettledMaster();
  bench.engine.handleCheck({7, false, false, 0}, bench.now);
  EXPECT_EQ(bench.drain(), "advert(0) release MASTER>FAULT:CheckFailed");
  EXPECT_EQ(bench.receive({.priority = 200}), wire::Discard::NotRunning);
  bench.engine.handleCheck({7, true, false, 0}, bench.now);
  EXPECT_EQ(bench.drain(), "FAULT>BACKUP:Recovered");
  EXPECT_EQ(bench.untilDeadline(), 360'937'500ns);
}

TEST(Tracking, AResultIsRememberedForALaterConfiguration) {
  Bench bench;
  bench.engine.handleCheck({7, false, false, 0}, bench.now);
  bench.configure({tracking(-20)});
  EXPECT_EQ(bench.status().priority, 80);
}

TEST(Tracking, AnotherConfigurationIsWeighedAnew) {
  Bench bench(tracking(-20));
  bench.engine.handleCheck({7, false, false, 0}, bench.now);
  bench.becomeSettledMaster();
  bench.configure({tracking(-30)});
  EXPECT_EQ(bench.drain(), "advert(70)");
  bench.configure({routerConfig()});
  EXPECT_EQ(bench.drain(), "advert(100)");
  bench.configure({tracking(0)});
  EXPECT_EQ(bench.drain(), "advert(0) release MASTER>FAULT:CheckFailed");
}

class TrackedLink : public Bench {
 public:
  explicit TrackedLink(std::int16_t weight, bool reverse = false) {
    eth1 = link;
    eth1.index = 3;
    std::strcpy(eth1.name, "eth1");
    engine.handleLink(eth1, now);
    RouterConfig config = routerConfig();
    config.interfaces = {{"eth1", weight, reverse}};
    configure({config});
    drain();
  }
  void tell(bool up) {
    eth1.up = up;
    engine.handleLink(eth1, now);
  }
  LinkState eth1;
};

TEST(Tracking, AnInterfaceOfWeight0IsAFaultWhileItIsDownOrMissing) {
  TrackedLink bench(0);
  bench.becomeSettledMaster();
  bench.tell(false);
  EXPECT_EQ(bench.drain(), "advert(0) release MASTER>FAULT:TrackedInterfaceDown");
  bench.tell(true);
  EXPECT_EQ(bench.drain(), "FAULT>BACKUP:Recovered");
  bench.engine.handleLinkRemoved(3, bench.now);
  EXPECT_EQ(bench.drain(), "BACKUP>FAULT:TrackedInterfaceDown");
}

TEST(Tracking, AnInterfaceWithAWeightMovesThePriority) {
  TrackedLink lowered(-30);
  lowered.tell(false);
  EXPECT_EQ(lowered.status().priority, 70);
  TrackedLink raised(30);
  EXPECT_EQ(raised.status().priority, 130);
  raised.tell(false);
  EXPECT_EQ(raised.status().priority, 100);
  TrackedLink reversed(-30, true);
  reversed.tell(false);
  EXPECT_EQ(reversed.status().priority, 130);
}

TEST(Tracking, WithoutTrackPrimaryTheOwnInterfaceMayBeDownButMustExist) {
  RouterConfig config = routerConfig();
  config.trackPrimary = false;
  Bench bench(config);
  bench.becomeSettledMaster();
  bench.link.up = false;
  bench.linkChanged();
  EXPECT_EQ(bench.drain(), "");
  bench.engine.handleLinkRemoved(2, bench.now);
  EXPECT_EQ(bench.drain(), "release MASTER>FAULT:InterfaceMissing");
}

TEST(CheckTable, RemembersUpToItsLimitAndMakesRoomForWhatIsTracked) {
  Bench bench(tracking(-20));
  bench.engine.handleCheck({7, false, false, 0}, bench.now);
  for (CheckId id = 100; id < 100 + 2 * kMaxChecks; ++id) bench.engine.handleCheck({id, false, false, 0}, bench.now);
  EXPECT_EQ(bench.status().priority, 80);
  bench.configure({routerConfig()});
  bench.configure({tracking(-20)});
  EXPECT_EQ(bench.status().priority, 80) << "what is tracked was kept";
}

TEST(CheckTable, FindsAllThatAreKept) {
  CheckTable table;
  for (CheckId id = 0; id < kMaxChecks; ++id) ASSERT_TRUE(table.store({id * 977, true, true, static_cast<std::int32_t>(id)}));
  EXPECT_FALSE(table.store({1, true, false, 0})) << "full";
  table.keepOnly([](CheckId id) { return id % 3 == 0; });
  for (CheckId id = 0; id < kMaxChecks; ++id) {
    const CheckState* state = table.find(id * 977);
    ASSERT_EQ(state != nullptr, id * 977 % 3 == 0) << id;
    if (state != nullptr) {
      EXPECT_EQ(state->value, static_cast<std::int32_t>(id));
    }
  }
  EXPECT_TRUE(table.store({1, true, false, 0}));
}

}  // namespace
}  // namespace aloft::vrrp
