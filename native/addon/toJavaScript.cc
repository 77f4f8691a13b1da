#include "addon/toJavaScript.h"

#include <cerrno>
#include <limits>

namespace aloft::addon {
namespace {

template <class Duration>
double toMs(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

/// Counters stay below 2^53 for longer than any machine runs.
Napi::Number count(Napi::Env env, std::uint64_t value) { return Napi::Number::New(env, static_cast<double>(value)); }

std::string peerText(const wire::IpAddress& peer) { return peer.isUnspecified() ? "" : wire::format(peer); }

Napi::Array toTexts(Napi::Env env, const std::vector<std::string>& texts) {
  const auto array = Napi::Array::New(env, texts.size());
  for (std::uint32_t i = 0; i < texts.size(); ++i) array.Set(i, texts[i]);
  return array;
}

Napi::Object toError(Napi::Env env, const std::string& operation, int number, const std::string& message) {
  const auto error = Napi::Object::New(env);
  error.Set("operation", operation);
  error.Set("errno", number);
  error.Set("message", message);
  return error;
}

Napi::Object failure(Napi::Env env, Napi::Object error) {
  const auto result = Napi::Object::New(env);
  result.Set("ok", false);
  result.Set("error", error);
  return result;
}

void setSilence(Napi::Object object, vrrp::Duration silence) {
  if (silence.count() >= 0) object.Set("silenceMs", toMs(silence));
}

Napi::Object toCounters(Napi::Env env, const vrrp::RouterCounters& counters) {
  const auto object = Napi::Object::New(env);
  object.Set("advertsSent", count(env, counters.advertsSent));
  object.Set("advertsReceived", count(env, counters.advertsReceived));
  object.Set("priorityZeroSent", count(env, counters.priorityZeroSent));
  object.Set("priorityZeroReceived", count(env, counters.priorityZeroReceived));
  object.Set("transitionsToMaster", count(env, counters.transitionsToMaster));
  object.Set("gratuitousSent", count(env, counters.gratuitousSent));
  object.Set("sendErrors", count(env, counters.sendErrors));
  return object;
}

/// { address, …, at }; the caller adds who or why.
Napi::Object toSighting(Napi::Env env, const runtime::Sighting& sighting) {
  const auto object = Napi::Object::New(env);
  object.Set("address", wire::format(sighting.address));
  object.Set("at", static_cast<double>(sighting.atMs));
  return object;
}

void setOthers(Napi::Object object, const runtime::RouterSnapshot& router) {
  if (router.conflict) {
    const auto conflict = toSighting(object.Env(), *router.conflict);
    conflict.Set("mac", wire::format(router.record.conflictMac));
    object.Set("conflict", conflict);
  }
  if (router.foreignRouter) {
    const auto foreign = toSighting(object.Env(), *router.foreignRouter);
    foreign.Set("reason", wire::name(router.record.foreignReason));
    object.Set("foreignRouter", foreign);
  }
}

Napi::Object toRouter(Napi::Env env, const runtime::RouterSnapshot& router) {
  const runtime::RouterRecord& record = router.record;
  std::vector<std::string> held;
  for (const wire::IpPrefix& prefix : router.addressesHeld) held.push_back(wire::format(prefix));
  const auto object = Napi::Object::New(env);
  object.Set("key", router.key);
  object.Set("state", vrrp::name(record.state));
  object.Set("reason", vrrp::name(record.reason));
  object.Set("priority", record.priority);
  object.Set("basePriority", record.basePriority);
  object.Set("peer", peerText(record.peer));
  object.Set("effectiveIntervalMs", toMs(record.interval));
  object.Set("pseudoHeader", record.pseudoHeader);
  object.Set("addressesHeld", toTexts(env, held));
  setOthers(object, router);
  if (router.deadlineMs) object.Set("deadlineMs", *router.deadlineMs);
  setSilence(object, record.silence);
  object.Set("changedAt", static_cast<double>(router.changedAtMs));
  object.Set("transitions", record.transitions);
  object.Set("counters", toCounters(env, record.counters));
  object.Set("message", router.message);
  return object;
}

Napi::Object toLink(Napi::Env env, const kernel::Link& link) {
  std::vector<std::string> addresses;
  for (const kernel::Address& address : link.addresses) addresses.push_back(wire::format(address.prefix));
  const auto object = Napi::Object::New(env);
  object.Set("index", link.index);
  object.Set("name", link.name);
  object.Set("up", link.up);
  object.Set("mac", link.mac == wire::MacAddress{} ? "" : wire::format(link.mac));
  object.Set("addresses", toTexts(env, addresses));
  object.Set("loopback", link.loopback);
  object.Set("kind", link.kind);
  object.Set("master", link.master);
  return object;
}

Napi::Object toLateness(Napi::Env env, const runtime::LatenessHistogram::Reading& reading) {
  const auto bounds = Napi::Array::New(env);
  const auto counts = Napi::Array::New(env);
  std::uint32_t index = 0;
  for (const std::uint32_t bound : runtime::LatenessHistogram::kBoundsUs) bounds.Set(index++, bound);
  bounds.Set(index, std::numeric_limits<double>::infinity());
  index = 0;
  for (const std::uint64_t cumulative : reading.cumulative) counts.Set(index++, count(env, cumulative));
  const auto object = Napi::Object::New(env);
  object.Set("boundsUs", bounds);
  object.Set("counts", counts);
  object.Set("sumUs", reading.sumUs);
  object.Set("maxUs", reading.maxUs);
  return object;
}

Napi::Array toUnknownRouters(Napi::Env env, const std::vector<runtime::UnknownRouterSnapshot>& routers) {
  const auto array = Napi::Array::New(env, routers.size());
  for (std::uint32_t i = 0; i < routers.size(); ++i) {
    const auto& [router, interface, atMs] = routers[i];
    const auto object = Napi::Object::New(env);
    object.Set("interface", interface);
    object.Set("family", router.family == wire::Family::IPv4 ? "IPv4" : "IPv6");
    object.Set("virtualRouterID", router.virtualRouterId);
    object.Set("address", wire::format(router.address));
    object.Set("at", static_cast<double>(atMs));
    array.Set(i, object);
  }
  return array;
}

Napi::Object toEvent(Napi::Env env, const runtime::CoreEvent& event) {
  const auto object = Napi::Object::New(env);
  switch (event.kind) {
    case runtime::CoreEvent::Kind::LinksChanged:
      object.Set("type", "linksChanged");
      return object;
    case runtime::CoreEvent::Kind::Resync:
      object.Set("type", "resync");
      return object;
    case runtime::CoreEvent::Kind::OperationFailed:
      object.Set("type", "operationFailed");
      object.Set("operation", event.operation);
      object.Set("errno", event.error);
      object.Set("message", event.message);
      break;
    case runtime::CoreEvent::Kind::GateRestored:
      object.Set("type", "gateRestored");
      object.Set("interface", event.interface);
      return object;
    case runtime::CoreEvent::Kind::Notice:
      object.Set("type", "notice");
      object.Set("notice", vrrp::name(event.change.notice));
      object.Set("address", peerText(event.change.peer));
      if (event.change.notice == vrrp::Notice::PriorityChanged) object.Set("priority", event.change.priority);
      if (event.change.notice == vrrp::Notice::AddressConflict) object.Set("mac", wire::format(event.change.mac));
      break;
    case runtime::CoreEvent::Kind::StateChanged:
      object.Set("type", "stateChanged");
      object.Set("from", vrrp::name(event.change.from));
      object.Set("to", vrrp::name(event.change.to));
      object.Set("reason", vrrp::name(event.change.reason));
      object.Set("peer", peerText(event.change.peer));
      setSilence(object, event.change.silence);
      break;
  }
  object.Set("key", event.key);
  object.Set("changedAt", static_cast<double>(event.changedAtMs));
  return object;
}

}  // namespace

Napi::Object toResult(Napi::Env env, const os::Status& status) {
  if (!status.ok()) return failure(env, toError(env, status.error().operation, status.error().number, status.error().message()));
  const auto result = Napi::Object::New(env);
  result.Set("ok", true);
  return result;
}

Napi::Object toRefusal(Napi::Env env, const char* operation, const runtime::FieldProblem& problem) {
  const std::string message = problem.path.empty() ? problem.message : problem.path + ": " + problem.message;
  const auto error = toError(env, operation, EINVAL, message);
  error.Set("path", problem.path);
  return failure(env, error);
}

Napi::Array toEvents(Napi::Env env, const std::vector<runtime::CoreEvent>& events) {
  const auto array = Napi::Array::New(env, events.size());
  for (std::uint32_t i = 0; i < events.size(); ++i) {
    const Napi::HandleScope scope(env);
    array.Set(i, toEvent(env, events[i]));
  }
  return array;
}

Napi::Object toSnapshot(Napi::Env env, const runtime::Snapshot& snapshot) {
  const auto routers = Napi::Array::New(env, snapshot.routers.size());
  for (std::uint32_t i = 0; i < snapshot.routers.size(); ++i) {
    const Napi::HandleScope scope(env);
    routers.Set(i, toRouter(env, snapshot.routers[i]));
  }
  const auto links = Napi::Array::New(env, snapshot.links.size());
  for (std::uint32_t i = 0; i < snapshot.links.size(); ++i) {
    const Napi::HandleScope scope(env);
    links.Set(i, toLink(env, snapshot.links[i]));
  }
  const auto discarded = Napi::Object::New(env);
  for (std::size_t i = 0; i < snapshot.discarded.size(); ++i) {
    discarded.Set(wire::name(static_cast<wire::Discard>(i)), count(env, snapshot.discarded[i]));
  }
  const auto realTime = Napi::Object::New(env);
  realTime.Set("granted", snapshot.realTime.granted);
  realTime.Set("message", snapshot.realTime.message);
  const auto gate = Napi::Object::New(env);
  gate.Set("active", snapshot.gate.active);
  gate.Set("message", snapshot.gate.message);

  const auto object = Napi::Object::New(env);
  object.Set("routers", routers);
  object.Set("links", links);
  object.Set("discarded", discarded);
  object.Set("lateness", toLateness(env, snapshot.lateness));
  object.Set("realTime", realTime);
  object.Set("gate", gate);
  object.Set("unknownRouters", toUnknownRouters(env, snapshot.unknownRouters));
  object.Set("eventsLost", count(env, snapshot.eventsLost));
  return object;
}

}  // namespace aloft::addon
