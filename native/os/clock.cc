#include "os/clock.h"

#include <ctime>

namespace aloft::os {

static std::chrono::nanoseconds read(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);  // cannot fail for the clocks below
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

std::chrono::nanoseconds monotonicNow() { return read(CLOCK_MONOTONIC); }
std::chrono::nanoseconds wallNow() { return read(CLOCK_REALTIME); }
std::chrono::nanoseconds threadTime() { return read(CLOCK_THREAD_CPUTIME_ID); }

void sleepUntil(std::chrono::nanoseconds time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const timespec until{seconds.count(), (time - seconds).count()};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

}  // namespace aloft::os
