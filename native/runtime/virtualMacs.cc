#include "runtime/virtualMacs.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>

#include "kernel/linkSettings.h"

namespace aloft::runtime {
namespace {

/// The mark. Behind it stands what arp_ignore of the link below was before, for whoever takes the macvlan away.
constexpr std::string_view kAlias = "aloft virtual router, arp_ignore below was ";

std::optional<std::uint32_t> formerArpIgnore(const kernel::Link& link) {
  if (!link.alias.starts_with(kAlias)) return std::nullopt;
  std::uint32_t value = 0;
  const char* const end = link.alias.data() + link.alias.size();
  const auto [stop, error] = std::from_chars(link.alias.data() + kAlias.size(), end, value);
  return error == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

bool isOfIPv4(const kernel::Link& link) { return link.mac[4] == 1; }

}  // namespace

wire::MacAddress virtualMac(wire::Family family, std::uint8_t virtualRouterId) {
  return {0x00, 0x00, 0x5e, 0x00, static_cast<std::uint8_t>(family == wire::Family::IPv4 ? 1 : 2), virtualRouterId};
}

bool isVirtualMacLink(const kernel::Link& link) { return link.kind == "macvlan" && link.alias.starts_with(kAlias); }

void VirtualMacs::configure(const std::vector<Assignment>& assignments) {
  wanted_.clear();
  for (const Assignment& assignment : assignments) {
    if (assignment.virtualMacInterface.empty()) continue;
    wanted_[assignment.virtualMacInterface] = {assignment.interface, assignment.family,
                                               virtualMac(assignment.family, assignment.virtualRouterId)};
  }
}

bool VirtualMacs::update(const kernel::LinkTable& links, const std::function<bool(const kernel::Link&)>& isInUse) {
  bool changed = false;
  problems_.clear();
  for (const auto& [index, link] : links.links()) {
    const auto want = wanted_.find(link.name);
    const bool unwanted = want == wanted_.end() ? !isInUse(link) : !fits(link, want->second, links);
    if (isVirtualMacLink(link) && unwanted) changed |= remove(link, links);
  }
  for (const auto& [name, want] : wanted_) {
    const kernel::Link* link = links.find(name);
    if (link == nullptr || (isVirtualMacLink(*link) && !fits(*link, want, links))) {
      changed |= make(name, want, links);
    } else if (!isVirtualMacLink(*link)) {
      problems_[name] = "interface " + name + " exists already, and was not made for a virtual router";
    }
  }
  return changed;
}

bool VirtualMacs::fits(const kernel::Link& link, const Want& want, const kernel::LinkTable& links) const {
  const kernel::Link* parent = links.find(want.parent);
  return link.mac == want.mac && parent != nullptr && link.parent == parent->index;
}

bool VirtualMacs::make(const std::string& name, const Want& want, const kernel::LinkTable& links) {
  const kernel::Link* parent = links.find(want.parent);
  if (parent == nullptr) return false;  // the virtual router is in FAULT for it
  std::uint32_t before = kernel::readSetting(parent->name, wire::LinkSetting::ArpIgnore).value_or(0);
  // Another one on the same link knows what it was before us.
  for (const auto& [index, link] : links.links()) {
    const auto former = formerArpIgnore(link);
    if (link.parent == parent->index && former) before = *former;
  }
  const os::Status made = client_.addMacvlan({name, std::string(kAlias) + std::to_string(before), parent->index, want.mac});
  if (!made.ok()) {
    problems_[name] = "add macvlan " + name + " to " + parent->name + ": " + os::describe(made.error().number);
    return false;
  }
  kernel::ignoreRouterAdvertisements(name);
  if (want.family == wire::Family::IPv4) silenceParent(*parent);
  return true;
}

/// The link below would answer ARP for the virtual addresses with its own MAC address: they are the host's, too.
void VirtualMacs::silenceParent(const kernel::Link& parent) {
  if (kernel::readSetting(parent.name, wire::LinkSetting::ArpIgnore).value_or(0) != 0) return;
  const wire::LinkSettingValue own{wire::LinkSetting::ArpIgnore, 1};
  [[maybe_unused]] const os::Status configured = client_.configureLink(parent.index, {&own, 1});
}

bool VirtualMacs::remove(const kernel::Link& link, const kernel::LinkTable& links) {
  const os::Status removed = client_.removeLink(link.index);
  if (!removed.ok()) {
    problems_[link.name] = "remove macvlan " + link.name + ": " + os::describe(removed.error().number);
    return false;
  }
  restoreParent(link, links);
  return true;
}

void VirtualMacs::restoreParent(const kernel::Link& gone, const kernel::LinkTable& links) {
  const auto former = formerArpIgnore(gone);
  const kernel::Link* parent = links.find(gone.parent);
  if (!former || parent == nullptr || !isOfIPv4(gone)) return;
  const bool last = std::none_of(links.links().begin(), links.links().end(), [&](const auto& entry) {
    const kernel::Link& other = entry.second;
    return other.index != gone.index && isVirtualMacLink(other) && isOfIPv4(other) && other.parent == gone.parent;
  });
  if (!last) return;
  const wire::LinkSettingValue own{wire::LinkSetting::ArpIgnore, *former};
  [[maybe_unused]] const os::Status configured = client_.configureLink(parent->index, {&own, 1});
}

void VirtualMacs::removeAll(const kernel::LinkTable& links) {
  for (const auto& [index, link] : links.links()) {
    if (isVirtualMacLink(link)) remove(link, links);
  }
}

std::string VirtualMacs::problem(const std::string& name) const {
  const auto problem = problems_.find(name);
  return problem == problems_.end() ? "" : problem->second;
}

}  // namespace aloft::runtime
