#include "runtime/actuator.h"

#include <algorithm>

#include "os/clock.h"
#include "os/kernelVersion.h"
#include "os/scheduling.h"

namespace aloft::runtime {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMonitorToken = 1;
constexpr std::uint64_t kWakeToken = 2;

/// When the vrrp thread's ring is full: it is emptied within microseconds, or never.
constexpr int kBacklogWaitMs = 1;
/// Below the vrrp thread. Only for jobs of a few operations: an address operation can keep the kernel busy for long.
constexpr int kUrgentPriority = 30;
/// Failures kept for a caller that does not fetch them.
constexpr std::size_t kMaxEvents = 1024;

}  // namespace

os::Result<std::unique_ptr<Actuator>> Actuator::create(Channels& channels, std::vector<JournalEntry> journal, std::function<void()> notify,
                                                       kernel::Gate* gate) {
  auto epoll = os::Epoll::open();
  if (!epoll.ok()) return epoll.error();
  auto client = kernel::RouteClient::open();
  if (!client.ok()) return client.error();
  std::optional<std::uint32_t> gatePort;
  if (gate != nullptr) {
    const auto port = gate->port();
    if (!port.ok()) return port.error();
    gatePort = port.value();
  }
  auto monitor = kernel::RouteMonitor::open(client.value().port(), gatePort);
  if (!monitor.ok()) return monitor.error();
  auto links = client.value().dump();
  if (!links.ok()) return links.error();
  if (const auto added = epoll.value().add(monitor.value().fd(), kMonitorToken); !added.ok()) return added.error();
  if (const auto added = epoll.value().add(channels.actuatorWake.fd(), kWakeToken); !added.ok()) return added.error();
  auto actuator = std::make_unique<Actuator>(std::move(epoll.value()), std::move(monitor.value()), std::move(client.value()), channels,
                                             std::move(journal), std::move(notify), gate);
  actuator->links_ = std::move(links.value().links);
  actuator->stale_ = !links.value().complete;
  return actuator;
}

Actuator::Actuator(os::Epoll epoll, kernel::RouteMonitor monitor, kernel::RouteClient client, Channels& channels,
                   std::vector<JournalEntry> journal, std::function<void()> notify, kernel::Gate* gate)
    : channels_(channels),
      epoll_(std::move(epoll)),
      monitor_(std::move(monitor)),
      client_(std::move(client)),
      notify_(std::move(notify)),
      gate_(gate),
      worker_(
          client_, links_, inventory_, lock_, [this](const kernel::Link& link) { return gate_.answersOn(link); },
          [this] { readMonitor(); }),
      virtualMacs_(client_),
      residue_(std::move(journal), os::kernelIsAtLeast(5, 18)) {}

Actuator::~Actuator() {
  thread_.join();
  for (const Report& report : reports_) delete report.sockets;
}

os::Status Actuator::start(bool highPriority) {
  return thread_.start("aloft-actuator", false, [this, highPriority] { run(highPriority); });
}

os::Status Actuator::join() {
  thread_.join();
  return finalStatus_;
}

void Actuator::run(bool highPriority) {
  // A refusal costs latency on a busy node and nothing else.
  mayBeUrgent_ = highPriority;
  if (highPriority) [[maybe_unused]]
    const os::Status nice = os::requestHighPriority();
  std::array<epoll_event, 2> events;
  while (!last_) {
    setUrgent(true);
    epoll_.wait(events, waitingTime());
    channels_.actuatorWake.drain();
    takeOrders();
    work();
    setUrgent(false);
    readMonitor();
    retry();
    watchGate();
    work();
    settle();
  }
  setUrgent(false);
  finish();
}

void Actuator::setUrgent(bool urgent) {
  if (!mayBeUrgent_ || urgent == urgent_) return;
  urgent_ = urgent;
  if (urgent) {
    mayBeUrgent_ = os::requestRealTime(kUrgentPriority).ok();
  } else {
    os::endRealTime();
  }
}

int Actuator::waitingTime() const {
  if (!reports_.empty()) return kBacklogWaitMs;
  auto next = std::chrono::nanoseconds::max();
  if (stale_) next = std::min(next, resyncAt_);
  if (!failed_.empty()) next = std::min(next, failedAt_);
  if (auditDue_) next = std::min(next, auditAt_);
  next = std::min({next, linkDelays_.nextChange(), gate_.nextLook()});
  if (worker_.hasStandIns()) next = std::min(next, os::monotonicNow() + kReassertInterval);
  if (sockets_.hasProblems() || virtualMacs_.hasProblems()) next = std::min(next, socketsAt_);
  if (next == std::chrono::nanoseconds::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - os::monotonicNow());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

void Actuator::settle() {
  const bool tryAgain = (sockets_.hasProblems() || virtualMacs_.hasProblems()) && os::monotonicNow() >= socketsAt_;
  if (linksChanged_ || tryAgain) {
    updateVirtualMacs();
    updateSockets();
    gate_.update(links_);
    reportLinks();
  } else if (os::monotonicNow() >= linkDelays_.nextChange()) {
    reportLinks();
  }
  reportLosses();
  if (auditDue_ && os::monotonicNow() >= auditAt_) auditRoutes();
  for (CoreEvent& event : gate_.takeEvents()) post(std::move(event));
  flushReports();
  notifyCaller();
}

// ----- What the caller sees -----

std::vector<kernel::Link> Actuator::links() const {
  const std::lock_guard guard(lock_);
  std::vector<kernel::Link> links;
  for (const auto& [index, link] : links_.links()) {
    kernel::Link visible = link;
    std::erase_if(visible.addresses, [&](const kernel::Address& address) { return address.isTentative() || isOurs(link, address); });
    links.push_back(std::move(visible));
  }
  return links;
}

std::unordered_map<vrrp::RouterId, Actuator::Holdings> Actuator::holdings() const {
  const std::lock_guard guard(lock_);
  std::unordered_map<vrrp::RouterId, Holdings> all;
  for (const auto& [router, assignment] : assignments_) {
    Holdings& holdings = all[router];
    for (const kernel::HeldAddress& held : inventory_.addresses.heldBy(router)) holdings.addresses.push_back(held.prefix);
    std::sort(holdings.addresses.begin(), holdings.addresses.end(), [](const wire::IpPrefix& a, const wire::IpPrefix& b) {
      return a.address == b.address ? a.length < b.length : a.address < b.address;
    });
    holdings.message = problemOf(assignment);
  }
  return all;
}

std::string Actuator::problemOf(const Assignment& assignment) const {
  for (const auto part : {EntryAnswer::Part::Addresses, EntryAnswer::Part::RoutesAndRules}) {
    const auto problem = problems_.find({assignment.router, part});
    if (problem != problems_.end()) return problem->second;
  }
  const auto macvlan = virtualMacProblems_.find(assignment.virtualMacInterface);
  if (macvlan != virtualMacProblems_.end()) return macvlan->second;
  const kernel::Link* link = links_.find(assignment.interface);
  if (link == nullptr) return "";
  const auto socket = socketProblems_.find({link->index, assignment.family});
  if (socket != socketProblems_.end()) return socket->second;
  if (assignment.entries.addresses.size() > kernel::kHostRouteThreshold) return "";  // too many to look at each time
  for (const kernel::AddressEntry& entry : assignment.entries.addresses) {
    const kernel::Link* on = links_.find(entry.interface);
    const kernel::Address* address = on == nullptr ? nullptr : on->find(entry.prefix);
    if (address != nullptr && !isOurs(*on, *address)) {
      return wire::format(entry.prefix) + " stands on " + on->name + " already, set by somebody else: it will not be removed";
    }
  }
  return "";
}

void Actuator::post(CoreEvent event) {
  event.changedAtMs = toWallMs(vrrp::TimePoint(os::monotonicNow()));
  const std::lock_guard guard(lock_);
  if (events_.size() >= kMaxEvents) {
    ++eventsLost_;
  } else {
    events_.push_back(std::move(event));
  }
  callerHasNews_ = true;
}

bool Actuator::usesGateSlot(std::uint32_t slot) const { return gate_.usesSlot(slot); }

std::string Actuator::gateProblem() const { return gate_.problem(); }

std::vector<CoreEvent> Actuator::takeEvents() {
  const std::lock_guard guard(lock_);
  linksChangedPosted_ = false;
  return std::exchange(events_, {});
}

std::uint64_t Actuator::eventsLost() const {
  const std::lock_guard guard(lock_);
  return eventsLost_;
}

void Actuator::notifyCaller() {
  const bool changes = channels_.eventsPending.exchange(false, std::memory_order_acquire);
  if (std::exchange(callerHasNews_, false) || changes) notify_();
}

}  // namespace aloft::runtime
