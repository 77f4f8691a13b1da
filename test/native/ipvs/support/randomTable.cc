#include "support/randomTable.h"

#include <algorithm>
#include <array>

#include "support/make.h"

namespace aloft::ipvs {
namespace {

wire::IpvsServiceKey randomKey(Random& random) {
  switch (below(random, 4)) {
    case 0:
      return udp("192.0.2." + std::to_string(1 + below(random, 3)));
    case 1:
      return tcp("2001:db8::" + std::to_string(1 + below(random, 3)));
    case 2:
      return mark(1 + below(random, 3), below(random, 2) == 0 ? wire::Family::IPv4 : wire::Family::IPv6);
    default:
      return tcp("192.0.2." + std::to_string(1 + below(random, 3)), static_cast<std::uint16_t>(80 + below(random, 2)));
  }
}

wire::IpvsServiceSettings randomSettings(const wire::IpvsServiceKey& key, Random& random) {
  constexpr std::array kSchedulers = {"rr", "wrr", "wlc", "mh", "sh"};
  wire::IpvsServiceSettings settings;
  settings.scheduler = kSchedulers[below(random, kSchedulers.size())];
  settings.prefixLength = key.family == wire::Family::IPv4 ? 32 : 128;
  if (below(random, 3) == 0) settings.flags |= wire::kIpvsSchedulerFlag2;
  if (below(random, 3) == 0) {
    settings.flags |= wire::kIpvsPersistent;
    settings.timeout = 60 * (1 + below(random, 2));
    settings.prefixLength = static_cast<std::uint8_t>(24 + 8 * below(random, 2));
  }
  return settings;
}

wire::IpvsDestination randomDestination(const wire::IpvsServiceKey& key, Random& random) {
  constexpr std::array kForwardings = {wire::IpvsForwarding::Nat, wire::IpvsForwarding::DirectRouting, wire::IpvsForwarding::Tunnel};
  const std::string network = key.family == wire::Family::IPv4 ? "10.0.0." : "2001:db8:1::";
  wire::IpvsDestination destination = server(network + std::to_string(1 + below(random, 6)), below(random, 4));
  destination.forwarding = kForwardings[below(random, kForwardings.size())];
  if (below(random, 3) == 0) destination.upperThreshold = 100 * (1 + below(random, 2));
  if (destination.forwarding == wire::IpvsForwarding::Tunnel && below(random, 2) == 0) {
    destination.tunnel = wire::IpvsTunnel::Gue;
    destination.tunnelPort = static_cast<std::uint16_t>(5555 + below(random, 2));
  }
  return destination;
}

void addDestination(Service& service, Random& random) {
  const wire::IpvsDestination destination = randomDestination(service.key, random);
  const bool there = std::any_of(service.destinations.begin(), service.destinations.end(),
                                 [&](const wire::IpvsDestination& each) { return each.key == destination.key; });
  if (there) return;
  const auto place = service.destinations.begin() + below(random, static_cast<std::uint32_t>(service.destinations.size()) + 1);
  service.destinations.insert(place, destination);
}

void addService(Table& table, Random& random) {
  const wire::IpvsServiceKey key = randomKey(random);
  if (std::any_of(table.services.begin(), table.services.end(), [&](const Service& each) { return each.key == key; })) return;
  Service service;
  service.key = key;
  service.settings = randomSettings(key, random);
  for (std::uint32_t i = below(random, 6); i > 0; --i) addDestination(service, random);
  table.services.push_back(std::move(service));
}

void setDaemons(Table& table, Random& random) {
  table.managesDaemons = below(random, 3) != 0;
  table.daemons.clear();
  if (!table.managesDaemons) return;
  for (const auto role : {wire::IpvsDaemonRole::Master, wire::IpvsDaemonRole::Backup}) {
    if (below(random, 3) == 0) continue;
    wire::IpvsDaemon daemon = daemonOn(below(random, 2) == 0 ? "eth0" : "eth1", role);
    daemon.syncId = static_cast<std::uint8_t>(below(random, 2));
    if (below(random, 2) == 0) daemon.maxLength = 800;
    if (below(random, 2) == 0) daemon.port = 9000;
    table.daemons.push_back(daemon);
  }
}

}  // namespace

Table randomTable(Random& random) {
  Table table;
  for (std::uint32_t i = below(random, 8); i > 0; --i) addService(table, random);
  setDaemons(table, random);
  if (below(random, 2) == 0) table.timeouts.tcp = 600 + below(random, 2);
  return table;
}

Table changed(Table table, Random& random) {
  for (std::uint32_t i = 1 + below(random, 4); i > 0; --i) {
    Service* service = table.services.empty() ? nullptr : &table.services[below(random, static_cast<std::uint32_t>(table.services.size()))];
    switch (service == nullptr ? 0 : below(random, 6)) {
      case 0:
        addService(table, random);
        break;
      case 1:
        table.services.erase(table.services.begin() + (service - table.services.data()));
        break;
      case 2:
        service->settings = randomSettings(service->key, random);
        break;
      case 3:
        addDestination(*service, random);
        break;
      case 4:
        if (!service->destinations.empty()) service->destinations.pop_back();
        break;
      default:
        for (wire::IpvsDestination& destination : service->destinations) destination.weight = below(random, 4);
    }
  }
  if (below(random, 4) == 0) setDaemons(table, random);
  return table;
}

void meddle(ModelKernel& kernel, Random& random) {
  for (auto service = kernel.services_.begin(); service != kernel.services_.end();) {
    if (below(random, 3) == 0) {
      service = kernel.services_.erase(service);
      continue;
    }
    if (below(random, 3) == 0) {
      service->second.set = randomSettings(service->first, random);
      service->second.set.flags |= wire::kIpvsHashed;
    }
    for (ModelKernel::Destination& destination : service->second.destinations) {
      if (below(random, 3) == 0) destination.set.weight = below(random, 4);
    }
    if (below(random, 3) == 0 && !service->second.destinations.empty()) service->second.destinations.pop_front();
    ++service;
  }
}

}  // namespace aloft::ipvs
