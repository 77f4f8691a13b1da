#include "os/timer.h"

#include <sys/timerfd.h>

#include <algorithm>
#include <cstdint>

namespace aloft::os {

Result<Timer> Timer::open() {
  Fd fd(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!fd.valid()) return lastError("create timerfd");
  return Timer(std::move(fd));
}

void Timer::arm(std::optional<std::chrono::nanoseconds> deadline) {
  if (deadline == armed_ && !fired_) return;
  fired_ = false;
  itimerspec spec{};
  if (deadline) {
    // Zero would disarm: a deadline of zero or below means "at once".
    const auto at = std::max(*deadline, std::chrono::nanoseconds(1));
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at);
    spec.it_value.tv_sec = seconds.count();
    spec.it_value.tv_nsec = (at - seconds).count();
  }
  timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
  armed_ = deadline;
}

}  // namespace aloft::os
