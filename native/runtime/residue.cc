#include "runtime/residue.h"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace aloft::runtime {
namespace {

/// Calls `visit(owner, entries)` for all that can own something.
template <class Visit>
void forEachOwner(const Assignments& assignments, const Visit& visit) {
  visit(kernel::kStatic, assignments.always);
  for (const Assignment& assignment : assignments.routers) visit(assignment.router, assignment.entries);
}

/// An address on its interface, as a key.
std::string keyOf(const std::string& interface, const wire::IpPrefix& prefix) { return interface + " " + wire::format(prefix); }

std::unordered_map<std::string, kernel::Owner> ownersOfAddresses(const Assignments& assignments) {
  std::unordered_map<std::string, kernel::Owner> owners;
  forEachOwner(assignments, [&owners](kernel::Owner owner, const kernel::Entries& entries) {
    for (const kernel::AddressEntry& entry : entries.addresses) owners.emplace(keyOf(entry.interface, entry.prefix), owner);
  });
  return owners;
}

/// What is wanted of `found`, with its owner; `found` itself, and nobody, when it is not.
template <class Entry, class Resolve>
std::pair<kernel::Owner, Entry> claim(const Entry& found, const Assignments& assignments, const Resolve& resolve) {
  std::pair<kernel::Owner, Entry> claimed{kernel::kNobody, found};
  forEachOwner(assignments, [&](kernel::Owner owner, const kernel::Entries& entries) {
    for (const Entry& wanted : resolve(entries)) {
      if (claimed.first == kernel::kNobody && matches(wanted, found)) claimed = {owner, wanted};
    }
  });
  return claimed;
}

bool isHostRoute(const wire::Route& route) { return wire::matches(kernel::hostRoute(route.destination.address), route); }

}  // namespace

void Residue::note(kernel::Owner owner) {
  if (std::find(owners_.begin(), owners_.end(), owner) == owners_.end()) owners_.push_back(owner);
}

void Residue::adopt(const kernel::LinkTable& links, const kernel::RouteDump& routes, const Assignments& assignments, Inventory& inventory) {
  if (std::exchange(adopted_, true)) return;
  adoptAddresses(links, routes, assignments, inventory.addresses);
  adoptRoutes(links, routes, assignments, inventory);
  journal_.clear();
}

void Residue::adoptAddresses(const kernel::LinkTable& links, const kernel::RouteDump& routes, const Assignments& assignments,
                             kernel::AddressBook& book) {
  const auto owners = ownersOfAddresses(assignments);
  std::set<wire::IpAddress> hostRoutes;
  for (const wire::Route& route : routes.routes) {
    if (isHostRoute(route)) hostRoutes.insert(route.destination.address);
  }
  for (const JournalEntry& entry : journal_) {
    const kernel::Link* link = links.find(entry.interface);
    if (link == nullptr) continue;
    const kernel::Address* address = link->find(entry.prefix);
    const bool ours = address != nullptr && (!kernelMarks_ || address->isMarked());
    const bool routed = hostRoutes.contains(entry.prefix.address);
    if (!ours && !routed) continue;
    kernel::PlacedAddress placed{{link->index, entry.prefix}, {}};
    if (ours) {
      placed.form.scope = address->prefix.address.family == wire::Family::IPv4 ? address->scope : std::uint8_t{0};
      placed.form.label = address->label;
      placed.form.broadcast = address->broadcast;
    } else {
      placed.form.hostRoute = true;
    }
    const auto found = owners.find(keyOf(entry.interface, entry.prefix));
    const kernel::Owner owner = found == owners.end() ? kernel::kNobody : found->second;
    book.hold(owner, placed);
    note(owner);
  }
}

void Residue::adoptRoutes(const kernel::LinkTable& links, const kernel::RouteDump& routes, const Assignments& assignments,
                          Inventory& inventory) {
  const auto wantedRoutes = [&links](const kernel::Entries& entries) {
    std::vector<wire::Route> wanted;
    for (const kernel::RouteEntry& entry : entries.routes) {
      std::string missing;
      if (auto route = kernel::resolve(entry, links, missing)) wanted.push_back(std::move(*route));
    }
    return wanted;
  };
  const auto wantedRules = [](const kernel::Entries& entries) {
    std::vector<wire::Rule> wanted;
    for (const kernel::RuleEntry& entry : entries.rules) wanted.push_back(kernel::resolve(entry));
    return wanted;
  };
  for (const wire::Route& route : routes.routes) {
    if (isHostRoute(route)) continue;  // an address: see above; of another agent when our journal does not know it
    const auto [owner, wanted] = claim(route, assignments, wantedRoutes);
    inventory.routes.hold(owner, wanted);
    note(owner);
  }
  for (const wire::Rule& rule : routes.rules) {
    const auto [owner, wanted] = claim(rule, assignments, wantedRules);
    inventory.rules.hold(owner, wanted);
    note(owner);
  }
}

}  // namespace aloft::runtime
