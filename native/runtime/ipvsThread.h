#pragma once
// The thread that keeps the kernel's IPVS as it is wanted. It is not the actuator: thousands of requests must not hold up addresses, nor what
// the actuator waits for hold up these. Its priority is a little lower than that of others, for nothing here is a matter of milliseconds.
//
// apply(), takeEvents() belong to the caller's thread and return at once; snapshot() waits for the kernel, stop() for the thread: any thread.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ipvs/reconciler.h"
#include "kernel/ipvsClient.h"
#include "os/result.h"
#include "os/thread.h"
#include "os/wakeup.h"
#include "runtime/ipvsSnapshot.h"

namespace aloft::runtime {

struct IpvsOptions {
  /// Services that an earlier process may have left. They go with the first apply() that does not have them.
  ipvs::ServiceKeys owned;
  /// Called by the thread, again and again while there is no IPVS: its module may be loaded later.
  std::function<os::Result<std::unique_ptr<kernel::IpvsClient>>()> open;
  /// Called by the thread when takeEvents() has something. Must not wait. Never called after stop() has returned.
  std::function<void()> notify;
};

class IpvsThread {
 public:
  static os::Result<std::unique_ptr<IpvsThread>> start(IpvsOptions options);
  IpvsThread(IpvsOptions options, os::Wakeup wake);
  /// stop(true).
  ~IpvsThread();
  IpvsThread(const IpvsThread&) = delete;
  IpvsThread& operator=(const IpvsThread&) = delete;

  /// The whole desired state, validated; replaces one that the thread has not seen yet. ESHUTDOWN after stop().
  os::Status apply(ipvs::Table desired);
  /// Read from the kernel now. After stop(): as it was then, without services.
  IpvsSnapshot snapshot();
  /// What happened since the last call, in the order in which it did. Of more than can be kept the oldest are lost.
  std::vector<IpvsEvent> takeEvents();
  /// Removes what is ours, or with `keep` leaves it for the next process. A second call waits for the first and returns the same.
  os::Status stop(bool keep);

 private:
  static constexpr std::size_t kMaxEvents = 4096;

  void run();
  int waitingTime() const;
  /// Whether the thread shall go on.
  bool takeMail();
  void look();
  bool dump();
  void glance();
  void work();
  void answer();
  void tell();
  void finish(bool keep);
  os::Status removeAll();

  bool reach();
  void lose(const os::Error& error);

  const IpvsOptions options_;
  const os::Wakeup wake_;
  os::Thread thread_;

  // Shared, under lock_.
  std::mutex lock_;
  std::condition_variable answered_;
  std::optional<ipvs::Table> mail_;
  std::optional<bool> ending_;  ///< whether to keep
  std::uint64_t asked_ = 0;     ///< snapshots …
  std::uint64_t answeredTo_ = 0;
  bool ended_ = false;
  std::shared_ptr<const IpvsSnapshot> answer_;
  std::deque<IpvsEvent> events_;

  std::mutex stop_;
  std::optional<os::Status> stopped_;

  // The thread's own.
  ipvs::Reconciler reconciler_;
  std::unique_ptr<kernel::IpvsClient> client_;
  std::string problem_;  ///< why there is no client
  os::Status finalStatus_;
};

}  // namespace aloft::runtime
