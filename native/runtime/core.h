#pragma once
// The running core: two threads, and the calls that reach them.
//
// apply(), snapshot() and takeEvents() belong to one thread, the caller's, and return at once. stop() may be called from any thread, and
// more than once. The two threads live in the network namespace of the thread that calls start(); several cores in one process are
// independent of each other, and must not run the same virtual router on the same link.

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <tuple>
#include <vector>

#include "os/result.h"
#include "runtime/actuator.h"
#include "runtime/channels.h"
#include "runtime/routerDirectory.h"
#include "runtime/snapshot.h"
#include "runtime/vrrpThread.h"

namespace aloft::runtime {

struct CoreOptions {
  /// What an earlier process may have left in the kernel. Kept when a virtual router of the first apply() has it, else removed then.
  std::vector<JournalEntry> heldAddresses;
  bool realTime = false;
  /// Called by the actuator thread when takeEvents() has something. Must not wait. Never called after stop() has returned.
  std::function<void()> notify;
};

class Core {
 public:
  static os::Result<std::unique_ptr<Core>> start(CoreOptions options);
  /// stop(false).
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  /// The whole desired state, validated. ESHUTDOWN after stop(), EAGAIN when the vrrp thread does not take commands.
  os::Status apply(std::vector<vrrp::RouterConfig> routers);
  Snapshot snapshot();
  /// What happened since the last call, in the order in which it did, at most one Resync at the end.
  std::vector<CoreEvent> takeEvents();
  /// Resigns at once, then removes the addresses and joins the threads, which may have to wait for the kernel. With `keepAddresses`
  /// nothing is sent or removed. Returns what could not be removed. A second call waits for the first and returns the same.
  os::Status stop(bool keepAddresses);

 private:
  /// Interface, family and VRID: what the actuator has to prepare before a virtual router can hear.
  using Election = std::tuple<std::string, wire::Family, std::uint8_t>;

  Core(std::unique_ptr<Channels> channels, std::unique_ptr<VrrpThread> vrrp, std::unique_ptr<Actuator> actuator);
  bool command(const Command& command);
  bool awaitSnapshot();
  void describe(Snapshot& snapshot, const RouterRecord& record, const Actuator::Holdings* holdings) const;
  vrrp::Duration patience(const std::vector<vrrp::RouterId>& routers, const std::set<Election>& elections) const;
  CoreEvent toEvent(const EventRecord& record) const;

  // Destroyed in reverse: the threads before what they share.
  std::unique_ptr<Channels> channels_;
  std::unique_ptr<VrrpThread> vrrp_;
  std::unique_ptr<Actuator> actuator_;

  std::mutex commands_;  ///< the ring has one producer: apply() and snapshot(), or stop()
  bool stopping_ = false;
  std::mutex stop_;
  std::optional<os::Status> stopped_;

  // The caller's thread's own.
  vrrp::IdRegistry ids_;
  RouterDirectory directory_;
  std::vector<vrrp::RouterId> routers_;  ///< of the last apply(), sorted
  std::set<Election> elections_;
  Generation generation_ = 0;
  std::size_t largest_ = 0;  ///< most virtual routers in one apply()
  std::unique_ptr<SnapshotBuffer> buffer_;
  std::uint64_t lostReported_ = 0;
};

}  // namespace aloft::runtime
