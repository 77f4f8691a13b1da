#pragma once
// The thread that may wait for the kernel: addresses, sockets, notifications.

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

#include "kernel/addressBook.h"
#include "kernel/linkTable.h"
#include "kernel/routeClient.h"
#include "kernel/routeMonitor.h"
#include "os/epoll.h"
#include "os/thread.h"
#include "runtime/addressWorker.h"
#include "runtime/channels.h"
#include "runtime/residue.h"
#include "runtime/snapshot.h"
#include "runtime/socketPool.h"

namespace aloft::runtime {

class Actuator {
 public:
  /// Subscribes and dumps, so that links() is true from the start. `notify` is called by the actuator thread when takeEvents() or the ring
  /// of state changes has something; it must not wait.
  static os::Result<std::unique_ptr<Actuator>> create(Channels& channels, std::vector<JournalEntry> journal, std::function<void()> notify);
  Actuator(os::Epoll epoll, kernel::RouteMonitor monitor, kernel::RouteClient client, Channels& channels, std::vector<JournalEntry> journal,
           std::function<void()> notify);
  ~Actuator();

  os::Status start(bool highPriority);
  /// After the vrrp thread has said Order::Finished. Returns what could not be removed, if anything.
  os::Status join();

  // Any thread:
  /// Replaces what was assigned before, also if the actuator has not seen it yet.
  void assign(Generation generation, std::vector<Assignment> assignments);
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
    bool due = false;  ///< not carried out yet: listed in due_
  };
  struct Mail {
    Generation generation = 0;
    std::vector<Assignment> assignments;
  };

  /// Sockets that could not be opened, addresses that could not be removed and links that could not be read are tried again this often.
  static constexpr std::chrono::seconds kRetryInterval{1};

  void run(bool highPriority);
  int waitingTime() const;
  /// Passes on what the last step brought about: sockets, links, losses, reports, events.
  void settle();

  // actuatorLinks.cc
  void readMonitor();
  void resync();
  void hear(const wire::LinkMessage& message);
  void hear(const wire::AddressMessage& message);
  void lose(const kernel::HeldAddress& address);

  void updateSockets();
  void reportLinks();
  std::map<std::uint32_t, vrrp::LinkState> linkStates() const;
  vrrp::LinkState linkState(const kernel::Link& link) const;
  bool isOurs(const kernel::Link& link, const kernel::Address& address) const;
  std::string problemOf(const Assignment& assignment) const;
  void report(const Report& report) { reports_.push_back(report); }
  void flushReports();

  void post(CoreEvent event);
  void notifyCaller();

  // actuatorWork.cc
  void takeOrders();
  void take(const Order& order);
  void want(vrrp::RouterId router, bool hold);
  void takeAssignments();
  void work();
  AddressJob jobFor(vrrp::RouterId router) const;
  void answer(const AddressAnswer& answer);
  void noteProblem(const AddressAnswer& answer);
  void retryStrays();
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
  kernel::AddressBook book_;
  std::unordered_map<vrrp::RouterId, Assignment> assignments_;
  std::unordered_map<vrrp::RouterId, std::string> problems_;
  std::map<SocketPool::Key, std::string> socketProblems_;
  std::optional<Mail> mail_;
  std::vector<CoreEvent> events_;
  std::uint64_t eventsLost_ = 0;
  bool linksChangedPosted_ = false;

  // The actuator thread's own.
  AddressWorker worker_;
  SocketPool sockets_;
  Residue residue_;
  std::map<std::pair<std::string, wire::Family>, wire::VirtualRouterSet> needs_;  ///< by interface name
  std::map<std::uint32_t, vrrp::LinkState> reportedLinks_;
  std::unordered_map<vrrp::RouterId, Want> wanted_;
  std::deque<vrrp::RouterId> due_;  ///< in the order in which they were asked for
  std::set<kernel::Owner> lost_;    ///< the kernel has lost addresses of these
  std::set<kernel::Owner> strays_;  ///< the engine knows them no more, so their removal is tried again here
  std::deque<Report> reports_;
  bool linksChanged_ = true;
  bool callerHasNews_ = false;
  bool stale_ = false;  ///< notifications were lost, and what they told has not been read completely since
  std::string resyncProblem_;
  // When to try again, while there is something to try.
  std::chrono::nanoseconds resyncAt_{};
  std::chrono::nanoseconds straysAt_{};
  std::chrono::nanoseconds socketsAt_{};
  std::optional<Order> last_;
  os::Status finalStatus_;
};

}  // namespace aloft::runtime
