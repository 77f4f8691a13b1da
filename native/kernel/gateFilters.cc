#include "kernel/gateFilters.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

namespace aloft::kernel {
namespace {

using wire::Direction;

constexpr std::string_view kName = "aloft_gate";
constexpr std::string_view kOwnQdisc = "+clsact";
constexpr char kFurther = '/';
constexpr std::uint32_t kHandle = 0xa1;
constexpr std::uint16_t kFirstPriority = 1;

/// Everything on one link.
struct Standing {
  std::vector<Filter> incoming;
  std::vector<Filter> outgoing;

  const std::vector<Filter>& of(Direction direction) const { return direction == Direction::Ingress ? incoming : outgoing; }
  template <typename Predicate>
  bool any(Predicate predicate) const {
    return std::any_of(incoming.begin(), incoming.end(), predicate) || std::any_of(outgoing.begin(), outgoing.end(), predicate);
  }
  std::set<std::uint32_t> programs() const {
    std::set<std::uint32_t> programs = gatePrograms(incoming);
    programs.merge(gatePrograms(outgoing));
    return programs;
  }
};

bool ownsQdisc(const Filter& filter) { return isGateFilter(filter) && filter.name.find(kOwnQdisc) != std::string::npos; }

os::Result<Standing> look(FilterClient& client, std::uint32_t ifindex) {
  auto incoming = client.list(ifindex, Direction::Ingress);
  if (!incoming.ok()) return incoming.error();
  auto outgoing = client.list(ifindex, Direction::Egress);
  if (!outgoing.ok()) return outgoing.error();
  return Standing{std::move(incoming.value()), std::move(outgoing.value())};
}

/// Whether it had to be added. The older qdisc "ingress" would ask the filters for what leaves of what comes.
os::Result<bool> ensureClsact(FilterClient& client, std::uint32_t ifindex) {
  const os::Status added = client.addClsact(ifindex);
  if (added.ok()) return true;
  if (added.error().number != EEXIST) return added.error();
  const os::Result<bool> stands = client.hasClsact(ifindex);
  if (!stands.ok()) return stands.error();
  if (!stands.value()) return os::Error{"add qdisc clsact to a link with qdisc ingress", EEXIST};
  return false;
}

/// Whether a filter of ours may have this priority: none other is there, or only such as are of our kind and protocol.
bool fits(std::span<const Filter> standing, std::uint16_t priority) {
  return std::all_of(standing.begin(), standing.end(), [&](const Filter& filter) {
    return filter.place.priority != priority || (filter.kind == "bpf" && filter.protocol == wire::kAnyProtocol);
  });
}

/// Whether the program was not there; a new name alone is no news.
os::Result<bool> put(FilterClient& client, const wire::FilterPlace& place, std::span<const Filter> standing, const LoadedProgram& program,
                     const std::string& name) {
  const auto it = std::find_if(standing.begin(), standing.end(), [&](const Filter& filter) { return filter.place == place; });
  const bool stands = it != standing.end() && it->program == program.id;
  if (stands && it->name == name) return false;
  if (const os::Status status = client.put(place, program.fd, name); !status.ok()) return status.error();
  return !stands;
}

bool isGone(const os::Status& status) {
  return status.ok() || status.error().number == ENODEV || status.error().number == ENOENT || status.error().number == EINVAL;
}

/// All of the gate's, but for the one at `kept`.
os::Status removeFrom(FilterClient& client, std::span<const Filter> standing, const std::optional<wire::FilterPlace>& kept = {}) {
  for (const Filter& filter : standing) {
    if (!isGateFilter(filter) || filter.place == kept) continue;
    if (const os::Status status = client.remove(filter.place); !isGone(status)) return status;
  }
  return {};
}

/// Whether one was missing, or not where it belongs.
os::Result<bool> putAmong(const Standing& standing, FilterClient& client, std::uint32_t ifindex, const GatePair& programs) {
  bool ownQdisc = standing.any(ownsQdisc);
  if (!standing.any(isGateFilter)) {
    const os::Result<bool> added = ensureClsact(client, ifindex);
    if (!added.ok()) return added.error();
    ownQdisc = added.value();
  }
  std::set<std::uint32_t> ours = standing.programs();
  ours.insert({programs.ingress.id, programs.egress.id});
  bool any = false;
  for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
    const LoadedProgram& program = direction == Direction::Ingress ? programs.ingress : programs.egress;
    const std::vector<Filter>& filters = standing.of(direction);
    // The register first: a program in tcx that is in no filter's name would be nobody's for ever.
    std::vector<std::uint32_t> further = gateProgramsInTcx(ifindex, direction, ours);
    std::erase(further, program.id);
    const wire::FilterPlace place = gatePlace(ifindex, direction, filters);
    const os::Result<bool> filtered = put(client, place, filters, program, gateFilterName(ownQdisc, further));
    if (!filtered.ok()) return filtered.error();
    if (const os::Status status = removeFrom(client, filters, place); !status.ok()) return status.error();
    const os::Result<bool> first = putGateInTcx(ifindex, direction, program, ours);
    if (!first.ok()) return first.error();
    any |= filtered.value() || first.value();
  }
  return any;
}

}  // namespace

bool isGateFilter(const Filter& filter) { return filter.kind == "bpf" && filter.name.starts_with(kName); }

wire::FilterPlace gatePlace(std::uint32_t ifindex, Direction direction, std::span<const Filter> standing) {
  const auto predecessor = std::find_if(standing.begin(), standing.end(), isGateFilter);
  const bool overtaken = std::any_of(standing.begin(), predecessor, [&](const Filter& f) { return fits(standing, f.place.priority); });
  if (predecessor != standing.end() && !overtaken) return predecessor->place;
  wire::FilterPlace place{ifindex, direction, kFirstPriority, kHandle};
  while (!fits(standing, place.priority)) ++place.priority;
  const auto taken = [&](const Filter& filter) { return filter.place == place; };
  while (std::any_of(standing.begin(), standing.end(), taken)) ++place.handle;
  return place;
}

std::set<std::uint32_t> gatePrograms(std::span<const Filter> standing) {
  std::set<std::uint32_t> programs;
  for (const Filter& filter : standing) {
    if (!isGateFilter(filter)) continue;
    programs.insert(filter.program);
    const char* const end = filter.name.data() + filter.name.size();
    for (std::size_t at = filter.name.find(kFurther); at != std::string::npos; at = filter.name.find(kFurther, at + 1)) {
      std::uint32_t id = 0;
      if (std::from_chars(filter.name.data() + at + 1, end, id).ec == std::errc()) programs.insert(id);
    }
  }
  return programs;
}

std::string gateFilterName(bool ownQdisc, std::span<const std::uint32_t> furtherPrograms) {
  std::string name(kName);
  if (ownQdisc) name += kOwnQdisc;
  for (const std::uint32_t id : furtherPrograms) name += kFurther + std::to_string(id);
  return name;
}

os::Result<bool> putGateFilters(FilterClient& client, std::uint32_t ifindex, const GatePair& programs) {
  const os::Result<Standing> standing = look(client, ifindex);
  if (!standing.ok()) return standing.error();
  return putAmong(standing.value(), client, ifindex, programs);
}

os::Result<bool> restoreGateFilters(FilterClient& client, std::uint32_t ifindex, const GatePair& programs) {
  const os::Result<Standing> standing = look(client, ifindex);
  if (!standing.ok()) return standing.error();
  const auto isSuccessors = [&](const Filter& filter) {
    return isGateFilter(filter) && filter.program != programs.ingress.id && filter.program != programs.egress.id;
  };
  if (standing.value().any(isSuccessors)) return false;
  return putAmong(standing.value(), client, ifindex, programs);
}

os::Status removeGateFilters(FilterClient& client, std::uint32_t ifindex) {
  const os::Result<Standing> standing = look(client, ifindex);
  if (!standing.ok()) return standing.error();
  const std::set<std::uint32_t> ours = standing.value().programs();
  for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
    if (const os::Status status = removeGateFromTcx(ifindex, direction, ours); !status.ok()) return status;
    if (const os::Status status = removeFrom(client, standing.value().of(direction)); !status.ok()) return status;
  }
  if (!standing.value().any(ownsQdisc)) return {};
  const os::Result<Standing> left = look(client, ifindex);
  if (!left.ok()) return left.error();
  if (left.value().any([](const Filter&) { return true; })) return {};
  const os::Status removed = client.removeClsact(ifindex);
  return isGone(removed) ? os::Status() : removed;
}

}  // namespace aloft::kernel
