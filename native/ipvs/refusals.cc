#include "ipvs/refusals.h"

#include "ipvs/describe.h"

namespace aloft::ipvs {

void Refusals::begin() { round_ = {}; }

bool Refusals::note(const Operation& operation, int error) {
  round_.texts.insert(describe(operation));
  const auto* destination = std::get_if<SetDestination>(&operation);
  if (destination != nullptr && round_.missing.contains(destination->service)) return false;
  const auto* service = std::get_if<SetService>(&operation);
  if (service != nullptr && service->add) round_.missing.insert(service->key);
  round_.failures.push_back({operation, error});
  return !contains(operation);
}

void Refusals::end() {
  failures_ = std::move(round_.failures);
  texts_ = std::move(round_.texts);
}

bool Refusals::contains(const Operation& operation) const { return !texts_.empty() && texts_.contains(describe(operation)); }

}  // namespace aloft::ipvs
