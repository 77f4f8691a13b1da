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

Status requestHighPriority() {
  const auto thread = static_cast<id_t>(syscall(SYS_gettid));
  if (setpriority(PRIO_PROCESS, thread, -20) != 0) return lastError("set nice -20");
  return {};
}

void setExactTimers() { prctl(PR_SET_TIMERSLACK, 1UL); }

Status lockMemory(const void* start, std::size_t size) {
  if (mlock(start, size) != 0) return lastError("lock memory");
  return {};
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
