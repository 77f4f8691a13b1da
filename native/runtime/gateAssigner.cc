#include "runtime/gateAssigner.h"

#include <algorithm>
#include <string_view>

#include "os/clock.h"
#include "runtime/gateKeeper.h"
#include "runtime/virtualMacs.h"

namespace aloft::runtime {
namespace {

/// So many groups are joined on a link, one by one. A switch that snoops on MLD forwards these; for more it must be told to flood IPv6
/// multicast (or to run no snooping) on the ports of the nodes. The link's own filter lets all pass.
constexpr std::size_t kMaxGroups = 256;

/// RFC 4291 §2.7.1.
wire::IpAddress solicitedNode(const wire::IpAddress& address) {
  wire::IpAddress group{wire::Family::IPv6, {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xff}};
  std::copy(address.bytes.begin() + 13, address.bytes.end(), group.bytes.begin() + 13);
  return group;
}

}  // namespace

std::size_t GateAssigner::Hash::operator()(const Key& key) const {
  const auto* bytes = reinterpret_cast<const char*>(key.address.bytes.data());
  return std::hash<std::string_view>()({bytes, key.address.bytes.size()}) ^ std::size_t{key.ifindex} * 0x9e3779b97f4a7c15U;
}

bool GateAssigner::answersOn(const kernel::Link& link) const { return gate_ != nullptr && attached_.contains(link.index); }

kernel::GateLink GateAssigner::describe(const kernel::Link& link, const kernel::LinkTable& links) const {
  kernel::GateLink described{link.index, {link.mac}, std::nullopt};
  const auto slot = slotOfLink_.find(link.name);
  if (slot != slotOfLink_.end()) described.slot = slot->second;
  for (const auto& [index, other] : links.links()) {
    const bool port = other.master == link.index && link.kind == "bond";
    const bool above = other.parent == link.index && isVirtualMacLink(other);
    if (port || above) described.macs.push_back(other.mac);
  }
  return described;
}

bool GateAssigner::attach(const kernel::Link& link, const kernel::LinkTable& links) {
  if (gate_ == nullptr) {
    if (cleared_.insert(link.index).second) [[maybe_unused]]
      const os::Status removed = kernel::Gate::removeLeftovers(link.index);
    return false;
  }
  kernel::GateLink described = describe(link, links);
  const auto attached = attached_.find(link.index);
  if (attached != attached_.end() && attached->second.macs == described.macs && attached->second.slot == described.slot) return true;
  if (const os::Status status = gate_->attach(described); !status.ok()) {
    failOn(link, status.error());
    return false;
  }
  attached_.insert_or_assign(link.index, std::move(described));
  watch_.add(link.index, os::monotonicNow());
  succeedOn(link.index);
  return true;
}

void GateAssigner::doubt(std::uint32_t ifindex) { watch_.doubt(ifindex, os::monotonicNow()); }
void GateAssigner::doubtAll() { watch_.doubtAll(os::monotonicNow()); }

void GateAssigner::look(const kernel::LinkTable& links) {
  const auto now = os::monotonicNow();
  const auto due = watch_.take(now);
  if (!due || (!due->whole && !gate_->isOvertaken(due->ifindex))) return;
  const kernel::Link* link = links.find(due->ifindex);
  if (link == nullptr) {
    watch_.remove(due->ifindex);
    succeedOn(due->ifindex);
    return;
  }
  if (!attach(*link, links)) return;
  const os::Result<bool> restored = gate_->restore(link->index);
  if (!restored.ok()) return failOn(*link, restored.error());
  succeedOn(link->index);
  if (!restored.value() || !watch_.restored(link->index, now)) return;
  CoreEvent event{CoreEvent::Kind::GateRestored};
  event.interface = link->name;
  events_.push_back(std::move(event));
}

void GateAssigner::fail(const os::Error& error, std::string message) {
  if (std::exchange(lastFailure_, message) == message) return;  // the same at each retry is one event
  CoreEvent event{CoreEvent::Kind::OperationFailed};
  event.operation = error.operation;
  event.error = error.number;
  event.message = std::move(message);
  events_.push_back(std::move(event));
}

void GateAssigner::failOn(const kernel::Link& link, const os::Error& error) {
  watch_.failed(link.index, os::monotonicNow());
  const std::string problem = "attach the gate to " + link.name + ": " + error.message();
  {
    const std::lock_guard guard(lock_);
    problems_[link.index] = problem;
  }
  fail(error, problem);
}

void GateAssigner::succeedOn(std::uint32_t ifindex) {
  const std::lock_guard guard(lock_);
  if (problems_.erase(ifindex) > 0) lastFailure_.clear();
}

std::string GateAssigner::problem() const {
  const std::lock_guard guard(lock_);
  return problems_.empty() ? "" : problems_.begin()->second;
}

void GateAssigner::prepare(const Assignment& assignment, const kernel::LinkTable& links) {
  const std::uint32_t slot = assignment.gateSlot;
  if (!assignment.virtualMacInterface.empty() && slot != kNoSlot) slotOfLink_[assignment.virtualMacInterface] = slot;
  std::set<std::uint32_t> places;
  for (const kernel::AddressEntry& entry : assignment.entries.addresses) {
    if (const kernel::Link* link = links.find(entry.interface)) places.insert(link->index);
  }
  if (gate_ == nullptr || slot == kNoSlot) {
    for (const std::uint32_t index : places) attach(*links.find(index), links);
    return;
  }
  {
    const std::lock_guard guard(lock_);
    slots_.insert(slot);
  }
  std::vector<std::string> missing;
  // As if the gate were on all links already: whether an address becomes a host route is known before it is attached.
  const auto addresses = kernel::resolve(
      assignment.entries.addresses, links, [](const kernel::Link&) { return true; }, missing);
  std::vector<kernel::GateAddress> wanted;
  for (const kernel::PlacedAddress& address : addresses) {
    wanted.push_back({address.place.ifindex, address.place.prefix.address, slot, address.form.hostRoute});
    const kernel::Link& link = *links.find(address.place.ifindex);
    // A macvlan that is down hears nobody: the link below shows who else claims its addresses.
    if (isVirtualMacLink(link)) wanted.push_back({link.parent, address.place.prefix.address, slot, false});
  }
  assign(wanted, assignment.router);
  for (const std::uint32_t index : places) {
    const kernel::Link& link = *links.find(index);
    attach(link, links);
    hearSolicitations(index, addresses);
    const kernel::Link* below = isVirtualMacLink(link) ? links.find(link.parent) : nullptr;
    if (below != nullptr) attach(*below, links);
  }
}

void GateAssigner::hearSolicitations(std::uint32_t ifindex, std::span<const kernel::PlacedAddress> addresses) {
  for (const kernel::PlacedAddress& address : addresses) {
    const bool silent = !address.form.hostRoute || address.place.prefix.address.family == wire::Family::IPv4;
    if (silent || address.place.ifindex != ifindex) continue;
    auto listening = listening_.find(ifindex);
    if (listening == listening_.end()) {
      auto opened = os::MulticastListener::open(ifindex);
      if (!opened.ok()) return fail(opened.error(), opened.error().message());
      if (const os::Status status = opened.value().hearAll(); !status.ok()) fail(status.error(), status.error().message());
      listening = listening_.emplace(ifindex, Listening{std::move(opened.value()), {}}).first;
    }
    std::set<wire::IpAddress>& groups = listening->second.groups;
    if (groups.size() >= kMaxGroups) return;
    const wire::IpAddress group = solicitedNode(address.place.prefix.address);
    if (!groups.contains(group) && listening->second.listener.join(group).ok()) groups.insert(group);
  }
}

void GateAssigner::assign(std::span<const kernel::GateAddress> addresses, vrrp::RouterId router) {
  std::vector<kernel::GateAddress> changed;
  for (const kernel::GateAddress& address : addresses) {
    Entry& entry = entries_[{address.ifindex, address.address}];
    const bool same = entry.router != 0 && entry.slot == address.slot && entry.answer == address.answer;
    if (!same) changed.push_back(address);
    entry = {address.slot, address.answer, router};
  }
  if (changed.empty()) return;
  if (const os::Status status = gate_->assign(changed); !status.ok()) fail(status.error(), status.error().message());
}

void GateAssigner::retain(const std::function<bool(vrrp::RouterId)>& keep) {
  if (gate_ == nullptr) return;
  std::vector<kernel::GateAddress> gone;
  std::set<std::uint32_t> slots, answering;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    if (keep(entry->second.router)) {
      slots.insert(entry->second.slot);
      if (entry->second.answer) answering.insert(entry->first.ifindex);
      ++entry;
      continue;
    }
    gone.push_back({entry->first.ifindex, entry->first.address, entry->second.slot, false});
    entry = entries_.erase(entry);
  }
  if (!gone.empty()) {
    if (const os::Status status = gate_->unassign(gone); !status.ok()) fail(status.error(), status.error().message());
  }
  std::erase_if(listening_, [&answering](const auto& listening) { return !answering.contains(listening.first); });
  const std::lock_guard guard(lock_);
  slots_ = std::move(slots);
}

void GateAssigner::update(const kernel::LinkTable& links) {
  for (auto attached = attached_.begin(); attached != attached_.end();) {
    const kernel::Link* link = links.find(attached->first);
    if (link != nullptr) {
      attach(*link, links);
      ++attached;
      continue;
    }
    [[maybe_unused]] const os::Status status = gate_->detach(attached->first);
    std::erase_if(entries_, [&](const auto& entry) { return entry.first.ifindex == attached->first; });
    watch_.remove(attached->first);
    succeedOn(attached->first);
    attached = attached_.erase(attached);
  }
}

os::Status GateAssigner::detachAll() {
  if (gate_ == nullptr) return {};
  attached_.clear();
  watch_.clear();
  entries_.clear();
  listening_.clear();
  return gate_->detachAll();
}

bool GateAssigner::usesSlot(std::uint32_t slot) const {
  const std::lock_guard guard(lock_);
  return slots_.contains(slot);
}

}  // namespace aloft::runtime
