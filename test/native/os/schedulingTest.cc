#include "os/scheduling.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>

#include <thread>

#include "os/kernelVersion.h"

namespace aloft::os {
namespace {

using namespace std::chrono_literals;

TEST(Scheduling, RealTimeIsGrantedToTheCallingThreadOnlyOrRefusedWithAnErrno) {
  std::thread([] {
    const Status status = requestRealTime(10);
    if (status.ok()) {
      EXPECT_EQ(sched_getscheduler(0) & ~SCHED_RESET_ON_FORK, SCHED_FIFO);
    } else {
      EXPECT_EQ(status.error().number, EPERM);
    }
  }).join();
  EXPECT_EQ(sched_getscheduler(0), SCHED_OTHER);
}

TEST(Scheduling, TheLimitOfRealTimeOnlyGetsStricter) {
  ASSERT_TRUE(limitRealTime(700ms).ok());
  ASSERT_TRUE(limitRealTime(900ms).ok());
  rlimit limit{};
  getrlimit(RLIMIT_RTTIME, &limit);
  EXPECT_EQ(limit.rlim_cur, 700'000U);
}

TEST(Scheduling, LocksTheLibraryOfASymbolAndRefusesMemoryThatIsNotThere) {
  EXPECT_TRUE(lockLibraryOf(reinterpret_cast<const void*>(&lockMemory)).ok());
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they make mlock() do nothing
  const Status status = lockMemory(reinterpret_cast<const void*>(0x1000), 4096);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().number, ENOMEM);
#endif
}

TEST(KernelVersion, ComparesNumbersAndNotTexts) {
  EXPECT_TRUE(kernelIsAtLeast(2, 6));
  EXPECT_TRUE(kernelIsAtLeast(3, 99));
  EXPECT_FALSE(kernelIsAtLeast(999, 0));
}

}  // namespace
}  // namespace aloft::os
