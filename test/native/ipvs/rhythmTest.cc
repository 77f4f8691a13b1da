#include "ipvs/rhythm.h"

#include <gtest/gtest.h>

namespace aloft::ipvs {
namespace {

using namespace std::chrono_literals;

TEST(Rhythm, GlancesAtOnePercentOfACoreWithinASecondUnlessItIsTenPercent) {
  EXPECT_EQ(untilGlance(100us), 500ms);
  EXPECT_EQ(untilGlance(7ms), 700ms);
  EXPECT_EQ(untilGlance(20ms), 800ms);
  EXPECT_EQ(untilGlance(80ms), 800ms);
  EXPECT_EQ(untilGlance(200ms), 2s);
}

TEST(Rhythm, DumpsWithinEachMinuteUnlessItIsOnePercentOfACore) {
  EXPECT_EQ(untilDump(10ms), 58s);
  EXPECT_EQ(untilDump(2s), 200s);
}

TEST(Rhythm, TriesAgainWhatWasRefusedLessAndLessOften) {
  Rhythm rhythm;
  for (const auto wait : {1s, 2s, 4s, 8s, 16s, 32s, 32s}) {
    rhythm.dumped(1ms, 100s);
    rhythm.refused(100s);
    EXPECT_EQ(rhythm.dumpAt(), 100s + wait);
  }
  rhythm.accepted();
  rhythm.dumped(1ms, 100s);
  rhythm.refused(100s);
  EXPECT_EQ(rhythm.dumpAt(), 101s);
}

TEST(Rhythm, DumpsAtOnceWhenAGlanceShowsAChangeButNotAgainAndAgainForNothing) {
  Rhythm rhythm;
  rhythm.dumped(1ms, 100s);
  rhythm.glanced(false, 1ms, 101s);
  EXPECT_TRUE(rhythm.dumpDue(101s));
  Time wait{};
  for (int i = 0; i < 12; ++i) {
    rhythm.dumped(1ms, 102s);
    rhythm.glanced(false, 1ms, 103s);
    EXPECT_GT(rhythm.dumpAt() - 103s, wait / 2);
    wait = rhythm.dumpAt() - 103s;
    rhythm.glanced(false, 1ms, 103s + wait / 2);
    EXPECT_EQ(rhythm.dumpAt(), 103s + wait) << "a second glance at the same makes it no later";
  }
  EXPECT_EQ(wait, 32s);
  rhythm.glanced(true, 1ms, 104s);
  rhythm.dumped(1ms, 104s);
  rhythm.glanced(false, 1ms, 105s);
  EXPECT_TRUE(rhythm.dumpDue(105s));
}

TEST(Rhythm, DumpsAtOnceAgainAndAgainWhereThereWereChanges) {
  Rhythm rhythm;
  rhythm.dumped(1ms, 100s);
  for (const auto now : {101s, 102s, 103s, 104s}) {
    rhythm.glanced(false, 1ms, now);
    EXPECT_TRUE(rhythm.dumpDue(now));
    rhythm.dumped(1ms, now);
    rhythm.foundChanges();
  }
}

}  // namespace
}  // namespace aloft::ipvs
