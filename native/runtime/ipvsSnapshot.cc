#include "runtime/ipvsSnapshot.h"

#include <cerrno>
#include <map>

#include "ipvs/describe.h"
#include "os/result.h"

namespace aloft::runtime {
namespace {

const wire::IpvsServiceKey* serviceOf(const ipvs::Operation& operation) {
  if (const auto* o = std::get_if<ipvs::SetService>(&operation)) return &o->key;
  if (const auto* o = std::get_if<ipvs::RemoveService>(&operation)) return &o->key;
  if (const auto* o = std::get_if<ipvs::SetDestination>(&operation)) return &o->service;
  if (const auto* o = std::get_if<ipvs::RemoveDestination>(&operation)) return &o->service;
  return nullptr;
}

IpvsServiceSnapshot toSnapshot(const wire::IpvsServiceKey& key, const ipvs::StandingTable::Entry& entry,
                               const ipvs::Reconciler& reconciler) {
  IpvsServiceSnapshot out{key, entry.settings.scheduler, entry.statistics, {}, reconciler.isOurs(key), ""};
  for (const auto& [destination, standing] : entry.destinations) {
    out.destinations.push_back({standing, reconciler.isDraining(key, destination)});
  }
  return out;
}

}  // namespace

std::string explain(const ipvs::Failure& failure) {
  const std::string text = ipvs::describe(failure.operation) + ": " + os::describe(failure.error);
  const auto* service = std::get_if<ipvs::SetService>(&failure.operation);
  if (service != nullptr && failure.error == ENOENT) {
    const std::string& engine = service->settings.engine;
    return text + " (the kernel has no scheduler " + service->settings.scheduler + (engine.empty() ? "" : " or no persistence engine " + engine) +
           ": module ip_vs_" + service->settings.scheduler + (engine.empty() ? "" : ", ip_vs_pe_" + engine) + ")";
  }
  const auto* daemon = std::get_if<ipvs::StartDaemon>(&failure.operation);
  if (daemon != nullptr && failure.error == ENODEV) return text + " (there is no such interface)";
  return text;
}

IpvsSnapshot toSnapshot(const ipvs::Reconciler& reconciler, const std::string& problem) {
  IpvsSnapshot out;
  out.programmed = reconciler.programmed();
  out.repairs = reconciler.repairs();
  out.failures = reconciler.failures();
  out.message = problem;
  std::map<wire::IpvsServiceKey, std::string> messages;
  for (const ipvs::Failure& failure : reconciler.refusals().failures()) {
    const wire::IpvsServiceKey* service = serviceOf(failure.operation);
    if (service != nullptr) {
      messages.try_emplace(*service, explain(failure));
    } else if (out.message.empty()) {
      out.message = explain(failure);
    }
  }
  if (!problem.empty()) return out;
  for (const auto& [key, entry] : reconciler.standing().services()) {
    out.services.push_back(toSnapshot(key, entry, reconciler));
    const auto message = messages.extract(key);
    if (!message.empty()) out.services.back().message = message.mapped();
  }
  // Those that do not stand, because the kernel refuses them.
  for (const auto& [key, message] : messages) out.services.push_back({key, "", {}, {}, true, message});
  out.daemons = reconciler.standing().daemons();
  return out;
}

}  // namespace aloft::runtime
