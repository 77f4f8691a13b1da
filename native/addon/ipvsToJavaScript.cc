#include "addon/ipvsToJavaScript.h"

#include "ipvs/describe.h"

namespace aloft::addon {
namespace {

/// Counters stay below 2^53 for longer than any machine runs.
Napi::Number count(Napi::Env env, std::uint64_t value) { return Napi::Number::New(env, static_cast<double>(value)); }

const char* nameOf(wire::IpvsForwarding forwarding) {
  constexpr const char* kNames[] = {"NAT", "Local", "TUN", "DR", "Bypass"};
  const auto place = static_cast<std::size_t>(forwarding);
  return place < std::size(kNames) ? kNames[place] : "";
}

Napi::Object toKey(Napi::Env env, const wire::IpvsServiceKey& key) {
  const auto object = Napi::Object::New(env);
  object.Set("family", key.family == wire::Family::IPv4 ? "IPv4" : "IPv6");
  if (key.firewallMark != 0) {
    object.Set("firewallMark", key.firewallMark);
    return object;
  }
  object.Set("protocol", ipvs::nameOf(key.protocol));
  object.Set("address", wire::format(key.address));
  object.Set("port", key.port);
  return object;
}

void setKey(Napi::Object object, const wire::IpvsDestinationKey& key) {
  object.Set("address", wire::format(key.address));
  object.Set("port", key.port);
}

Napi::Object toStatistics(Napi::Env env, const wire::IpvsStatistics& statistics) {
  const auto object = Napi::Object::New(env);
  object.Set("connections", count(env, statistics.connections));
  object.Set("inPackets", count(env, statistics.inPackets));
  object.Set("outPackets", count(env, statistics.outPackets));
  object.Set("inBytes", count(env, statistics.inBytes));
  object.Set("outBytes", count(env, statistics.outBytes));
  return object;
}

Napi::Object toDestination(Napi::Env env, const runtime::IpvsDestinationSnapshot& destination) {
  const ipvs::StandingDestination& standing = destination.standing;
  const auto object = Napi::Object::New(env);
  setKey(object, standing.destination.key);
  object.Set("forwarding", nameOf(standing.destination.forwarding));
  object.Set("weight", standing.destination.weight);
  object.Set("activeConnections", standing.activeConnections);
  object.Set("inactiveConnections", standing.inactiveConnections);
  object.Set("persistentConnections", standing.persistentConnections);
  object.Set("statistics", toStatistics(env, standing.statistics));
  object.Set("draining", destination.draining);
  return object;
}

/// Elements by `to(env, element)`.
template <class Values, class To>
Napi::Array toArray(Napi::Env env, const Values& values, const To& to) {
  const auto array = Napi::Array::New(env, values.size());
  for (std::uint32_t i = 0; i < values.size(); ++i) {
    const Napi::HandleScope scope(env);
    array.Set(i, to(env, values[i]));
  }
  return array;
}

Napi::Object toService(Napi::Env env, const runtime::IpvsServiceSnapshot& service) {
  const auto object = Napi::Object::New(env);
  object.Set("key", toKey(env, service.key));
  object.Set("scheduler", service.scheduler);
  object.Set("statistics", toStatistics(env, service.statistics));
  object.Set("destinations", toArray(env, service.destinations, toDestination));
  object.Set("ours", service.ours);
  object.Set("message", service.message);
  return object;
}

Napi::Object toDaemon(Napi::Env env, const wire::IpvsDaemon& daemon) {
  const auto object = Napi::Object::New(env);
  object.Set("role", daemon.role == wire::IpvsDaemonRole::Master ? "Master" : "Backup");
  object.Set("interface", daemon.interface);
  object.Set("syncID", daemon.syncId);
  if (daemon.maxLength != 0) object.Set("maxLength", daemon.maxLength);
  if (!daemon.group.isUnspecified()) object.Set("group", wire::format(daemon.group));
  if (daemon.port != 0) object.Set("port", daemon.port);
  if (daemon.ttl != 0) object.Set("ttl", daemon.ttl);
  return object;
}

Napi::Object toEvent(Napi::Env env, const runtime::IpvsEvent& happened) {
  const ipvs::Event& event = happened.event;
  const auto object = Napi::Object::New(env);
  switch (event.kind) {
    case ipvs::Event::Kind::Applied:
      object.Set("type", "applied");
      object.Set("programmed", event.programmed);
      return object;
    case ipvs::Event::Kind::Repaired:
      object.Set("type", "repaired");
      object.Set("message", happened.message);
      break;
    case ipvs::Event::Kind::Failed:
      object.Set("type", "operationFailed");
      object.Set("operation", ipvs::nameOf(event.failure.operation));
      object.Set("errno", event.failure.error);
      object.Set("message", happened.message);
      break;
    case ipvs::Event::Kind::Drained: {
      object.Set("type", "drained");
      object.Set("service", toKey(env, event.service));
      const auto destination = Napi::Object::New(env);
      setKey(destination, event.destination);
      object.Set("destination", destination);
      break;
    }
  }
  object.Set("changedAt", static_cast<double>(happened.changedAtMs));
  return object;
}

}  // namespace

Napi::Array toIpvsEvents(Napi::Env env, const std::vector<runtime::IpvsEvent>& events) { return toArray(env, events, toEvent); }

Napi::Object toIpvsSnapshot(Napi::Env env, const runtime::IpvsSnapshot& snapshot) {
  const auto object = Napi::Object::New(env);
  object.Set("programmed", snapshot.programmed);
  object.Set("services", toArray(env, snapshot.services, toService));
  object.Set("daemons", toArray(env, snapshot.daemons, toDaemon));
  object.Set("repairs", count(env, snapshot.repairs));
  object.Set("failures", count(env, snapshot.failures));
  object.Set("message", snapshot.message);
  return object;
}

}  // namespace aloft::addon
