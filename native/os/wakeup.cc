#include "os/wakeup.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <cstdint>

namespace aloft::os {

Result<Wakeup> Wakeup::open() {
  Fd fd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!fd.valid()) return lastError("create eventfd");
  return Wakeup(std::move(fd));
}

void Wakeup::notify() const {
  const std::uint64_t one = 1;
  // Fails only when 2^64 - 2 notifications are pending, which then wake as well.
  [[maybe_unused]] const auto written = write(fd_.get(), &one, sizeof one);
}

void Wakeup::drain() const {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto taken = read(fd_.get(), &count, sizeof count);
}

bool Wakeup::wait(int timeoutMs) const {
  pollfd entry{fd_.get(), POLLIN, 0};
  if (poll(&entry, 1, timeoutMs) <= 0) return false;
  drain();
  return true;
}

}  // namespace aloft::os
