#pragma once
// What stands in the kernel, by key, as far as is known: what the last complete dump said, and what has been carried out since.

#include <map>
#include <set>
#include <vector>

#include "ipvs/operation.h"
#include "ipvs/table.h"

namespace aloft::ipvs {

using ServiceKeys = std::set<wire::IpvsServiceKey>;

/// A complete look at the kernel.
struct Dump {
  std::vector<StandingService> services;
  std::vector<wire::IpvsDaemon> daemons;
  wire::IpvsTimeouts timeouts;
};

class StandingTable {
 public:
  struct Entry {
    wire::IpvsServiceSettings settings;
    std::map<wire::IpvsDestinationKey, StandingDestination> destinations;
    wire::IpvsStatistics statistics;
  };

  using Services = std::map<wire::IpvsServiceKey, Entry>;

  StandingTable() = default;
  explicit StandingTable(Dump dump);

  const Services& services() const { return services_; }
  const Entry* find(const wire::IpvsServiceKey& key) const;
  const std::vector<wire::IpvsDaemon>& daemons() const { return daemons_; }
  const wire::IpvsTimeouts& timeouts() const { return timeouts_; }

  /// The kernel has carried it out.
  void carry(const Operation& operation);

  /// Takes over what a glance shows of the connections of the services `ours`. False when a service of theirs, its settings, a destination,
  /// its weight or way of forwarding is not what is known here: then only a dump tells what stands.
  bool takeOver(const std::vector<StandingService>& glance, const ServiceKeys& ours);

 private:
  Services services_;
  std::vector<wire::IpvsDaemon> daemons_;
  wire::IpvsTimeouts timeouts_;
};

}  // namespace aloft::ipvs
