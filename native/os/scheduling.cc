#include "os/scheduling.h"

#include <link.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>

namespace aloft::os {

Status requestRealTime(int priority) {
  sched_param parameters{};
  parameters.sched_priority = priority;
  if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameters) != 0) return lastError("set SCHED_FIFO");
  return {};
}

void endRealTime() {
  const sched_param none{};
  sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &none);
}

Status limitRealTime(std::chrono::microseconds budget) {
  rlimit limit{};
  if (getrlimit(RLIMIT_RTTIME, &limit) != 0) return lastError("get RLIMIT_RTTIME");
  limit.rlim_cur = std::min(limit.rlim_cur, static_cast<rlim_t>(budget.count()));
  if (setrlimit(RLIMIT_RTTIME, &limit) != 0) return lastError("set RLIMIT_RTTIME");
  return {};
}

namespace {

Status setNice(int nice, const char* operation) {
  const auto thread = static_cast<id_t>(syscall(SYS_gettid));
  if (setpriority(PRIO_PROCESS, thread, nice) != 0) return lastError(operation);
  return {};
}

}  // namespace

Status requestHighPriority() { return setNice(-20, "set nice -20"); }
Status requestLowerPriority(int nice) { return setNice(nice, "set nice"); }

void setExactTimers() { prctl(PR_SET_TIMERSLACK, 1UL); }

Status lockMemory(const void* start, std::size_t size) {
  if (mlock(start, size) != 0) return lastError("lock memory");
  return {};
}

Status lockRanges(std::span<std::span<const std::byte>> ranges) {
  // Calls are dear: what lies on the same pages, or on neighbours, is locked as one. With more between there may be a hole.
  constexpr std::ptrdiff_t kGap = 4096;
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return std::less<>()(a.data(), b.data()); });
  Status first;
  for (std::size_t i = 0; i < ranges.size();) {
    const std::byte* const start = ranges[i].data();
    const std::byte* end = start + ranges[i].size();
    for (++i; i < ranges.size() && ranges[i].data() - end < kGap; ++i) end = std::max(end, ranges[i].data() + ranges[i].size());
    const Status locked = lockMemory(start, static_cast<std::size_t>(end - start));
    if (first.ok() && !locked.ok()) first = locked;
  }
  return first;
}

namespace {

struct LibraryLock {
  std::uintptr_t address;
  Status status;
};

int lockSegments(dl_phdr_info* library, std::size_t, void* context) {
  auto& lock = *static_cast<LibraryLock*>(context);
  const std::span headers(library->dlpi_phdr, library->dlpi_phnum);
  const auto start = [&](const auto& header) { return library->dlpi_addr + header.p_vaddr; };
  const auto contains = [&](const auto& header) {
    return header.p_type == PT_LOAD && start(header) <= lock.address && lock.address < start(header) + header.p_memsz;
  };
  if (std::none_of(headers.begin(), headers.end(), contains)) return 0;
  for (const auto& header : headers) {
    if (header.p_type != PT_LOAD) continue;
    lock.status = lockMemory(reinterpret_cast<const void*>(start(header)), header.p_memsz);
    if (!lock.status.ok()) break;
  }
  return 1;
}

}  // namespace

Status lockLibraryOf(const void* symbol) {
  LibraryLock lock{reinterpret_cast<std::uintptr_t>(symbol), {}};
  dl_iterate_phdr(lockSegments, &lock);
  return lock.status;
}

}  // namespace aloft::os
