#include "kernel/gateFilters.h"

#include <algorithm>
#include <cerrno>
#include <string>

namespace aloft::kernel {
namespace {

using wire::Direction;

/// Also how `tc filter show` names it.
constexpr std::string_view kName = "aloft_gate";
/// At the end of the name: the qdisc was added for the gate. It is kept in the kernel because the process that did it may be gone.
constexpr std::string_view kOwnQdisc = "+clsact";
constexpr std::uint32_t kHandle = 0xa1;
constexpr std::uint16_t kFirstPriority = 1;

bool ownsQdisc(std::span<const Filter> filters) {
  return std::any_of(filters.begin(), filters.end(), [](const Filter& f) { return isGateFilter(f) && f.name.ends_with(kOwnQdisc); });
}

bool hasGate(std::span<const Filter> filters) { return std::any_of(filters.begin(), filters.end(), isGateFilter); }

/// Whether a filter of ours may have this priority: none other is there, or only such as are of our kind and protocol.
bool fits(std::span<const Filter> standing, std::uint16_t priority) {
  return std::all_of(standing.begin(), standing.end(), [&](const Filter& filter) {
    return filter.place.priority != priority || (filter.kind == "bpf" && filter.protocol == wire::kAnyProtocol);
  });
}

os::Status put(FilterClient& client, std::uint32_t ifindex, Direction direction, std::span<const Filter> standing,
               const LoadedProgram& program, std::string_view name) {
  const wire::FilterPlace place = gatePlace(ifindex, direction, standing);
  const auto it = std::find_if(standing.begin(), standing.end(), [&](const Filter& filter) { return filter.place == place; });
  if (it != standing.end() && it->program == program.id && it->name == name) return {};
  return client.put(place, program.fd, name);
}

bool isGone(const os::Status& status) {
  return status.ok() || status.error().number == ENODEV || status.error().number == ENOENT || status.error().number == EINVAL;
}

os::Status removeFrom(FilterClient& client, std::span<const Filter> standing) {
  for (const Filter& filter : standing) {
    if (!isGateFilter(filter)) continue;
    if (const os::Status status = client.remove(filter.place); !isGone(status)) return status;
  }
  return {};
}

}  // namespace

bool isGateFilter(const Filter& filter) { return filter.kind == "bpf" && filter.name.starts_with(kName); }

wire::FilterPlace gatePlace(std::uint32_t ifindex, Direction direction, std::span<const Filter> standing) {
  const auto predecessor = std::find_if(standing.begin(), standing.end(), isGateFilter);
  if (predecessor != standing.end()) return predecessor->place;
  wire::FilterPlace place{ifindex, direction, kFirstPriority, kHandle};
  while (!fits(standing, place.priority)) ++place.priority;
  const auto taken = [&](const Filter& filter) { return filter.place == place; };
  while (std::any_of(standing.begin(), standing.end(), taken)) ++place.handle;
  return place;
}

os::Status putGateFilters(FilterClient& client, std::uint32_t ifindex, const LoadedProgram& ingress, const LoadedProgram& egress) {
  const auto incoming = client.list(ifindex, Direction::Ingress);
  if (!incoming.ok()) return incoming.error();
  const auto outgoing = client.list(ifindex, Direction::Egress);
  if (!outgoing.ok()) return outgoing.error();
  bool own = ownsQdisc(incoming.value()) || ownsQdisc(outgoing.value());
  if (!hasGate(incoming.value()) && !hasGate(outgoing.value())) {
    const os::Status added = client.addClsact(ifindex);
    if (!added.ok() && added.error().number != EEXIST) return added;
    own = added.ok();
  }
  const std::string name = std::string(kName) + std::string(own ? kOwnQdisc : "");
  const os::Status status = put(client, ifindex, Direction::Ingress, incoming.value(), ingress, name);
  if (!status.ok()) return status;
  return put(client, ifindex, Direction::Egress, outgoing.value(), egress, name);
}

os::Status removeGateFilters(FilterClient& client, std::uint32_t ifindex) {
  bool ownQdisc = false;
  for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
    const auto standing = client.list(ifindex, direction);
    if (!standing.ok()) return standing.error();
    ownQdisc |= ownsQdisc(standing.value());
    if (const os::Status removed = removeFrom(client, standing.value()); !removed.ok()) return removed;
  }
  if (!ownQdisc) return {};
  for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
    const auto left = client.list(ifindex, direction);
    if (!left.ok()) return left.error();
    if (!left.value().empty()) return {};
  }
  const os::Status removed = client.removeClsact(ifindex);
  return isGone(removed) ? os::Status() : removed;
}

}  // namespace aloft::kernel
