#include "runtime/faultMessage.h"

#include <algorithm>

namespace aloft::runtime {
namespace {

/// As keepalived: below that sum no priority is left.
constexpr std::int64_t kFaultBelow = -253;

bool isFault(const vrrp::TrackedCheck& track, const vrrp::CheckState& state) {
  if (!state.hasValue) return track.weight == 0 && state.up == track.reverse;
  if (track.weight == 0) return (state.value != 0) != track.reverse;
  return std::int64_t{state.value} * track.weight * (track.reverse ? -1 : 1) < kFaultBelow;
}

std::string failedChecks(const RouterName& name, const CheckRegistry& checks) {
  std::string failed;
  for (std::size_t i = 0; i < name.checks.size(); ++i) {
    const vrrp::CheckState* state = checks.find(name.checks[i]);
    if (state == nullptr || !isFault(name.checkTracks[i], *state)) continue;
    failed += (failed.empty() ? "" : ", ") + name.checks[i];
  }
  return failed.empty() ? "a tracked check is down" : "tracked check down: " + failed;
}

std::string failedInterfaces(const RouterName& name, const std::vector<kernel::Link>& links) {
  std::string failed;
  for (const vrrp::TrackedInterface& track : name.interfaces) {
    const auto link = std::find_if(links.begin(), links.end(), [&track](const kernel::Link& each) { return each.name == track.interface; });
    const bool up = link != links.end() && link->up;
    if (track.weight == 0 && up == track.reverse) failed += (failed.empty() ? "" : ", ") + track.interface;
  }
  return failed.empty() ? "a tracked interface is down" : "tracked interface down: " + failed;
}

/// The router's interface, or its macvlan, where that is what is missing.
std::string interfaceOf(const RouterName& name, const std::vector<kernel::Link>& links, bool mustBeUp) {
  const auto isGood = [&](const std::string& wanted) {
    return std::any_of(links.begin(), links.end(), [&](const kernel::Link& link) { return link.name == wanted && (link.up || !mustBeUp); });
  };
  const bool macvlan = !name.virtualMacInterface.empty() && isGood(name.interface) && !isGood(name.virtualMacInterface);
  return "interface " + (macvlan ? name.virtualMacInterface : name.interface);
}

/// What is missing where adverts have no source.
std::string sourceOf(const RouterName& name) {
  if (!name.sourceAddress.isUnspecified()) return wire::format(name.sourceAddress);
  return name.family == wire::Family::IPv4 ? "IPv4 address" : "usable link-local IPv6 address";
}

}  // namespace

std::string faultMessage(const RouterRecord& record, const RouterName& name, const CheckRegistry& checks,
                         const std::vector<kernel::Link>& links) {
  if (record.state != vrrp::State::Fault) return "";
  switch (record.reason) {
    case vrrp::Reason::InterfaceMissing:
      return interfaceOf(name, links, false) + " does not exist";
    case vrrp::Reason::InterfaceDown:
      return interfaceOf(name, links, true) + " is down or has no carrier";
    case vrrp::Reason::NoSourceAddress:
      return "interface " + name.interface + " has no " + sourceOf(name) + " to send adverts from";
    case vrrp::Reason::CheckFailed:
      return failedChecks(name, checks);
    case vrrp::Reason::TrackedInterfaceDown:
      return failedInterfaces(name, links);
    case vrrp::Reason::SyncGroup:
      return "another member of sync group " + name.group + " is not well";
    case vrrp::Reason::AddressConflict:
      return wire::format(record.conflictAddress) + " is claimed by " + wire::format(record.conflictMac);
    default:
      return "interface " + name.interface + " cannot be used";
  }
}

}  // namespace aloft::runtime
