#include "os/thread.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <csignal>

namespace aloft::os {
namespace {

TEST(Thread, RunsItsBodyWithItsNameAndAllSignalsBlocked) {
  Thread thread;
  char name[16] = {};
  bool blocked = false;
  ASSERT_TRUE(thread
                  .start("aloft-test", false,
                         [&] {
                           pthread_getname_np(pthread_self(), name, sizeof name);
                           sigset_t mask;
                           pthread_sigmask(SIG_SETMASK, nullptr, &mask);
                           blocked = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGINT) == 1;
                         })
                  .ok());
  thread.join();
  EXPECT_TRUE(blocked);
  EXPECT_STREQ(name, "aloft-test");
}

TEST(Thread, LeavesTheSignalMaskOfItsStarterAlone) {
  Thread thread;
  ASSERT_TRUE(thread.start("aloft-test", false, [] {}).ok());
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGTERM), 0);
  thread.join();
}

TEST(Thread, JoinWaitsAndMayBeCalledTwice) {
  std::atomic<int> steps = 0;
  Thread thread;
  ASSERT_TRUE(thread.start("aloft-test", true, [&] { ++steps; }).ok());
  thread.join();
  thread.join();
  EXPECT_EQ(steps, 1);
}

TEST(Thread, JoinWithoutStartReturns) {
  Thread thread;
  thread.join();
}

}  // namespace
}  // namespace aloft::os
