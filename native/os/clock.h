#pragma once
// The only place that reads clocks.

#include <chrono>

namespace aloft::os {

/// CLOCK_MONOTONIC since boot: what the engine's TimePoint counts.
std::chrono::nanoseconds monotonicNow();
/// CLOCK_REALTIME since the epoch. Only for what people read.
std::chrono::nanoseconds wallNow();
/// Returns at that time of monotonicNow(), earlier only for a signal.
void sleepUntil(std::chrono::nanoseconds time);

}  // namespace aloft::os
