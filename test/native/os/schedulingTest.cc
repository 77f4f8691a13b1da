#include "os/scheduling.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "os/kernelVersion.h"
#include "os/pages.h"

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

/// How many KiB of the process are locked.
long lockedKb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmLck:")) return std::stol(line.substr(6));
  }
  return -1;
}

TEST(Scheduling, LocksSmallRangesByTheirPages) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer makes mlock() do nothing";
#endif
  constexpr std::size_t kPage = 4096;
  const Pages pages(64 * kPage);
  const auto* start = static_cast<const std::byte*>(pages.data());
  // Pages 0 and 1 in three parts, page 40; in no order.
  std::vector<std::span<const std::byte>> ranges = {{start + 40 * kPage, 8}, {start + kPage, 100}, {start, 8}, {start + 4000, 8}};
  const long before = lockedKb();
  ASSERT_TRUE(lockRanges(ranges).ok());
  EXPECT_EQ(lockedKb() - before, 12);
  ranges = {{start, 8}, {reinterpret_cast<const std::byte*>(0x1000), 8}};
  EXPECT_EQ(lockRanges(ranges).error().number, ENOMEM);
}

TEST(Pages, AreNotThereForAChild) {
  const Pages pages(8192);
  ASSERT_NE(pages.data(), nullptr);
  std::memset(pages.data(), 7, pages.size());
  const pid_t child = fork();
  if (child == 0) {
    unsigned char residency = 0;
    _exit(mincore(pages.data(), 4096, &residency) != 0 && errno == ENOMEM ? 0 : 1);
  }
  int status = 1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(KernelVersion, ComparesNumbersAndNotTexts) {
  EXPECT_TRUE(kernelIsAtLeast(2, 6));
  EXPECT_TRUE(kernelIsAtLeast(3, 99));
  EXPECT_FALSE(kernelIsAtLeast(999, 0));
}

}  // namespace
}  // namespace aloft::os
