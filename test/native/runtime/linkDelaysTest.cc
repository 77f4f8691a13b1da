// What counts of a link that bounces.

#include "runtime/linkDelays.h"

#include <gtest/gtest.h>

#include <cstring>

namespace aloft::runtime {
namespace {

using namespace std::chrono_literals;

class LinkDelaysTest : public testing::Test {
 protected:
  LinkDelaysTest() { delays.configure({{"eth0", 500ms, 2s}}); }

  static vrrp::LinkState link(std::uint32_t index, const char* name, bool up) {
    vrrp::LinkState state;
    state.index = index;
    std::strcpy(state.name, name);
    state.up = up;
    return state;
  }

  /// What counts of a link that is as told, at `now`.
  bool counts(bool up, const char* name = "eth0", std::uint32_t index = 2) {
    std::map<std::uint32_t, vrrp::LinkState> states{{index, link(index, name, up)}};
    delays.settle(states, now);
    return states.at(index).up;
  }
  std::chrono::nanoseconds untilChange() const { return delays.nextChange() - now; }

  LinkDelays delays;
  std::chrono::nanoseconds now{1000s};
};

TEST_F(LinkDelaysTest, ALinkThatIsDownForLongEnoughCountsAsDown) {
  EXPECT_TRUE(counts(true));
  EXPECT_EQ(delays.nextChange(), std::chrono::nanoseconds::max());
  EXPECT_TRUE(counts(false));
  EXPECT_EQ(untilChange(), 500ms);
  now += 499ms;
  EXPECT_TRUE(counts(false));
  EXPECT_EQ(untilChange(), 1ms) << "since it went down, not since the last look";
  now += 1ms;
  EXPECT_FALSE(counts(false));
  EXPECT_EQ(delays.nextChange(), std::chrono::nanoseconds::max());
}

TEST_F(LinkDelaysTest, UpHasADelayOfItsOwn) {
  counts(true);
  counts(false);
  now += 500ms;
  ASSERT_FALSE(counts(false));
  EXPECT_FALSE(counts(true));
  EXPECT_EQ(untilChange(), 2s);
  now += 2s;
  EXPECT_TRUE(counts(true));
}

TEST_F(LinkDelaysTest, ABounceCountsForNothingAndTheNextOneBeginsAnew) {
  counts(true);
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(counts(false));
    now += 400ms;
    EXPECT_TRUE(counts(true));
    EXPECT_EQ(delays.nextChange(), std::chrono::nanoseconds::max());
    now += 1ms;
  }
}

TEST_F(LinkDelaysTest, WithoutADelayEachChangeCountsAtOnce) {
  EXPECT_TRUE(counts(true, "eth1", 3));
  EXPECT_FALSE(counts(false, "eth1", 3));
  EXPECT_TRUE(counts(true, "eth1", 3));
  delays.configure({{"eth0", 0ms, 1s}});
  EXPECT_TRUE(counts(true));
  EXPECT_FALSE(counts(false));
}

TEST_F(LinkDelaysTest, AtTheStartAndTheFirstTimeUpNothingIsWaitedFor) {
  EXPECT_FALSE(counts(false));
  EXPECT_TRUE(counts(true));
  EXPECT_TRUE(counts(false)) << "from now on there are delays";
}

TEST_F(LinkDelaysTest, ALinkThatWasGoneIsAnotherOne) {
  counts(true);
  std::map<std::uint32_t, vrrp::LinkState> none;
  delays.settle(none, now);
  EXPECT_FALSE(counts(false));
}

TEST_F(LinkDelaysTest, AnotherConfigurationCountsForWhatWaits) {
  counts(true);
  counts(false);
  now += 100ms;
  delays.configure({{"eth0", 300ms, 2s}});
  EXPECT_TRUE(counts(false));
  EXPECT_EQ(untilChange(), 200ms);
  delays.configure({});
  EXPECT_FALSE(counts(false));
}

}  // namespace
}  // namespace aloft::runtime
