#pragma once

#include "os/fd.h"
#include "os/result.h"

namespace aloft::os {

/// An eventfd: wakes the thread that waits on it. notify() never blocks and may be called from any thread.
class Wakeup {
 public:
  static Result<Wakeup> open();
  int fd() const { return fd_.get(); }
  void notify() const;
  void drain() const;
  /// Waits until notified, at most `timeoutMs`. False on time-out.
  bool wait(int timeoutMs) const;

 private:
  explicit Wakeup(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace aloft::os
