#include "ipvs/standingTable.h"

#include <algorithm>

#include "ipvs/overloaded.h"
#include "ipvs/sameness.h"

namespace aloft::ipvs {
namespace {

using Entry = StandingTable::Entry;

bool takeOver(StandingDestination& known, const StandingDestination& seen) {
  wire::IpvsDestination& destination = known.destination;
  // An address of the host since the last look, or no longer: the kernel's affair, and nobody's mistake.
  if (!isAsWanted(destination.forwarding, seen.destination.forwarding)) return false;
  destination.forwarding = seen.destination.forwarding;
  known.activeConnections = seen.activeConnections;
  known.inactiveConnections = seen.inactiveConnections;
  return destination.weight == seen.destination.weight;
}

bool takeOver(Entry& known, const StandingService& seen) {
  if (!isAsWanted(known.settings, seen.settings)) return false;
  if (known.destinations.size() != seen.destinations.size()) return false;
  for (const StandingDestination& destination : seen.destinations) {
    const auto found = known.destinations.find(destination.destination.key);
    if (found == known.destinations.end() || !takeOver(found->second, destination)) return false;
  }
  return true;
}

void set(std::uint32_t& value, std::uint32_t to) {
  if (to != 0) value = to;
}

}  // namespace

StandingTable::StandingTable(Dump dump) : daemons_(std::move(dump.daemons)), timeouts_(dump.timeouts) {
  for (StandingService& service : dump.services) {
    Entry& entry = services_[service.key];
    entry.settings = std::move(service.settings);
    entry.statistics = service.statistics;
    for (const StandingDestination& destination : service.destinations)
      entry.destinations.emplace(destination.destination.key, destination);
  }
}

const Entry* StandingTable::find(const wire::IpvsServiceKey& key) const {
  const auto found = services_.find(key);
  return found == services_.end() ? nullptr : &found->second;
}

void StandingTable::carry(const Operation& operation) {
  const auto withdraw = [this](wire::IpvsDaemonRole role) {
    std::erase_if(daemons_, [role](const wire::IpvsDaemon& daemon) { return daemon.role == role; });
  };
  std::visit(Overloaded{
                 [&](const SetService& o) { services_[o.key].settings = o.settings; },
                 [&](const RemoveService& o) { services_.erase(o.key); },
                 [&](const SetDestination& o) { services_[o.service].destinations[o.destination.key].destination = o.destination; },
                 [&](const RemoveDestination& o) { services_[o.service].destinations.erase(o.destination); },
                 [&](const StartDaemon& o) {
                   withdraw(o.daemon.role);
                   daemons_.push_back(filledIn(o.daemon));
                 },
                 [&](const StopDaemon& o) { withdraw(o.daemon.role); },
                 [&](const SetTimeouts& o) {
                   set(timeouts_.tcp, o.timeouts.tcp);
                   set(timeouts_.tcpFin, o.timeouts.tcpFin);
                   set(timeouts_.udp, o.timeouts.udp);
                 },
             },
             operation);
}

bool StandingTable::takeOver(const std::vector<StandingService>& glance, const ServiceKeys& ours) {
  auto unseen = std::count_if(ours.begin(), ours.end(), [this](const wire::IpvsServiceKey& key) { return services_.contains(key); });
  for (const StandingService& seen : glance) {
    if (!ours.contains(seen.key)) continue;
    const auto known = services_.find(seen.key);
    if (known == services_.end() || !ipvs::takeOver(known->second, seen)) return false;
    --unseen;
  }
  return unseen == 0;
}

}  // namespace aloft::ipvs
