#pragma once
// Whether the kernel has what was wanted, told in words.

#include <string>

#include "ipvs/describe.h"
#include "support/modelKernel.h"

namespace aloft::ipvs {

inline std::string mismatch(const wire::IpvsDestination& wanted, const ModelKernel::Destination* has, bool local) {
  if (has == nullptr) return "is missing";
  wire::IpvsDestination expected = wanted;
  if (local) expected.forwarding = wire::IpvsForwarding::Local;
  if (expected.forwarding != wire::IpvsForwarding::Tunnel) {
    expected.tunnel = has->set.tunnel;
    expected.tunnelPort = has->set.tunnelPort;
  }
  return has->set == expected ? "" : "differs";
}

inline std::string mismatch(const wire::IpvsDaemon& wanted, const wire::IpvsDaemon& has) {
  const bool same = wanted.interface == has.interface && wanted.syncId == has.syncId && has.port == (wanted.port == 0 ? 8848 : wanted.port);
  const int shortest = wanted.role == wire::IpvsDaemonRole::Backup ? 1024 : 1;
  return same && (wanted.maxLength == 0 || has.maxLength == std::max<int>(wanted.maxLength, shortest)) ? "" : "daemon differs";
}

/// What is wrong with the first thing that is not as wanted; empty when all is. `others` are services that are nobody's here.
inline std::string mismatch(const Table& wanted, const ModelKernel& kernel, std::size_t others) {
  if (kernel.services_.size() != wanted.services.size() + others) return "another number of services";
  ModelKernel copy = kernel;
  for (const Service& service : wanted.services) {
    const ModelKernel::Service* has = copy.service(service.key);
    if (has == nullptr) return describe(service.key) + " is missing";
    const bool persistent = (service.settings.flags & wire::kIpvsPersistent) != 0;
    if (has->set.scheduler != service.settings.scheduler || has->set.flags != (service.settings.flags | wire::kIpvsHashed) ||
        (persistent && (has->set.timeout != service.settings.timeout || has->set.prefixLength != service.settings.prefixLength))) {
      return describe(service.key) + " has other settings";
    }
    if (has->destinations.size() != service.destinations.size()) return describe(service.key) + " has another number of destinations";
    for (const wire::IpvsDestination& each : service.destinations) {
      const std::string wrong = mismatch(each, copy.destination(service.key, each.key), kernel.hostAddresses_.contains(each.key.address));
      if (!wrong.empty()) return describe(each.key) + " of " + describe(service.key) + " " + wrong;
    }
  }
  if (wanted.timeouts.tcp != 0 && wanted.timeouts.tcp != kernel.timeouts_.tcp) return "time-outs differ";
  if (!wanted.managesDaemons) return "";
  if (wanted.daemons.size() != kernel.daemons_.size()) return "another number of daemons";
  for (const wire::IpvsDaemon& daemon : wanted.daemons) {
    for (const wire::IpvsDaemon& has : kernel.daemons_) {
      if (has.role == daemon.role && !mismatch(daemon, has).empty()) return mismatch(daemon, has);
    }
  }
  return "";
}

}  // namespace aloft::ipvs
