#pragma once
// A periodic timer at absolute times, as a file descriptor.

#include <cstdint>
#include <string>

#include "tools/time.h"

namespace aloft::tools {

class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer();

  /// First at `first`, then every `period`; once when that is 0. Returns what is wrong, or an empty string.
  std::string start(Nanoseconds first, Nanoseconds period);
  int fd() const { return fd_; }
  /// To be called when the descriptor is readable. How late this is for the
  /// oldest expiration not yet served, in nanoseconds; negative when there is none.
  Nanoseconds expire();
  std::uint64_t ticks() const { return ticks_; }
  /// Expirations beyond the first at one call of expire(): the probes of these were not sent.
  std::uint64_t missed() const { return missed_; }
  Nanoseconds maxLateness() const { return maxLateness_; }

 private:
  int fd_ = -1;
  Nanoseconds first_ = 0;
  Nanoseconds period_ = 0;
  std::uint64_t expirations_ = 0;
  std::uint64_t ticks_ = 0;
  std::uint64_t missed_ = 0;
  Nanoseconds maxLateness_ = 0;
};

}  // namespace aloft::tools
