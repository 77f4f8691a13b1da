#include "runtime/gateWatch.h"

#include <gtest/gtest.h>

namespace aloft::runtime {
namespace {

using namespace std::chrono_literals;
using Time = GateWatch::Time;

constexpr Time kStart = 1000s;

class GateWatchTest : public testing::Test {
 protected:
  void SetUp() override { watch_.add(3, kStart); }
  /// Whether link 3 is due, and for a look at its filters too.
  std::optional<bool> taken(Time now) {
    const auto look = watch_.take(now);
    if (!look) return std::nullopt;
    EXPECT_EQ(look->ifindex, 3U);
    return look->whole;
  }

  GateWatch watch_;
};

TEST_F(GateWatchTest, LooksAtEachLinkInItsRhythm) {
  EXPECT_EQ(GateWatch().next(), Time::max());
  EXPECT_EQ(watch_.next(), kStart + 1s);
  EXPECT_FALSE(watch_.take(kStart + 999ms));
  watch_.add(4, kStart + 500ms);
  watch_.add(3, kStart + 500ms);
  EXPECT_EQ(watch_.take(kStart + 2s)->ifindex, 3U);
  EXPECT_EQ(watch_.take(kStart + 2s)->ifindex, 4U);
  EXPECT_FALSE(watch_.take(kStart + 2s));
  EXPECT_EQ(watch_.next(), kStart + 3s);
  watch_.remove(3);
  watch_.remove(3);
  EXPECT_EQ(watch_.take(kStart + 3s)->ifindex, 4U);
  watch_.clear();
  EXPECT_EQ(watch_.next(), Time::max());
}

TEST_F(GateWatchTest, LooksSoonAfterSomebodyWasThere) {
  watch_.doubt(3, kStart);
  watch_.doubt(3, kStart + 40ms);
  watch_.doubt(77, kStart);
  EXPECT_EQ(taken(kStart + 49ms), std::nullopt);
  EXPECT_EQ(taken(kStart + 50ms), true);
  EXPECT_EQ(taken(kStart + 1050ms), false) << "the ordinary look again";
}

TEST_F(GateWatchTest, RestoresTenTimesASecondAtMost) {
  watch_.doubt(3, kStart);
  ASSERT_EQ(taken(kStart + 50ms), true);
  watch_.restored(3, kStart + 51ms);
  watch_.doubt(3, kStart + 52ms);
  EXPECT_EQ(watch_.next(), kStart + 151ms);
}

TEST_F(GateWatchTest, DoubtsAllWhenNotificationsWereLost) {
  watch_.add(4, kStart);
  watch_.doubtAll(kStart);
  EXPECT_TRUE(watch_.take(kStart + 50ms)->whole);
  EXPECT_TRUE(watch_.take(kStart + 50ms)->whole);
}

TEST_F(GateWatchTest, TriesAgainAfterAFailureAlsoWhereItNeverStood) {
  watch_.remove(3);
  watch_.failed(3, kStart);
  EXPECT_EQ(taken(kStart + 999ms), std::nullopt);
  EXPECT_EQ(taken(kStart + 1s), true);
}

TEST_F(GateWatchTest, TriesAgainSoonerWhenSomebodyWasThereSinceTheFailure) {
  watch_.failed(3, kStart);
  watch_.doubt(3, kStart + 1ms);
  EXPECT_EQ(watch_.next(), kStart + 100ms);
}

TEST_F(GateWatchTest, TellsOnceAMinute) {
  EXPECT_TRUE(watch_.restored(3, kStart));
  EXPECT_FALSE(watch_.restored(3, kStart + 59s));
  EXPECT_TRUE(watch_.restored(3, kStart + 60s));
}

}  // namespace
}  // namespace aloft::runtime
