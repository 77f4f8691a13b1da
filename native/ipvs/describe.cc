#include "ipvs/describe.h"

#include "ipvs/overloaded.h"

namespace aloft::ipvs {
namespace {

std::string endpoint(const wire::IpAddress& address, std::uint16_t port) {
  const std::string text = wire::format(address);
  return (address.family == wire::Family::IPv4 ? text : "[" + text + "]") + ":" + std::to_string(port);
}

std::string describe(const wire::IpvsDaemon& daemon) {
  return (daemon.role == wire::IpvsDaemonRole::Master ? "master" : "backup") + std::string(" sync daemon on ") + daemon.interface;
}

}  // namespace

const char* nameOf(wire::IpvsProtocol protocol) {
  switch (protocol) {
    case wire::IpvsProtocol::Tcp:
      return "TCP";
    case wire::IpvsProtocol::Udp:
      return "UDP";
    case wire::IpvsProtocol::Sctp:
      return "SCTP";
    default:
      return "";
  }
}

std::string describe(const wire::IpvsServiceKey& service) {
  if (service.firewallMark == 0) return nameOf(service.protocol) + (" " + endpoint(service.address, service.port));
  return "mark " + std::to_string(service.firewallMark) + (service.family == wire::Family::IPv4 ? " (IPv4)" : " (IPv6)");
}

std::string describe(const wire::IpvsDestinationKey& destination) { return endpoint(destination.address, destination.port); }

std::string nameOf(const Operation& operation) {
  return std::visit(Overloaded{
                        [](const SetService& o) { return o.add ? "add service" : "change service"; },
                        [](const RemoveService&) { return "remove service"; },
                        [](const SetDestination& o) { return o.add ? "add destination" : "change destination"; },
                        [](const RemoveDestination&) { return "remove destination"; },
                        [](const StartDaemon&) { return "start sync daemon"; },
                        [](const StopDaemon&) { return "stop sync daemon"; },
                        [](const SetTimeouts&) { return "set time-outs"; },
                    },
                    operation);
}

std::string describe(const Operation& operation) {
  return std::visit(Overloaded{
                        [](const SetService& o) { return (o.add ? "add service " : "change service ") + describe(o.key); },
                        [](const RemoveService& o) { return "remove service " + describe(o.key); },
                        [](const SetDestination& o) {
                          const std::string destination = describe(o.destination.key);
                          return (o.add ? "add " + destination + " to " : "change " + destination + " of ") + describe(o.service);
                        },
                        [](const RemoveDestination& o) { return "remove " + describe(o.destination) + " from " + describe(o.service); },
                        [](const StartDaemon& o) { return "start " + describe(o.daemon); },
                        [](const StopDaemon& o) { return "stop " + describe(o.daemon); },
                        [](const SetTimeouts&) { return std::string("set time-outs"); },
                    },
                    operation);
}

}  // namespace aloft::ipvs
