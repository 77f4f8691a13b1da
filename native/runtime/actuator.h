#pragma once
// The thread that may wait for the kernel: addresses, routes, rules, macvlans, sockets, notifications.

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "kernel/gate.h"
#include "kernel/linkTable.h"
#include "kernel/routeClient.h"
#include "kernel/routeMonitor.h"
#include "os/epoll.h"
#include "os/thread.h"
#include "runtime/channels.h"
#include "runtime/entryWorker.h"
#include "runtime/gateAssigner.h"
#include "runtime/linkDelays.h"
#include "runtime/residue.h"
#include "runtime/snapshot.h"
#include "runtime/socketPool.h"
#include "runtime/virtualMacs.h"

namespace aloft::runtime {

class Actuator {
 public:
  /// Subscribes and dumps, so that links() is true from the start. `notify` is called by the actuator thread when takeEvents() or the ring
  /// of state changes has something; it must not wait. `gate` is null when there is none, else it outlives the actuator.
  static os::Result<std::unique_ptr<Actuator>> create(Channels& channels, std::vector<JournalEntry> journal, std::function<void()> notify,
                                                      kernel::Gate* gate);
  Actuator(os::Epoll epoll, kernel::RouteMonitor monitor, kernel::RouteClient client, Channels& channels, std::vector<JournalEntry> journal,
           std::function<void()> notify, kernel::Gate* gate);
  ~Actuator();

  os::Status start(bool highPriority);
  /// After the vrrp thread has said Order::Finished. Returns what could not be removed, if anything.
  os::Status join();

  // Any thread:
  /// Replaces what was assigned before, also if the actuator has not seen it yet.
  void assign(Generation generation, Assignments assignments);
  /// Whether an address is, or may yet be, assigned to that slot of the gate.
  bool usesGateSlot(std::uint32_t slot) const;
  /// See GateAssigner::problem().
  std::string gateProblem() const;
  /// Links, with those of their addresses that are neither ours nor tentative.
  std::vector<kernel::Link> links() const;
  /// Of one virtual router: the addresses that the kernel has through us, and what is wrong with them.
  struct Holdings {
    std::vector<wire::IpPrefix> addresses;
    std::string message;
  };
  std::unordered_map<vrrp::RouterId, Holdings> holdings() const;
  /// Failures and changes of links since the last call.
  std::vector<CoreEvent> takeEvents();
  std::uint64_t eventsLost() const;

 private:
  /// What the vrrp thread last ordered for a virtual router.
  struct Want {
    bool hold = false;
    bool due = false;    ///< not carried out yet: listed in due_
    bool asked = false;  ///< the engine awaits an answer
  };
  /// What the engine must be able to hear.
  struct Interests {
    std::map<std::pair<std::string, wire::Family>, SocketPool::Need> sockets;  ///< by interface name
    std::set<std::string> links;                                               ///< by name
  };
  struct Mail {
    Generation generation = 0;
    Assignments assignments;
  };

  /// Sockets that could not be opened, entries that could not be set or removed and links that could not be read are tried again this
  /// often.
  static constexpr std::chrono::seconds kRetryInterval{1};
  /// Whoever removes what is ours again and again is answered no sooner than this.
  static constexpr std::chrono::milliseconds kReassertInterval{100};
  /// How soon after another one the routes and rules are compared with the kernel's again.
  static constexpr std::chrono::milliseconds kAuditInterval{50};

  void run(bool highPriority);
  /// Whether the thread is real time: while it sleeps, and through the first small job that it wakes up for.
  void setUrgent(bool urgent);
  int waitingTime() const;
  /// Passes on what the last step brought about: sockets, links, losses, reports, events.
  void settle();

  // actuatorLinks.cc
  void readMonitor();
  void resync();
  void hear(const wire::LinkMessage& message);
  void hear(const wire::AddressMessage& message);
  void hear(const wire::RouteMessage& message);
  void lose(const kernel::HeldAddress& address);
  /// Somebody's address came and is a secondary one, because ours in its subnet was there before: ours steps back.
  void yieldTo(const wire::AddressMessage& foreign);
  void doubtRoutes() { auditDue_ = true; }
  /// Compares routes and rules with those in the kernel, and sets again what is missing: the kernel takes some away without a word.
  void auditRoutes();
  /// Links on which it is time to look whether the gate still stands.
  void watchGate();

  void updateSockets();
  void reportLinks();
  /// As the vrrp thread shall see them now.
  std::map<std::uint32_t, vrrp::LinkState> linkStates();
  vrrp::LinkState linkState(const kernel::Link& link) const;
  bool isOurs(const kernel::Link& link, const kernel::Address& address) const;
  void reportSources();
  bool hasSource(const Assignment& assignment) const;
  void updateVirtualMacs();
  std::string problemOf(const Assignment& assignment) const;
  void report(const Report& report) { reports_.push_back(report); }
  void flushReports();

  void post(CoreEvent event);
  void notifyCaller();

  // actuatorWork.cc
  void takeOrders();
  void take(const Order& order);
  void want(kernel::Owner owner, bool hold);
  void takeAssignments();
  void takeInterest(Interests&& wanted, Generation generation);
  void loseInterest(Generation running);
  void adoptResidue(const Assignments& assignments);
  void work();
  void submitDue();
  EntryJob jobFor(kernel::Owner owner) const;
  void answer(const EntryAnswer& answer);
  void noteProblem(const EntryAnswer& answer);
  void retry();
  /// Lets go of macvlans and assignments to the gate that nobody needs any more.
  void tidy();
  void reportLosses();
  void reportResidue();
  void finish();

  Channels& channels_;
  os::Epoll epoll_;
  kernel::RouteMonitor monitor_;
  kernel::RouteClient client_;
  const std::function<void()> notify_;
  os::Thread thread_;

  // Shared with the caller's thread, under lock_. The actuator thread alone writes, but for mail_.
  mutable std::mutex lock_;
  kernel::LinkTable links_;
  Inventory inventory_;
  std::unordered_map<vrrp::RouterId, Assignment> assignments_;
  kernel::Entries always_;
  bool keepAlways_ = false;
  std::map<std::pair<kernel::Owner, EntryAnswer::Part>, std::string> problems_;
  std::map<std::string, std::string> virtualMacProblems_;  ///< by name
  std::map<SocketPool::Key, std::string> socketProblems_;
  std::optional<Mail> mail_;
  std::vector<CoreEvent> events_;
  std::uint64_t eventsLost_ = 0;
  bool linksChangedPosted_ = false;

  // The actuator thread's own.
  GateAssigner gate_;
  EntryWorker worker_;
  VirtualMacs virtualMacs_;
  SocketPool sockets_;
  Residue residue_;
  Interests interests_;                 ///< of the newest assignments, and until they run also those of the ones before
  std::optional<Interests> settled_;    ///< what is left of interests_ when `awaited_` runs
  Generation awaited_ = 0;
  LinkDelays linkDelays_;
  std::map<std::uint32_t, vrrp::LinkState> reportedLinks_;
  std::unordered_map<vrrp::RouterId, bool> reportedSources_;
  std::unordered_map<kernel::Owner, Want> wanted_;
  std::deque<kernel::Owner> due_;              ///< in the order in which they were asked for
  std::set<kernel::Owner> lost_;               ///< the kernel has lost addresses of these
  std::vector<kernel::HeldAddress> yielding_;  ///< to be set anew behind the address of somebody else
  std::set<kernel::Owner> failed_;             ///< to be tried again here; what the engine asks for again itself is not among them
  std::map<kernel::Owner, std::chrono::nanoseconds> reassertedAt_;
  bool auditDue_ = false;
  bool mayBeUrgent_ = false;
  bool urgent_ = false;
  bool tidy_ = true;  ///< nobody has given anything up since the last look at what can be let go of
  std::deque<Report> reports_;
  bool linksChanged_ = true;
  bool callerHasNews_ = false;
  bool stale_ = false;  ///< notifications were lost, and what they told has not been read completely since
  std::string resyncProblem_;
  // When to try again, while there is something to try.
  std::chrono::nanoseconds resyncAt_{};
  std::chrono::nanoseconds failedAt_{};
  std::chrono::nanoseconds auditAt_{};
  std::chrono::nanoseconds socketsAt_{};
  std::optional<Order> last_;
  os::Status finalStatus_;
};

}  // namespace aloft::runtime
