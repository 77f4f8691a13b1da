// State × event → effects, next state, timer. Each name says which rule it is: R9568 = RFC 9568, R3768 = RFC 3768, the number the section;
// X marks a rule of our own (see virtualRouter.h).

#include "support/bench.h"

namespace aloft::vrrp {
namespace {

enum class Given { Backup, BackupOfMaster, Master, Fault };

enum class Event {
  Timeout,
  Resignation,    // priority 0
  Lower,          // priority 50
  EqualFromLess,  // our priority from 192.0.2.5
  EqualFromMore,  // our priority from 192.0.2.20
  Higher,         // priority 200
  LinkDown,
  LinkMissing,
  NoSource,
  LinkUp,
  Shutdown,
  ShutdownKeepingAddresses,
};

struct Case {
  const char* name;
  Given given;
  Event event;
  const char* effects;
  State next;
  Duration timer;  // from the event on; negative: none
};

constexpr Duration kNone = -1ns;

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
std::string nameOf(const testing::TestParamInfo<Case>& info) { return info.param.name; }

PeerAdvert advertOf(const RouterConfig& config) {
  PeerAdvert advert;
  advert.version = config.version;
  advert.interval = config.advertisementInterval;
  advert.priority = config.priority;
  return advert;
}

void reach(Bench& bench, const RouterConfig& config, Given given) {
  bench.configure({config});
  bench.drain();
  switch (given) {
    case Given::Backup:
      break;
    case Given::BackupOfMaster: {
      PeerAdvert master = advertOf(config);
      master.priority = 200;
      bench.receive(master);
      break;
    }
    case Given::Master:
      bench.becomeSettledMaster();
      break;
    case Given::Fault:
      bench.link.up = false;
      bench.linkChanged();
      bench.link.up = true;
      break;
  }
  bench.drain();
}

void apply(Bench& bench, const RouterConfig& config, Event event) {
  PeerAdvert advert = advertOf(config);
  switch (event) {
    case Event::Timeout:
      bench.fire();
      return;
    case Event::Resignation:
      advert.priority = 0;
      break;
    case Event::Lower:
      advert.priority = 50;
      break;
    case Event::EqualFromLess:
      advert.source = "192.0.2.5";
      break;
    case Event::EqualFromMore:
      break;
    case Event::Higher:
      advert.priority = 200;
      break;
    case Event::LinkDown:
      bench.link.up = false;
      bench.linkChanged();
      return;
    case Event::LinkMissing:
      bench.engine.handleLinkRemoved(bench.link.index, bench.now);
      return;
    case Event::NoSource:
      bench.link.primaryIPv4 = {};
      bench.linkChanged();
      return;
    case Event::LinkUp:
      bench.linkChanged();
      return;
    case Event::Shutdown:
      bench.engine.shutdown(Shutdown::Resign, bench.now);
      return;
    case Event::ShutdownKeepingAddresses:
      bench.engine.shutdown(Shutdown::Keep, bench.now);
      return;
  }
  bench.receive(advert);
}

/// 40 % of an interval after the state was reached, so that a timer that was reset differs from one that goes on.
void check(const RouterConfig& config, const Case& c) {
  Bench bench;
  reach(bench, config, c.given);
  if (c.event != Event::Timeout) bench.advance(config.advertisementInterval * 4 / 10);
  apply(bench, config, c.event);
  EXPECT_EQ(bench.drain(), c.effects);
  EXPECT_EQ(bench.state(), c.next);
  EXPECT_EQ(bench.untilDeadline(), c.timer);
}

// Priority 100, 100 ms: Skew_Time 60.9375 ms, Active_Down_Interval 360.9375 ms.
constexpr Duration kSkew3 = 60'937'500ns;
constexpr Duration kDown3 = 360'937'500ns;
// Time begins at 1000 s, a moment of the first router's phase: its next one after Active_Down_Interval.
constexpr Duration kPhase3 = 400ms - kDown3;

const Case kVersion3[] = {
    {"R9568_6_4_2_BackupActiveDownFires", Given::Backup, Event::Timeout, "advert(100) hold BACKUP>MASTER:FirstElection", State::Master,
     kPhase3},
    {"R9568_6_4_2_BackupOfMasterActiveDownFires", Given::BackupOfMaster, Event::Timeout,
     "advert(100) hold BACKUP>MASTER:AdvertTimeout(192.0.2.20,361ms)", State::Master, kPhase3},
    {"R9568_6_4_2_BackupPriorityZeroSetsSkewTime", Given::BackupOfMaster, Event::Resignation, "", State::Backup, kSkew3},
    {"R9568_6_4_2_BackupHigherResetsActiveDown", Given::BackupOfMaster, Event::Higher, "", State::Backup, kDown3},
    {"R9568_6_4_2_BackupEqualResetsActiveDown", Given::BackupOfMaster, Event::EqualFromLess, "", State::Backup, kDown3},
    {"R9568_6_4_2_BackupLowerIsDiscardedTimerGoesOn", Given::BackupOfMaster, Event::Lower, "", State::Backup, kDown3 - 40ms},
    {"R9568_6_4_2_BackupShutdown", Given::Backup, Event::Shutdown, "BACKUP>INIT:Stopped", State::Init, kNone},
    {"X_BackupLinkDown", Given::Backup, Event::LinkDown, "BACKUP>FAULT:InterfaceDown", State::Fault, kNone},
    {"X_BackupLinkMissing", Given::Backup, Event::LinkMissing, "BACKUP>FAULT:InterfaceMissing", State::Fault, kNone},
    {"X_BackupNoSource", Given::Backup, Event::NoSource, "BACKUP>FAULT:NoSourceAddress", State::Fault, kNone},
    {"X_BackupLinkUpChangesNothing", Given::Backup, Event::LinkUp, "", State::Backup, kDown3 - 40ms},

    {"R9568_6_4_3_MasterAdverTimerFires", Given::Master, Event::Timeout, "advert(100)", State::Master, 100ms},
    {"R9568_6_4_3_MasterPriorityZeroIsAnsweredAtOnce", Given::Master, Event::Resignation, "advert(100) announce", State::Master, 50ms},
    {"R9568_6_4_3_MasterHigherGivesWay", Given::Master, Event::Higher, "advert(100) release MASTER>BACKUP:HigherPriority(192.0.2.20)",
     State::Backup, kDown3},
    {"R9568_6_4_3_MasterEqualFromGreaterAddressGivesWay", Given::Master, Event::EqualFromMore,
     "advert(100) release MASTER>BACKUP:HigherAddress(192.0.2.20)", State::Backup, kDown3},
    {"R9568_6_4_3_MasterEqualFromLesserAddressAnswersAtOnce", Given::Master, Event::EqualFromLess, "advert(100) announce", State::Master,
     50ms},
    {"R9568_6_4_3_MasterLowerAnswersAtOnce", Given::Master, Event::Lower, "advert(100) announce", State::Master, 50ms},
    {"R9568_6_4_3_MasterShutdown", Given::Master, Event::Shutdown, "advert(0) release MASTER>INIT:Stopped", State::Init, kNone},
    {"X_MasterShutdownKeepingAddresses", Given::Master, Event::ShutdownKeepingAddresses, "MASTER>INIT:Stopped", State::Init, kNone},
    {"X_MasterLinkDownCannotResign", Given::Master, Event::LinkDown, "release MASTER>FAULT:InterfaceDown", State::Fault, kNone},
    {"X_MasterLinkMissingCannotResign", Given::Master, Event::LinkMissing, "release MASTER>FAULT:InterfaceMissing", State::Fault, kNone},
    {"X_MasterWithoutSourceResigns", Given::Master, Event::NoSource, "advert(0) release MASTER>FAULT:NoSourceAddress", State::Fault, kNone},
    {"X_MasterLinkUpChangesNothing", Given::Master, Event::LinkUp, "", State::Master, 60ms},

    {"R9568_6_4_1_FaultLinkUpIsStartup", Given::Fault, Event::LinkUp, "FAULT>BACKUP:InterfaceReady", State::Backup, kDown3},
    {"X_FaultHearsNothing", Given::Fault, Event::Higher, "", State::Fault, kNone},
    {"X_FaultShutdown", Given::Fault, Event::Shutdown, "FAULT>INIT:Stopped", State::Init, kNone},
};

class Version3 : public testing::TestWithParam<Case> {};
TEST_P(Version3, StateMachine) { check(routerConfig(), GetParam()); }
INSTANTIATE_TEST_SUITE_P(, Version3, testing::ValuesIn(kVersion3), nameOf);

// Preempt_Mode false: only what differs, and that the rest of BACKUP does not.
const Case kNoPreempt[] = {
    {"R9568_6_4_2_BackupLowerResetsActiveDown", Given::BackupOfMaster, Event::Lower, "", State::Backup, kDown3},
    {"R9568_6_4_2_BackupPriorityZeroSetsSkewTime", Given::BackupOfMaster, Event::Resignation, "", State::Backup, kSkew3},
    {"R9568_6_4_3_MasterLowerAnswersAtOnce", Given::Master, Event::Lower, "advert(100) announce", State::Master, 50ms},
};

class NoPreempt : public testing::TestWithParam<Case> {};
TEST_P(NoPreempt, StateMachine) {
  RouterConfig config = routerConfig();
  config.preempt = false;
  check(config, GetParam());
}
INSTANTIATE_TEST_SUITE_P(, NoPreempt, testing::ValuesIn(kNoPreempt), nameOf);

// Priority 100, 1 s: Skew_Time 609.375 ms, Master_Down_Interval 3609.375 ms.
constexpr Duration kSkew2 = 609'375us;
constexpr Duration kDown2 = 3'609'375us;
constexpr Duration kPhase2 = 4s - kDown2;

const Case kVersion2[] = {
    {"R3768_6_4_2_BackupMasterDownFires", Given::Backup, Event::Timeout, "advert(100) hold BACKUP>MASTER:FirstElection", State::Master,
     kPhase2},
    {"R3768_6_4_2_BackupPriorityZeroSetsSkewTime", Given::BackupOfMaster, Event::Resignation, "", State::Backup, kSkew2},
    {"R3768_6_4_2_BackupHigherResetsMasterDown", Given::BackupOfMaster, Event::Higher, "", State::Backup, kDown2},
    {"R3768_6_4_2_BackupEqualResetsMasterDown", Given::BackupOfMaster, Event::EqualFromLess, "", State::Backup, kDown2},
    {"R3768_6_4_2_BackupLowerIsDiscardedTimerGoesOn", Given::BackupOfMaster, Event::Lower, "", State::Backup, kDown2 - 400ms},
    {"R3768_6_4_2_BackupShutdown", Given::Backup, Event::Shutdown, "BACKUP>INIT:Stopped", State::Init, kNone},
    {"R3768_6_4_3_MasterAdverTimerFires", Given::Master, Event::Timeout, "advert(100)", State::Master, 1s},
    {"R3768_6_4_3_MasterPriorityZeroIsAnsweredAtOnce", Given::Master, Event::Resignation, "advert(100) announce", State::Master, 50ms},
    {"R3768_6_4_3_MasterHigherGivesWay", Given::Master, Event::Higher, "advert(100) release MASTER>BACKUP:HigherPriority(192.0.2.20)",
     State::Backup, kDown2},
    {"R3768_6_4_3_MasterEqualFromGreaterAddressGivesWay", Given::Master, Event::EqualFromMore,
     "advert(100) release MASTER>BACKUP:HigherAddress(192.0.2.20)", State::Backup, kDown2},
    {"X_MasterLowerAnswersAtOnceInVersion2AsWell", Given::Master, Event::Lower, "advert(100) announce", State::Master, 50ms},
    {"R3768_6_4_3_MasterShutdown", Given::Master, Event::Shutdown, "advert(0) release MASTER>INIT:Stopped", State::Init, kNone},
};

class Version2 : public testing::TestWithParam<Case> {};
TEST_P(Version2, StateMachine) { check(version2Config(), GetParam()); }
INSTANTIATE_TEST_SUITE_P(, Version2, testing::ValuesIn(kVersion2), nameOf);

// Preempt_Mode false in version 2.
const Case kNoPreempt2[] = {
    {"R3768_6_4_2_BackupLowerResetsMasterDown", Given::BackupOfMaster, Event::Lower, "", State::Backup, kDown2},
    {"R3768_6_4_2_BackupPriorityZeroSetsSkewTime", Given::BackupOfMaster, Event::Resignation, "", State::Backup, kSkew2},
};

class NoPreempt2 : public testing::TestWithParam<Case> {};
TEST_P(NoPreempt2, StateMachine) {
  RouterConfig config = version2Config();
  config.preempt = false;
  check(config, GetParam());
}
INSTANTIATE_TEST_SUITE_P(, NoPreempt2, testing::ValuesIn(kNoPreempt2), nameOf);

TEST(StateMachine, R9568_6_4_1_StartupGoesToBackupWithActiveDown) {
  Bench bench;
  bench.configure({routerConfig()});
  EXPECT_EQ(bench.drain(), "INIT>BACKUP:Started");
  EXPECT_EQ(bench.untilDeadline(), kDown3);
}

TEST(StateMachine, R9568_6_4_1_OwnerIsMasterAtOnce) {
  Bench bench;
  RouterConfig owner = routerConfig();
  owner.priority = 255;
  bench.configure({owner});
  EXPECT_EQ(bench.drain(), "advert(255) hold INIT>MASTER:AddressOwner");
  EXPECT_EQ(bench.untilDeadline(), 100ms);
}

TEST(StateMachine, R9568_6_1_OwnerPreemptsWhateverPreemptModeSays) {
  RouterConfig owner = routerConfig();
  owner.priority = 255;
  owner.preempt = false;
  Bench bench(owner);
  bench.advance(10s);
  bench.engine.handleTimeout(bench.now);  // slept: BACKUP
  ASSERT_EQ(bench.state(), State::Backup);
  const Duration before = bench.untilDeadline();
  bench.receive({.priority = 254});
  EXPECT_EQ(bench.untilDeadline(), before);
}

TEST(StateMachine, Erratum8298_TwoOwnersElectByAddress) {
  RouterConfig owner = routerConfig();
  owner.priority = 255;
  Bench loser(owner);
  loser.receive({.priority = 255, .source = "192.0.2.20"});
  EXPECT_EQ(loser.drain(), "advert(255) release MASTER>BACKUP:HigherAddress(192.0.2.20)");
  Bench winner(owner);
  winner.receive({.priority = 255, .source = "192.0.2.5"});
  EXPECT_EQ(winner.drain(), "advert(255)");
  EXPECT_EQ(winner.state(), State::Master);
}

TEST(StateMachine, R9568_6_1_ActiveDownFollowsTheIntervalThatTheMasterAdvertises) {
  Bench bench(routerConfig());
  bench.receive({.priority = 200, .interval = 1s});
  EXPECT_EQ(bench.status().interval, 1s);
  EXPECT_EQ(bench.untilDeadline(), 3'609'375us);
  bench.receive({.priority = 0, .interval = 1s});
  EXPECT_EQ(bench.untilDeadline(), 609'375us) << "Skew_Time as well";
  bench.fire();
  EXPECT_EQ(bench.untilDeadline(), 90'625us) << "as MASTER its own again";
}

TEST(StateMachine, R9568_6_4_3_GivingWayAdoptsTheMastersInterval) {
  Bench bench(routerConfig());
  bench.becomeSettledMaster();
  bench.receive({.priority = 200, .interval = 1s});
  EXPECT_EQ(bench.untilDeadline(), 3'609'375us);
}

TEST(StateMachine, TakeoversAreNamedAfterWhatWasHeard) {
  Bench resigned(routerConfig());
  resigned.receive({.priority = 200});
  resigned.receive({.priority = 0});
  resigned.fire();
  EXPECT_EQ(resigned.drain(), "advert(100) hold BACKUP>MASTER:PeerResigned(192.0.2.20,61ms)");

  Bench preempted(routerConfig());
  preempted.run(300ms);
  preempted.receive({.priority = 50});
  preempted.fire();
  EXPECT_EQ(preempted.drain(), "advert(100) hold BACKUP>MASTER:Preempted(192.0.2.20,61ms)");
}

TEST(StateMachine, PreemptDelayAcceptsLowerPriorityUntilItHasPassed) {
  RouterConfig config = routerConfig();
  config.preemptDelay = 10s;
  Bench bench(config);
  for (int i = 0; i < 99; ++i) {
    bench.advance(100ms);
    bench.receive({.priority = 50});
    ASSERT_EQ(bench.untilDeadline(), kDown3);
  }
  bench.advance(100ms);
  bench.receive({.priority = 50});
  EXPECT_EQ(bench.untilDeadline(), kDown3 - 100ms) << "10 s after the start";
}

TEST(StateMachine, PreemptDelayBeginsAnewAfterFault) {
  RouterConfig config = routerConfig();
  config.preemptDelay = 10s;
  Bench bench(config);
  bench.advance(100ms);
  bench.link.up = false;
  bench.linkChanged();
  bench.advance(20s);
  bench.link.up = true;
  bench.linkChanged();
  bench.advance(100ms);
  bench.receive({.priority = 50});
  EXPECT_EQ(bench.untilDeadline(), kDown3);
}

TEST(StateMachine, PreemptDelayDoesNotDelayATakeoverFromSilence) {
  RouterConfig config = routerConfig();
  config.preemptDelay = 1h;
  Bench bench(config);
  EXPECT_EQ(bench.untilDeadline(), kDown3);
}

TEST(StateMachine, AdvertsKeepTheirPeriodWhenWakeupsAreLate) {
  Bench bench(routerConfig());
  bench.fire();
  bench.fire();
  const TimePoint begin = bench.now;
  for (int i = 1; i <= 5; ++i) {
    bench.now = begin + i * 100ms + 7ms;
    bench.engine.handleTimeout(bench.now);
  }
  EXPECT_EQ(bench.engine.nextDeadline(), begin + 600ms);
}

TEST(StateMachine, SpuriousTimeoutsDoNothing) {
  Bench bench(routerConfig());
  bench.advance(1ms);
  const auto deadline = bench.engine.nextDeadline();
  bench.engine.handleTimeout(bench.now);
  EXPECT_EQ(bench.drain(), "");
  EXPECT_EQ(bench.engine.nextDeadline(), deadline);
}

TEST(StateMachine, StatusTellsOfTheTakeover) {
  Bench bench(routerConfig());
  bench.receive({.priority = 200});
  bench.fire();
  const RouterStatus status = bench.status();
  EXPECT_EQ(status.key, "a/v4");
  EXPECT_EQ(status.reason, Reason::AdvertTimeout);
  EXPECT_EQ(status.silence, kDown3);
  EXPECT_EQ(status.changedAt, bench.now);
  EXPECT_EQ(status.transitions, 2u);
  EXPECT_EQ(status.peer, address("192.0.2.20"));
  EXPECT_EQ(status.counters.transitionsToMaster, 1u);
  EXPECT_EQ(status.counters.advertsReceived, 1u);
  EXPECT_EQ(status.counters.advertsSent, 1u);
}

}  // namespace
}  // namespace aloft::vrrp
