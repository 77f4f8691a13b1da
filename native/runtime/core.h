#pragma once
// The running core: two threads, and the calls that reach them.
//
// apply(), setChecks(), snapshot() and takeEvents() belong to one thread, the caller's, and return at once. stop() may be called from any
// thread, and more than once. The two threads live in the network namespace of the thread that calls start(); several cores in one process
// are independent of each other, and must not run the same virtual router on the same link.

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <tuple>
#include <vector>

#include "os/result.h"
#include "runtime/actuator.h"
#include "runtime/channels.h"
#include "runtime/checkRegistry.h"
#include "runtime/gateSlots.h"
#include "runtime/routerDirectory.h"
#include "runtime/snapshot.h"
#include "runtime/vrrpThread.h"

namespace aloft::runtime {

struct CoreOptions {
  /// What an earlier process may have left in the kernel. Kept when a virtual router of the first apply() has it, else removed then.
  std::vector<JournalEntry> heldAddresses;
  bool realTime = false;
  /// Whether to load the gate.
  bool gate = false;
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
  os::Status apply(Configuration configuration);
  /// What checks say; of one name the last result counts. Names that nobody tracks are remembered. Fails as apply() does.
  os::Status setChecks(std::span<const CheckResult> results);
  Snapshot snapshot();
  /// What happened since the last call, in the order in which it did, at most one Resync at the end.
  std::vector<CoreEvent> takeEvents();
  /// Hands over, which takes until a successor is heard or the engine's patience is at an end, then removes the addresses and joins the
  /// threads, which may have to wait for the kernel. With `keepAddresses` nothing is sent or removed. Returns what could not be removed. A
  /// second call waits for the first and returns the same.
  os::Status stop(bool keepAddresses);

 private:
  /// Interface, family, VRID, group and macvlan: what the actuator has to prepare before a virtual router can hear and speak.
  using Election = std::tuple<std::string, wire::Family, std::uint8_t, wire::IpAddress, std::string>;

  Core(std::unique_ptr<kernel::Gate> gate, GateStatus gateStatus, std::unique_ptr<Channels> channels, std::unique_ptr<VrrpThread> vrrp,
       std::unique_ptr<Actuator> actuator);
  os::Status ready(const char* operation) const;
  bool command(const Command& command);
  CheckBatch* handOver(std::vector<vrrp::CheckState> states);
  void enter(RouterConfiguration& router, Generation generation, Assignments& assignments);
  void lock(const vrrp::Table& table);
  vrrp::Duration patience(const std::vector<vrrp::RouterId>& routers, const std::set<Election>& elections) const;
  void prune(Generation configured);
  bool awaitSnapshot();
  void describe(Snapshot& snapshot, const RouterRecord& record, vrrp::TimePoint now,
                const std::unordered_map<vrrp::RouterId, Actuator::Holdings>& holdings) const;
  void describeUnknown(Snapshot& snapshot) const;
  CoreEvent toEvent(const EventRecord& record) const;

  // Destroyed in reverse: the threads before what they share.
  std::unique_ptr<kernel::Gate> gate_;  ///< null when there is none
  GateStatus gateStatus_;
  std::deque<std::unique_ptr<CheckBatch>> batches_;  ///< under way to the vrrp thread
  std::unique_ptr<Channels> channels_;
  std::unique_ptr<VrrpThread> vrrp_;
  std::unique_ptr<Actuator> actuator_;

  std::mutex commands_;  ///< the ring has one producer: apply(), setChecks() and snapshot(), or stop()
  bool stopping_ = false;
  std::mutex stop_;
  std::optional<os::Status> stopped_;

  // The caller's thread's own.
  vrrp::IdRegistry ids_;
  RouterDirectory directory_;
  CheckRegistry checks_;
  GateSlots slots_;
  std::vector<vrrp::RouterId> routers_;  ///< of the last apply(), sorted
  std::set<Election> elections_;
  Generation generation_ = 0;
  std::size_t largest_ = 0;  ///< most virtual routers in one apply()
  std::string lockProblem_;  ///< why a table is not locked into RAM
  std::unique_ptr<SnapshotBuffer> buffer_;
  std::uint64_t lostReported_ = 0;
};

}  // namespace aloft::runtime
