#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <span>

#include "os/fd.h"
#include "os/result.h"

namespace aloft::os {

/// Level-triggered readiness of descriptors, each known by a token of the caller's choice.
class Epoll {
 public:
  static Result<Epoll> open();
  Status add(int fd, std::uint64_t token, std::uint32_t events = EPOLLIN);
  /// A descriptor that is not there any more is no error.
  void remove(int fd);
  /// Waits at most `timeoutMs` (-1: for ever, 0: not at all). Returns how many of `events` are filled; 0 after a signal.
  std::size_t wait(std::span<epoll_event> events, int timeoutMs);
  /// Readable itself while one of its descriptors is ready.
  int descriptor() const { return fd_.get(); }

 private:
  explicit Epoll(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace aloft::os
