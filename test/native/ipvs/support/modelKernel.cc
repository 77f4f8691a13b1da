#include "support/modelKernel.h"

#include <algorithm>
#include <cerrno>

namespace aloft::ipvs {

using wire::IpvsForwarding;

int ModelKernel::carryOut(const Operation& operation) {
  requests_.push_back(operation);
  return std::visit([this](const auto& each) { return carry(each); }, operation);
}

ModelKernel::Service* ModelKernel::service(const wire::IpvsServiceKey& key) {
  const auto found = services_.find(key);
  return found == services_.end() ? nullptr : &found->second;
}

ModelKernel::Destination* ModelKernel::destination(const wire::IpvsServiceKey& key, const wire::IpvsDestinationKey& destination) {
  Service* of = service(key);
  if (of == nullptr) return nullptr;
  for (Destination& each : of->destinations) {
    if (each.set.key == destination) return &each;
  }
  return nullptr;
}

int ModelKernel::carry(const SetService& operation) {
  if (!schedulers_.contains(operation.settings.scheduler)) return ENOENT;
  if (operation.key.family == wire::Family::IPv6 && (operation.settings.prefixLength < 1 || operation.settings.prefixLength > 128)) {
    return EINVAL;
  }
  Service* standing = service(operation.key);
  if (operation.add && standing != nullptr) return EEXIST;
  if (!operation.add && standing == nullptr) return ESRCH;
  services_[operation.key].set = operation.settings;
  services_[operation.key].set.flags |= wire::kIpvsHashed;
  return 0;
}

int ModelKernel::carry(const RemoveService& operation) {
  services_.erase(operation.key);
  return 0;
}

int ModelKernel::carry(const SetDestination& operation) {
  Service* of = service(operation.service);
  if (of == nullptr) return ESRCH;
  wire::IpvsDestination set = operation.destination;
  if (set.lowerThreshold > set.upperThreshold) return ERANGE;
  if (set.key.address.family != operation.service.family && set.forwarding != IpvsForwarding::Tunnel) return EINVAL;
  if (hostAddresses_.contains(set.key.address)) set.forwarding = IpvsForwarding::Local;
  Destination* standing = destination(operation.service, set.key);
  if (operation.add && standing != nullptr) return EEXIST;
  if (!operation.add && standing == nullptr) return ENOENT;
  if (standing != nullptr) {
    standing->set = set;
  } else {
    of->destinations.push_front({set});
  }
  return 0;
}

int ModelKernel::carry(const RemoveDestination& operation) {
  Service* of = service(operation.service);
  if (of != nullptr) std::erase_if(of->destinations, [&](const Destination& each) { return each.set.key == operation.destination; });
  return 0;
}

int ModelKernel::carry(const StartDaemon& operation) {
  wire::IpvsDaemon daemon = operation.daemon;
  if (!interfaces_.contains(daemon.interface)) return ENODEV;
  const bool runs = std::any_of(daemons_.begin(), daemons_.end(), [&](const auto& each) { return each.role == daemon.role; });
  if (runs) return EEXIST;
  const bool backup = daemon.role == wire::IpvsDaemonRole::Backup;
  if (daemon.maxLength == 0) daemon.maxLength = 1472;
  if (backup) daemon.maxLength = std::max<std::uint16_t>(daemon.maxLength, 1024);
  if (daemon.group.isUnspecified()) daemon.group = {wire::Family::IPv4, {224, 0, 0, 81}};
  if (daemon.port == 0) daemon.port = 8848;
  if (daemon.ttl == 0) daemon.ttl = 1;
  daemons_.push_back(daemon);
  return 0;
}

int ModelKernel::carry(const StopDaemon& operation) {
  std::erase_if(daemons_, [&](const wire::IpvsDaemon& each) { return each.role == operation.daemon.role; });
  return 0;
}

int ModelKernel::carry(const SetTimeouts& operation) {
  if (operation.timeouts.tcp != 0) timeouts_.tcp = operation.timeouts.tcp;
  if (operation.timeouts.tcpFin != 0) timeouts_.tcpFin = operation.timeouts.tcpFin;
  if (operation.timeouts.udp != 0) timeouts_.udp = operation.timeouts.udp;
  return 0;
}

Dump ModelKernel::dump() const {
  Dump dump{{}, daemons_, timeouts_};
  for (const auto& [key, service] : services_) {
    StandingService& out = dump.services.emplace_back();
    out.key = key;
    out.settings = service.set;
    out.settings.flags &= ~wire::kIpvsHashed;
    for (const Destination& each : service.destinations) out.destinations.push_back({each.set, each.active, each.inactive, 0, {}});
  }
  std::reverse(dump.services.begin(), dump.services.end());
  return dump;
}

std::vector<StandingService> ModelKernel::glance() const {
  std::vector<StandingService> services = dump().services;
  for (StandingService& service : services) {
    for (StandingDestination& each : service.destinations) {
      const wire::IpvsDestination full = each.destination;
      each.destination = {};
      each.destination.key = full.key;
      each.destination.forwarding = full.forwarding;
      each.destination.weight = full.weight;
    }
  }
  return services;
}

}  // namespace aloft::ipvs
