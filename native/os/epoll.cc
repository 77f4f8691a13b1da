#include "os/epoll.h"

namespace aloft::os {

Result<Epoll> Epoll::open() {
  Fd fd(epoll_create1(EPOLL_CLOEXEC));
  if (!fd.valid()) return lastError("create epoll");
  return Epoll(std::move(fd));
}

Status Epoll::add(int fd, std::uint64_t token, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = token;
  if (epoll_ctl(fd_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return lastError("add to epoll");
  return {};
}

void Epoll::remove(int fd) { epoll_ctl(fd_.get(), EPOLL_CTL_DEL, fd, nullptr); }

std::size_t Epoll::wait(std::span<epoll_event> events, int timeoutMs) {
  const int count = epoll_wait(fd_.get(), events.data(), static_cast<int>(events.size()), timeoutMs);
  return count < 0 ? 0 : static_cast<std::size_t>(count);
}

}  // namespace aloft::os
