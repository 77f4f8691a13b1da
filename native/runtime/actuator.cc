#include "runtime/actuator.h"

#include <algorithm>
#include <cstring>

#include "os/clock.h"
#include "os/kernelVersion.h"
#include "os/scheduling.h"

namespace aloft::runtime {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMonitorToken = 1;
constexpr std::uint64_t kWakeToken = 2;

/// Sockets that could not be opened and addresses that could not be removed are tried again this often.
constexpr auto kRetryInterval = 1s;
/// When the vrrp thread's ring is full: it is emptied within microseconds, or never.
constexpr int kBacklogWaitMs = 1;
/// Failures kept for a caller that does not fetch them.
constexpr std::size_t kMaxEvents = 1024;

constexpr std::uint8_t kScopeHost = 254;  // RT_SCOPE_HOST

bool sameLink(const vrrp::LinkState& a, const vrrp::LinkState& b) {
  return a.index == b.index && std::strncmp(a.name, b.name, sizeof a.name) == 0 && a.up == b.up && a.mac == b.mac &&
         a.primaryIPv4 == b.primaryIPv4 && a.linkLocalIPv6 == b.linkLocalIPv6;
}

}  // namespace

os::Result<std::unique_ptr<Actuator>> Actuator::create(Channels& channels, std::vector<JournalEntry> journal,
                                                       std::function<void()> notify) {
  auto epoll = os::Epoll::open();
  if (!epoll.ok()) return epoll.error();
  auto monitor = kernel::RouteMonitor::open();
  if (!monitor.ok()) return monitor.error();
  auto client = kernel::RouteClient::open();
  if (!client.ok()) return client.error();
  auto links = client.value().dump();
  if (!links.ok()) return links.error();
  if (const auto added = epoll.value().add(monitor.value().fd(), kMonitorToken); !added.ok()) return added.error();
  if (const auto added = epoll.value().add(channels.actuatorWake.fd(), kWakeToken); !added.ok()) return added.error();
  auto actuator = std::make_unique<Actuator>(std::move(epoll.value()), std::move(monitor.value()), std::move(client.value()), channels,
                                             std::move(journal), std::move(notify));
  actuator->links_ = std::move(links.value());
  return actuator;
}

Actuator::Actuator(os::Epoll epoll, kernel::RouteMonitor monitor, kernel::RouteClient client, Channels& channels,
                   std::vector<JournalEntry> journal, std::function<void()> notify)
    : channels_(channels),
      epoll_(std::move(epoll)),
      monitor_(std::move(monitor)),
      client_(std::move(client)),
      notify_(std::move(notify)),
      worker_(client_, links_, book_, lock_, [this] { readMonitor(); }),
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
  // Never real time: an address operation can keep the kernel busy for long. A refusal costs latency on a busy node and nothing else.
  if (highPriority) [[maybe_unused]]
    const os::Status nice = os::requestHighPriority();
  std::array<epoll_event, 2> events;
  while (!last_) {
    epoll_.wait(events, waitingTime());
    channels_.actuatorWake.drain();
    readMonitor();
    takeOrders();
    retryStrays();
    work();
    settle();
  }
  finish();
}

int Actuator::waitingTime() const {
  if (!reports_.empty()) return kBacklogWaitMs;
  if (strays_.empty() && !sockets_.hasProblems()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(retryAt_ - os::monotonicNow());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

void Actuator::settle() {
  if (linksChanged_ || (sockets_.hasProblems() && os::monotonicNow() >= retryAt_)) {
    updateSockets();
    reportLinks();
  }
  reportLosses();
  flushReports();
  notifyCaller();
}

// ----- What the kernel tells -----

void Actuator::readMonitor() {
  const bool complete = monitor_.drain(
      {[this](const wire::LinkMessage& message) { hear(message); }, [this](const wire::AddressMessage& message) { hear(message); }});
  if (!complete) resync();
}

void Actuator::hear(const wire::LinkMessage& message) {
  const std::lock_guard guard(lock_);
  if (!links_.apply(message)) return;
  linksChanged_ = true;
  if (!message.removed) return;
  for (const kernel::HeldAddress& address : book_.all()) {
    if (address.ifindex == message.index) lose(address);
  }
}

void Actuator::hear(const wire::AddressMessage& message) {
  const std::lock_guard guard(lock_);
  const kernel::HeldAddress address{message.index, message.prefix};
  const bool held = book_.holds(address);
  if (!links_.apply(message)) return;
  if (!held && !message.isOurs()) linksChanged_ = true;
  if (!held) return;
  if (message.removed) {
    lose(address);
  } else if (residue_.kernelMarks() && !message.isOurs()) {
    book_.drop(address);  // somebody set it again without our mark: now it is theirs
    linksChanged_ = true;
  }
}

void Actuator::lose(const kernel::HeldAddress& address) {
  if (worker_.isOwnRemoval(address)) return;
  const kernel::Owner owner = book_.drop(address);
  if (owner != kernel::kNobody) lost_.insert(owner);
}

void Actuator::resync() {
  auto dumped = client_.dump();
  if (!dumped.ok()) {
    CoreEvent event{CoreEvent::Kind::OperationFailed};
    event.operation = dumped.error().operation;
    event.error = dumped.error().number;
    event.message = dumped.error().message();
    post(std::move(event));
    return;
  }
  const std::lock_guard guard(lock_);
  links_ = std::move(dumped.value());
  linksChanged_ = true;
  for (const kernel::HeldAddress& address : book_.all()) {
    const kernel::Link* link = links_.find(address.ifindex);
    if (link == nullptr || link->find(address.prefix) == nullptr) lose(address);
  }
}

// ----- Sockets and links for the vrrp thread -----

void Actuator::updateSockets() {
  retryAt_ = os::monotonicNow() + kRetryInterval;
  std::map<SocketPool::Key, SocketPool::Need> needs;
  for (const auto& [place, routers] : needs_) {
    const kernel::Link* link = links_.find(place.first);
    if (link != nullptr) needs[{link->index, place.second}] = {link->name, routers};
  }
  if (std::unique_ptr<SocketTable> table = sockets_.update(needs)) {
    Report sockets{Report::Kind::Sockets};
    sockets.sockets = table.release();
    report(sockets);
  }
  const std::lock_guard guard(lock_);
  socketProblems_.clear();
  for (const auto& [key, need] : needs) {
    if (!sockets_.ready(key)) socketProblems_[key] = sockets_.problem(key);
  }
}

void Actuator::reportLinks() {
  if (linksChanged_) {
    const std::lock_guard guard(lock_);
    if (!std::exchange(linksChangedPosted_, true)) {
      events_.push_back({CoreEvent::Kind::LinksChanged});
      callerHasNews_ = true;
    }
  }
  linksChanged_ = false;
  const auto states = linkStates();
  for (const auto& [index, state] : reportedLinks_) {
    if (states.contains(index)) continue;
    Report removed{Report::Kind::LinkRemoved};
    removed.ifindex = index;
    report(removed);
  }
  for (const auto& [index, state] : states) {
    const auto reported = reportedLinks_.find(index);
    if (reported != reportedLinks_.end() && sameLink(reported->second, state)) continue;
    Report changed{Report::Kind::Link};
    changed.link = state;
    report(changed);
  }
  reportedLinks_ = states;
}

std::map<std::uint32_t, vrrp::LinkState> Actuator::linkStates() const {
  std::map<std::uint32_t, vrrp::LinkState> states;
  for (const auto& [place, routers] : needs_) {
    const kernel::Link* link = links_.find(place.first);
    if (link != nullptr && !states.contains(link->index)) states[link->index] = linkState(*link);
  }
  return states;
}

vrrp::LinkState Actuator::linkState(const kernel::Link& link) const {
  vrrp::LinkState state;
  state.index = link.index;
  link.name.copy(state.name, sizeof state.name - 1);
  state.up = link.up;
  state.mac = link.mac;
  // Without its socket a virtual router would be deaf, and so become MASTER: without a source address it stays in FAULT.
  const bool ready4 = sockets_.ready({link.index, wire::Family::IPv4});
  const bool ready6 = sockets_.ready({link.index, wire::Family::IPv6});
  bool primaryIsSecondary = true;
  for (const kernel::Address& address : link.addresses) {
    const wire::IpAddress& ip = address.prefix.address;
    if (ip.family == wire::Family::IPv6) {
      const bool usable = ready6 && ip.isLinkLocal6() && state.linkLocalIPv6.isUnspecified() && !address.isTentative();
      if (usable && !isOurs(link, address)) state.linkLocalIPv6 = ip;
      continue;
    }
    const bool secondary = (address.flags & wire::kAddressSecondary) != 0;
    const bool better = state.primaryIPv4.isUnspecified() || (primaryIsSecondary && !secondary);
    if (!ready4 || !better || address.scope == kScopeHost || isOurs(link, address)) continue;
    state.primaryIPv4 = ip;
    primaryIsSecondary = secondary;
  }
  return state;
}

bool Actuator::isOurs(const kernel::Link& link, const kernel::Address& address) const {
  return address.isMarked() || book_.holds({link.index, address.prefix});
}

void Actuator::flushReports() {
  bool any = false;
  while (!reports_.empty() && channels_.reports.push(reports_.front())) {
    reports_.pop_front();
    any = true;
  }
  if (any) channels_.vrrpWake.notify();
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
    for (const kernel::HeldAddress& held : book_.heldBy(router)) holdings.addresses.push_back(held.prefix);
    holdings.message = problemOf(assignment);
  }
  return all;
}

std::string Actuator::problemOf(const Assignment& assignment) const {
  const auto problem = problems_.find(assignment.router);
  if (problem != problems_.end()) return problem->second;
  const kernel::Link* link = links_.find(assignment.interface);
  if (link == nullptr) return "";
  const auto socket = socketProblems_.find({link->index, assignment.family});
  if (socket != socketProblems_.end()) return socket->second;
  for (const wire::IpPrefix& prefix : assignment.addresses) {
    const kernel::Address* address = link->find(prefix);
    if (address != nullptr && !isOurs(*link, *address)) {
      return wire::format(prefix) + " stands on " + link->name + " already, set by somebody else: it will not be removed";
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
