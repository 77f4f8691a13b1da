#pragma once
// Connections under way, thousands at a time: what each came to is asked for in batches. Health checks are made of it; it has no part in an
// election and no thread of its own.

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "os/epoll.h"
#include "os/outgoing.h"

namespace aloft::runtime {

class Dialer {
 public:
  struct Finished {
    std::uint32_t id = 0;
    os::Status status;
    os::Fd fd;  ///< of a connection that stands and is to be kept
  };

  static os::Result<Dialer> open();

  /// Begins a connection and returns its number. Unless it is to be kept it is closed as soon as it stands.
  os::Result<std::uint32_t> dial(const os::Outgoing& options, bool keep);
  /// Gives up. Of a number that has finished nothing is left to do.
  void cancel(std::uint32_t id) { pending_.erase(id); }
  /// Those that have been decided since the last call. Does not wait.
  std::vector<Finished> take();

  std::size_t pending() const { return pending_.size(); }
  /// Readable while take() has something.
  int descriptor() const { return epoll_.descriptor(); }

 private:
  struct Pending {
    os::Fd fd;  // closing takes it out of the epoll
    bool keep;
  };

  explicit Dialer(os::Epoll epoll) : epoll_(std::move(epoll)) {}
  std::uint32_t freeNumber();

  os::Epoll epoll_;
  std::unordered_map<std::uint32_t, Pending> pending_;
  std::uint32_t lastNumber_ = 0;
};

}  // namespace aloft::runtime
