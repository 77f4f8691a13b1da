#include "tools/window.h"

#include <gtest/gtest.h>

namespace aloft::tools {
namespace {

const wire::MacAddress kA = {2, 0, 0, 0, 0, 0xa};
const wire::MacAddress kB = {2, 0, 0, 0, 0, 0xb};

TEST(ProbeWindow, decidesInTheOrderOfSendingWhenTheTimeIsUp) {
  ProbeWindow window(10);
  window.send(100);
  window.send(101);
  EXPECT_TRUE(window.answer(1, 105));
  Probe probe;
  EXPECT_FALSE(window.takeDecided(110, probe)) << "an answer at 110 is still in time";
  ASSERT_TRUE(window.takeDecided(111, probe));
  EXPECT_EQ(probe.sentNs, 100);
  EXPECT_FALSE(probe.answered());
  EXPECT_FALSE(window.takeDecided(111, probe));
  ASSERT_TRUE(window.takeDecided(112, probe));
  EXPECT_EQ(probe.sentNs, 101);
  EXPECT_EQ(probe.answeredNs, 105);
  EXPECT_FALSE(window.takeDecided(1000, probe));
}

TEST(ProbeWindow, takesTheFirstAnswerAndEveryMac) {
  ProbeWindow window(10);
  window.send(100);
  EXPECT_TRUE(window.answer(0, 103, &kB));
  EXPECT_TRUE(window.answer(0, 104, &kA));
  EXPECT_TRUE(window.answer(0, 105, &kB));
  Probe probe;
  ASSERT_TRUE(window.takeDecided(200, probe));
  EXPECT_EQ(probe.answeredNs, 103);
  ASSERT_EQ(probe.macs.size(), 2u);
  EXPECT_EQ(*probe.macs.begin(), kA);
}

TEST(ProbeWindow, refusesLateAndUnknownAnswers) {
  ProbeWindow window(10);
  window.send(100);
  EXPECT_FALSE(window.answer(1, 101)) << "not sent";
  EXPECT_FALSE(window.answer(0, 111)) << "late";
  EXPECT_TRUE(window.answer(0, 110)) << "just in time";
  Probe probe;
  ASSERT_TRUE(window.takeDecided(200, probe));
  EXPECT_EQ(probe.answeredNs, 110);
  EXPECT_FALSE(window.answer(0, 105)) << "decided";
  EXPECT_FALSE(window.answer(~std::uint64_t{0}, 105));
  EXPECT_EQ(window.nextSequence(), 1u);
}

TEST(ProbeWindow, doesNotAnswerBeforeItAsked) {
  ProbeWindow window(10);
  window.send(100);
  EXPECT_TRUE(window.answer(0, 99)) << "clock conversion";
  Probe probe;
  ASSERT_TRUE(window.takeDecided(200, probe));
  EXPECT_EQ(probe.answeredNs, 100);
}

TEST(MacSet, holdsFourAndIsIndependentOfOrder) {
  MacSet one, other;
  one.add(kA);
  one.add(kB);
  other.add(kB);
  other.add(kA);
  other.add(kB);
  EXPECT_EQ(one, other);
  for (std::uint8_t i = 0; i < 10; ++i) one.add({2, 0, 0, 0, 1, i});
  EXPECT_EQ(one.size(), 4u);
}

}  // namespace
}  // namespace aloft::tools
