// What the actuator hears of links and addresses, and what the vrrp thread learns of it.

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
      {[this](const wire::LinkMessage& message) { hear(message); }, [this](const wire::AddressMessage& message) { hear(message); }});
  stale_ |= !complete;
  if (stale_ && os::monotonicNow() >= resyncAt_) resync();
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
  const std::lock_guard guard(lock_);
  links_ = std::move(dumped.value().links);
  linksChanged_ = true;
  if (stale_) return;  // what is missing may stand nevertheless
  for (const kernel::HeldAddress& address : book_.all()) {
    const kernel::Link* link = links_.find(address.ifindex);
    if (link == nullptr || link->find(address.prefix) == nullptr) lose(address);
  }
}

// ----- Sockets and links for the vrrp thread -----

void Actuator::updateSockets() {
  socketsAt_ = os::monotonicNow() + kRetryInterval;
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

}  // namespace aloft::runtime
