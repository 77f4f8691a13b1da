// What the actuator hears of links and addresses, and what the vrrp thread learns of it.

#include <algorithm>
#include <cstring>

#include "os/clock.h"
#include "runtime/actuator.h"

namespace aloft::runtime {
namespace {

constexpr std::uint8_t kScopeHost = 254;  // RT_SCOPE_HOST

bool sameLink(const vrrp::LinkState& a, const vrrp::LinkState& b) {
  return a.index == b.index && std::strncmp(a.name, b.name, sizeof a.name) == 0 && a.up == b.up && a.mac == b.mac &&
         a.primaryIPv4 == b.primaryIPv4 && a.linkLocalIPv6 == b.linkLocalIPv6;
}

}  // namespace

// ----- What the kernel tells -----

void Actuator::readMonitor() {
  const bool complete = monitor_.drain(
      {[this](const wire::LinkMessage& message) { hear(message); }, [this](const wire::AddressMessage& message) { hear(message); },
       [this](const wire::RouteMessage& message) { hear(message); }, [this](const wire::RuleMessage&) { doubtRoutes(); },
       [this](std::uint32_t ifindex) { gate_.doubt(ifindex); }});
  stale_ |= !complete;
  if (stale_ && os::monotonicNow() >= resyncAt_) resync();
}

void Actuator::hear(const wire::LinkMessage& message) {
  const std::lock_guard guard(lock_);
  if (!links_.apply(message)) return;
  linksChanged_ = true;
  doubtRoutes();  // a link that goes down takes its routes along, of IPv4 without a word
  if (!message.removed) return;
  for (const kernel::PlacedAddress& address : inventory_.addresses.all()) {
    if (address.place.ifindex == message.index && !address.form.hostRoute) lose(address.place);
  }
}

void Actuator::hear(const wire::AddressMessage& message) {
  const std::lock_guard guard(lock_);
  const kernel::HeldAddress address{message.index, message.prefix};
  const bool held = inventory_.addresses.holds(address);
  if (!links_.apply(message)) return;
  if (message.removed) doubtRoutes();  // with an address those routes go that have it as their source
  if (!held && !message.isOurs()) {
    linksChanged_ = true;
    yieldTo(message);
  }
  if (!held) return;
  if (message.removed) {
    lose(address);
  } else if (residue_.kernelMarks() && !message.isOurs()) {
    inventory_.addresses.drop(address);  // somebody set it again without our mark: now it is theirs
    linksChanged_ = true;
  }
}

void Actuator::hear(const wire::RouteMessage& message) {
  const wire::Route& route = message.route;
  if (!message.removed || !wire::matches(kernel::hostRoute(route.destination.address), route)) {
    doubtRoutes();
    return;
  }
  const std::lock_guard guard(lock_);
  for (const kernel::PlacedAddress& address : inventory_.addresses.all()) {
    if (address.form.hostRoute && address.place.prefix.address == route.destination.address) lose(address.place);
  }
}

void Actuator::yieldTo(const wire::AddressMessage& foreign) {
  const bool secondary = foreign.prefix.address.family == wire::Family::IPv4 && (foreign.flags & wire::kAddressSecondary) != 0;
  const kernel::Link* link = links_.find(foreign.index);
  if (foreign.removed || !secondary || link == nullptr) return;
  for (const kernel::Address& address : link->addresses) {
    const kernel::HeldAddress place{link->index, address.prefix};
    const bool sameSubnet = address.prefix.length == foreign.prefix.length && kernel::contains(address.prefix, foreign.prefix.address);
    if (sameSubnet && !address.isSecondary() && inventory_.addresses.holds(place)) yielding_.push_back(place);
  }
}

void Actuator::lose(const kernel::HeldAddress& address) {
  if (worker_.isOwnRemoval(address)) return;
  const kernel::Owner owner = inventory_.addresses.drop(address);
  if (owner != kernel::kNobody) lost_.insert(owner);
}

void Actuator::resync() {
  auto dumped = client_.dump();
  stale_ = !dumped.ok() || !dumped.value().complete;
  if (stale_) resyncAt_ = os::monotonicNow() + kRetryInterval;
  const std::string problem = dumped.ok() ? "" : dumped.error().message();
  const bool news = std::exchange(resyncProblem_, problem) != problem;
  if (!dumped.ok()) {
    if (!news) return;  // the same at each retry is one event
    CoreEvent event{CoreEvent::Kind::OperationFailed};
    event.operation = dumped.error().operation;
    event.error = dumped.error().number;
    event.message = problem;
    post(std::move(event));
    return;
  }
  doubtRoutes();
  gate_.doubtAll();
  const std::lock_guard guard(lock_);
  links_ = std::move(dumped.value().links);
  linksChanged_ = true;
  if (stale_) return;  // what is missing may stand nevertheless
  for (const kernel::PlacedAddress& address : inventory_.addresses.all()) {
    const kernel::Link* link = links_.find(address.place.ifindex);
    if (address.form.hostRoute) continue;  // see auditRoutes()
    if (link == nullptr || link->find(address.place.prefix) == nullptr) lose(address.place);
  }
}

void Actuator::auditRoutes() {
  auditAt_ = os::monotonicNow() + kAuditInterval;
  auditDue_ = false;
  std::vector<kernel::PlacedAddress> addresses;
  for (kernel::PlacedAddress& address : inventory_.addresses.all()) {
    if (address.form.hostRoute) addresses.push_back(std::move(address));
  }
  if (addresses.empty() && inventory_.routes.empty() && inventory_.rules.empty()) return;
  const auto dumped = client_.dumpRoutes();
  if (!dumped.ok() || !dumped.value().complete) {
    auditDue_ = true;
    auditAt_ = os::monotonicNow() + kRetryInterval;
    return;
  }
  const kernel::RouteDump& there = dumped.value();
  std::set<wire::IpAddress> hostRoutes;
  for (const wire::Route& route : there.routes) {
    if (wire::matches(kernel::hostRoute(route.destination.address), route)) hostRoutes.insert(route.destination.address);
  }
  std::set<kernel::Owner> bereft;
  const auto dropMissing = [&bereft](auto& ledger, const auto& found) {
    for (const auto& entry : ledger.all()) {
      const bool stands = std::any_of(found.begin(), found.end(), [&entry](const auto& other) { return matches(entry, other); });
      if (stands) continue;
      for (const kernel::Owner owner : ledger.drop(entry)) bereft.insert(owner);
    }
  };
  {
    const std::lock_guard guard(lock_);
    for (const kernel::PlacedAddress& address : addresses) {
      if (!hostRoutes.contains(address.place.prefix.address)) lose(address.place);
    }
    dropMissing(inventory_.routes, there.routes);
    dropMissing(inventory_.rules, there.rules);
  }
  for (const kernel::Owner owner : bereft) {
    if (wanted_[owner].hold) want(owner, true);
  }
}

void Actuator::watchGate() {
  // Each look may wait for RTNL: what was ordered meanwhile goes first.
  while (gate_.nextLook() <= os::monotonicNow() && channels_.orders.empty()) gate_.look(links_);
}

// ----- Sockets and links for the vrrp thread -----

void Actuator::updateSockets() {
  socketsAt_ = os::monotonicNow() + kRetryInterval;
  std::map<SocketPool::Key, SocketPool::Need> needs;
  for (const auto& [place, need] : interests_.sockets) {
    const kernel::Link* link = links_.find(place.first);
    if (link != nullptr) needs[{link->index, place.second}] = need;
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
  reportSources();
}

void Actuator::reportSources() {
  std::unordered_map<vrrp::RouterId, bool> sources;
  for (const auto& [router, assignment] : assignments_) {
    if (!assignment.trackSource) continue;
    const bool there = hasSource(assignment);
    sources[router] = there;
    const auto reported = reportedSources_.find(router);
    if (reported != reportedSources_.end() && reported->second == there) continue;
    Report source{Report::Kind::Source};
    source.source = {vrrp::sourceCheckOf(router), there};
    report(source);
  }
  reportedSources_ = std::move(sources);
}

bool Actuator::hasSource(const Assignment& assignment) const {
  const kernel::Link* link = links_.find(assignment.interface);
  return link != nullptr && std::any_of(link->addresses.begin(), link->addresses.end(), [&](const kernel::Address& address) {
    return address.prefix.address == assignment.sourceAddress && !address.isTentative() && !isOurs(*link, address);
  });
}

std::map<std::uint32_t, vrrp::LinkState> Actuator::linkStates() {
  std::map<std::uint32_t, vrrp::LinkState> states;
  for (const std::string& name : interests_.links) {
    if (const kernel::Link* link = links_.find(name)) states[link->index] = linkState(*link);
  }
  linkDelays_.settle(states, os::monotonicNow());
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
  return address.isMarked() || inventory_.addresses.holds({link.index, address.prefix});
}

void Actuator::updateVirtualMacs() {
  const auto isInUse = [this](const kernel::Link& link) {
    return std::any_of(link.addresses.begin(), link.addresses.end(), [&](const kernel::Address& address) {
      return inventory_.addresses.holds({link.index, address.prefix});
    });
  };
  // What was made is told by notifications, which are there when the kernel has answered.
  if (virtualMacs_.update(links_, isInUse)) readMonitor();
  const std::lock_guard guard(lock_);
  virtualMacProblems_.clear();
  for (const auto& [router, assignment] : assignments_) {
    const std::string problem = virtualMacs_.problem(assignment.virtualMacInterface);
    if (!problem.empty()) virtualMacProblems_[assignment.virtualMacInterface] = problem;
  }
}

void Actuator::flushReports() {
  bool any = false;
  while (!reports_.empty() && channels_.reports.push(reports_.front())) {
    reports_.pop_front();
    any = true;
  }
  if (any) channels_.vrrpWake.notify();
}

}  // namespace aloft::runtime
