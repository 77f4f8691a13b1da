#pragma once
// How the calling thread is scheduled, and which memory stays in RAM. Everything here is best effort: a refusal is a value to report.

#include <chrono>
#include <cstddef>
#include <span>

#include "os/result.h"

namespace aloft::os {

/// SCHED_FIFO for the calling thread; not inherited by what it starts. EPERM without CAP_SYS_NICE, and in a cgroup (version 1, kernel with
/// RT_GROUP_SCHED) that has no real-time budget.
Status requestRealTime(int priority);

/// Back from SCHED_FIFO to what it was before.
void endRealTime();

/// SIGXCPU, which ends the process, when a real-time thread of it runs for `budget` without ever sleeping: a defect must not freeze
/// the node. For the whole process; a stricter limit stays.
Status limitRealTime(std::chrono::microseconds budget);

/// The highest ordinary priority for the calling thread.
Status requestHighPriority();

/// An ordinary priority below the usual one: `nice` from 1 to 19.
Status requestLowerPriority(int nice);

/// Timers of the calling thread fire at their time and not up to 50 µs later to save wake-ups.
void setExactTimers();

/// Keeps a range of memory in RAM and brings it there.
Status lockMemory(const void* start, std::size_t size);

/// The same of many small ranges, which share pages; they are sorted in place. Returns the first failure.
Status lockRanges(std::span<std::span<const std::byte>> ranges);

/// Keeps the code and data of the library (or program) that contains `symbol` in RAM: a page of it that has to be read back from a
/// busy disk would delay an advert. Never mlockall(): with MCL_FUTURE the JavaScript engine cannot reserve its address space.
Status lockLibraryOf(const void* symbol);

}  // namespace aloft::os
