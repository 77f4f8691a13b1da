#include "ipvs/drains.h"

#include <algorithm>

namespace aloft::ipvs {
namespace {

bool countsActive(const wire::IpvsServiceKey& service) {
  return service.firewallMark == 0 && (service.protocol == wire::IpvsProtocol::Tcp || service.protocol == wire::IpvsProtocol::Sctp);
}

bool hasFailed(const Service& service, const wire::IpvsDestinationKey& destination) {
  return std::find(service.failed.begin(), service.failed.end(), destination) != service.failed.end();
}

}  // namespace

bool Drains::stays(const Service& service, const StandingDestination& destination, bool counted, Time now) {
  const wire::IpvsDestinationKey& key = destination.destination.key;
  if (service.drainSeconds == 0 || hasFailed(service, key)) return false;
  Record& record = records_.try_emplace({service.key, key}, Record{now, {}, round_}).first->second;
  record.round = round_;
  if (now - record.since >= std::chrono::seconds(service.drainSeconds)) return false;
  if (destination.destination.weight != 0) record.quietSince.reset();
  if (destination.destination.weight != 0 || !counted) return true;

  if (destination.activeConnections == 0 && destination.inactiveConnections == 0) return false;
  if (destination.activeConnections != 0 || !countsActive(service.key)) {
    record.quietSince.reset();
    return true;
  }
  if (!record.quietSince) record.quietSince = now;
  return now - *record.quietSince < kClosing;
}

void Drains::sweep() {
  std::erase_if(records_, [this](const auto& each) { return each.second.round != round_; });
  ++round_;
}

bool Drains::contains(const wire::IpvsServiceKey& service, const wire::IpvsDestinationKey& destination) const {
  return records_.contains({service, destination});
}

}  // namespace aloft::ipvs
