// The gate: when this node answers for its addresses and takes their traffic (the rule stands in virtualRouter.h).

#include "support/bench.h"
#include "vrrp/timing.h"

namespace aloft::vrrp {
namespace {

constexpr Duration kDown = 360'937'500ns;
constexpr Duration kGrace = 1ms;  // 100 ms / 64, at most 1 ms

RouterConfig deadMan() {
  RouterConfig config = routerConfig();
  config.deadMan = true;
  config.gateSlot = 7;
  return config;
}

class Gate : public Bench {
 public:
  explicit Gate(const RouterConfig& config) {
    engine.setGateActive(true, now);
    configure({config});
  }
  /// MASTER that answers, at the moment of an advert just sent.
  void settle() {
    while (state() != State::Master) fire();
    drain();
    actuated(true);
    run(6s);
    for (bool sent = false; !sent;) {
      fire();
      sent = drain().find("advert") != std::string::npos;
    }
  }
};

TEST(Gate, ABackupThatHoldsNothingAnswersNothingAndPassesPacketsOn) {
  Gate gate(deadMan());
  EXPECT_EQ(gate.drain(), "gate(shut,open) INIT>BACKUP:Started");
}

TEST(Gate, InFaultAsWell) {
  Gate gate(deadMan());
  gate.drain();
  gate.link.up = false;
  gate.linkChanged();
  EXPECT_EQ(gate.drain(), "BACKUP>FAULT:InterfaceDown") << "as it was";
}

TEST(Gate, AMasterTakesTrafficFromItsFirstAdvertAndAnswersWhenItHasTheAddresses) {
  Gate gate(deadMan());
  gate.drain();
  gate.fire();
  EXPECT_EQ(gate.drain(), "advert(100) gate(shut,300ms) hold BACKUP>MASTER:FirstElection");
  gate.advance(5ms);
  gate.actuated(true);
  EXPECT_EQ(gate.drain(), "gate(295ms,295ms) announce");
}

TEST(Gate, NotBeforeTheElectionGrace) {
  Gate gate(deadMan());
  gate.fire();
  gate.actuated(true);
  gate.drain();
  EXPECT_EQ(gate.untilDeadline(), kGrace);
  EXPECT_EQ(gate.run(kGrace), "gate(299ms,299ms) announce");
}

TEST(Gate, WhoLosesWithinTheGraceHasNeverAnswered) {
  Gate gate(deadMan());
  gate.fire();
  gate.actuated(true);
  gate.drain();
  gate.advance(kGrace / 2);
  gate.receive({.priority = 200});
  EXPECT_EQ(gate.drain(), "gate(shut,1600ms) advert(100) MASTER>BACKUP:HigherPriority(192.0.2.20)");
}

TEST(Gate, EachAdvertProlongsIt) {
  Gate gate(deadMan());
  gate.settle();
  EXPECT_EQ(gate.run(100ms), "advert(100) gate(300ms,300ms)");
  gate.receive({.priority = 50});
  EXPECT_EQ(gate.drain(), "advert(100) announce") << "at the same moment there is nothing to prolong";
}

TEST(Gate, ForAsManyIntervalsAsPeersWait) {
  RouterConfig config = deadMan();
  config.downTimerAdverts = 5;
  Gate gate(config);
  gate.settle();
  EXPECT_EQ(gate.run(100ms), "advert(100) gate(500ms,500ms)");
  config.downTimerAdverts = 1;
  Gate one(config);
  one.settle();
  EXPECT_EQ(one.run(100ms), "advert(100) gate(100ms,100ms)");
  one.drainEffects();
  EXPECT_GT(claimTime(3, 100ms, 1), 100ms) << "so that the next advert is not too late for it";
}

TEST(Gate, WithoutDeadManItIsOpenUntilItIsShut) {
  RouterConfig config = routerConfig();
  Gate gate(config);
  gate.drain();
  gate.fire();
  EXPECT_EQ(gate.drain(), "advert(100) hold BACKUP>MASTER:FirstElection") << "it takes traffic as before";
  gate.advance(2ms);
  gate.actuated(true);
  EXPECT_EQ(gate.drain(), "gate(open,open) announce");
  gate.run(10s);
  gate.advance(1ms);
  EXPECT_EQ(gate.run(100ms), "advert(100)") << "nothing to prolong";
}

TEST(Gate, IsShutBeforeAResignationAndBeforeTheRelease) {
  Gate gate(deadMan());
  gate.settle();
  gate.link.primaryIPv4 = {};
  gate.linkChanged();
  EXPECT_EQ(gate.drain(), "gate(shut,shut) advert(0) release MASTER>FAULT:NoSourceAddress");
  gate.actuated(false);
  EXPECT_EQ(gate.drain(), "gate(shut,open)");
}

TEST(Gate, IsShutForAVirtualRouterThatGoes) {
  Gate gate(deadMan());
  gate.settle();
  gate.configure({});
  const auto effects = gate.drainEffects();
  ASSERT_EQ(effects.size(), 4u);
  EXPECT_EQ(effects[0].kind, Effect::Kind::SetGate);
  EXPECT_EQ(effects[0].slot, 7u);
  EXPECT_EQ(effects[0].acceptUntil, TimePoint{});
}

TEST(Gate, ResidueIsOpenWithoutDeadManAndShutWithIt) {
  Gate with(deadMan());
  with.drain();
  with.actuated(true);
  EXPECT_EQ(with.drain(), "gate(shut,shut)");
  Gate without(routerConfig());
  without.drain();
  without.actuated(true);
  EXPECT_EQ(without.drain(), "gate(open,open)");
  without.receive({.priority = 50});
  EXPECT_EQ(without.drain(), "gate(shut,shut) release");
}

TEST(Gate, ALateWakeUpShutsItWithDeadMan) {
  Gate gate(deadMan());
  gate.settle();
  gate.advance(300ms);
  gate.engine.handleTimeout(gate.now);
  EXPECT_EQ(gate.drain(), "gate(shut,shut) MASTER>BACKUP:LateWakeUp");
}

TEST(Gate, OneThatRanOutBeforeTheAdvertLeftIsALateWakeUp) {
  Gate gate(deadMan());
  gate.settle();
  gate.advance(100ms);
  gate.engine.handleTimeout(gate.now);
  gate.drain();
  gate.advance(250ms);  // stopped before the advert was sent
  gate.engine.handleGateRunOut(gate.status().id, gate.now);
  EXPECT_EQ(gate.drain(), "gate(shut,shut) MASTER>BACKUP:LateWakeUp");
  gate.engine.handleGateRunOut(gate.status().id, gate.now);
  EXPECT_EQ(gate.drain(), "");
}

// ----- Accept_Mode False -----

RouterConfig acceptsNothing() {
  RouterConfig config = deadMan();
  config.accept = false;
  return config;
}

TEST(Gate, WithoutAcceptModeAMasterAnswersAndTakesNoTraffic) {
  Gate gate(acceptsNothing());
  EXPECT_EQ(gate.drain(), "gate(shut,open) INIT>BACKUP:Started") << "packets pass through a node without the addresses";
  gate.fire();
  EXPECT_EQ(gate.drain(), "advert(100) gate(shut,shut) hold BACKUP>MASTER:FirstElection") << "before it has the addresses";
  gate.advance(5ms);
  gate.actuated(true);
  EXPECT_EQ(gate.drain(), "gate(295ms,shut) announce");
  gate.run(6s);
  while (gate.drain().find("advert") == std::string::npos) gate.fire();
  EXPECT_EQ(gate.run(100ms), "advert(100) gate(300ms,shut)");
}

TEST(Gate, NorDoesItWhileTheAddressesLinger) {
  Gate gate(acceptsNothing());
  gate.settle();
  gate.receive({.priority = 200});
  EXPECT_EQ(gate.drain(), "gate(shut,shut) advert(100) MASTER>BACKUP:HigherPriority(192.0.2.20)");
  gate.announcedElsewhere();
  EXPECT_EQ(gate.run(50ms), "release");
  gate.actuated(false);
  EXPECT_EQ(gate.drain(), "gate(shut,open)");
}

TEST(Gate, WithoutADeadManSwitchEither) {
  RouterConfig config = routerConfig();
  config.accept = false;
  Gate gate(config);
  gate.settle();
  EXPECT_EQ(gate.run(1s).find("gate"), std::string::npos);
  config.accept = true;
  gate.configure({config});
  EXPECT_EQ(gate.drain(), "gate(open,open)");
  config.accept = false;
  gate.configure({config});
  EXPECT_EQ(gate.drain(), "gate(open,shut)");
}

TEST(Gate, AnAddressOwnerAcceptsWhateverIsSaid) {
  RouterConfig owner = acceptsNothing();
  owner.priority = 255;
  Gate gate(owner);
  gate.settle();
  EXPECT_EQ(gate.run(100ms), "advert(255) gate(300ms,300ms)");
}

// ----- Whoever was MASTER before -----

TEST(Gate, APreemptorAnswersWhenTheFormerMasterHasSaidFarewell) {
  Gate gate(deadMan());
  gate.run(300ms);
  gate.receive({.priority = 50});
  gate.drain();
  gate.run(kDown - 300ms);
  ASSERT_EQ(gate.state(), State::Master);
  gate.actuated(true);
  gate.advance(2ms);
  gate.engine.handleTimeout(gate.now);
  EXPECT_EQ(gate.drain(), "") << "it may still answer";
  gate.receive({.priority = 50});
  EXPECT_EQ(gate.drain(), "gate(298ms,298ms) announce advert(100) gate(300ms,300ms)");
}

TEST(Gate, OrWhenItsGateHasShutByItself) {
  Gate gate(deadMan());
  gate.run(300ms);
  gate.receive({.priority = 50});
  const TimePoint heard = gate.now;
  gate.run(kDown - 300ms);
  gate.actuated(true);
  gate.drain();
  while (gate.drain().find("announce") == std::string::npos) gate.fire();
  EXPECT_EQ(gate.now, heard + 300ms);
}

TEST(Gate, WithoutDeadManItIsWaitedForNoLongerThanAMoment) {
  Gate gate(routerConfig());
  gate.run(300ms);
  gate.receive({.priority = 50});
  gate.run(kDown - 300ms);
  gate.actuated(true);
  gate.drain();
  EXPECT_NE(gate.run(20ms).find("gate(open,open) announce"), std::string::npos);
}

TEST(Gate, AFarewellDoesNotCutTheElectionGraceShort) {
  Gate gate(deadMan());
  gate.run(300ms);
  gate.receive({.priority = 50});
  gate.run(kDown - 300ms);
  gate.actuated(true);
  gate.drain();
  gate.receive({.priority = 50});
  EXPECT_EQ(gate.drain().find("announce"), std::string::npos);
  EXPECT_NE(gate.run(kGrace).find("announce"), std::string::npos);
}

TEST(Gate, TheFarewellOfOneSaysNothingOfAnother) {
  Gate gate(deadMan());
  gate.run(250ms);
  gate.receive({.priority = 40, .source = "192.0.2.30"});
  const TimePoint heard = gate.now;
  gate.run(50ms);
  gate.receive({.priority = 50});
  gate.run(kDown - 300ms);
  ASSERT_EQ(gate.state(), State::Master);
  gate.actuated(true);
  gate.advance(2ms);
  gate.receive({.priority = 50});
  gate.drain();
  while (gate.drain().find("announce") == std::string::npos) gate.fire();
  EXPECT_EQ(gate.now, heard + 300ms) << "the first one's gate may be open until then";
}

TEST(Gate, WhoTookOverInTheSameMomentAndLosesIsWaitedFor) {
  Gate gate(deadMan());
  gate.fire();
  gate.drain();
  gate.receive({.priority = 50});  // its timer ran out as well
  gate.actuated(true);
  gate.advance(2ms);
  gate.engine.handleTimeout(gate.now);
  EXPECT_EQ(gate.drain().find("announce"), std::string::npos);
  gate.receive({.priority = 50});  // has heard us
  EXPECT_NE(gate.drain().find("announce"), std::string::npos);
}

TEST(Gate, AResignationOfOneSaysNothingOfAnother) {
  Gate gate(deadMan());
  gate.receive({.priority = 200});                          // stops without a word
  gate.receive({.priority = 220, .source = "192.0.2.30"});  // preempts it
  gate.advance(50ms);
  gate.receive({.priority = 0, .source = "192.0.2.30"});
  while (gate.state() != State::Master) gate.fire();
  gate.actuated(true);
  gate.drain();
  const TimePoint started{1000s};
  while (gate.drain().find("announce") == std::string::npos) gate.fire();
  EXPECT_EQ(gate.now, started + 300ms) << "the first one's gate may be open until then";
}

TEST(Gate, AnOwnerThatStartsWaitsForWhoMayBeThere) {
  RouterConfig owner = deadMan();
  owner.priority = 255;
  Gate gate(owner);
  gate.actuated(true);
  gate.drain();
  const TimePoint started = gate.now;
  while (gate.drain().find("announce") == std::string::npos) gate.fire();
  EXPECT_EQ(gate.now, started + 300ms);
}

// ----- The gate itself -----

TEST(Gate, WithoutOneNoEffectComesAndAddressesAreReleasedAtOnce) {
  Bench bench(deadMan());
  bench.fire();
  EXPECT_EQ(bench.drain(), "advert(100) hold BACKUP>MASTER:FirstElection");
  bench.actuated(true);
  EXPECT_EQ(bench.drain(), "announce");
  bench.receive({.priority = 200});
  EXPECT_EQ(bench.drain(), "advert(100) release MASTER>BACKUP:HigherPriority(192.0.2.20)");
}

TEST(Gate, OneThatComesLaterIsSetAndOneThatIsLostIsNotWaitedFor) {
  Bench bench(deadMan());
  bench.becomeSettledMaster();
  bench.engine.setGateActive(true, bench.now);
  EXPECT_EQ(bench.drain(), "gate(300ms,300ms)");
  bench.engine.setGateActive(false, bench.now);
  bench.receive({.priority = 200});
  EXPECT_EQ(bench.drain(), "advert(100) release MASTER>BACKUP:HigherPriority(192.0.2.20)");
}

TEST(Gate, OneThatIsLostEndsTheStayOfAddressesThatLinger) {
  Gate gate(deadMan());
  gate.settle();
  gate.receive({.priority = 200});
  gate.drain();
  gate.engine.setGateActive(false, gate.now);
  EXPECT_EQ(gate.drain(), "release") << "two would answer for them";
}

TEST(Gate, IsAskedToTellOfTheSuccessorsAnnouncementWhileAddressesLinger) {
  Gate gate(deadMan());
  gate.settle();
  const auto awaits = [&gate] {
    bool awaits = false;
    for (const Effect& effect : gate.drainEffects()) awaits = awaits || (effect.kind == Effect::Kind::SetGate && effect.awaitsClaim);
    return awaits;
  };
  while (gate.untilDeadline() < 100ms) gate.fire();
  gate.fire();
  EXPECT_FALSE(awaits());
  gate.receive({.priority = 200});
  EXPECT_TRUE(awaits());
}

TEST(Gate, OneThatRanOutIsNoLateWakeUpOfWhoHandsOver) {
  Gate gate(deadMan());
  gate.settle();
  gate.engine.shutdown(Shutdown::HandOver, gate.now);
  gate.drain();
  gate.engine.handleGateRunOut(gate.status().id, gate.now);
  EXPECT_EQ(gate.drain(), "");
}

TEST(Gate, ADeadManSwitchThatIsTurnedOffOpensIt) {
  Gate gate(deadMan());
  gate.settle();
  RouterConfig config = deadMan();
  config.deadMan = false;
  gate.configure({config});
  EXPECT_EQ(gate.drain(), "gate(open,open)");
}

}  // namespace
}  // namespace aloft::vrrp
