// RFC 9568 §5.2.8: no pseudo-header in version 3 over IPv4; keepalived and FRR send and accept only the form with it.

#include "support/bench.h"

namespace aloft::vrrp {
namespace {

using wire::ChecksumForm;

ChecksumForm sentForm(Bench& bench) {
  const auto transmit = bench.engine.advert(bench.status().id, bench.status().priority);
  const auto decoded = wire::decodeVrrp(transmit.message, transmit.source, transmit.destination, 255);
  EXPECT_TRUE(decoded.ok);
  return decoded.advert.checksum;
}

PeerAdvert withPseudoHeader(std::uint8_t priority) { return {.priority = priority, .checksum = ChecksumForm::WithPseudoHeader}; }

TEST(ChecksumMode, AutoBeginsWithoutPseudoHeader) {
  Bench bench(routerConfig());
  EXPECT_EQ(sentForm(bench), ChecksumForm::WithoutPseudoHeader);
  EXPECT_FALSE(bench.status().pseudoHeader);
}

TEST(ChecksumMode, AutoLearnsFromAnAcceptedAdvert) {
  Bench bench(routerConfig());
  bench.receive(withPseudoHeader(200));
  EXPECT_EQ(sentForm(bench), ChecksumForm::WithPseudoHeader);
  EXPECT_TRUE(bench.status().pseudoHeader);
}

TEST(ChecksumMode, AutoLearnsFromAdvertsThatLose) {
  Bench backup(routerConfig());
  backup.receive(withPseudoHeader(50));
  EXPECT_EQ(sentForm(backup), ChecksumForm::WithPseudoHeader);
}

TEST(ChecksumMode, AMasterThatLearnsAnswersAtOnceInTheNewFormWhateverTheLimit) {
  Bench bench(routerConfig());
  bench.becomeSettledMaster();
  bench.receive({.priority = 50});
  ASSERT_EQ(bench.drain(), "advert(100) announce");
  bench.receive({.priority = 50});
  ASSERT_EQ(bench.drain(), "") << "limited";
  bench.receive(withPseudoHeader(50));
  EXPECT_EQ(bench.drain(), "advert(100)");
  EXPECT_EQ(sentForm(bench), ChecksumForm::WithPseudoHeader);
}

TEST(ChecksumMode, AutoDoesNotFlipBackForPeersOfThePlainForm) {
  Bench bench(routerConfig());
  bench.receive(withPseudoHeader(200));
  bench.receive({.priority = 200});
  EXPECT_EQ(sentForm(bench), ChecksumForm::WithPseudoHeader);
}

TEST(ChecksumMode, ALearnedFormOutlivesAnotherConfiguration) {
  Bench bench(routerConfig());
  bench.receive(withPseudoHeader(200));
  RouterConfig changed = routerConfig();
  changed.priority = 110;
  bench.configure({changed});
  EXPECT_EQ(sentForm(bench), ChecksumForm::WithPseudoHeader);
}

TEST(ChecksumMode, DiscardedAdvertsTeachNothing) {
  Bench bench(routerConfig());
  PeerAdvert own = withPseudoHeader(200);
  own.source = "192.0.2.10";
  bench.receive(own);
  EXPECT_EQ(sentForm(bench), ChecksumForm::WithoutPseudoHeader);
}

TEST(ChecksumMode, FixedModesDoNotLearn) {
  RouterConfig plain = routerConfig();
  plain.checksum = ChecksumMode::WithoutPseudoHeader;
  Bench without(plain);
  without.receive(withPseudoHeader(200));
  EXPECT_EQ(sentForm(without), ChecksumForm::WithoutPseudoHeader);

  RouterConfig pseudo = routerConfig();
  pseudo.checksum = ChecksumMode::WithPseudoHeader;
  Bench with(pseudo);
  with.receive({.priority = 200});
  EXPECT_EQ(sentForm(with), ChecksumForm::WithPseudoHeader);
}

TEST(ChecksumMode, Version2NeverHasAPseudoHeader) {
  RouterConfig config = version2Config();
  config.checksum = ChecksumMode::WithPseudoHeader;
  Bench bench(config);
  EXPECT_EQ(sentForm(bench), ChecksumForm::WithoutPseudoHeader);
  EXPECT_FALSE(bench.status().pseudoHeader);
}

}  // namespace
}  // namespace aloft::vrrp
