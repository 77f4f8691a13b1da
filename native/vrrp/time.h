#pragma once
// Time as the engine knows it: an argument, never a reading. 64-bit nanoseconds overflow after 292 years.

#include <chrono>

namespace aloft::vrrp {

using Duration = std::chrono::nanoseconds;

/// CLOCK_MONOTONIC as a type. It has no now(): only the runtime reads the clock.
struct MonotonicClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};
using TimePoint = MonotonicClock::time_point;

/// The unit of Max Advertise Interval in version 3 (RFC 9568 §5.2.7).
using Centiseconds = std::chrono::duration<std::int64_t, std::centi>;

}  // namespace aloft::vrrp
