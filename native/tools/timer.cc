#include "tools/timer.h"

#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "tools/receiver.h"

namespace aloft::tools {
namespace {

Nanoseconds read(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

timespec toTimespec(Nanoseconds time) { return {time / kSecond, time % kSecond}; }

}  // namespace

Nanoseconds monotonicNow() { return read(CLOCK_MONOTONIC); }

Nanoseconds monotonicMinusRealtime() {
  // The tightest of three readings: being preempted in between would shift the result.
  Nanoseconds best = 0, bestSpread = kSecond;
  for (int round = 0; round < 3; ++round) {
    const Nanoseconds before = read(CLOCK_MONOTONIC);
    const Nanoseconds realtime = read(CLOCK_REALTIME);
    const Nanoseconds spread = read(CLOCK_MONOTONIC) - before;
    if (round > 0 && spread >= bestSpread) continue;
    bestSpread = spread;
    best = before + spread / 2 - realtime;
  }
  return best;
}

Timer::~Timer() {
  if (fd_ >= 0) close(fd_);
}

std::string Timer::start(Nanoseconds first, Nanoseconds period) {
  first_ = first;
  period_ = period;
  fd_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  const itimerspec times{toTimespec(period), toTimespec(first)};
  if (fd_ < 0 || timerfd_settime(fd_, TFD_TIMER_ABSTIME, &times, nullptr) != 0) return systemError("timerfd");
  return "";
}

Nanoseconds Timer::expire() {
  std::uint64_t count = 0;
  if (::read(fd_, &count, sizeof count) != sizeof count) return -1;
  expirations_ += count;
  ++ticks_;
  missed_ += count - 1;
  // Late since the first expiration that is served now.
  const Nanoseconds deadline = first_ + static_cast<Nanoseconds>(expirations_ - count) * period_;
  const Nanoseconds lateness = std::max<Nanoseconds>(monotonicNow() - deadline, 0);
  maxLateness_ = std::max(maxLateness_, lateness);
  return lateness;
}

}  // namespace aloft::tools
