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
/// CLOCK_THREAD_CPUTIME_ID: what the calling thread has cost so far, in the kernel and out of it.
std::chrono::nanoseconds threadTime();

}  // namespace aloft::os
