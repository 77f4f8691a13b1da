#include "addon/ipvsState.h"

#include "addon/fieldReader.h"

namespace aloft::addon {
namespace {

using Problem = std::optional<runtime::FieldProblem>;

/// More would be a mistake of the caller.
constexpr std::size_t kMaxServices = 65536;

runtime::DesiredIpvsServiceKey readKey(FieldReader& fields) {
  runtime::DesiredIpvsServiceKey key;
  key.family = fields.text("family");
  key.protocol = fields.maybeText("protocol");
  key.address = fields.maybeText("address");
  key.port = fields.maybeNumber("port");
  key.firewallMark = fields.maybeNumber("firewallMark");
  return key;
}

runtime::DesiredIpvsDestinationKey readDestinationKey(FieldReader& fields) {
  runtime::DesiredIpvsDestinationKey key;
  key.address = fields.text("address");
  key.port = fields.number("port");
  return key;
}

runtime::DesiredIpvsDestination readDestination(Napi::Value value, const std::string& path, Problem& problem) {
  FieldReader fields(value, path, problem);
  runtime::DesiredIpvsDestination destination;
  destination.key = readDestinationKey(fields);
  destination.forwarding = fields.text("forwarding");
  destination.weight = fields.number("weight");
  destination.upperThreshold = fields.maybeNumber("upperThreshold");
  destination.lowerThreshold = fields.maybeNumber("lowerThreshold");
  fields.maybeObject("tunnel", [&](FieldReader& tunnel) {
    destination.tunnel.emplace();
    destination.tunnel->type = tunnel.text("type");
    destination.tunnel->port = tunnel.maybeNumber("port");
    destination.tunnel->checksum = tunnel.maybeText("checksum");
  });
  return destination;
}

std::string readText(Napi::Value value, const std::string& path, Problem& problem) {
  if (value.IsString()) return value.As<Napi::String>().Utf8Value();
  refuse(problem, path, "must be a string");
  return "";
}

runtime::DesiredIpvsService readService(Napi::Value value, const std::string& path, Problem& problem) {
  FieldReader fields(value, path, problem);
  runtime::DesiredIpvsService service;
  fields.object("key", [&](FieldReader& key) { service.key = readKey(key); });
  service.scheduler = fields.text("scheduler");
  fields.maybeArray("schedulerFlags", [&](Napi::Value element, const std::string& at) {
    service.schedulerFlags.push_back(readText(element, at, problem));
  });
  service.onePacket = fields.maybeBoolean("onePacket", false);
  fields.maybeObject("persistence", [&](FieldReader& persistence) {
    service.persistence.emplace();
    service.persistence->timeoutSeconds = persistence.number("timeoutSeconds");
    service.persistence->prefixLength = persistence.number("prefixLength");
    service.persistence->engine = persistence.maybeText("engine");
  });
  fields.array("destinations", [&](Napi::Value element, const std::string& at) {
    service.destinations.push_back(readDestination(element, at, problem));
  });
  fields.maybeArray("failed", [&](Napi::Value element, const std::string& at) {
    FieldReader key(element, at, problem);
    service.failed.push_back(readDestinationKey(key));
  });
  service.drainSeconds = fields.maybeNumber("drainSeconds");
  return service;
}

runtime::DesiredIpvsDaemon readDaemon(Napi::Value value, const std::string& path, Problem& problem) {
  FieldReader fields(value, path, problem);
  runtime::DesiredIpvsDaemon daemon;
  daemon.role = fields.text("role");
  daemon.interface = fields.text("interface");
  daemon.syncID = fields.number("syncID");
  daemon.maxLength = fields.maybeNumber("maxLength");
  daemon.group = fields.maybeText("group");
  daemon.port = fields.maybeNumber("port");
  daemon.ttl = fields.maybeNumber("ttl");
  return daemon;
}

}  // namespace

std::variant<ipvs::Table, runtime::FieldProblem> readIpvsState(Napi::Value value, const ipvs::Table& former) {
  Problem problem;
  runtime::DesiredIpvsState desired;
  FieldReader root(value, "", problem);
  root.array("services", [&](Napi::Value element, const std::string& path) {
    if (desired.services.size() == kMaxServices) return refuse(problem, "services", "must have at most 65536 entries");
    desired.services.push_back(readService(element, path, problem));
  });
  root.maybeArray("kept", [&](Napi::Value element, const std::string& path) {
    if (desired.kept.size() == kMaxServices) return refuse(problem, "kept", "must have at most 65536 entries");
    FieldReader fields(element, path, problem);
    desired.kept.push_back(readKey(fields));
  });
  std::vector<runtime::DesiredIpvsDaemon> daemons;
  const bool managesDaemons = root.maybeArray(
      "daemons", [&](Napi::Value element, const std::string& path) { daemons.push_back(readDaemon(element, path, problem)); });
  if (managesDaemons) desired.daemons = std::move(daemons);
  root.maybeObject("timeouts", [&](FieldReader& timeouts) {
    desired.timeouts.tcp = timeouts.maybeNumber("tcp");
    desired.timeouts.tcpFin = timeouts.maybeNumber("tcpFin");
    desired.timeouts.udp = timeouts.maybeNumber("udp");
  });
  if (problem) return *problem;
  return runtime::validate(desired, former);
}

std::variant<ipvs::ServiceKeys, runtime::FieldProblem> readOwnedServices(Napi::Value value) {
  Problem problem;
  std::vector<runtime::DesiredIpvsServiceKey> keys;
  FieldReader root(value, "", problem);
  root.array("owned", [&](Napi::Value element, const std::string& path) {
    if (keys.size() == kMaxServices) return refuse(problem, "owned", "must have at most 65536 entries");
    FieldReader fields(element, path, problem);
    keys.push_back(readKey(fields));
  });
  if (problem) return *problem;
  return runtime::validateKeys("owned", keys);
}

std::variant<std::set<wire::IpAddress>, runtime::FieldProblem> readCarried(Napi::Value value) {
  Problem problem;
  std::set<wire::IpAddress> addresses;
  FieldReader::readArray(value, "addresses", problem, [&](Napi::Value element, const std::string& path) {
    wire::IpAddress address;
    if (!wire::parseIpAddress(readText(element, path, problem), address)) return refuse(problem, path, "must be an IP address");
    addresses.insert(address);
  });
  if (problem) return *problem;
  return addresses;
}

}  // namespace aloft::addon
