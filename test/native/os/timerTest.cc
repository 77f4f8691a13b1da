#include "os/timer.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "os/clock.h"
#include "os/epoll.h"
#include "os/wakeup.h"

namespace aloft::os {
namespace {

using namespace std::chrono_literals;

bool readable(int fd, int timeoutMs) {
  pollfd entry{fd, POLLIN, 0};
  return poll(&entry, 1, timeoutMs) == 1;
}

TEST(Timer, FiresAtItsDeadlineAndNotBefore) {
  auto timer = Timer::open();
  ASSERT_TRUE(timer.ok());
  const auto deadline = monotonicNow() + 20ms;
  timer.value().arm(deadline);
  ASSERT_TRUE(readable(timer.value().fd(), 5000));
  EXPECT_GE(monotonicNow(), deadline);
}

TEST(Timer, FiresAtOnceForADeadlineInThePastAndForZero) {
  auto timer = Timer::open();
  ASSERT_TRUE(timer.ok());
  timer.value().arm(monotonicNow() - 1s);
  EXPECT_TRUE(readable(timer.value().fd(), 5000));
  timer.value().expired();
  timer.value().arm(0ns);
  EXPECT_TRUE(readable(timer.value().fd(), 5000));
}

TEST(Timer, TheSameDeadlineFiresAgainAfterItExpired) {
  auto timer = Timer::open();
  ASSERT_TRUE(timer.ok());
  const auto past = monotonicNow() - 1s;
  timer.value().arm(past);
  ASSERT_TRUE(readable(timer.value().fd(), 5000));
  timer.value().expired();
  timer.value().arm(past);
  EXPECT_TRUE(readable(timer.value().fd(), 5000));
}

TEST(Timer, AnExpiryThatNobodyReadIsGoneWhenItIsArmedAnew) {
  for (const bool disarm : {false, true}) {
    auto timer = Timer::open();
    ASSERT_TRUE(timer.ok());
    timer.value().arm(monotonicNow() - 1s);
    ASSERT_TRUE(readable(timer.value().fd(), 5000));
    timer.value().expired();
    timer.value().arm(disarm ? std::nullopt : std::optional(monotonicNow() + 1h));
    EXPECT_FALSE(readable(timer.value().fd(), 0)) << disarm;
  }
}

TEST(Timer, DisarmedNeverFires) {
  auto timer = Timer::open();
  ASSERT_TRUE(timer.ok());
  timer.value().arm(monotonicNow() + 5ms);
  timer.value().arm(std::nullopt);
  EXPECT_FALSE(readable(timer.value().fd(), 30));
}

TEST(Wakeup, ManyNotificationsAreOneAndDrainTakesAll) {
  auto wakeup = Wakeup::open();
  ASSERT_TRUE(wakeup.ok());
  EXPECT_FALSE(wakeup.value().wait(0));
  wakeup.value().notify();
  wakeup.value().notify();
  EXPECT_TRUE(wakeup.value().wait(0));
  EXPECT_FALSE(wakeup.value().wait(0));
}

TEST(Epoll, ReportsTheTokenOfWhatIsReadyUntilItIsRemoved) {
  auto epoll = Epoll::open();
  auto wakeup = Wakeup::open();
  ASSERT_TRUE(epoll.ok() && wakeup.ok());
  ASSERT_TRUE(epoll.value().add(wakeup.value().fd(), 42).ok());
  epoll_event events[4];
  EXPECT_EQ(epoll.value().wait(events, 0), 0U);
  wakeup.value().notify();
  ASSERT_EQ(epoll.value().wait(events, 0), 1U);
  EXPECT_EQ(events[0].data.u64, 42U);
  epoll.value().remove(wakeup.value().fd());
  EXPECT_EQ(epoll.value().wait(events, 0), 0U);
}

TEST(Epoll, AddingAClosedDescriptorSaysWhichOperationFailed) {
  auto epoll = Epoll::open();
  ASSERT_TRUE(epoll.ok());
  const Status added = epoll.value().add(-1, 1);
  ASSERT_FALSE(added.ok());
  EXPECT_EQ(added.error().number, EBADF);
  EXPECT_EQ(added.error().message(), "add to epoll: Bad file descriptor");
}

}  // namespace
}  // namespace aloft::os
