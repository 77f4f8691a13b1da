#pragma once

#include <chrono>
#include <optional>

#include "os/fd.h"
#include "os/result.h"

namespace aloft::os {

/// A timerfd on absolute CLOCK_MONOTONIC: re-arming cannot drift, and a deadline in the past fires at once.
class Timer {
 public:
  static Result<Timer> open();
  int fd() const { return fd_.get(); }
  /// Arms for `deadline`, disarms without one. Not a system call when nothing changed.
  void arm(std::optional<std::chrono::nanoseconds> deadline);
  /// It has expired, and stays readable until arm() is called again, which then always is a system call.
  void expired() { armed_.reset(); fired_ = true; }

 private:
  explicit Timer(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
  std::optional<std::chrono::nanoseconds> armed_;
  bool fired_ = false;
};

}  // namespace aloft::os
