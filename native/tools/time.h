#pragma once
// Times of the observer: nanoseconds of CLOCK_MONOTONIC.

#include <cstdint>

namespace aloft::tools {

using Nanoseconds = std::int64_t;
inline constexpr Nanoseconds kMicrosecond = 1000;
inline constexpr Nanoseconds kMillisecond = 1000 * kMicrosecond;
inline constexpr Nanoseconds kSecond = 1000 * kMillisecond;

Nanoseconds monotonicNow();

/// CLOCK_MONOTONIC minus CLOCK_REALTIME, now: the kernel stamps received packets with the latter. The difference changes when the
/// wall clock is set, so it is taken anew for every batch.
Nanoseconds monotonicMinusRealtime();

}  // namespace aloft::tools
