// Strangers: foreign claims of our addresses, foreign routers with our VRID, and another one with our own address.

#include "support/bench.h"

namespace aloft::vrrp {
namespace {

using wire::Discard;

constexpr Duration kDown = 360'937'500ns;
constexpr wire::MacAddress kStranger = {2, 0, 0, 0, 0, 0x66};

RouterConfig watching(ConflictPolicy policy) {
  RouterConfig config = routerConfig();
  config.conflicts = policy;
  return config;
}

void claim(Bench& bench, TimePoint at = {}) {
  bench.engine.handleConflict({bench.status().id, address("192.0.2.100"), kStranger, at}, bench.now);
}

std::size_t count(const std::string& text, const std::string& word) {
  std::size_t found = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

// ----- Claims -----

TEST(AddressConflict, ThreeProbesInTheSecondHalfOfTheFirstWait) {
  Bench bench(watching(ConflictPolicy::Report));
  EXPECT_EQ(bench.run(kDown / 2 - 1ms), "");
  EXPECT_EQ(bench.run(kDown / 2 - 1ms), "probe probe probe");
  EXPECT_EQ(bench.run(2ms), "advert(100) hold BACKUP>MASTER:FirstElection") << "nothing is held up";
}

TEST(AddressConflict, OffLooksForNothing) {
  Bench bench(watching(ConflictPolicy::Off));
  EXPECT_EQ(bench.run(kDown - 1ms), "");
  claim(bench);
  EXPECT_EQ(bench.run(2ms), "advert(100) hold BACKUP>MASTER:FirstElection");
  EXPECT_EQ(bench.notices, "");
}

TEST(AddressConflict, ReportTellsAndGoesOn) {
  Bench bench(watching(ConflictPolicy::Report));
  bench.run(kDown - 1ms);
  claim(bench);
  EXPECT_EQ(bench.run(2ms), "advert(100) hold BACKUP>MASTER:FirstElection");
  EXPECT_EQ(bench.notices, "AddressConflict(192.0.2.100,02:00:00:00:00:66)");
  EXPECT_EQ(bench.status().conflictAddress, address("192.0.2.100"));
  EXPECT_EQ(bench.status().conflictMac, kStranger);
}

TEST(AddressConflict, EnforceIsAFaultUntilTheClaimIsGone) {
  Bench bench(watching(ConflictPolicy::Enforce));
  bench.run(300ms);
  claim(bench);
  bench.drain();
  EXPECT_EQ(bench.run(kDown - 300ms), "probe BACKUP>FAULT:AddressConflict");
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(count(bench.run(kDown - 1ms), "probe"), 3u);
    claim(bench);
    EXPECT_EQ(bench.run(1ms), "");
    EXPECT_EQ(bench.state(), State::Fault);
  }
  EXPECT_NE(bench.run(kDown).find("FAULT>BACKUP:Recovered"), std::string::npos);
  EXPECT_EQ(count(bench.notices, "AddressConflict"), 1u) << "once a minute";
  EXPECT_NE(bench.run(kDown).find("BACKUP>MASTER:FirstElection"), std::string::npos);
}

TEST(AddressConflict, TheClaimOfAMasterThatIsHeardIsNone) {
  Bench bench(watching(ConflictPolicy::Enforce));
  bench.run(50ms);
  claim(bench);  // before its first advert
  bench.receive({.priority = 200});
  bench.run(100ms);
  claim(bench);
  EXPECT_EQ(bench.run(kDown - 100ms), "advert(100) hold BACKUP>MASTER:AdvertTimeout(192.0.2.20,361ms)") << "nor are there probes any more";
  EXPECT_EQ(bench.notices, "");
}

TEST(AddressConflict, AMasterThatIsHeardInFaultEndsIt) {
  Bench bench(watching(ConflictPolicy::Enforce));
  bench.run(300ms);
  claim(bench);
  bench.run(kDown - 300ms);
  ASSERT_EQ(bench.state(), State::Fault);
  EXPECT_EQ(bench.receive({.priority = 200}), std::nullopt);
  EXPECT_EQ(bench.drain(), "FAULT>BACKUP:Recovered");
  EXPECT_EQ(bench.untilDeadline(), kDown);
}

TEST(AddressConflict, OnlyTheFirstTakeoverOfAProcessIsHeldUp) {
  Bench bench(watching(ConflictPolicy::Enforce));
  bench.receive({.priority = 200});
  bench.link.up = false;
  bench.linkChanged();
  bench.link.up = true;
  bench.linkChanged();
  bench.drain();
  bench.run(kDown - 1ms);
  claim(bench);
  EXPECT_EQ(bench.run(1ms), "advert(100) hold BACKUP>MASTER:FirstElection");
}

TEST(AddressConflict, NorIsOneAfterALateWakeUp) {
  Bench bench(watching(ConflictPolicy::Enforce));
  bench.becomeSettledMaster();
  bench.advance(1s);
  bench.engine.handleTimeout(bench.now);
  ASSERT_EQ(bench.state(), State::Backup);
  claim(bench);
  bench.drain();
  EXPECT_NE(bench.run(kDown).find("BACKUP>MASTER:FirstElection"), std::string::npos);
}

TEST(AddressConflict, AnOwnerLooksForNothing) {
  RouterConfig owner = watching(ConflictPolicy::Enforce);
  owner.priority = 255;
  Bench bench(owner);
  EXPECT_EQ(bench.state(), State::Master);
}

TEST(AddressConflict, AnotherFaultEndsTheLook) {
  Bench bench(watching(ConflictPolicy::Enforce));
  bench.run(300ms);
  claim(bench);
  bench.run(kDown - 300ms);
  bench.link.up = false;
  bench.linkChanged();
  EXPECT_EQ(bench.status().reason, Reason::InterfaceDown);
  EXPECT_EQ(bench.run(10s), "");
  bench.link.up = true;
  bench.linkChanged();
  EXPECT_EQ(bench.drain(), "FAULT>BACKUP:InterfaceReady");
}

TEST(AddressConflict, AMasterTellsAndDefendsEvery10Seconds) {
  Bench bench(watching(ConflictPolicy::Report));
  bench.becomeSettledMaster();
  std::size_t announced = 0;
  for (int i = 0; i < 300; ++i) {  // a claim each 100 ms for 30 s
    claim(bench);
    announced += count(bench.drain(), "announce");
    bench.run(100ms);
  }
  EXPECT_EQ(announced, 3u);
  EXPECT_EQ(count(bench.notices, "AddressConflict"), 1u);
}

TEST(AddressConflict, AsMasterTheClaimOfAnotherMasterIsTheElectionsBusiness) {
  Bench bench(watching(ConflictPolicy::Report));
  bench.becomeSettledMaster();
  bench.receive({.priority = 50});
  bench.drain();
  claim(bench);
  EXPECT_EQ(bench.drain(), "");
  claim(bench, bench.status().changedAt - 1ms);
  EXPECT_EQ(bench.notices.find("AddressConflict"), std::string::npos);
}

TEST(AddressConflict, AClaimFromBeforeItBecameMasterIsTheFormerMasters) {
  Bench bench(watching(ConflictPolicy::Report));
  bench.becomeSettledMaster();
  claim(bench, bench.status().changedAt - 1ms);
  EXPECT_EQ(bench.drain(), "");
  EXPECT_EQ(bench.notices, "");
}

// ----- Foreign routers -----

TEST(ForeignRouter, IsToldOfOnceAMinuteWithTheReason) {
  Bench bench(routerConfig());
  for (int i = 0; i < 100; ++i) {
    bench.receive({.version = 2, .priority = 200, .interval = 1s});
    bench.drain();
    bench.advance(1s);
  }
  EXPECT_EQ(bench.notices, "ForeignRouter(192.0.2.20,VersionMismatch) ForeignRouter(192.0.2.20,VersionMismatch)");
  EXPECT_EQ(bench.status().foreignRouter, address("192.0.2.20"));
  EXPECT_EQ(bench.status().foreignReason, Discard::VersionMismatch);
  EXPECT_EQ(bench.status().foreignAt, bench.now - 1s);
}

TEST(ForeignRouter, OneThatSharesNoAddressIsHeardAllTheSame) {
  Bench bench(routerConfig());
  EXPECT_EQ(bench.receive({.priority = 200, .addresses = {"192.0.2.7"}}), std::nullopt);
  bench.drain();
  EXPECT_EQ(bench.notices, "ForeignRouter(192.0.2.20,AddressListMismatch)");
  Bench partly(routerConfig());
  partly.receive({.priority = 200, .addresses = {"192.0.2.100", "192.0.2.7"}});
  partly.drain();
  EXPECT_EQ(partly.notices, "");
}

TEST(ForeignRouter, DamageAndOtherVridsAreNone) {
  Bench bench(routerConfig());
  bench.receive({.virtualRouterId = 52, .priority = 200});
  std::vector<std::uint8_t> damaged = encode({.priority = 200});
  damaged[7] ^= 1;
  bench.receive(damaged, "192.0.2.20");
  bench.drain();
  EXPECT_EQ(bench.notices, "");
  EXPECT_TRUE(bench.status().foreignRouter.isUnspecified());
}

// ----- Our own address -----

void receiveOwn(Bench& bench, PeerAdvert advert = {}) {
  advert.source = "192.0.2.10";
  EXPECT_EQ(bench.receive(advert), Discard::OwnPacket);
  bench.drain();
}

TEST(DuplicateSource, ABackupThatHasLongSentNothingHearsAnother) {
  Bench bench(routerConfig());
  receiveOwn(bench);
  EXPECT_EQ(bench.notices, "DuplicateSource(192.0.2.10)");
  receiveOwn(bench);
  EXPECT_EQ(bench.notices, "DuplicateSource(192.0.2.10)") << "once a minute";
}

TEST(DuplicateSource, ReflectionsOfAMastersAdvertsAreNone) {
  Bench bench(routerConfig());
  bench.becomeSettledMaster();
  for (int i = 0; i < 1000; ++i) {
    bench.advance(300us);
    receiveOwn(bench);
    receiveOwn(bench);
    bench.run(100ms - 300us);
  }
  EXPECT_EQ(bench.notices, "");
}

TEST(DuplicateSource, NorAreThoseThatComeLateOnce) {
  Bench bench(routerConfig());
  bench.becomeSettledMaster();
  for (int i = 0; i < 20; ++i) {
    bench.advance(60ms);
    receiveOwn(bench);  // late
    bench.run(40ms);
    receiveOwn(bench);  // in time
  }
  EXPECT_EQ(bench.notices, "");
}

TEST(DuplicateSource, NorWhatWasSentBeforeThePriorityChanged) {
  RouterConfig config = routerConfig();
  config.checks = {{1, -20, false}};
  Bench bench(config);
  bench.becomeSettledMaster();
  bench.engine.handleCheck({1, false, false, 0}, bench.now);
  bench.drain();
  for (int i = 0; i < 10; ++i) receiveOwn(bench);  // of priority 100
  EXPECT_EQ(bench.notices, "PriorityChanged(80)");
}

TEST(DuplicateSource, NorTheLastAdvertsOfWhoJustGaveWay) {
  Bench bench(routerConfig());
  bench.becomeSettledMaster();
  bench.receive({.priority = 200});
  bench.drain();
  bench.advance(1ms);
  receiveOwn(bench);
  EXPECT_EQ(bench.notices, "");
}

TEST(DuplicateSource, AnotherMasterWithOurAddressIsFoundByItsOtherMessage) {
  Bench bench(routerConfig());
  bench.becomeSettledMaster();
  for (int i = 0; i < 30; ++i) {
    receiveOwn(bench, {.priority = 90});
    bench.run(100ms);
  }
  EXPECT_EQ(bench.notices, "DuplicateSource(192.0.2.10)");
  EXPECT_EQ(bench.state(), State::Master);
}

TEST(DuplicateSource, OrByItsOtherPhase) {
  Bench bench(routerConfig());
  bench.becomeSettledMaster();
  for (int i = 0; i < 30; ++i) {
    bench.run(70ms);
    receiveOwn(bench);
    bench.run(30ms);
  }
  EXPECT_EQ(bench.notices, "DuplicateSource(192.0.2.10)");
}

TEST(LowerPriority, AMasterTellsOfItOnceAMinute) {
  Bench bench(routerConfig());
  bench.becomeSettledMaster();
  for (int i = 0; i < 100; ++i) {
    bench.receive({.priority = 50});
    bench.run(1s);
  }
  EXPECT_EQ(bench.notices, "LowerPriority(192.0.2.20) LowerPriority(192.0.2.20)");
}

TEST(SecondOwner, Erratum8298_AnOwnerTellsOfItOnceAMinuteInBothVersions) {
  for (const std::uint8_t version : {2, 3}) {
    RouterConfig owner = version == 2 ? version2Config() : routerConfig();
    owner.priority = 255;
    Bench bench(owner);
    for (int i = 0; i < 100; ++i) {
      bench.receive({.version = version, .priority = 255, .interval = owner.advertisementInterval, .source = "192.0.2.5"});
      bench.run(1s);
    }
    EXPECT_EQ(bench.notices, "SecondOwner(192.0.2.5) SecondOwner(192.0.2.5)") << +version;
  }
}

TEST(SecondOwner, OthersAreNone) {
  RouterConfig owner = routerConfig();
  owner.priority = 255;
  Bench asOwner(owner);
  asOwner.receive({.priority = 254});
  asOwner.drain();
  EXPECT_EQ(asOwner.notices, "LowerPriority(192.0.2.20)");
  Bench asBackup(routerConfig());
  asBackup.receive({.priority = 255});
  asBackup.drain();
  EXPECT_EQ(asBackup.notices, "");
}

}  // namespace
}  // namespace aloft::vrrp
